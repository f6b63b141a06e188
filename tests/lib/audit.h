/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules of audit and the records that they make, by netlink:
 *
 *	audit_rule_init(&rule, AUDIT_FILTER_EXIT);
 *	audit_rule_call(&rule, SYS_execveat);
 *	audit_rule_field(&rule, AUDIT_PPID, getpid());
 *	audit_begin(&a, &rule);
 *	...
 *	records = audit_end(&a);
 *
 * There is one receiver of records: tests that use this are not to run at the
 * same time.
 */
#ifndef SPAWNPOL_TESTS_AUDIT_H
#define SPAWNPOL_TESTS_AUDIT_H

#include <linux/audit.h>

#define AUDIT_FILTER_URING                                                     \
	7 /* AUDIT_FILTER_URING_EXIT; newer than the header */
#define AUDIT_URING_RECORD 1336 /* AUDIT_URINGOP */

struct audit_rule {
	union {
		struct audit_rule_data data;
		char room[sizeof(struct audit_rule_data) + 256];
	};
};

struct audit {
	int fd;
	struct audit_rule rule;
};

/* An empty rule of this list that records always and is about no call yet. */
void audit_rule_init(struct audit_rule *rule, unsigned int list);
/* It is about this system call, or operation of io_uring, too. */
void audit_rule_call(struct audit_rule *rule, unsigned int nr);
void audit_rule_all_calls(struct audit_rule *rule);
/* Only if this field has this value. */
void audit_rule_field(struct audit_rule *rule, unsigned int field,
		      unsigned int value);
/* "-w PATH -p PERMISSIONS" of auditctl(8); AUDIT_PERM_... */
void audit_rule_watch(struct audit_rule *rule, const char *path,
		      unsigned int permissions);

/* Only processes that begin after this can be audited. */
void audit_switch_on(void);
/* Audit by this rule and no other. */
void audit_begin(struct audit *a, const struct audit_rule *rule);
/*
 * Put an end to it: the records, one per line, with the number of their type
 * first. The string stays.
 */
char *audit_end(struct audit *a);

/* The first record of a type that has this text; "" if there is none. */
char *audit_record(const char *records, unsigned int type, const char *with);
/* All records of the event that a record belongs to. */
char *audit_event(const char *records, const char *record);

#endif
