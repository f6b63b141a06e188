// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The library without a kernel: which outcome is made of which CQEs, and what
 * is said in words.
 */
#include "fake_ring.h"

/* --- outcomes -------------------------------------------------------------------------- */

/*
 * The chain of these tests: CLONE, a deadline, setsid (0), close that may fail
 * (1), chdir (2), EXEC (3), EXEC (4).
 */
static struct spawnpol_chain *five_steps(struct fake *f)
{
	struct spawnpol_chain *c = new_chain("/a/true");

	fake_init(f);
	CHECK_OK(spawnpol_chain_program(c, "/b/true"));
	CHECK_OK(spawnpol_chain_deadline(c, 1000000));
	CHECK_OK(spawnpol_chain_setsid(c));
	CHECK_OK(spawnpol_chain_close(c, 5));
	CHECK_OK(spawnpol_chain_may_fail(c));
	CHECK_OK(spawnpol_chain_chdir(c, "/nowhere"));
	CHECK_OK(spawnpol_chain_user(c, f));
	queue(f, c);
	return c;
}

#define C INDEX_CLONE
#define D INDEX_DEADLINE
#define S(n) (INDEX_STEP + (n))
#define NONE { -1, 0 }

static const struct story_test {
	const char *what;
	struct { int index, res; } cqes[8];
	int error, step;
	enum spawnpol_kind kind;
} stories[] = {
	{ "first program", { { C, 7 }, { S(3), 0 }, { S(4), -ECANCELED },
	  { D, -ECANCELED }, NONE }, 0, 3, SPAWNPOL_KIND_EXEC },
	{ "CLONE's CQE last", { { S(3), 0 }, { S(4), -ECANCELED },
	  { D, -ECANCELED }, { C, 7 }, NONE }, 0, 3, SPAWNPOL_KIND_EXEC },
	{ "second program", { { C, 7 }, { S(3), -ENOENT }, { S(4), 0 },
	  { D, -ECANCELED }, NONE }, 0, 4, SPAWNPOL_KIND_EXEC },
	{ "no program", { { C, 7 }, { S(3), -ENOENT }, { S(4), -EACCES },
	  { D, -ECANCELED }, NONE }, -EACCES, 4, SPAWNPOL_KIND_EXEC },
	{ "forgiven action", { { C, 7 }, { S(1), -EBADF }, { S(3), 0 },
	  { S(4), -ECANCELED }, { D, -ECANCELED }, NONE }, 0, 3, SPAWNPOL_KIND_EXEC },
	{ "action", { { C, 7 }, { S(2), -ENOENT }, { S(3), -ECANCELED },
	  { S(4), -ECANCELED }, { D, -ECANCELED }, NONE },
	  -ENOENT, 2, SPAWNPOL_KIND_CHDIR },
	{ "forgiven, then another", { { C, 7 }, { S(1), -EBADF },
	  { S(2), -ENOTDIR }, { S(3), -ECANCELED }, { S(4), -ECANCELED },
	  { D, -ECANCELED }, NONE }, -ENOTDIR, 2, SPAWNPOL_KIND_CHDIR },
	{ "policy aborts at a forgivable one", { { C, 7 }, { S(1), -EBADF },
	  { S(3), -ECANCELED }, { S(4), -ECANCELED }, { D, -ECANCELED }, NONE },
	  -EBADF, 1, SPAWNPOL_KIND_CLOSE },
	{ "forgiven, then the policy aborts", { { C, 7 }, { S(1), -EBADF },
	  { S(2), -ECANCELED }, { S(3), -ECANCELED }, { S(4), -ECANCELED },
	  { D, -ECANCELED }, NONE }, -ECANCELED, 2, SPAWNPOL_KIND_CHDIR },
	{ "budget", { { C, 7 }, { S(0), -ETOOMANYREFS }, { S(3), -ECANCELED },
	  { S(4), -ECANCELED }, { D, -ECANCELED }, NONE },
	  -ETOOMANYREFS, 0, SPAWNPOL_KIND_SETSID },
	{ "bad verdict", { { C, 7 }, { S(3), -EBADRQC }, { S(4), -ECANCELED },
	  { D, -ECANCELED }, NONE }, -EBADRQC, 3, SPAWNPOL_KIND_EXEC },
	{ "deadline in a step", { { C, 7 }, { S(2), -ECANCELED },
	  { S(3), -ECANCELED }, { S(4), -ECANCELED }, { D, -ETIME }, NONE },
	  -ETIME, 2, SPAWNPOL_KIND_CHDIR },
	{ "deadline first", { { C, 7 }, { D, -ETIME }, { S(3), -ECANCELED },
	  { S(4), -ECANCELED }, NONE }, -ETIME, 3, SPAWNPOL_KIND_EXEC },
	{ "deadline too late", { { C, 7 }, { D, -ETIME }, { S(3), 0 },
	  { S(4), -ECANCELED }, NONE }, 0, 3, SPAWNPOL_KIND_EXEC },
	{ "no child", { { C, -EAGAIN }, { S(3), -ECANCELED },
	  { S(4), -ECANCELED }, { D, -ECANCELED }, NONE },
	  -EAGAIN, -1, SPAWNPOL_KIND_CLONE },
	{ "cancelled before", { { C, -ECANCELED }, { S(3), -ECANCELED },
	  { S(4), -ECANCELED }, { D, -ECANCELED }, NONE },
	  -ECANCELED, -1, SPAWNPOL_KIND_CLONE },
	{ "deadline before a child", { { C, -ECANCELED }, { S(3), -ECANCELED },
	  { S(4), -ECANCELED }, { D, -ETIME }, NONE },
	  -ETIME, -1, SPAWNPOL_KIND_CLONE },
	{ "refused step", { { S(0), -EOPNOTSUPP }, { C, -ECANCELED },
	  { S(3), -ECANCELED }, { S(4), -ECANCELED }, { D, -ECANCELED }, NONE },
	  -EOPNOTSUPP, 0, SPAWNPOL_KIND_SETSID },
	{ "short transfer", { { C, 7 }, { S(0), 3 }, { S(3), -ECANCELED },
	  { S(4), -ECANCELED }, { D, -ECANCELED }, NONE },
	  -EIO, 0, SPAWNPOL_KIND_SETSID },
};

TEST(outcomes)
{
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
		const struct story_test *t = &stories[i];
		struct spawnpol_outcome out = { .error = 1 };
		struct spawnpol_chain *c;
		struct fake f;
		int ret = SPAWNPOL_CQE_TAKEN, n;

		DIAG("%s", t->what);
		c = five_steps(&f);
		for (n = 0; t->cqes[n].index >= 0; n++) {
			EXPECT_EQ(ret, SPAWNPOL_CQE_TAKEN);
			ret = cqe(&f, c, t->cqes[n].index, t->cqes[n].res, &out);
		}
		CHECK_EQ(ret, SPAWNPOL_CQE_OUTCOME);
		EXPECT_EQ(out.error, t->error);
		EXPECT_EQ(out.step, t->step);
		EXPECT_EQ(out.kind, t->kind);
		EXPECT_EQ(out.chain, c);
		EXPECT_EQ(out.user, &f);
		EXPECT_EQ(out.pidfd, -1);
		EXPECT_EQ(f.ring->outcomes, 0u);
		EXPECT_EQ(f.ring->pending, 0u);
		EXPECT_EQ(spawnpol_chain_free(c), 0);
	}
}

static struct spawnpol_outcome search_for_x(const int results[3])
{
	struct spawnpol_chain *c = new_chain(NULL);
	struct spawnpol_outcome out;
	int ret = SPAWNPOL_CQE_TAKEN;
	struct fake f;

	fake_init(&f);
	CHECK_OK(spawnpol_chain_setsid(c));
	CHECK_OK(spawnpol_chain_search(c, "x", "/a:/b:/c"));
	queue(&f, c);
	CHECK_EQ(cqe(&f, c, C, 7, &out), SPAWNPOL_CQE_TAKEN);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(ret, SPAWNPOL_CQE_TAKEN);
		ret = cqe(&f, c, S(1 + i), results[i], &out);
	}
	CHECK_EQ(ret, SPAWNPOL_CQE_OUTCOME);
	CHECK_OK(spawnpol_chain_free(c));
	return out;
}

TEST(searches_end_as_execvp_does)
{
	static const struct { int results[3], error, step; } t[] = {
		{ { -ENOENT, -ENOENT, -ENOENT }, -ENOENT, 3 },
		{ { -ENOENT, -ENOENT, -ENOTDIR }, -ENOTDIR, 3 },
		{ { -EACCES, -ENOENT, -ENOTDIR }, -EACCES, 1 },
		{ { -ENOENT, -EACCES, -ESTALE }, -EACCES, 2 },
		{ { -EACCES, 0, -ECANCELED }, 0, 2 },
		{ { -EACCES, -ENOEXEC, -ECANCELED }, -ENOEXEC, 2 },
		{ { -ENOENT, -EACCES, -ETXTBSY }, -ETXTBSY, 3 },
		{ { -ELOOP, -ECANCELED, -ECANCELED }, -ELOOP, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct spawnpol_outcome out = search_for_x(t[i].results);

		DIAG("search %zu", i);
		EXPECT_EQ(out.error, t[i].error);
		EXPECT_EQ(out.step, t[i].step);
		EXPECT_EQ(out.kind, SPAWNPOL_KIND_EXEC);
	}
}

/* Programs that are no search: the last error counts, as ever. */
TEST(programs_in_turn_are_no_search)
{
	struct spawnpol_chain *c = new_chain("/a/x");
	struct spawnpol_outcome out;
	struct fake f;

	fake_init(&f);
	CHECK_OK(spawnpol_chain_program(c, "/b/x"));
	queue(&f, c);
	CHECK_EQ(cqe(&f, c, C, 7, &out), SPAWNPOL_CQE_TAKEN);
	CHECK_EQ(cqe(&f, c, S(0), -EACCES, &out), SPAWNPOL_CQE_TAKEN);
	CHECK_EQ(cqe(&f, c, S(1), -ENOENT, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.error, -ENOENT);
}

TEST(cqes_of_others_are_left_alone)
{
	struct spawnpol_outcome out;
	struct io_uring_cqe foreign = { .user_data = 0x5350000000001000 };
	struct spawnpol_chain *c;
	struct fake f;

	c = five_steps(&f);
	EXPECT_EQ(spawnpol_handle_cqe(f.ring, &foreign, &out),
		  SPAWNPOL_CQE_FOREIGN);
	/* a staged EXEC has the user_data of the step */
	EXPECT_EQ(cqe_flags(&f, c, S(4), -ENOENT, SPAWNPOL_CQE_F_STAGED, &out),
		  SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(f.ring->pending, 4u);
	/* a cancellation's has no chain */
	EXPECT_EQ(cqe(&f, NULL, 0, -ENOENT, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(spawnpol_collect(f.ring, &out, 1, 0, 0), -EOPNOTSUPP);
}

TEST(pidfd_is_handed_over_or_closed)
{
	struct spawnpol_chain *c = new_chain("/bin/true");
	struct spawnpol_outcome out;
	struct fake f;
	int fd;

	fake_init(&f);
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	queue(&f, c);
	fd = c->pidfd = CHECK_SYS(open("/dev/null", O_RDONLY));
	EXPECT_EQ(cqe(&f, c, C, 7, &out), SPAWNPOL_CQE_TAKEN);
	CHECK_EQ(cqe(&f, c, S(0), 0, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.pidfd, fd);
	EXPECT_EQ(out.pid, 7);

	/* the same chain again: a failure leaves no descriptor */
	queue(&f, c);
	EXPECT_EQ(c->pidfd, -1);
	c->pidfd = fd;
	EXPECT_EQ(cqe(&f, c, C, 8, &out), SPAWNPOL_CQE_TAKEN);
	CHECK_EQ(cqe(&f, c, S(0), -ENOENT, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.pidfd, -1);
	CHECK_SYS_ERR(fcntl(fd, F_GETFD), EBADF);
}

/* --- words --------------------------------------------------------------------------------- */

TEST(outcomes_in_words)
{
	struct spawnpol_outcome out = { .pid = 12, .step = 0,
					.kind = SPAWNPOL_KIND_OPEN };
	struct spawnpol_chain *c = new_chain("ls");
	char text[128], cut[8];

	CHECK_OK(spawnpol_chain_open(c, 1, "/x/y", O_WRONLY, 0));
	out.chain = c;
	EXPECT_EQ(spawnpol_outcome_text(&out, text, sizeof(text)), 13);
	EXPECT_STR(text, "running as 12");
	out.error = -ENOENT;
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_STR(text, "open /x/y as 1: No such file or directory");
	EXPECT_GT(spawnpol_outcome_text(&out, cut, sizeof(cut)), 7);
	EXPECT_STR(cut, "open /x");
	out.step = 1;
	out.kind = SPAWNPOL_KIND_EXEC;
	out.error = -EBADF;
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_HAS(text, "exec ls: no policy looked for the name");
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_EXEC, -EBADF).remedy,
		   "IORING_POLICY_BEFORE_EXEC");
	out.step = -1;
	out.kind = SPAWNPOL_KIND_CLONE;
	out.error = -ENOLINK;
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_HAS(text, "clone: no policy");
}

TEST(advice_has_words_for_everything)
{
	for (int topic = -1; topic <= SPAWNPOL_TOPIC_LINK + 1; topic++)
		for (int err = -134; err <= 0; err++)
			CHECK_PTR(spawnpol_advise(topic, err).text);
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_RING, -EOPNOTSUPP).remedy,
		   "CONFIG_IO_URING_SPAWN");
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_EXEC, -ETOOMANYREFS).text,
		   "budget");
	/* what newcomers meet first, with a remedy that is about it */
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_RING, -EINVAL).text, "entries");
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_CHAIN, -EINVAL).remedy,
		   "spawnpol_chain_program()");
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_EXEC, -EACCES).remedy,
		   "not a directory");
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_EXEC, -EPERM).remedy,
		   "a policy may have refused it");
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_STEP, -EACCES).remedy,
		   "directories on its path");
	EXPECT_STR(spawnpol_kind_name(SPAWNPOL_KIND_SETPGID), "setpgid");
	EXPECT_STR(spawnpol_kind_name(99), "?");
}

TEST(an_unpatched_kernel_is_named_as_such)
{
	struct spawnpol_ring *ring = NULL;
	struct spawnpol_probe probe;
	int err;

	CHECK_OK(spawnpol_probe(&probe));
	if (!probe.error)
		SKIP("this kernel can spawn");
	EXPECT_EQ(probe.query.abi, 0u);
	EXPECT_NE(probe.policy_error, 0);
	err = spawnpol_ring_open(&ring, 8, 0);
	EXPECT_EQ(err, probe.error);
	EXPECT_EQ(ring, NULL);
	EXPECT_EQ(spawnpol_ring_open(&ring, 8, IORING_SETUP_IOPOLL), -EINVAL);
}

/* A file can be called anything; the line about it stays one. */
TEST(a_name_makes_no_second_line)
{
	struct spawnpol_chain *c = new_chain("/bin/x\nexited with 0\033[2J\\\302\233\303\244");
	struct spawnpol_outcome out = {
		.chain = c, .kind = SPAWNPOL_KIND_EXEC, .error = -ENOENT,
	};
	char text[256];
	int len;

	len = spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_STR(text, "exec /bin/x\\x0aexited with 0\\x1b[2J\\\\\\u009b\303\244: "
		   "No such file or directory");
	EXPECT_EQ(len, (int)strlen(text));
	CHECK_OK(spawnpol_chain_free(c));
}

TEST(policy_calls_refuse_no_descriptor)
{
	struct spawnpol_link_info info;
	struct spawnpol_attach_opts opts = { .sz = sizeof(opts), .slot = 1 };
	uint32_t events;

	EXPECT_EQ(spawnpol_policy_attach(-1, 0, &opts), -EBADF);
	EXPECT_EQ(spawnpol_policy_attach(0, -1, NULL), -EBADF);
	EXPECT_EQ(spawnpol_policy_attach_registered(-1, 0, &opts), -EBADF);
	EXPECT_EQ(spawnpol_policy_update(-1, 0, -1), -EBADF);
	EXPECT_EQ(spawnpol_policy_detach(-1), -EBADF);
	EXPECT_EQ(spawnpol_policy_info(-1, &info), -EBADF);
	EXPECT_EQ(spawnpol_policy_events(-1, &events), -EBADF);
}
