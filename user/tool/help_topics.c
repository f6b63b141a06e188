// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lists of the names that options accept and traces show. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/commands.h"
#include "help.h"
#include "json.h"
#include "names.h"
#include "op_names.h"
#include "tool.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

struct topic {
	const char *name;
	const char *title;
	const char *(*nth)(unsigned int n);
	const char *(*help)(unsigned int n);
};

/* The row of the table of commands, or NULL: another operation. */
static const struct child_command *command_called(const char *name)
{
	const struct child_command *c;

	for (unsigned int n = 0; (c = command_nth(n)); n++)
		if (!c->variant && !strcmp(c->name, name))
			return c;
	return NULL;
}

/* With the name of what does it in posix_spawn(3), if that can. */
static const char *operation_help(unsigned int n)
{
	static char text[96];
	const struct child_command *c = command_called(step_nth(n));

	if (!c)
		return "an operation of io_uring";
	if (c->op == OP_EXEC)
		return "executing the program";
	snprintf(text, sizeof(text), "%s%s%s%s",
		 c->op == OP_CHILD ? "a command of the child" :
				     "an operation of io_uring",
		 !c->posix ? "" : ": ",
		 !c->posix ? "" : isupper((unsigned char)*c->posix) ?
		 "POSIX_SPAWN_" : "posix_spawn_file_actions_",
		 c->posix ? c->posix : "");
	return text;
}

/* In short; the man page has all of it. */
struct word {
	const char *word, *help;
};

static const struct word situation_words[] = {
	{ "then", "it follows from the situation before it, in the same chain" },
	{ "EVENT", "see 'spawnpol help events'" },
	{ "STEP", "see 'spawnpol help operations'" },
	{ "RESULT", "an errno such as ENOENT, or a number that is none; else 0" },
	{ "name=PROGRAM", "the name of the exec at hand" },
	{ "path=PATH", "the path of an open, chdir or chroot" },
	{ "head=BYTES", "the first bytes of a file that an exec could not execute" },
	{ "flags=FLAG,...", "hardlink, last, exec-at, search, path-at or none" },
	{ "request=STEP", "the operation of the staged request that has ended" },
	{ "step=N", "the number of the step" },
	{ "attempt=N", "how many requests were issued for the step" },
	{ "scratch=N,...", "the first words of the scratch area" },
	{ "FIELD=VALUE", "pid, user_data, cookie, off, ring_id, cgroup_id, path_flags, path_mode, path_resolve, elapsed, search_offset" },
	{ "expect VERDICT", "see 'spawnpol help verdicts'; followed by:" },
	{ "result=ERRNO", "the result that the policy has set for the step, or none" },
	{ "delay=TIME", "the delay before the step is issued, none or exceeded" },
	{ "staged=REQUEST", "the staged requests, in order: OPERATION[:PATH], or none" },
	{ "fails=ERRNO", "the error of the chain if the verdict cannot be followed, or none" },
	{ "scratch=N,...", "the first words of the scratch area" },
};

static const struct word actor_words[] = {
	{ "then", "it follows from the situation before it, of the same actor" },
	{ "EVENT", "see 'spawnpol help actor-events'" },
	{ "REQUEST", "with cqe: see 'spawnpol help requests'" },
	{ "RESULT", "an errno such as ENOENT, or a number that is none; else 0" },
	{ "tag=N", "the tag of the request; by default, of the oldest such in flight" },
	{ "args=N,...", "the four arguments" },
	{ "linked=RESULT", "with start: the result of the request that it is linked to" },
	{ "cqe_flags=FLAG,...", "more, buffer, nonempty, notif, none or a number" },
	{ "big_cqe=N,N", "the rest of a CQE of 32 bytes" },
	{ "FIELD=VALUE", "wait_status, wait_code, wait_pid, user_data, ring_id" },
	{ "in_flight=N", "requests in flight; by default, those staged and not completed" },
	{ "room=N", "requests that this run can stage; by default, as the limits allow" },
	{ "state=N,...", "the first words of the state; by default, as the run before left it" },
	{ "expect VERDICT", "see 'spawnpol help actor-verdicts'; followed by:" },
	{ "result=RESULT", "the result that the program has set" },
	{ "staged=REQUEST,...", "the staged requests, in order: OPERATION[:TAG], or none" },
	{ "posted=CQE,...", "the posted CQEs: USER_DATA[:RESULT], or none" },
	{ "fails=ERRNO", "EDEADLK if it waits with nothing in flight, or none" },
	{ "state=N,...", "the first words of the state" },
};

static const char *situation_word(unsigned int n)
{
	return n < COUNT(situation_words) ? situation_words[n].word : NULL;
}

static const char *situation_help(unsigned int n)
{
	return situation_words[n].help;
}

static const char *actor_word(unsigned int n)
{
	return n < COUNT(actor_words) ? actor_words[n].word : NULL;
}

static const char *actor_help(unsigned int n)
{
	return actor_words[n].help;
}

static const struct topic topics[] = {
	{ "operations", "Operations of --on, as trace and outcomes name them:",
	  step_nth, operation_help },
	{ "events", "Events of --events, as trace names them:", event_nth, event_help },
	{ "verdicts", "Verdicts of --on, as list and trace name them:", verdict_nth,
	  verdict_help },
	{ "situations",
	  "Situations of test, which are explained under SITUATIONS in spawnpol(8):\n"
	  "[then] EVENT STEP[:RESULT] [KEY=VALUE...] [expect VERDICT [KEY=VALUE...]]",
	  situation_word, situation_help },
	{ "actor-situations",
	  "Situations of test for actors, which are explained under SITUATIONS in spawnpol(8):\n"
	  "[then] EVENT [REQUEST[:RESULT]] [KEY=VALUE...] [expect VERDICT [KEY=VALUE...]]",
	  actor_word, actor_help },
	{ "requests", "Operations that actors stage, as trace and test name them:",
	  op_nth, op_help },
	{ "actor-events", "Events of actors, as trace names them and test takes them:",
	  actor_event_nth, actor_event_help },
	{ "actor-verdicts", "Verdicts of actors, as trace and list name them:",
	  actor_verdict_nth, actor_verdict_help },
	{ NULL, NULL, NULL, NULL }
};

const char *help_topic(unsigned int n)
{
	return topics[n].name;
}

static int print_json(struct json *j, const struct topic *topic)
{
	json_array(j, topic->name);
	for (unsigned int n = 0; topic->nth(n); n++) {
		json_object(j, NULL);
		json_text(j, "name", topic->nth(n));
		json_text(j, "help", topic->help(n));
		json_end(j);
	}
	json_end(j);
	return json_finish(j, stdout);
}

int help_topic_print(struct tool *t, const char *name)
{
	const struct topic *topic = topics;
	struct json j;
	int ret;

	while (topic->name && strcmp(topic->name, name))
		topic++;
	if (!topic->name)
		return -ENOENT;
	ret = start_json(t, &j);
	if (ret)
		return ret < 0 ? ret : print_json(&j, topic);
	printf("%s\n", topic->title);
	for (unsigned int n = 0; topic->nth(n); n++)
		printf("  %-18s %s\n", topic->nth(n), topic->help(n));
	return 0;
}
