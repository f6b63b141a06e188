// SPDX-License-Identifier: LGPL-2.1-or-later
/* seccomp filters that do something to one system call and allow the others. */
#include "filter.h"
#include "tap.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR offsetof(struct seccomp_data, nr)

struct sock_fprog *filter_of(struct filter *f, int call, size_t offset,
			     uint32_t value, uint32_t action)
{
	*f = (struct filter){
		.code = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, action),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		},
		.prog = { .len = 6, .filter = f->code },
	};
	return &f->prog;
}

static int set(struct sock_fprog *prog, unsigned int flags)
{
	CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	return CHECK_SYS(
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, prog));
}

int filter_word_flags(int call, size_t offset, uint32_t value, uint32_t action,
		      unsigned int flags)
{
	struct filter f;

	return set(filter_of(&f, call, offset, value, action), flags);
}

int filter_call_flags(int call, uint32_t action, unsigned int flags)
{
	return filter_word_flags(call, NR, call, action, flags);
}

void filter_call(int call, uint32_t action)
{
	filter_call_flags(call, action, 0);
}

void filter_word(int call, size_t offset, uint32_t value, uint32_t action)
{
	filter_word_flags(call, offset, value, action, 0);
}
