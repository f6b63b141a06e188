// SPDX-License-Identifier: LGPL-2.1-or-later
/* Actions: the child's descriptors and its place in the file system. */
#include <errno.h>
#include <fcntl.h>

#include "action.h"

int spawnpol_chain_open(struct spawnpol_chain *chain, int fd, const char *path,
			int flags, mode_t mode)
{
	/* as open(2): the mode of a file that is not created is not looked at */
	bool creates = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;

	if (fd < 0)
		return action_refuse(chain, -EBADF);
	return action_add_path(chain, SPAWNPOL_KIND_OPEN,
			       ACTION(IORING_CHILD_OPEN, .fd = AT_FDCWD,
				      .off = fd, .open_flags = flags,
				      .addr3 = creates ? mode & 07777 : 0),
			       path);
}

static int add_dup(struct spawnpol_chain *chain, enum spawnpol_kind kind,
		   int from, int to, unsigned int flags)
{
	if (from < 0 || to < 0)
		return action_refuse(chain, -EBADF);
	return action_add(chain, kind,
			  ACTION(IORING_CHILD_DUP, .fd = from, .off = to,
				 .flags = flags));
}

int spawnpol_chain_dup(struct spawnpol_chain *chain, int from, int to)
{
	return add_dup(chain, SPAWNPOL_KIND_DUP, from, to, 0);
}

int spawnpol_chain_install(struct spawnpol_chain *chain, unsigned int index,
			   int to)
{
	return add_dup(chain, SPAWNPOL_KIND_INSTALL, index, to, IOSQE_FIXED_FILE);
}

int spawnpol_chain_cloexec(struct spawnpol_chain *chain, int fd, bool on)
{
	if (fd < 0)
		return action_refuse(chain, -EBADF);
	return action_add(chain, SPAWNPOL_KIND_CLOEXEC,
			  ACTION(IORING_CHILD_DUP, .fd = fd, .off = fd,
				 .rw_flags = on ? O_CLOEXEC : 0));
}

int spawnpol_chain_close(struct spawnpol_chain *chain, int fd)
{
	if (fd < 0)
		return action_refuse(chain, -EBADF);
	return action_add(chain, SPAWNPOL_KIND_CLOSE,
			  &(struct io_uring_sqe){ .opcode = IORING_OP_CLOSE,
						  .fd = fd });
}

int spawnpol_chain_close_range(struct spawnpol_chain *chain, unsigned int first,
			       unsigned int last)
{
	if (first > last)
		return action_refuse(chain, -EINVAL);
	return action_add(chain, SPAWNPOL_KIND_CLOSE_RANGE,
			  ACTION(IORING_CHILD_CLOSE_RANGE, .fd = (int)first,
				 .off = last));
}

int spawnpol_chain_close_except(struct spawnpol_chain *chain, const int *fds,
				size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (fds[i] < 0)
			return action_refuse(chain, -EBADF);
	}
	return action_add_data(chain, SPAWNPOL_KIND_CLOSE_EXCEPT,
			       ACTION(IORING_CHILD_CLOSE_EXCEPT, .off = nr),
			       fds, nr * sizeof(*fds));
}

int spawnpol_chain_chdir(struct spawnpol_chain *chain, const char *path)
{
	return action_add_path(chain, SPAWNPOL_KIND_CHDIR,
			       ACTION(IORING_CHILD_CHDIR, .fd = AT_FDCWD),
			       path);
}

int spawnpol_chain_fchdir(struct spawnpol_chain *chain, int fd)
{
	if (fd < 0)
		return action_refuse(chain, -EBADF);
	return action_add(chain, SPAWNPOL_KIND_FCHDIR,
			  ACTION(IORING_CHILD_FCHDIR, .fd = fd));
}

int spawnpol_chain_chroot(struct spawnpol_chain *chain, const char *path)
{
	return action_add_path(chain, SPAWNPOL_KIND_CHROOT,
			       ACTION(IORING_CHILD_CHROOT, .fd = AT_FDCWD),
			       path);
}

int spawnpol_chain_umask(struct spawnpol_chain *chain, mode_t mask)
{
	if (mask & ~0777U)
		return action_refuse(chain, -EINVAL);
	return action_add(chain, SPAWNPOL_KIND_UMASK,
			  ACTION(IORING_CHILD_UMASK, .off = mask));
}
