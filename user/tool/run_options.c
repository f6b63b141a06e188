// SPDX-License-Identifier: LGPL-2.1-or-later
/* The options of run that describe the launch. */
#include <string.h>

#include "common/launch.h"
#include "run_options.h"

#define NAME_SIZE	24
#define VALUE_SIZE	48

struct option_desc run_launch_options[RUN_GROUPS][RUN_GROUP_SIZE];

static struct text {
	char name[NAME_SIZE], value[VALUE_SIZE], help[LAUNCH_HELP_SIZE];
} texts[RUN_GROUPS][RUN_GROUP_SIZE];

static void describe(const struct launch_option *o, struct text *text,
		     struct option_desc *desc)
{
	launch_option_name(o, text->name, sizeof(text->name));
	launch_option_value(o, text->value, sizeof(text->value));
	launch_option_help(o, text->help, sizeof(text->help));
	*desc = (struct option_desc) {
		.name = text->name,
		.letter = strcmp(o->name, "chdir") ? 0 : 'C',
		.type = launch_arguments(o) ? OPTION_LAUNCH : OPTION_LAUNCH_FLAG,
		.value = text->value,
		.launch = o,
		.complete = COMPLETE_ARGUMENTS,
		.help = text->help,
	};
}

void run_options_init(void)
{
	const struct launch_option *o;
	int group, n;

	for (group = 0; group < RUN_GROUPS && launch_groups[group].title; group++) {
		o = launch_groups[group].options;
		/* the last entry stays empty, as the end of the list */
		for (n = 0; o[n].name && n < RUN_GROUP_SIZE - 1; n++)
			describe(&o[n], &texts[group][n],
				 &run_launch_options[group][n]);
	}
}

const char *run_options_title(const struct option_desc *list)
{
	for (int group = 0; group < RUN_GROUPS; group++)
		if (list == run_launch_options[group])
			return launch_groups[group].title;
	return NULL;
}
