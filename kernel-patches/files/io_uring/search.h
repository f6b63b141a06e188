/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looking for a program in the directories of a list, as execvp(3) and
 * posix_spawnp(3) do.
 */
#ifndef IOU_SEARCH_H
#define IOU_SEARCH_H

#include <linux/types.h>

struct filename;

/* As much as one string of a program's environment can have. */
#define IO_SEARCH_MAX_LIST	131072

struct io_search {
	struct filename		*name;		/* what is looked for */
	struct filename		*candidate;	/* room for a directory and it, or NULL */
	struct filename		*shell;		/* executes what has no format, or NULL */
	const char		*list;		/* or NULL: the name is the only candidate */
	const char		*next;		/* in the list; NULL: there is none */
	const char		*denied;	/* the one that could not be executed */
	struct filename		*at;		/* the one that is tried */
	bool			begun;
	bool			again;		/* ... once more */
	bool			staged;		/* by a policy */
	bool			pauses;		/* after each miss ... */
	bool			paused;		/* ... as now */
};

/*
 * Look for @name, which the caller keeps. With @shell, which becomes the search's, a
 * file whose format is not known is executed by that. @list is copied; if @user says
 * so it is in user memory. -EINVAL: it is empty; -E2BIG, -EFAULT, -ENOMEM,
 * -ENAMETOOLONG: a name that no directory can have.
 */
struct io_search *io_search_make(struct filename *name, struct filename *shell,
				 const char *list);
struct io_search *io_search_import(struct filename *name, struct filename *shell,
				   u64 list);
void io_search_free(struct io_search *search);

/* From the beginning, the next time, unless it has paused. */
void io_search_rewind(struct io_search *search);
/*
 * Make search->at the next candidate. Returns 1, 0 if there is none, or
 * -ENAMETOOLONG.
 */
int io_search_next(struct io_search *search);
/* What a candidate has come to. Returns whether the search goes on. */
bool io_search_missed(struct io_search *search, int error);
/* The error of a search that has found nothing, and search->at whose that is. */
int io_search_result(struct io_search *search, int error);

/* Whether the program may be in the next directory: see execvp(3). */
bool io_search_goes_on(int error);

#endif
