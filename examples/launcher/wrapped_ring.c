// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * wrapped_ring: a program launches another one through its own io_uring.
 *
 *	wrapped_ring seq 3
 *
 * The ring has requests of the library, which launch the program and wait for its end, and
 * requests of the caller, which read the program's output. The caller submits and waits as
 * without the library, and passes each CQE to the library, which reports whether the CQE
 * was its own.
 */
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <unistd.h>

#include "example.h"

/* The upper 16 bits of user_data in all requests of the library, and in none of ours. */
#define TAG	1

struct state {
	struct io_uring uring;
	struct spawnpol_ring *ring;
	int pipe[2];
	char buffer[4096];
	int status;			/* of the program, after it has ended */
	int working;			/* output and program that have not ended */
};

static void submit(struct state *s)
{
	must(io_uring_submit(&s->uring), "submitting");
}

static void start_reading(struct state *s)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&s->uring);

	if (!sqe)
		errx(1, "no room in the SQ");
	io_uring_prep_read(sqe, s->pipe[0], s->buffer, sizeof(s->buffer), 0);
	io_uring_sqe_set_data64(sqe, 0);
	submit(s);
}

static void start_program(struct state *s, struct spawnpol_chain *chain,
			  char **argv)
{
	const int streams[] = { -1, s->pipe[1], -1 };

	spawnpol_chain_stdio(chain, streams, NULL, 0);
	spawnpol_chain_search(chain, argv[0], getenv("PATH"));
	spawnpol_chain_argv(chain, argv);
	spawnpol_chain_exit_status(chain, true);
	/* the library fills the SQ; we submit its requests together with our own */
	must(spawnpol_queue(s->ring, &chain, 1), "queueing");
	submit(s);
}

/* Output of the program, or its end. */
static void has_read(struct state *s, int res)
{
	must(res, "reading");
	if (!res) {
		s->working--;
		return;
	}
	fwrite(s->buffer, 1, res, stdout);
	start_reading(s);
}

static void has_outcome(struct state *s, const struct spawnpol_outcome *out)
{
	must_run(out);
	if (out->kind != SPAWNPOL_KIND_EXIT) {
		/* the child has a copy: reading ends when the child's copy is closed */
		close(s->pipe[1]);
		/* the library has put a request that waits for the program into the SQ */
		submit(s);
		return;
	}
	s->status = out->status;
	s->working--;
}

static void handle(struct state *s, const struct io_uring_cqe *cqe)
{
	struct spawnpol_outcome out;

	switch (spawnpol_handle_cqe(s->ring, cqe, &out)) {
	case SPAWNPOL_CQE_FOREIGN:
		has_read(s, cqe->res);
		break;
	case SPAWNPOL_CQE_OUTCOME:
		has_outcome(s, &out);
		break;
	default:
		break;
	}
}

int main(int argc, char **argv)
{
	struct state s = { .working = 2 };
	struct spawnpol_chain *chain;
	struct io_uring_cqe *cqe;

	if (argc < 2)
		errx(2, "usage: wrapped_ring COMMAND [ARG...]");
	must(io_uring_queue_init(64, &s.uring, 0), "io_uring");
	must(spawnpol_ring_wrap(&s.ring, &s.uring, TAG), "a ring");
	must(spawnpol_chain_new(&chain), "a chain");
	if (pipe2(s.pipe, O_CLOEXEC))
		err(1, "pipe2");
	start_reading(&s);
	start_program(&s, chain, argv + 1);
	while (s.working) {
		int ret = io_uring_wait_cqe(&s.uring, &cqe);

		if (ret == -EINTR)
			continue;
		must(ret, "waiting");
		handle(&s, cqe);
		io_uring_cqe_seen(&s.uring, cqe);
	}
	spawnpol_ring_close(s.ring);
	spawnpol_chain_free(chain);
	io_uring_queue_exit(&s.uring);
	return WIFEXITED(s.status) ? WEXITSTATUS(s.status) :
				     128 + WTERMSIG(s.status);
}
