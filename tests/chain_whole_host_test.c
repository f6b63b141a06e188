// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * O5: chains that become one request, IORING_OP_SPAWN, on a ring that no kernel knows:
 * what it says, which chains stay links, and outcomes of its CQE and report.
 */
#include "fake_ring.h"

#include <limits.h>

enum { FAKE_SPAWN = 83, MAX_SPAWN = 512 << 10 };

static struct fake fake;

static void begin(void)
{
	fake_kernel.query.op_spawn = FAKE_SPAWN;
	fake_kernel.query.max_spawn = MAX_SPAWN;
	fake_init(&fake);
}

static struct spawnpol_chain *search(const char *name, const char *path)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_search(c, name, path));
	return c;
}

/* What the one request points to. */
static const struct io_uring_spawn *queued(struct spawnpol_chain *c)
{
	const struct io_uring_sqe *sqe = &fake.sqes[fake.uring.sq.sqe_tail % ENTRIES];
	unsigned int before = fake.uring.sq.sqe_tail;

	CHECK_EQ(spawnpol_ring_nr_sqes(fake.ring, c), 1);
	queue(&fake, c);
	CHECK_EQ(fake.uring.sq.sqe_tail, before + 1);
	CHECK_EQ(sqe->opcode, FAKE_SPAWN);
	CHECK_EQ(sqe->len, sizeof(struct io_uring_spawn));
	CHECK_EQ(sqe->flags, 0);
	return (void *)(uintptr_t)sqe->addr;
}

/* In the place of a step: there was no child. */
#define NO_CHILD (~0U)

/* The outcome of its CQE. */
static struct spawnpol_outcome ended(struct spawnpol_chain *c, int res, unsigned int step)
{
	struct spawnpol_outcome out;

	if (res < 0)
		step++;
	CHECK_EQ(cqe_flags(&fake, c, INDEX_CLONE, res, step << IORING_SPAWN_STEP_SHIFT,
			   &out), SPAWNPOL_CQE_OUTCOME);
	return out;
}

/* As the kernel writes it when a child ends without a program. */
static void report(struct spawnpol_chain *c, unsigned int step, unsigned int attempt,
		   int res, const char *path)
{
	struct io_uring_spawn_report *r = &c->told.report;

	r->end = IORING_END_STEP;
	r->step = step;
	r->error = r->res = res;
	r->attempt = attempt;
	r->path_len = strlen(path);
	strcpy(c->told.path, path);
}

/* --- the request ------------------------------------------------------------------- */

TEST(O5_a_chain_is_one_request)
{
	struct spawnpol_chain *c = new_chain("/bin/x");
	const struct io_uring_spawn *arg;
	const struct io_uring_spawn_step *step;

	begin();
	CHECK_OK(spawnpol_chain_open(c, 3, "/in", O_RDONLY, 0));
	CHECK_OK(spawnpol_chain_install(c, 5, 7));
	CHECK_OK(spawnpol_chain_may_fail(c));
	CHECK_OK(spawnpol_chain_slot(c, 2));
	CHECK_OK(spawnpol_chain_cookie(c, 99));
	CHECK_OK(spawnpol_chain_need_policy(c, true));
	CHECK_OK(spawnpol_chain_deadline(c, 3000000001));
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	CHECK_OK(spawnpol_chain_files(c, NULL, 0));
	arg = queued(c);
	step = (void *)(uintptr_t)arg->steps;
	EXPECT_EQ(arg->flags, IORING_SPAWN_NEED_POLICY | IORING_SPAWN_FILES);
	EXPECT_EQ(arg->slot, 2u);
	EXPECT_EQ(arg->cookie, 99u);
	EXPECT_EQ(arg->timeout_ns, 3000000001u);
	EXPECT_EQ(arg->clone_args, (uintptr_t)&c->args);
	EXPECT_EQ(arg->nr_steps, 2u);
	EXPECT_EQ(step[0].cmd, IORING_CHILD_OPEN);
	EXPECT_EQ(step[0].off, 3u);
	EXPECT_EQ(step[0].flags, 0u);
	EXPECT_STR((char *)(uintptr_t)step[0].addr, "/in");
	EXPECT_EQ(step[1].cmd, IORING_CHILD_DUP);
	EXPECT_EQ(step[1].fd, 5);
	EXPECT_EQ(step[1].flags, IORING_SPAWN_STEP_FIXED | IORING_SPAWN_STEP_MAY_FAIL);
	EXPECT_STR((char *)(uintptr_t)arg->path, "/bin/x");
	EXPECT_EQ(arg->dfd, AT_FDCWD);
	EXPECT_EQ(arg->search, 0u);
	EXPECT_STR(*(char **)(uintptr_t)arg->argv, "/bin/x");
	EXPECT_EQ(arg->envp, (uintptr_t)environ);
}

TEST(O5_a_search_is_a_list)
{
	char path[2 * PATH_MAX] = "/a::", *many = CHECK_PTR(calloc(1, 131073));
	const struct io_uring_spawn *arg;
	struct spawnpol_chain *c;

	begin();
	arg = queued(search("x", "/a::rel:"));
	EXPECT_STR((char *)(uintptr_t)arg->path, "x");
	EXPECT_STR((char *)(uintptr_t)arg->search, "/a::rel:");
	EXPECT_STR(*(char **)(uintptr_t)arg->argv, "x");
	/* the kernel takes no list of nothing, and no path has such a directory */
	arg = queued(search("./x", "/a"));
	EXPECT_EQ(arg->search, 0u);
	memset(path + 4, 'p', PATH_MAX);
	strcpy(path + 4 + PATH_MAX, ":/b");
	arg = queued(search("x", path));
	EXPECT_STR((char *)(uintptr_t)arg->search, "/a::/b");
	c = new_chain(NULL);
	EXPECT_EQ(spawnpol_chain_search(c, "x", memset(path, 'p', PATH_MAX + 6)),
		  -ENAMETOOLONG);
	/* of any length that the kernel takes */
	memset(many, ':', 131071);
	c = search("x", many);
	EXPECT_EQ(spawnpol_chain_nr_steps(c), 131072u);
	arg = queued(c);
	EXPECT_EQ(strlen((char *)(uintptr_t)arg->search), 131071u);
	many[131071] = ':';
	c = new_chain(NULL);
	EXPECT_EQ(spawnpol_chain_search(c, "x", many), -E2BIG);
}

/* --- which are ---------------------------------------------------------------------- */

static void stays_links(struct spawnpol_chain *c, int nr)
{
	unsigned int at = fake.uring.sq.sqe_tail;

	EXPECT_EQ(spawnpol_ring_nr_sqes(fake.ring, c), nr);
	queue(&fake, c);
	EXPECT_EQ(fake.sqes[at % ENTRIES].opcode, FAKE_CLONE);
	EXPECT_EQ(fake.uring.sq.sqe_tail - at, (unsigned int)nr);
	fake.head = fake.uring.sq.sqe_tail;
}

TEST(O5_what_spawn_cannot_say_stays_links)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_NOP };
	struct spawnpol_chain *c = new_chain("/bin/x");

	begin();
	CHECK_OK(spawnpol_chain_close(c, 3));
	stays_links(c, 3);
	c = new_chain("/bin/x");
	CHECK_OK(spawnpol_chain_program(c, "/bin/y"));
	stays_links(c, 3);
	c = search("x", "/a:/b");
	CHECK_OK(spawnpol_chain_program(c, "/bin/y"));
	stays_links(c, 4);
	c = new_chain("/bin/x");
	CHECK_OK(spawnpol_chain_sqe(c, &sqe));
	stays_links(c, 3);
	/* a command, with a field that steps have not */
	sqe = (struct io_uring_sqe) { .opcode = FAKE_CHILD, .len = 1, .personality = 1 };
	c = new_chain("/bin/x");
	CHECK_OK(spawnpol_chain_sqe(c, &sqe));
	stays_links(c, 3);
}

/* What a policy is not to look for, and what it is. */
TEST(O5_names_that_are_as_they_are)
{
	struct spawnpol_chain *c = new_chain(NULL);
	const struct io_uring_spawn *arg;

	begin();
	CHECK_OK(spawnpol_chain_program_at(c, AT_FDCWD, "x", 0));
	EXPECT_EQ(queued(c)->flags, (unsigned int)IORING_SPAWN_AS_IS);
	arg = queued(search("x", ""));
	EXPECT_EQ(arg->flags, (unsigned int)IORING_SPAWN_AS_IS);
	EXPECT_EQ(arg->search, 0u);
	EXPECT_STR((char *)(uintptr_t)arg->path, "x");
	EXPECT_EQ(queued(search("x", "/a:"))->flags, 0u);
	arg = queued(new_chain("x"));
	EXPECT_EQ(arg->flags, (unsigned int)IORING_SPAWN_NEED_POLICY);
	EXPECT_EQ(arg->dfd, -1);
}

TEST(O5_commands_of_any_kind_are_steps)
{
	struct io_uring_sqe sqe = { .opcode = FAKE_CHILD, .len = IORING_CHILD_UMASK,
				    .off = 7 };
	struct spawnpol_chain *c = new_chain("/bin/x");
	const struct io_uring_spawn *arg;

	begin();
	CHECK_OK(spawnpol_chain_sqe(c, &sqe));
	arg = queued(c);
	EXPECT_EQ(((struct io_uring_spawn_step *)(uintptr_t)arg->steps)->off, 7u);
	c = new_chain(NULL);
	CHECK_OK(spawnpol_chain_program_at(c, 5, "x", 0));
	EXPECT_EQ(queued(c)->dfd, 5);
	c = new_chain(NULL);
	CHECK_OK(spawnpol_chain_program_fd(c, 5));
	EXPECT_EQ(queued(c)->exec_flags, (unsigned int)AT_EMPTY_PATH);
}

/* Each path counts with all that it can have. */
TEST(O5_what_is_too_much_for_one_request)
{
	char path[PATH_MAX];
	struct spawnpol_chain *c = new_chain("/bin/x");

	begin();
	memset(path, '/', PATH_MAX - 1);
	path[PATH_MAX - 1] = '\0';
	for (int i = 0; i < 125; i++)
		CHECK_OK(spawnpol_chain_chdir(c, path));
	EXPECT_EQ(spawnpol_ring_nr_sqes(fake.ring, c), 1);
	for (int i = 0; i < 2; i++)
		CHECK_OK(spawnpol_chain_chdir(c, path));
	EXPECT_EQ(spawnpol_ring_nr_sqes(fake.ring, c), 129);
}

TEST(O5_links_can_be_asked_for)
{
	struct spawnpol_chain *c = search("x", "/a:/b");

	begin();
	EXPECT(spawnpol_ring_uses_spawn(fake.ring));
	CHECK_OK(spawnpol_ring_use_links(fake.ring, true));
	EXPECT(!spawnpol_ring_uses_spawn(fake.ring));
	stays_links(c, 3);
	CHECK_OK(spawnpol_ring_use_links(fake.ring, false));
	EXPECT_EQ(spawnpol_ring_nr_sqes(fake.ring, search("x", "/a:/b")), 1);
	/* a kernel without it */
	fake_kernel.query.op_spawn = 0;
	fake_init(&fake);
	EXPECT(!spawnpol_ring_uses_spawn(fake.ring));
	stays_links(search("x", "/a:/b"), 3);
	EXPECT_EQ(spawnpol_ring_nr_sqes(fake.ring, new_chain(NULL)), -EINVAL);
}

/* --- outcomes ------------------------------------------------------------------------ */

static void expect(const struct spawnpol_outcome *out, enum spawnpol_kind kind, int step,
		   int error, const char *path)
{
	EXPECT_EQ(out->kind, kind);
	EXPECT_EQ(out->step, step);
	EXPECT_EQ(out->error, error);
	EXPECT_STR(out->path ?: "(none)", path ?: "(none)");
}

TEST(O5_outcomes_of_programs)
{
	struct spawnpol_chain *c = new_chain("/bin/x");
	struct spawnpol_outcome out;

	begin();
	CHECK_OK(spawnpol_chain_chdir(c, "/d"));
	queued(c);
	/* a policy has had several requests issued */
	out = ended(c, 77, 3);
	expect(&out, SPAWNPOL_KIND_EXEC, 1, 0, "/bin/x");
	EXPECT_EQ(out.pid, 77);
	queued(c);
	report(c, 0, 1, -ENOTDIR, "/d");
	out = ended(c, -ENOTDIR, 0);
	expect(&out, SPAWNPOL_KIND_CHDIR, 0, -ENOTDIR, "/d");
	queued(c);
	report(c, 1, 1, -EACCES, "/bin/x");
	c->told.report.pid = 78;
	out = ended(c, -EACCES, 1);
	expect(&out, SPAWNPOL_KIND_EXEC, 1, -EACCES, "/bin/x");
	EXPECT_EQ(out.pid, 78);
}

TEST(O5_outcomes_without_a_child)
{
	struct spawnpol_chain *c = new_chain("/bin/x");
	struct spawnpol_outcome out;

	begin();
	CHECK_OK(spawnpol_chain_chdir(c, "/d"));
	queued(c);
	out = ended(c, -EAGAIN, NO_CHILD);
	expect(&out, SPAWNPOL_KIND_CLONE, -1, -EAGAIN, NULL);
	EXPECT_EQ(out.pid, 0);
	/* a step was refused before it was begun */
	queued(c);
	report(c, 0, 0, 0, "");
	c->told.report.error = -EACCES;
	out = ended(c, -EACCES, NO_CHILD);
	expect(&out, SPAWNPOL_KIND_CHDIR, 0, -EACCES, "/d");
	EXPECT_EQ(out.pid, 0);
	queued(c);
	out = ended(c, -ETIME, NO_CHILD);
	expect(&out, SPAWNPOL_KIND_CLONE, -1, -ETIME, NULL);
}

TEST(O5_outcomes_of_searches)
{
	struct spawnpol_chain *c = search("x", "/a::/c:/a");
	struct spawnpol_outcome out;
	char text[256];

	begin();
	CHECK_OK(spawnpol_chain_setsid(c));
	queued(c);
	out = ended(c, 77, 2);
	expect(&out, SPAWNPOL_KIND_EXEC, 2, 0, "x");
	/* the last one failed, and is named as the first one is */
	queued(c);
	report(c, 1, 4, -ENOENT, "/a/x");
	out = ended(c, -ENOENT, 1);
	expect(&out, SPAWNPOL_KIND_EXEC, 4, -ENOENT, "/a/x");
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_HAS(text, "exec /a/x: ");
	/* the error is that of an earlier one */
	queued(c);
	report(c, 1, 4, -EACCES, "/c/x");
	out = ended(c, -EACCES, 1);
	expect(&out, SPAWNPOL_KIND_EXEC, 3, -EACCES, "/c/x");
	/* a policy had it tried again and again */
	queued(c);
	report(c, 1, 40, -ETXTBSY, "/c/x");
	out = ended(c, -ETXTBSY, 1);
	expect(&out, SPAWNPOL_KIND_EXEC, 3, -ETXTBSY, "/c/x");
	/* or something else in its place */
	queued(c);
	report(c, 1, 1, -EPERM, "/other");
	c->told.report.flags = IORING_REPORT_STAGED;
	out = ended(c, -EPERM, 1);
	expect(&out, SPAWNPOL_KIND_EXEC, 4, -EPERM, "/a/x");
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_HAS(text, "exec /other: ");
}

/* A chain that was one request says what its steps are, and can become links. */
TEST(O5_a_chain_can_be_both_in_turn)
{
	struct spawnpol_chain *c = search("x", "/a:/b");
	struct spawnpol_outcome out;
	struct io_uring_sqe sqe;

	begin();
	queued(c);
	ended(c, 77, 1);
	CHECK_OK(spawnpol_chain_step(c, 1, NULL, &sqe));
	EXPECT_STR((char *)(uintptr_t)sqe.addr, "/b/x");
	EXPECT_STR((char *)(uintptr_t)queued(c)->search, "/a:/b");
	out = ended(c, 77, 2);
	expect(&out, SPAWNPOL_KIND_EXEC, 1, 0, "/b/x");
	CHECK_OK(spawnpol_chain_setsid(c));
	CHECK_OK(spawnpol_ring_use_links(fake.ring, true));
	stays_links(c, 4);
}
