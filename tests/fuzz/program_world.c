// SPDX-License-Identifier: LGPL-2.1-or-later
/* What programs and their requests find: functions, a map, files, memory. */
#include "program.h"

#include "child.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct world world;

const char *const kfunc_names[NR_KFUNCS] = {
	[KF_STAGE_SQE] = "bpf_iouring_stage_sqe",
	[KF_STAGE_CHILD] = "bpf_iouring_stage_child",
	[KF_STAGE_EXEC] = "bpf_iouring_stage_exec",
	[KF_STAGE_EXEC_DIR] = "bpf_iouring_stage_exec_dir",
	[KF_STAGE_EXEC_INTERP] = "bpf_iouring_stage_exec_interp",
	[KF_STAGE_EXEC_SEARCH] = "bpf_iouring_stage_exec_search",
	[KF_EXEC_NAME] = "bpf_iouring_exec_name",
	[KF_STEP_PATH] = "bpf_iouring_step_path",
	[KF_EXEC_HEAD] = "bpf_iouring_exec_head",
	[KF_SET_RESULT] = "bpf_iouring_set_result",
	[KF_DELAY] = "bpf_iouring_delay",
	[KF_POST_STAGED] = "bpf_iouring_post_staged",
};

#define GROUP "/sys/fs/cgroup/fuzz_programs"

static void find_kfuncs(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	unsigned int i;

	if (!btf)
		FAIL("there is no type information of the kernel");
	for (i = 0; i < NR_KFUNCS; i++)
		world.kfuncs[i] = CHECK_OK(btf__find_by_name_kind(
			btf, kfunc_names[i], BTF_KIND_FUNC));
	btf__free(btf);
}

/* Nothing is behind the memory, so that what overruns it fails. */
static void make_memory(void)
{
	size_t room = 1UL << 33;
	char *at = mmap(NULL, room, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(at != MAP_FAILED);
	CHECK_SYS(mprotect(at, WORLD_MEMORY, PROT_READ | PROT_WRITE));
	world.memory = at;
}

static void make_files(void)
{
	/* what steps may allocate is what the guest has in memory */
	struct rlimit size = { 1 << 20, 1 << 20 };
	int ends[2];

	CHECK_SYS(setrlimit(RLIMIT_FSIZE, &size));
	CHECK_SYS(pipe2(ends, O_NONBLOCK | O_CLOEXEC));
	world.files[0] = CHECK_SYS(open("/dev/null", O_RDWR | O_CLOEXEC));
	world.files[1] =
		CHECK_SYS(open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0644));
	world.files[2] = CHECK_SYS(open(".", O_RDONLY | O_CLOEXEC));
	world.files[3] = ends[0];
	world.files[4] = ends[1];
	world.files[5] = CHECK_SYS(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

/* A cgroup of its own, in which forking can be forbidden. */
static void make_group(void)
{
	mkdir(GROUP, 0755);
	write_file(GROUP "/cgroup.procs", "0", 0);
}

void world_allow_children(bool allowed)
{
	write_file(GROUP "/pids.max", allowed ? "max" : "1", 0);
}

static void work_somewhere(void)
{
	char dir[] = "/tmp/programs.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir))
		FAIL("no directory to work in");
}

void world_begin(void)
{
	work_somewhere();
	find_kfuncs();
	make_memory();
	make_files();
	make_group();
	world.map = CHECK_OK(bpf_map_create(BPF_MAP_TYPE_ARRAY, "fuzz", 4,
					    MAP_VALUE, MAP_ENTRIES, NULL));
}

static void refresh_map(void)
{
	static char value[MAP_VALUE];
	struct io_uring_sqe sqe;
	uint32_t key;

	for (key = 0; key < MAP_ENTRIES; key++) {
		memset(value, 0, sizeof(value));
		random_sqe(&sqe);
		memcpy(value + MAP_SQE, &sqe, sizeof(sqe));
		if (percent(10)) /* no end in sight */
			memset(value + MAP_PATH, 'b', MAP_VALUE - MAP_PATH);
		else
			random_list(value + MAP_PATH, MAP_VALUE - MAP_PATH);
		CHECK_OK(bpf_map_update_elem(world.map, &key, value, BPF_ANY));
	}
}

/* Steps rename and remove what they find, as root. */
static void refresh_files(void)
{
	static char program[4096];

	/* two levels above this program: it is deeper than tests are */
	if (!program[0])
		snprintf(program, sizeof(program), "%s/helpers/quit",
			 tap_build());
	unlink("quit");
	if (symlink(program, "quit") && rmdir("quit"))
		rename("quit", "away");
	mkdir("directory", 0755);
	if (access("script", X_OK))
		write_file("script", "#!/missing/interpreter\n", 0755);
	if (access("text", X_OK))
		write_file("text", "no program\n", 0755);
	if (access("noexec", F_OK))
		write_file("noexec", "no program\n", 0644);
}

void world_refresh(void)
{
	refresh_files();
	refresh_map();
}
