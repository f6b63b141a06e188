// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Operations whose errors io_uring itself does not take for failures: in a chain
 * they are (S7, S11, P2). Found by tests/fuzz.
 */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <sys/socket.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define OP_FTRUNCATE 55 /* this liburing is older */

/* A step that fails when it is issued, whatever there is. */
static void q_failing(unsigned int op)
{
	static int null;
	struct io_uring_sqe *sqe = q_op(&r, op);

	if (!null)
		null = CHECK_SYS(open("/dev/null", O_RDONLY | O_CLOEXEC));
	switch (op) {
	case IORING_OP_FSYNC:
	case IORING_OP_SYNC_FILE_RANGE:
	case IORING_OP_FALLOCATE:
	case OP_FTRUNCATE:
		sqe->fd = null;
		break;
	case IORING_OP_SYMLINKAT:
		sqe->fd = AT_FDCWD;
		sqe->addr = (uintptr_t) "target";
		sqe->addr2 = (uintptr_t) "/nonexistent/a";
		break;
	case IORING_OP_STATX:
		sqe->fd = AT_FDCWD;
		sqe->addr = (uintptr_t) "/nonexistent/a";
		sqe->addr2 = (uintptr_t)&r;
		break;
	case IORING_OP_SHUTDOWN:
		sqe->fd = CHECK_SYS(socket(AF_UNIX, SOCK_STREAM, 0));
		sqe->len = 9; /* neither direction nor both */
		break;
	case IORING_OP_SETXATTR:
	case IORING_OP_GETXATTR:
		sqe->addr = (uintptr_t) "user.name";
		sqe->addr2 = (uintptr_t) "value";
		sqe->addr3 = (uintptr_t) "/nonexistent/a";
		sqe->len = 5;
		break;
	case IORING_OP_UNLINKAT:
	case IORING_OP_MKDIRAT:
		sqe->fd = AT_FDCWD;
		sqe->addr = (uintptr_t) "/nonexistent/a";
		break;
	default:
		sqe->fd = AT_FDCWD;
		sqe->len = AT_FDCWD;
		sqe->addr = (uintptr_t) "/nonexistent/a";
		sqe->addr2 = (uintptr_t) "/nonexistent/b";
	}
}

static const unsigned char ops[] = {
	IORING_OP_FSYNC,    IORING_OP_SYNC_FILE_RANGE, IORING_OP_FALLOCATE,
	OP_FTRUNCATE,	    IORING_OP_STATX,	       IORING_OP_RENAMEAT,
	IORING_OP_UNLINKAT, IORING_OP_MKDIRAT,	       IORING_OP_SYMLINKAT,
	IORING_OP_LINKAT,   IORING_OP_SHUTDOWN,	       IORING_OP_SETXATTR,
	IORING_OP_GETXATTR,
};

/* A chain begins with it. */
static void begin_failing(unsigned int op)
{
	DIAG("opcode %u", op);
	tring_forget(&r);
	q_clone(&r);
	q_failing(op);
}

TEST(S7_whatever_operation_failed_ends_the_chain)
{
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < sizeof(ops); i++) {
		begin_failing(ops[i]);
		q_nop(&r);
		tring_submit(&r);
		EXPECT_LT(tring_res(&r, 0), 0);
		EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	}
}

TEST(S11_whatever_operation_failed_has_a_cqe)
{
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < sizeof(ops); i++) {
		begin_failing(ops[i]);
		hardlink(r.last);
		r.last->flags |= IOSQE_CQE_SKIP_SUCCESS;
		q_nop(&r);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, 1), 0);
		EXPECT(tring_has(&r, 0));
	}
}

TEST(P2_whatever_operation_failed_is_reported_as_failed)
{
	unsigned int i;

	tprog_start(&r, &p, IORING_POLICY_DONE);
	for (i = 0; i < sizeof(ops); i++) {
		tprog_reset(&p);
		begin_failing(ops[i]);
		tring_submit(&r);
		CHECK_LT(tring_res(&r, 0), 0);
		EXPECT_EQ(p.engine->log[0].ctx.event, IORING_POLICY_FAILED);
	}
}
