// SPDX-License-Identifier: LGPL-2.1-or-later
/* Checks: can rings spawn? */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/errno_name.h"
#include "features.h"

#define BOOT_PATCHED	"boot a kernel with the spawnpol series and CONFIG_IO_URING_SPAWN=y"
#define SYSCTL_ON	"sysctl -w kernel.io_uring_disabled=0, or allow io_uring_setup(2) in the seccomp filter"

/* 0 or 1 or 2, or -1 on kernels without that switch. */
static int disabled_setting(void)
{
	FILE *file = fopen("/proc/sys/kernel/io_uring_disabled", "re");
	int value = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

static bool no_ring(int error)
{
	return error && error != -EOPNOTSUPP && error != -EPROTO;
}

void check_io_uring(const struct surroundings *s, struct finding *f)
{
	const int error = s->kernel.error;

	if (!no_ring(error))
		return;
	if (error == -ENOSYS)
		absent(f, "boot a kernel with CONFIG_IO_URING=y",
		       "the kernel has no io_uring (ENOSYS)");
	else if (error == -EPERM && disabled_setting() > 0)
		absent(f, SYSCTL_ON, "sysctl kernel.io_uring_disabled is %d",
		       disabled_setting());
	else if (error == -EPERM || error == -EACCES)
		absent(f, SYSCTL_ON, "io_uring_setup(2) is refused (%s)",
		       errno_name(-error));
	else
		absent(f, "a higher ulimit -n or ulimit -l, or more free memory",
		       "io_uring_setup(2) fails: %s (%s)", strerror(-error),
		       errno_name(-error));
}

/* True if there is nothing to check, and says so. */
static bool no_answer(const struct surroundings *s, struct finding *f)
{
	if (no_ring(s->kernel.error)) {
		unknown(f, NULL, "no ring can be made");
		return true;
	}
	if (s->kernel.ring_features & SPAWNPOL_FEAT_SPAWN)
		return false;
	absent(f, BOOT_PATCHED, "the kernel cannot spawn through io_uring");
	return true;
}

void check_spawn(const struct surroundings *s, struct finding *f)
{
	no_answer(s, f);
}

void check_abi(const struct surroundings *s, struct finding *f)
{
	if (no_answer(s, f) || s->kernel.query.abi == IORING_SPAWN_ABI)
		return;
	absent(f, "use a tool and a kernel that were made from the same release",
	       "the kernel has ABI %u, this tool ABI %u", s->kernel.query.abi,
	       IORING_SPAWN_ABI);
}

/* The same if there is an answer, but only its ABI means something. */
static bool no_meaning(const struct surroundings *s, struct finding *f)
{
	if (no_answer(s, f))
		return true;
	if (s->kernel.query.abi == IORING_SPAWN_ABI)
		return false;
	unknown(f, NULL, "the kernel has another ABI");
	return true;
}

static bool has_bit(const uint64_t *map, unsigned int n)
{
	return map[n / 64] >> n % 64 & 1;
}

/* A number that the query tells, by a name that type information has. */
static void check_op(const struct surroundings *s, struct finding *f,
		     unsigned int op, uint32_t name)
{
	if (no_meaning(s, f))
		return;
	if (!op)
		absent(f, BOOT_PATCHED, "the kernel does not report its number");
	else if (op >= 256 || !has_bit(s->kernel.ops, op))
		absent(f, BOOT_PATCHED, "the kernel has no operation %u", op);
	else if (!s->names_error && !(s->names & name))
		absent(f, BOOT_PATCHED,
		       "number %u is another operation in this kernel's BTF", op);
}

void check_clone(const struct surroundings *s, struct finding *f)
{
	check_op(s, f, s->kernel.query.op_clone, SPAWNPOL_NAME_CLONE);
}

void check_exec(const struct surroundings *s, struct finding *f)
{
	check_op(s, f, s->kernel.query.op_exec, SPAWNPOL_NAME_EXEC);
}

void check_child(const struct surroundings *s, struct finding *f)
{
	check_op(s, f, s->kernel.query.op_child, SPAWNPOL_NAME_CHILD);
}

static bool is_step(const struct surroundings *s, unsigned int op)
{
	return op && op < 256 && has_bit(s->kernel.child_ops, op);
}

void check_steps(const struct surroundings *s, struct finding *f)
{
	const struct io_uring_spawn_query *query = &s->kernel.query;

	if (no_meaning(s, f))
		return;
	if (!is_step(s, query->op_exec) || !is_step(s, query->op_child))
		absent(f, BOOT_PATCHED,
		       "the probe marks no operation as legal in a child");
}
