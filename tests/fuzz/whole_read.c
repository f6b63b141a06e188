// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A model of what IORING_OP_SPAWN imports (docs/abi.md, section 9): what can be
 * read, and what is wrong with it. In which order the kernel looks is its own
 * affair, so all that is wrong is a reason.
 */
#include "whole_model.h"
#include "../lib/link_sqe.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SIZE_VER0 112
#define MAX_SIZE 4096
#define MAX_IMPORT (512 * 1024)

static void must(struct whole *w, int error)
{
	w->must.has[error] = true;
}

static void may(struct whole *w, int error)
{
	w->may.has[error] = true;
}

/* Only SPAWN can have this fault. */
static void must_alone(struct whole *w, int error)
{
	must(w, error);
	w->unlike_links = true;
}

/* How much of it is there. */
static size_t readable(uint64_t addr, size_t size)
{
	if (addr < ARENA_BASE || addr >= ARENA_END)
		return 0;
	return size < ARENA_END - addr ? size : ARENA_END - addr;
}

/* Text of less than @size bytes, or NULL. */
static const char *read_text(struct whole *w, uint64_t addr, size_t size,
			     int too_long)
{
	size_t room = readable(addr, size);
	const char *text = (const char *)addr;

	if (room && strnlen(text, room) < room)
		return text;
	must(w, room == size ? too_long : EFAULT);
	return NULL;
}

/* --- the request, and the structure --------------------------------------------- */

static void check_request(struct whole *w, const struct fuzz_case *c)
{
	const struct io_uring_sqe *sqe = w->sqe;

	if (sqe->fd || sqe->off || sqe->addr3 || sqe->__pad2[0] ||
	    sqe->buf_index || sqe->file_index || sqe->rw_flags ||
	    sqe->personality || sqe->ioprio ||
	    sqe->flags & (IOSQE_FIXED_FILE | 1 << 7) ||
	    c->ring_flags & IORING_SETUP_IOPOLL)
		must_alone(w, EINVAL);
	if (sqe->flags & IOSQE_BUFFER_SELECT)
		must_alone(w, EOPNOTSUPP);
}

static bool read_arg(struct whole *w)
{
	uint64_t addr = w->sqe->addr;
	size_t size = w->sqe->len, i;
	int error = 0;

	if (size < SIZE_VER0)
		error = EINVAL;
	else if (size > MAX_SIZE)
		error = E2BIG;
	else if (readable(addr, size) < size)
		error = EFAULT;
	if (error) {
		must_alone(w, error);
		return false;
	}
	memcpy(&w->arg, (void *)addr,
	       size < sizeof(w->arg) ? size : sizeof(w->arg));
	for (i = sizeof(w->arg); i < size; i++)
		if (((const char *)addr)[i])
			must_alone(w, E2BIG);
	return true;
}

/* CLONE would say so of its flags, too. */
static bool contradicts_itself(const struct io_uring_spawn *arg)
{
	unsigned int keep = arg->flags & IORING_SPAWN_KEEP;
	unsigned int in = arg->flags & IORING_SPAWN_CHILD;
	unsigned int copy = arg->flags & IORING_SPAWN_COPY;

	if (in && copy)
		return true;
	if (in || copy ? !arg->child || arg->child > INT_MAX : arg->child)
		return true;
	if (keep ? arg->keep_ns > INT64_MAX : arg->keep_ns)
		return true;
	if (copy && arg->clone_args)
		return true;
	return keep && ((arg->path && !in) ||
			(!in && !copy && !(arg->flags & IORING_SPAWN_FILES)));
}

static bool says_of_no_program(const struct io_uring_spawn *arg)
{
	return arg->flags & IORING_SPAWN_REGISTERED || arg->search || arg->shell ||
	       arg->argv || arg->envp || arg->dfd || arg->exec_flags;
}

static void check_kept(struct whole *w)
{
	const struct io_uring_spawn *arg = &w->arg;

	w->no_program = !arg->path &&
			arg->flags & (IORING_SPAWN_KEEP | IORING_SPAWN_CHILD);
	if (contradicts_itself(arg)) {
		must(w, EINVAL);
		/* without such a flag CLONE has no place to say it */
		w->unlike_links |= !(arg->flags & CLONE_KEPT_FLAGS);
	}
	if (arg->resv || (w->no_program && says_of_no_program(arg)))
		must_alone(w, EINVAL);
}

static void check_numbers(struct whole *w)
{
	const struct io_uring_spawn *arg = &w->arg;

	if (arg->flags & ~(IORING_SPAWN_NEED_POLICY | IORING_SPAWN_FILES |
			   IORING_SPAWN_AS_IS | IORING_SPAWN_REGISTERED |
			   CLONE_KEPT_FLAGS))
		must_alone(w, EINVAL);
	check_kept(w);
	w->registered = arg->flags & IORING_SPAWN_REGISTERED;
	if (w->registered && arg->search >= OPEN_LISTS)
		must_alone(w, arg->search < IORING_SPAWN_SEARCHES ? ENXIO : EINVAL);
	if (arg->slot >= IORING_SPAWN_SLOTS ||
	    arg->exec_flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		must(w, EINVAL);
	if (!(arg->flags & IORING_SPAWN_FILES) && arg->files)
		must(w, EINVAL);
	if (!arg->clone_args && arg->clone_args_size)
		must(w, EINVAL);
	if ((arg->search || w->registered || arg->shell) &&
	    (arg->exec_flags || arg->dfd != AT_FDCWD))
		must_alone(w, EINVAL);
	if (arg->timeout_ns > INT64_MAX)
		must_alone(w, EINVAL);
	/* what clone3(2) says of its attributes is not modelled */
	if (arg->clone_args) {
		may(w, EINVAL);
		may(w, E2BIG);
		may(w, EFAULT);
	}
}

static void check_report(struct whole *w)
{
	const struct io_uring_spawn_report *report = (void *)w->arg.report;

	if (!w->arg.report)
		return;
	if (readable(w->arg.report, 4) < 4)
		must_alone(w, EFAULT);
	else if (report->size < sizeof(*report))
		must_alone(w, EINVAL);
}

/* --- steps ---------------------------------------------------------------------- */

static bool has_path(unsigned int cmd)
{
	return cmd == IORING_CHILD_CHDIR || cmd == IORING_CHILD_OPEN ||
	       cmd == IORING_CHILD_CHROOT;
}

static size_t check_step(struct whole *w,
			 const struct io_uring_spawn_step *step)
{
	const char *path;

	if (step->flags & ~(IORING_SPAWN_STEP_FIXED |
			    IORING_SPAWN_STEP_MAY_FAIL) ||
	    step->resv)
		must_alone(w, EINVAL);
	if (step->cmd >= IORING_CHILD_LAST) {
		must(w, EOPNOTSUPP);
		return 0;
	}
	if (step->flags & IORING_SPAWN_STEP_FIXED &&
	    step->cmd != IORING_CHILD_DUP)
		must(w, EINVAL);
	/* the fields of each command: the links know */
	may(w, EINVAL);
	if (!has_path(step->cmd))
		return 0;
	path = read_text(w, step->addr, PATH_MAX, ENAMETOOLONG);
	if (path && !path[0])
		must(w, ENOENT);
	return path ? strlen(path) + 1 : 0;
}

static void check_steps(struct whole *w)
{
	size_t size = sizeof(*w->steps) * w->arg.nr_steps, there;
	size_t paths = 0;
	unsigned int i;

	if (w->arg.nr_steps > WHOLE_MAX_STEPS) {
		must_alone(w, E2BIG);
		return;
	}
	there = readable(w->arg.steps, size);
	if (there < size)
		must_alone(w, EFAULT);
	w->steps = (void *)w->arg.steps;
	w->nr_steps = there / sizeof(*w->steps);
	for (i = 0; i < w->nr_steps; i++)
		paths += check_step(w, &w->steps[i]);
	/* just how much else is counted, the kernel may choose */
	if (paths > MAX_IMPORT)
		must_alone(w, E2BIG);
	else if (paths + 2 * size + 2 * PATH_MAX + WHOLE_MAX_LIST > MAX_IMPORT)
		may(w, E2BIG);
}

/* --- the program ------------------------------------------------------------------ */

/* Directories that are not there are left out where a list is registered. */
static bool is_candidate(const struct whole *w, const char *element)
{
	char *dir = strndup(element, strcspn(element, ":"));
	struct stat st;
	bool is_dir = !stat(dir, &st) && S_ISDIR(st.st_mode);

	free(dir);
	return is_dir || !w->registered;
}

/* The next one, from @at on, or NULL. */
static const char *next_element(const struct whole *w, const char *at)
{
	while (at && !is_candidate(w, at)) {
		at = strchr(at, ':');
		at = at ? at + 1 : NULL;
	}
	return at;
}

static const char *element(const struct whole *w, unsigned int nr)
{
	const char *at = next_element(w, w->list);

	while (at && nr--) {
		at = strchr(at, ':');
		at = at ? next_element(w, at + 1) : NULL;
	}
	return at;
}

static unsigned int count_elements(const struct whole *w)
{
	unsigned int nr = 0;

	while (element(w, nr))
		nr++;
	return nr;
}

static void read_list(struct whole *w, const struct fuzz_case *c)
{
	if (w->registered) {
		if (w->arg.search < OPEN_LISTS)
			w->list = world_list(c->lists[w->arg.search]);
		return;
	}
	w->list = read_text(w, w->arg.search, WHOLE_MAX_LIST, E2BIG);
	if (w->list && !w->list[0])
		must(w, EINVAL);
	if (!w->list || !w->list[0])
		w->unlike_links = true;
}

static void check_search(struct whole *w, const struct fuzz_case *c)
{
	if (!w->arg.search && !w->registered)
		return;
	read_list(w, c);
	if (!w->path || strchr(w->path, '/') || !w->list)
		return;
	if (!w->path[0])
		must_alone(w, ENOENT);
	if (strlen(w->path) > WHOLE_MAX_NAME)
		must_alone(w, ENAMETOOLONG);
	w->searches = true;
	w->nr_candidates = count_elements(w);
}

static void check_program(struct whole *w, const struct fuzz_case *c)
{
	w->nr_candidates = 1;
	if (w->no_program)
		return;
	w->path = read_text(w, w->arg.path, PATH_MAX, ENAMETOOLONG);
	/* if it is no name to look for, it may be said when it is executed */
	if (w->path && !w->path[0] && !(w->arg.exec_flags & AT_EMPTY_PATH))
		may(w, ENOENT);
	if (w->arg.shell)
		w->shell = read_text(w, w->arg.shell, PATH_MAX, ENAMETOOLONG);
	if (w->shell && !w->shell[0])
		may(w, ENOENT);
	if (w->arg.shell && !w->shell)
		w->unlike_links = true;
	check_search(w, c);
}

void whole_read(const struct fuzz_case *c, unsigned int at, struct whole *w)
{
	memset(w, 0, sizeof(*w));
	w->sqe = &c->sqes[at];
	check_request(w, c);
	if (!read_arg(w))
		return;
	check_numbers(w);
	check_report(w);
	check_steps(w);
	check_program(w, c);
}

bool whole_has_report(const struct whole *w)
{
	const struct io_uring_spawn_report *report = (void *)w->arg.report;

	return readable(w->arg.report, sizeof(*report)) == sizeof(*report) &&
	       report->size >= sizeof(*report);
}

bool whole_candidate(const struct whole *w, unsigned int nr, char *path)
{
	const char *from;
	size_t len;

	if (!w->searches) {
		strcpy(path, w->path);
		return true;
	}
	from = element(w, nr);
	len = strcspn(from, ":");
	if (len + 1 + strlen(w->path) + 1 > PATH_MAX)
		return false;
	memcpy(path, from, len);
	if (len)
		path[len++] = '/';
	strcpy(path + len, w->path);
	return true;
}

int whole_offset(const struct whole *w, unsigned int nr)
{
	return element(w, nr) - w->list;
}

bool whole_is_kept(const struct fuzz_case *c, unsigned int at)
{
	static struct whole w;

	memset(&w, 0, sizeof(w));
	w.sqe = &c->sqes[at];
	return read_arg(&w) && w.arg.flags & CLONE_KEPT_FLAGS;
}

bool whole_has_program(const struct fuzz_case *c, unsigned int at)
{
	static struct whole w;

	memset(&w, 0, sizeof(w));
	w.sqe = &c->sqes[at];
	return read_arg(&w) && w.arg.path;
}

bool clone_is_kept(const struct fuzz_case *c, unsigned int at,
		   struct io_uring_clone_kept *kept)
{
	const struct io_uring_sqe *sqe = &c->sqes[at];

	memset(kept, 0, sizeof(*kept));
	if (sqe->opcode != SPAWNPOL_OP_CLONE || c->noise[at] ||
	    !(sqe->rw_flags & CLONE_KEPT_FLAGS))
		return false;
	if (sqe->len >= sizeof(*kept) &&
	    readable(sqe->addr, sizeof(*kept)) == sizeof(*kept))
		memcpy(kept, (void *)sqe->addr, sizeof(*kept));
	return true;
}
