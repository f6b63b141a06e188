// SPDX-License-Identifier: LGPL-2.1-or-later
/* A launcher that is the supervisor of its own children. */
#include "supervisor.h"
#include "child.h"
#include "filter.h"

#include <poll.h>
#include <sys/ioctl.h>

int supervisor_listener = -1;

void supervise_word(int call, size_t offset, uint32_t value)
{
	supervisor_listener =
		filter_word_flags(call, offset, value, SECCOMP_RET_USER_NOTIF,
				  SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

void supervise_call(int call)
{
	supervise_word(call, offsetof(struct seccomp_data, nr), call);
}

void supervise(struct tring *r, int call)
{
	supervise_call(call);
	tring_init(r, 0);
}

bool wait_asked(struct tring *r, unsigned int step)
{
	struct pollfd wait = { supervisor_listener, POLLIN, 0 };
	double until = now() + tap_patience();

	while (poll(&wait, 1, 10) <= 0) {
		if (tring_has(r, step))
			return false;
		if (now() > until)
			FAIL("step %u neither asks nor ends", step);
	}
	return true;
}

bool is_asked(struct tring *r, struct seccomp_notif *asked, unsigned int step)
{
	if (!wait_asked(r, step))
		return false;
	memset(asked, 0, sizeof(*asked));
	CHECK_SYS(ioctl(supervisor_listener, SECCOMP_IOCTL_NOTIF_RECV, asked));
	return true;
}

struct seccomp_notif asked_in(struct tring *r, unsigned int step)
{
	struct seccomp_notif asked;

	if (!is_asked(r, &asked, step))
		FAIL("nobody is asked, and step %u says %s", step,
		     tap_errname(tring_res(r, step)));
	CHECK_EQ((pid_t)asked.pid, tring_res(r, CLONE));
	return asked;
}

static void respond(const struct seccomp_notif *asked,
		    struct seccomp_notif_resp response)
{
	response.id = asked->id;
	CHECK_SYS(ioctl(supervisor_listener, SECCOMP_IOCTL_NOTIF_SEND,
			&response));
}

void let_go_on(const struct seccomp_notif *asked)
{
	respond(asked, (struct seccomp_notif_resp){
			       .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE });
}

void fail_with(const struct seccomp_notif *asked, int error)
{
	respond(asked, (struct seccomp_notif_resp){ .error = -error });
}

void emulate(const struct seccomp_notif *asked, int64_t value)
{
	respond(asked, (struct seccomp_notif_resp){ .val = value });
}

void expect_obsolete(const struct seccomp_notif *asked)
{
	CHECK_SYS_ERR(ioctl(supervisor_listener, SECCOMP_IOCTL_NOTIF_ID_VALID,
			    &asked->id),
		      ENOENT);
}
