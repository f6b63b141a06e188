/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The default policy compiled into a test program, and a small engine that
 * behaves as docs/abi.md says and runs it on made-up files:
 *
 *	path_is("/a", "/b", NULL, NULL);
 *	FILE_IS("/b/x", -ETXTBSY, 0);		results of EXECs, in turn
 *	CHECK_EQ(exec_step("x"), -ETXTBSY);
 *	CHECK_STR(story, "/a/x /b/x ");
 *
 * Included by one test program only.
 */
#ifndef SPAWNPOL_TESTS_POLICY_SIM_H
#define SPAWNPOL_TESTS_POLICY_SIM_H

#include "tap.h"

#include "io_uring_spawn.h"

#include <limits.h>
#include <liburing.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

/* What the policy otherwise gets from headers that are for BPF. */
#define __VMLINUX_H__
#define __BPF_HELPERS__
#define __BPF_CORE_READ_H__
/* A kernel that numbers operations as none does. */
#define bpf_core_enum_value(type, value) ((value) + 22)
#define SEC(name)
#define __ksym
#define __noinline __attribute__((noinline))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) __typeof__(val) *name
#define bpf_map_lookup_elem(map, key) sim_lookup(map, key)
#define bpf_spin_lock(lock) ((void)(lock))
#define bpf_spin_unlock(lock) ((void)(lock))
#define bpf_ktime_get_ns() sim_now
#define barrier_var(var) ((void)(var))

#include "spawn_policy.h"

static struct spawn_policy_config setup;
static __u64 sim_now = 1; /* ns */
static void *sim_lookup(void *map, const void *key);

#define bpf_loop(times, call, arg, flags)                                      \
	do {                                                                   \
		for (__u32 i_ = 0; i_ < (times) && !call(i_, arg); i_++)       \
			;                                                      \
	} while (0)

int spawn_policy(struct bpf_iouring_ctx *ctx);

/* Its global functions need no prototypes: nobody else calls them. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include "../../bpf/spawn_policy.bpf.c"
#pragma GCC diagnostic pop

/* --- maps ------------------------------------------------------------------- */

static struct hit sim_hits[MAX_HITS];

static void *sim_lookup(void *map, const void *key)
{
	__u32 index = *(const __u32 *)key;

	if (map == (void *)&config)
		return &setup;
	CHECK_LT(index, MAX_HITS);
	return &sim_hits[index];
}

/* --- made-up files ---------------------------------------------------------- */

#define MAX_FILES 8
#define MAX_RESULTS 8

static struct {
	const char *path;
	int results[MAX_RESULTS]; /* of EXECs in turn; the last one stays */
	int nr, next;
} files[MAX_FILES];
static int nr_files;

#define FILE_IS(path_, ...)                                                    \
	do {                                                                   \
		int list[] = { __VA_ARGS__ };                                  \
		add_file(path_, list, sizeof(list) / sizeof(list[0]));         \
	} while (0)

static void add_file(const char *path, const int *results, int nr)
{
	files[nr_files].path = path;
	files[nr_files].nr = nr;
	memcpy(files[nr_files].results, results, nr * sizeof(*results));
	nr_files++;
}

static char story[1 << 18]; /* what was issued: "path " … */

static int exec_file(const char *path)
{
	strcat(strcat(story, path), " ");
	for (int i = 0; i < nr_files; i++) {
		int n = files[i].next;

		if (strcmp(files[i].path, path))
			continue;
		if (n < files[i].nr - 1)
			files[i].next++;
		return files[i].results[n];
	}
	return -ENOENT;
}

/* --- the engine ------------------------------------------------------------- */

static struct bpf_iouring_ctx chain;
static const char *step_name; /* of the EXEC */
static char staged[SPAWN_POLICY_DIRS_SIZE], last_tried[PATH_MAX];
static bool is_interp, has_result;
static int forced_result;
static unsigned int nr_staged; /* requests of the step */
static __u64 delay, total_delay;

int bpf_iouring_stage_exec_search(struct bpf_iouring_ctx *ctx, const char *list,
				  __u32 size)
{
	size_t len = strnlen(list, size);

	CHECK_EQ(ctx == &chain, 1);
	if (!len)
		return -EINVAL;
	CHECK_LT(len, sizeof(staged));
	memcpy(staged, list, len);
	staged[len] = '\0';
	is_interp = false;
	nr_staged++;
	return 0;
}

int bpf_iouring_stage_exec_interp(struct bpf_iouring_ctx *ctx,
				  const char *interp, __u32 size)
{
	CHECK_EQ(ctx == &chain, 1);
	CHECK(memchr(interp, 0, size) && *interp);
	snprintf(staged, sizeof(staged), "%s", interp);
	is_interp = true;
	nr_staged++;
	return 0;
}

int bpf_iouring_exec_name(struct bpf_iouring_ctx *ctx, char *buf, __u32 size)
{
	CHECK_EQ(ctx == &chain, 1);
	snprintf(buf, size, "%s", step_name);
	return strlen(step_name) < size ? (int)strlen(step_name) : -ENAMETOOLONG;
}

int bpf_iouring_set_result(struct bpf_iouring_ctx *ctx, __s32 res)
{
	CHECK_EQ(ctx == &chain, 1);
	CHECK_LT(res, 0);
	has_result = true;
	forced_result = res;
	return 0;
}

int bpf_iouring_delay(struct bpf_iouring_ctx *ctx, __u64 ns)
{
	CHECK_EQ(ctx == &chain, 1);
	delay = ns;
	return 0;
}

static void issue_own(int (*own)(void))
{
	chain.attempt++;
	chain.event = IORING_POLICY_FAILED;
	if (step_name)
		snprintf(last_tried, sizeof(last_tried), "%s", step_name);
	chain.search_offset = -1;
	chain.res = own();
}

/* DIRECTORY/NAME: its result. */
static int exec_candidate(const char *dir, size_t len)
{
	if (len + 1 + strlen(step_name) >= PATH_MAX)
		return -ENAMETOOLONG;
	snprintf(last_tried, sizeof(last_tried), "%.*s/%s", (int)len, dir, step_name);
	chain.search_offset = dir - staged;
	return exec_file(last_tried);
}

/* As the kernel searches a list. */
static int exec_list(void)
{
	bool denied = false;
	const char *dir = staged;
	size_t len;
	int res;

	chain.search_offset = -1;
	for (;; dir += len + 1) {
		chain.attempt++;
		len = strchrnul(dir, ':') - dir;
		CHECK(len);
		res = exec_candidate(dir, len);
		if (!execvp_goes_on(-res))
			return res;
		denied |= res == -EACCES;
		if (!dir[len])
			return denied ? -EACCES : res;
	}
}

static int exec_interp(void)
{
	sprintf(story + strlen(story), "(%s) ", last_tried);
	chain.attempt++;
	chain.search_offset = -1;
	return exec_file(staged);
}

static void issue_staged(void)
{
	CHECK(*staged);
	chain.event = IORING_POLICY_STAGED;
	chain.staged_opcode = SPAWNPOL_OP_EXEC;
	chain.res = is_interp ? exec_interp() : exec_list();
}

/* The program runs, and who has asked for that is told. */
static void tell_execed(void)
{
	if (!(spawn_policy_events(&setup) & IORING_POLICY_EXECED))
		return;
	chain.event = IORING_POLICY_EXECED;
	*staged = 0;
	CHECK_EQ(spawn_policy(&chain), IORING_VERDICT_CONTINUE);
	CHECK(!*staged);
}

static int verdict; /* the last one */

/* Run one step to its end; returns its result. */
static int run_step(int (*own)(void))
{
	for (;;) {
		*staged = 0;
		has_result = false;
		delay = 0;
		verdict = spawn_policy(&chain);
		total_delay += delay;
		if (verdict == IORING_VERDICT_SUBMIT)
			issue_staged();
		else if (verdict == IORING_VERDICT_RETRY)
			issue_own(own);
		else if (verdict == IORING_VERDICT_CONTINUE &&
			 chain.event == IORING_POLICY_BEFORE_EXEC)
			issue_own(own);
		else
			return has_result ? forced_result : chain.res;
		if (!chain.res) {
			tell_execed();
			return 0;
		}
		CHECK_LT(nr_staged, 1000);
	}
}

static int exec_own(void)
{
	return exec_file(step_name);
}

static bool same_chain; /* the next step is not the first of a new one */

static void begin(__u32 opcode, const char *name)
{
	if (!same_chain)
		memset(chain.scratch, 0, sizeof(chain.scratch));
	for (int i = 0; i < nr_files; i++)
		files[i].next = 0;
	*story = 0;
	total_delay = 0;
	step_name = name;
	chain.opcode = opcode;
	chain.res = 0;
	chain.attempt = 0;
	chain.search_offset = -1;
	nr_staged = 0;
	chain.flags |= IORING_POLICY_F_CAN_RETRY;
}

static int exec_step(const char *name)
{
	begin(SPAWNPOL_OP_EXEC, name);
	chain.event = IORING_POLICY_BEFORE_EXEC;
	return run_step(exec_own);
}

static int own_result;

static int setup_own(void)
{
	strcat(story, "own ");
	return own_result;
}

static inline int setup_step(__u32 opcode, __u32 cmd, int res)
{
	begin(opcode, NULL);
	chain.cmd = cmd;
	own_result = res;
	issue_own(setup_own);
	return run_step(setup_own);
}

/* --- set-ups ------------------------------------------------------------------ */

static void add_dir(const char *dir)
{
	CHECK_OK(spawn_policy_add_dir(&setup, dir, strlen(dir)));
}

static void path_is(const char *a, const char *b, const char *c, const char *d)
{
	const char *dirs[] = { a, b, c, d };

	setup.version = SPAWN_POLICY_CONFIG_VERSION;
	setup.dirs_size = 0;
	for (int i = 0; i < 4 && dirs[i]; i++)
		add_dir(dirs[i]);
}

static void retry_on(int error, __u32 count, __u64 delay_ns)
{
	setup.retries[setup.nr_retries++] = (struct spawn_policy_retry){
		.error = error, .count = count, .delay_ns = delay_ns,
	};
}

static inline void on(__u32 opcode, __u32 cmd, int error, __u32 then)
{
	setup.on[setup.nr_on++] = (struct spawn_policy_on){
		.opcode = opcode, .cmd = cmd, .error = error, .verdict = then,
	};
}

#endif
