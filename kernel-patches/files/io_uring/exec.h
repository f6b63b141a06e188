/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_EXEC_H
#define IOU_EXEC_H

#include <linux/fcntl.h>
#include <linux/io_uring_types.h>
#include <uapi/linux/io_uring_spawn.h>

struct filename;
struct io_chain_policy;
struct io_result;
struct io_search;

struct io_exec_args {
	u64	argv;
	u64	envp;
	int	dfd;
	u32	flags;		/* AT_* */
	bool	as_is;		/* policies are not to look for the program */
};

/* what sqe->exec_flags and sqe->ioprio can hold */
#define IO_EXEC_FLAGS	(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)
#define IO_EXEC_IOPRIO	IORING_EXEC_SEARCH

int io_exec_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_exec(struct io_kiocb *req, unsigned int issue_flags);
void io_exec_cleanup(struct io_kiocb *req);

/*
 * Make @req, which is not the ring's, an EXEC of @path, looked for by @search if that
 * is not NULL. io_exec_cleanup() puts both.
 */
void io_exec_init(struct io_kiocb *req, const struct io_exec_args *args,
		  struct filename *path, struct io_search *search);

/* The path it has tried last, good as long as the request is, ... */
const char *io_exec_path(struct io_kiocb *req);
/* ... which is the request's, or NULL if it searches; AT_*. */
struct filename *io_exec_name(struct io_kiocb *req);
/* The path, or name, that it was made with. */
const char *io_exec_own_path(struct io_kiocb *req);
/* Whether a search has paused after a miss, and goes on when it is issued again. */
bool io_exec_paused(struct io_kiocb *req);
/* When it is issued again, it searches from the beginning, unless it has paused. */
void io_exec_rewind(struct io_kiocb *req);
/* ... also if it has paused. */
void io_exec_begin_again(struct io_kiocb *req);
u32 io_exec_flags(struct io_kiocb *req);
/* Whether the path is relative to an open file, or that file itself. */
bool io_exec_at(struct io_kiocb *req);
/* Whether it is one attempt of a search. */
bool io_exec_searches(struct io_kiocb *req);
/* Whether the launcher has looked, or looks, for the program itself. */
bool io_exec_is_search(struct io_kiocb *req);
/* It has ended: for the report and the tracepoint. A search has told of the others. */
void io_exec_tell(struct io_kiocb *req, bool staged, const struct io_result *result);
/* Whether an interpreter runs it as a script. */
bool io_exec_is_script(struct io_kiocb *req);
/* A reference to the path as the program could use it itself, or -ENOMEM. */
struct filename *io_exec_full_name(struct io_kiocb *req);
/*
 * Make @req an EXEC of @path with the arguments of @of, or one of @script by
 * the interpreter @path. The names are the request's from then on.
 */
void io_exec_init_staged(struct io_kiocb *req, struct io_kiocb *of,
			 struct filename *path, struct filename *script);
/* Make @req an EXEC of the program of @of, looked for in the directories of @list. */
int io_exec_init_search(struct io_kiocb *req, struct io_kiocb *of,
			struct filename *list);
/* Whether its search is to pause after each miss. */
void io_exec_pause(struct io_kiocb *req, bool pauses);
/* What the last EXEC has read of a file counts no more. */
void io_exec_forget_head(struct io_chain_policy *pol);

#endif
