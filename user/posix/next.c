// SPDX-License-Identifier: LGPL-2.1-or-later
/* The function that handles a call which the engine leaves alone. */
#include <dlfcn.h>
#include <stdatomic.h>

#include "posix.h"

struct next {
	_Atomic(spawn_fn *) function;
	atomic_bool is_libcs;
};

static struct next next_spawn, next_spawnp;

/*
 * The dynamic linker's next one is libc's, or that of another library which stands in
 * for libc's and comes after this one. A library loaded by dlopen(3) has nothing after
 * it: libc came before.
 */
static void find_next(struct next *next, const char *name)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	void *of_libc = libc ? dlsym(libc, name) : NULL;
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		function = of_libc;
	next->is_libcs = function == of_libc;
	next->function = function;
}

/*
 * Before main() is called: later, in a child of fork(2), the dynamic linker's lock may
 * belong to a thread that is not there any more.
 */
__attribute__((constructor)) static void find_both(void)
{
	find_next(&next_spawn, "posix_spawn");
	find_next(&next_spawnp, "posix_spawnp");
}

static const struct next *next_of(const struct request *rq)
{
	const struct next *next = rq->search ? &next_spawnp : &next_spawn;

	/* called from a constructor that runs before this library's */
	if (!next->function)
		find_both();
	return next;
}

bool next_is_libcs(const struct request *rq)
{
	return next_of(rq)->is_libcs;
}

int next_call(const struct request *rq, pid_t *pid)
{
	return next_of(rq)->function(pid, rq->file, rq->actions, rq->attr,
				     rq->argv, rq->envp);
}
