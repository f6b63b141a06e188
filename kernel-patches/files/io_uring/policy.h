/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_POLICY_H
#define IOU_POLICY_H

#include <linux/fs.h>
#include <linux/io_uring_types.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <uapi/linux/io_uring_spawn.h>

union bpf_attr;
struct bpf_prog;
struct filename;
struct io_policy_list;
struct seq_file;
struct spawn_head;

#define IO_POLICY_MAX_LIST	16	/* policies of a slot */
#define IO_POLICY_MAX_STAGED	8
#define IO_POLICY_DEF_ISSUES	1024
#define IO_POLICY_MAX_ISSUES	65536
#define IO_POLICY_DEF_DELAY	(10ULL * NSEC_PER_SEC)
#define IO_POLICY_MAX_DELAY	(300ULL * NSEC_PER_SEC)

/* What can be asked for, and what comes anyway. */
#define IO_POLICY_EVENTS	(IORING_POLICY_FAILED |		\
				 IORING_POLICY_STAGED |		\
				 IORING_POLICY_BEFORE_STEP |	\
				 IORING_POLICY_BEFORE_EXEC |	\
				 IORING_POLICY_DONE |		\
				 IORING_POLICY_CLONE |		\
				 IORING_POLICY_MISS |		\
				 IORING_POLICY_EXECED)

/* What BPF_LINK_CREATE and IORING_ATTACH_BPF ask for, checked. */
struct io_policy_attr {
	u32	type;		/* BPF_IOURING_SPAWN, BPF_IOURING_OP */
	u32	slot;
	u32	events;
	u32	max_issues;	/* of an actor: requests staged in all; 0: any number */
	u32	max_staged;	/* of an actor: requests in flight */
	u32	state_size;	/* of an actor */
	u64	max_delay;
};

/*
 * A program in a slot of a ring. The link, each list that it is in and each actor hold
 * a reference. The program belongs to the link.
 */
struct io_policy {
	refcount_t		refs;
	/* NULL once detached; read under RCU tasks trace */
	struct bpf_prog __rcu	*prog;
	struct io_ring_ctx	*ctx;	/* under io_policy_mutex; NULL: gone */
	struct io_policy_list	*spare;	/* likewise: to be the slot's without it */
	u32			link_id;
	struct io_policy_attr	attr;
	atomic64_t		runs;
	atomic64_t		verdicts[IORING_VERDICT_PASS + 1];
	atomic64_t		exhausted;
	atomic64_t		failures;
	atomic64_t		retries;
	atomic64_t		staged;

	/* for the requests of IORING_OP_BPF that run it; a leaf */
	spinlock_t		actors_lock;
	struct list_head	actors;
	unsigned int		nr_actors;
};

/*
 * The policies of a slot, in the order in which they are asked. Does not change
 * once it is the slot's. The slot and each chain that began with it hold a
 * reference.
 */
struct io_policy_list {
	refcount_t		refs;
	unsigned int		nr;
	u32			events;	/* that any of them asked for */
	struct rcu_head		rcu;
	struct io_policy	*policies[IO_POLICY_MAX_LIST];
};

enum io_staged_kind {
	IO_STAGED_SQE		= IORING_STAGED_SQE,
	IO_STAGED_EXEC		= IORING_STAGED_EXEC,
	IO_STAGED_INTERP	= IORING_STAGED_INTERP,
	IO_STAGED_SEARCH	= IORING_STAGED_SEARCH,
};

struct io_staged {
	enum io_staged_kind	kind;
	bool			post;
	struct filename		*path;	/* or NULL; of a search, its list */
	struct io_uring_sqe	sqe;
};

/* What a policy has used up of its budgets in a chain. */
struct io_policy_use {
	unsigned int		issued;		/* requests on its behalf */
	u64			delayed;	/* nanoseconds */
};

/* What a policy has in a chain that is not asking it. */
struct io_policy_kept {
	struct io_policy_use	use;
	u8			scratch[sizeof_field(struct bpf_iouring_ctx, scratch)];
};

/*
 * One chain's dealings with its policies, zeroed when the chain starts. The
 * chain fills ctx and the inputs before each run; the program, by its kfuncs,
 * fills the rest.
 */
struct io_policy_run {
	struct bpf_iouring_ctx	ctx;	/* what the program sees */

	/* inputs */
	const char		*exec_name;	/* of the EXEC at hand, or NULL */
	const char		*step_path;	/* of the current step, or NULL */
	const struct spawn_head	*head;		/* of the last EXEC's file, or NULL */
	bool			step_is_exec;	/* the current step is one */
	u64			delay_left;	/* of the budget */
	u32			max_staged;

	/* outputs; reset by io_policy_run() at its start */
	u32			prog_id;
	bool			has_result;
	bool			post_staged;
	bool			delay_exceeded;
	s32			result;
	u64			delay;
	u32			nr_staged;
	struct io_staged	staged[IO_POLICY_MAX_STAGED];

	/* one for each policy of the list, if there are several */
	struct io_policy_kept	kept[];
};

/* What is staged is zeroed when it is: see io_stage(). */
static inline struct io_policy_run *io_policy_run_alloc(unsigned int nr_policies)
{
	unsigned int nr = nr_policies > 1 ? nr_policies : 0;
	struct io_policy_run *run;

	run = kmalloc(struct_size(run, kept, nr), GFP_KERNEL_ACCOUNT);
	if (!run)
		return NULL;
	memset(run, 0, offsetof(struct io_policy_run, staged));
	if (nr)
		memset(run->kept, 0, nr * sizeof(run->kept[0]));
	return run;
}

/* There is a child to issue anything, and not yet a program. */
static inline bool io_event_can_stage(u32 event)
{
	return !(event & (IORING_POLICY_CLONE | IORING_POLICY_EXECED));
}

static inline u8 io_staged_op(const struct io_staged *staged)
{
	return staged->kind == IO_STAGED_SQE ? staged->sqe.opcode : IORING_OP_EXEC;
}

static inline u32 io_staged_cmd(const struct io_staged *staged)
{
	return io_staged_op(staged) == IORING_OP_CHILD ? staged->sqe.len : 0;
}

/* For the tracepoint: the command of a CHILD, or the kind of an EXEC. */
static inline u32 io_staged_what(const struct io_staged *staged)
{
	return staged->kind == IO_STAGED_SQE ? io_staged_cmd(staged) : staged->kind;
}

static inline const char *io_staged_name(const struct io_staged *staged)
{
	return staged->path ? staged->path->name : "";
}

#ifdef CONFIG_IO_URING_BPF
/* The policies of a slot with a reference taken, or NULL. Any context. */
struct io_policy_list *io_policy_list_get(struct io_ring_ctx *ctx,
					  unsigned int slot);
void io_policy_list_put(struct io_policy_list *list);
/* What is in a slot of the programs that IORING_OP_BPF runs, likewise. */
struct io_policy *io_policy_get_op(struct io_ring_ctx *ctx, unsigned int slot);
void io_policy_put(struct io_policy *policy);

/* Whether there is a program to ask, at this moment. */
static inline bool io_policy_attached(const struct io_policy *policy)
{
	return rcu_access_pointer(policy->prog);
}

/* Whether none of them has been detached. */
static inline bool io_policy_list_intact(const struct io_policy_list *list)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		if (!io_policy_attached(list->policies[i]))
			return false;
	return true;
}

/*
 * Run the program in the current task, with no lock held. Returns its verdict
 * or -ENOLINK if the policy was detached meanwhile. What it staged is left in
 * run->staged, to be released by io_policy_drop_staged(). Counts runs; the
 * caller counts what it makes of the verdict.
 */
int io_policy_run(struct io_policy *policy, struct io_policy_run *run);
void io_policy_drop_staged(struct io_policy_run *run);

/* The same for a program in no slot; the caller keeps it by RCU tasks trace. */
int io_policy_run_prog(const struct bpf_prog *prog, struct io_policy_run *run);
int io_policy_prog_test_run(struct bpf_prog *prog, const union bpf_attr *attr,
			    union bpf_attr __user *uattr);

/* Before the ring goes: detach every link. */
void io_policy_ring_exit(struct io_ring_ctx *ctx);
int io_policy_register_attach(struct io_ring_ctx *ctx, void __user *arg,
			      unsigned int nr_args);
void io_policy_show_fdinfo(struct seq_file *m, struct io_ring_ctx *ctx);
/* The ring's number among all since boot, given out when first asked for. */
u64 io_policy_ring_id(struct io_ring_ctx *ctx);
#else
static inline struct io_policy_list *io_policy_list_get(struct io_ring_ctx *ctx,
							unsigned int slot)
{
	return NULL;
}

static inline void io_policy_list_put(struct io_policy_list *list)
{
}

static inline bool io_policy_list_intact(const struct io_policy_list *list)
{
	return false;
}

static inline int io_policy_run(struct io_policy *policy,
				struct io_policy_run *run)
{
	return -ENOLINK;
}

static inline void io_policy_drop_staged(struct io_policy_run *run)
{
}

static inline void io_policy_ring_exit(struct io_ring_ctx *ctx)
{
}

static inline int io_policy_register_attach(struct io_ring_ctx *ctx,
					    void __user *arg,
					    unsigned int nr_args)
{
	return -EOPNOTSUPP;
}

static inline void io_policy_show_fdinfo(struct seq_file *m,
					 struct io_ring_ctx *ctx)
{
}

static inline u64 io_policy_ring_id(struct io_ring_ctx *ctx)
{
	return 0;
}
#endif

#endif
