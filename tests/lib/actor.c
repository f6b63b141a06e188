// SPDX-License-Identifier: LGPL-2.1-or-later
/* Requests that are programs: loading, attaching, their script. */
#include "actor.h"
#include "child.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

static char verifier_log[1 << 16];

static int say(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level == LIBBPF_WARN ? vprintf(fmt, args) : 0;
}

static struct tactor preloaded = { .fd = -1 };

/* -errno, if the object cannot be loaded. */
static int load_object(struct tactor *a)
{
	struct bpf_program *prog;
	char path[4096];
	int err;

	snprintf(path, sizeof(path), "%s/tests/actor.bpf.o", tap_build());
	a->obj = bpf_object__open(path);
	if (!a->obj)
		return -errno;
	prog = object_policy(a->obj);
	bpf_program__set_log_buf(prog, verifier_log, sizeof(verifier_log));
	err = bpf_object__load(a->obj);
	if (err)
		return err;
	a->script = object_variables(a->obj, sizeof(*a->script));
	if (!a->script)
		return -errno;
	a->fd = bpf_program__fd(prog);
	return 0;
}

/* Who needs it and does not have it tries again, and tells what is wrong. */
void actor_preload(void)
{
	libbpf_set_print(NULL);
	if (!tap_in_vm() || load_object(&preloaded))
		preloaded.fd = -1;
}

void actor_load(struct tactor *a)
{
	size_t len, most = 2500;
	int err;

	if (preloaded.fd >= 0) {
		*a = preloaded;
		a->obj = NULL; /* not a's to free */
		preloaded.fd = -1;
		actor_reset(a);
		return;
	}
	libbpf_set_print(say);
	err = load_object(a);
	if (!err)
		return;
	/* its end has the reason */
	len = strlen(verifier_log);
	puts(verifier_log + (len > most ? len - most : 0));
	FAIL("actor.bpf.o: %s", strerror(-err));
}

void actor_free(struct tactor *a)
{
	if (!a->obj) {
		preloaded = *a;
		return;
	}
	munmap(a->script, sizeof(*a->script));
	bpf_object__close(a->obj);
}

void actor_reset(struct tactor *a)
{
	memset(a->script, 0, sizeof(*a->script));
}

int actor_returning(int value)
{
	return load_returning(value, SPAWNPOL_BPF_IOURING_OP, 0);
}

int actor_attach_ring(int ring, struct io_uring_attach_bpf attr)
{
	long ret = syscall(__NR_io_uring_register, ring, SPAWNPOL_ATTACH_BPF,
			   &attr, 1);

	return ret < 0 ? -errno : (int)ret;
}

int actor_attach_bpf(int ring, struct io_uring_attach_bpf from)
{
	struct spawnpol_link_create attr = {
		.prog_fd = from.prog_fd,
		.target_fd = ring,
		.attach_type = SPAWNPOL_BPF_IOURING_OP,
		.flags = from.flags,
		.slot = from.slot,
		.events = from.events,
		.max_issues = from.max_issues,
		.max_staged = from.max_staged,
		.max_delay_ns = from.max_delay_ns,
		.relative = from.relative,
		.state_size = from.state_size,
		.expected_revision = from.expected_revision,
	};

	return bpf_call(BPF_LINK_CREATE, &attr, sizeof(attr));
}

int actor_attach(struct tring *r, struct tactor *a)
{
	struct io_uring_attach_bpf attr = {
		.prog_fd = a->fd,
		.state_size = 64,
	};
	int link = actor_attach_ring(tring_fd(r), attr);

	if (link < 0)
		FAIL("IORING_ATTACH_BPF: %s", strerror(-link));
	return link;
}

int actor_begin(struct tring *r, struct tactor *a, unsigned int flags)
{
	tring_init(r, flags);
	actor_load(a);
	return actor_attach(r, a);
}

void actor_again(struct tring *r, struct tactor *a)
{
	actor_reset(a);
	tring_forget(r);
}

struct script_rule *actor_on(struct tactor *a, unsigned int event, uint64_t tag,
			     unsigned int verdict)
{
	struct script_rule *rule = a->script->rules;

	while (rule->event)
		CHECK(++rule < a->script->rules + SCRIPT_RULES);
	rule->tag = tag;
	rule->user_data = SCRIPT_ANY;
	rule->verdict = verdict;
	rule->first = a->script->nr_sqes;
	rule->size = 64;
	rule->event = event;
	return rule;
}

struct script_rule *actor_when(struct tactor *a, uint64_t tag, unsigned int when,
			       unsigned int verdict)
{
	struct script_rule *rule = actor_on(a, CQE, tag, verdict);

	rule->when = when;
	return rule;
}

struct io_uring_sqe *actor_sqe(struct tactor *a, struct script_rule *rule,
			       unsigned int op, uint64_t tag)
{
	unsigned int at = a->script->nr_sqes++;
	struct io_uring_sqe *sqe = (void *)a->script->sqes[at];

	CHECK_LT(at, SCRIPT_SQES);
	/* nothing has been added to another rule in between */
	CHECK_EQ(rule->first + rule->nr, at);
	rule->nr++;
	sqe->opcode = op;
	sqe->user_data = tag;
	return sqe;
}

struct io_uring_sqe *actor_starts(struct tactor *a, unsigned int op, uint64_t tag)
{
	struct script_rule *rule = a->script->rules;

	if (!rule->event)
		rule = actor_on(a, START, SCRIPT_ANY, WAIT);
	CHECK_EQ(rule->event, START);
	return actor_sqe(a, rule, op, tag);
}

struct io_uring_sqe *actor_links(struct tactor *a, unsigned int op, uint64_t tag)
{
	struct io_uring_sqe *sqe = actor_starts(a, op, tag);

	sqe->flags = IOSQE_IO_LINK;
	return sqe;
}

struct io_uring_sqe *sqe_on(struct io_uring_sqe *sqe, int fd, const void *buf,
			    unsigned int len)
{
	sqe->fd = fd;
	sqe->addr = (uintptr_t)buf;
	sqe->len = len;
	return sqe;
}

void actor_ends_with(struct tactor *a, uint64_t tag)
{
	actor_on(a, CQE, tag, END)->sets_result = SCRIPT_RES;
}

void rule_result(struct script_rule *rule, int res)
{
	rule->sets_result = SCRIPT_FIXED;
	rule->result = res;
}

struct io_uring_sqe *q_actor(struct tring *r, uint64_t user_data)
{
	return q_alone(r, SPAWNPOL_OP_BPF, user_data);
}

void actor_go(struct tring *r)
{
	q_actor(r, ACTOR);
	tring_submit(r);
}

int actor_result(struct tring *r)
{
	actor_go(r);
	return tring_res(r, ACTOR);
}

const struct script_run *actor_run(struct tactor *a, unsigned int n)
{
	if (n >= a->script->runs)
		FAIL("the program ran %u times only", a->script->runs);
	return &a->script->log[n % SCRIPT_LOG];
}

static const struct script_run *find(struct tactor *a, unsigned int event,
				     uint64_t tag, unsigned int *n)
{
	unsigned int i;

	for (i = 0; i < a->script->runs && i < SCRIPT_LOG; i++) {
		const struct script_run *run = &a->script->log[i];

		if (run->ctx.event == event &&
		    (tag == SCRIPT_ANY || run->ctx.tag == tag) && !(*n)--)
			return run;
	}
	return NULL;
}

const struct script_run *actor_told(struct tactor *a, uint64_t tag, unsigned int n)
{
	const struct script_run *run = find(a, CQE, tag, &n);

	if (!run)
		FAIL("the program was not told of tag %llu",
		     (unsigned long long)tag);
	return run;
}

unsigned int actor_times(struct tactor *a, unsigned int event, uint64_t tag)
{
	unsigned int many = SCRIPT_LOG + 1, left = many;

	find(a, event, tag, &left);
	return many - left;
}

void actor_idle(struct tring *r, unsigned int ms)
{
	tring_none(r, SCRIPT_ANY, ms);
}

void actor_wait_runs(struct tring *r, struct tactor *a, unsigned int runs)
{
	double until = now() + tap_patience();

	while (__atomic_load_n(&a->script->done, __ATOMIC_ACQUIRE) < runs) {
		if (now() > until)
			FAIL("the program ran %u times only", a->script->runs);
		actor_idle(r, 1);
	}
}

void actor_wait_told(struct tring *r, struct tactor *a, uint64_t tag)
{
	double until = now() + tap_patience();

	while (!actor_times(a, CQE, tag)) {
		if (now() > until)
			actor_told(a, tag, 0);
		actor_idle(r, 1);
	}
}
