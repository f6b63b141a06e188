/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Telling the launcher what has ended its chain: struct io_uring_spawn_report. The
 * child writes it, with its own access to the memory that it shares.
 */
#ifndef IOU_REPORT_H
#define IOU_REPORT_H

#include <linux/io_uring_types.h>

struct io_chain;
struct io_report;
struct io_staged;

/* The launcher wants one at @to. -EINVAL or -EFAULT. */
int io_report_prep(struct io_report *report, u64 to);
/* The chain has a child: write what can be written without waiting. */
void io_report_put_pid(struct io_chain *chain);
/* The chain does not begin, as this step of its plan, or its program, is refused. */
void io_report_refused(const struct io_report *report, u32 step, int error);
/* A request of the step at hand has failed. */
void io_report_note(struct io_chain *chain, struct io_kiocb *req, bool staged,
		    s32 res, unsigned int attempt);
/* One that a policy has staged has been refused: it could not be issued. */
void io_report_note_refused(struct io_chain *chain, const struct io_staged *staged,
			    s32 res);
/* Another step begins, or none. */
void io_report_forget(struct io_chain *chain);
/*
 * The chain has come to its end, and can still be cancelled. Memory that is slow
 * keeps the child waiting here, and nobody else.
 */
void io_report_write(struct io_chain *chain);
/* It has been cancelled meanwhile: write what can be written without waiting. */
void io_report_write_now(struct io_chain *chain);

#endif
