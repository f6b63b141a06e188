// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpold-client: ask spawnpold for one program and wait for its end. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto.h"

#define EXIT_TROUBLE	125	/* with the daemon */
#define EXIT_CANNOT	126	/* the program could not be launched */
#define EXIT_NOT_FOUND	127

static const char help[] =
"usage: spawnpold-client [OPTION…] SOCKET PROGRAM [ARG…]\n"
"Have the spawnpold at SOCKET launch PROGRAM, with this program's standard\n"
"streams, and exit as it does (128 + signal if one killed it).\n"
"\n"
"  --stdin FILE     let the child open its standard input\n"
"  --stdout FILE    … output, created or truncated\n"
"  --stderr FILE    … error output, created or truncated\n"
"  --chdir DIR      let the child change to DIR\n"
"  --verbose        tell the pid\n"
"  --help           this text\n"
"\n"
"Options for the child take effect in the order given. Exit status if there is\n"
"no program's: 2 usage, 125 trouble with the daemon, 127 the program does not\n"
"exist, 126 it could not be launched for another reason.\n";

/* A request in the making; strings follow the actions. */
struct message {
	struct spd_request head;
	struct spd_action actions[SPD_MAX_ACTIONS];
	const char *paths[SPD_MAX_ACTIONS];
	char bytes[SPD_MAX_MESSAGE];
	size_t size;
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "spawnpold-client: %s: %s\n", what, strerror(-err));
	return EXIT_TROUBLE;
}

/* --- the request --------------------------------------------------------------- */

static bool add_action(struct message *m, enum spd_action_kind kind, int fd,
		       int flags, const char *path)
{
	if (m->head.nr_actions == SPD_MAX_ACTIONS)
		return false;
	m->paths[m->head.nr_actions] = path;
	m->actions[m->head.nr_actions++] = (struct spd_action) {
		.kind = kind,
		.fd = fd,
		.flags = flags,
		.mode = 0666,
	};
	return true;
}

static bool put(struct message *m, const void *data, size_t size)
{
	if (sizeof(m->bytes) - m->size < size)
		return false;
	memcpy(m->bytes + m->size, data, size);
	m->size += size;
	return true;
}

static bool put_string(struct message *m, const char *s)
{
	return put(m, s, strlen(s) + 1);
}

static int put_request(struct message *m, char **argv)
{
	bool fits;

	m->head.magic = SPD_MAGIC;
	while (argv[m->head.nr_args])
		m->head.nr_args++;
	fits = m->head.nr_args <= SPD_MAX_ARGS &&
	       put(m, &m->head, sizeof(m->head)) &&
	       put(m, m->actions, m->head.nr_actions * sizeof(*m->actions)) &&
	       put_string(m, argv[0]);
	for (uint32_t i = 0; i < m->head.nr_args && fits; i++)
		fits = put_string(m, argv[i]);
	for (uint32_t i = 0; i < m->head.nr_actions && fits; i++)
		fits = put_string(m, m->paths[i]);
	return fits ? 0 : -E2BIG;
}

/* --- the socket ------------------------------------------------------------------ */

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (void *)&addr, sizeof(addr)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int send_request(int fd, struct message *m)
{
	union {
		char space[CMSG_SPACE(SPD_NR_FDS * sizeof(int))];
		struct cmsghdr head;
	} control = { .head = {
		.cmsg_len = CMSG_LEN(SPD_NR_FDS * sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct iovec iov = { m->bytes, m->size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = control.head.cmsg_len,
	};
	static const int fds[SPD_NR_FDS] = { 0, 1, 2 };

	memcpy(CMSG_DATA(&control.head), fds, sizeof(fds));
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Returns the exit status, or -1 if more is to come. */
static int on_reply(const struct spd_reply *r, bool verbose)
{
	switch (r->kind) {
	case SPD_RUNNING:
		if (verbose)
			fprintf(stderr, "spawnpold-client: running as %d\n",
				r->pid);
		return -1;
	case SPD_ENDED:
		return r->code == CLD_EXITED ? r->status : 128 + r->status;
	case SPD_FAILED:
		fprintf(stderr, "spawnpold-client: step %d, %.*s\n", r->step,
			(int)sizeof(r->text), r->text);
		return r->exec && r->error == -ENOENT ? EXIT_NOT_FOUND :
			EXIT_CANNOT;
	default:
		fprintf(stderr, "spawnpold-client: refused: %.*s (%s)\n",
			(int)sizeof(r->text), r->text, strerror(-r->error));
		return EXIT_TROUBLE;
	}
}

static int converse(int fd, struct message *m, bool verbose)
{
	struct spd_reply r;
	ssize_t len;
	int status, err;

	err = send_request(fd, m);
	/* a daemon that does not want to talk may have said why */
	if (err && err != -EPIPE)
		return fail("cannot send the request", err);
	do {
		len = recv(fd, &r, sizeof(r), 0);
		if (len < 0 && errno != EINTR)
			return fail("cannot receive", -errno);
		if (len >= 0 && len != sizeof(r))
			return fail("the daemon hung up", -ECONNRESET);
		status = len < 0 ? -1 : on_reply(&r, verbose);
	} while (status < 0);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "stdin", required_argument, NULL, '0' },
		{ "stdout", required_argument, NULL, '1' },
		{ "stderr", required_argument, NULL, '2' },
		{ "chdir", required_argument, NULL, 'C' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	static struct message m;
	bool verbose = false, ok = true;
	int opt, fd, err;

	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1 && ok) {
		if (opt == 'h')
			return fputs(help, stdout) < 0;
		else if (opt == 'v')
			verbose = true;
		else if (opt == 'C')
			ok = add_action(&m, SPD_CHDIR, -1, 0, optarg);
		else if (opt == '0')
			ok = add_action(&m, SPD_OPEN, 0, O_RDONLY, optarg);
		else if (opt == '1' || opt == '2')
			ok = add_action(&m, SPD_OPEN, opt - '0',
					O_WRONLY | O_CREAT | O_TRUNC, optarg);
		else
			ok = false;
	}
	if (!ok || argc - optind < 2) {
		fputs(help, stderr);
		return 2;
	}
	err = put_request(&m, argv + optind + 1);
	if (err)
		return fail("arguments", err);
	fd = connect_to(argv[optind]);
	if (fd < 0)
		return fail(argv[optind], fd);
	return converse(fd, &m, verbose);
}
