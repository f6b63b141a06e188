/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small KTAP harness. A test program is one file:
 *
 *	#include "tap.h"
 *
 *	TEST(dup_puts_a_descriptor_at_its_number)
 *	{
 *		int fd = CHECK_SYS(open("/dev/null", O_RDONLY));
 *
 *		CHECK_EQ(dup2(fd, 40), 40);
 *	}
 *
 *	TEST(many_spawns, .timeout = 120)
 *	{
 *		if (!tap_in_vm())
 *			SKIP("needs the patched kernel");
 *		...
 *	}
 *
 * There is no main() to write. The program runs all its tests in the order of
 * the file, or those named on its command line (shell patterns work).
 *
 * Each test runs in a forked child, so it may crash, hang, exit or leave
 * threads and descriptors behind: the harness reports it, kills every process
 * that it left, and fails it if one cannot be killed. What a test prints is
 * shown, as comments, if it fails (always with -v).
 *
 * CHECK_... ends the test when it fails, EXPECT_... notes the failure and goes
 * on. Both also work in processes and threads the test starts, where a failed
 * CHECK ends that process; the test has failed in any case.
 */
#ifndef SPAWNPOL_TESTS_TAP_H
#define SPAWNPOL_TESTS_TAP_H

#include <errno.h>
#include <stdbool.h>

/*
 * Seconds for a test that does not say otherwise. A limit is what a machine may need
 * that has nothing else to do, and one that has gets TAP_LOAD times as much.
 */
#define TAP_TIMEOUT 60
#define TAP_LOAD 4

struct tap_test {
	const char *name;
	void (*run)(void);
	int line;
	int timeout;
	struct tap_test *next;
};

/* TEST(name) or TEST(name, .timeout = SECONDS), followed by the body. */
#define TEST(name_, ...)                                                       \
	static void name_(void);                                               \
	static struct tap_test tap_test_##name_ = {                            \
		.name = #name_,                                                \
		.run = name_,                                                  \
		.line = __LINE__,                                              \
		##__VA_ARGS__                                                  \
	};                                                                     \
	__attribute__((constructor)) static void tap_add_##name_(void)         \
	{                                                                      \
		tap_add(&tap_test_##name_);                                    \
	}                                                                      \
	static void name_(void)

/* --- checks: CHECK_x ends the test, EXPECT_x notes the failure ---------- */

#define CHECK(cond) TAP_COND_(true, cond)
#define EXPECT(cond) TAP_COND_(false, cond)

/* Integers; negative values are shown with the errno they may stand for. */
#define CHECK_EQ(a, b) TAP_CMP_(true, a, ==, b)
#define CHECK_NE(a, b) TAP_CMP_(true, a, !=, b)
#define CHECK_LT(a, b) TAP_CMP_(true, a, <, b)
#define CHECK_LE(a, b) TAP_CMP_(true, a, <=, b)
#define CHECK_GT(a, b) TAP_CMP_(true, a, >, b)
#define CHECK_GE(a, b) TAP_CMP_(true, a, >=, b)
#define EXPECT_EQ(a, b) TAP_CMP_(false, a, ==, b)
#define EXPECT_NE(a, b) TAP_CMP_(false, a, !=, b)
#define EXPECT_LT(a, b) TAP_CMP_(false, a, <, b)
#define EXPECT_LE(a, b) TAP_CMP_(false, a, <=, b)
#define EXPECT_GT(a, b) TAP_CMP_(false, a, >, b)
#define EXPECT_GE(a, b) TAP_CMP_(false, a, >=, b)

#define CHECK_STR(a, b) tap_str(__FILE__, __LINE__, true, #a, a, b)
#define EXPECT_STR(a, b) tap_str(__FILE__, __LINE__, false, #a, a, b)
/* The second string occurs in the first. */
#define CHECK_HAS(a, b) tap_has(__FILE__, __LINE__, true, #a, a, b)
#define EXPECT_HAS(a, b) tap_has(__FILE__, __LINE__, false, #a, a, b)

/* A call that returns -errno: the value, if it is not negative. */
#define CHECK_OK(call)                                                         \
	({                                                                     \
		long ret_ = (long)(call);                                      \
		tap_ok(__FILE__, __LINE__, #call, ret_);                       \
		ret_;                                                          \
	})
/* A call that returns -1 and sets errno: the value, if it is not -1. */
#define CHECK_SYS(call)                                                        \
	({                                                                     \
		long ret_ = (long)(call);                                      \
		tap_ok(__FILE__, __LINE__, #call, ret_ == -1 ? -errno : ret_); \
		ret_;                                                          \
	})
/* A call that must fail with -1 and this errno. */
#define CHECK_SYS_ERR(call, err)                                               \
	do {                                                                   \
		long ret_ = (long)(call);                                      \
		tap_cmp(__FILE__, __LINE__, true,                              \
			ret_ == -1 && errno == (err), #call, "==", #err,       \
			ret_ == -1 ? -errno : ret_, -(err));                   \
	} while (0)
/* A call that must return a pointer. */
#define CHECK_PTR(call)                                                        \
	({                                                                     \
		__auto_type ptr_ = (call);                                     \
		tap_cond(__FILE__, __LINE__, true, ptr_, #call);               \
		ptr_;                                                          \
	})

/* printf-style. FAIL and SKIP end the test; DIAG only prints. */
#define FAIL(...) (tap_fail(__FILE__, __LINE__, __VA_ARGS__), tap_stop())
#define SKIP(...) tap_skip(__VA_ARGS__)
#define DIAG(...) tap_diag(__VA_ARGS__)

/* --- helpers --------------------------------------------------------------- */

/* In the guest started by tests/vm/run.sh? */
bool tap_in_vm(void);
/* An empty directory of this test's own; removed after the test. */
const char *tap_dir(void);
/* The checkout's build directory, where helpers and BPF objects are. */
const char *tap_build(void);
/* "ENOENT" for ENOENT or -ENOENT; "?" for what is no errno. */
const char *tap_errname(long err);
/* How much longer than usual things take here (debug kernel, emulation). */
int tap_slowness(void);
/*
 * Seconds after which something that must come counts as lost. Many, because the
 * machine may have much else to do: only what is wrong takes so long. (But less than a
 * test may take, and less than the 300 that a policy can wait at most.)
 */
int tap_patience(void);

/* --- behind the macros ------------------------------------------------------ */

#define TAP_COND_(fatal, cond)                                                 \
	tap_cond(__FILE__, __LINE__, fatal, cond, #cond)

/* So that -1 is less than 0U; seconds keep their fractions. */
#define TAP_WIDE_(x) _Generic((x), double: (x), default: (long long)(x))

#define TAP_CMP_(fatal, a, op, b)                                              \
	do {                                                                   \
		__auto_type a_ = (a);                                          \
		__auto_type b_ = (b);                                          \
		tap_cmp(__FILE__, __LINE__, fatal,                             \
			TAP_WIDE_(a_) op TAP_WIDE_(b_), #a, #op, #b,           \
			(long long)a_, (long long)b_);                         \
	} while (0)

#define TAP_PRINTF_(fmt_) __attribute__((format(printf, fmt_, fmt_ + 1)))

void tap_add(struct tap_test *test);
void tap_cond(const char *file, int line, bool fatal, bool ok, const char *cond);
void tap_cmp(const char *file, int line, bool fatal, bool ok, const char *a,
	     const char *op, const char *b, long long va, long long vb);
void tap_str(const char *file, int line, bool fatal, const char *expr,
	     const char *a, const char *b);
void tap_has(const char *file, int line, bool fatal, const char *expr,
	     const char *a, const char *b);
void tap_ok(const char *file, int line, const char *call, long ret);
TAP_PRINTF_(3) void tap_fail(const char *file, int line, const char *fmt, ...);
__attribute__((noreturn)) void tap_stop(void);
TAP_PRINTF_(1) __attribute__((noreturn)) void tap_skip(const char *fmt, ...);
TAP_PRINTF_(1) void tap_diag(const char *fmt, ...);

#endif
