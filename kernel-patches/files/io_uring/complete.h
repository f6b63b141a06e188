/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_COMPLETE_H
#define IOU_COMPLETE_H

struct io_kiocb;

/*
 * Complete requests that are linked by ->link, in order, by any task and without
 * the ring's lock, as io-wq does. They have their results; those with
 * REQ_F_CQE_SKIP get no CQE.
 */
void io_req_complete_list(struct io_kiocb *req);
/* Free one that has no CQE. */
void io_req_free_unlocked(struct io_kiocb *req);

#endif
