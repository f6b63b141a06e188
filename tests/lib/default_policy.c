// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The default policy under test, see default_policy.h.
 */
#include "default_policy.h"
#include "child.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct default_setup s;

void make_directories(void)
{
	char name[2] = "1";

	for (; *name <= '4'; name[0]++) {
		CHECK_SYS(mkdir(in_dir(name), 0755));
		search_in(in_dir(name));
	}
	s.config.version = SPAWN_POLICY_CONFIG_VERSION;
	CHECK_SYS(chdir(tap_dir()));
}

void search_in(const char *dir)
{
	CHECK_OK(spawn_policy_add_dir(&s.config, dir, strlen(dir)));
}

const char *program(const char *path, mode_t mode)
{
	copy_file(helper("exit_with"), in_dir(path), mode);
	return in_dir(path);
}

void retry_on(int error, uint32_t count, uint64_t delay_ns)
{
	s.config.retries[s.config.nr_retries++] = (struct spawn_policy_retry){
		.error = error, .count = count, .delay_ns = delay_ns,
	};
}

void on(uint32_t opcode, uint32_t cmd, int error, uint32_t verdict)
{
	s.config.on[s.config.nr_on++] = (struct spawn_policy_on){
		.opcode = opcode, .cmd = cmd, .error = error, .verdict = verdict,
	};
}

void begin(void)
{
	uint32_t key = 0;

	tring_init(&s.ring, 0);
	tpolicy_load(&s.policy, "bpf/spawn_policy");
	/* what the test before remembered is another configuration's */
	s.config.generation = getpid();
	CHECK_OK(bpf_map_update_elem(
		tpolicy_map(&s.policy, SPAWN_POLICY_CONFIG_MAP), &key,
		&s.config, BPF_ANY));
	tpolicy_attach_for(&s.policy, tring_fd(&s.ring), 0,
			   spawn_policy_events(&s.config));
}

uint64_t verdicts(enum bpf_iouring_verdict verdict)
{
	return tpolicy_info(&s.policy).verdicts[verdict];
}

struct io_uring_sqe *queue_exec(const char *name, const char *status)
{
	static char *argv[8][3];
	static unsigned int turn;
	char **args = argv[turn++ % 8];

	args[0] = (char *)name;
	args[1] = (char *)status;
	return q_exec(&s.ring, name, args);
}

int spawn(const char *name)
{
	int res;

	tring_forget(&s.ring);
	q_clone(&s.ring);
	queue_exec(name, "7");
	tring_submit(&s.ring);
	CHECK_GT(tring_res(&s.ring, CLONE), 0);
	res = tring_res(&s.ring, 0);
	tring_total(&s.ring, 2);
	if (!res)
		return wait_exit(tring_res(&s.ring, CLONE));
	check_gone(tring_res(&s.ring, CLONE));
	check_no_children();
	return res;
}
