// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What bpf(2) must refuse, and why it must say so. Each program of
 * tests/NAME_fail.bpf.c has the expected words beside it.
 */
#include "policy.h"
#include "tap.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <glob.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- programs ----------------------------------------------------------------- */

static void check_refused(struct tpolicy *p, const char *name)
{
	const char *expected = tpolicy_tag(p, "refused");
	int err;

	if (!expected)
		FAIL("%s_fail.bpf.c does not say what is to be refused", name);
	err = tpolicy_try_load(p);
	if (!err)
		FAIL("%s was loaded", name);
	DIAG("%s: %s", name, tap_errname(err));
	EXPECT_HAS(p->log, expected);
}

/* Every program is seen here: see all_programs_are_known below. */
#define REFUSES(name)                                                          \
	TEST(refuses_##name)                                                   \
	{                                                                      \
		struct tpolicy p;                                              \
                                                                               \
		tpolicy_open(&p, "tests/" #name "_fail");                      \
		check_refused(&p, #name);                                      \
		tpolicy_free(&p);                                              \
	}

#define PROGRAMS(X)                                                            \
	X(verdict_range)                                                       \
	X(verdict_unknown)                                                     \
	X(context_write)                                                       \
	X(context_end)                                                         \
	X(context_before)                                                      \
	X(context_across)                                                      \
	X(scratch_index)                                                       \
	X(scratch_address)                                                     \
	X(rodata_path)                                                         \
	X(short_sqe)                                                           \
	X(own_context)                                                         \
	X(endless)                                                             \
	X(licence)                                                             \
	X(foreign_helper)                                                      \
	X(locked)                                                              \
	X(user_string)                                                         \
	X(user_memory)                                                         \
	X(task_memory)                                                         \
	X(task_walk)                                                           \
	X(memory_walk)                                                         \
	X(later_work)                                                          \
	X(tail_call)                                                           \
	X(path_room)                                                           \
	X(head_rodata)                                                         \
	X(head_context)                                                        \
	X(launcher_write)                                                      \
	X(actor_write)                                                         \
	X(actor_across)                                                        \
	X(actor_past_end)                                                      \
	X(actor_verdict)                                                       \
	X(actor_policy_function)                                               \
	X(policy_actor_function)                                               \
	X(actor_preempt)                                                       \
	X(actor_user_memory)                                                   \
	X(actor_user_probe)                                                    \
	X(actor_state_size)                                                    \
	X(actor_state_null)                                                    \
	X(actor_state_end)                                                     \
	X(actor_short_sqe)                                                     \
	X(actor_own_context)                                                   \
	X(actor_licence)                                                       \
	X(actor_cast)                                                          \
	X(actor_typed_read)                                                    \
	X(actor_endless)

PROGRAMS(REFUSES)

TEST(refuses_foreign_type)
{
	struct tpolicy p;

	tpolicy_open(&p, "tests/foreign_type_fail");
	bpf_program__set_type(p.prog, BPF_PROG_TYPE_SYSCALL);
	bpf_program__set_expected_attach_type(p.prog, 0);
	check_refused(&p, "foreign_type");
	tpolicy_free(&p);
}

TEST(all_programs_are_known)
{
#define NAME(name) #name,
	static const char *const known[] = { PROGRAMS(NAME) "foreign_type" };
	const size_t nr = sizeof(known) / sizeof(known[0]);
	char pattern[4096], file[256];
	glob_t found;
	size_t i, j;

	snprintf(pattern, sizeof(pattern), "%s/tests/*_fail.bpf.o", tap_build());
	CHECK_EQ(glob(pattern, 0, NULL, &found), 0);
	CHECK_EQ(found.gl_pathc, nr);
	for (i = 0; i < found.gl_pathc; i++) {
		for (j = 0; j < nr; j++) {
			snprintf(file, sizeof(file), "/%s_fail.bpf.o", known[j]);
			if (strstr(found.gl_pathv[i], file))
				break;
		}
		if (j == nr)
			FAIL("%s is not tested", found.gl_pathv[i]);
	}
	globfree(&found);
}

/* --- ways to load a good program ------------------------------------------------ */

static int load_hello(uint32_t type, uint32_t attach_type, uint32_t flags)
{
	struct tpolicy p;
	int err;

	tpolicy_open(&p, "bpf/hello_policy");
	bpf_program__set_type(p.prog, type);
	bpf_program__set_expected_attach_type(p.prog, attach_type);
	bpf_program__set_flags(p.prog, flags);
	err = tpolicy_try_load(&p);
	tpolicy_free(&p);
	return err;
}

TEST(sleepable_spawn_program_loads)
{
	CHECK_EQ(load_hello(SPAWNPOL_BPF_PROG_TYPE_IOURING,
			    SPAWNPOL_BPF_IOURING_SPAWN, BPF_F_SLEEPABLE),
		 0);
}

TEST(refuses_a_program_that_is_not_sleepable)
{
	CHECK_EQ(load_hello(SPAWNPOL_BPF_PROG_TYPE_IOURING,
			    SPAWNPOL_BPF_IOURING_SPAWN, 0),
		 -EINVAL);
}

TEST(refuses_attach_types)
{
	CHECK_EQ(load_hello(SPAWNPOL_BPF_PROG_TYPE_IOURING, 0, BPF_F_SLEEPABLE),
		 -EINVAL);
	CHECK_EQ(load_hello(SPAWNPOL_BPF_PROG_TYPE_IOURING, BPF_LSM_MAC,
			    BPF_F_SLEEPABLE),
		 -EINVAL);
}

/* A policy is no program of IORING_OP_BPF, and the other way round. */
TEST(refuses_programs_of_the_other_kind)
{
	CHECK_LT(load_hello(SPAWNPOL_BPF_PROG_TYPE_IOURING,
			    SPAWNPOL_BPF_IOURING_OP, 0),
		 0);
	CHECK_EQ(load_hello(SPAWNPOL_BPF_PROG_TYPE_IOURING,
			    SPAWNPOL_BPF_IOURING_OP, BPF_F_SLEEPABLE),
		 -EINVAL);
}

/* The bare system call: libbpf would try things out first. */
static int load_bare(void)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = SPAWNPOL_BPF_IOURING_SPAWN,
		    .prog_flags = BPF_F_SLEEPABLE);
	int fd = bpf_prog_load(SPAWNPOL_BPF_PROG_TYPE_IOURING, "bare", "GPL",
			       insns, 2, &opts);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static void keep_capabilities(uint64_t set)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = set, .permitted = set },
		{ .effective = set >> 32, .permitted = set >> 32 },
	};

	CHECK_SYS(syscall(SYS_capset, &head, data));
}

TEST(refuses_the_unprivileged)
{
	CHECK_EQ(load_bare(), 0);
	CHECK_SYS(setresgid(1000, 1000, 1000));
	CHECK_SYS(setresuid(1000, 1000, 1000));
	CHECK_EQ(load_bare(), -EPERM);
}

TEST(refuses_without_cap_bpf)
{
	/* all but CAP_BPF and what implies it */
	keep_capabilities(((1ULL << (CAP_LAST_CAP + 1)) - 1) &
			  ~(1ULL << CAP_BPF | 1ULL << CAP_SYS_ADMIN));
	CHECK_EQ(load_bare(), -EPERM);
}

/* The policies that come with the project need no more than that. */
TEST(policies_load_with_cap_bpf_alone)
{
	static const char *const names[] = {
		"bpf/spawn_policy",
		"bpf/hello_policy",
		"bpf/fallback_policy",
		"bpf/audit_policy",
		"bpf/restrict_policy",
	};
	struct bpf_prog_info info;
	struct tpolicy p;
	uint32_t len;
	size_t i;

	keep_capabilities(1ULL << CAP_BPF);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		tpolicy_load(&p, names[i]);
		memset(&info, 0, sizeof(info));
		len = sizeof(info);
		CHECK_OK(bpf_obj_get_info_by_fd(tpolicy_fd(&p), &info, &len));
		DIAG("%s: %u instructions verified", names[i],
		     info.verified_insns);
		tpolicy_free(&p);
	}
}
