// SPDX-License-Identifier: GPL-2.0
/*
 * IORING_OP_EXEC: the step that turns the child of a chain into a program.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/namei.h>
#include <linux/security.h>
#include <linux/slab.h>

#include <uapi/linux/io_uring.h>

#include "../fs/internal.h"

#include "io_uring.h"
#include "call.h"
#include "chain.h"
#include "exec.h"
#include "kept.h"
#include "name.h"
#include "report.h"
#include "search.h"
#include "search_dirs.h"

#include <trace/events/io_uring_spawn.h>

struct io_exec {
	struct file			*file;
	struct filename			*path;
	struct filename			*script;	/* or NULL */
	const void __user		*argv;
	const void __user		*envp;
	struct io_search		*list;		/* where path is looked for, or NULL */
	int				dfd;
	u32				flags;		/* AT_* */
	bool				search;		/* IORING_EXEC_SEARCH */
	bool				as_is;		/* IORING_SPAWN_AS_IS */
};

/* What one execveat() is of. */
struct io_exec_what {
	struct filename			*path;
	struct filename			*script;	/* executed by path, or NULL */
};

int io_exec_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);
	u16 ioprio = READ_ONCE(sqe->ioprio);
	struct filename *path;

	ex->path = NULL;
	ex->script = NULL;
	ex->list = NULL;
	if (sqe->len || sqe->buf_index || sqe->file_index || sqe->__pad2[0])
		return -EINVAL;
	if (READ_ONCE(sqe->personality) || req->flags & REQ_F_FIXED_FILE)
		return -EINVAL;

	ex->dfd = READ_ONCE(sqe->fd);
	ex->argv = u64_to_user_ptr(READ_ONCE(sqe->addr2));
	ex->envp = u64_to_user_ptr(READ_ONCE(sqe->addr3));
	ex->flags = READ_ONCE(sqe->exec_flags);
	if (ex->flags & ~IO_EXEC_FLAGS || ioprio & ~IO_EXEC_IOPRIO)
		return -EINVAL;
	ex->search = ioprio & IORING_EXEC_SEARCH;
	ex->as_is = false;

	path = io_name_import(READ_ONCE(sqe->addr));
	if (IS_ERR(path))
		return PTR_ERR(path);
	ex->path = path;
	req->flags |= REQ_F_NEED_CLEANUP;
	return 0;
}

void io_exec_cleanup(struct io_kiocb *req)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	io_search_free(ex->list);
	io_name_put(ex->path);
	io_name_put(ex->script);
}

/* What it has tried last, or is to try first. */
static struct filename *io_exec_at_name(const struct io_exec *ex)
{
	return ex->list && ex->list->at ? ex->list->at : ex->path;
}

const char *io_exec_path(struct io_kiocb *req)
{
	return io_exec_at_name(io_kiocb_to_cmd(req, struct io_exec))->name;
}

const char *io_exec_own_path(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_exec)->path->name;
}

struct filename *io_exec_name(struct io_kiocb *req)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	/* the place of a candidate is used again */
	return ex->list ? NULL : ex->path;
}

u32 io_exec_flags(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_exec)->flags;
}

bool io_exec_at(struct io_kiocb *req)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	return ex->dfd >= 0 && ex->path->name[0] != '/';
}

bool io_exec_searches(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_exec)->search;
}

bool io_exec_is_search(struct io_kiocb *req)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	return ex->search || ex->as_is || (ex->list && ex->list->list);
}

bool io_exec_is_script(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_exec)->script;
}

struct filename *io_exec_full_name(struct io_kiocb *req)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);
	const char *path;
	char dir[32];
	int len;

	if (ex->list && ex->list->list) {
		path = io_exec_path(req);
		return io_name_make(path, strlen(path), NULL);
	}
	if (!io_exec_at(req))
		return io_name_get(ex->path);
	len = scnprintf(dir, sizeof(dir), "/dev/fd/%d", ex->dfd);
	return io_name_make(dir, len, ex->path->name[0] ? ex->path->name : NULL);
}

void io_exec_init_staged(struct io_kiocb *req, struct io_kiocb *of,
			 struct filename *path, struct filename *script)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	*ex = *io_kiocb_to_cmd(of, struct io_exec);
	ex->file = NULL;
	ex->path = path;
	ex->script = script;
	ex->list = NULL;
	ex->search = false;
	ex->dfd = AT_FDCWD;
	ex->flags = 0;
	req->flags |= REQ_F_NEED_CLEANUP;
}

int io_exec_init_search(struct io_kiocb *req, struct io_kiocb *of,
			struct filename *list)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);
	struct filename *name = io_kiocb_to_cmd(of, struct io_exec)->path;
	struct io_search *search;

	search = io_search_make(name, list);
	if (IS_ERR(search))
		return PTR_ERR(search);
	io_exec_init_staged(req, of, io_name_get(name), NULL);
	ex->list = search;
	/* a name with a slash: as the EXEC itself would find it */
	if (!search->list) {
		ex->dfd = io_kiocb_to_cmd(of, struct io_exec)->dfd;
		ex->flags = io_exec_flags(of);
	}
	return 0;
}

void io_exec_pause(struct io_kiocb *req, bool pauses)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	if (ex->list)
		ex->list->pauses = pauses;
}

/*
 * Whether the program is likely not to be there: the request is one attempt of
 * several. It is looked up first then, and nothing is made for it before it is
 * found. Audit would take what is found for one more name.
 */
static bool io_exec_may_miss(struct io_kiocb *req, struct io_exec *ex)
{
	return (ex->search || req->flags & REQ_F_HARDLINK ||
		(ex->list && ex->list->list) ||
		req->chain->step.attempt > 1) &&
	       ex->path->name[0] && audit_dummy_context();
}

static int io_exec_find(struct io_exec *ex, struct filename *name,
			struct path *found)
{
	unsigned int flags = LOOKUP_AUTOMOUNT;

	if (!(ex->flags & AT_SYMLINK_NOFOLLOW))
		flags |= LOOKUP_FOLLOW;
	if (io_search_is_open(ex->list, name))
		return io_search_find(ex->list, flags, found);
	return filename_lookup(ex->dfd, name, flags, found, NULL);
}

void io_exec_init(struct io_kiocb *req, const struct io_exec_args *args,
		  struct filename *path, struct io_search *search)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	*ex = (struct io_exec){
		.path	= path,
		.argv	= u64_to_user_ptr(args->argv),
		.envp	= u64_to_user_ptr(args->envp),
		.list	= search,
		.dfd	= args->dfd,
		.flags	= args->flags,
		.as_is	= args->as_is,
	};
}

/* --- what a file begins with that was not executed ------------------------------- */

void io_exec_forget_head(struct io_chain_policy *pol)
{
	if (likely(!pol->head))
		return;
	if (pol->head->file)
		fput(pol->head->file);
	kfree(pol->head);
	pol->head = NULL;
}

/* Whether the child could read the file: it opens it, for all who have a say. */
static int io_exec_may_read(struct file *file)
{
	struct file *opened;
	int ret;

	ret = inode_permission(file_mnt_idmap(file), file_inode(file),
			       MAY_OPEN | MAY_READ);
	if (ret)
		return ret;
	opened = dentry_open(&file->f_path, O_RDONLY | O_LARGEFILE | O_NONBLOCK,
			     current_cred());
	if (IS_ERR(opened))
		return PTR_ERR(opened);
	ret = security_file_post_open(opened, MAY_OPEN | MAY_READ);
	fput(opened);
	return ret;
}

/* Policies see of a file what the child may read of it. */
static void io_exec_check_head(struct spawn_head *head)
{
	int ret;

	ret = io_exec_may_read(head->file);
	if (ret) {
		head->len = ret;
		memset(head->bytes, 0, sizeof(head->bytes));
	}
	fput(head->file);
	head->file = NULL;
}

/* --- issue ------------------------------------------------------------------------ */

/* Consumes @found, which can be NULL. */
static int io_exec_run(struct io_kiocb *req, struct io_exec *ex,
		       const struct io_exec_what *what, const struct path *found)
{
	struct io_child_state *state = &req->chain->child_state;
	struct io_chain_policy *pol = &req->chain->pol;
	struct io_kept *kept = req->chain->kept;
	const char *const prefix[] = { what->path->name, what->script ?
				       what->script->name : NULL, NULL };
	struct spawn_exec exec = {
		.fd		= ex->dfd,
		.filename	= io_name_get(what->path),
		.found		= found,
		.argv		= ex->argv,
		.envp		= ex->envp,
		.compat		= req->ctx->compat,
		.flags		= ex->flags,
		.undumpable	= state->undumpable,
		.prefix		= what->script ? prefix : NULL,
		.head		= pol->policy ? &pol->head : NULL,
		.mm		= kept ? &kept->mm : &state->mm,
	};
	int ret;

	ret = spawn_execve(&exec);
	if (found)
		path_put(found);
	if (!ret)
		state->execed = true;
	else if (exec.committed)
		state->committed = true;
	else if (pol->head)
		io_exec_check_head(pol->head);
	return ret;
}

static int io_exec_try(struct io_kiocb *req, struct io_exec *ex,
		       const struct io_exec_what *what)
{
	struct path found;
	int ret;

	if (!what->path->name[0] && !(ex->flags & AT_EMPTY_PATH))
		return -ENOENT;

	io_name_audit(what->path);
	if (!io_exec_may_miss(req, ex) &&
	    !io_search_is_open(ex->list, what->path))
		return io_exec_run(req, ex, what, NULL);
	ret = io_exec_find(ex, what->path, &found);
	return ret ? ret : io_exec_run(req, ex, what, &found);
}

/* As the system call that EXEC stands in for. */
static int io_exec_call(struct io_kiocb *req, struct io_exec *ex,
			const struct io_exec_what *what)
{
	const void __user *uptr = what->path->uptr;
	const struct io_call call = {
		.nr		= IO_CALL_NR(execveat),
		.compat		= req->ctx->compat,
		.must_run	= true,
		.args		= { (u32)ex->dfd, uptr ? (u64)uptr : IO_CALL_NOWHERE,
				    (u64)ex->argv, (u64)ex->envp, ex->flags },
	};
	struct io_child_state *state = &req->chain->child_state;
	int ret;

	io_exec_forget_head(&req->chain->pol);
	if (io_call_enter(&call, &ret))
		ret = io_exec_try(req, ex, what);
	else if (io_call_killed())
		state->dead = true;
	if (state->execed)
		io_call_execed();
	else
		io_call_exit(&call, ret);
	io_name_audited(what->path);
	/* whoever issues it again has to know it for what it is */
	return ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK ? -EINTR : ret;
}

/* --- searching ------------------------------------------------------------------- */

/* As execvp() does, a file without a format is given to the shell. */
static int io_exec_candidate(struct io_kiocb *req, struct io_exec *ex)
{
	struct io_search *search = ex->list;
	struct io_exec_what what = { .path = search->at };
	int ret;

	ret = io_exec_call(req, ex, &what);
	if (ret != -ENOEXEC || !search->shell)
		return ret;
	what.path = search->shell;
	what.script = search->at;
	return io_exec_call(req, ex, &what);
}

/* One that was not found, and is not the last. */
static void io_exec_miss(struct io_chain *chain, struct io_kiocb *req,
			 const struct io_search *search)
{
	io_chain_tell(chain, req, search->staged, search->error, false);
	chain->step.attempt++;
	cond_resched();
}

/* A candidate has failed, and the search goes on. Returns whether it does so now. */
static bool io_exec_search_on(struct io_kiocb *req, struct io_search *search)
{
	struct io_chain *chain = req->chain;

	if (search->error == -EACCES && search->denied == search->here)
		search->denied_attempt = chain->step.attempt;
	if (!search->next)
		return false;
	search->paused = search->pauses;
	if (!search->paused)
		io_exec_miss(chain, req, search);
	return !search->paused;
}

static int io_exec_search(struct io_kiocb *req, struct io_exec *ex)
{
	struct io_search *search = ex->list;
	struct io_chain *chain = req->chain;
	int ret;

	do {
		ret = io_search_next(search);
		if (!ret)
			ret = io_exec_candidate(req, ex);
		search->error = ret;
		if (!ret || chain->child_state.committed ||
		    !io_search_missed(search, ret) || !io_chain_alive(chain))
			return ret;
	} while (io_exec_search_on(req, search));
	search->is_denied = search->denied && !search->paused;
	return search->is_denied ? -EACCES : ret;
}

void io_exec_tell(struct io_kiocb *req, bool staged, const struct io_result *result)
{
	struct io_search *search = io_kiocb_to_cmd(req, struct io_exec)->list;
	struct io_chain *chain = req->chain;

	if (!search || !search->is_denied) {
		io_chain_tell(chain, req, staged, result->res, result->failed);
		return;
	}
	/* the last candidate, and then the one whose error is the search's */
	io_chain_tell(chain, req, staged, search->error, false);
	io_search_show_denied(search);
	io_report_note(chain, req, staged, result->res, search->denied_attempt);
}

void io_exec_rewind(struct io_kiocb *req)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	if (ex->list)
		io_search_rewind(ex->list);
}

void io_exec_begin_again(struct io_kiocb *req)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	if (ex->list)
		ex->list->paused = false;
}

bool io_exec_paused(struct io_kiocb *req)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	return ex->list && ex->list->paused;
}

int io_exec(struct io_kiocb *req, unsigned int issue_flags)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);
	const struct io_exec_what what = {
		.path	= ex->path,
		.script	= ex->script,
	};
	int ret;

	if (!(issue_flags & IO_URING_F_CHILD))
		return -EINVAL;
	ret = ex->list ? io_exec_search(req, ex) : io_exec_call(req, ex, &what);
	req->chain->step.search_offset = ex->list ? io_search_offset(ex->list) : -1;
	io_req_set_res(req, ret, 0);
	return IOU_OK;
}
