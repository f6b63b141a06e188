// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * EXEC and the commands of a child on a ring that a 32-bit process has made are
 * 32-bit calls to seccomp filters (K3). Here a 64-bit process makes it, by a 32-bit
 * call; this program is static, its addresses have 32 bits.
 */
#include "lib/child.h"
#include "lib/filter.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"
#include "lib/supervisor.h"
#include "lib/whole.h"

#include <linux/audit.h>
#include <stdio.h>
#include <sys/syscall.h>

#define CALL32_SETSID 66
#define CALL32_EXECVEAT 358
#define CALL32_IO_URING_SETUP 425
#define REFUSE (SECCOMP_RET_ERRNO | ENOTBLK)

static struct tring r;

static int call32(int nr, unsigned int a, void *b)
{
	int ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(nr), "b"(a), "c"(b)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/* A pointer as such a process has it. */
static uint32_t pointer32(const void *at)
{
	CHECK_LE((uintptr_t)at, UINT32_MAX);
	return (uintptr_t)at;
}

static void init32(void)
{
	static struct io_uring_params params;
	unsigned int i;
	int fd;

	memset(&r, 0, sizeof(r));
	memset(&params, 0, sizeof(params));
	fd = call32(CALL32_IO_URING_SETUP, 16, &params);
	if (fd == -ENOSYS)
		SKIP("this kernel has no 32-bit calls");
	CHECK_GE(fd, 0);
	CHECK_OK(io_uring_queue_mmap(fd, &params, &r.uring));
	/* what liburing does only for rings that it has made itself */
	r.uring.features = params.features;
	for (i = 0; i < params.sq_entries; i++)
		r.uring.sq.array[i] = i;
}

/* A program that exits with 7. */
static char path[4096];
static uint32_t argv[3], envp[1];

static void prepare_exit32(void)
{
	static char name[] = "exit_with", status[] = "7";

	CHECK_LT(strlen(helper("exit_with")), sizeof(path));
	strcpy(path, helper("exit_with"));
	argv[0] = pointer32(name);
	argv[1] = pointer32(status);
}

static void q_exit32(void)
{
	struct io_uring_sqe *sqe = q_op(&r, SPAWNPOL_OP_EXEC);

	prepare_exit32();
	sqe->fd = AT_FDCWD;
	sqe->addr = pointer32(path);
	sqe->addr2 = pointer32(argv);
	sqe->addr3 = pointer32(envp);
}

/* The same in one request, which finds it in the second directory (O6). */
static struct whole w;

static void queue_whole(void)
{
	static char list[4200];
	char *name;

	prepare_exit32();
	name = strrchr(path, '/');
	snprintf(list, sizeof(list), "/nonexistent:%.*s", (int)(name - path),
		 path);
	tring_forget(&r);
	whole_init(&w, name + 1);
	whole_step(&w, IORING_CHILD_SETSID);
	w.arg.path = pointer32(name + 1);
	w.arg.steps = pointer32(w.steps);
	w.arg.search = pointer32(list);
	w.arg.argv = pointer32(argv);
	w.arg.envp = pointer32(envp);
	q_whole(&r, &w)->addr = pointer32(&w.arg);
}

/* It fails with ENOTBLK at this step. */
static void check_whole_refused(unsigned int step)
{
	const struct tring_cqe *cqe;

	queue_whole();
	tring_submit(&r);
	cqe = tring_cqe(&r, WHOLE);
	EXPECT_EQ(cqe->res, -ENOTBLK);
	EXPECT_EQ(whole_step_of(cqe), step);
	whole_is_gone();
}

static void queue(void)
{
	tring_forget(&r);
	q_clone(&r);
	q_child(&r, IORING_CHILD_SETSID);
	q_exit32();
}

/* By links, and by one request. */
static void check_runs(void)
{
	queue();
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 7);
	queue_whole();
	tring_submit(&r);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 7);
}

TEST(S19_what_a_32_bit_ring_spawns_runs)
{
	init32();
	check_runs();
}

TEST(S19_filters_see_32_bit_calls_of_a_32_bit_ring)
{
	size_t arch = offsetof(struct seccomp_data, arch);
	int exec;

	init32();
	/* those that have these numbers for 64-bit processes are others */
	filter_word(SYS_execveat, arch, AUDIT_ARCH_X86_64,
		    SECCOMP_RET_KILL_PROCESS);
	filter_word(SYS_setsid, arch, AUDIT_ARCH_X86_64,
		    SECCOMP_RET_KILL_PROCESS);
	check_runs();

	filter_word(CALL32_EXECVEAT, arch, AUDIT_ARCH_I386, REFUSE);
	queue();
	CHECK_GT(spawn_queued(&r, 1, &exec), 0);
	EXPECT_EQ(exec, -ENOTBLK);
	EXPECT_EQ(tring_res(&r, 0), tring_res(&r, CLONE));
	check_whole_refused(1);

	filter_word(CALL32_SETSID, arch, AUDIT_ARCH_I386, REFUSE);
	queue();
	CHECK_GT(spawn_queued(&r, 1, &exec), 0);
	EXPECT_EQ(tring_res(&r, 0), -ENOTBLK);
	EXPECT_EQ(exec, -ECANCELED);
	check_whole_refused(0);
}

TEST(K3_a_supervisor_is_asked_about_32_bit_calls_of_a_32_bit_ring)
{
	struct seccomp_notif asked;

	init32();
	supervise_call(CALL32_EXECVEAT);
	queue();
	tring_submit(&r);
	asked = asked_in(&r, 1);
	EXPECT_EQ(asked.data.nr, CALL32_EXECVEAT);
	EXPECT_EQ(asked.data.arch, (uint32_t)AUDIT_ARCH_I386);
	EXPECT_EQ(asked.data.args[0], (uint32_t)AT_FDCWD);
	let_go_on(&asked);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 7);

	/* once for each candidate */
	queue_whole();
	tring_submit(&r);
	CHECK(is_asked(&r, &asked, WHOLE));
	EXPECT_EQ(asked.data.nr, CALL32_EXECVEAT);
	let_go_on(&asked);
	CHECK(is_asked(&r, &asked, WHOLE));
	EXPECT_EQ(asked.data.arch, (uint32_t)AUDIT_ARCH_I386);
	EXPECT_EQ(asked.data.args[2], pointer32(argv));
	let_go_on(&asked);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 7);
}

/* The child runs what is killed as a 64-bit task, and ends all the same. */
TEST(K3_a_filter_that_kills_ends_the_child_of_a_32_bit_ring)
{
	int exec;

	init32();
	filter_word(CALL32_EXECVEAT, offsetof(struct seccomp_data, arch),
		    AUDIT_ARCH_I386, SECCOMP_RET_KILL_PROCESS);
	queue();
	CHECK_GT(spawn_queued(&r, 1, &exec), 0);
	EXPECT_EQ(exec, -ECANCELED);
	check_no_children();
}
