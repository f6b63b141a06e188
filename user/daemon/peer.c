// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which clients may request a launch. A program that the daemon launches can do all
 * that the daemon can, whatever the request says. So a client must have the same
 * rights: it is root or the daemon's user, has the daemon's groups and capabilities,
 * and is confined by nothing that does not confine the daemon. Restrictions by Landlock
 * or a security module cannot be seen from outside.
 */
#include "peer.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD	77
#endif

#define CAP_SETGID	6
#define MAX_GROUPS	256

struct rights {
	uid_t real, effective, saved;
	uint64_t permitted, bounding;
	unsigned int no_new_privs, filters;
	gid_t groups[MAX_GROUPS + 1];	/* the effective one comes first */
	unsigned int nr_groups;
	struct stat user_ns;
	bool ns_known;
};

__attribute__((format(printf, 3, 4)))
static int refuse(char *why, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, size, format, args);
	va_end(args);
	return -EPERM;
}

/* Returns -E2BIG if there are too many to compare. */
static int read_groups(struct rights *r, const char *list)
{
	char *end;
	gid_t group;

	for (;; list = end) {
		group = strtoul(list, &end, 10);
		if (end == list)
			return 0;
		if (r->nr_groups > MAX_GROUPS)
			return -E2BIG;
		r->groups[r->nr_groups++] = group;
	}
}

/* A line of /proc/PID/status; Gid comes before Groups. */
static int read_line(struct rights *r, const char *line)
{
	if (sscanf(line, "Uid: %u %u %u", &r->real, &r->effective,
		   &r->saved) == 3 ||
	    sscanf(line, "CapPrm: %" SCNx64, &r->permitted) == 1 ||
	    sscanf(line, "CapBnd: %" SCNx64, &r->bounding) == 1 ||
	    sscanf(line, "NoNewPrivs: %u", &r->no_new_privs) == 1 ||
	    sscanf(line, "Seccomp_filters: %u", &r->filters) == 1)
		return 0;
	if (sscanf(line, "Gid: %*u %u", &r->groups[0]) == 1)
		r->nr_groups = 1;
	if (!strncmp(line, "Groups:", 7))
		return read_groups(r, line + 7);
	return 0;
}

static int read_rights(pid_t pid, struct rights *r)
{
	char path[40], *line = NULL;
	size_t size = 0;
	int err = 0;
	FILE *status;

	memset(r, 0, sizeof(*r));
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "re");
	if (!status)
		return -errno;
	while (!err && getline(&line, &size, status) > 0)
		err = read_line(r, line);
	free(line);
	fclose(status);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	r->ns_known = !stat(path, &r->user_ns);
	return err ?: r->nr_groups ? 0 : -EIO;
}

static bool same_user_ns(const struct rights *a, const struct rights *b)
{
	return a->ns_known && b->ns_known &&
	       a->user_ns.st_dev == b->user_ns.st_dev &&
	       a->user_ns.st_ino == b->user_ns.st_ino;
}

static bool in_group(const struct rights *r, gid_t group)
{
	for (unsigned int i = 0; i < r->nr_groups; i++)
		if (r->groups[i] == group)
			return true;
	return false;
}

static int compare(const struct rights *client, const struct rights *own,
		   char *why, size_t size)
{
	/* those of another user namespace are good for nothing here */
	uint64_t permitted = same_user_ns(client, own) ? client->permitted : 0;

	if (own->permitted && !client->ns_known)
		return refuse(why, size,
			      "the daemon may not read your user namespace; use no more capabilities than it has, or give it CAP_SYS_PTRACE");
	if (own->permitted & ~permitted)
		return refuse(why, size,
			      "you lack capabilities of the daemon (%" PRIx64 " of CapPrm); use a process that has them, in the same user namespace, or run the daemon with fewer",
			      own->permitted & ~permitted);
	if (own->bounding & ~client->bounding)
		return refuse(why, size,
			      "your capability bounding set would not apply to programs that the daemon launches; use a process with the daemon's set, or run the daemon with yours");
	if (client->no_new_privs > own->no_new_privs)
		return refuse(why, size,
			      "your no_new_privs would not apply to programs that the daemon launches; use a process without it, or run the daemon with it");
	if (client->filters > own->filters)
		return refuse(why, size,
			      "your seccomp filters would not apply to programs that the daemon launches; use a process without them");
	if (client->effective == 0 || permitted & 1ULL << CAP_SETGID)
		return 0;
	for (unsigned int i = 0; i < own->nr_groups; i++)
		if (!in_group(client, own->groups[i]))
			return refuse(why, size,
				      "you are not in the daemon's group %u; join it, or run the daemon without it",
				      own->groups[i]);
	return 0;
}

/*
 * The client's rights as they are now, if it is the process that connected and
 * has executed nothing since that gave it more: not another one under its pid,
 * and no set-id or other privileged program that only inherited the socket.
 */
static int client_rights(int socket, const struct ucred *peer, struct rights *r)
{
	char path[32];
	struct stat proc;
	int pidfd, err;
	socklen_t len = sizeof(pidfd);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len))
		return -errno;
	err = read_rights(peer->pid, r);
	snprintf(path, sizeof(path), "/proc/%d", peer->pid);
	if (!err && stat(path, &proc))
		err = -errno;
	if (!err && (r->real != peer->uid || r->effective != peer->uid ||
		     r->saved != peer->uid || proc.st_uid != peer->uid))
		err = -EACCES;
	if (!err && pidfd_send_signal(pidfd, 0, NULL, 0) && errno != EPERM)
		err = -errno;
	close(pidfd);
	return err;
}

int peer_check(int socket, char *why, size_t size)
{
	struct rights client, own;
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int err;

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
	    (peer.uid != 0 && peer.uid != geteuid()))
		return refuse(why, size,
			      "only root and the daemon's user may use the daemon; become one of them, or run your own daemon");
	err = read_rights(getpid(), &own) ?: client_rights(socket, &peer, &client);
	if (err)
		return refuse(why, size,
			      "your rights cannot be read from /proc/%d (%s); it must be readable, and all its ids must be %u",
			      peer.pid, strerror(-err), peer.uid);
	return compare(&client, &own, why, size);
}
