// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol run: one command, spawned under a policy or without. */
#include <errno.h>
#include <signal.h>
#include <spawnpol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "budgets.h"
#include "json.h"
#include "kernel.h"
#include "pass_signals.h"
#include "policy_object.h"
#include "policy_options.h"
#include "run_launch.h"
#include "tool.h"

#define RING_ENTRIES	256	/* for the longest chain, CLONE and a deadline */
#define TEXT_SIZE	512

static int attach_failed(struct tool *t, int err)
{
	struct spawnpol_advice a = spawnpol_advise(SPAWNPOL_TOPIC_ATTACH, err);

	fail(t, err, "cannot attach the policy (%s)", a.text);
	if (a.remedy)
		advise(t, "%s", a.remedy);
	return err;
}

static int report(struct tool *t, const char *outcome, pid_t pid)
{
	struct json j;
	int ret;

	ret = start_json(t, &j);
	if (ret <= 0)
		return ret;
	j.compact = true;
	json_text(&j, "outcome", outcome);
	json_s32(&j, "pid", pid);
	json_u32(&j, "status", t->status);
	return json_finish(&j, stderr);
}

/* Until the command has been waited for, no other process has its pid. */
static int take_status(pid_t pid, int *status)
{
	siginfo_t info;

	while (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		if (errno != EINTR)
			return -errno;
	pass_signals_stop();
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int wait_for(struct tool *t, pid_t pid)
{
	int status, ret;

	ret = take_status(pid, &status);
	if (ret)
		return fail(t, ret, "cannot wait for process %d", pid);
	if (WIFEXITED(status)) {
		t->status = WEXITSTATUS(status);
		return report(t, "exited", pid);
	}
	t->status = 128 + WTERMSIG(status);
	return report(t, "killed", pid);
}

/* Where a bare name was looked for; 0: only the policy knows. */
static unsigned int nr_directories(const struct tool *t)
{
	const struct settings *s = &t->set;
	const char *list = s->path ? s->path : getenv("PATH");
	unsigned int nr = 0;
	size_t len;

	if (strchr(t->args[0], '/') || s->policy || s->object || !list)
		return 0;
	for (;; list += len + 1) {
		len = strcspn(list, ":");
		/* an empty one is the working directory, but not to the policy */
		nr += len || s->no_policy;
		if (!list[len])
			return nr;
	}
}

/* The error of a search is that of its last directory: it has looked elsewhere, too. */
static void add_directories(const struct tool *t, const struct spawnpol_outcome *out,
			    char *text)
{
	const unsigned int nr = nr_directories(t);
	const size_t len = strlen(text);

	if (out->kind == SPAWNPOL_KIND_EXEC && out->error == -ENOENT && nr > 1)
		snprintf(text + len, TEXT_SIZE - len, " (%u directories searched)", nr);
}

static int not_started(struct tool *t, const struct spawnpol_outcome *out)
{
	const bool exec = out->kind == SPAWNPOL_KIND_EXEC;
	struct spawnpol_advice a;
	char text[TEXT_SIZE];

	a = spawnpol_advise(spawnpol_outcome_topic(out), out->error);
	spawnpol_outcome_text(out, text, sizeof(text));
	add_directories(t, out, text);
	/* CLONE is no step */
	if (out->step < 0)
		fail(t, out->error, "%s: %s", t->args[0], text);
	else
		fail(t, out->error, "%s: step %d: %s", t->args[0], out->step, text);
	if (a.remedy)
		advise(t, "%s", a.remedy);
	t->problem.status = exec && out->error == -ENOENT ? EXIT_NOT_FOUND :
			    out->kind == SPAWNPOL_KIND_CLONE ? EXIT_FAILED :
			    EXIT_NOT_STARTED;
	return out->error;
}

/*
 * Signals are handled in the wait only. One that came between a look for it and the
 * wait would otherwise end neither.
 */
static int collect(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
		   struct spawnpol_outcome *out)
{
	sigset_t open;
	int ret;

	pass_signals_hold(&open);
	do {
		if (pass_signals_caught())
			spawnpol_cancel(ring, chain);
		ret = spawnpol_collect(ring, out, 1, 0, 0);
		if (!ret) {
			ret = spawnpol_ring_wait(ring, -1, &open);
			ret = ret < 0 && ret != -EINTR ? ret : 0;
		}
	} while (!ret);
	pass_signals_release(&open);
	return ret;
}

static int launch(struct tool *t, struct spawnpol_ring *ring,
		  struct spawnpol_chain *chain)
{
	struct spawnpol_outcome out;
	int ret;

	ret = spawnpol_submit(ring, &chain, 1);
	/* the ring has room for all that options can ask for: this is the search */
	if (ret == -E2BIG)
		return run_launch_too_long(t);
	if (ret < 0)
		return fail(t, ret, "cannot submit the spawn of %s",
			    t->args[0]);
	ret = collect(ring, chain, &out);
	if (ret < 0)
		return fail(t, ret, "cannot get the outcome of %s",
			    t->args[0]);
	if (out.error == -ECANCELED && pass_signals_caught()) {
		t->status = 128 + pass_signals_caught();
		return report(t, "interrupted", out.pid);
	}
	if (out.error)
		return not_started(t, &out);
	pass_signals_to(out.pid);
	return wait_for(t, out.pid);
}

/* Returns the descriptor of the link, which is the policy's as long as it is open. */
static int attach(struct tool *t, struct spawnpol_ring *ring, int prog,
		  unsigned int slot)
{
	struct spawnpol_attach_opts opts = {
		.sz = sizeof(opts),
		.slot = slot,
		.events = SPAWNPOL_EVENTS_AUTO,
		.max_issues = t->set.max_issues,
		.max_staged = t->set.max_staged,
		.max_delay_ns = t->set.max_delay_ns,
	};
	int ret = budgets_check(t, prog, &opts);

	if (ret)
		return ret;
	ret = spawnpol_policy_attach(spawnpol_ring_fd(ring), prog, &opts);
	return ret < 0 ? attach_failed(t, ret) : ret;
}

/* prog is -1 for a launch without a policy. */
static int launch_on_ring(struct tool *t, const struct run_launch *r, int prog)
{
	struct spawnpol_ring *ring;
	int link = -1, ret;

	ret = spawnpol_ring_open(&ring, RING_ENTRIES, 0);
	if (ret)
		return fail(t, ret, "cannot make a ring");
	if (prog >= 0)
		link = attach(t, ring, prog, r->slot);
	ret = prog >= 0 && link < 0 ? link : 0;
	if (!ret) {
		pass_signals_start();
		/* if it is ignored, the kernel does not keep the command's status */
		signal(SIGCHLD, SIG_DFL);
		ret = launch(t, ring, r->chain);
	}
	/* the ring waits for what is in flight, which uses the chain */
	spawnpol_ring_close(ring);
	if (link >= 0)
		close(link);
	return ret;
}

static int launch_under_policy(struct tool *t, const struct run_launch *r)
{
	const char *path = getenv("PATH");
	struct object o;
	int prog, ret;

	prog = policy_object_take(t, &o, path ? path : "/bin:/usr/bin", OBJECT_POLICY);
	if (prog < 0)
		return prog;
	ret = launch_on_ring(t, r, prog);
	close(prog);
	object_close(&o);
	return ret;
}

/* The option that needs a policy, or NULL. */
static const char *policy_wanted(const struct tool *t)
{
	const struct settings *s = &t->set;

	if (s->policy)
		return "policy";
	if (s->object)
		return "object";
	if (s->max_issues)
		return "max-issues";
	if (s->max_staged)
		return "max-staged";
	if (s->max_delay_ns)
		return "max-delay";
	return s->function ? "function" : policy_options_given(t);
}

static int check_options(struct tool *t)
{
	const struct settings *s = &t->set;

	if (s->no_policy && policy_wanted(t))
		return misuse(t, "--%s does not go with --no-policy",
			      policy_wanted(t));
	return policy_object_check(t);
}

int do_run(struct tool *t)
{
	struct run_launch r;
	int ret;

	ret = check_options(t);
	if (!ret)
		ret = run_launch_open(t, &r);
	if (ret)
		return ret;
	ret = t->set.no_policy ? kernel_check_spawn(t) : kernel_check_policies(t);
	if (!ret)
		ret = t->set.no_policy ? launch_on_ring(t, &r, -1) :
					 launch_under_policy(t, &r);
	run_launch_close(&r);
	return ret;
}
