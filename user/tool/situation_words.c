// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parsing parts of situations that policies and actors have in common. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/errno_name.h"
#include "common/parse.h"
#include "names.h"
#include "situation_words.h"
#include "tool.h"

int word_u64(struct tool *t, const char *key, const char *text, uint64_t *value)
{
	const bool hex = !strncasecmp(text, "0x", 2);

	if (!parse_unsigned(hex ? text + 2 : text, hex ? 16 : 10, UINT64_MAX, value))
		return 0;
	return misuse(t, "%s=: '%s' is not a number", key, text);
}

bool word_next_part(const char **list, char word[WORD_SIZE])
{
	size_t len;

	if (!*list)
		return false;
	len = strcspn(*list, ",");
	snprintf(word, WORD_SIZE, "%.*s", (int)len, *list);
	*list = (*list)[len] ? *list + len + 1 : NULL;
	return true;
}

unsigned int words_before_expect(char **words, unsigned int nr)
{
	unsigned int n = 0;

	while (n < nr && strcmp(words[n], "expect"))
		n++;
	return n;
}

int word_result(struct tool *t, const char *text, int32_t *res)
{
	uint32_t number;
	int err;

	if (!parse_number(text, 0, INT32_MAX, &number)) {
		*res = number;
		return 0;
	}
	err = errno_number(t, text);
	if (err < 0)
		return err;
	*res = -err;
	return 0;
}

void word_of_result(int32_t res, char text[WORD_ERRNO_SIZE])
{
	if (res < 0)
		snprintf(text, WORD_ERRNO_SIZE, "%s", errno_name(-res));
	else
		snprintf(text, WORD_ERRNO_SIZE, "%d", res);
}

int word_errno_text(struct tool *t, const char *value, char text[WORD_ERRNO_SIZE])
{
	int32_t res = 0;
	int ret;

	if (!strcmp(value, "none")) {
		strcpy(text, value);
		return 0;
	}
	ret = word_result(t, value, &res);
	if (ret)
		return ret;
	word_of_result(res, text);
	return 0;
}
