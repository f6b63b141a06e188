/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors and outcomes in words: spawnpol_advise(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_ADVISE_H
#define SPAWNPOL_PART_ADVISE_H

#include "submit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What was tried when the error came. */
enum spawnpol_topic {
	SPAWNPOL_TOPIC_RING,	/* ring_open, ring_wrap, query, probe->error */
	SPAWNPOL_TOPIC_CHAIN,	/* the builder, submit */
	SPAWNPOL_TOPIC_CLONE,	/* outcome of kind SPAWNPOL_KIND_CLONE */
	SPAWNPOL_TOPIC_STEP,	/* outcome of another kind */
	SPAWNPOL_TOPIC_EXEC,	/* outcome of kind SPAWNPOL_KIND_EXEC */
	SPAWNPOL_TOPIC_ATTACH,	/* *_attach*, policy_events, actor_needs, policy_error */
	SPAWNPOL_TOPIC_LINK,	/* policy_update, _detach, _info */
	SPAWNPOL_TOPIC_EXIT,	/* outcome of kind SPAWNPOL_KIND_EXIT */
	/* outcome of kind SPAWNPOL_KIND_CLONE that is about a kept child; spawnpol_child_*() */
	SPAWNPOL_TOPIC_CHILD,
	SPAWNPOL_TOPIC_ACTOR,	/* outcome of kind SPAWNPOL_KIND_ACTOR */
	SPAWNPOL_TOPIC_ACTOR_CALL, /* actor_submit, _queue, _cancel, _free */
};

struct spawnpol_advice {
	const char *text;	/* what the error means here */
	const char *remedy;	/* what helps, or NULL */
};

/*
 * Words for an error (negative, as returned), never none; the strings are
 * constant. Where the topic adds nothing to the errno's own meaning, text is
 * that of strerrordesc_np(3).
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

/* "open", "exec" …, constant. */
const char *spawnpol_kind_name(enum spawnpol_kind kind);

/*
 * One line about an outcome, without newline: the step, what it worked on (control
 * characters of a path as "\x0a", a backslash twice), the error's text. "running as
 * 1234" if there was none, "waiting as child 7" or "ended" if there was no program,
 * "exited with 1" or "killed by signal 9" at the end of a program, "completed with 7" at
 * that of an actor. A path that a policy has tried in the step's place is named, if the
 * kernel tells it. Returns the line's length and cuts like snprintf(3). Reads the chain,
 * which must not be freed or submitted again yet.
 */
int spawnpol_outcome_text_sized(const struct spawnpol_outcome *out, size_t out_size,
				char *buf, size_t size);
static inline int spawnpol_outcome_text(const struct spawnpol_outcome *out, char *buf,
					size_t size)
{
	return spawnpol_outcome_text_sized(out, sizeof(*out), buf, size);
}

/* What an outcome's error is about: for spawnpol_advise(). */
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
