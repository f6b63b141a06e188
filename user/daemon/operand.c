// SPDX-License-Identifier: LGPL-2.1-or-later
/* The operands' types. What they read comes from outside and is not trusted. */
#include "operand.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/parse.h"

#define PARSER(kind)							\
	static int read_##kind(const struct operand *o, const char *text, \
			       const struct request *r, struct values *to, \
			       struct value *v)
#define UNUSED(x)	((void)(x))

/* Digits and nothing else: strtoull() takes blanks, signs and empty strings. */
static int to_number(const char *text, int base, uint64_t max, uint64_t *number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*number = strtoull(text, &end, base);
	return *end || errno || *number > max ? -EINVAL : 0;
}

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
		if (!len || len >= sizeof(element) || nr == SPD_MAX_LIST)
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
	UNUSED(o), UNUSED(r), UNUSED(to);
	v->text = text;
	return *text ? 0 : -EINVAL;
}

PARSER(variable)
{
	const char *equals = strchr(text, '=');

	UNUSED(o), UNUSED(r), UNUSED(to);
	v->text = text;
	return equals && equals != text ? 0 : -EINVAL;
}

PARSER(file)
{
	UNUSED(o), UNUSED(to);
	return to_number(text, 10, r->nr_fds - 1, &v->number) ?:
	       v->number < SPD_NR_STREAMS ? -EINVAL : 0;
}

PARSER(number)
{
	bool minus = *text == '-';
	uint64_t max = minus ? -o->min : o->max;

	UNUSED(r), UNUSED(to);
	if ((minus && o->min >= 0) || to_number(text + minus, 10, max, &v->number))
		return -EINVAL;
	if (minus)
		v->number = -v->number;
	return (int64_t)v->number < o->min ? -EINVAL : 0;
}

PARSER(octal)
{
	UNUSED(r), UNUSED(to);
	return to_number(text, 8, o->max, &v->number);
}

PARSER(cookie)
{
	UNUSED(o), UNUSED(r), UNUSED(to);
	return to_number(text, 0, UINT64_MAX, &v->number);
}

PARSER(id)
{
	UNUSED(o), UNUSED(r), UNUSED(to);
	if (!strcmp(text, "-")) {
		v->number = ALL_IDS;
		return 0;
	}
	return to_number(text, 10, ALL_IDS - 1, &v->number);
}

static int add_id(const char *element, size_t at, struct values *to)
{
	uint64_t n;
	int err = to_number(element, 10, ALL_IDS - 1, &n);

	to->ids[at] = n;
	return err;
}

static int add_fd(const char *element, size_t at, struct values *to)
{
	uint64_t n;
	int err = to_number(element, 10, INT_MAX, &n);

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
	UNUSED(o), UNUSED(r), UNUSED(v);
	return add_list(text, to, add_id);
}

PARSER(fds)
{
	UNUSED(o), UNUSED(r), UNUSED(v);
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
	if (to_number(first, 10, MAX_CPUS - 1, &from) ||
	    to_number(dash ? dash + 1 : first, 10, MAX_CPUS - 1, &until) ||
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
	UNUSED(o), UNUSED(r), UNUSED(v);
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

	UNUSED(o), UNUSED(r), UNUSED(to);
	v->number = RLIM_INFINITY;
	if (!strcmp(text, "unlimited"))
		return 0;
	if (len >= sizeof(digits) || (text[len] && (!unit || text[len + 1])))
		return -EINVAL;
	snprintf(digits, sizeof(digits), "%.*s", (int)len, text);
	if (to_number(digits, 10, (RLIM_INFINITY - 1) >> shift, &v->number))
		return -EINVAL;
	v->number <<= shift;
	return 0;
}

PARSER(time)
{
	UNUSED(o), UNUSED(r), UNUSED(to);
	return parse_duration(text, &v->number) ? -EINVAL : 0;
}

/* INT, SIGINT, 2, RTMIN+1; 0 if it is none. */
static int signal_number(const char *text)
{
	const char *known;
	uint64_t n;

	if (!to_number(text, 10, SIGRTMAX, &n))
		return n;
	if (!strncmp(text, "SIG", 3))
		text += 3;
	if (!strcmp(text, "RTMIN"))
		return SIGRTMIN;
	if (!strncmp(text, "RTMIN+", 6))
		return to_number(text + 6, 10, SIGRTMAX - SIGRTMIN, &n) ?
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
	UNUSED(o), UNUSED(r), UNUSED(to);
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
	UNUSED(o), UNUSED(r), UNUSED(v);
	if (!strcmp(text, "all"))
		return sigfillset(&to->signals);
	sigemptyset(&to->signals);
	if (!strcmp(text, "none"))
		return 0;
	return for_each(text, add_signal, to) < 0 ? -EINVAL : 0;
}

PARSER(one_of)
{
	const struct name *n = name_find(o->names, text, strlen(text));

	UNUSED(r), UNUSED(to);
	if (!n)
		return -EINVAL;
	v->number = n->number;
	return 0;
}

static int parse_set(const struct operand *o, const char *text, bool bits,
		     struct value *v)
{
	const struct name *n;
	size_t len;

	v->number = 0;
	if (!strcmp(text, "none"))
		return 0;
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		n = name_find(o->names, text, len);
		if (!n)
			return -EINVAL;
		v->number |= bits ? 1ULL << n->number : n->number;
		if (!text[len])
			return 0;
	}
}

PARSER(some_of)
{
	UNUSED(r), UNUSED(to);
	return parse_set(o, text, false, v);
}

PARSER(bits_of)
{
	UNUSED(r), UNUSED(to);
	return parse_set(o, text, true, v);
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

	UNUSED(o), UNUSED(r), UNUSED(v);
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
	const struct operand_type kind##_type = { reader, __VA_ARGS__ }

TYPE(text, read_text, "a text that is not empty", AS_IT_IS);
TYPE(variable, read_variable, "a name, = and a value", AS_IT_IS);
TYPE(file, read_file, "a file, or @N for the client's own descriptor N", OPENED);
TYPE(place, read_file, "a file or directory, or @N for the client's own descriptor N",
     OPENED_AS_PATH);
TYPE(filter, read_filter, "a file with 1 to 4096 instructions of classic BPF", CONTENTS);
TYPE(number, read_number, NULL, AS_IT_IS);
TYPE(octal, read_octal, NULL, AS_IT_IS);
TYPE(cookie, read_cookie, "a number of 64 bits", AS_IT_IS);
TYPE(id, read_id, "a number (id tells that of a name), or - to leave it", AS_IT_IS);
TYPE(ids, read_ids, "numbers (getent group tells that of a name) with commas, or none",
     AS_IT_IS);
TYPE(fds, read_fds, "numbers with commas, or none", AS_IT_IS);
TYPE(cpus, read_cpus, "numbers below 1024 with commas, ranges as in 0-3", AS_IT_IS);
TYPE(limit, read_limit, "a number, also with K, M or G, or unlimited", AS_IT_IS);
TYPE(time, read_time, "a time as in 10ms, 1.5s, 1m", AS_IT_IS);
TYPE(signal, read_signal, "a signal as in TERM, SIGTERM, 15, RTMIN+1", AS_IT_IS);
TYPE(signals, read_signals, "signals as in INT,TERM, or all, or none", AS_IT_IS);
TYPE(one_of, read_one_of, NULL, AS_IT_IS);
TYPE(some_of, read_some_of, NULL, AS_IT_IS);
TYPE(bits_of, read_bits_of, NULL, AS_IT_IS);

const char *operand_wants(const struct operand *o, char *buf, size_t size)
{
	char list[480];

	if (o->type->wants)
		return o->type->wants;
	if (o->names) {
		names_text(o->names, list, sizeof(list));
		snprintf(buf, size, o->type == &one_of_type ? "one of %s" :
			 "none, or some of %s", list);
	} else if (o->type == &octal_type) {
		snprintf(buf, size, "an octal number, at most %llo",
			 (unsigned long long)o->max);
	} else {
		snprintf(buf, size, "a number from %lld to %lld",
			 (long long)o->min, (long long)o->max);
	}
	return buf;
}
