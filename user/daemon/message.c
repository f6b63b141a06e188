// SPDX-License-Identifier: LGPL-2.1-or-later
/* A request in the making, on the client's side. */
#include "message.h"
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void message_init(struct message *m)
{
	memset(m, 0, sizeof(*m));
	m->head.magic = SPD_MAGIC;
	for (; m->nr_fds < SPD_NR_STREAMS; m->nr_fds++)
		m->fds[m->nr_fds] = m->nr_fds;
}

static int put_word(struct message *m, const char *text, size_t size)
{
	if (sizeof(m->words) - m->words_size < size)
		return -E2BIG;
	memcpy(m->words + m->words_size, text, size);
	m->words_size += size;
	return 0;
}

/* A file, or @N for a descriptor that is open already. */
static int open_file(const char *file, int flags)
{
	char *end;
	long fd;

	if (*file == '@') {
		fd = strtol(file + 1, &end, 10);
		if (end == file + 1 || *end || fd < 0 || fd > INT32_MAX)
			return -EINVAL;
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	} else {
		fd = open(file, flags | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

/* Its number in the child takes the place of the file's name. */
static int put_opened(struct message *m, const char *file, int flags)
{
	char number[16];
	int fd;

	if (m->nr_fds == SPD_MAX_FDS)
		return -E2BIG;
	fd = open_file(file, flags);
	if (fd < 0)
		return fd;
	m->fds[m->nr_fds] = fd;
	snprintf(number, sizeof(number), "%d", m->nr_fds++);
	return put_word(m, number, strlen(number) + 1);
}

static int put_contents(struct message *m, const char *file)
{
	unsigned char bytes[4096];
	char digits[3];
	int fd = open_file(file, O_RDONLY), err = 0;
	ssize_t len;

	if (fd < 0)
		return fd;
	do {
		len = read(fd, bytes, sizeof(bytes));
		if (len < 0)
			err = -errno;
		for (ssize_t i = 0; i < len && !err; i++) {
			snprintf(digits, sizeof(digits), "%02x", bytes[i]);
			err = put_word(m, digits, 2);
		}
	} while (len > 0 && !err);
	close(fd);
	return err ?: put_word(m, "", 1);
}

/* The last operand, which is the only one that can be a file. */
static int put_last(struct message *m, const struct operand *o, const char *text)
{
	switch (o->type->client) {
	case OPENED:
		return put_opened(m, text, O_RDONLY);
	case OPENED_AS_PATH:
		return put_opened(m, text, O_PATH);
	case CONTENTS:
		return put_contents(m, text);
	default:
		return put_word(m, text, strlen(text) + 1);
	}
}

int message_add(struct message *m, const struct word *w, const char *operands)
{
	const int nr = word_operands(w);
	const char *last = operands;
	const char *colon;

	if (m->head.nr_words == SPD_MAX_WORDS)
		return -E2BIG;
	m->head.nr_words++;
	if (!operands)
		return put_word(m, w->name, strlen(w->name) + 1);
	for (int i = 1; i < nr; i++) {
		colon = strchr(last, ':');
		/* the daemon says best what is missing */
		if (!colon)
			return put_word(m, w->name, strlen(w->name)) ?:
			       put_word(m, " ", 1) ?:
			       put_word(m, operands, strlen(operands) + 1);
		last = colon + 1;
	}
	return put_word(m, w->name, strlen(w->name)) ?: put_word(m, " ", 1) ?:
	       put_word(m, operands, last - operands) ?:
	       put_last(m, &w->operands[nr - 1], last);
}

static int put(struct message *m, const void *data, size_t size)
{
	if (sizeof(m->bytes) - m->size < size)
		return -E2BIG;
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
	int err;

	while (argv[m->head.nr_args])
		m->head.nr_args++;
	if (m->head.nr_args > SPD_MAX_ARGS)
		return -E2BIG;
	err = put(m, &m->head, sizeof(m->head)) ?: put_string(m, argv[0]);
	for (uint32_t i = 0; i < m->head.nr_args && !err; i++)
		err = put_string(m, argv[i]);
	return err ?: put(m, m->words, m->words_size);
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
		.cmsg_len = CMSG_LEN(m->nr_fds * sizeof(int)),
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
	memcpy(CMSG_DATA(&control.head), m->fds, m->nr_fds * sizeof(int));
	/* a daemon that does not want to talk (EPIPE) may have said why */
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0 || errno == EPIPE)
		return fd;
	err = -errno;
	close(fd);
	return err;
}
