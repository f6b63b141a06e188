// SPDX-License-Identifier: LGPL-2.1-or-later
/* Building a request, on the client's side. */
#include "message.h"
#include "socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int put(struct message *m, const void *data, size_t size)
{
	if (sizeof(m->bytes) - m->size < size)
		return -E2BIG;
	if (!size)
		return 0;
	memcpy(m->bytes + m->size, data, size);
	m->size += size;
	return 0;
}

static int put_string(struct message *m, const char *s)
{
	return put(m, s, strlen(s) + 1);
}

int message_finish(struct message *m, char **argv)
{
	struct spd_request head = {
		.magic = SPD_MAGIC,
		.nr_options = m->words.nr,
	};
	int err;

	while (argv[head.nr_args])
		head.nr_args++;
	if (head.nr_args > SPD_MAX_ARGS)
		return -E2BIG;
	err = put(m, &head, sizeof(head)) ?: put_string(m, argv[0]);
	for (uint32_t i = 0; i < head.nr_args && !err; i++)
		err = put_string(m, argv[i]);
	return err ?: put(m, m->words.text, m->words.size);
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr;
	int fd, err;

	fd = socket_for(path, &addr);
	if (fd < 0)
		return fd;
	if (!connect(fd, (void *)&addr, sizeof(addr)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int message_send(const struct message *m, const char *path)
{
	union {
		char space[CMSG_SPACE(SPD_MAX_FDS * sizeof(int))];
		struct cmsghdr head;
	} control = { .head = {
		.cmsg_len = CMSG_LEN(m->words.nr_fds * sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct iovec iov = { (char *)m->bytes, m->size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = control.head.cmsg_len,
	};
	int fd = connect_to(path), err;

	if (fd < 0)
		return fd;
	memcpy(CMSG_DATA(&control.head), m->words.fds, m->words.nr_fds * sizeof(int));
	/* a daemon that does not want to talk (EPIPE) may have said why */
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0 || errno == EPIPE)
		return fd;
	err = -errno;
	close(fd);
	return err;
}
