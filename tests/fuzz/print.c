// SPDX-License-Identifier: LGPL-2.1-or-later
/* A case as text. */
#include "case.h"
#include "whole_model.h"
#include "world.h"

#include <string.h>

static const char *const op_names[] = {
	"NOP",
	"READV",
	"WRITEV",
	"FSYNC",
	"READ_FIXED",
	"WRITE_FIXED",
	"POLL_ADD",
	"POLL_REMOVE",
	"SYNC_FILE_RANGE",
	"SENDMSG",
	"RECVMSG",
	"TIMEOUT",
	"TIMEOUT_REMOVE",
	"ACCEPT",
	"ASYNC_CANCEL",
	"LINK_TIMEOUT",
	"CONNECT",
	"FALLOCATE",
	"OPENAT",
	"CLOSE",
	"FILES_UPDATE",
	"STATX",
	"READ",
	"WRITE",
	"FADVISE",
	"MADVISE",
	"SEND",
	"RECV",
	"OPENAT2",
	"EPOLL_CTL",
	"SPLICE",
	"PROVIDE_BUFFERS",
	"REMOVE_BUFFERS",
	"TEE",
	"SHUTDOWN",
	"RENAMEAT",
	"UNLINKAT",
	"MKDIRAT",
	"SYMLINKAT",
	"LINKAT",
	"MSG_RING",
	"FSETXATTR",
	"SETXATTR",
	"FGETXATTR",
	"GETXATTR",
	"SOCKET",
	"URING_CMD",
	"SEND_ZC",
	"SENDMSG_ZC",
	"READ_MULTISHOT",
	"WAITID",
	"FUTEX_WAIT",
	"FUTEX_WAKE",
	"FUTEX_WAITV",
	"FIXED_FD_INSTALL",
	"FTRUNCATE",
	"BIND",
	"LISTEN",
	"CLONE",
	"EXEC",
	"CHILD",
	"SPAWN",
};

static const char *const cmd_names[] = {
	"DUP",	     "CHDIR",	      "FCHDIR",	      "SETSID",	   "SETPGID",
	"OPEN",	     "CLOSE_RANGE",   "CLOSE_EXCEPT", "CHROOT",	   "UMASK",
	"TCSETPGRP", "SIGMASK",	      "SIGDEFAULT",   "SIGIGNORE", "SETGROUPS",
	"SETRESGID", "SETRESUID",     "CAPSET",	      "PRCTL",	   "DUMPABLE",
	"LANDLOCK",  "RLIMIT",	      "NICE",	      "SCHED",	   "AFFINITY",
	"IOPRIO",    "OOM_SCORE_ADJ", "UNSHARE",      "SETNS",
};

static const char *const flag_names[] = { "FIXED_FILE",	  "DRAIN",
					  "LINK",	  "HARDLINK",
					  "ASYNC",	  "BUFFER_SELECT",
					  "SKIP_SUCCESS", "bit7" };

static const char *const event_names[] = { "FAILED",	  "STAGED",
					   "BEFORE_STEP", "BEFORE_EXEC",
					   "DONE",	  "CLONE",
					   "MISS",	  "EXECED" };

static const char *const verdict_names[] = { "CONTINUE", "RETRY", "SKIP",
					     "SUBMIT",	 "ABORT", "PASS" };

static const char *const stage_names[] = { "nothing",	 "SQE",		"EXEC",
					   "EXEC_DIR",	 "EXEC_INTERP", "CHILD",
					   "EXEC_SEARCH" };

static const char *const action_names[] = {
	"cancel", "detach", "update", "close link", "kill",
	"stop",	  "signal", "feed",   "lists",	"close ring", "exit"
};

#define NAME(names, n)                                                         \
	((n) < sizeof(names) / sizeof((names)[0]) ? (names)[n] : "?")

const char *event_name(uint32_t event)
{
	return event ? NAME(event_names, (unsigned int)__builtin_ctz(event))
		     : "?";
}

const char *verdict_name(uint32_t verdict)
{
	return NAME(verdict_names, verdict);
}

const char *cmd_name(uint32_t cmd)
{
	return NAME(cmd_names, cmd);
}

static void print_bits(FILE *to, unsigned int bits, const char *const *names)
{
	const char *separator = "";
	unsigned int bit;

	for (bit = 0; bits >> bit; bit++) {
		if (!(bits >> bit & 1))
			continue;
		fprintf(to, "%s%s", separator, names[bit]);
		separator = "|";
	}
}

void print_field(FILE *to, const char *name, uint64_t value)
{
	if (value)
		fprintf(to, " %s=%#lx", name, value);
}

void print_addr(FILE *to, const char *name, uint64_t addr)
{
	const char *text = arena_text_at(addr);

	print_field(to, name, addr);
	if (text && addr < BUFFER)
		fprintf(to, "\"%.20s\"", *text >= '.' ? text : "");
}

static void print_sqe(FILE *to, const struct io_uring_sqe *sqe)
{
	fprintf(to, "%s(%u)", NAME(op_names, sqe->opcode), sqe->opcode);
	if (sqe->opcode == SPAWNPOL_OP_CHILD)
		fprintf(to, " %s", NAME(cmd_names, sqe->len));
	if (sqe->flags) {
		fprintf(to, " flags=");
		print_bits(to, sqe->flags, flag_names);
	}
	if (sqe->fd)
		fprintf(to, " fd=%d", sqe->fd);
	print_addr(to, "addr", sqe->addr);
	print_field(to, "len", sqe->len);
	print_field(to, "off", sqe->off);
	print_field(to, "op_flags", (uint32_t)sqe->rw_flags);
	print_field(to, "ioprio", sqe->ioprio);
	print_field(to, "buf_index", sqe->buf_index);
	print_field(to, "personality", sqe->personality);
	print_field(to, "file_index", sqe->file_index);
	print_addr(to, "addr3", sqe->addr3);
	print_field(to, "pad", sqe->__pad2[0]);
	fprintf(to, "\n");
}

static void print_clone_args(FILE *to, uint64_t addr)
{
	const uint64_t *args = (void *)addr;

	if (addr >= ARENA_BASE && addr + 88 <= ARENA_END)
		fprintf(to,
			"\tclone_args: flags=%#lx pidfd=%#lx signal=%lu stack=%#lx "
			"tls=%#lx set_tid=%#lx,%lu cgroup=%lu\n",
			args[0], args[1], args[4], args[5], args[7], args[8],
			args[9], args[10]);
}

static void print_clone(FILE *to, const struct fuzz_case *c, unsigned int at)
{
	const struct io_uring_sqe *sqe = &c->sqes[at];
	const struct io_uring_clone_files *list = (void *)sqe->addr3;
	struct io_uring_clone_kept kept;
	unsigned int i;

	if (clone_is_kept(c, at, &kept)) {
		fprintf(to, "\tkept: child=%u keep_ns=%llu", kept.child,
			(unsigned long long)kept.keep_ns);
		print_field(to, "clone_args_size", kept.clone_args_size);
		fprintf(to, "\n");
		print_clone_args(to, kept.clone_args);
	} else {
		print_clone_args(to, sqe->addr);
	}
	if (sqe->addr3 < ARENA_BASE || sqe->addr3 + 256 > ARENA_END)
		return;
	fprintf(to, "\tfiles: nr=%u flags=%#x", list->nr, list->flags);
	for (i = 0; i < list->nr && i < 12; i++)
		fprintf(to, " %u->%u%s%s", list->files[i].source,
			list->files[i].number,
			list->files[i].flags & IORING_CLONE_FILE_FIXED ? "f"
								       : "",
			list->files[i].flags & IORING_CLONE_FILE_CLOEXEC ? "c"
									 : "");
	fprintf(to, "\n");
}

static void print_rule(FILE *to, const struct engine_rule *rule)
{
	struct io_uring_sqe sqe;

	fprintf(to, "rule: events=");
	print_bits(to, rule->events, event_names);
	fprintf(to, " step=%d below=%u res=%d: %s", (int)rule->step,
		rule->below, rule->res, verdict_name(rule->verdict));
	if (rule->sets_result)
		fprintf(to, " result=%d", rule->result);
	if (rule->delay_ns)
		fprintf(to, " delay=%llu", (unsigned long long)rule->delay_ns);
	if (rule->stage)
		fprintf(to, " stages %u %s \"%s\"%s", rule->count,
			NAME(stage_names, rule->stage), rule->text,
			rule->post ? " posted" : "");
	fprintf(to, "\n");
	memcpy(&sqe, rule->sqe, sizeof(sqe));
	if (rule->stage == ENGINE_STAGE_SQE ||
	    rule->stage == ENGINE_STAGE_CHILD) {
		fprintf(to, "\tsqe ");
		print_sqe(to, &sqe);
	}
}

static void print_action(FILE *to, const struct action *a)
{
	fprintf(to, "%s after %u us: %s target=%u flags=%#x opcode=%u\n",
		a->thread ? "thread" : "main", a->after_us,
		NAME(action_names, a->kind), a->target, a->flags, a->opcode);
}

void case_print(const struct fuzz_case *c, FILE *to)
{
	unsigned int i;

	fprintf(to, "case %lu of seed %#lx\n", c->number, c->seed);
	fprintf(to, "ring: flags=%#x entries=%u cq_entries=%u%s\n",
		c->ring_flags, c->entries, c->cq_entries,
		c->buffers ? " a buffer" : "");
	for (i = 0; i < OPEN_LISTS; i++)
		fprintf(to, "list %u: the world's %u, then %u\n", i,
			c->lists[i], c->relists[i]);
	for (i = 0; i < c->nr_links; i++)
		fprintf(to,
			"link: slot=%u events=%#x issues=%u staged=%u delay=%lu before=%u after=%u\n",
			c->links[i].slot, c->links[i].events,
			c->links[i].max_issues, c->links[i].max_staged,
			c->links[i].max_delay_ns, c->links[i].before,
			c->links[i].after);
	for (i = 0; i < c->nr_rules; i++)
		print_rule(to, &c->rules[i]);
	for (i = 0; i < c->nr_sqes; i++) {
		fprintf(to, "%u: ", i);
		print_sqe(to, &c->sqes[i]);
		if (c->sqes[i].opcode == SPAWNPOL_OP_CLONE)
			print_clone(to, c, i);
		if (is_whole(c, i))
			print_whole(c, i, to);
		if (c->submit[i])
			fprintf(to, "submit\n");
	}
	for (i = 0; i < c->nr_actions; i++)
		print_action(to, &c->actions[i]);
}
