// SPDX-License-Identifier: LGPL-2.1-or-later
/* Accepted programs decide about made-up contexts (BPF_PROG_TEST_RUN). */
#include "program.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_STAGED 8
#define MAX_DELAY (10ULL * 1000000000)
#define MAX_NAME 4095

static struct dry {
	struct {
		struct bpf_iouring_ctx ctx;
		char more[8]; /* of a later kernel's context */
	} in;
	struct bpf_iouring_ctx out;
	char name[MAX_NAME + 2];
	struct {
		struct bpf_iouring_test_result result;
		struct bpf_iouring_test_staged staged[MAX_STAGED];
	} data;
	struct bpf_test_run_opts opts;
} d;

static void make_context(struct bpf_iouring_ctx *ctx)
{
	static const uint32_t opcodes[] = { SPAWNPOL_OP_EXEC, SPAWNPOL_OP_CHILD,
					    SPAWNPOL_OP_CLONE,
					    SPAWNPOL_OP_SPAWN,
					    IORING_OP_OPENAT };
	unsigned int i;

	memset(ctx, 0, sizeof(*ctx));
	ctx->event = percent(90) ? 1U << below(8) : below(1000);
	ctx->opcode = percent(90) ? ONE_OF(opcodes) : below(256);
	ctx->res = percent(90) ? random_result() : random_imm();
	ctx->cmd = below(40);
	ctx->user_data = random_long();
	ctx->step = below(8);
	ctx->attempt = below(16);
	ctx->flags = below(32);
	ctx->pid = below(32768);
	ctx->staged_opcode = below(64);
	ctx->staged_cmd = below(40);
	ctx->staged_user_data = random_long();
	ctx->elapsed_ns = random_long();
	ctx->cookie = random_long();
	ctx->off = random_long();
	for (i = 0; i < 8 && percent(70); i++)
		ctx->scratch[i] = random_long();
}

static void make_name(void)
{
	unsigned int i, len = 0;

	if (percent(70))
		len = percent(80) ? 1 + below(20) : MAX_NAME - below(20);
	if (percent(3))
		len = MAX_NAME + 1;
	for (i = 0; i < len; i++)
		d.name[i] = percent(80) ? 'n' : 1 + below(255);
	d.opts.data_in = len ? d.name : NULL;
	d.opts.data_size_in = len;
}

/* Sometimes a context of another size, or too little room for what comes out. */
static void make_input(void)
{
	memset(&d, 0, sizeof(d));
	d.opts.sz = sizeof(d.opts);
	make_context(&d.in.ctx);
	make_name();
	d.opts.ctx_in = &d.in;
	d.opts.ctx_size_in = sizeof(d.in.ctx);
	if (percent(5))
		d.opts.ctx_size_in = 1 + below(sizeof(d.in));
	if (percent(3)) {
		d.opts.ctx_size_in = sizeof(d.in);
		d.in.more[below(8)] = 1;
	}
	d.opts.ctx_out = &d.out;
	d.opts.ctx_size_out = sizeof(d.out);
	d.opts.data_out = &d.data;
	d.opts.data_size_out = sizeof(d.data);
	if (percent(5))
		d.opts.data_size_out = below(5000);
}

/* The only reasons for which a run may be refused. */
static int expected_error(void)
{
	unsigned int i;

	for (i = sizeof(d.in.ctx); i < d.opts.ctx_size_in; i++) {
		if (((char *)&d.in)[i])
			return -E2BIG;
	}
	return d.opts.data_size_in > MAX_NAME ? -ENAMETOOLONG : 0;
}

static void check_context(void)
{
	const size_t head = offsetof(struct bpf_iouring_ctx, scratch);
	const size_t tail = offsetof(struct bpf_iouring_ctx, ring_id);

	/* what was not given is zero */
	if (d.opts.ctx_size_in < sizeof(d.in.ctx))
		memset((char *)&d.in.ctx + d.opts.ctx_size_in, 0,
		       sizeof(d.in.ctx) - d.opts.ctx_size_in);
	if (d.opts.ctx_size_out != sizeof(d.out))
		violation("a context of %u bytes", d.opts.ctx_size_out);
	if (memcmp(&d.in.ctx, &d.out, head) ||
	    memcmp((char *)&d.in.ctx + tail, (char *)&d.out + tail,
		   sizeof(d.out) - tail))
		violation("the context has changed outside of scratch");
}

static void check_staged(const struct bpf_iouring_test_staged *s)
{
	const struct io_uring_sqe *sqe = (const void *)s->sqe;
	const char *end = memchr(s->path, '\0', sizeof(s->path));

	if (s->kind > IORING_STAGED_SEARCH || s->resv)
		violation("staged: kind %u resv %u", s->kind, s->resv);
	if (!end)
		violation("staged: a path without an end");
	if (s->kind != IORING_STAGED_SQE && end == s->path)
		violation("staged: an empty path");
	for (; end < s->path + sizeof(s->path); end++) {
		if (*end)
			violation("staged: something is behind the path");
	}
	if (s->kind != IORING_STAGED_SQE)
		return;
	if (sqe->flags & ~IOSQE_FIXED_FILE || sqe->personality)
		violation("staged: flags %#x personality %u", sqe->flags,
			  sqe->personality);
	if (s->path[0] && (sqe->opcode != SPAWNPOL_OP_CHILD || sqe->addr))
		violation("staged: a path for opcode %u", sqe->opcode);
}

/* Nothing can be done about it any more, or yet. */
static bool is_powerless(uint32_t event)
{
	return event == IORING_POLICY_CLONE || event == IORING_POLICY_EXECED;
}

static void check_result(void)
{
	const struct bpf_iouring_test_result *r = &d.data.result;
	const bool is_exec = d.in.ctx.opcode == SPAWNPOL_OP_EXEC;
	const bool has_result = r->flags & IORING_TEST_RESULT;
	unsigned int i;

	if (r->nr_staged > MAX_STAGED ||
	    (r->nr_staged && is_powerless(d.in.ctx.event)))
		violation("%u requests are staged", r->nr_staged);
	if (d.opts.data_size_out !=
	    sizeof(*r) + r->nr_staged * sizeof(d.data.staged[0]))
		violation("%u bytes for %u requests", d.opts.data_size_out,
			  r->nr_staged);
	if (r->delay_ns > MAX_DELAY)
		violation("a delay of %llu ns",
			  (unsigned long long)r->delay_ns);
	if (r->flags > 7 || r->resv)
		violation("flags %#x resv %#x", r->flags, r->resv);
	if (r->result < -4095 || (has_result && is_exec && r->result >= 0) ||
	    (!has_result && r->result) ||
	    (has_result && is_powerless(d.in.ctx.event)))
		violation("result %d, flags %#x, opcode %u, event %u",
			  r->result, r->flags, d.in.ctx.opcode, d.in.ctx.event);
	for (i = 0; i < r->nr_staged; i++)
		check_staged(&d.data.staged[i]);
	counts.staged += r->nr_staged;
}

static void check_run(const struct program *p, int ret, unsigned int room)
{
	const bool cut = d.opts.data_size_out > room;

	if (ret != (cut ? -ENOSPC : 0))
		violation("a run returns %d", ret);
	if (d.opts.retval > IORING_VERDICT_PASS)
		violation("verdict %u", d.opts.retval);
	counts.dry_verdicts[d.opts.retval]++;
	check_context();
	if (!cut)
		check_result();
	if (p->trusted)
		return;
	check_no_addresses("the context", &d.out, sizeof(d.out));
	check_no_addresses("what comes out", &d.data, sizeof(d.data));
}

void dry_run(const struct program *p, int prog)
{
	unsigned int room;
	int ret, expected;

	make_input();
	room = d.opts.data_size_out;
	expected = expected_error();
	ret = bpf_prog_test_run_opts(prog, &d.opts);
	counts.runs++;
	if (!expected)
		check_run(p, ret, room);
	else if (ret != expected)
		violation("a run returns %d instead of %d", ret, expected);
}
