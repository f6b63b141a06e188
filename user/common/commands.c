// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The table of commands. It is linked into the library too, so it holds only what the
 * library needs.
 */
#include "commands.h"

#include <liburing.h>

#define CHILD(command)	OP_CHILD, IORING_CHILD_##command, false
#define VARIANT(command) OP_CHILD, IORING_CHILD_##command, true
#define OTHER(op)	op, 0, false

static const struct child_command commands[] = {
	[SPAWNPOL_KIND_CLONE] = { "clone", OTHER(OP_CLONE), OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_EXEC] = { "exec", OTHER(OP_EXEC), OBJECT_PROGRAM, NULL },
	[SPAWNPOL_KIND_EXIT] = { "exit", OP_OTHER, 0, true, OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_ACTOR] = { "actor", OP_OTHER, 0, true, OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_SQE] = { "request", OTHER(OP_OTHER), OBJECT_OPCODE, NULL },
	[SPAWNPOL_KIND_OPEN] = { "open", CHILD(OPEN), OBJECT_PATH_AS, "addopen" },
	[SPAWNPOL_KIND_DUP] = { "dup", CHILD(DUP), OBJECT_FD_AS, "adddup2" },
	[SPAWNPOL_KIND_INSTALL] = { "install", VARIANT(DUP), OBJECT_FD_AS, NULL },
	[SPAWNPOL_KIND_CLOEXEC] = { "cloexec", VARIANT(DUP), OBJECT_FD, NULL },
	[SPAWNPOL_KIND_CLOSE] = { "close", OTHER(IORING_OP_CLOSE), OBJECT_FD, "addclose" },
	[SPAWNPOL_KIND_CLOSE_RANGE] = { "close_range", CHILD(CLOSE_RANGE), OBJECT_NONE,
				   "addclosefrom_np" },
	[SPAWNPOL_KIND_CLOSE_EXCEPT] = { "close_except", CHILD(CLOSE_EXCEPT), OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_CHDIR] = { "chdir", CHILD(CHDIR), OBJECT_PATH, "addchdir_np" },
	[SPAWNPOL_KIND_FCHDIR] = { "fchdir", CHILD(FCHDIR), OBJECT_FD, "addfchdir_np" },
	[SPAWNPOL_KIND_CHROOT] = { "chroot", CHILD(CHROOT), OBJECT_PATH, NULL },
	[SPAWNPOL_KIND_UMASK] = { "umask", CHILD(UMASK), OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_SETSID] = { "setsid", CHILD(SETSID), OBJECT_NONE, "SETSID" },
	[SPAWNPOL_KIND_SETPGID] = { "setpgid", CHILD(SETPGID), OBJECT_NUMBER, "SETPGROUP" },
	[SPAWNPOL_KIND_TCSETPGRP] = { "tcsetpgrp", CHILD(TCSETPGRP), OBJECT_FD,
				 "addtcsetpgrp_np" },
	[SPAWNPOL_KIND_SIGMASK] = { "sigmask", CHILD(SIGMASK), OBJECT_NONE, "SETSIGMASK" },
	[SPAWNPOL_KIND_SIGDEFAULT] = { "sigdefault", CHILD(SIGDEFAULT), OBJECT_NONE,
				  "SETSIGDEF" },
	[SPAWNPOL_KIND_SIGIGNORE] = { "sigignore", CHILD(SIGIGNORE), OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_SETGROUPS] = { "setgroups", CHILD(SETGROUPS), OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_SETRESGID] = { "setresgid", CHILD(SETRESGID), OBJECT_NONE, "RESETIDS" },
	[SPAWNPOL_KIND_SETRESUID] = { "setresuid", CHILD(SETRESUID), OBJECT_NONE, "RESETIDS" },
	[SPAWNPOL_KIND_CAPSET] = { "capset", CHILD(CAPSET), OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_PRCTL] = { "prctl", CHILD(PRCTL), OBJECT_OPTION, NULL },
	[SPAWNPOL_KIND_SECCOMP] = { "seccomp", VARIANT(PRCTL), OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_DUMPABLE] = { "dumpable", CHILD(DUMPABLE), OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_LANDLOCK] = { "landlock", CHILD(LANDLOCK), OBJECT_FD, NULL },
	[SPAWNPOL_KIND_RLIMIT] = { "rlimit", CHILD(RLIMIT), OBJECT_NUMBER, NULL },
	[SPAWNPOL_KIND_NICE] = { "nice", CHILD(NICE), OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_SCHED] = { "sched", CHILD(SCHED), OBJECT_NONE, "SETSCHEDULER" },
	[SPAWNPOL_KIND_AFFINITY] = { "affinity", CHILD(AFFINITY), OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_IOPRIO] = { "ioprio", CHILD(IOPRIO), OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_OOM_SCORE_ADJ] = { "oom_score_adj", CHILD(OOM_SCORE_ADJ), OBJECT_NONE,
				     NULL },
	[SPAWNPOL_KIND_UNSHARE] = { "unshare", CHILD(UNSHARE), OBJECT_NONE, NULL },
	[SPAWNPOL_KIND_SETNS] = { "setns", CHILD(SETNS), OBJECT_FD, NULL },
};

const struct child_command *command_nth(unsigned int n)
{
	return n < sizeof(commands) / sizeof(commands[0]) ? &commands[n] : NULL;
}

const struct child_command *command_of_kind(enum spawnpol_kind kind)
{
	return command_nth(kind);
}
