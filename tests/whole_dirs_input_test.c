// SPDX-License-Identifier: LGPL-2.1-or-later
/* What IORING_REGISTER_SPAWN_SEARCH, and a SPAWN that uses it, refuse (O1, O3). */
#include "lib/child.h"
#include "lib/dirs.h"
#include "lib/ring.h"
#include "lib/whole.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tring r;
static struct whole w;

static int set_with(struct io_uring_spawn_search arg)
{
	arg.list = (uintptr_t)"/";
	return tring_register(&r, SPAWNPOL_REGISTER_SPAWN_SEARCH, &arg, 1);
}

TEST(O1_structures_that_no_list_is_registered_with)
{
	struct io_uring_spawn_search arg = { .list = (uintptr_t)"/" };

	tring_init(&r, 0);
	EXPECT_EQ(set_with((struct io_uring_spawn_search){ .index = 15 }), 1);
	EXPECT_EQ(set_with((struct io_uring_spawn_search){ .index = 16 }), -EINVAL);
	EXPECT_EQ(set_with((struct io_uring_spawn_search){ .index = ~0U }), -EINVAL);
	EXPECT_EQ(set_with((struct io_uring_spawn_search){ .flags = 1 }), -EINVAL);
	EXPECT_EQ(set_with((struct io_uring_spawn_search){ .resv = { 1 } }), -EINVAL);
	EXPECT_EQ(set_with((struct io_uring_spawn_search){ .resv = { 0, 1 } }), -EINVAL);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_REGISTER_SPAWN_SEARCH, &arg, 0), -EINVAL);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_REGISTER_SPAWN_SEARCH, &arg, 2), -EINVAL);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_REGISTER_SPAWN_SEARCH, NULL, 1), -EINVAL);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_REGISTER_SPAWN_SEARCH, (void *)8, 1), -EFAULT);
	EXPECT_EQ(dirs_set(&r, 0, (const char *)8), -EFAULT);
}

/* The list that was there before stays. */
TEST(O1_lists_that_cannot_be_registered)
{
	static char longest[131072], element[5000];
	char *loop = in_dir("loop"), *dir = new_dir("dir");
	static const char *const wrong[] = {
		"", ":", "bin", "/bin:", ":/bin", "/bin::/usr", "/bin:usr", "./bin", "/bin:.",
	};
	unsigned int i;

	copy_file(helper("exit_with"), format("%s/prog", dir), 0755);
	CHECK_SYS(symlink("loop", loop));
	memset(longest, '/', sizeof(longest) - 1);
	memset(element, '/', 4096);
	tring_init(&r, 0);
	CHECK_EQ(dirs_set(&r, 0, dir), 1);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		DIAG("\"%s\"", wrong[i]);
		EXPECT_EQ(dirs_set(&r, 0, wrong[i]), -EINVAL);
	}
	EXPECT_EQ(dirs_set(&r, 0, "/nonexistent:/dev/null"), -ENOENT);
	EXPECT_EQ(dirs_set(&r, 0, format("/:%s", loop)), -ELOOP);
	EXPECT_EQ(dirs_set(&r, 0, element), -ENAMETOOLONG);
	EXPECT_EQ(dirs_set(&r, 0, longest), -ENAMETOOLONG);
	element[4095] = '\0';
	EXPECT_EQ(dirs_set(&r, 1, element), 1);
	EXPECT_EQ(dirs_set(&r, 2, NULL), -ENXIO);

	whole_init(&w, "prog");
	w.argv[1] = "7";
	w.arg.flags = IORING_SPAWN_REGISTERED;
	EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 7);
	/* "////...": with the name it is too long for a path */
	w.arg.search = 1;
	EXPECT_EQ(whole_run(&r, &w)->res, -ENAMETOOLONG);
	whole_is_gone();
}

TEST(O1_lists_that_are_too_long)
{
	static char list[140000];
	struct io_uring_spawn_query query;
	unsigned int i, at = 0;

	tring_init(&r, 0);
	tring_query(&r, &query);
	EXPECT_EQ(query.nr_searches, IORING_SPAWN_SEARCHES);
	CHECK_EQ(query.max_search_dirs, IORING_SPAWN_SEARCH_DIRS);
	EXPECT(query.spawn_flags & IORING_SPAWN_REGISTERED);
	for (i = 0; i < query.max_search_dirs; i++)
		at += sprintf(list + at, i ? ":/" : "/");
	EXPECT_EQ(dirs_set(&r, 0, list), (int)query.max_search_dirs);
	strcpy(list + at, ":/");
	EXPECT_EQ(dirs_set(&r, 0, list), -E2BIG);
	/* of names that no directory can have: 131071 bytes, and one more */
	memset(list, '0', sizeof(list) - 1);
	for (at = 0; at < 131072; at += 2048) {
		list[at] = '/';
		if (at)
			list[at - 1] = ':';
	}
	list[131071] = '\0';
	EXPECT_EQ(dirs_set(&r, 0, list), -ENAMETOOLONG);
	list[131071] = '0';
	list[131072] = '\0';
	EXPECT_EQ(dirs_set(&r, 0, list), -E2BIG);
}

/* Before there is a child. */
static void check_refused(int error)
{
	const struct tring_cqe *cqe = whole_run(&r, &w);

	EXPECT_EQ(cqe->res, error);
	EXPECT_EQ(whole_step_of(cqe), WHOLE_NO_CHILD);
	check_no_children();
}

static void look(const char *name, uint64_t index)
{
	whole_init(&w, name);
	w.argv[1] = "7";
	w.arg.flags = IORING_SPAWN_REGISTERED;
	w.arg.search = index;
}

TEST(O1_spawns_that_have_no_list)
{
	static char name[257];

	memset(name, 'n', 256);
	tring_init(&r, 0);
	CHECK_EQ(dirs_set(&r, 3, "/"), 1);
	look("prog", 0);
	check_refused(-ENXIO);
	look("prog", 16);
	check_refused(-EINVAL);
	look("prog", (1ULL << 32) + 3);
	check_refused(-EINVAL);
	look("", 3);
	check_refused(-ENOENT);
	look(name, 3);
	check_refused(-ENAMETOOLONG);
	look("prog", 3);
	w.arg.exec_flags = AT_SYMLINK_NOFOLLOW;
	check_refused(-EINVAL);
	look("prog", 3);
	w.arg.dfd = 0;
	check_refused(-EINVAL);
	/* a path is executed as it is, but there has to be a list */
	look(helper("exit_with"), 0);
	check_refused(-ENXIO);
	look(helper("exit_with"), 3);
	EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 7);
}

TEST(O6_restrictions_and_lists)
{
	struct io_uring_restriction rules[] = {
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = SPAWNPOL_OP_SPAWN },
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = SPAWNPOL_OP_EXEC },
		{ .opcode = IORING_RESTRICTION_REGISTER_OP,
		  .register_op = IORING_REGISTER_ENABLE_RINGS },
		{ .opcode = IORING_RESTRICTION_REGISTER_OP,
		  .register_op = SPAWNPOL_REGISTER_SPAWN_SEARCH },
	};
	char *dir = new_dir("dir");
	unsigned int allowed;

	copy_file(helper("exit_with"), format("%s/prog", dir), 0755);
	for (allowed = 0; allowed < 2; allowed++) {
		tring_init(&r, IORING_SETUP_R_DISABLED);
		CHECK_EQ(dirs_set(&r, 0, dir), 1);
		CHECK_OK(tring_register(&r, IORING_REGISTER_RESTRICTIONS, rules,
					3 + allowed));
		CHECK_OK(tring_register(&r, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
		look("prog", 0);
		EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 7);
		EXPECT_EQ(dirs_set(&r, 1, "/"), allowed ? 1 : -EACCES);
		EXPECT_EQ(dirs_set(&r, 0, NULL), allowed ? 0 : -EACCES);
		tring_exit(&r);
	}
}
