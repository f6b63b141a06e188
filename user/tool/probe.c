// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol probe */
#include <stdio.h>
#include <sys/utsname.h>

#include "common/commands.h"
#include "features.h"
#include "json.h"
#include "names.h"
#include "time_text.h"
#include "tool.h"

#define MAX_FEATURES	32

static const char *const presence_text[] = {
	[ABSENT] = "no", [PRESENT] = "yes", [UNKNOWN] = "unknown",
};

static void print_text(const struct tool *t, const struct feature *feature,
		       const struct finding *f)
{
	say(t, "%-15s %-8s %s\n", feature->name, presence_text[f->presence],
	    feature->what);
	if (f->presence == PRESENT)
		return;
	if (f->reason[0])
		say(t, "%24s why not: %s\n", "", f->reason);
	if (f->remedy)
		say(t, "%24s try: %s\n", "", f->remedy);
}

static void json_feature(struct json *j, const struct feature *feature,
			 const struct finding *f)
{
	json_object(j, feature->name);
	if (f->presence == UNKNOWN)
		json_null(j, "present");
	else
		json_bool(j, "present", f->presence == PRESENT);
	json_text(j, "what", feature->what);
	json_text(j, "kind", feature->kernel ? "kernel" : "setup");
	json_bool(j, "required", feature->required);
	json_text(j, "reason", f->reason[0] ? f->reason : NULL);
	json_text(j, "remedy", f->presence == PRESENT ? NULL : f->remedy);
	json_end(j);
}

static void json_steps(struct json *j, const char *key, const __u64 *ops)
{
	unsigned int op;

	json_array(j, key);
	for (op = 0; op < 256; op++)
		if (ops[op / 64] >> op % 64 & 1)
			json_text(j, NULL, op == step_opcode(OP_CHILD) ?
				  "child" : step_name(op, 0));
	json_end(j);
}

/* What this kernel calls by which number; null: it does not have it. */
static void json_numbers(struct json *j, const struct io_uring_spawn_query *q)
{
	const struct {
		const char *name;
		uint32_t number;
	} numbers[] = {
		{ "op_clone", q->op_clone },
		{ "op_exec", q->op_exec },
		{ "op_child", q->op_child },
		{ "op_spawn", q->op_spawn },
		{ "op_bpf", q->op_bpf },
		{ "prog_type", q->prog_type },
		{ "attach_spawn", q->attach_spawn },
		{ "attach_op", q->attach_op },
		{ "link_type", q->link_type },
	};
	unsigned int i;

	json_object(j, "numbers");
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].number)
			json_u32(j, numbers[i].name, numbers[i].number);
		else
			json_null(j, numbers[i].name);
	}
	json_end(j);
}

static void json_limits(struct json *j, const struct io_uring_spawn_query *q)
{
	json_object(j, "limits");
	json_u32(j, "steps", q->max_steps);
	json_u32(j, "files", q->max_files);
	json_u32(j, "waiting", q->max_waiting);
	json_u32(j, "policies", q->max_policies);
	json_end(j);
	json_object(j, "actors");
	json_u32(j, "default_in_flight", q->def_in_flight);
	json_u32(j, "max_in_flight", q->max_in_flight);
	json_u32(j, "staged", q->max_op_staged);
	json_u32(j, "posted", q->max_op_posted);
	json_u32(j, "state", q->max_state);
	json_end(j);
	json_object(j, "budgets");
	json_u32(j, "default_issues", q->def_issues);
	json_u32(j, "default_staged", q->def_staged);
	json_u64(j, "default_delay_ns", q->def_delay_ns);
	json_u32(j, "max_issues", q->max_issues);
	json_u32(j, "max_staged", q->max_staged);
	json_u64(j, "max_delay_ns", q->max_delay_ns);
	json_end(j);
}

static int print_json(const struct surroundings *s,
		      const struct finding *findings, bool supported)
{
	const struct io_uring_spawn_query *q = &s->kernel.query;
	struct utsname kernel;
	struct json j;
	int i, ret;

	ret = json_start(&j);
	if (ret)
		return ret;
	uname(&kernel);
	json_text(&j, "version", spawnpol_version_text());
	json_text(&j, "kernel", kernel.release);
	json_bool(&j, "supported", supported);
	json_object(&j, "abi");
	json_u32(&j, "tool", IORING_SPAWN_ABI);
	if (q->abi)
		json_u32(&j, "kernel", q->abi);
	else
		json_null(&j, "kernel");
	json_end(&j);
	json_object(&j, "features");
	for (i = 0; features[i].name; i++)
		json_feature(&j, &features[i], &findings[i]);
	json_end(&j);
	json_u32(&j, "slots", q->nr_slots);
	json_numbers(&j, q);
	json_steps(&j, "steps", q->child_ops);
	json_steps(&j, "retry", q->retry_ops);
	json_limits(&j, q);
	return json_finish(&j, stdout);
}

/* What is unknown for want of privilege says nothing against the kernel. */
static bool check_all(const struct surroundings *s, struct finding *findings)
{
	bool supported = true;
	int i;

	for (i = 0; features[i].name; i++) {
		findings[i] = (struct finding) { .presence = PRESENT };
		features[i].check(s, &findings[i]);
		if (features[i].required && findings[i].presence == ABSENT)
			supported = false;
	}
	return supported;
}

static void print_budgets(const struct tool *t,
			  const struct io_uring_spawn_query *q)
{
	char time[TIME_TEXT_SIZE], most[TIME_TEXT_SIZE];

	if (!q->max_delay_ns)
		return;
	say(t, "\nBudgets of a policy for one chain (default, maximum):\n");
	say(t, "  --max-issues %8u %8u\n", q->def_issues, q->max_issues);
	say(t, "  --max-staged %8u %8u\n", q->def_staged, q->max_staged);
	say(t, "  --max-delay  %8s %8s\n", time_text(q->def_delay_ns, time),
	    time_text(q->max_delay_ns, most));
}

static void print_actors(const struct tool *t, const struct io_uring_spawn_query *q)
{
	if (!q->op_bpf)
		return;
	say(t, "\nActors are requests of operation %u, IORING_OP_BPF. At most:\n",
	    q->op_bpf);
	say(t, "  in flight     %8u %8u (default, ceiling of --in-flight)\n",
	    q->def_in_flight, q->max_in_flight);
	say(t, "  staged by a run %6u\n", q->max_op_staged);
	say(t, "  posted by a run %6u\n", q->max_op_posted);
	say(t, "  state         %8u bytes\n", q->max_state);
}

static void print_summary(const struct tool *t, bool supported)
{
	struct utsname kernel;

	uname(&kernel);
	say(t, "\nLinux %s %s spawn under policies.\n", kernel.release,
	    supported ? "can" : "cannot");
}

int do_probe(struct tool *t)
{
	struct finding findings[MAX_FEATURES];
	struct surroundings s;
	bool supported;
	int i, ret;

	ret = surroundings_open(&s);
	if (ret)
		return fail(t, ret, "cannot look at the kernel");
	supported = check_all(&s, findings);
	if (!supported)
		t->status = EXIT_UNSUPPORTED;
	for (i = 0; features[i].name; i++)
		print_text(t, &features[i], &findings[i]);
	print_budgets(t, &s.kernel.query);
	print_actors(t, &s.kernel.query);
	print_summary(t, supported);
	ret = t->set.json ? print_json(&s, findings, supported) : 0;
	surroundings_close(&s);
	return ret ? fail(t, ret, "cannot print") : 0;
}
