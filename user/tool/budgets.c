// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Comparing a link's budgets with the largest amounts that the policy's rules can use.
 */
#include <errno.h>
#include <spawn_policy.h>
#include <spawnpol.h>
#include <stdlib.h>

#include "budgets.h"
#include "kernel.h"
#include "policy_maps.h"
#include "time_text.h"
#include "tool.h"

/* What one step can use up. */
struct need {
	uint64_t search;	/* requests of a search */
	uint64_t issues;	/* all requests */
	uint64_t delay_ns;
};

static uint64_t add_delays(uint64_t sum, const struct spawn_policy_retry *r)
{
	uint64_t all;

	if (__builtin_mul_overflow(r->delay_ns, r->count, &all) ||
	    __builtin_add_overflow(sum, all, &sum))
		return UINT64_MAX;
	return sum;
}

static uint64_t nr_dirs(const struct spawn_policy_config *c)
{
	const char *dir = NULL;
	uint64_t nr = 0;
	size_t len;

	while ((dir = spawn_policy_next_dir(c, dir, &len)))
		nr++;
	return nr;
}

/*
 * A search is one request, whatever it tries, as long as it is the kernel's. The policy
 * searches directory by directory by the other rule, after a retry, and after a shell that
 * was not executed.
 */
static bool may_search_by_steps(const struct spawn_policy_config *c)
{
	return c->errors == SPAWN_POLICY_ERRORS_POSIX || c->nr_retries || c->shell[0];
}

/*
 * Each rule has its tries for each step, and a step can meet all their errors. A
 * search tries each directory, the shell for what it finds there, and once more the
 * directory that it remembers.
 */
static struct need need_of(const struct spawn_policy_config *c)
{
	const uint64_t dirs = nr_dirs(c);
	struct need need = { .search = c->shell[0] ? 1 : 0 };
	unsigned int i;

	if (dirs)
		need.search = (may_search_by_steps(c) ? dirs : 1) *
			      (c->shell[0] ? 2 : 1) + (c->remember_ns ? 1 : 0);
	need.issues = need.search;
	for (i = 0; i < c->nr_retries && i < SPAWN_POLICY_MAX_RETRIES; i++) {
		need.issues += c->retries[i].count;
		need.delay_ns = add_delays(need.delay_ns, &c->retries[i]);
	}
	return need;
}

int budgets_check_rules(struct tool *t, const struct spawn_policy_config *config)
{
	const struct io_uring_spawn_query *q = kernel_query();
	const struct need need = need_of(config);
	char all[TIME_TEXT_SIZE], most[TIME_TEXT_SIZE];

	if (q->max_delay_ns && need.delay_ns > q->max_delay_ns) {
		misuse(t, "--retry: the rules can wait %s for one step; the kernel's ceiling is %s",
		       time_text(need.delay_ns, all),
		       time_text(q->max_delay_ns, most));
		advise(t, "fewer tries, or shorter delays");
		return -EINVAL;
	}
	if (q->max_issues && need.issues > q->max_issues) {
		misuse(t, "--retry: search and rules can issue %llu requests for one step; the kernel's ceiling is %u",
		       (unsigned long long)need.issues, q->max_issues);
		advise(t, "fewer tries");
		return -EINVAL;
	}
	return 0;
}

static int above(struct tool *t, const char *option, uint32_t asked,
		 uint32_t ceiling)
{
	if (asked <= ceiling)
		return 0;
	fail(t, E2BIG, "--%s %u is above the kernel's ceiling of %u", option,
	     asked, ceiling);
	advise(t, "--%s %u, which is the most there is", option, ceiling);
	return -E2BIG;
}

static int check_ceilings(struct tool *t, const struct spawnpol_attach_opts *opts,
			  const struct io_uring_spawn_query *q)
{
	char asked[TIME_TEXT_SIZE], most[TIME_TEXT_SIZE];
	int ret;

	ret = above(t, "max-issues", opts->max_issues, q->max_issues);
	if (!ret)
		ret = above(t, "max-staged", opts->max_staged, q->max_staged);
	if (ret || opts->max_delay_ns <= q->max_delay_ns)
		return ret;
	time_text(q->max_delay_ns, most);
	fail(t, E2BIG, "--max-delay %s is above the kernel's ceiling of %s",
	     time_text(opts->max_delay_ns, asked), most);
	advise(t, "--max-delay %s, which is the most there is", most);
	return -E2BIG;
}

static int check_need(struct tool *t, const struct need *need,
		      uint64_t delay_ns, uint32_t issues)
{
	char all[TIME_TEXT_SIZE], most[TIME_TEXT_SIZE];

	if (need->delay_ns > delay_ns) {
		time_text(need->delay_ns, all);
		refuse(t, "the policy's retry rules can wait %s for one step; the budget is %s",
		       all, time_text(delay_ns, most));
		advise(t, "--max-delay %s", all);
		return -EINVAL;
	}
	if (need->issues > issues) {
		refuse(t, "the policy's search and retry rules can issue %llu requests for one step; the budget is %u",
		       (unsigned long long)need->issues, issues);
		advise(t, "--max-issues %llu",
		       (unsigned long long)need->issues);
		return -EINVAL;
	}
	return 0;
}

/* However long the PATH is, it must not be refused for a budget that nobody asked for. */
static void fit_search(struct spawnpol_attach_opts *opts, const struct need *need,
		       const struct io_uring_spawn_query *q)
{
	if (!opts->max_issues && need->search > q->def_issues)
		opts->max_issues = need->issues < q->max_issues ?
				   need->issues : q->max_issues;
}

int budgets_check(struct tool *t, int prog_fd, struct spawnpol_attach_opts *opts)
{
	const struct io_uring_spawn_query *q = kernel_query();
	struct spawn_policy_config *config;
	struct need need;
	int ret;

	ret = check_ceilings(t, opts, q);
	if (ret)
		return ret;
	config = malloc(sizeof(*config));
	if (!config)
		return fail(t, ENOMEM, "cannot read the policy's configuration");
	/* of other policies nothing is known */
	if (!policy_config_read(prog_fd, config)) {
		need = need_of(config);
		fit_search(opts, &need, q);
		ret = check_need(t, &need,
				 opts->max_delay_ns ?: q->def_delay_ns,
				 opts->max_issues ?: q->def_issues);
	}
	free(config);
	return ret;
}
