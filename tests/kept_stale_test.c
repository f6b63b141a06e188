// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A child that waits is of no use to a launcher that has changed since in what a child
 * would have from it, and cannot be given later: each word of that (C3). If the launcher
 * goes back, so that a new child would be as that one is, it is good again.
 */
#include "lib/child.h"
#include "lib/filter.h"
#include "lib/group.h"
#include "lib/stale.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAP(n) (1ULL << (n))
#define ALL_CAPS (CAP(CAP_LAST_CAP + 1) - 1)
#define A_CAP CAP_SYS_BOOT

/* --- ids ------------------------------------------------------------------------------ */

/* Capabilities stay as they are. */
static void ids_alone(void)
{
	CHECK_SYS(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP));
}

#define KEEP ((uid_t)-1)
#define ID(name, set_, unset_)                     \
	static void name##_change(void)            \
	{                                          \
		set_;                              \
	}                                          \
	static void name##_back(void)              \
	{                                          \
		unset_;                            \
	}                                          \
	TEST(C3_stale_##name)                      \
	{                                          \
		ids_alone();                       \
		check_word(name##_change, name##_back); \
	}

ID(real_uid, CHECK_SYS(setresuid(ORDINARY, KEEP, KEEP)),
   CHECK_SYS(setresuid(0, KEEP, KEEP)))
ID(effective_uid, CHECK_SYS(setresuid(KEEP, ORDINARY, KEEP)); setfsuid(0),
   CHECK_SYS(setresuid(KEEP, 0, KEEP)))
ID(saved_uid, CHECK_SYS(setresuid(KEEP, KEEP, ORDINARY)),
   CHECK_SYS(setresuid(KEEP, KEEP, 0)))
ID(file_system_uid, setfsuid(ORDINARY), setfsuid(0))
ID(real_gid, CHECK_SYS(setresgid(ORDINARY, KEEP, KEEP)),
   CHECK_SYS(setresgid(0, KEEP, KEEP)))
ID(effective_gid, CHECK_SYS(setresgid(KEEP, ORDINARY, KEEP)); setfsgid(0),
   CHECK_SYS(setresgid(KEEP, 0, KEEP)))
ID(saved_gid, CHECK_SYS(setresgid(KEEP, KEEP, ORDINARY)),
   CHECK_SYS(setresgid(KEEP, KEEP, 0)))
ID(file_system_gid, setfsgid(ORDINARY), setfsgid(0))

static void set_groups(gid_t last)
{
	gid_t groups[] = { 10, 20, last };

	CHECK_SYS(setgroups(3, groups));
}

static void other_group(void)
{
	set_groups(31);
}

static void old_groups(void)
{
	set_groups(30);
}

static void one_group_less(void)
{
	gid_t groups[] = { 10, 20 };

	CHECK_SYS(setgroups(2, groups));
}

TEST(C3_stale_groups)
{
	old_groups();
	check_word(other_group, old_groups);
	check_word(one_group_less, old_groups);
}

/* --- capabilities ---------------------------------------------------------------------- */

static void set_caps(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		data[i].effective = effective >> 32 * i;
		data[i].permitted = permitted >> 32 * i;
		data[i].inheritable = inheritable >> 32 * i;
	}
	CHECK_SYS(syscall(SYS_capset, &head, data));
}

static void all_caps(void)
{
	set_caps(ALL_CAPS, ALL_CAPS, 0);
}

static void less_effective(void)
{
	set_caps(ALL_CAPS & ~CAP(A_CAP), ALL_CAPS, 0);
}

static void less_permitted(void)
{
	set_caps(ALL_CAPS & ~CAP(A_CAP), ALL_CAPS & ~CAP(A_CAP), 0);
}

static void more_inheritable(void)
{
	set_caps(ALL_CAPS, ALL_CAPS, CAP(A_CAP));
}

TEST(C3_stale_effective_capabilities)
{
	check_word(less_effective, all_caps);
}

TEST(C3_stale_permitted_capabilities)
{
	less_effective();
	check_word(less_permitted, NULL);
}

TEST(C3_stale_inheritable_capabilities)
{
	check_word(more_inheritable, all_caps);
}

static void less_bounding(void)
{
	CHECK_SYS(prctl(PR_CAPBSET_DROP, A_CAP, 0, 0, 0));
}

TEST(C3_stale_bounding_set)
{
	check_word(less_bounding, NULL);
}

static void raise_ambient(void)
{
	CHECK_SYS(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, A_CAP, 0, 0));
}

static void clear_ambient(void)
{
	CHECK_SYS(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
}

TEST(C3_stale_ambient_capabilities)
{
	more_inheritable();
	check_word(raise_ambient, clear_ambient);
}

static void keep_caps(void)
{
	CHECK_SYS(prctl(PR_SET_KEEPCAPS, 1));
}

static void keep_none(void)
{
	CHECK_SYS(prctl(PR_SET_KEEPCAPS, 0));
}

TEST(C3_stale_securebits)
{
	check_word(keep_caps, keep_none);
}

/* --- what confines it ------------------------------------------------------------------- */

static void join_keyring(void)
{
	may_lack(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL));
}

TEST(C3_stale_session_keyring)
{
	check_word(join_keyring, NULL);
}

static void add_filter(void)
{
	filter_call(SYS_acct, SECCOMP_RET_ERRNO | EPERM);
}

TEST(C3_stale_seccomp_filter)
{
	check_word(add_filter, NULL);
}

TEST(C3_stale_second_seccomp_filter)
{
	add_filter();
	check_word(add_filter, NULL);
}

static void no_new_privs(void)
{
	CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

TEST(C3_stale_no_new_privs)
{
	check_word(no_new_privs, NULL);
}

static void enter_landlock(void)
{
	struct landlock_ruleset_attr rules = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_BLOCK,
	};
	int fd = CHECK_SYS(
		syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0));

	CHECK_SYS(syscall(SYS_landlock_restrict_self, fd, 0));
	CHECK_SYS(close(fd));
}

TEST(C3_stale_landlock)
{
	check_word(enter_landlock, NULL);
}

static unsigned int speculation;

static void less_speculation(void)
{
	CHECK_SYS(prctl(PR_SET_SPECULATION_CTRL, speculation, PR_SPEC_DISABLE, 0, 0));
}

static void more_speculation(void)
{
	CHECK_SYS(prctl(PR_SET_SPECULATION_CTRL, speculation, PR_SPEC_ENABLE, 0, 0));
}

static void check_speculation(unsigned int kind)
{
	int is = prctl(PR_GET_SPECULATION_CTRL, kind, 0, 0, 0);

	if (is != (PR_SPEC_PRCTL | PR_SPEC_ENABLE))
		SKIP("not controlled here: %d", is);
	speculation = kind;
	check_word(less_speculation, more_speculation);
}

TEST(C3_stale_speculative_store_bypass)
{
	check_speculation(PR_SPEC_STORE_BYPASS);
}

TEST(C3_stale_indirect_branch_speculation)
{
	check_speculation(PR_SPEC_INDIRECT_BRANCH);
}

/* --- namespaces and groups --------------------------------------------------------------- */

#define NAMESPACE(name, flag)                     \
	static void new_##name(void)              \
	{                                         \
		CHECK_SYS(unshare(flag));         \
	}                                         \
	TEST(C3_stale_##name##_namespace)         \
	{                                         \
		check_word(new_##name, NULL);     \
	}

NAMESPACE(mount, CLONE_NEWNS)
NAMESPACE(uts, CLONE_NEWUTS)
NAMESPACE(ipc, CLONE_NEWIPC)
NAMESPACE(net, CLONE_NEWNET)
NAMESPACE(pid, CLONE_NEWPID)
NAMESPACE(cgroup, CLONE_NEWCGROUP)
NAMESPACE(time, CLONE_NEWTIME)
NAMESPACE(user, CLONE_NEWUSER)

static const int kinds[] = { CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNET,
			     CLONE_NEWCGROUP, CLONE_NEWTIME };
static int old_spaces;

static void enter_new_ones(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		CHECK_SYS(unshare(kinds[i]));
}

static void enter_old_ones(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		CHECK_SYS(setns(old_spaces, kinds[i]));
}

/* As a thread does for one socket in another network. */
TEST(C3_good_again_in_the_old_namespaces)
{
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		for (;;)
			pause();
	}
	old_spaces = CHECK_SYS(syscall(SYS_pidfd_open, pid, 0));
	check_word(enter_new_ones, enter_old_ones);
}

#define GROUP "kept_stale_test"

static char *old_group;

static void enter_group(void)
{
	old_group = strdup(read_file("/proc/self/cgroup"));
	old_group[strcspn(old_group, "\n")] = '\0';
	group_make(GROUP);
	group_enter(GROUP);
}

static void leave_group(void)
{
	/* "0::/PATH" */
	write_file(format("/sys/fs/cgroup%s/cgroup.procs", old_group + 3), "0", 0);
}

TEST(C3_stale_cgroup)
{
	check_word(enter_group, leave_group);
	group_remove(GROUP);
}

/* --- with others' words -------------------------------------------------------------------- */

static void set_loginuid(void)
{
	int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);

	may_lack(fd);
	CHECK_EQ(write(fd, "1000", 4), 4);
	CHECK_SYS(close(fd));
}

TEST(C3_stale_login_uid)
{
	check_word(set_loginuid, NULL);
}

static void new_cookie(void)
{
	may_lack(prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, 0, 0));
}

TEST(C3_stale_core_scheduling)
{
	check_word(new_cookie, NULL);
}
