/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The features that probe reports, and how each is checked. */
#ifndef SPAWNPOL_FEATURES_H
#define SPAWNPOL_FEATURES_H

#include <spawnpol_bpf.h>
#include <stdbool.h>
#include <stdint.h>

enum presence { ABSENT, PRESENT, UNKNOWN };

/* What the checks have to go by. */
struct surroundings {
	struct spawnpol_probe kernel;
	uint32_t names;		/* SPAWNPOL_NAME_* that have the kernel's number */
	int names_error;	/* why they could not be looked up, or 0 */
	struct btf *btf;	/* the kernel's, or NULL */
	int btf_error;
	uint64_t caps;		/* effective capabilities */
};

struct finding {
	enum presence presence;
	char reason[160];	/* why it is not present; may be empty */
	const char *remedy;
};

struct feature {
	const char *name;	/* stable: scripts go by it */
	const char *what;
	bool kernel;		/* else a matter of mounts and privileges */
	bool required;		/* without it nothing works */
	void (*check)(const struct surroundings *s, struct finding *f);
};

/* Ends with an empty name. */
extern const struct feature features[];

int surroundings_open(struct surroundings *s);
void surroundings_close(struct surroundings *s);

/* The checks, by concern. */
void check_io_uring(const struct surroundings *s, struct finding *f);
void check_spawn(const struct surroundings *s, struct finding *f);
void check_abi(const struct surroundings *s, struct finding *f);
void check_clone(const struct surroundings *s, struct finding *f);
void check_exec(const struct surroundings *s, struct finding *f);
void check_child(const struct surroundings *s, struct finding *f);
void check_steps(const struct surroundings *s, struct finding *f);

void check_btf(const struct surroundings *s, struct finding *f);
void check_policies(const struct surroundings *s, struct finding *f);
void check_prog_type(const struct surroundings *s, struct finding *f);
void check_functions(const struct surroundings *s, struct finding *f);

void check_bpf(const struct surroundings *s, struct finding *f);
void check_actor_type(const struct surroundings *s, struct finding *f);
void check_actor_functions(const struct surroundings *s, struct finding *f);

void check_pidfd_getfd(const struct surroundings *s, struct finding *f);
void check_tracepoints(const struct surroundings *s, struct finding *f);
void check_bpffs(const struct surroundings *s, struct finding *f);
void check_tracefs(const struct surroundings *s, struct finding *f);
void check_cap_bpf(const struct surroundings *s, struct finding *f);
void check_cap_ptrace(const struct surroundings *s, struct finding *f);
void check_cap_admin(const struct surroundings *s, struct finding *f);

#define absent(f, way_out, ...)						\
	not_present(f, ABSENT, way_out, __VA_ARGS__)
#define unknown(f, way_out, ...)					\
	not_present(f, UNKNOWN, way_out, __VA_ARGS__)
void not_present(struct finding *f, enum presence presence,
		 const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
