// SPDX-License-Identifier: GPL-2.0
/*
 * IORING_OP_EXEC: the step that turns the child of a chain into a program.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/binfmts.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <uapi/linux/io_uring.h>

#include "io_uring.h"
#include "call.h"
#include "chain.h"
#include "exec.h"

struct io_exec {
	struct file			*file;
	char				*path;
	char				*script;	/* or NULL */
	const void __user		*argv;
	const void __user		*envp;
	u64				uaddr;		/* of path, for io_call */
	int				dfd;
	int				flags;		/* AT_* */
	bool				search;
};

char *io_import_path(u64 addr)
{
	const char __user *from = u64_to_user_ptr(addr);
	long size = strnlen_user(from, PATH_MAX);
	char *path;

	if (!size)
		return ERR_PTR(-EFAULT);
	if (size > PATH_MAX)
		return ERR_PTR(-ENAMETOOLONG);

	path = kmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!path)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(path, from, size)) {
		kfree(path);
		return ERR_PTR(-EFAULT);
	}
	/* it may have changed */
	path[size - 1] = '\0';
	return path;
}

int io_exec_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);
	char *path;
	u32 flags;

	ex->path = NULL;
	ex->script = NULL;
	if (sqe->len || sqe->buf_index || sqe->file_index || sqe->__pad2[0])
		return -EINVAL;
	if (READ_ONCE(sqe->personality) || req->flags & REQ_F_FIXED_FILE)
		return -EINVAL;

	ex->dfd = READ_ONCE(sqe->fd);
	ex->uaddr = READ_ONCE(sqe->addr);
	ex->argv = u64_to_user_ptr(READ_ONCE(sqe->addr2));
	ex->envp = u64_to_user_ptr(READ_ONCE(sqe->addr3));
	flags = READ_ONCE(sqe->exec_flags);
	if (flags & ~IO_EXEC_FLAGS)
		return -EINVAL;
	ex->flags = flags & ~IORING_EXEC_SEARCH;
	ex->search = flags & IORING_EXEC_SEARCH;

	path = io_import_path(ex->uaddr);
	if (IS_ERR(path))
		return PTR_ERR(path);
	ex->path = path;
	req->flags |= REQ_F_NEED_CLEANUP;
	return 0;
}

void io_exec_cleanup(struct io_kiocb *req)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	kfree(ex->path);
	kfree(ex->script);
}

const char *io_exec_path(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_exec)->path;
}

bool io_exec_at(struct io_kiocb *req)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	return ex->dfd >= 0 && ex->path[0] != '/';
}

bool io_exec_searches(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_exec)->search;
}

bool io_exec_is_script(struct io_kiocb *req)
{
	return io_kiocb_to_cmd(req, struct io_exec)->script;
}

char *io_exec_full_path(struct io_kiocb *req)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	if (!io_exec_at(req))
		return kstrdup(ex->path, GFP_KERNEL_ACCOUNT);
	if (!ex->path[0])
		return kasprintf(GFP_KERNEL_ACCOUNT, "/dev/fd/%d", ex->dfd);
	return kasprintf(GFP_KERNEL_ACCOUNT, "/dev/fd/%d/%s", ex->dfd, ex->path);
}

/* The same, of a request that will not be issued again. */
char *io_exec_take_path(struct io_kiocb *req)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);
	char *path = ex->path;

	if (io_exec_at(req))
		return io_exec_full_path(req);
	ex->path = NULL;
	return path;
}

void io_exec_init_staged(struct io_kiocb *req, struct io_kiocb *of, char *path,
			 char *script)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);

	*ex = *io_kiocb_to_cmd(of, struct io_exec);
	ex->file = NULL;
	ex->path = path;
	ex->script = script;
	ex->uaddr = 0;
	ex->dfd = AT_FDCWD;
	ex->flags = 0;
	req->flags |= REQ_F_NEED_CLEANUP;
}

static int io_exec_run(struct io_kiocb *req, struct io_exec *ex)
{
	const char *const prefix[] = { ex->path, ex->script, NULL };
	struct spawn_exec exec = {
		.fd		= ex->dfd,
		.argv		= ex->argv,
		.envp		= ex->envp,
		.compat		= req->ctx->compat,
		.flags		= ex->flags,
		.undumpable	= req->chain->undumpable,
		.prefix		= ex->script ? prefix : NULL,
	};
	int ret;

	if (!ex->path[0] && !(ex->flags & AT_EMPTY_PATH))
		return -ENOENT;

	exec.filename = getname_kernel(ex->path);
	if (IS_ERR(exec.filename))
		return PTR_ERR(exec.filename);
	ret = spawn_execve(&exec);
	if (!ret)
		req->chain->execed = true;
	else if (exec.committed)
		req->chain->committed = true;
	return ret;
}

/* As the system call that EXEC stands in for. */
static int io_exec_call(struct io_kiocb *req, struct io_exec *ex)
{
	const u64 args[6] = { ex->dfd, ex->uaddr, (u64)ex->argv, (u64)ex->envp,
			      ex->flags };
	struct io_call call;
	int ret;

	io_call_set(&call.data, req->ctx->compat, IO_CALL_NR(execveat), args);
	ret = io_call_begin(&call) ?: io_exec_run(req, ex);
	if (ret && !req->chain->committed)
		io_call_end(&call, ret);
	return ret;
}

int io_exec(struct io_kiocb *req, unsigned int issue_flags)
{
	struct io_exec *ex = io_kiocb_to_cmd(req, struct io_exec);
	int ret;

	if (!(issue_flags & IO_URING_F_CHILD))
		return -EINVAL;

	ret = io_exec_call(req, ex);
	if (ret < 0)
		req_set_fail(req);
	io_req_set_res(req, ret, 0);
	return IOU_OK;
}
