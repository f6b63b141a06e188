// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The headers say what the running kernel does: sizes, offsets and numbers of
 * include/io_uring_spawn.h and include/spawnpol_uapi.h against its BTF.
 */
#include "lib/ring.h"

#include <bpf/btf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct btf *kernel;

static void load(void)
{
	kernel = CHECK_PTR(btf__load_vmlinux_btf());
}

static const struct btf_type *find_struct(const char *name)
{
	int id = btf__find_by_name_kind(kernel, name, BTF_KIND_STRUCT);

	if (id < 0)
		FAIL("the kernel has no struct %s", name);
	return btf__type_by_id(kernel, id);
}

/* Where a member is and how many elements of which size it has. */
static const struct btf_member *find_member(const struct btf_type *type,
					    const char *name)
{
	const struct btf_member *member = btf_members(type);
	int i;

	for (i = 0; i < btf_vlen(type); i++, member++) {
		if (!strcmp(btf__name_by_offset(kernel, member->name_off),
			    name))
			return member;
	}
	return NULL;
}

struct field {
	const char *name;
	size_t offset, size;
};

static void compare(const char *name, size_t size, const struct field *fields,
		    unsigned int count)
{
	const struct btf_type *type = find_struct(name);
	unsigned int i;

	EXPECT_EQ(type->size, size);
	if (btf_vlen(type) != count)
		FAIL("struct %s has %u members instead of %u", name,
		     btf_vlen(type), count);
	for (i = 0; i < count; i++) {
		const struct btf_member *member =
			find_member(type, fields[i].name);

		if (!member)
			FAIL("struct %s has no %s", name, fields[i].name);
		if (member->offset != 8 * fields[i].offset)
			FAIL("%s.%s is at bit %u instead of %zu", name,
			     fields[i].name, member->offset,
			     8 * fields[i].offset);
		if (btf__resolve_size(kernel, member->type) !=
		    (int64_t)fields[i].size)
			FAIL("%s.%s has another size", name, fields[i].name);
	}
}

#define FIELD(type, name) \
	{ #name, offsetof(type, name), sizeof(((type *)0)->name) }
#define COMPARE(tag, ...)                                                      \
	({                                                                     \
		static const struct field f_[] = { __VA_ARGS__ };              \
		compare(#tag, sizeof(struct tag), f_,                          \
			sizeof(f_) / sizeof(f_[0]));                           \
	})

TEST(abi_the_query)
{
	load();
#define F(name) FIELD(struct io_uring_spawn_query, name)
	COMPARE(io_uring_spawn_query, F(size), F(abi), F(features), F(nr_slots),
		F(ring_id), F(op_clone), F(op_exec), F(op_child), F(prog_type),
		F(attach_spawn), F(attach_op), F(link_type), F(exec_flags),
		F(exec_ioprio), F(sqe_clone_flags), F(clone_flags),
		F(child_cmds), F(child_ops), F(retry_ops), F(max_steps),
		F(max_files), F(max_waiting), F(policy_events), F(def_issues),
		F(def_staged), F(def_delay_ns), F(max_issues), F(max_staged),
		F(max_delay_ns), F(max_policies), F(op_spawn), F(spawn_flags),
		F(max_spawn), F(nr_searches), F(max_search_dirs), F(max_kept),
		F(op_bpf), F(def_in_flight), F(max_in_flight), F(max_op_staged),
		F(max_op_posted), F(max_state), F(resv));
#undef F
}

TEST(abi_a_spawn)
{
	load();
#define F(name) FIELD(struct io_uring_spawn, name)
	COMPARE(io_uring_spawn, F(flags), F(slot), F(cookie), F(clone_args),
		F(clone_args_size), F(nr_steps), F(steps), F(files), F(path),
		F(dfd), F(exec_flags), F(argv), F(envp), F(search), F(shell),
		F(timeout_ns), F(report), F(child), F(resv), F(keep_ns));
#undef F
#define F(name) FIELD(struct io_uring_spawn_step, name)
	COMPARE(io_uring_spawn_step, F(cmd), F(flags), F(fd), F(child_flags),
		F(addr), F(off), F(addr3), F(addr4), F(user_data), F(resv));
#undef F
}

TEST(abi_open_directories)
{
	load();
#define F(name) FIELD(struct io_uring_spawn_search, name)
	COMPARE(io_uring_spawn_search, F(list), F(index), F(flags), F(resv));
#undef F
}

TEST(abi_attaching)
{
	load();
#define F(name) FIELD(struct io_uring_attach_bpf, name)
	COMPARE(io_uring_attach_bpf, F(prog_fd), F(slot), F(events),
		F(max_issues), F(max_staged), F(flags), F(max_delay_ns),
		F(relative), F(state_size), F(expected_revision), F(resv));
#undef F
}

TEST(abi_lists_of_files)
{
	load();
#define F(name) FIELD(struct io_uring_clone_file, name)
	COMPARE(io_uring_clone_file, F(source), F(number), F(flags), F(resv));
#undef F
#define F(name) FIELD(struct io_uring_clone_files, name)
	COMPARE(io_uring_clone_files, F(nr), F(flags), F(resv),
		{ "files", sizeof(struct io_uring_clone_files), 0 });
#undef F
}

TEST(abi_kept_children_of_links)
{
	load();
#define F(name) FIELD(struct io_uring_clone_kept, name)
	COMPARE(io_uring_clone_kept, F(clone_args), F(clone_args_size), F(child),
		F(keep_ns));
#undef F
}

TEST(abi_reports)
{
	load();
#define F(name) FIELD(struct io_uring_spawn_report, name)
	COMPARE(io_uring_spawn_report, F(size), F(end), F(step), F(error),
		F(flags), F(attempt), F(opcode), F(cmd), F(res), F(path_len),
		F(pid), F(resv), { "path", sizeof(struct io_uring_spawn_report), 0 });
#undef F
}

TEST(abi_the_context_of_policies)
{
	load();
#define F(name) FIELD(struct bpf_iouring_ctx, name)
	COMPARE(bpf_iouring_ctx, F(event), F(opcode), F(res), F(cmd),
		F(user_data), F(step), F(attempt), F(flags), F(pid),
		F(staged_opcode), F(staged_cmd), F(staged_user_data),
		F(elapsed_ns), F(cookie), F(off), F(scratch), F(ring_id),
		F(cgroup_id), F(path_flags), F(path_mode), F(path_resolve),
		F(search_offset), F(resv));
#undef F
}

TEST(abi_the_context_of_programs_as_requests)
{
	load();
#define F(name) FIELD(struct bpf_iouring_op_ctx, name)
	COMPARE(bpf_iouring_op_ctx, F(event), F(flags), F(res), F(cqe_flags),
		F(tag), F(big_cqe), F(opcode), F(wait_status), F(wait_code),
		F(wait_pid), F(args), F(user_data), F(ring_id), F(in_flight),
		F(room));
#undef F
#define F(name) FIELD(struct bpf_iouring_op_test_result, name)
	COMPARE(bpf_iouring_op_test_result, F(nr_staged), F(nr_posted), F(result),
		F(state_size), F(staged_size), F(posted_size));
#undef F
#define F(name) FIELD(struct bpf_iouring_op_test_posted, name)
	COMPARE(bpf_iouring_op_test_posted, F(user_data), F(res), F(flags));
#undef F
}

TEST(abi_dry_runs)
{
	load();
#define F(name) FIELD(struct bpf_iouring_test_result, name)
	COMPARE(bpf_iouring_test_result, F(nr_staged), F(flags), F(result),
		F(resv), F(delay_ns));
#undef F
#define F(name) FIELD(struct bpf_iouring_test_staged, name)
	COMPARE(bpf_iouring_test_staged, F(kind), F(resv), F(sqe), F(path));
#undef F
}

/* The value of a constant in any enumeration of the kernel; FAIL if none. */
static long long constant(const char *name)
{
	unsigned int id, count = btf__type_cnt(kernel);
	int i;

	for (id = 1; id < count; id++) {
		const struct btf_type *type = btf__type_by_id(kernel, id);
		const struct btf_enum *value;

		if (!btf_is_enum(type))
			continue;
		value = btf_enum(type);
		for (i = 0; i < btf_vlen(type); i++, value++) {
			if (!strcmp(btf__name_by_offset(kernel,
							value->name_off),
				    name))
				return btf_kflag(type) ? (long long)value->val :
					(__u32)value->val;
		}
	}
	FAIL("the kernel has no constant %s", name);
}

#define SAME(name) EXPECT_EQ(constant(#name), name)
#define OURS(name, ours) EXPECT_EQ(constant(#name), ours)

TEST(abi_numbers_added_to_the_kernels_headers)
{
	load();
	OURS(IORING_OP_CLONE, SPAWNPOL_OP_CLONE);
	OURS(IORING_OP_EXEC, SPAWNPOL_OP_EXEC);
	OURS(IORING_OP_CHILD, SPAWNPOL_OP_CHILD);
	OURS(IORING_OP_SPAWN, SPAWNPOL_OP_SPAWN);
	OURS(IORING_OP_BPF, SPAWNPOL_OP_BPF);
	OURS(IORING_OP_LAST, SPAWNPOL_OP_LAST);
	OURS(IORING_ATTACH_BPF, SPAWNPOL_ATTACH_BPF);
	OURS(IORING_REGISTER_SPAWN_QUERY, SPAWNPOL_REGISTER_SPAWN_QUERY);
	OURS(IORING_REGISTER_SPAWN_SEARCH, SPAWNPOL_REGISTER_SPAWN_SEARCH);
	OURS(BPF_PROG_TYPE_IOURING, SPAWNPOL_BPF_PROG_TYPE_IOURING);
	OURS(BPF_IOURING_SPAWN, SPAWNPOL_BPF_IOURING_SPAWN);
	OURS(BPF_IOURING_OP, SPAWNPOL_BPF_IOURING_OP);
	OURS(BPF_LINK_TYPE_IOURING, SPAWNPOL_BPF_LINK_TYPE_IOURING);
}

TEST(abi_numbers_of_the_series_own_header)
{
	load();
	SAME(IORING_CLONE_NEED_POLICY);
	SAME(IORING_ACTOR_START);
	SAME(IORING_ACTOR_CQE);
	SAME(IORING_ACTOR_CANCEL);
	SAME(IORING_ACTOR_WAIT);
	SAME(IORING_ACTOR_END);
	SAME(IORING_ACTOR_F_LINKED);
	SAME(IORING_ACTOR_F_CANCELLED);
	SAME(IORING_SPAWN_FEAT_OP);
	SAME(IORING_CLONE_FILES);
	SAME(IORING_CLONE_REPORT);
	SAME(IORING_CLONE_KEEP);
	SAME(IORING_CLONE_CHILD);
	SAME(IORING_CLONE_COPY);
	SAME(IORING_END_PROGRAM);
	SAME(IORING_END_CLONE);
	SAME(IORING_END_STEP);
	SAME(IORING_END_NO_EXEC);
	SAME(IORING_END_VERDICT);
	SAME(IORING_END_REFUSED);
	SAME(IORING_END_BUDGET);
	SAME(IORING_END_NO_POLICY);
	SAME(IORING_END_DEADLINE);
	SAME(IORING_END_CANCEL);
	SAME(IORING_END_EXIT);
	SAME(IORING_END_KILLED);
	SAME(IORING_END_KEPT);
	SAME(IORING_REPORT_STAGED);
	SAME(IORING_CLONE_FILE_FIXED);
	SAME(IORING_CLONE_FILE_CLOEXEC);
	SAME(IORING_EXEC_SEARCH);
	SAME(IORING_CHILD_DUP);
	SAME(IORING_CHILD_CHDIR);
	SAME(IORING_CHILD_FCHDIR);
	SAME(IORING_CHILD_SETSID);
	SAME(IORING_CHILD_SETPGID);
	SAME(IORING_CHILD_OPEN);
	SAME(IORING_CHILD_CLOSE_RANGE);
	SAME(IORING_CHILD_CLOSE_EXCEPT);
	SAME(IORING_CHILD_CHROOT);
	SAME(IORING_CHILD_UMASK);
	SAME(IORING_CHILD_TCSETPGRP);
	SAME(IORING_CHILD_SIGMASK);
	SAME(IORING_CHILD_SIGDEFAULT);
	SAME(IORING_CHILD_SIGIGNORE);
	SAME(IORING_CHILD_SETGROUPS);
	SAME(IORING_CHILD_SETRESGID);
	SAME(IORING_CHILD_SETRESUID);
	SAME(IORING_CHILD_CAPSET);
	SAME(IORING_CHILD_PRCTL);
	SAME(IORING_CHILD_DUMPABLE);
	SAME(IORING_CHILD_LANDLOCK);
	SAME(IORING_CHILD_RLIMIT);
	SAME(IORING_CHILD_NICE);
	SAME(IORING_CHILD_SCHED);
	SAME(IORING_CHILD_AFFINITY);
	SAME(IORING_CHILD_IOPRIO);
	SAME(IORING_CHILD_OOM_SCORE_ADJ);
	SAME(IORING_CHILD_UNSHARE);
	SAME(IORING_CHILD_SETNS);
	SAME(IORING_CHILD_LAST);
	SAME(IORING_SPAWN_FEAT_POLICY);
	SAME(IORING_SPAWN_NEED_POLICY);
	SAME(IORING_SPAWN_FILES);
	SAME(IORING_SPAWN_AS_IS);
	SAME(IORING_SPAWN_REGISTERED);
	SAME(IORING_SPAWN_KEEP);
	SAME(IORING_SPAWN_CHILD);
	SAME(IORING_SPAWN_COPY);
	SAME(IORING_POLICY_FAILED);
	SAME(IORING_POLICY_STAGED);
	SAME(IORING_POLICY_BEFORE_STEP);
	SAME(IORING_POLICY_BEFORE_EXEC);
	SAME(IORING_POLICY_DONE);
	SAME(IORING_POLICY_CLONE);
	SAME(IORING_VERDICT_CONTINUE);
	SAME(IORING_VERDICT_RETRY);
	SAME(IORING_VERDICT_SKIP);
	SAME(IORING_VERDICT_SUBMIT);
	SAME(IORING_VERDICT_ABORT);
	SAME(IORING_VERDICT_PASS);
	SAME(IORING_POLICY_F_HARDLINK);
	SAME(IORING_POLICY_F_LAST);
	SAME(IORING_POLICY_F_CAN_RETRY);
	SAME(IORING_POLICY_F_EXEC_AT);
	SAME(IORING_POLICY_F_SEARCH);
	SAME(IORING_POLICY_F_PATH_AT);
	SAME(IORING_TEST_RESULT);
	SAME(IORING_TEST_POST_STAGED);
	SAME(IORING_TEST_DELAY_EXCEEDED);
	SAME(IORING_STAGED_SQE);
	SAME(IORING_STAGED_EXEC);
	SAME(IORING_STAGED_INTERP);
}

/*
 * An anonymous member's struct, by the name of one of its own members, within
 * the union bpf_attr or struct bpf_link_info; its offset is added.
 */
static const struct btf_type *find_inner(const struct btf_type *type,
					 const char *name, size_t *offset)
{
	const struct btf_member *member = btf_members(type);
	const struct btf_type *inner, *found;
	size_t here = *offset;
	int i;

	for (i = 0; i < btf_vlen(type); i++, member++) {
		inner = btf__type_by_id(kernel, member->type);
		if (!btf_is_composite(inner))
			continue;
		*offset = here + member->offset / 8;
		if (!strcmp(btf__name_by_offset(kernel, member->name_off),
			    name))
			return inner;
		if (!member->name_off) {
			found = find_inner(inner, name, offset);
			if (found)
				return found;
		}
	}
	*offset = here;
	return NULL;
}

static void expect_at(const struct btf_type *type, size_t base,
		      const char *name, size_t offset)
{
	const struct btf_member *member = find_member(type, name);

	if (!member)
		FAIL("no member %s", name);
	if (base + member->offset / 8 != offset)
		FAIL("%s is at %zu instead of %zu", name,
		     base + member->offset / 8, offset);
}

TEST(abi_link_create)
{
	const struct btf_type *attr, *create, *ours;
	size_t base = 0;
	int id;

	load();
	id = btf__find_by_name_kind(kernel, "bpf_attr", BTF_KIND_UNION);
	CHECK_GT(id, 0);
	attr = btf__type_by_id(kernel, id);
	create = CHECK_PTR(find_inner(attr, "link_create", &base));
	CHECK_EQ(base, 0);
	ours = CHECK_PTR(find_inner(create, "iouring", &base));
#define AT(name)                                                               \
	expect_at(ours, base, #name,                                           \
		  offsetof(struct spawnpol_link_create, name))
	AT(slot);
	AT(events);
	AT(max_issues);
	AT(max_staged);
	AT(max_delay_ns);
	expect_at(ours, base, "",
		  offsetof(struct spawnpol_link_create, relative));
	AT(state_size);
	AT(expected_revision);
#undef AT
}

TEST(abi_link_info)
{
	const struct btf_type *ours;
	size_t base = 0;

	load();
	ours = CHECK_PTR(
		find_inner(find_struct("bpf_link_info"), "iouring", &base));
#define AT(name)                                                               \
	expect_at(ours, base, #name, offsetof(struct spawnpol_link_info, name))
	AT(ring_id);
	AT(attach_type);
	AT(slot);
	AT(events);
	AT(max_issues);
	AT(max_delay_ns);
	AT(max_staged);
	AT(position);
	AT(runs);
	AT(verdicts);
	AT(exhausted);
	AT(failures);
	AT(retries);
	AT(staged);
	AT(revision);
	AT(state_size);
	AT(actors);
#undef AT
	EXPECT_EQ(base + ours->size, sizeof(struct spawnpol_link_info));
}

/* What the kernel answers fits the header, byte for byte. */
TEST(abi_the_kernel_writes_all_of_the_query_and_no_more)
{
	struct {
		struct io_uring_spawn_query query;
		unsigned char behind[64];
	} area;
	static struct tring r;
	unsigned int i;

	memset(&area, 0xa5, sizeof(area));
	area.query.size = sizeof(area.query);
	tring_init(&r, 0);
	CHECK_OK(tring_register(&r, SPAWNPOL_REGISTER_SPAWN_QUERY, &area, 1));
	EXPECT_EQ(area.query.size, sizeof(area.query));
	EXPECT_EQ(area.query.abi, IORING_SPAWN_ABI);
	EXPECT_EQ(area.query.nr_slots, IORING_SPAWN_SLOTS);
	for (i = 0; i < sizeof(area.behind); i++)
		CHECK_EQ(area.behind[i], 0xa5);
}
