// SPDX-License-Identifier: LGPL-2.1-or-later
/* Building a chain: the requests that actions become, and what is refused. */
#include "fake_ring.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static struct fake f;

/* The request that the one action of a chain became. */
static const struct io_uring_sqe *request(struct spawnpol_chain *c)
{
	fake_init(&f);
	queue(&f, c);
	CHECK_EQ(f.uring.sq.sqe_tail, 3u);
	EXPECT_EQ(f.sqes[1].opcode, FAKE_CHILD);
	EXPECT_EQ(f.sqes[1].flags, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
	return &f.sqes[1];
}

/* The action, and the fields that differ from 0. */
#define BECOMES(call, ...)                                                     \
	do {                                                                   \
		struct spawnpol_chain *c = new_chain("/bin/true");             \
		struct io_uring_sqe want = { __VA_ARGS__ };                    \
		const struct io_uring_sqe *is;                                 \
                                                                               \
		CHECK_OK(call);                                                \
		is = request(c);                                               \
		EXPECT_EQ(is->len, want.len);                                  \
		EXPECT_EQ(is->fd, want.fd);                                    \
		EXPECT_EQ(is->off, want.off);                                  \
		EXPECT_EQ(is->addr, want.addr);                                \
		EXPECT_EQ(is->addr3, want.addr3);                              \
		EXPECT_EQ(is->rw_flags, want.rw_flags);                        \
	} while (0)

TEST(actions_without_memory)
{
	struct rlimit limit = { .rlim_cur = 10, .rlim_max = 20 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGRTMAX);

	BECOMES(spawnpol_chain_cloexec(c, 5, true), .len = IORING_CHILD_DUP,
		.fd = 5, .off = 5, .rw_flags = O_CLOEXEC);
	BECOMES(spawnpol_chain_cloexec(c, 5, false), .len = IORING_CHILD_DUP,
		.fd = 5, .off = 5);
	BECOMES(spawnpol_chain_close_range(c, 3, ~0U),
		.len = IORING_CHILD_CLOSE_RANGE, .fd = 3, .off = 0xffffffff);
	BECOMES(spawnpol_chain_close_except(c, NULL, 0),
		.len = IORING_CHILD_CLOSE_EXCEPT);
	BECOMES(spawnpol_chain_umask(c, 077), .len = IORING_CHILD_UMASK,
		.off = 077);
	BECOMES(spawnpol_chain_tcsetpgrp(c, 4, 0),
		.len = IORING_CHILD_TCSETPGRP, .fd = 4);
	BECOMES(spawnpol_chain_sigmask(c, &set), .len = IORING_CHILD_SIGMASK,
		.off = 1 | 1ULL << 63);
	BECOMES(spawnpol_chain_sigdefault(c, &set),
		.len = IORING_CHILD_SIGDEFAULT, .off = 1 | 1ULL << 63);
	BECOMES(spawnpol_chain_sigignore(c, &set),
		.len = IORING_CHILD_SIGIGNORE, .off = 1 | 1ULL << 63);
	BECOMES(spawnpol_chain_unshare(c, CLONE_NEWNET),
		.len = IORING_CHILD_UNSHARE, .off = CLONE_NEWNET);
	BECOMES(spawnpol_chain_setns(c, 6, CLONE_NEWUTS),
		.len = IORING_CHILD_SETNS, .fd = 6, .off = CLONE_NEWUTS);
	BECOMES(spawnpol_chain_setresgid(c, 1, 2, (gid_t)-1),
		.len = IORING_CHILD_SETRESGID, .addr = 1, .off = 2,
		.addr3 = 0xffffffff);
	BECOMES(spawnpol_chain_setresuid(c, (uid_t)-1, 2, 3),
		.len = IORING_CHILD_SETRESUID, .addr = 0xffffffff, .off = 2,
		.addr3 = 3);
	BECOMES(spawnpol_chain_setgroups(c, NULL, 0),
		.len = IORING_CHILD_SETGROUPS);
	BECOMES(spawnpol_chain_capset(c, 1, 2, 4), .len = IORING_CHILD_CAPSET,
		.addr = 1, .off = 2, .addr3 = 4);
	BECOMES(spawnpol_chain_prctl(c, PR_CAP_AMBIENT, 2, 3),
		.len = IORING_CHILD_PRCTL, .rw_flags = PR_CAP_AMBIENT,
		.addr = 2, .off = 3);
	BECOMES(spawnpol_chain_dumpable(c, false), .len = IORING_CHILD_DUMPABLE);
	BECOMES(spawnpol_chain_dumpable(c, true), .len = IORING_CHILD_DUMPABLE,
		.off = 1);
	BECOMES(spawnpol_chain_landlock(c, 7), .len = IORING_CHILD_LANDLOCK,
		.fd = 7);
	BECOMES(spawnpol_chain_rlimit(c, RLIMIT_CORE, &limit),
		.len = IORING_CHILD_RLIMIT, .off = RLIMIT_CORE, .addr = 10,
		.addr3 = 20);
	BECOMES(spawnpol_chain_nice(c, -3), .len = IORING_CHILD_NICE,
		.off = -3ULL);
	BECOMES(spawnpol_chain_ioprio(c, 1 << 13), .len = IORING_CHILD_IOPRIO,
		.off = 1 << 13);
	BECOMES(spawnpol_chain_oom_score_adj(c, -100),
		.len = IORING_CHILD_OOM_SCORE_ADJ, .off = -100ULL);
}

static const void *copy_at(uint64_t addr)
{
	return (const void *)(uintptr_t)addr;
}

TEST(actions_own_what_they_point_to)
{
	char path[] = "/root";
	int fds[] = { 2, 1 };
	gid_t groups[] = { 7, 8, 9 };
	cpu_set_t cpus;
	uint32_t attr[14] = { sizeof(attr), SCHED_BATCH };
	struct spawnpol_chain *c = new_chain("/bin/true");

	CPU_ZERO(&cpus);
	CPU_SET(3, &cpus);
	fake_init(&f);
	CHECK_OK(spawnpol_chain_chroot(c, path));
	CHECK_OK(spawnpol_chain_close_except(c, fds, 2));
	CHECK_OK(spawnpol_chain_setgroups(c, groups, 3));
	CHECK_OK(spawnpol_chain_affinity(c, sizeof(cpus), &cpus));
	CHECK_OK(spawnpol_chain_sched(c, (struct sched_attr *)attr));
	memset(path, 'x', sizeof(path) - 1);
	memset(fds, 0, sizeof(fds));
	memset(groups, 0, sizeof(groups));
	CPU_ZERO(&cpus);
	memset(attr, 0, sizeof(attr));
	queue(&f, c);

	EXPECT_EQ(f.sqes[1].len, IORING_CHILD_CHROOT);
	EXPECT_EQ(f.sqes[1].fd, AT_FDCWD);
	EXPECT_STR((const char *)copy_at(f.sqes[1].addr), "/root");
	EXPECT_EQ(f.sqes[2].len, IORING_CHILD_CLOSE_EXCEPT);
	EXPECT_EQ(f.sqes[2].off, 2u);
	EXPECT_EQ(((const int *)copy_at(f.sqes[2].addr))[1], 1);
	EXPECT_EQ(f.sqes[3].len, IORING_CHILD_SETGROUPS);
	EXPECT_EQ(f.sqes[3].off, 3u);
	EXPECT_EQ(((const gid_t *)copy_at(f.sqes[3].addr))[2], 9u);
	EXPECT_EQ(f.sqes[4].len, IORING_CHILD_AFFINITY);
	EXPECT_EQ(f.sqes[4].off, sizeof(cpus));
	EXPECT(CPU_ISSET(3, (const cpu_set_t *)copy_at(f.sqes[4].addr)));
	EXPECT_EQ(f.sqes[5].len, IORING_CHILD_SCHED);
	EXPECT_EQ(f.sqes[5].off, sizeof(attr));
	EXPECT_EQ(((const uint32_t *)copy_at(f.sqes[5].addr))[1],
		  (uint32_t)SCHED_BATCH);
}

TEST(seccomp_filter_is_copied_with_its_code)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 2, .filter = code };
	struct spawnpol_chain *c = new_chain("/bin/true");
	const struct io_uring_sqe *is;
	const struct sock_fprog *copy;

	CHECK_OK(spawnpol_chain_seccomp(c, &prog));
	memset(code, 0, sizeof(code));
	is = request(c);
	EXPECT_EQ(is->len, IORING_CHILD_PRCTL);
	EXPECT_EQ(is->rw_flags, PR_SET_SECCOMP);
	EXPECT_EQ(is->addr, (uint64_t)SECCOMP_MODE_FILTER);
	copy = copy_at(is->off);
	EXPECT_EQ(copy->len, 2);
	EXPECT_EQ(copy->filter[1].k, SECCOMP_RET_ALLOW);
}

/* By a chain that copies, and by one that borrows. */
#define REFUSED(err, call)                                                     \
	for (int borrow = 0; borrow < 2; borrow++) {                           \
		struct spawnpol_chain *c = new_chain("/bin/true");             \
		EXPECT_EQ(spawnpol_chain_borrow(c, borrow), 0);                \
		EXPECT_EQ(call, err);                                          \
		EXPECT_EQ(spawnpol_chain_error(c), err);                       \
		EXPECT_EQ(spawnpol_chain_free(c), 0);                          \
	}

TEST(actions_refuse_nonsense)
{
	const struct sock_fprog no_filter = { .len = 1 };
	struct rlimit limit = { .rlim_cur = 2, .rlim_max = 1 };
	int fds[] = { 1, -1 };
	uint32_t attr[14] = { 47 };
	sigset_t kill;

	sigemptyset(&kill);
	sigaddset(&kill, SIGKILL);
	REFUSED(-EBADF, spawnpol_chain_cloexec(c, -1, true));
	REFUSED(-EINVAL, spawnpol_chain_close_range(c, 2, 1));
	REFUSED(-EBADF, spawnpol_chain_close_except(c, fds, 2));
	REFUSED(-EINVAL, spawnpol_chain_chroot(c, NULL));
	REFUSED(-EINVAL, spawnpol_chain_umask(c, 01000));
	REFUSED(-EBADF, spawnpol_chain_tcsetpgrp(c, -1, 0));
	REFUSED(-EINVAL, spawnpol_chain_tcsetpgrp(c, 0, -1));
	REFUSED(-EINVAL, spawnpol_chain_sigignore(c, &kill));
	REFUSED(-EBADF, spawnpol_chain_setns(c, -1, 0));
	REFUSED(-EINVAL, spawnpol_chain_prctl(c, -1, 0, 0));
	REFUSED(-EBADF, spawnpol_chain_landlock(c, -1));
	REFUSED(-EINVAL, spawnpol_chain_rlimit(c, RLIMIT_CORE, &limit));
	REFUSED(-EINVAL, spawnpol_chain_sched(c, (struct sched_attr *)attr));
	REFUSED(-EINVAL, spawnpol_chain_affinity(c, 0, NULL));
	REFUSED(-EINVAL, spawnpol_chain_affinity(c, 8, NULL));
	REFUSED(-EINVAL, spawnpol_chain_setgroups(c, NULL, 3));
	REFUSED(-EINVAL, spawnpol_chain_seccomp(c, NULL));
	REFUSED(-EINVAL, spawnpol_chain_seccomp(c, &no_filter));
	REFUSED(-EINVAL, spawnpol_chain_ioprio(c, 65536));
	REFUSED(-EINVAL, spawnpol_chain_ioprio(c, -1));
}
