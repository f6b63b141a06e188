// SPDX-License-Identifier: LGPL-2.1-or-later
/* Types of arguments. Their parsers read untrusted input. */
#include "argument.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/parse.h"

#define PARSER(kind)							\
	static int read_##kind(const struct argument *a, const char *text, \
			       int nr_files, struct values *to,		\
			       struct value *v)
#define UNUSED(x)	((void)(x))

/*
 * Call each for every element of a list, with its place in it. Returns how many
 * there are or what each returned below 0.
 */
static int for_each(const char *list,
		    int (*each)(const char *element, size_t at,
				struct values *to),
		    struct values *to)
{
	char element[32];
	size_t len, nr = 0;
	int err;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (!len || len >= sizeof(element) || nr == MAX_ELEMENTS)
			return -EINVAL;
		memcpy(element, list, len);
		element[len] = '\0';
		err = each(element, nr++, to);
		if (err)
			return err;
		if (!list[len])
			return nr;
	}
}

PARSER(text)
{
	UNUSED(a), UNUSED(nr_files), UNUSED(to);
	v->text = text;
	return *text ? 0 : -EINVAL;
}

PARSER(variable)
{
	const char *equals = strchr(text, '=');

	UNUSED(a), UNUSED(nr_files), UNUSED(to);
	v->text = text;
	return equals && equals != text ? 0 : -EINVAL;
}

PARSER(file)
{
	UNUSED(a), UNUSED(to);
	return nr_files <= NR_STREAMS ? -EINVAL :
	       parse_unsigned(text, 10, nr_files - 1, &v->number) ?:
	       v->number < NR_STREAMS ? -ERANGE : 0;
}

PARSER(number)
{
	int64_t n = 0;
	int ret = parse_signed(text, a->min, a->max, &n);

	UNUSED(nr_files), UNUSED(to);
	v->number = n;
	return ret;
}

PARSER(octal)
{
	UNUSED(nr_files), UNUSED(to);
	return parse_unsigned(text, 8, a->max, &v->number);
}

PARSER(cookie)
{
	UNUSED(a), UNUSED(nr_files), UNUSED(to);
	return parse_unsigned(text, 0, UINT64_MAX, &v->number);
}

PARSER(id)
{
	UNUSED(a), UNUSED(nr_files), UNUSED(to);
	if (!strcmp(text, "-")) {
		v->number = ALL_IDS;
		return 0;
	}
	return parse_unsigned(text, 10, ALL_IDS - 1, &v->number);
}

static int add_id(const char *element, size_t at, struct values *to)
{
	uint64_t n = 0;
	int err = parse_unsigned(element, 10, ALL_IDS - 1, &n);

	to->ids[at] = n;
	return err;
}

static int add_fd(const char *element, size_t at, struct values *to)
{
	uint64_t n = 0;
	int err = parse_unsigned(element, 10, INT_MAX, &n);

	to->fds[at] = n;
	return err;
}

static int add_list(const char *text, struct values *to,
		    int (*add)(const char *, size_t, struct values *))
{
	int nr = strcmp(text, "none") ? for_each(text, add, to) : 0;

	to->nr = nr < 0 ? 0 : nr;
	return nr < 0 ? nr : 0;
}

PARSER(ids)
{
	UNUSED(a), UNUSED(nr_files), UNUSED(v);
	return add_list(text, to, add_id);
}

PARSER(fds)
{
	UNUSED(a), UNUSED(nr_files), UNUSED(v);
	return add_list(text, to, add_fd);
}

/* "3" or "0-2" */
static int add_cpus(const char *element, size_t at, struct values *to)
{
	char first[32];
	const char *dash = strchr(element, '-');
	uint64_t from, until;

	UNUSED(at);
	snprintf(first, sizeof(first), "%.*s",
		 (int)strcspn(element, "-"), element);
	if (parse_unsigned(first, 10, MAX_CPUS - 1, &from) ||
	    parse_unsigned(dash ? dash + 1 : first, 10, MAX_CPUS - 1, &until) ||
	    from > until)
		return -EINVAL;
	for (; from <= until; from++) {
		to->cpus[from / 64] |= 1ULL << from % 64;
		if (to->nr < (from / 64 + 1) * sizeof(uint64_t))
			to->nr = (from / 64 + 1) * sizeof(uint64_t);
	}
	return 0;
}

/* nr is the mask's bytes. */
PARSER(cpus)
{
	UNUSED(a), UNUSED(nr_files), UNUSED(v);
	memset(to->cpus, 0, sizeof(to->cpus));
	to->nr = 0;
	return for_each(text, add_cpus, to) < 0 ? -EINVAL : 0;
}

PARSER(limit)
{
	static const char units[] = "KMG";
	char digits[24];
	size_t len = strspn(text, "0123456789");
	const char *unit = text[len] ? strchr(units, text[len]) : NULL;
	unsigned int shift = unit ? 10 * (unit - units + 1) : 0;

	UNUSED(a), UNUSED(nr_files), UNUSED(to);
	v->number = RLIM_INFINITY;
	if (!strcmp(text, "unlimited"))
		return 0;
	if (len >= sizeof(digits) || (text[len] && (!unit || text[len + 1])))
		return -EINVAL;
	snprintf(digits, sizeof(digits), "%.*s", (int)len, text);
	if (parse_unsigned(digits, 10, (RLIM_INFINITY - 1) >> shift, &v->number))
		return -EINVAL;
	v->number <<= shift;
	return 0;
}

PARSER(time)
{
	UNUSED(a), UNUSED(nr_files), UNUSED(to);
	return parse_duration(text, &v->number) ? -EINVAL : 0;
}

/* INT, SIGINT, 2, RTMIN+1; 0 if it is none. */
static int signal_number(const char *text)
{
	const char *known;
	uint64_t n;

	if (!parse_unsigned(text, 10, SIGRTMAX, &n))
		return n;
	if (!strncmp(text, "SIG", 3))
		text += 3;
	if (!strcmp(text, "RTMIN"))
		return SIGRTMIN;
	if (!strncmp(text, "RTMIN+", 6))
		return parse_unsigned(text + 6, 10, SIGRTMAX - SIGRTMIN, &n) ?
		       0 : SIGRTMIN + (int)n;
	for (int sig = 1; sig < SIGRTMIN; sig++) {
		known = sigabbrev_np(sig);
		if (known && !strcmp(known, text))
			return sig;
	}
	return 0;
}

PARSER(signal)
{
	UNUSED(a), UNUSED(nr_files), UNUSED(to);
	v->number = signal_number(text);
	return v->number ? 0 : -EINVAL;
}

static int add_signal(const char *element, size_t at, struct values *to)
{
	int sig = signal_number(element);

	UNUSED(at);
	return !sig || sigaddset(&to->signals, sig) ? -EINVAL : 0;
}

PARSER(signals)
{
	UNUSED(a), UNUSED(nr_files), UNUSED(v);
	if (!strcmp(text, "all"))
		return sigfillset(&to->signals);
	sigemptyset(&to->signals);
	if (!strcmp(text, "none"))
		return 0;
	return for_each(text, add_signal, to) < 0 ? -EINVAL : 0;
}

PARSER(one_of)
{
	const struct name *n = name_find(a->names, text, strlen(text));

	UNUSED(nr_files), UNUSED(to);
	if (!n)
		return -EINVAL;
	v->number = n->number;
	return 0;
}

static int parse_set(const struct argument *a, const char *text, bool bits,
		     struct value *v)
{
	const struct name *n;
	size_t len;

	v->number = 0;
	if (!strcmp(text, "none"))
		return 0;
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		n = name_find(a->names, text, len);
		if (!n)
			return -EINVAL;
		v->number |= bits ? 1ULL << n->number : n->number;
		if (!text[len])
			return 0;
	}
}

PARSER(some_of)
{
	UNUSED(nr_files), UNUSED(to);
	return parse_set(a, text, false, v);
}

PARSER(bits_of)
{
	UNUSED(nr_files), UNUSED(to);
	return parse_set(a, text, true, v);
}

static int nibble(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? at - digits : -1;
}

/* Classic BPF as the kernel has it in memory. nr is instructions. */
PARSER(filter)
{
	size_t len = strlen(text) / 2, i;
	unsigned char *code = (unsigned char *)to->code;
	int high, low;

	UNUSED(a), UNUSED(nr_files), UNUSED(v);
	to->nr = len / sizeof(*to->code);
	if (!len || strlen(text) % (2 * sizeof(*to->code)) ||
	    to->nr > BPF_MAXINSNS || len > sizeof(to->code))
		return -EINVAL;
	for (i = 0; i < len; i++) {
		high = nibble(text[2 * i]);
		low = nibble(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		code[i] = high << 4 | low;
	}
	return 0;
}

#define TYPE(kind, reader, ...) \
	const struct argument_type arg_##kind = { reader, __VA_ARGS__ }

TYPE(text, read_text, "a text that is not empty", AS_IT_IS);
TYPE(path, read_text, "a path", AS_IT_IS);
TYPE(fd, read_number, NULL, AS_IT_IS);
TYPE(variable, read_variable, "a name, = and a value", AS_IT_IS);
TYPE(file, read_file, "a file, or @N for the open descriptor N", OPENED);
TYPE(place, read_file, "a file or directory, or @N for the open descriptor N",
     OPENED_AS_PATH);
TYPE(filter, read_filter, "a file with 1 to 4096 instructions of classic BPF", CONTENTS);
TYPE(number, read_number, NULL, AS_IT_IS);
TYPE(octal, read_octal, NULL, AS_IT_IS);
TYPE(cookie, read_cookie, "a number of 64 bits", AS_IT_IS);
TYPE(id, read_id, "a number ('id NAME' prints those of a user), or - to keep the id", AS_IT_IS);
TYPE(gids, read_ids,
     "numbers separated by commas ('getent group NAME' prints that of a group), or none",
     AS_IT_IS);
TYPE(pids, read_ids, "numbers separated by commas, or none", AS_IT_IS);
TYPE(fds, read_fds, "numbers separated by commas, or none", AS_IT_IS);
TYPE(cpus, read_cpus, "numbers below 1024 separated by commas, and ranges as in 0-3",
     AS_IT_IS);
TYPE(limit, read_limit, "a number, also with K, M or G, or unlimited", AS_IT_IS);
TYPE(time, read_time, "a time as in 10ms, 1.5s, 1m", AS_IT_IS);
TYPE(signal, read_signal, "a signal as in TERM, SIGTERM, 15, RTMIN+1", AS_IT_IS);
TYPE(signals, read_signals, "signals as in INT,TERM, or all, or none", AS_IT_IS);
TYPE(one_of, read_one_of, NULL, AS_IT_IS);
TYPE(some_of, read_some_of, NULL, AS_IT_IS);
TYPE(bits_of, read_bits_of, NULL, AS_IT_IS);

const char *argument_wants(const struct argument *a, char *buf, size_t size)
{
	char list[480];

	if (a->type->wants)
		return a->type->wants;
	if (a->names) {
		names_text(a->names, list, sizeof(list));
		snprintf(buf, size, a->type == &arg_one_of ? "one of %s" :
			 "none, or some of %s", list);
	} else if (a->type == &arg_octal) {
		snprintf(buf, size, "an octal number, at most %llo",
			 (unsigned long long)a->max);
	} else {
		snprintf(buf, size, "a number from %lld to %lld",
			 (long long)a->min, (long long)a->max);
	}
	return buf;
}

bool argument_is_list(const struct argument *a)
{
	return a->type == &arg_some_of || a->type == &arg_bits_of;
}
