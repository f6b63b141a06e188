// SPDX-License-Identifier: GPL-2.0
/*
 * Handing a chain to a child that waits: see kept.h. The starter looks at his own
 * thread and at what was noted of the one that had the child made, and takes along what
 * is to be copied; the child makes that its own. The same goes for one that is copied.
 */
#include <linux/kernel.h>
#include <linux/audit.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/io_uring.h>
#include <linux/ioprio.h>
#include <linux/nsproxy.h>
#include <linux/oom.h>
#include <linux/pid_namespace.h>
#include <linux/pidfs.h>
#include <linux/posix-timers.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/pidfd.h>

#include "io_uring.h"
#include "chain.h"
#include "child_cmd.h"
#include "clone.h"
#include "clone_files.h"
#include "kept.h"
#include "report.h"
#include "spawn_task.h"

#include <trace/events/io_uring_spawn.h>

#define IO_KEPT_MAX_FDS	256	/* of a table that is made ahead */

/* --- what goes with the chain --------------------------------------------------- */

static u64 io_ignored_signals(void)
{
	struct sighand_struct *sighand = current->sighand;
	const struct k_sigaction *action = sighand->action;
	u64 ignored = 0, bit;

	spin_lock_irq(&sighand->siglock);
	for (bit = 1; bit; bit <<= 1, action++) {
		if (action->sa.sa_handler == SIG_IGN)
			ignored |= bit;
	}
	spin_unlock_irq(&sighand->siglock);
	return ignored;
}

/* Without what has to be asked for. */
static void io_taken_note(struct io_taken *taken)
{
	struct fs_struct *fs = current->fs;

	spin_lock(&fs->lock);
	taken->root = fs->root;
	path_get(&taken->root);
	taken->pwd = fs->pwd;
	path_get(&taken->pwd);
	taken->umask = fs->umask;
	spin_unlock(&fs->lock);

	task_lock(current->group_leader);
	memcpy(taken->limits, current->signal->rlim, sizeof(taken->limits));
	task_unlock(current->group_leader);
	taken->ignored = io_ignored_signals();
	taken->oom_score_adj = current->signal->oom_score_adj;
	taken->oom_score_adj_min = current->signal->oom_score_adj_min;
}

static int io_taken_list_files(struct io_taken *taken, struct io_chain *chain)
{
	const struct io_clone_args *args = chain->start.args;
	struct files_struct *files;

	if (!args->lists_files)
		return 0;
	files = io_clone_files(chain->ctx, u64_to_user_ptr(args->files));
	if (IS_ERR(files))
		return PTR_ERR(files);
	io_files_close_rings(files, chain->keeps);
	taken->files = files;
	return 0;
}

static int io_taken_make(struct io_chain *chain)
{
	struct io_taken *taken;

	/* the starter has been here before, and the chain was put back */
	io_taken_free(chain->taken);
	chain->taken = NULL;
	taken = kzalloc(sizeof(*taken), GFP_KERNEL_ACCOUNT);
	if (!taken)
		return -ENOMEM;
	io_taken_note(taken);
	taken->mm = current->mm;
	mmget(taken->mm);
	chain->taken = taken;
	return io_taken_list_files(taken, chain);
}

void io_taken_free(struct io_taken *taken)
{
	if (!taken)
		return;
	path_put(&taken->pwd);
	path_put(&taken->root);
	if (taken->files)
		put_files_struct(taken->files);
	if (taken->mm)
		mmput(taken->mm);
	kfree(taken);
}

/* --- handing it over -------------------------------------------------------------- */

static int __io_kept_hand(struct io_chain *chain, struct io_kept *kept)
{
	guard(spinlock_irq)(&chain->ctx->spawn.lock);
	if (chain->cancelled)
		return -ECANCELED;
	if (kept->state == IO_KEPT_GONE || !kept->task)
		return -ESRCH;
	chain->state = IO_CHAIN_HANDED;
	list_add_tail(&chain->start.node, &kept->chains);
	wake_up_process(kept->task);
	return 0;
}

/* With a pidfd, which only the launcher's own table can take. */
static int io_kept_hand_pidfd(struct io_chain *chain, struct io_kept *kept)
{
	const struct kernel_clone_args *args = &chain->start.args->args;
	struct pid *pid = get_task_pid(kept->task, PIDTYPE_PID);
	struct file *file;
	int fd, ret;

	if (!pid)
		return -ESRCH;
	fd = pidfd_prepare(pid, 0, &file);
	put_pid(pid);
	/* that is said of a process that has ended */
	if (fd < 0)
		return fd == -EINVAL ? -ESRCH : fd;
	ret = put_user(fd, args->pidfd);
	if (ret) {
		put_unused_fd(fd);
		fput(file);
		return ret;
	}
	/* it is there before the child can do anything */
	fd_install(fd, file);
	ret = __io_kept_hand(chain, kept);
	if (ret) {
		close_fd(fd);
		/* as it was before */
		put_user(-1, args->pidfd);
	}
	return ret;
}

/*
 * The directory that a step of @task has set is right for a root that the launcher does
 * not have any more, and can be outside of the one that it has.
 */
static bool io_paths_conflict(struct task_struct *task, const struct io_kept *kept,
			      const struct io_taken *taken)
{
	const struct io_kept_set *set = &kept->set;
	bool conflict = false;

	if (likely(!(set->what & IO_SETS_CWD)) || set->what & IO_SETS_ROOT)
		return false;
	task_lock(task);
	/* without these it is about to end */
	if (task->fs && task->nsproxy &&
	    task->nsproxy->mnt_ns == kept->marks.nsproxy->mnt_ns) {
		spin_lock(&task->fs->lock);
		conflict = !path_equal(&task->fs->root, &taken->root);
		spin_unlock(&task->fs->lock);
	}
	task_unlock(task);
	return conflict;
}

/* For that it does not matter what the child is like. */
static bool io_chain_only_ends(const struct io_chain *chain)
{
	return chain->plan && !chain->nr_steps && !chain->keeps;
}

int io_kept_hand(struct io_chain *chain)
{
	struct io_kept *kept = chain->from ? chain->from : chain->kept;
	int ret;

	if (!READ_ONCE(kept->task))
		return -ESRCH;
	/* it is a child for the filters, however it was made */
	ret = io_clone_seccomp(chain, chain->start.args);
	if (!ret && kept->marks.tgid != task_tgid(current))
		ret = -EPERM;
	if (!ret && !io_chain_only_ends(chain))
		ret = io_kept_compare(kept);
	if (!ret)
		ret = io_taken_make(chain);
	/* what is copied can be busy, and changing: it looks itself */
	if (!ret && !chain->from && !io_chain_only_ends(chain) &&
	    io_paths_conflict(kept->task, kept, chain->taken))
		ret = -ESTALE;
	if (ret)
		return ret;
	if (chain->start.args->args.flags & CLONE_PIDFD)
		return io_kept_hand_pidfd(chain, kept);
	return __io_kept_hand(chain, kept);
}

/* --- in the child: being what the launcher is ------------------------------------------ */

static void io_set_limits(const struct io_taken *taken, const struct io_kept_set *set)
{
	struct rlimit *limits = current->signal->rlim;
	unsigned long cpu = limits[RLIMIT_CPU].rlim_cur;
	unsigned int i;

	task_lock(current->group_leader);
	for (i = 0; i < RLIM_NLIMITS; i++) {
		if (likely(!(set->limits & BIT(i))))
			limits[i] = taken->limits[i];
	}
	task_unlock(current->group_leader);
	if (unlikely(limits[RLIMIT_CPU].rlim_cur != cpu &&
		     limits[RLIMIT_CPU].rlim_cur != RLIM_INFINITY))
		update_rlimit_cpu(current, limits[RLIMIT_CPU].rlim_cur);
}

/* A path means something else in another mount namespace. */
static void io_set_paths(const struct io_taken *taken, const struct io_kept_set *set,
			 const struct io_kept_marks *marks)
{
	struct fs_struct *fs = current->fs;

	if (!(set->what & IO_SETS_UMASK))
		fs->umask = taken->umask;
	if (current->nsproxy->mnt_ns != marks->nsproxy->mnt_ns)
		return;
	if (!(set->what & IO_SETS_ROOT) && !path_equal(&fs->root, &taken->root))
		set_fs_root(fs, &taken->root);
	if (!(set->what & IO_SETS_CWD) && !path_equal(&fs->pwd, &taken->pwd))
		set_fs_pwd(fs, &taken->pwd);
}

/* Those that the launcher handles have their default action in a program anyway. */
static void io_set_signals(const struct io_taken *taken, const struct io_kept_set *set)
{
	u64 differ = (io_ignored_signals() ^ taken->ignored) & ~set->signals;
	int sig;

	for (sig = 1; differ; sig++, differ >>= 1) {
		if (differ & 1)
			kernel_sigaction(sig, taken->ignored & BIT_ULL(sig - 1) ?
					      SIG_IGN : SIG_DFL);
	}
}

static void io_set_oom_score(const struct io_taken *taken, const struct io_kept_set *set)
{
	struct signal_struct *signal = current->signal;

	if (set->what & IO_SETS_OOM_SCORE ||
	    likely(signal->oom_score_adj == taken->oom_score_adj &&
		   signal->oom_score_adj_min == taken->oom_score_adj_min))
		return;
	guard(mutex)(&oom_adj_mutex);
	signal->oom_score_adj = taken->oom_score_adj;
	signal->oom_score_adj_min = taken->oom_score_adj_min;
}

/* io_chain_main() makes the snapshot its own. */
static void io_set_snapshot(struct io_spawn_snapshot *snapshot,
			    const struct io_kept_set *set)
{
	if (set->what & IO_SETS_SIGMASK)
		snapshot->blocked = set->blocked;
	if (set->what & IO_SETS_SLACK)
		snapshot->timer_slack = current->timer_slack_ns;
	if (set->what & IO_SETS_IOPRIO)
		snapshot->ioprio = current->io_context ? current->io_context->ioprio : 0;
}

/* --- files ------------------------------------------------------------------------------ */

static bool io_has_files(struct files_struct *files)
{
	struct fdtable *fdt;

	guard(spinlock)(&files->file_lock);
	fdt = files_fdtable(files);
	return find_first_bit(fdt->open_fds, fdt->max_fds) < fdt->max_fds;
}

/* Nobody else has either table. */
static int io_add_files(struct files_struct *to, struct files_struct *from)
{
	struct fdtable *fdt = rcu_dereference_raw(from->fdt);
	unsigned int fd;
	int ret;

	for_each_set_bit(fd, fdt->open_fds, fdt->max_fds) {
		ret = files_replace_fd(to, fd, files_lookup_fd_raw(from, fd),
				       test_bit(fd, fdt->close_on_exec) ? O_CLOEXEC : 0);
		if (ret < 0)
			return ret;
		cond_resched();
	}
	return 0;
}

/* Those of the current task, and those that were listed in place of what they replace. */
static int io_merge_files(struct io_taken *taken, struct io_kept *kept)
{
	struct files_struct *files;
	int ret;

	if (taken->files && likely(!io_has_files(current->files)))
		return 0;
	files = kept->files ?: dup_fd(current->files, NULL);
	if (IS_ERR(files))
		return PTR_ERR(files);
	kept->files = NULL;
	ret = taken->files ? io_add_files(files, taken->files) : 0;
	if (ret) {
		put_files_struct(files);
		return ret;
	}
	if (taken->files)
		put_files_struct(taken->files);
	taken->files = files;
	return 0;
}

/*
 * Whether a copy can be made before it is wanted, and dropped if it never is: it is small,
 * and no file hears of that.
 */
static bool io_files_can_wait(struct files_struct *files)
{
	struct fdtable *fdt = rcu_dereference_raw(files->fdt);
	struct file *file;
	unsigned int fd;

	if (fdt->max_fds > IO_KEPT_MAX_FDS)
		return false;
	for_each_set_bit(fd, fdt->open_fds, fdt->max_fds) {
		file = rcu_dereference_raw(fdt->fd[fd]);
		if (file && file->f_op->flush)
			return false;
	}
	return true;
}

struct files_struct *io_kept_dup_files(void)
{
	struct files_struct *files;

	if (!io_files_can_wait(current->files))
		return NULL;
	files = dup_fd(current->files, NULL);
	return IS_ERR(files) ? NULL : files;
}

/* They come all at once, or not at all. */
static int io_take_files(struct io_taken *taken, struct io_kept *kept)
{
	int ret;

	if (!taken->files)
		return 0;
	ret = io_merge_files(taken, kept);
	if (ret)
		return ret;
	task_lock(current);
	swap(current->files, taken->files);
	task_unlock(current);
	return 0;
}

/* --- in the child: beginning -------------------------------------------------------------- */

/* A new child has none that are pending, and is looked at by audit if that is in use. */
static int io_taken_refresh(void)
{
	sigset_t keep;

	siginitset(&keep, sigmask(SIGKILL) | sigmask(SIGSTOP));
	io_spawn_task_drop_signals(&keep);
	return audit_context() ? 0 : audit_alloc(current);
}

static void io_taken_apply(struct io_chain *chain, const struct io_kept_set *set,
			   const struct io_kept_marks *marks)
{
	struct io_taken *taken = chain->taken;

	io_set_snapshot(&chain->snapshot, set);
	chain->child_state.undumpable = set->undumpable;
	io_set_paths(taken, set, marks);
	io_set_signals(taken, set);
	io_set_oom_score(taken, set);
}

static int io_taken_begin_kept(struct io_chain *chain, struct io_taken *taken)
{
	struct io_kept *kept = chain->kept;
	int ret = 0;

	io_spawn_task_take_mm(taken->mm, kept->foreign);
	taken->mm = NULL;
	chain->pid = kept->pid;
	io_report_put_pid(chain);
	trace_io_uring_spawn_start(chain);
	if (!io_chain_only_ends(chain)) {
		io_set_limits(taken, &kept->set);
		io_taken_apply(chain, &kept->set, &kept->marks);
		ret = io_taken_refresh();
		if (!ret)
			ret = io_take_files(taken, kept);
	}
	io_chain_clone_done(chain, ret);
	return ret;
}

int io_taken_begin(struct io_chain *chain)
{
	struct io_taken *taken = chain->taken;
	int ret = 0;

	if (likely(!taken))
		return 0;
	if (chain->from)
		io_taken_apply(chain, &taken->set, &chain->from->marks);
	else
		ret = io_taken_begin_kept(chain, taken);
	/* files of a copy, too: they are its own now */
	io_taken_free(taken);
	chain->taken = NULL;
	return ret;
}

/* --- copies --------------------------------------------------------------------------------- */

/* A copy would be the first process of its pid namespace. */
static bool io_kept_can_copy(void)
{
	return current->nsproxy->pid_ns_for_children == task_active_pid_ns(current) &&
	       !is_child_reaper(task_pid(current));
}

void io_kept_give_mm(struct io_chain *chain, struct task_struct *copy)
{
	struct io_kept *kept = chain->from;

	/* without a program it would keep that for long */
	if (!kept->mm || chain->keeps)
		return;
#ifdef CONFIG_MEMCG
	/* it can be there longer than its maker */
	rcu_assign_pointer(kept->mm->owner, copy);
#endif
	chain->child_state.mm = kept->mm;
	kept->mm = NULL;
}

static int io_kept_make_copy(struct io_kept *kept, struct io_chain *chain)
{
	struct io_taken *taken = chain->taken;
	int ret;

	if (READ_ONCE(chain->cancelled))
		return -ECANCELED;
	if (!io_kept_can_copy())
		return -EINVAL;
	if (io_paths_conflict(current, kept, taken))
		return -ESTALE;
	/* fork looks at one of them, and copies all */
	io_set_limits(taken, &kept->set);
	taken->set = kept->set;
	if (chain->kept)
		chain->kept->set = kept->set;
	ret = io_merge_files(taken, kept);
	return ret ? ret : io_chain_make_child(chain);
}

void io_kept_copy(struct io_kept *kept, struct io_chain *chain)
{
	struct mm_struct *mm = chain->taken->mm;
	int ret;

	chain->taken->mm = NULL;
	io_spawn_task_take_mm(mm, kept->foreign);
	ret = io_kept_make_copy(kept, chain);
	/* a signal is to be taken first, and it can only be one that ends or stops this */
	while (ret == -ERESTARTNOINTR ||
	       (ret == -EINTR && fatal_signal_pending(current))) {
		if (!io_kept_take_signals()) {
			ret = -ESRCH;
			break;
		}
		/* others can change the limits of what is stopped */
		io_set_limits(chain->taken, &kept->set);
		ret = io_chain_make_child(chain);
	}
	io_spawn_task_leave_mm();
	/* for the next one */
	kept->copied = true;
	kept->prepared = false;
	if (ret)
		io_chain_abandon(chain, ret);
}
