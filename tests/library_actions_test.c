// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: prod
 *
 * The library's actions on the kernel: what programs find, what failures say.
 * (The commands themselves are tried on both kernels: spawn_*_test.c.)
 */
#include "launch.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

TEST(daemon_that_drops_privileges)
{
	struct spawnpol_chain *chain = shell(
		"[ \"$(id -u):$(id -g):$(id -G)\" = '1000:1000:1000' ] &&"
		"grep -q 'CapEff:.0*400$' /proc/self/status &&"
		"grep -q 'NoNewPrivs:.1' /proc/self/status && [ $(umask) = 0027 ]");
	uint64_t bind = 1ULL << CAP_NET_BIND_SERVICE;

	CHECK_OK(spawnpol_chain_umask(chain, 027));
	CHECK_OK(spawnpol_chain_prctl(chain, PR_SET_KEEPCAPS, 1, 0));
	CHECK_OK(spawnpol_chain_setgroups(chain, NULL, 0));
	CHECK_OK(spawnpol_chain_setresgid(chain, 1000, 1000, 1000));
	CHECK_OK(spawnpol_chain_setresuid(chain, 1000, 1000, 1000));
	CHECK_OK(spawnpol_chain_capset(chain, bind, bind, bind));
	CHECK_OK(spawnpol_chain_prctl(chain, PR_CAP_AMBIENT,
				      PR_CAP_AMBIENT_RAISE,
				      CAP_NET_BIND_SERVICE));
	CHECK_OK(spawnpol_chain_prctl(chain, PR_SET_NO_NEW_PRIVS, 1, 0));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
	CHECK_EQ(getuid(), 0);
}

TEST(child_with_listed_files)
{
	int fds[2];
	struct io_uring_clone_file files[] = {
		{ .source = 0, .number = 0 }, { .number = 7 },
	};
	struct spawnpol_chain *chain = shell(
		"cd /proc/self/fd && [ -e 0 -a -e 7 ] && echo x >&7 &&"
		"for n in 1 2 3 4 5 6 8 9; do ! [ -e $n ] || exit 1; done");
	struct spawnpol_outcome out;
	char byte;

	make_pipe(fds);
	files[1].source = fds[1];
	CHECK_OK(spawnpol_chain_files(chain, files, 2));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
	CHECK_EQ(read(fds[0], &byte, 1), 1);

	files[1].source = 1000; /* no descriptor of ours */
	chain = shell(":");
	CHECK_OK(spawnpol_chain_files(chain, files, 2));
	out = launch_on(ring_of(16, 0), chain);
	EXPECT_EQ(out.error, -EBADF);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_CLONE);
}

TEST(sandboxed_child)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mkdir, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = 4, .filter = code };
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_REG,
	};
	int ruleset = CHECK_SYS(
		syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0));
	struct spawnpol_chain *chain =
		shell("! touch /tmp/file 2>/dev/null &&"
		      "! mkdir /tmp/dir 2>/dev/null && [ ! -e /tmp/dir ]");

	CHECK_OK(spawnpol_chain_unshare(chain, CLONE_NEWUTS));
	CHECK_OK(spawnpol_chain_prctl(chain, PR_SET_NO_NEW_PRIVS, 1, 0));
	CHECK_OK(spawnpol_chain_landlock(chain, ruleset));
	CHECK_OK(spawnpol_chain_seccomp(chain, &filter));
	CHECK_OK(spawnpol_chain_dumpable(chain, false));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
}

TEST(limits_and_scheduling)
{
	struct rlimit files = { .rlim_cur = 77, .rlim_max = 88 };
	uint32_t batch[14] = { sizeof(batch), SCHED_BATCH };
	struct spawnpol_chain *chain = shell(
		"[ $(ulimit -Sn):$(ulimit -Hn) = 77:88 ] && [ $(nice) = 4 ] &&"
		"[ $(cat /proc/self/oom_score_adj) = 500 ] &&"
		"grep -q 'Cpus_allowed_list:.0$' /proc/self/status &&"
		"[ \"$(ionice)\" = idle ]");
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	CHECK_OK(spawnpol_chain_rlimit(chain, RLIMIT_NOFILE, &files));
	CHECK_OK(spawnpol_chain_sched(chain, (struct sched_attr *)batch));
	CHECK_OK(spawnpol_chain_nice(chain, 4));
	CHECK_OK(spawnpol_chain_oom_score_adj(chain, 500));
	CHECK_OK(spawnpol_chain_affinity(chain, sizeof(cpus), &cpus));
	CHECK_OK(spawnpol_chain_ioprio(chain, 3 << 13));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
}

TEST(descriptors_and_signals)
{
	int kept[] = { 0, 1, 2, 50 }, fd;
	struct spawnpol_chain *chain =
		shell("[ -e /dev/fd/50 ] && [ ! -e /dev/fd/51 ] &&"
		      "[ ! -e /dev/fd/52 ] &&"
		      "grep -q 'SigIgn:.0*2$' /proc/self/status");
	sigset_t interrupt;

	for (fd = 50; fd < 53; fd++)
		CHECK_SYS(dup3(0, fd, fd == 50 ? O_CLOEXEC : 0));
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	CHECK_OK(spawnpol_chain_cloexec(chain, 50, false));
	CHECK_OK(spawnpol_chain_close_range(chain, 52, 60));
	CHECK_OK(spawnpol_chain_close_except(chain, kept, 4));
	CHECK_OK(spawnpol_chain_sigignore(chain, &interrupt));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
}

/* Each as the second step, which the outcome names with its error. */
#define FAILS(kind_, error_, call)                                             \
	do {                                                                   \
		struct spawnpol_chain *chain = chain_of("/bin/true");          \
                                                                               \
		CHECK_OK(spawnpol_chain_umask(chain, 022));                    \
		CHECK_OK(call);                                                \
		fails(ring_of(16, 0), chain, kind_, 1, error_);                \
	} while (0)

TEST(outcomes_name_the_action_that_failed)
{
	struct rlimit many = { .rlim_cur = 1, .rlim_max = 1UL << 40 };
	gid_t group = 0;

	FAILS(SPAWNPOL_KIND_CHROOT, -ENOENT,
	      spawnpol_chain_chroot(chain, "/nonexistent"));
	FAILS(SPAWNPOL_KIND_CLOEXEC, -EBADF,
	      spawnpol_chain_cloexec(chain, 99, true));
	FAILS(SPAWNPOL_KIND_TCSETPGRP, -EBADF,
	      spawnpol_chain_tcsetpgrp(chain, 99, 0));
	FAILS(SPAWNPOL_KIND_RLIMIT, -EPERM,
	      spawnpol_chain_rlimit(chain, RLIMIT_NOFILE, &many));
	FAILS(SPAWNPOL_KIND_PRCTL, -EINVAL,
	      spawnpol_chain_prctl(chain, PR_SET_DUMPABLE, 0, 0));
	FAILS(SPAWNPOL_KIND_LANDLOCK, -EBADF, spawnpol_chain_landlock(chain, 99));
	FAILS(SPAWNPOL_KIND_SETNS, -EBADF, spawnpol_chain_setns(chain, 99, 0));
	FAILS(SPAWNPOL_KIND_OOM_SCORE_ADJ, -EINVAL,
	      spawnpol_chain_oom_score_adj(chain, 2000));
	become_ordinary();
	FAILS(SPAWNPOL_KIND_SETGROUPS, -EPERM,
	      spawnpol_chain_setgroups(chain, &group, 1));
	FAILS(SPAWNPOL_KIND_SETRESUID, -EPERM,
	      spawnpol_chain_setresuid(chain, 0, 0, 0));
	FAILS(SPAWNPOL_KIND_SETRESGID, -EPERM,
	      spawnpol_chain_setresgid(chain, 0, 0, 0));
	FAILS(SPAWNPOL_KIND_CAPSET, -EPERM, spawnpol_chain_capset(chain, 1, 1, 1));
	FAILS(SPAWNPOL_KIND_NICE, -EACCES, spawnpol_chain_nice(chain, -1));
	FAILS(SPAWNPOL_KIND_IOPRIO, -EPERM, spawnpol_chain_ioprio(chain, 1 << 13));
	FAILS(SPAWNPOL_KIND_UNSHARE, -EPERM,
	      spawnpol_chain_unshare(chain, CLONE_NEWNS));
}
