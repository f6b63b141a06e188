/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR LGPL-2.1-or-later */
/*
 * Spawning processes by chains of io_uring requests, and the BPF policies
 * that decide about the steps that fail.
 *
 * See Documentation/userspace-api/io_uring_spawn.rst.
 */
#ifndef _UAPI_LINUX_IO_URING_SPAWN_H
#define _UAPI_LINUX_IO_URING_SPAWN_H

#include <linux/types.h>

/* Goes up with every incompatible change of anything in this file. */
#define IORING_SPAWN_ABI	2

/* sqe->clone_flags of IORING_OP_CLONE */
enum io_uring_clone_flags {
	/* fail with -ENOLINK if the chain would run without a policy */
	IORING_CLONE_NEED_POLICY	= 1U << 0,
	/* the child has the files that addr3 lists, and no others */
	IORING_CLONE_FILES		= 1U << 1,
	/* the last eight bytes of the SQE (__pad2[0]) point to a report */
	IORING_CLONE_REPORT		= 1U << 2,
	/*
	 * What IORING_SPAWN_KEEP, _CHILD and _COPY say. With any of these addr points
	 * to struct io_uring_clone_kept.
	 */
	IORING_CLONE_KEEP		= 1U << 4,
	IORING_CLONE_CHILD		= 1U << 5,
	IORING_CLONE_COPY		= 1U << 6,
};

/* struct io_uring_clone_file::flags */
enum io_uring_clone_file_flags {
	/* source is a registered file of the ring */
	IORING_CLONE_FILE_FIXED		= 1U << 0,
	/* number is closed when the program starts */
	IORING_CLONE_FILE_CLOEXEC	= 1U << 1,
};

/* One descriptor of a child. */
struct io_uring_clone_file {
	__u32	source;		/* descriptor of the submitter, or index */
	__u32	number;		/* what the child calls it */
	__u32	flags;		/* IORING_CLONE_FILE_* */
	__u32	resv;		/* 0 */
};

/* What sqe->addr3 of IORING_OP_CLONE with IORING_CLONE_FILES points to. */
struct io_uring_clone_files {
	__u32	nr;
	__u32	flags;		/* 0 */
	__u64	resv;		/* 0 */
	struct io_uring_clone_file files[];
};

/*
 * What sqe->addr of IORING_OP_CLONE with IORING_CLONE_KEEP, _CHILD or _COPY points to,
 * sqe->len bytes of it. New fields are added at the end; 0 there is what a shorter one
 * means. The CQE has in res the number of the child with IORING_CLONE_KEEP, else its
 * pid.
 */
struct io_uring_clone_kept {
	__u64	clone_args;	/* struct clone_args, or 0 */
	__u32	clone_args_size;
	__u32	child;		/* its number, with IORING_CLONE_CHILD or _COPY */
	__u64	keep_ns;	/* a child that waits for so long ends; 0: for ever */
};

/* What has ended a chain. */
enum io_uring_spawn_end {
	/* its program: the child runs it */
	IORING_END_PROGRAM		= 0,
	/* CLONE has failed: there was no child */
	IORING_END_CLONE		= 1,
	/* a step has failed */
	IORING_END_STEP			= 2,
	/* all steps are done, and none has executed a program */
	IORING_END_NO_EXEC		= 3,
	/* a policy: IORING_VERDICT_ABORT ... */
	IORING_END_VERDICT		= 4,
	/* ... a verdict that cannot be followed ... */
	IORING_END_REFUSED		= 5,
	/* ... a budget that has run out ... */
	IORING_END_BUDGET		= 6,
	/* ... or that it has gone, with IORING_CLONE_NEED_POLICY */
	IORING_END_NO_POLICY		= 7,
	/* IORING_OP_LINK_TIMEOUT after CLONE */
	IORING_END_DEADLINE		= 8,
	/* IORING_OP_ASYNC_CANCEL, or the timeout of another request */
	IORING_END_CANCEL		= 9,
	/* the launcher has exited, executed a program or closed the ring */
	IORING_END_EXIT			= 10,
	/* a fatal signal to the child */
	IORING_END_KILLED		= 11,
	/* nothing: the child waits (IORING_SPAWN_KEEP, IORING_CLONE_KEEP) */
	IORING_END_KEPT			= 12,
};

/* io_uring_spawn_report::flags */
enum io_uring_spawn_report_flags {
	/* a policy has staged the request */
	IORING_REPORT_STAGED		= 1U << 0,
};

/*
 * What sqe->__pad2[0] of IORING_OP_CLONE with IORING_CLONE_REPORT points to. The
 * launcher sets size, zeroes the rest, and keeps the memory until the chain's last
 * CQE. pid is written when the child is made. If it ends without a program, the
 * child writes all else before the CQE of the step that was at hand is posted. It
 * writes nothing once an EXEC has passed its point of no return, nor where the
 * memory cannot be written. A SPAWN of which a step or the program is refused when
 * it is prepared writes end, step and error.
 */
struct io_uring_spawn_report {
	__u32	size;		/* of all of it, the room for path included */
	__u32	end;		/* one of enum io_uring_spawn_end; 0: not written */
	__u32	step;		/* the one at hand: 0 is the request after CLONE */
	__s32	error;		/* its result, as the CQE has it */

	/*
	 * The request of this step that failed with this error last, or the one
	 * that failed last if none did, its own or a staged one.
	 */
	__u32	flags;		/* IORING_REPORT_* */
	__u32	attempt;	/* 1: the first of this step; 0: none has failed */
	__u32	opcode;		/* IORING_OP_* */
	__u32	cmd;		/* IORING_CHILD_* if that is IORING_OP_CHILD */
	__s32	res;		/* what it has failed with */
	__u32	path_len;	/* 0: it has no path. May be more than path has */
	__s32	pid;		/* of the child, once there is one */
	__u32	resv;		/* 0 */
	char	path[];		/* cut to fit, with a NUL at the end */
};

/* sqe->ioprio of IORING_OP_EXEC; exec_flags holds the AT_* flags of execveat() */
enum io_uring_exec_flags {
	/*
	 * One attempt of a search: its link counts as a hard link if the EXEC
	 * fails with an error after which execvp(3) searches on (-EACCES,
	 * -ENODEV, -ENOENT, -ENOTDIR, -ESTALE, -ETIMEDOUT), else as a normal one.
	 */
	IORING_EXEC_SEARCH		= 1U << 0,
};

/* sqe->len of IORING_OP_CHILD: what the child does to itself */
enum io_uring_child_cmd {
	/* fd becomes number off; child_flags: 0 or O_CLOEXEC; res: the number */
	IORING_CHILD_DUP		= 0,
	/* path addr, relative to the directory fd */
	IORING_CHILD_CHDIR		= 1,
	/* the open directory fd */
	IORING_CHILD_FCHDIR		= 2,
	/* a new session; res: its id */
	IORING_CHILD_SETSID		= 3,
	/* join the process group off, or lead a new one if off is 0 */
	IORING_CHILD_SETPGID		= 4,
	/* path addr, relative to the directory fd, opened as number off */
	IORING_CHILD_OPEN		= 5,
	/* fd to off are closed; child_flags: 0 or CLOSE_RANGE_CLOEXEC */
	IORING_CHILD_CLOSE_RANGE	= 6,
	/* all but the off numbers at addr (__s32) are closed, likewise */
	IORING_CHILD_CLOSE_EXCEPT	= 7,
	/* path addr, relative to the directory fd, becomes the root */
	IORING_CHILD_CHROOT		= 8,
	/* off; res: the old mask */
	IORING_CHILD_UMASK		= 9,
	/* process group off, 0: its own, in the foreground of terminal fd */
	IORING_CHILD_TCSETPGRP		= 10,
	/* signals, off has bit 0 for signal 1: blocked in the program ... */
	IORING_CHILD_SIGMASK		= 11,
	/* ... with their default action ... */
	IORING_CHILD_SIGDEFAULT		= 12,
	/* ... ignored */
	IORING_CHILD_SIGIGNORE		= 13,
	/* off ids at addr (__u32) */
	IORING_CHILD_SETGROUPS		= 14,
	/* addr, off, addr3: real, effective, saved; ~0U leaves one */
	IORING_CHILD_SETRESGID		= 15,
	IORING_CHILD_SETRESUID		= 16,
	/* addr, off, addr3: effective, permitted, inheritable */
	IORING_CHILD_CAPSET		= 17,
	/*
	 * option child_flags with arguments addr, off, addr3 and the last eight
	 * bytes of the SQE (__pad2[0]); res: its result
	 */
	IORING_CHILD_PRCTL		= 18,
	/* off 0: the program starts undumpable; 1: as it would anyway */
	IORING_CHILD_DUMPABLE		= 19,
	/* ruleset fd */
	IORING_CHILD_LANDLOCK		= 20,
	/* resource off, soft limit addr, hard limit addr3 */
	IORING_CHILD_RLIMIT		= 21,
	/* off, a signed number */
	IORING_CHILD_NICE		= 22,
	/* struct sched_attr of off bytes at addr */
	IORING_CHILD_SCHED		= 23,
	/* mask of off bytes at addr */
	IORING_CHILD_AFFINITY		= 24,
	/* off, as ioprio_set() takes it */
	IORING_CHILD_IOPRIO		= 25,
	/* off, a signed number */
	IORING_CHILD_OOM_SCORE_ADJ	= 26,
	/* off: CLONE_NEW* */
	IORING_CHILD_UNSHARE		= 27,
	/* fd; off as setns() takes it */
	IORING_CHILD_SETNS		= 28,

	/* this goes last */
	IORING_CHILD_LAST
};

/* struct io_uring_spawn_step::flags */
enum io_uring_spawn_step_flags {
	/* fd is a registered file, as with IOSQE_FIXED_FILE */
	IORING_SPAWN_STEP_FIXED		= 1U << 0,
	/* a failure does not end the spawn, as with IOSQE_IO_HARDLINK */
	IORING_SPAWN_STEP_MAY_FAIL	= 1U << 1,
};

/* A command of IORING_OP_CHILD: these are the fields of its SQE. */
struct io_uring_spawn_step {
	__u32	cmd;		/* IORING_CHILD_* */
	__u32	flags;		/* IORING_SPAWN_STEP_* */
	__s32	fd;
	__u32	child_flags;
	__u64	addr;
	__u64	off;
	__u64	addr3;
	__u64	addr4;		/* the last eight bytes of the SQE */
	__u64	user_data;	/* for policies and tracepoints */
	__u64	resv;		/* 0 */
};

/* struct io_uring_spawn::flags */
enum io_uring_spawn_flags {
	/* fail with -ENOLINK if it would run without a policy */
	IORING_SPAWN_NEED_POLICY	= 1U << 0,
	/* the child has the files that the list names, and no others */
	IORING_SPAWN_FILES		= 1U << 1,
	/* policies are not to look for the program: IORING_POLICY_F_SEARCH */
	IORING_SPAWN_AS_IS		= 1U << 2,
	/* search is the number of a list: IORING_REGISTER_SPAWN_SEARCH */
	IORING_SPAWN_REGISTERED		= 1U << 3,
	/* the child waits afterwards, for SPAWNs that name it */
	IORING_SPAWN_KEEP		= 1U << 4,
	/* in the child that waits under this number ... */
	IORING_SPAWN_CHILD		= 1U << 5,
	/* ... or in a copy of it */
	IORING_SPAWN_COPY		= 1U << 6,
};

/*
 * What sqe->addr of IORING_OP_SPAWN points to, sqe->len bytes of it. New fields are
 * added at the end; 0 there is what a shorter one means.
 */
struct io_uring_spawn {
	__u32	flags;		/* IORING_SPAWN_* */
	__u32	slot;		/* of the policies */
	__u64	cookie;		/* for policies */
	__u64	clone_args;	/* struct clone_args, or 0 */
	__u32	clone_args_size;
	__u32	nr_steps;
	__u64	steps;		/* struct io_uring_spawn_step[nr_steps] */
	__u64	files;		/* struct io_uring_clone_files, or 0 */

	/* the program, as for execveat(), or 0 if there is none ... */
	__u64	path;
	__s32	dfd;
	__u32	exec_flags;	/* AT_* */
	__u64	argv;
	__u64	envp;
	/* ... or its name, and directories with colons in between */
	__u64	search;		/* 0: no search. Or a number: IORING_SPAWN_REGISTERED */
	/* what executes a file without a format, as execvp() does; 0: nothing */
	__u64	shell;

	__u64	timeout_ns;	/* from the time it is issued on; 0: for ever */
	__u64	report;		/* struct io_uring_spawn_report, or 0 */

	__u32	child;		/* its number, with IORING_SPAWN_CHILD or _COPY */
	__u32	resv;		/* 0 */
	__u64	keep_ns;	/* a child that waits for so long ends; 0: for ever */
};

/*
 * The CQE of a spawn has in res the number of the child, if that waits now
 * (IORING_SPAWN_KEEP), else the pid of the program, or 0 if there was to be none. It
 * has in the upper half of its flags: if it has failed, the number
 * of the step, from 1 on, nr_steps + 1 being the program, or 0 if there was no child; if
 * it has not, how many requests the program took, 1 for the first candidate of a search.
 */
#define IORING_SPAWN_STEP_SHIFT	16

/* Lists of open directories that a ring can have, and directories of one. */
#define IORING_SPAWN_SEARCHES		16
#define IORING_SPAWN_SEARCH_DIRS	1024

/*
 * Argument of IORING_REGISTER_SPAWN_SEARCH, with nr_args 1: open these directories for
 * the searches of SPAWNs. The result is how many of them could be opened. Others are
 * left out.
 */
struct io_uring_spawn_search {
	__u64	list;		/* paths with colons in between; 0: forget the list */
	__u32	index;		/* its number */
	__u32	flags;		/* 0 */
	__u64	resv[2];	/* 0 */
};

/* Number of policy slots of a ring. A CLONE that names none uses slot 0. */
#define IORING_SPAWN_SLOTS	16

/* io_uring_spawn_query::features */
enum io_uring_spawn_features {
	/* policies can be attached (CONFIG_IO_URING_BPF) */
	IORING_SPAWN_FEAT_POLICY	= 1U << 0,
	/* programs can be run by IORING_OP_BPF */
	IORING_SPAWN_FEAT_OP		= 1U << 1,
};

/*
 * Argument of IORING_REGISTER_SPAWN_QUERY, with nr_args 1. The caller sets size
 * to the bytes it has room for, at least 8; the kernel fills in as many of what
 * it knows, sets size to their number, and zeroes the rest. New fields are added
 * at the end. Bitmaps have bit n % 64 of word n / 64 for number n.
 */
struct io_uring_spawn_query {
	__u32	size;
	__u32	abi;		/* IORING_SPAWN_ABI of the kernel */
	__u32	features;	/* IORING_SPAWN_FEAT_* */
	__u32	nr_slots;
	__u64	ring_id;	/* of this ring, among all since boot; 0: no policies */

	/* what this kernel calls by which number; 0: it does not have it */
	__u32	op_clone;	/* IORING_OP_* */
	__u32	op_exec;
	__u32	op_child;
	__u32	prog_type;	/* BPF_PROG_TYPE_IOURING */
	__u32	attach_spawn;	/* BPF_IOURING_SPAWN */
	__u32	attach_op;	/* BPF_IOURING_OP */
	__u32	link_type;	/* BPF_LINK_TYPE_IOURING */

	__u32	exec_flags;	/* AT_* that IORING_OP_EXEC accepts ... */
	__u32	exec_ioprio;	/* ... and IORING_EXEC_* */
	__u32	sqe_clone_flags; /* IORING_CLONE_* that IORING_OP_CLONE accepts ... */
	__u64	clone_flags;	/* ... and CLONE_* */
	__u64	child_cmds[4];	/* commands of IORING_OP_CHILD */
	__u64	child_ops[4];	/* opcodes that may be steps */
	__u64	retry_ops[4];	/* those that can be issued more than once */

	__u32	max_steps;	/* of a chain */
	__u32	max_files;	/* of a list of files */
	__u32	max_waiting;	/* chains of a ring that are not started yet */

	__u32	policy_events;	/* IORING_POLICY_* that are known; 0: no policies */
	__u32	def_issues;	/* budgets if the attacher names none ... */
	__u32	def_staged;
	__u64	def_delay_ns;
	__u32	max_issues;	/* ... and the most it can name */
	__u32	max_staged;
	__u64	max_delay_ns;
	__u32	max_policies;	/* of a slot */

	__u32	op_spawn;	/* IORING_OP_*; 0: it does not have it */
	__u32	spawn_flags;	/* IORING_SPAWN_* that it accepts */
	__u32	max_spawn;	/* bytes that one can import: steps, names, list */

	__u32	nr_searches;	/* lists of open directories of a ring ... */
	__u32	max_search_dirs; /* ... and the most directories of one */

	__u32	max_kept;	/* children of a ring that wait */

	__u32	op_bpf;		/* IORING_OP_BPF; 0: it does not have it */
	__u32	def_in_flight;	/* requests of an actor, if the attacher names no limit */
	__u32	max_in_flight;	/* ... and the most it can name */
	__u32	max_op_staged;	/* requests staged by one run of an actor's program */
	__u32	max_op_posted;	/* CQEs posted by one run */
	__u32	max_state;	/* bytes of an actor's state */
	__u32	resv;
};

/*
 * Argument of IORING_ATTACH_BPF, with nr_args 1; the result is the descriptor
 * of a bpf_link. A budget of 0 asks for the default.
 *
 * A program of attach type BPF_IOURING_OP goes into one of the ring's slots for such,
 * which are apart from those of policies and take one program each: flags, relative,
 * expected_revision, events and max_delay_ns are 0. max_staged is how many requests one
 * actor can have in flight, max_issues how many it can stage in all (0: any number), and
 * state_size how many bytes of memory it has.
 *
 * A policy becomes the last of its slot, or goes where flags says: with
 * BPF_F_BEFORE or BPF_F_AFTER before or after the relative one, or if that is 0,
 * all others. relative is the descriptor of a program in the slot or, with
 * BPF_F_LINK, of a link; with BPF_F_ID it is the id of such.
 */
struct io_uring_attach_bpf {
	__u32	prog_fd;
	__u32	slot;
	__u32	events;		/* IORING_POLICY_* beyond those always reported */
	__u32	max_issues;	/* requests issued for one chain, or staged by one actor */
	__u32	max_staged;	/* requests staged by one run, or in flight for one actor */
	__u32	flags;		/* BPF_F_* as above */
	__u64	max_delay_ns;	/* sum of the delays of one chain */
	__u32	relative;	/* descriptor, or with BPF_F_ID an id */
	__u32	state_size;	/* of an actor; 0 for a policy */
	__u64	expected_revision; /* of the slot; 0: any */
	__u64	resv[2];
};

/* What a policy is told of: bits to ask for, and the values of ctx->event. */
enum bpf_iouring_event {
	/* a step has failed; always reported */
	IORING_POLICY_FAILED		= 1U << 0,
	/* what the policy staged has ended, well or not; always reported */
	IORING_POLICY_STAGED		= 1U << 1,
	/* a step other than EXEC is about to be issued */
	IORING_POLICY_BEFORE_STEP	= 1U << 2,
	/* an EXEC step is about to be issued */
	IORING_POLICY_BEFORE_EXEC	= 1U << 3,
	/* a step has succeeded */
	IORING_POLICY_DONE		= 1U << 4,
	/* there is no child: CLONE has failed with -EAGAIN or -ENOMEM */
	IORING_POLICY_CLONE		= 1U << 5,
	/*
	 * The search of a SPAWN has not found the program in one directory, and
	 * goes on in the next: CONTINUE. The last one is IORING_POLICY_FAILED.
	 */
	IORING_POLICY_MISS		= 1U << 6,
	/*
	 * The program has been executed, and runs once the policies have been told.
	 * What they return changes nothing.
	 */
	IORING_POLICY_EXECED		= 1U << 7,
};

/* What a policy returns. */
enum bpf_iouring_verdict {
	/* go on as if there were no policy */
	IORING_VERDICT_CONTINUE		= 0,
	/* issue the step's request (again) */
	IORING_VERDICT_RETRY		= 1,
	/* the step counts as done */
	IORING_VERDICT_SKIP		= 2,
	/* issue what was staged, then report IORING_POLICY_STAGED */
	IORING_VERDICT_SUBMIT		= 3,
	/* end the chain and kill the child */
	IORING_VERDICT_ABORT		= 4,
	/* ask the next policy of the slot; if there is none, CONTINUE */
	IORING_VERDICT_PASS		= 5,
};

/* bpf_iouring_ctx::flags */
enum bpf_iouring_ctx_flags {
	/* a failure of this step does not cancel the rest */
	IORING_POLICY_F_HARDLINK	= 1U << 0,
	/* no step follows */
	IORING_POLICY_F_LAST		= 1U << 1,
	/* IORING_VERDICT_RETRY is possible */
	IORING_POLICY_F_CAN_RETRY	= 1U << 2,
	/* an EXEC whose fd is a directory or, with AT_EMPTY_PATH, a program */
	IORING_POLICY_F_EXEC_AT		= 1U << 3,
	/* IORING_EXEC_SEARCH: HARDLINK is about the error there is, if any */
	IORING_POLICY_F_SEARCH		= 1U << 4,
	/* the step's path starts at an open directory, or is that file itself */
	IORING_POLICY_F_PATH_AT		= 1U << 5,
};

/* Context of BPF_PROG_TYPE_IOURING programs attached as BPF_IOURING_SPAWN. */
struct bpf_iouring_ctx {
	__u32	event;		/* one of enum bpf_iouring_event */
	__u32	opcode;		/* IORING_OP_* of the step */
	__s32	res;		/* of the request that ended last; 0 before any */
	__u32	cmd;		/* IORING_CHILD_* if opcode is IORING_OP_CHILD */
	__u64	user_data;	/* of the step */
	__u32	step;		/* 0 is the request behind CLONE */
	__u32	attempt;	/* requests issued so far for this step */
	__u32	flags;		/* IORING_POLICY_F_* */
	__s32	pid;		/* of the child, as CLONE's CQE tells it; or 0 */
	__u32	staged_opcode;	/* of the request that ended, if STAGED */
	__u32	staged_cmd;
	__u64	staged_user_data;
	__u64	elapsed_ns;	/* since CLONE was issued */
	__u64	cookie;		/* sqe->off of CLONE */
	__u64	off;		/* sqe->off of the step if it is a CHILD */
	__u64	scratch[8];	/* the policy's own; zero when the chain starts */
	__u64	ring_id;	/* as IORING_REGISTER_SPAWN_QUERY tells it */
	__u64	cgroup_id;	/* of the launcher, when CLONE was issued */
	__u64	path_flags;	/* of the step: O_* of an open, AT_* of an EXEC */
	__u32	path_mode;	/* of a step that opens a file ... */
	__u32	path_resolve;	/* ... RESOLVE_* of IORING_OP_OPENAT2 */
	/*
	 * Where in its list the search that was issued last, the step's own or a staged
	 * one, has the directory that it tried last, in bytes; -1: that was no search.
	 */
	__s32	search_offset;
	__u32	resv;		/* 0 */
};

/*
 * BPF_PROG_TEST_RUN runs a policy on a made-up context; nothing is issued.
 * In: ctx_in is the context. data_in has up to three parts, with a NUL between
 * one and the next: the name of the EXEC at hand (nothing: there is none), the path
 * of the step (nothing: if that is an EXEC its name, else none), and the first
 * bytes of the file that the last EXEC has read, at most 256. The budgets are the
 * default ones.
 * Out: retval is the verdict, ctx_out the context, with the scratch area as the
 * program left it, data_out a struct bpf_iouring_test_result and behind it
 * nr_staged of struct bpf_iouring_test_staged. repeat is 0 or 1; flags, cpu and
 * batch_size are 0.
 */
enum bpf_iouring_test_flags {
	/* the program has set a result */
	IORING_TEST_RESULT		= 1U << 0,
	/* the CQEs of staged requests would be posted */
	IORING_TEST_POST_STAGED		= 1U << 1,
	/* it asked for a delay beyond the budget */
	IORING_TEST_DELAY_EXCEEDED	= 1U << 2,
};

struct bpf_iouring_test_result {
	__u32	nr_staged;
	__u32	flags;		/* IORING_TEST_* */
	__s32	result;		/* 0 unless the program has set one */
	__u32	resv;
	__u64	delay_ns;
};

enum bpf_iouring_staged_kind {
	/* the request in sqe */
	IORING_STAGED_SQE		= 0,
	/* the EXEC at hand, on path */
	IORING_STAGED_EXEC		= 1,
	/* the same through the interpreter path */
	IORING_STAGED_INTERP		= 2,
	/* the EXEC at hand, looked for in the directories of the list path */
	IORING_STAGED_SEARCH		= 3,
};

struct bpf_iouring_test_staged {
	__u32	kind;		/* one of enum bpf_iouring_staged_kind */
	__u32	resv;
	__u8	sqe[64];
	char	path[4096];	/* with a NUL at the end; a longer list is cut */
};

/*
 * IORING_OP_BPF runs the program of a slot as an actor: the program stages requests, is
 * told of their completions, and says when the request is done. len is the slot, addr,
 * off, addr3 and the last eight bytes of the SQE (__pad2[0]) are the arguments; other
 * fields are 0. The CQE has the result that the program has set.
 */

/* bpf_iouring_op_ctx::event: why the program runs. */
enum bpf_iouring_op_event {
	/* the request has been issued; res and cqe_flags are those of the one before it */
	IORING_ACTOR_START		= 1,
	/* a request that it has staged has a completion */
	IORING_ACTOR_CQE		= 2,
	/* it is being cancelled, and all that it has staged with it */
	IORING_ACTOR_CANCEL		= 3,
};

/* What the program returns. */
enum bpf_iouring_op_verdict {
	/* run again with the next completion */
	IORING_ACTOR_WAIT		= 0,
	/* complete the request, once all that is in flight has been cancelled */
	IORING_ACTOR_END		= 1,
};

/* bpf_iouring_op_ctx::flags */
enum bpf_iouring_op_flags {
	/* the request follows another one by a link, whose result is in res */
	IORING_ACTOR_F_LINKED		= 1U << 0,
	/* it is being cancelled: nothing can be staged any more */
	IORING_ACTOR_F_CANCELLED	= 1U << 1,
};

/* Context of BPF_PROG_TYPE_IOURING programs attached as BPF_IOURING_OP. */
struct bpf_iouring_op_ctx {
	__u32	event;		/* one of enum bpf_iouring_op_event */
	__u32	flags;		/* IORING_ACTOR_F_* */
	/* of the completion, or with START of the request before */
	__s32	res;
	__u32	cqe_flags;	/* IORING_CQE_F_* */
	__u64	tag;		/* user_data of the staged request */
	__u64	big_cqe[2];	/* what a CQE of 32 bytes has in addition */
	__u32	opcode;		/* IORING_OP_* of the staged request */
	/* of an IORING_OP_WAITID that has found a child, as in siginfo_t; else 0 */
	__s32	wait_status;
	__s32	wait_code;
	__s32	wait_pid;
	/* of the IORING_OP_BPF */
	__u64	args[4];
	__u64	user_data;
	__u64	ring_id;	/* as IORING_REGISTER_SPAWN_QUERY tells it */
	/* requests that it has staged and whose last completion it has not been told */
	__u32	in_flight;
	__u32	room;		/* how many this run can stage; a zero-copy send counts twice */
};

/*
 * BPF_PROG_TEST_RUN for such a program; nothing is issued or posted. In: ctx_in is the
 * context, of which in_flight and room are used as they are; data_in is the state (what
 * is not given is 0). Out: retval is the verdict, data_out a struct
 * bpf_iouring_op_test_result, nr_staged times struct bpf_iouring_op_test_staged,
 * nr_posted times struct bpf_iouring_op_test_posted, and state_size bytes of state. repeat
 * is 0 or 1; flags, cpu and batch_size are 0.
 */
struct bpf_iouring_op_test_result {
	__u32	nr_staged;
	__u32	nr_posted;
	__s32	result;		/* that END completes the request with */
	__u32	state_size;	/* the most that the program can have */
	__u32	staged_size;	/* of one struct bpf_iouring_op_test_staged ... */
	__u32	posted_size;	/* ... and bpf_iouring_op_test_posted */
};

struct bpf_iouring_op_test_staged {
	__u8	sqe[128];
};

struct bpf_iouring_op_test_posted {
	__u64	user_data;
	__s32	res;
	__u32	flags;
};

#endif
