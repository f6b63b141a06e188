// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * template: a child in five namespaces, with 20 more things set: a copy of one that was
 * prepared, and one that does all of that itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interleave.h"
#include "request.h"
#include "stamp.h"

static char *const argv[] = { (char *)SITE_PROGRAM, NULL };

/* --- the namespaces ------------------------------------------------------------------ */

static const struct namespace {
	const char *name;
	int flag;
} namespaces[] = {
	{ "mnt", CLONE_NEWNS }, { "uts", CLONE_NEWUTS }, { "ipc", CLONE_NEWIPC },
	{ "net", CLONE_NEWNET }, { "cgroup", CLONE_NEWCGROUP },
};
#define NR_NAMESPACES (sizeof(namespaces) / sizeof(namespaces[0]))

/* Where a child has them, above what it needs otherwise. */
#define FIRST_NAMESPACE	(STAMP_FD + 1)

static int namespace_fds[NR_NAMESPACES];

/* Those of a process that has ended. */
static void make_namespaces(void)
{
	int ready[2], done[2], flags = 0;
	char path[64], byte;
	pid_t pid;

	for (unsigned int i = 0; i < NR_NAMESPACES; i++)
		flags |= namespaces[i].flag;
	must_sys(pipe2(ready, O_CLOEXEC));
	must_sys(pipe2(done, O_CLOEXEC));
	pid = must_sys(fork());
	if (!pid) {
		must_sys(unshare(flags));
		close(done[1]);
		must_sys(write(ready[1], "", 1));
		must_sys(read(done[0], &byte, 1));
		_exit(0);
	}
	if (must_sys(read(ready[0], &byte, 1)) != 1)
		give_up(0, "no namespaces");
	for (unsigned int i = 0; i < NR_NAMESPACES; i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid,
			 namespaces[i].name);
		namespace_fds[i] = must_sys(open(path, O_RDONLY | O_CLOEXEC));
	}
	close(ready[0]);
	close(ready[1]);
	close(done[0]);
	close(done[1]);
	reap(pid);
}

static void close_namespaces(void)
{
	for (unsigned int i = 0; i < NR_NAMESPACES; i++)
		close(namespace_fds[i]);
}

/* --- the steps ----------------------------------------------------------------------- */

#define NR_SETTINGS	20
#define NR_STEPS	(NR_NAMESPACES + NR_SETTINGS)
#define NOBODY		65534

#define LIMIT(resource, value)						\
	{ .cmd = IORING_CHILD_RLIMIT, .off = (resource),		\
	  .addr = (value), .addr3 = (value) }

/* What a service manager sets for a service. Paths are filled in. */
static struct io_uring_spawn_step settings[] = {
	{ .cmd = IORING_CHILD_SETSID },
	{ .cmd = IORING_CHILD_CHDIR, .fd = AT_FDCWD },
	{ .cmd = IORING_CHILD_UMASK, .off = 027 },
	{ .cmd = IORING_CHILD_OPEN, .fd = AT_FDCWD, .off = 0, .child_flags = O_RDONLY },
	{ .cmd = IORING_CHILD_OPEN, .fd = AT_FDCWD, .off = 1, .child_flags = O_WRONLY },
	{ .cmd = IORING_CHILD_DUP, .fd = 1, .off = 2 },
	{ .cmd = IORING_CHILD_SIGMASK, .off = 0 },
	{ .cmd = IORING_CHILD_SIGDEFAULT, .off = ~0ULL },
	LIMIT(RLIMIT_NOFILE, 1024),
	LIMIT(RLIMIT_CORE, 0),
	LIMIT(RLIMIT_NPROC, 100),
	LIMIT(RLIMIT_MEMLOCK, 65536),
	{ .cmd = IORING_CHILD_CLOSE_RANGE, .fd = FIRST_NAMESPACE,
	  .off = FIRST_NAMESPACE + NR_NAMESPACES - 1 },
	{ .cmd = IORING_CHILD_NICE, .off = 1 },
	{ .cmd = IORING_CHILD_OOM_SCORE_ADJ, .off = 100 },
	{ .cmd = IORING_CHILD_PRCTL, .child_flags = PR_CAPBSET_DROP,
	  .addr = CAP_SYS_BOOT },
	{ .cmd = IORING_CHILD_PRCTL, .child_flags = PR_CAPBSET_DROP,
	  .addr = CAP_SYS_MODULE },
	{ .cmd = IORING_CHILD_PRCTL, .child_flags = PR_SET_NO_NEW_PRIVS, .addr = 1 },
	{ .cmd = IORING_CHILD_SETRESGID, .addr = NOBODY, .off = NOBODY,
	  .addr3 = NOBODY },
	{ .cmd = IORING_CHILD_SETRESUID, .addr = NOBODY, .off = NOBODY,
	  .addr3 = NOBODY },
};
_Static_assert(sizeof(settings) / sizeof(settings[0]) == NR_SETTINGS,
	       "they are as many as is said");

static struct io_uring_spawn_step steps[NR_STEPS];

static struct {
	struct io_uring_clone_files head;
	struct io_uring_clone_file files[4 + NR_NAMESPACES];
} files = {
	.head.nr = 4 + NR_NAMESPACES,
	.files = {
		{ .source = 0, .number = 0 },
		{ .source = 1, .number = 1 },
		{ .source = 2, .number = 2 },
		{ .source = STAMP_FD, .number = STAMP_FD },
	},
};

static void make_steps(void)
{
	settings[1].addr = (uintptr_t)"/tmp";
	settings[3].addr = settings[4].addr = (uintptr_t)"/dev/null";
	for (unsigned int i = 0; i < NR_NAMESPACES; i++) {
		files.files[4 + i].source = namespace_fds[i];
		files.files[4 + i].number = FIRST_NAMESPACE + i;
		steps[i] = (struct io_uring_spawn_step) {
			.cmd = IORING_CHILD_SETNS,
			.fd = FIRST_NAMESPACE + i,
			.off = namespaces[i].flag,
		};
	}
	memcpy(steps + NR_NAMESPACES, settings, sizeof(settings));
}

/* --- methods ------------------------------------------------------------------------- */

struct template {
	struct io_uring ring;
	struct io_uring_spawn spawn;
};

static void execute(struct launcher *l)
{
	struct template *t = l->own;

	t->spawn.path = (uintptr_t)site_program(l->site);
	t->spawn.dfd = AT_FDCWD;
	t->spawn.argv = (uintptr_t)argv;
	t->spawn.envp = (uintptr_t)environ;
}

/* A child that does all of it. */
static void prepare_steps(struct launcher *l)
{
	struct template *t = calloc(1, sizeof(*t));

	if (!t)
		give_up(-ENOMEM, "a template");
	l->own = t;
	request_ring(&t->ring);
	t->spawn = (struct io_uring_spawn) {
		.flags = IORING_SPAWN_FILES,
		.files = (uintptr_t)&files,
		.steps = (uintptr_t)steps,
		.nr_steps = NR_STEPS,
	};
	execute(l);
}

/* A child that is copied, and has done so. */
static void prepare_copy(struct launcher *l)
{
	struct io_uring_spawn made;
	struct template *t;

	prepare_steps(l);
	t = l->own;
	made = (struct io_uring_spawn) {
		.flags = IORING_SPAWN_FILES | IORING_SPAWN_KEEP,
		.files = (uintptr_t)&files,
		.steps = (uintptr_t)steps,
		.nr_steps = NR_STEPS,
	};
	t->spawn = (struct io_uring_spawn) {
		.flags = IORING_SPAWN_COPY,
		.child = request_run(&t->ring, &made),
	};
	execute(l);
}

static void submit(struct launcher *l, pid_t *pids, unsigned int nr)
{
	struct template *t = l->own;

	(void)pids;
	if (nr != 1)
		give_up(0, "templates are used one by one");
	request_add(&t->ring, &t->spawn, 0);
	request_submit(&t->ring);
}

static void collect(struct launcher *l, pid_t *pids, unsigned int nr)
{
	struct template *t = l->own;

	request_wait(&t->ring, pids, nr);
}

/* So that the template can make ready what its next copy needs. */
static void pause_after_copy(struct launcher *l)
{
	(void)l;
	settle();
}

static void release(struct launcher *l)
{
	struct template *t = l->own;

	io_uring_queue_exit(&t->ring);
	free(t);
}

static const struct method method_steps = {
	.name = "steps", .prepare = prepare_steps,
	.launch = submit, .collect = collect, .release = release,
};

static const struct method method_template = {
	.name = "template", .prepare = prepare_copy,
	.launch = submit, .collect = collect, .refill = pause_after_copy,
	.release = release,
};

static const struct method *const methods[] = {
	&method_steps, &method_template, &method_fresh, NULL,
};

/* --- without a program ---------------------------------------------------------------- */

/* Until the launcher has the number of a child that waits, which ends then. */
static uint64_t time_child(struct launcher *l)
{
	struct template *t = l->own;
	uint64_t begin, ns;
	int number;

	settle();
	begin = clock_ns();
	number = request_run(&t->ring, &t->spawn);
	ns = clock_ns() - begin;
	request_end(&t->ring, number);
	return ns;
}

static void without_program(struct launcher *l)
{
	struct template *t = l->own;

	t->spawn.path = t->spawn.argv = t->spawn.envp = t->spawn.dfd = 0;
	t->spawn.flags |= IORING_SPAWN_KEEP;
}

static void measure_children(const struct plan *plan, const struct site *site)
{
	struct launcher launchers[2];
	struct samples samples[2];

	for (unsigned int k = 0; k < 2; k++) {
		launcher_init(&launchers[k], methods[k], site, 1);
		without_program(&launchers[k]);
		samples_init(&samples[k], plan->iterations);
	}
	for (unsigned int i = 0; i < 3 + plan->iterations; i++) {
		for (unsigned int k = 0; k < 2; k++) {
			uint64_t ns = time_child(&launchers[k]);

			if (i >= 3)
				samples_add(&samples[k], ns);
		}
	}
	for (unsigned int k = 0; k < 2; k++) {
		print_samples(plan, methods[k]->name, "ns", &samples[k], "a child");
		samples_free(&samples[k]);
		launcher_exit(&launchers[k]);
	}
}

void bench_template(const struct plan *plan)
{
	struct site site;

	site_init(&site, 0);
	/* for who is nobody */
	must_sys(chmod(site.root, 0755));
	make_namespaces();
	make_steps();
	interleave(plan, &site, methods, "a program");
	measure_children(plan, &site);
	close_namespaces();
	site_exit(&site);
}
