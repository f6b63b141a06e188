// SPDX-License-Identifier: GPL-2.0
/*
 * A security module for tests: writes down which hooks are called for one
 * process's children, and refuses what it is told to refuse.
 */
#include "kernel_types.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "lsm.h"

struct lsm lsm;

static void write_down(enum lsm_hook hook)
{
	__u64 task = bpf_get_current_pid_tgid();
	__u32 at = __sync_fetch_and_add(&lsm.logged, 1);

	if (at >= LSM_LOG)
		return;
	lsm.log[at].hook = hook;
	lsm.log[at].pid = task;
	lsm.log[at].tgid = task >> 32;
}

static int answer(enum lsm_hook hook)
{
	__u32 call = __sync_fetch_and_add(&lsm.calls[hook], 1);

	write_down(hook);
	if (lsm.times[hook] && call >= lsm.times[hook])
		return 0;
	return lsm.refuse[hook];
}

static bool is_child(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return lsm.of && task->real_parent->tgid == lsm.of;
}

static bool is_process(void)
{
	return lsm.of && bpf_get_current_pid_tgid() >> 32 == lsm.of;
}

static bool is_process_or_child(void)
{
	return is_process() || is_child();
}

/*
 * The verifier wants to see that no more than an error is returned.
 */
#define HOOK(name, number, who, ...)					\
SEC("lsm/" #name)							\
int BPF_PROG(on_##name, ##__VA_ARGS__)					\
{									\
	int ret = who() ? answer(number) : 0;				\
									\
	return ret < 0 && ret >= -4095 ? ret : 0;			\
}

/* The same of a hook that cannot refuse. */
#define NOTE(name, number)						\
SEC("lsm/" #name)							\
int BPF_PROG(on_##name, struct linux_binprm *bprm)			\
{									\
	if (is_child())							\
		write_down(number);					\
	return 0;							\
}

HOOK(task_alloc, LSM_TASK_ALLOC, is_process, struct task_struct *task,
     unsigned long flags)
HOOK(file_receive, LSM_FILE_RECEIVE, is_process_or_child, struct file *file)
HOOK(file_open, LSM_FILE_OPEN, is_child, struct file *file)
HOOK(file_permission, LSM_FILE_PERMISSION, is_child, struct file *file,
     int mask)
HOOK(inode_permission, LSM_INODE_PERMISSION, is_child, struct inode *inode,
     int mask)
HOOK(inode_mkdir, LSM_INODE_MKDIR, is_child, struct inode *dir,
     struct dentry *dentry, umode_t mode)
HOOK(mmap_file, LSM_MMAP_FILE, is_child, struct file *file,
     unsigned long reqprot, unsigned long prot, unsigned long flags)
HOOK(cred_prepare, LSM_CRED_PREPARE, is_child, struct cred *new,
     const struct cred *old, gfp_t gfp)
HOOK(bprm_creds_for_exec, LSM_BPRM_CREDS_FOR_EXEC, is_child,
     struct linux_binprm *bprm)
HOOK(bprm_check_security, LSM_BPRM_CHECK_SECURITY, is_child,
     struct linux_binprm *bprm)
HOOK(bprm_creds_from_file, LSM_BPRM_CREDS_FROM_FILE, is_child,
     struct linux_binprm *bprm, const struct file *file)
NOTE(bprm_committing_creds, LSM_BPRM_COMMITTING_CREDS)
NOTE(bprm_committed_creds, LSM_BPRM_COMMITTED_CREDS)

char _license[] SEC("license") = "GPL";
