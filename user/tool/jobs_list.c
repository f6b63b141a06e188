// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reading the commands of jobs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "jobs_list.h"
#include "json.h"
#include "tool.h"

#define BLANKS	" \t\r\n"

static int add_line(struct tool *t, struct jobs_list *list, char *text, size_t len,
		    unsigned int number)
{
	struct job_line *line;

	if (memchr(text, 0, len))
		return refuse(t, "%s:%u: there is a NUL in the line", list->file, number);
	text[strcspn(text, "\n")] = 0;
	if (!text[strspn(text, BLANKS)])
		return 0;
	if (list->nr == JOBS_MAX)
		return refuse(t, "%s has more than %u commands", list->file, JOBS_MAX);
	line = grow(&list->lines, list->nr, sizeof(*line));
	if (line)
		line->text = strdup(text);
	if (!line || !line->text)
		return fail(t, ENOMEM, "cannot read %s", list->file);
	line->number = number;
	list->nr++;
	return 0;
}

static int read_lines(struct tool *t, struct jobs_list *list, FILE *from)
{
	unsigned int number = 0;
	char *text = NULL;
	size_t size = 0;
	ssize_t len;
	int ret = 0;

	while (!ret && (len = getline(&text, &size, from)) >= 0)
		ret = add_line(t, list, text, len, ++number);
	free(text);
	if (!ret && ferror(from))
		ret = fail(t, errno ? errno : EIO, "cannot read %s", list->file);
	return ret;
}

int jobs_list_read(struct tool *t, struct jobs_list *list, const char *file)
{
	FILE *from = stdin;
	int ret;

	*list = (struct jobs_list) { .file = file };
	if (!strcmp(file, "-"))
		list->file = "standard input";
	else
		from = fopen(file, "re");
	if (!from)
		return fail(t, errno, "cannot read the commands in %s", file);
	ret = read_lines(t, list, from);
	if (from != stdin)
		fclose(from);
	return ret;
}

void jobs_list_free(struct jobs_list *list)
{
	for (unsigned int i = 0; i < list->nr; i++)
		free(list->lines[i].text);
	free(list->lines);
}

int jobs_list_print(struct tool *t, const struct jobs_list *list)
{
	struct json j;
	unsigned int i;
	int ret;

	ret = start_json(t, &j);
	if (ret < 0)
		return ret;
	if (!ret) {
		for (i = 0; i < list->nr; i++)
			say(t, "%s\n", list->lines[i].text);
		return 0;
	}
	json_array(&j, "commands");
	for (i = 0; i < list->nr; i++) {
		json_object(&j, NULL);
		json_u32(&j, "line", list->lines[i].number);
		json_text(&j, "command", list->lines[i].text);
		json_end(&j);
	}
	json_end(&j);
	return json_finish(&j, stdout);
}
