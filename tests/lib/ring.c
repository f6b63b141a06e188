// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rings for the engine's tests: set-up, submission, completions. */
#include "ring.h"
#include "child.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

const struct tring_kind tring_kinds[] = {
	{ "plain", 0 },
	{ "COOP_TASKRUN",
	  IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG },
	{ "SINGLE_ISSUER", IORING_SETUP_SINGLE_ISSUER },
	{ "DEFER_TASKRUN",
	  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN },
	{ "SQPOLL", IORING_SETUP_SQPOLL },
	{ "SQE128 and CQE32", IORING_SETUP_SQE128 | IORING_SETUP_CQE32 },
};
const unsigned int tring_nr_kinds =
	sizeof(tring_kinds) / sizeof(tring_kinds[0]);

int tring_try_init(struct tring *r, unsigned int entries, unsigned int flags)
{
	struct io_uring_params params = {
		.flags = flags,
		/* long enough to catch a burst, short enough to sleep */
		.sq_thread_idle = 50,
	};

	memset(r, 0, sizeof(*r));
	return io_uring_queue_init_params(entries, &r->uring, &params);
}

void tring_init(struct tring *r, unsigned int flags)
{
	int ret = tring_try_init(r, 256, flags);

	if (ret)
		FAIL("a ring with flags %#x: %s", flags, strerror(-ret));
}

void tring_exit(struct tring *r)
{
	io_uring_queue_exit(&r->uring);
}

int tring_fd(const struct tring *r)
{
	return r->uring.ring_fd;
}

void tring_end(struct tring *r)
{
	if (r->last)
		r->last->flags &= ~(IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
	r->last = NULL;
}

int tring_try_submit(struct tring *r)
{
	tring_end(r);
	return io_uring_submit(&r->uring);
}

void tring_submit(struct tring *r)
{
	int ret = tring_try_submit(r);

	if (ret < 0)
		FAIL("io_uring_submit: %s", strerror(-ret));
}

static const struct tring_cqe *find(struct tring *r, uint64_t user_data)
{
	unsigned int i;

	for (i = 0; i < r->nr_seen; i++) {
		if (r->seen[i].user_data == user_data)
			return &r->seen[i];
	}
	return NULL;
}

static bool is_notification(const struct io_uring_cqe *cqe)
{
	return cqe->flags & IORING_CQE_F_NOTIF;
}

/*
 * Take what is in the CQ ring. A request has one CQE, but zero-copy ones have
 * a notification, too, and staged ones may carry their step's user_data.
 */
static void drain(struct tring *r)
{
	const struct tring_cqe *old;
	struct io_uring_cqe *cqe;

	while (io_uring_peek_cqe(&r->uring, &cqe) == 0 && cqe) {
		if (is_notification(cqe)) {
			io_uring_cqe_seen(&r->uring, cqe);
			continue;
		}
		old = find(r, cqe->user_data);
		if (old && !((old->flags | cqe->flags) & SPAWNPOL_CQE_F_STAGED))
			FAIL("a second CQE for user_data %llu: %d, %d",
			     (unsigned long long)cqe->user_data, old->res,
			     cqe->res);
		if (r->nr_seen == sizeof(r->seen) / sizeof(r->seen[0]))
			FAIL("more CQEs than a test can ask for");
		r->seen[r->nr_seen++] = (struct tring_cqe){
			.user_data = cqe->user_data,
			.res = cqe->res,
			.flags = cqe->flags,
		};
		io_uring_cqe_seen(&r->uring, cqe);
	}
}

/* Wait for a CQE until then; false if it is late. */
static bool wait_some(struct tring *r, double until)
{
	struct __kernel_timespec ts = { .tv_nsec = 20 * 1000 * 1000 };
	struct io_uring_cqe *cqe;
	double left = until - now();
	int ret;

	if (left <= 0)
		return false;
	if (left < 0.02)
		ts.tv_nsec = (long)(left * 1e9) + 1;
	ret = io_uring_wait_cqe_timeout(&r->uring, &cqe, &ts);
	if (ret && ret != -ETIME && ret != -EINTR && ret != -EAGAIN)
		FAIL("waiting for CQEs: %s", strerror(-ret));
	drain(r);
	return true;
}

const struct tring_cqe *tring_cqe(struct tring *r, uint64_t user_data)
{
	double until = now() + tap_patience();
	const struct tring_cqe *cqe;
	unsigned int i;

	drain(r);
	while (!(cqe = find(r, user_data))) {
		if (wait_some(r, until))
			continue;
		for (i = 0; i < r->nr_seen; i++)
			DIAG("CQE user_data %llu res %d",
			     (unsigned long long)r->seen[i].user_data,
			     r->seen[i].res);
		FAIL("no CQE for user_data %llu",
		     (unsigned long long)user_data);
	}
	return cqe;
}

int tring_res(struct tring *r, uint64_t user_data)
{
	return tring_cqe(r, user_data)->res;
}

bool tring_has(struct tring *r, uint64_t user_data)
{
	drain(r);
	return find(r, user_data);
}

void tring_none(struct tring *r, uint64_t user_data, unsigned int ms)
{
	double until = now() + ms / 1000.0;

	do {
		if (tring_has(r, user_data))
			FAIL("a CQE for user_data %llu: %d",
			     (unsigned long long)user_data,
			     tring_res(r, user_data));
	} while (wait_some(r, until));
}

void tring_total(struct tring *r, unsigned int count)
{
	double until = now() + tap_patience();
	unsigned int i;

	drain(r);
	while (r->nr_seen < count && wait_some(r, until))
		;
	wait_some(r, now() + 0.03);
	if (r->nr_seen == count)
		return;
	for (i = 0; i < r->nr_seen; i++)
		DIAG("CQE user_data %llu res %d",
		     (unsigned long long)r->seen[i].user_data, r->seen[i].res);
	FAIL("%u CQEs instead of %u", r->nr_seen, count);
}

void tring_forget(struct tring *r)
{
	drain(r);
	r->nr_seen = 0;
	r->chains = 0;
}

int tring_register(struct tring *r, unsigned int op, void *arg,
		   unsigned int nr_args)
{
	long ret =
		syscall(__NR_io_uring_register, tring_fd(r), op, arg, nr_args);

	return ret < 0 ? -errno : (int)ret;
}

void tring_query(struct tring *r, struct io_uring_spawn_query *query)
{
	int ret;

	memset(query, 0xff, sizeof(*query));
	query->size = sizeof(*query);
	ret = tring_register(r, SPAWNPOL_REGISTER_SPAWN_QUERY, query, 1);
	if (ret < 0)
		FAIL("IORING_REGISTER_SPAWN_QUERY: %s", strerror(-ret));
}
