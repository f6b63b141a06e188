// SPDX-License-Identifier: LGPL-2.1-or-later
/* BPF programs and links for the engine's tests. */
#include "program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static char verifier_log[1 << 16];

static int say(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level == LIBBPF_WARN ? vprintf(fmt, args) : 0;
}

/* Its end has the reason. */
static void show_verifier_log(void)
{
	size_t len = strlen(verifier_log), most = 1500;

	puts(verifier_log + (len > most ? len - most : 0));
}

struct bpf_program *object_policy(struct bpf_object *obj)
{
	struct bpf_program *prog = bpf_object__next_program(obj, NULL);

	if (!prog)
		return NULL;
	bpf_program__set_type(prog, SPAWNPOL_BPF_PROG_TYPE_IOURING);
	if (!strcmp(bpf_program__section_name(prog), "iouring/op")) {
		bpf_program__set_expected_attach_type(prog, SPAWNPOL_BPF_IOURING_OP);
		return prog;
	}
	bpf_program__set_expected_attach_type(prog, SPAWNPOL_BPF_IOURING_SPAWN);
	bpf_program__set_flags(prog, BPF_F_SLEEPABLE);
	return prog;
}

void *object_variables(struct bpf_object *obj, size_t size)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, ".bss");
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

static struct tprog preloaded = { .fd = -1 };

/* -errno, if the object is there but cannot be loaded. */
static int load_object(struct tprog *p, const char *path)
{
	struct bpf_program *prog;
	int ret;

	p->obj = bpf_object__open(path);
	if (!p->obj)
		return -errno;
	prog = object_policy(p->obj);
	bpf_program__set_log_buf(prog, verifier_log, sizeof(verifier_log));
	ret = bpf_object__load(p->obj);
	if (ret)
		return ret;
	p->engine = object_variables(p->obj, sizeof(*p->engine));
	if (!p->engine)
		return -errno;
	p->fd = bpf_program__fd(prog);
	return 0;
}

static const char *object_path(void)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/tests/engine.bpf.o", tap_build());
	return path;
}

/* Who needs it and does not have it tries again, and tells what is wrong. */
void tprog_preload(void)
{
	libbpf_set_print(NULL);
	if (!tap_in_vm() || load_object(&preloaded, object_path()))
		preloaded.fd = -1;
}

void tprog_load(struct tprog *p)
{
	int ret;

	if (preloaded.fd >= 0) {
		*p = preloaded;
		p->obj = NULL; /* not p's to free */
		preloaded.fd = -1;
		tprog_reset(p);
		return;
	}
	libbpf_set_print(say);
	ret = load_object(p, object_path());
	if (ret) {
		show_verifier_log();
		FAIL("%s: %s", object_path(), strerror(-ret));
	}
}

void tprog_free(struct tprog *p)
{
	if (!p->obj) {
		preloaded = *p;
		return;
	}
	munmap(p->engine, sizeof(struct engine));
	bpf_object__close(p->obj);
}

struct engine_rule *tprog_rule(struct tprog *p, uint32_t events, uint32_t step,
			       uint32_t verdict)
{
	struct engine_rule *rule = p->engine->rules;

	while (rule->events)
		CHECK(++rule < p->engine->rules + ENGINE_RULES);
	rule->events = events;
	rule->step = step;
	rule->verdict = verdict;
	return rule;
}

void rule_stage_text(struct engine_rule *rule, enum engine_stage stage,
		     const char *text)
{
	CHECK_LT(strlen(text), sizeof(rule->text));
	strcpy(rule->text, text);
	rule->stage = stage;
	rule->count = 1;
}

void rule_stage_sqe(struct engine_rule *rule, const struct io_uring_sqe *sqe,
		    unsigned int count)
{
	memcpy(rule->sqe, sqe, sizeof(rule->sqe));
	rule->stage = ENGINE_STAGE_SQE;
	rule->count = count;
}

void tprog_reset(struct tprog *p)
{
	memset(p->engine, 0, sizeof(*p->engine));
}

const struct engine_run *tprog_run(struct tprog *p, unsigned int n)
{
	if (n >= p->engine->runs)
		FAIL("the policy ran %u times only", p->engine->runs);
	return &p->engine->log[n % ENGINE_LOG];
}

int load_returning(int value, unsigned int attach_type, unsigned int flags)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = value },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = attach_type, .prog_flags = flags);

	/* The log is not wanted, and its second attempt would hide errno. */
	return bpf_prog_load(SPAWNPOL_BPF_PROG_TYPE_IOURING, "returning", "GPL",
			     insns, 2, &opts);
}

int attach_by_ring(int ring, int prog, uint32_t slot, uint32_t events)
{
	struct io_uring_attach_bpf attr = {
		.prog_fd = prog,
		.slot = slot,
		.events = events,
	};
	long ret = syscall(__NR_io_uring_register, ring, SPAWNPOL_ATTACH_BPF,
			   &attr, 1);

	return ret < 0 ? -errno : (int)ret;
}

int bpf_call(int cmd, void *attr, unsigned int size)
{
	long ret = syscall(__NR_bpf, cmd, attr, size);

	return ret < 0 ? -errno : (int)ret;
}

int attach_by_bpf(int ring, int prog, uint32_t slot, uint32_t events)
{
	struct spawnpol_link_create attr = {
		.prog_fd = prog,
		.target_fd = ring,
		.attach_type = SPAWNPOL_BPF_IOURING_SPAWN,
		.slot = slot,
		.events = events,
	};

	return bpf_call(BPF_LINK_CREATE, &attr, sizeof(attr));
}

int attach(struct tring *r, struct tprog *p, uint32_t slot, uint32_t events)
{
	int link = attach_by_ring(tring_fd(r), p->fd, slot, events);

	if (link < 0)
		FAIL("IORING_ATTACH_BPF: %s", strerror(-link));
	return link;
}

int tprog_start(struct tring *r, struct tprog *p, uint32_t events)
{
	tring_init(r, 0);
	tprog_load(p);
	return attach(r, p, 0, events);
}

void tprog_again(struct tring *r, struct tprog *p)
{
	tprog_reset(p);
	tring_forget(r);
}

struct spawnpol_link_info link_info(int link)
{
	struct spawnpol_link_info info = { 0 };
	struct {
		uint32_t fd;
		uint32_t len;
		uint64_t info;
	} attr = { link, sizeof(info), (uintptr_t)&info };
	int ret = bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));

	if (ret)
		FAIL("a link's info: %s", strerror(-ret));
	return info;
}

uint32_t program_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { .info = { .bpf_fd = fd,
					  .info_len = sizeof(info),
					  .info = (uintptr_t)&info } };

	CHECK_OK(bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)));
	return info.id;
}
