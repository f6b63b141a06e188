// SPDX-License-Identifier: GPL-2.0
/*
 * Searches for a bare program name in /opt/bin, then in /usr/bin.
 *
 * The kernel issues the requests that one run stages in order, up to the first that fails.
 * They are not alternatives: a second directory staged along with the first would be tried
 * only after a success. So each run stages one candidate, and the run for the event STAGED
 * stages the next one if the program was not there.
 *
 * It leaves out two things that execvp does: it does not report an EACCES of an earlier
 * directory at the end, and does not pass a file that is no program to the shell. The
 * default policy does both.
 */
#include <spawnpol_policy.h>

/* Without this event, the kernel issues the bare name before it asks the policy. */
SPAWNPOL_EVENTS(IORING_POLICY_BEFORE_EXEC);

#define NEXT		0	/* the word of scratch that has the next directory's number */
#define NAME_SIZE	256	/* a file's name has at most 255 bytes */

/* Stage the candidate in the directory with this number. -ENOENT: no more directories. */
static int stage_candidate(struct bpf_iouring_ctx *ctx, __u64 number)
{
	/* on the stack: kernel functions take no string literals */
	char own[] = "/opt/bin", usual[] = "/usr/bin";

	switch (number) {
	case 0:
		return bpf_iouring_stage_exec_dir(ctx, own, sizeof(own));
	case 1:
		return bpf_iouring_stage_exec_dir(ctx, usual, sizeof(usual));
	default:
		return -ENOENT;
	}
}

/* A name with a slash is a path and not searched for. */
static bool is_bare(struct bpf_iouring_ctx *ctx)
{
	char name[NAME_SIZE] = {};

	/* an empty name executes a descriptor; a longer one cannot exist */
	if (bpf_iouring_exec_name(ctx, name, sizeof(name)) <= 0)
		return false;
	for (int i = 0; i < NAME_SIZE && name[i]; i++)
		if (name[i] == '/')
			return false;
	return true;
}

static int try_next(struct bpf_iouring_ctx *ctx, __u64 number)
{
	int err = stage_candidate(ctx, number);

	if (!err) {
		ctx->scratch[NEXT] = number + 1;
		return IORING_VERDICT_SUBMIT;
	}
	/* report the last candidate's error; before the first, CONTINUE would issue the name */
	if (ctx->event == IORING_POLICY_STAGED)
		return IORING_VERDICT_CONTINUE;
	bpf_iouring_set_result(ctx, err);
	return IORING_VERDICT_ABORT;
}

SPAWNPOL_POLICY(search_dirs)(struct bpf_iouring_ctx *ctx)
{
	if (ctx->opcode != SPAWNPOL_OP_EXEC)
		return IORING_VERDICT_CONTINUE;
	switch (ctx->event) {
	case IORING_POLICY_BEFORE_EXEC:
		/* relative to an open directory, or a candidate of the launcher's search */
		if (ctx->flags & (IORING_POLICY_F_EXEC_AT | IORING_POLICY_F_SEARCH))
			break;
		if (is_bare(ctx))
			return try_next(ctx, 0);
		break;
	case IORING_POLICY_STAGED:
		if (ctx->res == -ENOENT || ctx->res == -ENOTDIR ||
		    ctx->res == -EACCES)
			return try_next(ctx, ctx->scratch[NEXT]);
		break;
	}
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
