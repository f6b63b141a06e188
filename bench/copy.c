// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * copy: a file by bpf/copy.bpf.c, by user space with liburing, and by cp(1). `ns` is
 * all of it, `ns cpu` the launcher's CPU time, and `ns user` what of that is in user
 * mode, which is measured in rounds of its own.
 */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include "actor_program.h"
#include "bench.h"
#include "ext4.h"
#include "user_time.h"

#define WARM_UP	2
#define BLOCKS	512
#define SIZE	(BLOCKS * COPY_BLOCK)
#define IMAGE	(64 << 20)		/* two files, a journal */

static const unsigned int depths[] = { 1, 8, COPY_DEPTH };

/* Where the files are. */
static const struct place {
	const char *name, *dir;
	unsigned int flags;		/* of open(2) */
} places[] = {
	{ "tmpfs", "/tmp", 0 },
	/* what depth is for: whoever asks does not wait for the device */
	{ "ext4, O_DIRECT", EXT4_AT, O_DIRECT },
};

/* --- files -------------------------------------------------------------------------- */

static char *path_in(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		give_up(-ENOMEM, "a path");
	return path;
}

static void fill(const char *path)
{
	static char block[COPY_BLOCK];
	int fd = must_sys(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));

	for (unsigned int i = 0; i < BLOCKS; i++) {
		must_sys(getrandom(block, sizeof(block), 0));
		if (must_sys(write(fd, block, sizeof(block))) != sizeof(block))
			give_up(0, "%s: short write", path);
	}
	must_sys(fsync(fd));
	close(fd);
}

static void same_block(const struct copy *c, int one, int other, off_t at)
{
	char *a = c->buffers, *b = c->buffers + COPY_BLOCK;

	if (must_sys(pread(one, a, COPY_BLOCK, at)) != COPY_BLOCK ||
	    must_sys(pread(other, b, COPY_BLOCK, at)) != COPY_BLOCK ||
	    memcmp(a, b, COPY_BLOCK))
		give_up(0, "%s is no copy of %s", c->to, c->from);
}

static void check(const struct copy *c)
{
	for (off_t at = 0; at < SIZE; at += COPY_BLOCK)
		same_block(c, c->in, c->out, at);
}

/* So that the next one to be checked has something to do. */
static void spoil(const struct copy *c)
{
	memset(c->buffers, 0, (size_t)COPY_DEPTH * COPY_BLOCK);
	for (off_t at = 0; at < SIZE; at += COPY_BLOCK)
		must_sys(pwrite(c->out, c->buffers, COPY_BLOCK, at));
}

static void files_init(struct copy *c, const struct place *place)
{
	c->from = path_in(place->dir, "from");
	c->to = path_in(place->dir, "to");
	c->size = SIZE;
	fill(c->from);
	fill(c->to);
	c->in = must_sys(open(c->from, O_RDONLY | O_CLOEXEC | place->flags));
	c->out = must_sys(open(c->to, O_RDWR | O_CLOEXEC | place->flags));
	c->buffers = aligned_alloc(4096, (size_t)COPY_DEPTH * COPY_BLOCK);
	if (!c->buffers)
		give_up(-ENOMEM, "buffers");
}

static void files_exit(struct copy *c)
{
	free(c->buffers);
	close(c->in);
	close(c->out);
	must_sys(unlink(c->from));
	must_sys(unlink(c->to));
	free(c->from);
	free(c->to);
}

/* --- ways to copy --------------------------------------------------------------------- */

static const struct way {
	const char *name;
	void (*run)(struct copy *c);
	bool child;			/* a program of its own */
} ways[] = {
	{ "loop", copy_by_loop, false },
	{ "links", copy_by_links, false },
	{ "actor", copy_by_actor, false },
	/* the last: see nr_ways() */
	{ "cp", copy_by_program, true },
};
#define NR_WAYS (sizeof(ways) / sizeof(ways[0]))

struct lane {
	const struct way *way;
	struct copy copy;
	struct samples ns, cpu, user;
};

static void lane_init(struct lane *lane, const struct way *way,
		      const struct copy *files, unsigned int rounds)
{
	lane->way = way;
	lane->copy = *files;
	actor_ring(&lane->copy.ring, 2 * COPY_DEPTH, 4 * COPY_DEPTH);
	if (way->run == copy_by_actor)
		copy_attach(&lane->copy);
	samples_init(&lane->ns, rounds);
	samples_init(&lane->cpu, rounds);
	samples_init(&lane->user, rounds);
}

static void lane_exit(const struct plan *plan, struct lane *lane,
		      const char *case_name)
{
	const char *name = lane->way->name;

	print_samples(plan, name, "ns", &lane->ns, "%s", case_name);
	print_samples(plan, name, "ns cpu", &lane->cpu, "%s", case_name);
	if (!lane->way->child)
		print_samples(plan, name, "ns user", &lane->user, "%s",
			      case_name);
	samples_free(&lane->ns);
	samples_free(&lane->cpu);
	samples_free(&lane->user);
	io_uring_queue_exit(&lane->copy.ring);
}

static void time_copy(struct lane *lane, bool counts)
{
	uint64_t cpu = cpu_ns(), begin = clock_ns();

	lane->copy.child_cpu = 0;
	lane->way->run(&lane->copy);
	begin = clock_ns() - begin;
	cpu = lane->way->child ? lane->copy.child_cpu : cpu_ns() - cpu;
	if (!counts) {
		check(&lane->copy);
		spoil(&lane->copy);
		return;
	}
	samples_add(&lane->ns, begin);
	samples_add(&lane->cpu, cpu);
}

static void time_user(struct lane *lane, const struct user_time *user)
{
	uint64_t begin = user_time_read(user);

	lane->way->run(&lane->copy);
	samples_add(&lane->user, user_time_read(user) - begin);
}

/* --- rounds --------------------------------------------------------------------------- */

static void measure_user(const struct plan *plan, struct lane *lanes,
			 unsigned int nr)
{
	struct user_time *user = user_time_start();

	for (unsigned int i = 0; i < plan->iterations; i++) {
		for (unsigned int k = 0; k < nr; k++) {
			if (!lanes[k].way->child)
				time_user(&lanes[k], user);
		}
	}
	user_time_stop(user);
}

/*
 * cp does not use O_DIRECT. Where instructions are counted, the clock also runs while the
 * guest waits for the host to read a program's file.
 */
static unsigned int nr_ways(const struct plan *plan, const struct place *place)
{
	return plan->counting || place->flags ? NR_WAYS - 1 : NR_WAYS;
}

static void measure(const struct plan *plan, const struct place *place,
		    struct copy *files, unsigned int depth)
{
	unsigned int nr = nr_ways(plan, place);
	struct lane lanes[NR_WAYS];
	char name[40];

	snprintf(name, sizeof(name), "%s, depth %u", place->name, depth);
	progress(plan, "%s, %u rounds", name, plan->iterations);
	files->depth = depth;
	for (unsigned int k = 0; k < nr; k++)
		lane_init(&lanes[k], &ways[k], files, plan->iterations);
	for (unsigned int i = 0; i < WARM_UP + plan->iterations; i++) {
		for (unsigned int k = 0; k < nr; k++)
			time_copy(&lanes[(i + k) % nr], i >= WARM_UP);
	}
	measure_user(plan, lanes, nr);
	for (unsigned int k = 0; k < nr; k++)
		lane_exit(plan, &lanes[k], name);
}

void bench_copy(const struct plan *plan)
{
	struct copy files;

	mount_ext4(IMAGE);
	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		files_init(&files, &places[i]);
		for (unsigned int k = 0; k < sizeof(depths) / sizeof(depths[0]); k++)
			measure(plan, &places[i], &files, depths[k]);
		files_exit(&files);
	}
}
