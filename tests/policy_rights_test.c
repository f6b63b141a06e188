// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who may load a policy: with a BPF token, and who may attach one that was handed
 * over (P1, P2).
 */
#include "lib/apart.h"
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

/* Descriptors over a socket. */
static void send_fd(int socket, int fd)
{
	char data = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &data, 1 };
	struct msghdr msg = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	CHECK_SYS(sendmsg(socket, &msg, 0));
}

static int receive_fd(int socket)
{
	char data, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &data, 1 };
	struct msghdr msg = {
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	CHECK_EQ(CHECK_SYS(recvmsg(socket, &msg, MSG_CMSG_CLOEXEC)), 1);
	CHECK_PTR(CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static void make_sockets(int sockets[2])
{
	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
}

/* --- handed over --------------------------------------------------------------------------- */

/* The receiver has nothing but the descriptor, and no right to load its like. */
TEST(P2_a_program_that_comes_over_a_socket_can_be_attached)
{
	int sockets[2];
	pid_t pid;

	make_sockets(sockets);
	pid = CHECK_SYS(fork());
	if (!pid) {
		int link, prog;

		become_ordinary();
		tring_init(&r, 0);
		CHECK_EQ(load_returning(0, SPAWNPOL_BPF_IOURING_SPAWN,
					BPF_F_SLEEPABLE),
			 -EPERM);
		prog = receive_fd(sockets[1]);
		link = CHECK_OK(attach_by_ring(tring_fd(&r), prog, 0, 0));
		q_clone(&r);
		q_fail(&r);
		q_exit(&r, 3);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), 0); /* by the policy's SKIP */
		CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 3);
		CHECK_EQ(link_info(link).runs, 1);
		_exit(0);
	}
	tprog_load(&p);
	tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SKIP);
	send_fd(sockets[0], p.fd);
	CHECK_EQ(wait_exit(pid), 0);
}

/* --- tokens ---------------------------------------------------------------------------------- */

/* Newer than the headers may be. */
#define BPF_TOKEN_CREATE_ 36
#define BPF_F_TOKEN_FD_ (1U << 16)

struct token_create {
	uint32_t flags;
	uint32_t bpffs_fd;
};

struct prog_load {
	uint32_t prog_type;
	uint32_t insn_cnt;
	uint64_t insns;
	uint64_t license;
	uint32_t log_level;
	uint32_t log_size;
	uint64_t log_buf;
	uint32_t kern_version;
	uint32_t prog_flags;
	char prog_name[16];
	uint32_t prog_ifindex;
	uint32_t expected_attach_type;
	uint8_t unused[72];
	int32_t prog_token_fd;
};
_Static_assert(offsetof(struct prog_load, prog_token_fd) == 144,
	       "where the kernel looks for the token");

/* What a bpffs delegates: masks of commands, program and attach types. */
struct delegated {
	uint64_t cmds;
	uint64_t progs;
	uint64_t attachs;
};

#define BIT(n) (1ULL << (n))

static const struct delegated enough = {
	.cmds = BIT(BPF_PROG_LOAD),
	.progs = BIT(SPAWNPOL_BPF_PROG_TYPE_IOURING),
	.attachs = BIT(SPAWNPOL_BPF_IOURING_SPAWN),
};

static void set_mask(int fs, const char *key, uint64_t mask)
{
	if (mask)
		CHECK_SYS(syscall(SYS_fsconfig, fs, 1 /* FSCONFIG_SET_STRING */,
				  key, format("%#llx", (long long)mask), 0));
}

/* The privileged one's part: to say what is delegated, and to make it so. */
static int make_bpffs(int fs, const struct delegated *what)
{
	set_mask(fs, "delegate_cmds", what->cmds);
	set_mask(fs, "delegate_progs", what->progs);
	set_mask(fs, "delegate_attachs", what->attachs);
	CHECK_SYS(syscall(SYS_fsconfig, fs, 6 /* FSCONFIG_CMD_CREATE */, NULL,
			  NULL, 0));
	return CHECK_SYS(syscall(SYS_fsmount, fs, 0, 0));
}

static int load_with_token(int token)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct prog_load attr = {
		.prog_type = SPAWNPOL_BPF_PROG_TYPE_IOURING,
		.insn_cnt = 2,
		.insns = (uintptr_t)insns,
		.license = (uintptr_t) "GPL",
		.prog_flags = BPF_F_SLEEPABLE,
		.expected_attach_type = SPAWNPOL_BPF_IOURING_SPAWN,
	};

	if (token >= 0) {
		attr.prog_flags |= BPF_F_TOKEN_FD_;
		attr.prog_token_fd = token;
	}
	return bpf_call(BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* The other's part, in a user namespace of its own: returns the token. */
static int make_token(int socket)
{
	struct token_create attr = { 0 };

	CHECK_SYS(unshare(CLONE_NEWUSER | CLONE_NEWNS));
	send_fd(socket, CHECK_SYS(syscall(SYS_fsopen, "bpf", 0)));
	attr.bpffs_fd = CHECK_SYS(
		openat(receive_fd(socket), ".", O_RDONLY | O_DIRECTORY));
	return CHECK_OK(bpf_call(BPF_TOKEN_CREATE_, &attr, sizeof(attr)));
}

/* What an ordinary process gets that loads a policy with what is delegated. */
static int load_delegated(struct delegated what)
{
	struct apart apart;
	int sockets[2];

	make_sockets(sockets);
	if (apart_begin(&apart)) {
		int token, res;

		CHECK_SYS(setresgid(ORDINARY, ORDINARY, ORDINARY));
		CHECK_SYS(setresuid(ORDINARY, ORDINARY, ORDINARY));
		token = make_token(sockets[1]);
		CHECK_EQ(load_with_token(-1), -EPERM);
		res = load_with_token(token);
		if (res >= 0) {
			tring_init(&r, 0);
			CHECK_OK(attach_by_ring(tring_fd(&r), res, 0, 0));
		}
		apart_end(&apart, res);
	}
	send_fd(sockets[0], make_bpffs(receive_fd(sockets[0]), &what));
	return apart_result(&apart);
}

TEST(P1_policies_can_be_loaded_with_a_token)
{
	CHECK_OK(load_delegated(enough));
}

TEST(P1_a_token_is_good_for_what_it_delegates)
{
	struct delegated less = enough;

	/* not none at all, which would be no token */
	less.cmds = BIT(BPF_MAP_CREATE);
	EXPECT_EQ(load_delegated(less), -EPERM);
	less = enough;
	less.progs = BIT(BPF_PROG_TYPE_XDP);
	EXPECT_EQ(load_delegated(less), -EPERM);
	less = enough;
	less.attachs = BIT(BPF_XDP);
	EXPECT_EQ(load_delegated(less), -EPERM);
}

/* --- other types of programs ----------------------------------------------------------------- */

struct type {
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
	unsigned int flags;
	const char *hook;
};

/* A program that calls one of the functions for policies. */
static int load_calling(const struct type *type, int function, char *log,
			size_t size)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_2,
		  .imm = 1000 },
		{ .code = BPF_JMP | BPF_CALL,
		  .src_reg = BPF_PSEUDO_KFUNC_CALL,
		  .imm = function },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = type->attach,
		    .prog_flags = type->flags, .log_level = 1, .log_buf = log,
		    .log_size = size);

	if (type->hook)
		opts.attach_btf_id =
			libbpf_find_vmlinux_btf_id(type->hook, type->attach);
	return bpf_prog_load(type->type, "calling", "GPL", insns, 4, &opts);
}

/* What policies can call is for policies. */
TEST(P7_no_other_type_of_program_can_call_what_policies_can)
{
	static const struct type policy = {
		.type = SPAWNPOL_BPF_PROG_TYPE_IOURING,
		.attach = SPAWNPOL_BPF_IOURING_SPAWN,
		.flags = BPF_F_SLEEPABLE,
	};
	static const struct type types[] = {
		{ .type = BPF_PROG_TYPE_SOCKET_FILTER },
		{ .type = BPF_PROG_TYPE_KPROBE },
		{ .type = BPF_PROG_TYPE_KPROBE, .flags = BPF_F_SLEEPABLE },
		{ .type = BPF_PROG_TYPE_TRACEPOINT },
		{ .type = BPF_PROG_TYPE_PERF_EVENT },
		{ .type = BPF_PROG_TYPE_SCHED_CLS },
		{ .type = BPF_PROG_TYPE_XDP },
		{ .type = BPF_PROG_TYPE_CGROUP_SKB,
		  .attach = BPF_CGROUP_INET_INGRESS },
		{ .type = BPF_PROG_TYPE_SYSCALL, .flags = BPF_F_SLEEPABLE },
		{ .type = BPF_PROG_TYPE_LSM,
		  .attach = BPF_LSM_MAC,
		  .flags = BPF_F_SLEEPABLE,
		  .hook = "file_open" },
		{ .type = BPF_PROG_TYPE_TRACING,
		  .attach = BPF_TRACE_FENTRY,
		  .hook = "vfs_open" },
	};
	struct btf *btf = CHECK_PTR(btf__load_vmlinux_btf());
	static char log[16384];
	unsigned int i;
	int function;

	function = CHECK_OK(btf__find_by_name_kind(btf, "bpf_iouring_delay",
						   BTF_KIND_FUNC));
	CHECK_OK(load_calling(&policy, function, log, sizeof(log)));
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		DIAG("type %u", types[i].type);
		EXPECT_EQ(load_calling(&types[i], function, log, sizeof(log)),
			  -EACCES);
		EXPECT_HAS(log, "calling kernel function bpf_iouring_delay is "
				"not allowed");
	}
}
