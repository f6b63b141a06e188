/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several policies in one slot: attaching at a place, and what order there is. */
#ifndef SPAWNPOL_TESTS_PLACE_H
#define SPAWNPOL_TESTS_PLACE_H

#include "program.h"

#include <linux/bpf.h>

#ifndef BPF_F_BEFORE /* headers of Linux before 6.6 */
#define BPF_F_BEFORE (1U << 3)
#define BPF_F_AFTER (1U << 4)
#define BPF_F_ID (1U << 5)
#endif
#define BY_LINK (1U << 13) /* BPF_F_LINK, by whatever header */

/* Where in its slot a policy goes: as struct io_uring_attach_bpf has it. */
struct place {
	uint32_t flags;
	uint32_t relative;
	uint64_t revision;
};

/* IORING_ATTACH_BPF to slot 0; a link's descriptor or -errno. */
int place_by_ring(int ring, int prog, struct place at);
/* BPF_LINK_CREATE, likewise. */
int place_by_bpf(int ring, int prog, struct place at);
/* A new program that returns this verdict. */
int prog_returning(int verdict);
/* The number of links in slot 0, as the ring's fdinfo lists them. */
unsigned int slot_links(int ring, uint32_t *ids, unsigned int max);
/* The revision of a slot, as the ring's fdinfo tells it; 0: not there. */
uint64_t slot_revision(int ring, unsigned int slot);
void detach_link(int link);
/* BPF_LINK_UPDATE; -errno. */
int update_link(int link, int prog);

#endif
