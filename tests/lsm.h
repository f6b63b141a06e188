/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What spawn_lsm_test.c tells the programs of lsm.bpf.c, and what they saw: the
 * one global variable, shared with user space.
 */
#ifndef SPAWNPOL_TESTS_LSM_H
#define SPAWNPOL_TESTS_LSM_H

#define LSM_LOG 256

enum lsm_hook {
	LSM_TASK_ALLOC,
	LSM_FILE_OPEN,
	LSM_FILE_RECEIVE,
	LSM_FILE_PERMISSION,
	LSM_INODE_PERMISSION,
	LSM_INODE_MKDIR,
	LSM_MMAP_FILE,
	LSM_CRED_PREPARE,
	LSM_BPRM_CREDS_FOR_EXEC,
	LSM_BPRM_CHECK_SECURITY,
	LSM_BPRM_CREDS_FROM_FILE,
	LSM_BPRM_COMMITTING_CREDS,
	LSM_BPRM_COMMITTED_CREDS,
	LSM_HOOKS,
};

struct lsm_call {
	__u32	hook;
	__u32	pid;
	__u32	tgid;
};

struct lsm {
	__u32	of;			/* this process and its children */
	__s32	refuse[LSM_HOOKS];	/* an error to return, or 0 */
	__u32	times[LSM_HOOKS];	/* so often; 0: always */
	__u32	calls[LSM_HOOKS];	/* of the process or its children */
	struct lsm_call log[LSM_LOG];	/* of children, and TASK_ALLOC */
	__u32	logged;
};

#endif
