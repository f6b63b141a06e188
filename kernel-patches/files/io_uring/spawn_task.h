/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_SPAWN_TASK_H
#define IOU_SPAWN_TASK_H

struct completion;
struct kernel_clone_args;
struct mm_struct;
struct task_struct;

/*
 * Make a child that shares the memory of the current task as after vfork(2), and
 * that runs args->fn in the kernel instead of returning to user mode. It takes
 * no signal but SIGKILL and SIGSTOP until io_spawn_task_done(), and does not run
 * before io_spawn_task_start(), which is to be called next with what @trace has
 * been set to. Returns an error as clone3(2) does, with -ERESTARTNOINTR if a
 * signal is to be taken first.
 */
struct task_struct *io_spawn_task_create(struct kernel_clone_args *args,
					 int *trace);
/*
 * Start it. @shares is complete when it lets go of the memory, and has to stay
 * until io_spawn_task_end(): it is what tells others, as after vfork(2), that the
 * memory is the parent's. May stop for a debugger, and wait for the same if one
 * wants to be told of that; runs task work meanwhile.
 */
void io_spawn_task_start(struct task_struct *child, struct completion *shares,
			 int trace);
/* The current task has become a program, which blocks these signals. */
void io_spawn_task_done(const sigset_t *blocked);
/* The current task has nothing more to do with @shares. */
void io_spawn_task_end(struct completion *shares);

/* Take signals of the current task off its queues, but for those to @keep. */
void io_spawn_task_drop_signals(const sigset_t *keep);

/* The current task lets go of the memory, and is one without any. */
void io_spawn_task_leave_mm(void);
/*
 * ... and takes up that of which the caller has a user, which is the task's now. If it is
 * @foreign to it, who may look into the task is not to look there.
 */
void io_spawn_task_take_mm(struct mm_struct *mm, bool foreign);
/* Only the privileged may look into this memory from now on. */
void io_spawn_guard_memory(struct mm_struct *mm);

#endif
