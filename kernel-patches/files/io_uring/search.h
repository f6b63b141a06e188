/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looking for a program in the directories of a list, as execvp(3) and
 * posix_spawnp(3) do.
 */
#ifndef IOU_SEARCH_H
#define IOU_SEARCH_H

#include <linux/types.h>

struct filename;
struct io_search_dirs;

/* As much as one string of a program's environment can have. */
#define IO_SEARCH_MAX_LIST	131072

struct io_search {
	struct filename		*name;		/* what is looked for */
	size_t			name_size;	/* its NUL included */
	struct filename		*candidate;	/* room for a directory and it, or NULL */
	struct filename		*shell;		/* executes what has no format, or NULL */
	struct filename		*staged;	/* what the list is in: a policy's, or NULL */
	const char		*list;		/* or NULL: the name is the only candidate */
	size_t			list_size;	/* that is charged; its NUL included */
	struct io_search_dirs	*dirs;		/* what its directories are, if they are open */
	unsigned int		nr;		/* ... the one that is tried */
	const char		*next;		/* in the list; NULL: there is none */
	const char		*here;		/* the directory that is tried, or NULL */
	const char		*denied;	/* the first that could not be executed */
	unsigned int		denied_attempt;	/* ... its number among the step's requests */
	struct filename		*at;		/* the candidate that is tried */
	int			error;		/* ... and what has come of it */
	bool			begun;
	bool			again;		/* ... once more */
	bool			is_denied;	/* it has ended with the error of that one */
	bool			pauses;		/* after each miss ... */
	bool			paused;		/* ... as now */
	char			copy[];		/* of the list of user space, then candidate */
};

/*
 * Look for @name, which the caller keeps, in the directories of the policy's @list, or
 * of the list at the user address @addr, which is copied; 0: execute it as it is, as
 * one with a slash is. -EINVAL: the list is empty; -ENOENT: the name is; -E2BIG,
 * -EFAULT, -ENOMEM; -ENAMETOOLONG: a name that no directory can have.
 */
struct io_search *io_search_make(struct filename *name, struct filename *list);
struct io_search *io_search_import(struct filename *name, u64 addr);
/* ... in open directories. Consumes the reference to them, whatever comes of it. */
struct io_search *io_search_in(struct filename *name, struct io_search_dirs *dirs);
void io_search_free(struct io_search *search);

/* From the beginning, the next time, unless it has paused. */
void io_search_rewind(struct io_search *search);
/*
 * Make search->at the next candidate. Returns 0, -ENOENT if there is none, or
 * -ENAMETOOLONG: search->at is the name then.
 */
int io_search_next(struct io_search *search);
/* What a candidate has come to. Returns whether the search goes on. */
bool io_search_missed(struct io_search *search, int error);
/* Make search->at the first that could not be executed. */
void io_search_show_denied(struct io_search *search);

/* Where in the list the directory is that was tried last; -1: in none. */
int io_search_offset(const struct io_search *search);

/* Whether the program may be in the next directory: see execvp(3). */
bool io_search_goes_on(int error);

#endif
