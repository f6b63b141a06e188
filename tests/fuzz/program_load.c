// SPDX-License-Identifier: LGPL-2.1-or-later
/* Programs are offered to the verifier, and its answers sorted. */
#include "program.h"

#include "tap.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

/*
 * Seconds for the verifier. A loop without an end takes it through a million
 * instructions, and on the debug kernel many minutes.
 */
#define LOAD_PATIENCE 3

static char log_text[1 << 18];

const char *load_log(void)
{
	return log_text;
}

/*
 * Who has CAP_PERFMON may see kernel addresses, so that programs may hand them
 * out, and CAP_SYS_ADMIN implies it.
 */
static void trust_me(bool trusted)
{
	const uint64_t much = 1ULL << CAP_PERFMON | 1ULL << CAP_SYS_ADMIN;
	const uint64_t all = (1ULL << (CAP_LAST_CAP + 1)) - 1;
	const uint64_t set = trusted ? all : all & ~much;
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)set, .permitted = (uint32_t)all },
		{ .effective = set >> 32, .permitted = all >> 32 },
	};

	CHECK_SYS(syscall(SYS_capset, &head, data));
}

static void on_alarm(int signo)
{
	(void)signo;
}

/* A signal makes the verifier give up with -EAGAIN. 0: no alarm any more. */
static void set_alarm(unsigned int seconds)
{
	const struct itimerval when = { .it_value.tv_sec = seconds };
	const struct sigaction action = { .sa_handler = on_alarm };

	CHECK_SYS(sigaction(SIGALRM, &action, NULL));
	CHECK_SYS(setitimer(ITIMER_REAL, &when, NULL));
}

int program_load(const struct program *p, unsigned int level)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .attempts = 1,
		    .expected_attach_type = p->attach_type,
		    .prog_flags = p->flags, .log_level = level);
	int fd;

	log_text[0] = '\0';
	if (level) {
		opts.log_buf = log_text;
		opts.log_size = sizeof(log_text);
	}
	if (!p->trusted)
		trust_me(false);
	set_alarm(LOAD_PATIENCE);
	fd = bpf_prog_load(p->type, "fuzz", p->license, p->insns, p->nr, &opts);
	set_alarm(0);
	if (!p->trusted)
		trust_me(true);
	return fd;
}

/* Behind the last complaint come lines with figures only. */
static const char *last_words(void)
{
	static char line[256];
	const char *at = log_text, *end;

	line[0] = '\0';
	for (; *at; at = *end ? end + 1 : end) {
		end = strchrnul(at, '\n');
		if (!strncmp(at, "processed ", 10) ||
		    !strncmp(at, "verification time", 17) ||
		    !strncmp(at, "stack depth", 11))
			break;
		snprintf(line, sizeof(line), "%.*s", (int)(end - at), at);
	}
	return line;
}

const char *load_reason(void)
{
	static char reason[256];
	const char *from = last_words();
	char *to = reason;

	for (; *from && to < reason + sizeof(reason) - 1; from++) {
		if (isdigit(*from) && to > reason && to[-1] == '#')
			continue;
		*to++ = isdigit(*from) ? '#' : *from;
	}
	*to = '\0';
	return reason;
}

void program_show(const struct program *p)
{
	const struct bpf_insn *in;

	printf("type %u attach type %u flags %#x license %s%s\n", p->type,
	       p->attach_type, p->flags, p->license,
	       p->trusted ? ", with CAP_PERFMON" : "");
	for (in = p->insns; in < p->insns + p->nr; in++)
		printf("%4u: code %02x dst r%u src r%u off %d imm %d\n",
		       (unsigned int)(in - p->insns), in->code, in->dst_reg,
		       in->src_reg, in->off, in->imm);
}
