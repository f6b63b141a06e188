// SPDX-License-Identifier: LGPL-2.1-or-later
/* Remedies for rejections by the kernel's verifier, found by its messages. */
#include <string.h>

#include "verifier_advice.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

struct refusal {
	const char *says;	/* a part of the log */
	const char *remedy;
};

/* What is different for the program of an actor. */
static const struct refusal of_actors[] = {
	{ "At program exit the register R0",
	  "return IORING_ACTOR_WAIT or IORING_ACTOR_END on every path through the program" },
	{ "dereference of modified ctx ptr",
	  "read the field into a variable at the beginning: context offsets must be constants" },
	{ "invalid bpf_context access",
	  "fields of the context as spawnpol-actor(7) lists them; none can be written; use bpf_iouring_op_state() for memory" },
	{ "unknown func",
	  "the functions in spawnpol-actor(7); programs of actors cannot call others" },
	{ "cannot use helper",
	  "the functions in spawnpol-actor(7); programs of actors cannot call others" },
	{ "is not allowed",
	  "the functions in spawnpol-actor(7); programs of actors cannot call others" },
	{ "is not a const",
	  "a constant size for bpf_iouring_op_state(), such as a sizeof" },
	{ "mem_or_null",
	  "compare the result of bpf_iouring_op_state() with NULL before its use" },
};

/* The first that fits counts. What is in every log, such as instructions, fits nothing. */
static const struct refusal refusals[] = {
	{ "GPL-compatible", "SPAWNPOL_LICENSE(\"GPL\") in the source" },
	{ "non-GPL compatible", "SPAWNPOL_LICENSE(\"GPL\") in the source" },
	{ "At program exit the register R0",
	  "return constants, IORING_VERDICT_..., on every path through the policy" },
	{ "write into map forbidden",
	  "a copy in a local array, as char path[] = \"/usr/bin\": kernel functions take no string literal" },
	{ "while holding a lock",
	  "call functions that sleep, such as all that stage a path, outside the lock" },
	{ "expected pointer to ctx",
	  "pass the context that the program was called with" },
	{ "variable ctx access",
	  "copy the indexed field to the stack: context offsets must be constants" },
	{ "dereference of modified ctx ptr",
	  "read the field into a variable at the beginning; store to it in a separate function (static __noinline), or as ((volatile __u64 *)ctx->scratch)[N] = ...: context offsets must be constants" },
	{ "invalid bpf_context access",
	  "fields of the context as spawnpol-reference(7) lists them; only scratch can be written" },
	{ "unknown func",
	  "the functions in spawnpol-reference(7); policies cannot call others" },
	{ "cannot use helper",
	  "the functions in spawnpol-reference(7); policies cannot call others" },
	{ "is not allowed",
	  "the functions in spawnpol-reference(7); policies cannot call others" },
	{ "Sleepable programs can only use",
	  "a map of a type that spawnpol-reference(7) lists" },
	{ "leads to invalid memory access",
	  "memory on the stack or in a map's value, and not more than its size" },
	{ "invalid mem access 'map_value_or_null'",
	  "compare the result of bpf_map_lookup_elem() with NULL before its use" },
	{ "program is too large",
	  "bpf_loop() instead of loops, and global functions (__noinline, not static)" },
	{ "too complex",
	  "bpf_loop() instead of loops, and global functions (__noinline, not static)" },
	{ "infinite loop detected", "loops with a constant bound, or bpf_loop()" },
};

static const char *look_up(const struct refusal *table, unsigned int nr, const char *log)
{
	for (unsigned int i = 0; i < nr; i++)
		if (strstr(log, table[i].says))
			return table[i].remedy;
	return NULL;
}

const char *verifier_advice(const char *log, bool actor)
{
	const char *remedy = NULL;

	if (log && actor)
		remedy = look_up(of_actors, COUNT(of_actors), log);
	if (log && !remedy)
		remedy = look_up(refusals, COUNT(refusals), log);
	if (remedy)
		return remedy;
	return actor ? "read the log's last lines; spawnpol-actor(7) has the usual causes" :
		       "read the log's last lines; spawnpol-policy(7) has the usual causes";
}
