// SPDX-License-Identifier: LGPL-2.1-or-later
/* Several policies in one slot, by the system calls alone. */
#include "place.h"
#include "child.h"

#include <inttypes.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <sys/syscall.h>

int place_by_ring(int ring, int prog, struct place at)
{
	struct io_uring_attach_bpf attr = {
		.prog_fd = prog,
		.flags = at.flags,
		.relative = at.relative,
		.expected_revision = at.revision,
	};
	long ret = syscall(__NR_io_uring_register, ring, SPAWNPOL_ATTACH_BPF,
			   &attr, 1);

	return ret < 0 ? -errno : (int)ret;
}

int place_by_bpf(int ring, int prog, struct place at)
{
	struct spawnpol_link_create attr = {
		.prog_fd = prog,
		.target_fd = ring,
		.attach_type = SPAWNPOL_BPF_IOURING_SPAWN,
		.flags = at.flags,
		.relative = at.relative,
		.expected_revision = at.revision,
	};

	return bpf_call(BPF_LINK_CREATE, &attr, sizeof(attr));
}

int prog_returning(int verdict)
{
	return CHECK_OK(load_returning(verdict, SPAWNPOL_BPF_IOURING_SPAWN,
				       BPF_F_SLEEPABLE));
}

unsigned int slot_links(int ring, uint32_t *ids, unsigned int max)
{
	const char *key = "SpawnPolicy:\tslot 0 link ", *at = fdinfo_of(ring);
	unsigned int nr = 0;

	for (at = strstr(at, key); at; at = strstr(at + 1, key)) {
		CHECK_LT(nr, max);
		CHECK_EQ(sscanf(at + strlen(key), "%" SCNu32, &ids[nr++]), 1);
	}
	return nr;
}

uint64_t slot_revision(int ring, unsigned int slot)
{
	char *key = format("SpawnSlot:\tslot %u revision ", slot);
	const char *at = strstr(fdinfo_of(ring), key);
	uint64_t revision;

	if (!at)
		return 0;
	CHECK_EQ(sscanf(at + strlen(key), "%" SCNu64, &revision), 1);
	return revision;
}

void detach_link(int link)
{
	union bpf_attr attr = { .link_detach = { .link_fd = link } };

	CHECK_OK(bpf_call(BPF_LINK_DETACH, &attr, sizeof(attr)));
}

int update_link(int link, int prog)
{
	union bpf_attr attr = { .link_update = { .link_fd = link,
						 .new_prog_fd = prog } };

	return bpf_call(BPF_LINK_UPDATE, &attr, sizeof(attr));
}
