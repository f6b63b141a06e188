/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts about errors and outcomes: spawnpol_advise(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_ADVISE_H
#define SPAWNPOL_PART_ADVISE_H

#include "submit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where an error came from. */
enum spawnpol_topic {
	SPAWNPOL_TOPIC_RING,	/* ring_open, ring_wrap, query, probe->error */
	SPAWNPOL_TOPIC_CHAIN,	/* the builder, submit */
	SPAWNPOL_TOPIC_CLONE,	/* outcome of kind SPAWNPOL_KIND_CLONE */
	SPAWNPOL_TOPIC_STEP,	/* outcome of another kind */
	SPAWNPOL_TOPIC_EXEC,	/* outcome of kind SPAWNPOL_KIND_EXEC */
	SPAWNPOL_TOPIC_ATTACH,	/* *_attach*, policy_events, actor_needs, policy_error */
	SPAWNPOL_TOPIC_LINK,	/* policy_update, _detach, _info */
	SPAWNPOL_TOPIC_EXIT,	/* outcome of kind SPAWNPOL_KIND_EXIT */
	/* outcome of kind SPAWNPOL_KIND_CLONE about a kept child; spawnpol_child_*() */
	SPAWNPOL_TOPIC_CHILD,
	SPAWNPOL_TOPIC_ACTOR,	/* outcome of kind SPAWNPOL_KIND_ACTOR */
	SPAWNPOL_TOPIC_ACTOR_CALL, /* actor_submit, _queue, _cancel, _free */
};

struct spawnpol_advice {
	const char *text;	/* what the error means here */
	const char *remedy;	/* what helps, or NULL */
};

/*
 * Explain an error (negative, as returned). advice->text is never NULL. The strings are
 * constant. If the topic adds nothing to the errno's own meaning, text is that of
 * strerrordesc_np(3).
 */
int spawnpol_advise_sized(enum spawnpol_topic topic, int error,
			  struct spawnpol_advice *advice, size_t size);
static inline struct spawnpol_advice spawnpol_advise(enum spawnpol_topic topic,
						     int error)
{
	struct spawnpol_advice advice;

	spawnpol_advise_sized(topic, error, &advice, sizeof(advice));
	return advice;
}

/* Return the name of a kind, "open", "exec" …, a constant string. */
const char *spawnpol_kind_name(enum spawnpol_kind kind);

/*
 * Write one line about an outcome, without newline: the step, its path (control characters
 * as "\x0a", a backslash twice), the error's text. Without an error the line says "running
 * as 1234", without a program "waiting as child 7" or "ended", at the end of a program
 * "exited with 1" or "killed by signal 9", at the end of an actor "completed with 7". If
 * the kernel reports a path that a policy tried in place of the step's, the line has that
 * path. Returns the length of the line and cuts it like snprintf(3). The call reads the
 * chain, so do not free or submit the chain before.
 */
int spawnpol_outcome_text_sized(const struct spawnpol_outcome *out, size_t out_size,
				char *buf, size_t size);
static inline int spawnpol_outcome_text(const struct spawnpol_outcome *out, char *buf,
					size_t size)
{
	return spawnpol_outcome_text_sized(out, sizeof(*out), buf, size);
}

/* Return the topic of an outcome's error, for spawnpol_advise(). */
enum spawnpol_topic spawnpol_outcome_topic_sized(const struct spawnpol_outcome *out,
						 size_t size);
static inline enum spawnpol_topic spawnpol_outcome_topic(
	const struct spawnpol_outcome *out)
{
	return spawnpol_outcome_topic_sized(out, sizeof(*out));
}

#ifdef __cplusplus
}
#endif

#endif
