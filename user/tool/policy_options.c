// SPDX-License-Identifier: LGPL-2.1-or-later
/* The default policy's options. */
#include <errno.h>
#include <io_uring_spawn.h>
#include <spawn_policy.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "budgets.h"
#include "common/commands.h"
#include "common/parse.h"
#include "names.h"
#include "policy_options.h"
#include "tool.h"

#define WORD_SIZE	32

const char *policy_options_given(const struct tool *t)
{
	const struct settings *s = &t->set;

	if (s->path)
		return "path";
	if (s->retry.nr)
		return "retry";
	if (s->on.nr)
		return "on";
	if (s->errors)
		return "errors";
	if (s->remember_ns)
		return "remember";
	return s->shell ? "shell" : NULL;
}

/* Copy what stands before stop and step over that; false if it is not there. */
static bool cut(const char **text, char stop, char word[WORD_SIZE])
{
	const char *end = strchr(*text, stop);
	size_t len;

	if (!end)
		return false;
	len = end - *text;
	if (len >= WORD_SIZE)
		len = WORD_SIZE - 1;
	memcpy(word, *text, len);
	word[len] = 0;
	*text = end + 1;
	return true;
}

static int read_path(struct tool *t, const char *path,
		     struct spawn_policy_config *config)
{
	size_t len;

	for (;; path += len + 1) {
		len = strcspn(path, ":");
		if (spawn_policy_add_dir(config, path, len))
			return misuse(t, "--path: longer than %d bytes",
				      SPAWN_POLICY_DIRS_SIZE - 1);
		if (!path[len])
			return 0;
	}
}

static int read_retry(struct tool *t, const char *text,
		      struct spawn_policy_config *config)
{
	struct spawn_policy_retry *r = &config->retries[config->nr_retries];
	const char *rest = text;
	char word[WORD_SIZE];
	uint64_t delay = 0;
	int error;

	if (config->nr_retries == SPAWN_POLICY_MAX_RETRIES)
		return misuse(t, "--retry: more than %d rules",
			      SPAWN_POLICY_MAX_RETRIES);
	if (!cut(&rest, '=', word))
		return misuse(t, "--retry: '%s' is not ERRNO=COUNT[@DELAY]",
			      text);
	error = errno_number(t, word);
	if (error < 0)
		return error;
	if (!cut(&rest, '@', word)) {
		snprintf(word, sizeof(word), "%s", rest);
	} else if (parse_duration(rest, &delay)) {
		return misuse(t, "--retry: '%s' is not a time such as 10ms; the units are ns, us, ms, s and m",
			      rest);
	}
	if (parse_number(word, 1, SPAWN_POLICY_MAX_TRIES, &r->count))
		return misuse(t, "--retry: '%s' is not a count from 1 to %d",
			      word, SPAWN_POLICY_MAX_TRIES);
	r->error = error;
	r->delay_ns = delay;
	config->nr_retries++;
	return 0;
}

static int read_operation(struct tool *t, const char *name,
			  struct spawn_policy_on *on)
{
	int ret;

	ret = step_number(t, name, &on->opcode, &on->cmd);
	if (ret)
		return ret;
	if (on->opcode == OP_CLONE)
		return misuse(t, "--on: clone is not a step of a chain");
	if (on->opcode == NAME_ANY_OP)
		on->opcode = SPAWN_POLICY_ANY;
	if (on->opcode != OP_CHILD)
		on->cmd = SPAWN_POLICY_ANY;
	return 0;
}

static int read_on(struct tool *t, const char *text,
		   struct spawn_policy_config *config)
{
	struct spawn_policy_on *on = &config->on[config->nr_on];
	char op[WORD_SIZE], error[WORD_SIZE];
	const char *rest = text;
	int ret;

	if (config->nr_on == SPAWN_POLICY_MAX_ON)
		return misuse(t, "--on: more than %d rules",
			      SPAWN_POLICY_MAX_ON);
	if (!cut(&rest, ':', op) || !cut(&rest, '=', error))
		return misuse(t, "--on: '%s' is not OP:ERRNO=VERDICT", text);
	ret = read_operation(t, op, on);
	if (ret)
		return ret;
	ret = strcmp(error, "any") ? errno_number(t, error) : 0;
	if (ret < 0)
		return ret;
	on->error = ret;
	ret = verdict_number(t, rest);
	if (ret < 0)
		return ret;
	if (ret == IORING_VERDICT_SUBMIT)
		return misuse(t, "--on: submit is for policies that stage requests of their own");
	if (ret == IORING_VERDICT_PASS)
		return misuse(t, "--on: the default policy does not pass; attach it after the others of its slot");
	on->verdict = ret;
	config->nr_on++;
	return 0;
}

static int read_errors(struct tool *t, struct spawn_policy_config *config)
{
	const char *errors = t->set.errors;

	if (!errors || !strcmp(errors, "glibc"))
		config->errors = SPAWN_POLICY_ERRORS_GLIBC;
	else if (!strcmp(errors, "posix"))
		config->errors = SPAWN_POLICY_ERRORS_POSIX;
	else
		return misuse(t, "--errors: '%s' is neither glibc nor posix",
			      errors);
	return 0;
}

static int read_shell(struct tool *t, struct spawn_policy_config *config)
{
	const char *shell = t->set.shell;

	if (!shell)
		return 0;
	if (!*shell)
		shell = "/bin/sh";
	if (*shell != '/')
		return misuse(t, "--shell: '%s' is not an absolute path",
			      shell);
	if (strlen(shell) >= sizeof(config->shell))
		return misuse(t, "--shell: the path is longer than %zu bytes",
			      sizeof(config->shell) - 1);
	strcpy(config->shell, shell);
	return 0;
}

/* A number that no other configuration is likely to have. */
static uint32_t make_generation(void)
{
	struct timespec now;
	uint32_t number;

	if (getrandom(&number, sizeof(number), 0) == sizeof(number))
		return number;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_nsec;
}

int policy_options_read(struct tool *t, const char *path,
			struct spawn_policy_config *config)
{
	unsigned int i;
	int ret;

	memset(config, 0, sizeof(*config));
	config->version = SPAWN_POLICY_CONFIG_VERSION;
	config->generation = make_generation();
	config->remember_ns = t->set.remember_ns;
	ret = read_path(t, t->set.path ? t->set.path : path, config);
	if (!ret)
		ret = read_errors(t, config);
	if (!ret)
		ret = read_shell(t, config);
	for (i = 0; !ret && i < t->set.retry.nr; i++)
		ret = read_retry(t, t->set.retry.text[i], config);
	for (i = 0; !ret && i < t->set.on.nr; i++)
		ret = read_on(t, t->set.on.text[i], config);
	return ret ? ret : budgets_check_rules(t, config);
}

void policy_options_number(struct spawn_policy_config *config)
{
	for (unsigned int i = 0; i < config->nr_on; i++)
		config->on[i].opcode = step_opcode(config->on[i].opcode);
}
