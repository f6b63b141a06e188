// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * spawnpold: a small service that launches programs for its clients through io_uring.
 * It is an example of a user of libspawnpol, and a process to try policies on. The
 * daemon does not know about policies: `spawnpol attach` attaches them to its ring from
 * outside while it runs.
 *
 * It has one thread, one ring and one event loop. A descriptor that can become ready
 * belongs to a source. Each connection is a job, which has a source for its socket and,
 * after its program was started, one for the program's pidfd. proto.h has the protocol.
 */
#include <errno.h>
#include <liburing.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <spawnpol.h>

#include "common/parse.h"
#include "common/streams.h"
#include "peer.h"
#include "proto.h"
#include "request.h"
#include "socket.h"

struct source {
	int fd;
	void (*ready)(struct source *source);
};

struct job {
	struct source client;		/* the socket; fd -1: hung up */
	struct source program;		/* the pidfd; fd -1: not running */
	struct spawnpol_chain *chain;	/* in flight, or NULL */
	pid_t pid;
	int fds[SPD_MAX_FDS];
	int nr_fds;
};

/* The daemon itself; the one place where its parts meet. */
static struct {
	int epoll;
	int stop;		/* eventfd, written by the signal handler */
	bool stopping;
	struct spawnpol_ring *ring;
	struct spawnpol_pool *pool;	/* or NULL */
	struct source listener;
	unsigned int jobs, max_jobs;
} self;

#define job_of(source, member) \
	((struct job *)((char *)(source) - offsetof(struct job, member)))

static int watch(struct source *source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

	return epoll_ctl(self.epoll, EPOLL_CTL_ADD, source->fd, &event) ?
	       -errno : 0;
}

static void close_source(struct source *source)
{
	if (source->fd < 0)
		return;
	close(source->fd);	/* nobody else has it: it is not watched any more */
	source->fd = -1;
}

/* --- jobs ------------------------------------------------------------------- */

/* Descriptors of a job: the socket, the pidfd, and what a request brings. */
#define JOB_FDS (2 + SPD_MAX_FDS)
/* ... and what the daemon and the library have open besides, generously. */
#define OTHER_FDS 32

/* As many as there are descriptors for: no request fails for want of one. */
static unsigned int count_max_jobs(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) ||
	    limit.rlim_cur < OTHER_FDS + JOB_FDS)
		return 1;
	return (limit.rlim_cur - OTHER_FDS) / JOB_FDS;
}

/* Those who connect while there are too many jobs wait in the backlog. */
static void job_began(void)
{
	if (++self.jobs == self.max_jobs)
		epoll_ctl(self.epoll, EPOLL_CTL_DEL, self.listener.fd, NULL);
}

static void job_ended(void)
{
	if (self.jobs-- == self.max_jobs && watch(&self.listener))
		self.stopping = true;
}

static void close_fds(struct job *job)
{
	while (job->nr_fds)
		close(job->fds[--job->nr_fds]);
}

static void job_free(struct job *job)
{
	close_source(&job->client);
	close_source(&job->program);
	close_fds(job);
	free(job);
	job_ended();
}

/* A client that is gone, or does not listen, is not waited for. */
static void reply(struct job *job, struct spd_reply *reply)
{
	if (job->client.fd >= 0)
		send(job->client.fd, reply, sizeof(*reply),
		     MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void refuse(struct job *job, int error, const char *text)
{
	struct spd_reply r = { .kind = SPD_REFUSED, .error = error };

	snprintf(r.text, sizeof(r.text), "%s", text);
	reply(job, &r);
	job_free(job);
}

/* The program has ended: collect it, pass its status on. */
static void program_ready(struct source *source)
{
	struct job *job = job_of(source, program);
	struct spd_reply r = { .kind = SPD_ENDED, .pid = job->pid };
	siginfo_t info;

	if (waitid(P_PIDFD, job->program.fd, &info, WEXITED) == 0) {
		r.code = info.si_code;
		r.status = info.si_status;
		reply(job, &r);
	}
	job_free(job);
}

static void job_outcome(struct job *job, const struct spawnpol_outcome *out)
{
	struct spd_reply r = {
		.kind = out->error ? SPD_FAILED : SPD_RUNNING,
		.error = out->error,
		.step = out->step,
		.exec = out->kind == SPAWNPOL_KIND_EXEC,
		.pid = out->pid,
	};

	spawnpol_outcome_text(out, r.text, sizeof(r.text));
	spawnpol_chain_free(job->chain);
	job->chain = NULL;
	close_fds(job);
	reply(job, &r);
	if (out->error) {
		job_free(job);
		return;
	}
	job->pid = out->pid;
	job->program.fd = out->pidfd;
	if (watch(&job->program))
		job_free(job);
}

/* CQEs have come. */
static void ring_ready(struct source *source)
{
	struct spawnpol_outcome out;

	(void)source;
	while (spawnpol_collect(self.ring, &out, 1, 0, 0) > 0)
		job_outcome(out.user, &out);
}

/* --- clients ----------------------------------------------------------------- */

/* Take the descriptors out of a message; there is room for no more of them. */
static void take_fds(struct msghdr *msg, struct job *job)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	job->nr_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(job->fds, CMSG_DATA(c), job->nr_fds * sizeof(int));
}

/* The size of the message; 0: hung up. */
static ssize_t receive(struct job *job, char *buf, size_t size)
{
	union {
		char space[CMSG_SPACE(SPD_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { buf, size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		/* not all of the space, which may be padded and hold one more */
		.msg_controllen = CMSG_LEN(SPD_MAX_FDS * sizeof(int)),
	};
	ssize_t len = recvmsg(job->client.fd, &msg,
			      MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (len < 0)
		return -errno;
	take_fds(&msg, job);
	if (job->nr_fds < SPD_NR_STREAMS && len)
		return -EBADMSG;
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EBADMSG;
	return len;
}

static void request_ready(struct job *job)
{
	static char message[SPD_MAX_MESSAGE];
	char why[SPD_MAX_TEXT];
	ssize_t len = receive(job, message, sizeof(message));
	int err;

	if (!len) {
		job_free(job);
		return;
	}
	/* only now: hanging up with a message unread would lose the reply */
	err = peer_check(job->client.fd, why, sizeof(why));
	if (!err)
		/* what was cut off is no request either */
		err = request_to_chain(message, len < 0 ? 0 : len, job->fds,
				       job->nr_fds, self.pool, &job->chain, why);
	if (err) {
		refuse(job, err, why);
		return;
	}
	spawnpol_chain_user(job->chain, job);
	spawnpol_chain_pidfd(job->chain, true);
	err = spawnpol_submit(self.ring, &job->chain, 1);
	if (err < 0) {
		spawnpol_chain_free(job->chain);
		refuse(job, err,
		       spawnpol_advise(SPAWNPOL_TOPIC_CHAIN, err).text);
	}
}

/* A request, or the client does not want to hear more. */
static void client_ready(struct source *source)
{
	struct job *job = job_of(source, client);

	if (!job->chain && job->program.fd < 0) {
		request_ready(job);
		return;
	}
	close_source(&job->client);
	if (job->chain)
		spawnpol_cancel(self.ring, job->chain);
}

static void listener_ready(struct source *source)
{
	struct job *job;
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	job = calloc(1, sizeof(*job));
	if (!job) {
		close(fd);
		return;
	}
	job->client = (struct source) { fd, client_ready };
	job->program = (struct source) { -1, program_ready };
	job_began();
	if (watch(&job->client))
		job_free(job);
}

/* --- starting and stopping ------------------------------------------------------ */

static void stop_ready(struct source *source)
{
	(void)source;
	self.stopping = true;
}

/* Not a signalfd: children would inherit the blocked signals. */
static void on_signal(int sig)
{
	uint64_t one = 1;
	int saved = errno;

	(void)sig;
	if (write(self.stop, &one, sizeof(one)) < 0)
		_exit(1);
	errno = saved;
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "spawnpold: %s: %s\n", what, strerror(-err));
	return 1;
}

/* Exit status 3: the kernel lacks what it takes. */
static int fail_ring(int err)
{
	struct spawnpol_advice a = spawnpol_advise(SPAWNPOL_TOPIC_RING, err);

	fprintf(stderr, "spawnpold: cannot make a ring: %s", a.text);
	if (a.remedy)
		fprintf(stderr, "; %s", a.remedy);
	fputc('\n', stderr);
	return err == -EOPNOTSUPP || err == -EPROTO || err == -ENOSYS ? 3 : 1;
}

/*
 * Children that are made ahead have done nothing: what they are to do is the clients'
 * business. Where the kernel keeps none, all are made when they are wanted.
 */
static int make_pool(unsigned int nr)
{
	struct spawnpol_chain *prefix;
	int err;

	if (!nr)
		return 0;
	err = spawnpol_chain_new(&prefix);
	if (err)
		return err;
	err = spawnpol_pool_new(&self.pool, self.ring, prefix, nr, NULL);
	if (err) {
		spawnpol_chain_free(prefix);
		return err;
	}
	err = spawnpol_pool_fill(self.pool);
	return err < 0 && err != -EOPNOTSUPP ? err : 0;
}

static int serve(void)
{
	struct epoll_event event;
	struct source *source;
	int err = 0;

	while (!err && !self.stopping) {
		/* one at a time: its handler may free another source */
		int n = epoll_wait(self.epoll, &event, 1, -1);

		if (n < 0 && errno != EINTR)
			err = -errno;
		if (n <= 0)
			continue;
		source = event.data.ptr;
		source->ready(source);
	}
	return err;
}

/* The socket's path, or NULL. */
static const char *read_arguments(int argc, char **argv, unsigned int *pool)
{
	uint32_t nr = 0;

	if (argc == 4 && !strcmp(argv[1], "--pool") &&
	    !parse_number(argv[2], 1, SPAWNPOL_MAX_POOL, &nr)) {
		argv += 2;
		argc -= 2;
	}
	*pool = nr;
	return argc == 2 && argv[1][0] != '-' ? argv[1] : NULL;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	unsigned int pool;
	const char *path;
	int err;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return puts("usage: spawnpold [--pool N] SOCKET\n"
			    "Launch programs for the clients of the Unix socket "
			    "SOCKET, until SIGTERM.\n"
			    "--pool N: make N children in advance.") < 0;
	path = read_arguments(argc, argv, &pool);
	if (!path) {
		fputs("usage: spawnpold [--pool N] SOCKET\n", stderr);
		return 2;
	}
	err = streams_reserve();
	if (err)
		return fail("/dev/null", err);
	err = spawnpol_ring_open(&self.ring, 256, IORING_SETUP_SINGLE_ISSUER |
				 IORING_SETUP_DEFER_TASKRUN);
	if (err)
		return fail_ring(err);
	self.max_jobs = count_max_jobs();
	self.listener = (struct source) { socket_listen(path), listener_ready };
	if (self.listener.fd < 0)
		return fail(path, self.listener.fd);
	self.stop = eventfd(0, EFD_CLOEXEC);
	self.epoll = epoll_create1(EPOLL_CLOEXEC);
	/* it may have been ignored by our parent: then the kernel keeps no status */
	signal(SIGCHLD, SIG_DFL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);

	struct source stop = { self.stop, stop_ready };
	struct source ring = { spawnpol_ring_fd(self.ring), ring_ready };

	err = watch(&self.listener) ?: watch(&stop) ?: watch(&ring) ?: make_pool(pool) ?:
	      serve();
	unlink(path);
	spawnpol_pool_close(self.pool);
	/* programs that run go on; what is being launched is cancelled */
	spawnpol_ring_close(self.ring);
	return err ? fail("event loop", err) : 0;
}
