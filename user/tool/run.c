// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol run: one command, spawned under a policy. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <spawnpol.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "budgets.h"
#include "json.h"
#include "kernel.h"
#include "pass_signals.h"
#include "pins.h"
#include "policy_object.h"
#include "policy_options.h"
#include "tool.h"

#define RING_ENTRIES	64
#define FILE_MODE	0666	/* less the umask, as a shell's > */
#define TEXT_SIZE	512

/* The policy's program: loaded earlier, or for this run only. */
static int take_policy(struct tool *t, struct object *o)
{
	const char *path = getenv("PATH");
	const char *name = t->set.policy;
	int lock, prog;

	o->bpf = NULL;
	o->problem.log = NULL;
	if (!name) {
		name = t->set.object ? t->set.object : DEFAULT_OBJECT;
		prog = policy_object_load(t, o, name, path ? path : "/bin:/usr/bin");
		return prog ? prog : dup(bpf_program__fd(o->prog));
	}
	lock = pins_lock(t, PINS_READ);
	if (pins_lock_failed(lock))
		return lock;
	prog = pins_prog(t, name);
	pins_unlock(lock);
	return prog;
}

static int attach_failed(struct tool *t, int err)
{
	struct spawnpol_advice a = spawnpol_advise(SPAWNPOL_TOPIC_ATTACH, err);

	fail(t, err, "cannot attach the policy (%s)", a.text);
	if (a.remedy)
		advise(t, "%s", a.remedy);
	return err;
}

static void add_streams(const struct tool *t, struct spawnpol_chain *chain)
{
	const struct settings *s = &t->set;
	const int how = O_WRONLY | O_CREAT | (s->append ? O_APPEND : O_TRUNC);

	if (s->input)
		spawnpol_chain_open(chain, 0, s->input, O_RDONLY, 0);
	if (s->output)
		spawnpol_chain_open(chain, 1, s->output, how, FILE_MODE);
	if (s->error_output)
		spawnpol_chain_open(chain, 2, s->error_output, how, FILE_MODE);
}

static int build(struct tool *t, struct spawnpol_chain *chain)
{
	const struct settings *s = &t->set;

	if (s->setsid)
		spawnpol_chain_setsid(chain);
	add_streams(t, chain);
	/* last, so that the names above are what they are for the caller */
	if (s->chdir)
		spawnpol_chain_chdir(chain, s->chdir);
	spawnpol_chain_program(chain, t->args[0]);
	spawnpol_chain_argv(chain, t->args);
	spawnpol_chain_need_policy(chain, true);
	spawnpol_chain_deadline(chain, s->deadline_ns);
	return spawnpol_chain_error(chain);
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

static int wait_for(struct tool *t, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(t, errno, "cannot wait for process %d", pid);
	if (WIFEXITED(status)) {
		t->status = WEXITSTATUS(status);
		return report(t, "exited", pid);
	}
	t->status = 128 + WTERMSIG(status);
	return report(t, "killed", pid);
}

static int not_started(struct tool *t, const struct spawnpol_outcome *out)
{
	const bool exec = out->kind == SPAWNPOL_KIND_EXEC;
	struct spawnpol_advice a;
	char text[TEXT_SIZE];

	a = spawnpol_advise(spawnpol_outcome_topic(out), out->error);
	spawnpol_outcome_text(out, text, sizeof(text));
	fail(t, out->error, "%s: step %d (%s): %s", t->args[0], out->step,
	     spawnpol_kind_name(out->kind), text);
	if (a.remedy)
		advise(t, "%s", a.remedy);
	t->problem.status = exec && out->error == -ENOENT ? EXIT_NOT_FOUND :
			    out->kind == SPAWNPOL_KIND_CLONE ? EXIT_FAILED :
			    EXIT_NOT_STARTED;
	return out->error;
}

static int launch(struct tool *t, struct spawnpol_ring *ring,
		  struct spawnpol_chain *chain)
{
	struct spawnpol_outcome out;
	int ret;

	ret = build(t, chain);
	if (ret)
		return fail(t, ret, "cannot describe the spawn of %s",
			    t->args[0]);
	ret = spawnpol_submit(ring, &chain, 1);
	if (ret < 0)
		return fail(t, ret, "cannot submit the spawn of %s",
			    t->args[0]);
	do {
		ret = spawnpol_collect(ring, &out, 1, 1, -1);
		if (pass_signals_caught())
			spawnpol_cancel(ring, chain);
	} while (ret == -EINTR || !ret);
	if (ret < 0)
		return fail(t, ret, "cannot learn what became of %s",
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

static int launch_on(struct tool *t, struct spawnpol_ring *ring, int prog)
{
	const struct spawnpol_attach_opts opts = {
		.sz = sizeof(opts),
		.events = SPAWNPOL_EVENTS_AUTO,
		.max_issues = t->set.max_issues,
		.max_staged = t->set.max_staged,
		.max_delay_ns = t->set.max_delay_ns,
	};
	struct spawnpol_chain *chain = NULL;
	int link, ret;

	ret = budgets_check(t, prog, &opts);
	if (ret)
		return ret;
	link = spawnpol_policy_attach(spawnpol_ring_fd(ring), prog, &opts);
	if (link < 0)
		return attach_failed(t, link);
	ret = spawnpol_chain_new(&chain);
	if (ret) {
		ret = fail(t, ret, "cannot make a chain");
	} else {
		pass_signals_start();
		ret = launch(t, ring, chain);
	}
	/* the ring waits for what is in flight, which uses the chain */
	spawnpol_ring_close(ring);
	if (chain)
		spawnpol_chain_free(chain);
	close(link);
	return ret;
}

int do_run(struct tool *t)
{
	struct spawnpol_ring *ring;
	struct object o;
	int prog, ret;

	if (t->set.policy && t->set.object)
		return misuse(t, "--policy and --object exclude each other");
	if (t->set.policy && policy_options_given(t))
		return misuse(t, "--%s does not go with --policy, which is set up already",
			      policy_options_given(t));
	ret = kernel_check_policies(t);
	if (ret)
		return ret;
	prog = take_policy(t, &o);
	if (prog < 0)
		return prog;
	ret = spawnpol_ring_open(&ring, RING_ENTRIES, 0);
	if (ret)
		ret = fail(t, ret, "cannot make a ring");
	else
		ret = launch_on(t, ring, prog);
	close(prog);
	object_close(&o);
	return ret;
}
