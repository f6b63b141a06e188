// SPDX-License-Identifier: LGPL-2.1-or-later
/* What an error means for each topic, and its remedy. */
#include <errno.h>
#include <string.h>

#include "common/sized.h"
#include "internal.h"

/* What the structure had in the first release. */
#define LEAST \
	(offsetof(struct spawnpol_advice, remedy) + sizeof(const char *))

/* Without a text the errno's own is good enough. */
struct entry {
	int error;
	struct spawnpol_advice advice;
};

static const struct entry about_ring[] = {
	{ EINVAL, { "the kernel does not accept this number of entries, or these ring flags",
		    "ask for one entry or more; rings for spawning cannot be "
		    "IOPOLL" } },
	{ ENOSYS, { "the kernel has no io_uring",
		    "build it with CONFIG_IO_URING" } },
	{ EOPNOTSUPP, { "the kernel cannot spawn through io_uring",
			"boot a kernel with the spawnpol patches and "
			"CONFIG_IO_URING_SPAWN" } },
	{ EPROTO, { "the kernel's spawn interface is not this library's",
		    "use kernel and library of the same spawnpol release" } },
	{ EPERM, { "io_uring is disabled here",
		   "see sysctl kernel.io_uring_disabled and the seccomp "
		   "filters of this process" } },
	{ ENOMEM, { "no memory for the ring",
		    "ask for fewer entries, or raise RLIMIT_MEMLOCK" } },
	{ EMFILE, { "too many open files", "raise RLIMIT_NOFILE" } },
	{ EBUSY, { "this thread has 16 registered rings already",
		   "close one, or make the ring in another thread" } },
};

static const struct entry about_chain[] = {
	{ EINVAL, { "the chain has no program, or a call had an invalid argument",
		    "name the program by spawnpol_chain_program() or "
		    "spawnpol_chain_search(); spawnpol_chain_error() after each "
		    "call finds the argument" } },
	{ EBUSY, { "the chain is in flight", "collect its outcome first" } },
	{ E2BIG, { "the chain has too many steps",
		   "make the ring with more entries" } },
	{ EINPROGRESS, { "the last request in the queue is linked to the next one",
			 "complete the link, or submit it, first" } },
	{ EAGAIN, { "no room for the chain",
		    "collect outcomes, then try again" } },
	{ EBADF, { "a descriptor number is negative", NULL } },
	{ ENOENT, { "the chain is not in flight on this ring", NULL } },
	{ ECHILD, { "nothing is in flight", NULL } },
	{ EEXIST, { "the ring belongs to another thread",
		    "a registered or SINGLE_ISSUER ring is used by one thread only" } },
	{ EOPNOTSUPP, { "the ring cannot search open directories, keep children, or collect "
			"the CQEs that its owner takes",
			"open directories and kept children need a kernel that has them, "
			"and open directories a chain that is one request "
			"(spawnpol_ring(3)); pass CQEs of a wrapped ring to "
			"spawnpol_handle_cqe()" } },
	{ ESTALE, { "the ring belongs to the process that this one was forked from",
		    "make another ring in this process" } },
};

static const struct entry about_clone[] = {
	{ ENOLINK, { "no policy is attached, and the chain needs one",
		     "attach a policy to the ring and slot, or give the program "
		     "with a slash" } },
	{ EAGAIN, { "no process could be made",
		    "see RLIMIT_NPROC, pids.max of the cgroup, kernel.pid_max" } },
	{ EPERM, { "not allowed to make such a process",
		   "namespaces and chosen pids need privileges; or a seccomp "
		   "filter refuses clone3" } },
	{ EBADF, { "the cgroup's descriptor, or that of a listed file, is not "
		   "open, or a listed number is not below RLIMIT_NOFILE",
		   NULL } },
	{ EBUSY, { "the cgroup cannot have processes",
		   "it has controllers enabled for its children" } },
	{ EEXIST, { "a process with the chosen pid exists", NULL } },
	{ ETIME, { "the deadline passed before a process was made", NULL } },
	{ ECANCELED, { "canceled before a process was made", NULL } },
	{ EINVAL, { "the kernel does not take these attributes", NULL } },
};

static const struct entry about_step[] = {
	{ ETIME, { "the deadline has passed", NULL } },
	{ ECANCELED, { "canceled, or ended by a policy", NULL } },
	{ ETOOMANYREFS, { "the policy has used up a budget",
			  "attach it with larger budgets, or fix its loop" } },
	{ EBADRQC, { "the policy's verdict could not be followed",
		     "see its trace: RETRY of a request that cannot be issued twice, "
		     "or SUBMIT without staged requests" } },
	{ EOPNOTSUPP, { "the operation is not possible in a child", NULL } },
	{ EACCES, { NULL, "look at the modes of the file and of the directories on "
			  "its path, and at the ring's restrictions" } },
	{ EIO, { "read or written only in part", NULL } },
};

static const struct entry about_exec[] = {
	{ EBADF, { "no policy looked for the name, or the descriptor is not open",
		   "attach a policy that searches, which has to ask for the event "
		   "before-exec (SPAWNPOL_EVENTS(IORING_POLICY_BEFORE_EXEC)), or "
		   "give the program with a slash" } },
	{ EACCES, { NULL, "name a regular file that is executable, not a directory; "
			  "look at the modes of the directories on its path, "
			  "at noexec mounts, at the ring's restrictions, and at its "
			  "policies (spawnpol trace shows what they refuse)" } },
	{ EPERM, { NULL, "a policy may have refused it, which spawnpol trace "
			 "shows; or a seccomp filter refuses execveat" } },
	{ ETXTBSY, { "the program is being written",
		     "a policy can wait and try again" } },
	{ ENXIO, { "the ring has no list of open directories with that number",
		   "open one with spawnpol_ring_open_search()" } },
	{ ENOEXEC, { "not a program",
		     "a script needs a #! line, or a policy that hands it to a "
		     "shell" } },
};

static const struct entry about_attach[] = {
	{ EINVAL, { "the program is not of the kind that is attached, or the kernel refuses "
		    "the slot, the events or the ring",
		    "attach a policy (section iouring.s/spawn) as a policy and an actor "
		    "(iouring/op) as an actor, in a slot below 16, to a ring that is not "
		    "IOPOLL; the kernel needs CONFIG_IO_URING_BPF" } },
	{ E2BIG, { "a budget, or the in-flight requests or state of an actor, is above the "
		   "kernel's ceiling",
		   "spawnpol probe shows the ceilings" } },
	{ EBUSY, { "the slot has an actor already, and takes only one",
		   "take another slot, or update or detach the link of that actor: "
		   "spawnpol list shows it" } },
	{ EEXIST, { "the slot has this program already, or the ring belongs to another "
		    "thread",
		    "detach or update its link, or take another slot" } },
	{ ERANGE, { "the slot has its maximum of policies, or the position is both before "
		    "and after a policy",
		    "detach one, or take another slot" } },
	{ ENOENT, { "the policy that the position refers to is not in the slot",
		    "spawnpol list shows the policies of each slot" } },
	{ ESTALE, { "the slot has changed meanwhile, or the ring belongs to the process "
		    "that this one was forked from",
		    "look at its policies again" } },
	{ EBADF, { "a descriptor is not open, or is not a ring or program",
		   "give the descriptor of a ring, and that of a loaded program" } },
	{ EOPNOTSUPP, { "the descriptor is not a ring, or the kernel has no policies or actors",
			"boot a kernel with the spawnpol patches and "
			"CONFIG_IO_URING_BPF" } },
	{ EPROTO, { "the kernel's program type is not this library's",
		    "use kernel and library of the same spawnpol release" } },
	{ EACCES, { "the ring's restrictions do not allow attaching programs", NULL } },
	{ EPERM, { "not privileged enough",
		   "reading the events of a policy, or the needs of an actor, takes "
		   "CAP_SYS_ADMIN; name them instead" } },
};

static const struct entry about_link[] = {
	{ EINVAL, { "not a link of a policy or an actor, or a program of the other kind",
		    "a policy is replaced by a policy, an actor by an actor" } },
	{ EBADF, { "the descriptor is not open, or is not a BPF object", NULL } },
	{ ENOLINK, { "the ring is gone, or the link was detached",
		     "attach the new program to a ring" } },
	{ EEXIST, { "another link of the slot has the program",
		    "detach that link" } },
	{ EPERM, { "not privileged enough, or another program is there now",
		   NULL } },
};

static const struct entry about_exit[] = {
	{ ECHILD, { "the program was waited for elsewhere",
		    "leave SIGCHLD at its default, and wait only for processes that are "
		    "not the library's" } },
	{ ECANCELED, { "the library has stopped waiting for the program", NULL } },
	{ EINVAL, { "the kernel cannot wait for programs by io_uring",
		    "IORING_OP_WAITID is in Linux 6.7 and later" } },
};

static const struct entry about_child[] = {
	{ ESRCH, { "no kept child of the ring has this number",
		   "it has ended, or runs a program: make another" } },
	{ EBUSY, { "another chain runs in the kept child, or copies of it are being made",
		   "collect the outcomes of those chains first" } },
	{ ESTALE, { "the launcher has changed since the child was made, or the ring belongs to "
		    "the process that this one was forked from",
		    "end the child by spawnpol_child_end(), and make another; after fork(2), "
		    "make another ring in this process" } },
	{ EEXIST, { "the ring belongs to another thread, or a process with the chosen pid "
		    "exists",
		    "a registered or SINGLE_ISSUER ring is used by one thread only" } },
	{ E2BIG, { "the chain has too many steps",
		   "make the ring with more entries, or run the steps one after the other in "
		   "a kept child" } },
	{ EPERM, { "the kept child was made by another process, or the launcher may not "
		   "make such a process",
		   "use it in the process that has made it" } },
	{ EAGAIN, { "the ring has as many kept children as it can, or no process could be "
		    "made",
		    "end some; see RLIMIT_NPROC, pids.max of the cgroup, kernel.pid_max" } },
	{ EINVAL, { "the chain has attributes that do not go with a kept child, or the child "
		    "is the init of a pid namespace or has unshared it, and cannot be copied",
		    "see spawnpol_child(3): the chain of a new kept child has no program, and "
		    "a chain in a kept child cannot say how the child is made" } },
	{ EOPNOTSUPP, { "no child can be kept: by this kernel, by links on this kernel, or "
			"step by step on a wrapped ring",
			"see spawnpol_child(3); with a wrapped ring, queue chains that keep "
			"the child" } },
};

static const struct entry about_actor[] = {
	{ ENOLINK, { "the slot has no program, or has lost it",
		     "attach one to this ring and slot: spawnpol_actor_attach()" } },
	{ EDEADLK, { "the program waits with nothing in flight",
		     "it returns IORING_ACTOR_END if it has staged nothing, also where "
		     "bpf_iouring_op_stage() has failed" } },
	{ ECANCELED, { "canceled, or the thread that has submitted it has ended",
		       "if it was not canceled, submit it in a thread that lives longer" } },
};

/* What the program has not said itself. */
static const struct entry about_actor_call[] = {
	{ EBUSY, { "the actor is in flight", "collect its outcome first" } },
	{ EINVAL, { "there is no such slot", "slots are below 16" } },
	{ ENOENT, { "the actor is not in flight on this ring", NULL } },
	{ EOPNOTSUPP, { "the kernel has no actors",
			"boot a kernel with the spawnpol patches and "
			"CONFIG_IO_URING_BPF" } },
	{ EAGAIN, { "no room for the request", "collect outcomes, then try again" } },
};

struct topic {
	const struct entry *v;
	size_t nr;
	const struct topic *then;	/* where to look next */
};

#define TOPIC(list)	.v = list, .nr = ARRAY_SIZE(list)

static const struct topic step_topic = { TOPIC(about_step) };
static const struct topic clone_topic = { TOPIC(about_clone) };
static const struct topic chain_topic = { TOPIC(about_chain) };
static const struct topic topics[] = {
	[SPAWNPOL_TOPIC_RING]	= { TOPIC(about_ring) },
	[SPAWNPOL_TOPIC_CHAIN]	= { TOPIC(about_chain) },
	[SPAWNPOL_TOPIC_CLONE]	= { TOPIC(about_clone) },
	[SPAWNPOL_TOPIC_STEP]	= { TOPIC(about_step) },
	[SPAWNPOL_TOPIC_EXEC]	= { TOPIC(about_exec), .then = &step_topic },
	[SPAWNPOL_TOPIC_ATTACH]	= { TOPIC(about_attach) },
	[SPAWNPOL_TOPIC_LINK]	= { TOPIC(about_link) },
	[SPAWNPOL_TOPIC_EXIT]	= { TOPIC(about_exit) },
	[SPAWNPOL_TOPIC_CHILD]	= { TOPIC(about_child), .then = &clone_topic },
	[SPAWNPOL_TOPIC_ACTOR]	= { TOPIC(about_actor) },
	[SPAWNPOL_TOPIC_ACTOR_CALL] = { TOPIC(about_actor_call), .then = &chain_topic },
};

static const struct spawnpol_advice *look_up(const struct topic *t, int error)
{
	for (; t; t = t->then)
		for (size_t i = 0; i < t->nr; i++)
			if (t->v[i].error == error)
				return &t->v[i].advice;
	return NULL;
}

int spawnpol_advise_sized(enum spawnpol_topic topic, int error,
			  struct spawnpol_advice *to, size_t size)
{
	struct spawnpol_advice advice = { NULL, NULL };
	const struct spawnpol_advice *found = NULL;

	if (size < LEAST)
		return -EINVAL;
	if ((unsigned int)topic < ARRAY_SIZE(topics))
		found = look_up(&topics[topic], -error);
	if (found)
		advice = *found;
	if (!advice.text)
		advice.text = strerrordesc_np(-error);
	if (!advice.text)
		advice.text = "unknown error";
	sized_write(to, size, &advice, sizeof(advice));
	return 0;
}
