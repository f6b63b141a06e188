// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a SPAWN points to, as text. */
#include "whole_model.h"

static void print_step(FILE *to, const struct io_uring_spawn_step *step)
{
	fprintf(to, "\tstep %s(%u)", cmd_name(step->cmd), step->cmd);
	print_field(to, "flags", step->flags);
	if (step->fd)
		fprintf(to, " fd=%d", step->fd);
	print_field(to, "child_flags", step->child_flags);
	print_addr(to, "addr", step->addr);
	print_field(to, "off", step->off);
	print_field(to, "addr3", step->addr3);
	print_field(to, "addr4", step->addr4);
	fprintf(to, "\n");
}

static void print_errors(FILE *to, const char *name,
			 const struct error_set *set)
{
	unsigned int i;

	for (i = 0; i < sizeof(set->has); i++)
		if (set->has[i])
			fprintf(to, " %s-%u", name, i);
}

void print_whole(const struct fuzz_case *c, unsigned int at, FILE *to)
{
	static struct whole w;
	unsigned int i;

	whole_read(c, at, &w);
	fprintf(to, "\tspawn:");
	print_field(to, "flags", w.arg.flags);
	print_field(to, "slot", w.arg.slot);
	print_field(to, "clone_args", w.arg.clone_args);
	print_field(to, "clone_args_size", w.arg.clone_args_size);
	print_field(to, "files", w.arg.files);
	fprintf(to, " steps=%#lx,%u", (unsigned long)w.arg.steps,
		w.arg.nr_steps);
	print_addr(to, "path", w.arg.path);
	fprintf(to, " dfd=%d", w.arg.dfd);
	print_field(to, "exec_flags", w.arg.exec_flags);
	print_field(to, "argv", w.arg.argv);
	print_field(to, "envp", w.arg.envp);
	print_field(to, "search", w.arg.search);
	if (w.registered)
		fprintf(to, " registered");
	else if (w.list)
		fprintf(to, "\"%.40s\"", w.list);
	print_addr(to, "shell", w.arg.shell);
	print_field(to, "timeout", w.arg.timeout_ns);
	print_field(to, "report", w.arg.report);
	print_field(to, "child", w.arg.child);
	print_field(to, "resv", w.arg.resv);
	print_field(to, "keep_ns", w.arg.keep_ns);
	fprintf(to, "\n\tcan be refused:");
	print_errors(to, "", &w.must);
	print_errors(to, "perhaps ", &w.may);
	fprintf(to, "\n");
	for (i = 0; i < w.nr_steps && i < 20; i++)
		print_step(to, &w.steps[i]);
}
