// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs that are attached to an actor's program: fentry and fexit see its runs and
 * change nothing, freplace returns verdicts, others are refused (A1, A2).
 */
#include "lib/actor.h"
#include "lib/child.h"
#include "lib/policy.h"

#include "actor_tracing.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

static char verifier_log[1 << 16];

/* One program of tests/actor_tracing.bpf.c. */
struct tracer {
	struct bpf_object *obj;
	struct bpf_program *prog;
	struct bpf_link *link;
	struct tracing *seen;
};

/* The actor that it is attached to: tests/actor.bpf.c, or tests/actor_typed.bpf.c. */
struct target {
	int fd;
	const char *function;
};

static struct target scripted(void)
{
	actor_load(&a);
	return (struct target){ a.fd, "actor" };
}

static struct target typed(void)
{
	static struct tpolicy p;

	tpolicy_load(&p, "tests/actor_typed");
	return (struct target){ tpolicy_fd(&p), "typed" };
}

/* -errno, and verifier_log tells why. */
static int tracer_load(struct tracer *t, const char *name, struct target target)
{
	struct bpf_program *prog;
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/actor_tracing.bpf.o", tap_build());
	t->obj = CHECK_PTR(bpf_object__open(path));
	bpf_object__for_each_program(prog, t->obj)
		bpf_program__set_autoload(prog, false);
	t->prog = CHECK_PTR(bpf_object__find_program_by_name(t->obj, name));
	bpf_program__set_autoload(t->prog, true);
	CHECK_OK(bpf_program__set_attach_target(t->prog, target.fd,
						target.function));
	bpf_program__set_log_buf(t->prog, verifier_log, sizeof(verifier_log));
	return bpf_object__load(t->obj);
}

static void tracer_attach(struct tracer *t, const char *name, struct target target)
{
	int err = tracer_load(t, name, target);

	if (err) {
		puts(verifier_log);
		FAIL("%s: %s", name, strerror(-err));
	}
	t->seen = CHECK_PTR(object_variables(t->obj, sizeof(*t->seen)));
	t->link = CHECK_PTR(bpf_program__attach(t->prog));
}

static void tracer_detach(struct tracer *t)
{
	CHECK_EQ(bpf_link__destroy(t->link), 0);
}

/* --- fentry and fexit -------------------------------------------------------- */

/* Reads a pipe, then has a NOP, and ends with 9. */
static void begin_reading(int fd)
{
	static char byte;

	actor_reset(&a);
	sqe_on(actor_starts(&a, IORING_OP_READ, 1), fd, &byte, 1);
	actor_sqe(&a, actor_on(&a, CQE, 1, WAIT), IORING_OP_NOP, 2);
	rule_result(actor_on(&a, CQE, 2, END), 9);
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
}

/* Of the last run, which had this context. */
static void check_seen(const struct tracing *seen)
{
	EXPECT_EQ(memcmp(&seen->ctx, &actor_run(&a, 2)->ctx, sizeof(seen->ctx)), 0);
	EXPECT_EQ(seen->ctx.tag, 2);
}

/* They come while the actor waits, and go while it waits again. */
static void trace_one(unsigned int flags, struct target target)
{
	struct tracer entry, exit;
	int link, fds[2];

	make_pipe(fds);
	tring_init(&r, flags);
	link = actor_attach(&r, &a);
	begin_reading(fds[0]);
	tracer_attach(&entry, "on_entry", target);
	tracer_attach(&exit, "on_exit", target);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(tring_res(&r, ACTOR), 9);
	EXPECT_EQ(a.script->runs, 3);
	EXPECT_EQ(link_info(link).runs, 3);
	EXPECT_EQ(entry.seen->entries, 2);
	EXPECT_EQ(exit.seen->exits, 2);
	check_seen(entry.seen);
	check_seen(exit.seen);
	EXPECT_EQ(exit.seen->verdict, END);
	tring_forget(&r);
	begin_reading(fds[0]);
	tracer_detach(&entry);
	tracer_detach(&exit);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(tring_res(&r, ACTOR), 9);
	EXPECT_EQ(entry.seen->entries, 3);
	EXPECT_EQ(exit.seen->exits, 3);
	tring_total(&r, 1);
	bpf_object__close(entry.obj);
	bpf_object__close(exit.obj);
	close(link);
	close(fds[0]);
	close(fds[1]);
	tring_exit(&r);
}

TEST(A2_tracing_programs_see_each_run)
{
	struct target target = scripted();
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		trace_one(tring_kinds[i].flags, target);
	}
}

/* An actor that is traced is cancelled, and its program detached, as any. */
TEST(A4_a_traced_program_is_detached)
{
	struct target target = scripted();
	struct tracer exit;
	int link, fds[2];

	make_pipe(fds);
	tring_init(&r, 0);
	link = actor_attach(&r, &a);
	tracer_attach(&exit, "on_exit", target);
	begin_reading(fds[0]);
	q_actor(&r, ACTOR + 1);
	tring_submit(&r);
	actor_wait_runs(&r, &a, 2);
	q_cancel(&r, ACTOR, 0, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	EXPECT_EQ(actor_times(&a, CANCEL, SCRIPT_ANY), 1);
	EXPECT_EQ(exit.seen->exits, a.script->runs);
	close(link);
	EXPECT_EQ(tring_res(&r, ACTOR + 1), -ENOLINK);
	EXPECT_EQ(exit.seen->exits, a.script->runs);
	tracer_detach(&exit);
}

/* With the type that the actor declares, if that is the program type's. */
TEST(A2_a_typed_context_is_seen_as_such)
{
	struct io_uring_attach_bpf attr = { 0 };
	struct target target = typed();
	struct tracer t;

	tring_init(&r, 0);
	attr.prog_fd = target.fd;
	CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
	tracer_attach(&t, "on_typed_entry", target);
	q_actor(&r, ACTOR)->addr = 8;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), 8);
	EXPECT_EQ(t.seen->entries, 1);
	EXPECT_EQ(t.seen->ctx.event, START);
}

/* --- what is refused ------------------------------------------------------------ */

static void check_refused(const char *name, struct target target)
{
	struct tracer t = { 0 };
	int err = tracer_load(&t, name, target);
	struct tpolicy p = { .obj = t.obj, .prog = t.prog };

	DIAG("%s: %s", name, tap_errname(err));
	EXPECT_LT(err, 0);
	EXPECT_HAS(verifier_log, CHECK_PTR(tpolicy_tag(&p, "refused")));
	bpf_object__close(t.obj);
}

TEST(A2_what_tracing_programs_cannot_do)
{
	struct target target = scripted();

	libbpf_set_print(NULL);
	check_refused("reads_untyped", target);
	check_refused("replaces_untyped", target);
	check_refused("calls", target);
	check_refused("changes_verdict", target);
	check_refused("sleeps", target);
	target = typed();
	check_refused("writes", target);
	check_refused("returns_anything", target);
}

/* --- freplace ------------------------------------------------------------------- */

TEST(A2_a_replacement_of_a_program)
{
	struct io_uring_attach_bpf attr = { 0 };
	struct target target = typed();
	struct tracer t;
	int link;

	tring_init(&r, 0);
	attr.prog_fd = target.fd;
	link = CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
	tracer_attach(&t, "replacement", target);
	t.seen->replaced = 1;
	EXPECT_EQ(actor_result(&r), 11);
	tring_forget(&r);
	t.seen->replaced = 0;
	EXPECT_EQ(actor_result(&r), -EDEADLK);
	EXPECT_EQ(t.seen->replacements, 2);
	EXPECT_EQ(link_info(link).runs, 2);
	EXPECT_EQ(link_info(link).verdicts[END], 1);
	/* the program itself runs again */
	tracer_detach(&t);
	tring_forget(&r);
	q_actor(&r, ACTOR)->addr = 12;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), 12);
	EXPECT_EQ(t.seen->replacements, 2);
}

/* One that was checked as a policy's cannot be attached to an actor, whose context differs. */
TEST(A1_a_replacement_of_a_policy_is_none_of_an_actor)
{
	static struct tpolicy policy;
	struct target actor = typed(), target;
	struct tracer t;

	tpolicy_load(&policy, "bpf/hello_policy");
	target = (struct target){ tpolicy_fd(&policy),
				  bpf_program__name(policy.prog) };
	CHECK_OK(tracer_load(&t, "policy_replacement", target));
	libbpf_set_print(NULL);
	EXPECT(!bpf_program__attach_freplace(t.prog, actor.fd, actor.function));
	EXPECT_EQ(errno, EINVAL);
	CHECK_PTR(bpf_program__attach_freplace(t.prog, target.fd, target.function));
}
