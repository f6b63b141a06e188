/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Comparing a link's budgets with the largest amounts that the policy's rules can use.
 * If a budget is too small for a rule, the chain ends with ETOOMANYREFS, which hides
 * the error that the rule is for.
 */
#ifndef SPAWNPOL_BUDGETS_H
#define SPAWNPOL_BUDGETS_H

struct spawn_policy_config;
struct spawnpol_attach_opts;
struct tool;

/*
 * Can the program be attached with these budgets, of which 0 is the default? Refused
 * are budgets above the kernel's ceilings (-E2BIG) and, for the default policy, less
 * than its search and its retry rules can use up for one step (-EINVAL). The problem
 * is recorded; its remedy names the option that helps.
 *
 * If max_issues is 0 and the search of the default policy needs more than the kernel's
 * default, it becomes what search and rules need.
 */
int budgets_check(struct tool *t, int prog_fd, struct spawnpol_attach_opts *opts);

/*
 * Can rules be followed under any budgets? -EINVAL, a usage error, if they are above
 * the ceilings; 0 where the kernel does not tell these.
 */
int budgets_check_rules(struct tool *t, const struct spawn_policy_config *config);

#endif
