// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A policy for all spawns of a process, named in its environment. Reading the events
 * that a program requests needs privileges, so the environment names the events too.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "posix.h"

static const struct {
	const char *name;
	uint32_t event;
} events[] = {
	{ "before-step", IORING_POLICY_BEFORE_STEP },
	{ "before-exec", IORING_POLICY_BEFORE_EXEC },
	{ "done", IORING_POLICY_DONE },
	{ "clone", IORING_POLICY_CLONE },
	{ "miss", IORING_POLICY_MISS },
	{ "execed", IORING_POLICY_EXECED },
};

/* Copies, for the environment can change; pin is NULL if no policy is named. */
static const char *pin;
static uint32_t wanted_events;
static int wanted_error;

static uint32_t event_of(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strlen(events[i].name) == len &&
		    !memcmp(events[i].name, name, len))
			return events[i].event;
	return 0;
}

/* "before-exec,done" */
static int parse_events(const char *names, uint32_t *mask)
{
	size_t len;
	uint32_t event;

	*mask = 0;
	while (names && *names) {
		len = strcspn(names, ",");
		event = event_of(names, len);
		if (!event)
			return -EINVAL;
		*mask |= event;
		names += len + (names[len] == ',');
	}
	return 0;
}

static void policy_init(void)
{
	const char *path = secure_getenv("SPAWNPOL_POLICY");

	if (!path || !*path)
		return;
	wanted_error = parse_events(secure_getenv("SPAWNPOL_POLICY_EVENTS"),
				    &wanted_events);
	pin = strdup(path);
	if (!pin) {
		pin = "";
		wanted_error = -ENOMEM;
	}
}

bool policy_wanted(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, policy_init);
	return pin;
}

void policy_missed(const char *why, int error)
{
	static atomic_bool told;

	if (policy_wanted() && !atomic_exchange(&told, true))
		say("programs run without the policy", why, error);
}

static int open_pin(const char *path)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)path;
	fd = syscall(__NR_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	return fd < 0 ? -errno : fd;
}

/*
 * The ring keeps the link among its registered files, where nobody sees it; the
 * link does not keep the ring, so both end with the thread.
 */
int policy_attach(struct spawnpol_ring *ring)
{
	struct spawnpol_attach_opts opts = { .sz = sizeof(opts) };
	int prog, link, err;

	if (!policy_wanted())
		return 0;
	if (wanted_error)
		return wanted_error;
	/* known from here on only: policy_wanted() has looked at the environment */
	opts.events = wanted_events;
	prog = open_pin(pin);
	if (prog < 0)
		return prog;
	link = spawnpol_ring_attach(ring, prog, &opts);
	close(prog);
	if (link < 0)
		return link;
	err = spawnpol_ring_register(ring, IORING_REGISTER_FILES, &link, 1);
	close(link);
	return err;
}
