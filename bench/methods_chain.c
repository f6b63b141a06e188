// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Launching by chains, with the library. Chains are built once and submitted
 * again and again, as a service would; rings are as a service would have them.
 *
 * The library makes one SPAWN of a chain where it can. That is what the methods
 * with "whole" measure; the others measure linked requests.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <sys/wait.h>
#include <unistd.h>

#include "methods.h"
#include "stamp.h"

/* Above the SQEs of 256 chains, or of one with a step for each directory. */
#define RING_ENTRIES	1024

static char *const argv[] = { (char *)SITE_PROGRAM, NULL };

static struct spawnpol_chain *new_chain(void)
{
	struct spawnpol_chain *chain;

	must(spawnpol_chain_new(&chain));
	must(spawnpol_chain_argv(chain, argv));
	return chain;
}

/* Let the ring's chains be one request, or see to it that they are not. */
static void choose_requests(struct launcher *l)
{
	must(spawnpol_ring_use_links(l->ring, !l->method->whole));
	if (l->method->whole && !spawnpol_ring_uses_spawn(l->ring))
		give_up(-EOPNOTSUPP, "%s: the kernel has no IORING_OP_SPAWN",
			l->method->name);
}

static void make_room(struct launcher *l, unsigned int nr)
{
	must(spawnpol_ring_open(&l->ring, RING_ENTRIES,
				IORING_SETUP_SINGLE_ISSUER |
				IORING_SETUP_DEFER_TASKRUN));
	choose_requests(l);
	l->nr_chains = nr;
	l->chains = calloc(nr, sizeof(*l->chains));
	l->outcomes = calloc(nr, sizeof(*l->outcomes));
	if (!l->chains || !l->outcomes)
		give_up(-ENOMEM, "%u chains", nr);
	for (unsigned int i = 0; i < nr; i++)
		l->chains[i] = new_chain();
}

static void release(struct launcher *l)
{
	spawnpol_ring_close(l->ring);
	for (unsigned int i = 0; i < l->nr_chains; i++)
		must(spawnpol_chain_free(l->chains[i]));
	free(l->chains);
	free(l->outcomes);
}

/* Wait for nr outcomes; those of failed spawns are errors. */
static void wait_for(struct launcher *l, unsigned int nr)
{
	unsigned int done = 0;

	while (done < nr)
		done += must(spawnpol_collect(l->ring, l->outcomes + done,
					      nr - done, nr - done, -1));
}

/* Submit all with one system call. */
static void submit_chains(struct launcher *l, pid_t *pids, unsigned int nr)
{
	(void)pids;
	if ((unsigned int)must(spawnpol_submit(l->ring, l->chains, nr)) != nr)
		give_up(0, "not all chains were submitted");
}

static void collect_chains(struct launcher *l, pid_t *pids, unsigned int nr)
{
	wait_for(l, nr);
	for (unsigned int i = 0; i < nr; i++) {
		must(l->outcomes[i].error);
		pids[i] = l->outcomes[i].pid;
	}
}

/* CLONE and one EXEC of the right path: nothing to search. */
static void prepare_chain(struct launcher *l)
{
	make_room(l, l->max);
	for (unsigned int i = 0; i < l->nr_chains; i++)
		must(spawnpol_chain_program(l->chains[i],
					    site_program(l->site)));
}

const struct method method_chain = {
	.name = "chain", .prepare = prepare_chain,
	.launch = submit_chains, .collect = collect_chains,
	.release = release,
};

/* A file table that is not a copy of the launcher's ... */
static void only_files(struct launcher *l,
		       const struct io_uring_clone_file *files, size_t nr)
{
	for (unsigned int i = 0; i < l->nr_chains; i++)
		must(spawnpol_chain_files(l->chains[i], files, nr));
}

/* ... but lists standard input, output and error, and where programs report. */
static void list_files(struct launcher *l)
{
	static const struct io_uring_clone_file standard[] = {
		{ .source = 0, .number = 0 },
		{ .source = 1, .number = 1 },
		{ .source = 2, .number = 2 },
		{ .source = STAMP_FD, .number = STAMP_FD },
	};

	only_files(l, standard, sizeof(standard) / sizeof(standard[0]));
}

/* As method_chain, with such a table ... */
static void prepare_listed(struct launcher *l)
{
	prepare_chain(l);
	list_files(l);
}

const struct method method_listed = {
	.name = "listed_files", .prepare = prepare_listed,
	.launch = submit_chains, .collect = collect_chains,
	.release = release,
};

/* ... or an empty one: a step opens where they report. */
static void prepare_empty(struct launcher *l)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), STAMP_FD);
	prepare_chain(l);
	only_files(l, NULL, 0);
	for (unsigned int i = 0; i < l->nr_chains; i++)
		must(spawnpol_chain_open(l->chains[i], STAMP_FD, path, O_WRONLY,
					 0));
}

const struct method method_empty = {
	.name = "empty_table", .prepare = prepare_empty,
	.launch = submit_chains, .collect = collect_chains,
	.release = release,
};

/* CLONE and an EXEC for each directory, hard-linked. */
static void prepare_hardlink(struct launcher *l)
{
	make_room(l, l->max);
	for (unsigned int i = 0; i < l->nr_chains; i++) {
		for (unsigned int k = 0; k <= l->site->misses; k++)
			must(spawnpol_chain_program(l->chains[i],
						    l->site->candidates[k]));
	}
}

const struct method method_hardlink = {
	.name = "hardlink", .prepare = prepare_hardlink,
	.launch = submit_chains, .collect = collect_chains,
	.release = release,
};

/* --- policies --------------------------------------------------------------- */

/* Run the tool; its words are shown only if it fails. */
static void tool(const char *const words[])
{
	int status;
	pid_t pid;

	pid = must_sys(fork());
	if (!pid) {
		execv(built("spawnpol"), (char *const *)words);
		_exit(127);
	}
	must_sys(waitpid(pid, &status, 0));
	if (status)
		give_up(0, "spawnpol %s ended with status %#x", words[2],
			status);
}

/*
 * Load the policy with this method's options and attach it to the ring. Then
 * only the link keeps it: nothing is left if this program dies later.
 */
static void load_policy(struct launcher *l, const char *object)
{
	const char *load[16] = { "spawnpol", "--quiet", "load", object,
				 "--name", NULL };
	const char *unload[] = { "spawnpol", "--quiet", "unload", NULL, NULL };
	char name[32], pin[64];
	int n = 6, prog;

	snprintf(name, sizeof(name), "bench-%d", getpid());
	load[5] = unload[3] = name;
	for (const char *const *o = l->method->policy_options; o && *o; o++)
		load[n++] = strcmp(*o, "$PATH") ? *o : l->site->path;
	tool(load);
	snprintf(pin, sizeof(pin), "/sys/fs/bpf/spawnpol/%s/prog", name);
	prog = must_sys(bpf_obj_get(pin));
	/* before there is a link: the tool does not unload what decides */
	tool(unload);
	l->link = must(spawnpol_policy_attach(spawnpol_ring_fd(l->ring), prog,
					      NULL));
	close(prog);
}

static void release_policy(struct launcher *l)
{
	close(l->link);
	release(l);
}

/* CLONE and one EXEC of the bare name: the default policy searches. */
static void prepare_policy(struct launcher *l)
{
	make_room(l, l->max);
	for (unsigned int i = 0; i < l->nr_chains; i++)
		must(spawnpol_chain_program(l->chains[i], SITE_PROGRAM));
	load_policy(l, "spawn_policy");
}

const struct method method_policy = {
	.name = "policy", .prepare = prepare_policy,
	.launch = submit_chains, .collect = collect_chains,
	.release = release_policy,
	.policy_options = (const char *const[]) { "--path", "$PATH", NULL },
};

/* The same, and it remembers where it has found a name. */
const struct method method_remember = {
	.name = "remember", .prepare = prepare_policy,
	.launch = submit_chains, .collect = collect_chains,
	.release = release_policy,
	.policy_options = (const char *const[]) {
		"--path", "$PATH", "--remember", "60m", NULL },
};

/* It decides after each directory: with these errors it cannot leave the search to the kernel. */
const struct method method_policy_decides = {
	.name = "policy", .prepare = prepare_policy,
	.launch = submit_chains, .collect = collect_chains,
	.release = release_policy,
	.policy_options = (const char *const[]) {
		"--path", "$PATH", "--errors", "posix", NULL },
};

/* As method_chain, with a policy attached that never has to act. */
static void prepare_idle(struct launcher *l)
{
	prepare_chain(l);
	load_policy(l, "fallback_policy");
}

const struct method method_idle = {
	.name = "idle_policy", .prepare = prepare_idle,
	.launch = submit_chains, .collect = collect_chains,
	.release = release_policy,
};

/* The same with the default policy, which looks at every EXEC. */
static void prepare_default(struct launcher *l)
{
	prepare_chain(l);
	load_policy(l, "spawn_policy");
}

const struct method method_default_idle = {
	.name = "default_policy", .prepare = prepare_default,
	.launch = submit_chains, .collect = collect_chains,
	.release = release_policy,
	.policy_options = (const char *const[]) { "--path", "$PATH", NULL },
};

/* --- one request for the whole spawn --------------------------------------------- */

/* The right path: nothing to search. */
const struct method method_spawn_path = {
	.name = "spawn_path", .prepare = prepare_chain, .whole = true,
	.launch = submit_chains, .collect = collect_chains,
	.release = release,
};

/* The kernel searches in all directories. */
static void prepare_search(struct launcher *l)
{
	make_room(l, l->max);
	for (unsigned int i = 0; i < l->nr_chains; i++)
		must(spawnpol_chain_search(l->chains[i], SITE_PROGRAM,
					   l->site->path));
}

const struct method method_spawn = {
	.name = "spawn", .prepare = prepare_search, .whole = true,
	.launch = submit_chains, .collect = collect_chains,
	.release = release,
};

/* The same with listed files. */
static void prepare_search_listed(struct launcher *l)
{
	prepare_search(l);
	list_files(l);
}

const struct method method_spawn_listed = {
	.name = "spawn_listed", .prepare = prepare_search_listed, .whole = true,
	.launch = submit_chains, .collect = collect_chains,
	.release = release,
};

/* The kernel searches in directories that it has open since the launcher began. */
static void prepare_search_open(struct launcher *l)
{
	make_room(l, l->max);
	if (must(spawnpol_ring_open_search(l->ring, 0, l->site->path)) !=
	    (int)l->site->misses + 1)
		give_up(0, "not all directories were opened");
	for (unsigned int i = 0; i < l->nr_chains; i++)
		must(spawnpol_chain_search_open(l->chains[i], SITE_PROGRAM, 0));
}

const struct method method_spawn_open = {
	.name = "spawn_open", .prepare = prepare_search_open, .whole = true,
	.launch = submit_chains, .collect = collect_chains,
	.release = release,
};

/* The bare name: the default policy searches. */
const struct method method_spawn_policy = {
	.name = "spawn_policy", .prepare = prepare_policy, .whole = true,
	.launch = submit_chains, .collect = collect_chains,
	.release = release_policy,
	.policy_options = (const char *const[]) { "--path", "$PATH", NULL },
};

/* --- user space decides ------------------------------------------------------- */

/* A chain for each directory; the launcher wakes up and submits the next. */
static void prepare_user(struct launcher *l)
{
	make_room(l, l->site->misses + 1);
	for (unsigned int i = 0; i < l->nr_chains; i++)
		must(spawnpol_chain_program(l->chains[i],
					    l->site->candidates[i]));
}

static pid_t search(struct launcher *l)
{
	for (unsigned int i = 0; i < l->nr_chains; i++) {
		must(spawnpol_submit(l->ring, &l->chains[i], 1));
		wait_for(l, 1);
		if (!l->outcomes[0].error)
			return l->outcomes[0].pid;
		if (l->outcomes[0].error != -ENOENT)
			break;
	}
	give_up(l->outcomes[0].error, "user space found no program");
}

static void launch_user(struct launcher *l, pid_t *pids, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		pids[i] = search(l);
}

const struct method method_user = {
	.name = "user_decides", .prepare = prepare_user,
	.launch = launch_user, .release = release,
};

/* --- programs that are busy ---------------------------------------------------- */

/* The default policy waits and tries again. */
const struct method method_policy_retry = {
	.name = "policy", .prepare = prepare_default,
	.launch = submit_chains, .collect = collect_chains,
	.release = release_policy,
	.policy_options = (const char *const[]) {
		"--retry", "ETXTBSY=20@" RETRY_DELAY, NULL },
};

/* The launcher does. */
static pid_t try(struct launcher *l)
{
	must(spawnpol_submit(l->ring, l->chains, 1));
	wait_for(l, 1);
	if (l->outcomes[0].error == -ETXTBSY)
		return 0;
	must(l->outcomes[0].error);
	return l->outcomes[0].pid;
}

static void launch_user_retry(struct launcher *l, pid_t *pids, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		while (!(pids[i] = try(l))) {
			l->retries++;
			sleep_ns(RETRY_DELAY_NS);
		}
	}
}

const struct method method_user_retry = {
	.name = "user_decides", .prepare = prepare_chain,
	.launch = launch_user_retry, .release = release,
};
