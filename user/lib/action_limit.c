// SPDX-License-Identifier: LGPL-2.1-or-later
/* Actions: resource limits and scheduling. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "action.h"

#define IOPRIO_MAX	0xffff
#define SCHED_ATTR_MIN	48	/* SCHED_ATTR_SIZE_VER0 */

int spawnpol_chain_rlimit(struct spawnpol_chain *chain, int resource,
			  const struct rlimit *limit)
{
	if (resource < 0 || limit->rlim_cur > limit->rlim_max)
		return action_refuse(chain, -EINVAL);
	return action_add(chain, SPAWNPOL_KIND_RLIMIT,
			  ACTION(IORING_CHILD_RLIMIT, .off = resource,
				 .addr = limit->rlim_cur,
				 .addr3 = limit->rlim_max));
}

int spawnpol_chain_nice(struct spawnpol_chain *chain, int nice)
{
	return action_add(chain, SPAWNPOL_KIND_NICE,
			  ACTION(IORING_CHILD_NICE, .off = (int64_t)nice));
}

int spawnpol_chain_sched(struct spawnpol_chain *chain,
			 const struct sched_attr *attr)
{
	uint32_t size;

	/* it comes first; the structure's header conflicts with sched.h */
	memcpy(&size, attr, sizeof(size));
	if (size < SCHED_ATTR_MIN)
		return action_refuse(chain, -EINVAL);
	return action_add_data(chain, SPAWNPOL_KIND_SCHED,
			       ACTION(IORING_CHILD_SCHED, .off = size), attr,
			       size);
}

int spawnpol_chain_affinity(struct spawnpol_chain *chain, size_t size,
			    const void *mask)
{
	if (!size)
		return action_refuse(chain, -EINVAL);
	return action_add_data(chain, SPAWNPOL_KIND_AFFINITY,
			       ACTION(IORING_CHILD_AFFINITY, .off = size), mask,
			       size);
}

int spawnpol_chain_ioprio(struct spawnpol_chain *chain, int ioprio)
{
	if (ioprio < 0 || ioprio > IOPRIO_MAX)
		return action_refuse(chain, -EINVAL);
	return action_add(chain, SPAWNPOL_KIND_IOPRIO,
			  ACTION(IORING_CHILD_IOPRIO, .off = ioprio));
}

int spawnpol_chain_oom_score_adj(struct spawnpol_chain *chain, int adj)
{
	return action_add(chain, SPAWNPOL_KIND_OOM_SCORE_ADJ,
			  ACTION(IORING_CHILD_OOM_SCORE_ADJ,
				 .off = (int64_t)adj));
}
