# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Everything is built under build/, except kernels, which are large and slow
# and live in the user's cache directory (see tests/vm/kernel.sh --help).

PREFIX	?= /usr/local
BINDIR	?= $(PREFIX)/bin
LIBDIR	?= $(PREFIX)/lib
INCDIR	?= $(PREFIX)/include
DATADIR	?= $(PREFIX)/share
MANDIR	?= $(DATADIR)/man
DOCDIR	?= $(DATADIR)/doc/spawnpol

# The header says it; see spawnpol_version(3).
VERSION	:= $(shell sed -n 's/^\#define SPAWNPOL_VERSION_\(MAJOR\|MINOR\|PATCH\)\t//p' \
	include/spawnpol.h | paste -sd.)
SOMAJOR	:= 1

B	:= build
CC	?= gcc
CLANG	?= clang

CFLAGS	?= -O2 -g
override CFLAGS += -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Iinclude -Iuser -Iuser/lib -Itests/lib -D_GNU_SOURCE
# The C library's kernel headers are made for its own architecture, and partly in a
# directory that is named after it. Without paths of this machine in their debugging
# information objects are the same wherever they are built.
ARCH_INC := $(addprefix -idirafter /usr/include/,$(shell $(CC) -print-multiarch 2>/dev/null))
POLICY_CFLAGS := --target=bpf -mcpu=v3 -O2 -g $(ARCH_INC)
BPF_CFLAGS := $(POLICY_CFLAGS) -Wall -fdebug-compilation-dir=. -Iinclude -Ibpf
# Of libspawnpol, of libspawnpol-bpf, of programs that use both.
URING_LIBS := -luring
BPF_LIBS := -lbpf -lelf -lz
LIBS	:= $(URING_LIBS) $(BPF_LIBS)

ifeq ($(V),1)
Q :=
msg =
else
Q := @
msg = @printf '  %-8s %s\n' "$(1)" "$(2)";
MAKEFLAGS += --no-print-directory
endif

# --- what there is to build ------------------------------------------------

# The table of commands, and how names are printed, are shared with the tool and the daemon.
LIB_COMMON := user/common/commands.c user/common/escape.c
LIB_SRC	 := $(wildcard user/lib/*.c user/ring.c) $(LIB_COMMON)
BPFLIB_SRC := $(wildcard user/libbpf/*.c) user/common/caps.c
TOOL_SRC := $(wildcard user/loader.c user/tool/*.c)
LIB_OBJ	 := $(LIB_SRC:%.c=$(B)/%.o)
LIB_PIC	 := $(LIB_SRC:%.c=$(B)/%.pic.o)
BPFLIB_OBJ := $(BPFLIB_SRC:%.c=$(B)/%.o)
BPFLIB_PIC := $(BPFLIB_SRC:%.c=$(B)/%.pic.o)
# What programs link that use both libraries.
BOTH_LIBS := $(B)/libspawnpol-bpf.a $(B)/libspawnpol.a
# What stands in for libc's posix_spawn, with what it needs of the library in itself.
POSIX_SRC := $(wildcard user/posix/*.c)
POSIX_PIC := $(POSIX_SRC:%.c=$(B)/%.pic.o)
POSIX_MAP := user/posix/libspawnpol-posix.map
LIB_MAP	 := user/lib/libspawnpol.map
BPFLIB_MAP := user/libbpf/libspawnpol-bpf.map

BPF_OBJ	 := $(patsubst bpf/%.bpf.c,$(B)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c))
TEST_BPF := $(patsubst tests/%.bpf.c,$(B)/tests/%.bpf.o,$(wildcard tests/*.bpf.c))
TEST_LIB := $(patsubst %.c,$(B)/%.o,$(wildcard tests/lib/*.c))
TEST_BIN := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/*_test.c))
POSIX_TEST := $(filter $(B)/tests/posix_%,$(TEST_BIN))
HOST_BIN := $(filter %_host_test,$(TEST_BIN))
# Programs that tests start; each is one file and links to nothing.
TEST_HELPER := $(patsubst tests/helpers/%.c,$(B)/tests/helpers/%,$(wildcard tests/helpers/*.c))

# Fuzzers. What is in files named program* makes BPF programs at random, in those named
# actor_* actors, the rest chains.
FUZZ_BPF    := $(patsubst %.c,$(B)/%.o,$(wildcard tests/fuzz/*.bpf.c))
FUZZ_SRC    := $(filter-out %.bpf.c,$(wildcard tests/fuzz/*.c))
PROGRAM_OBJ := $(patsubst %.c,$(B)/%.o,$(filter tests/fuzz/program%,$(FUZZ_SRC)))
ACTOR_OBJ   := $(patsubst %.c,$(B)/%.o,$(filter tests/fuzz/actor_%,$(FUZZ_SRC)) \
	tests/fuzz/random.c)
CHAIN_OBJ   := $(patsubst %.c,$(B)/%.o,$(filter-out tests/fuzz/program% \
	tests/fuzz/actor_%,$(FUZZ_SRC)))
FUZZ_BIN    := $(if $(CHAIN_OBJ),$(B)/tests/fuzz/chains) \
	$(if $(PROGRAM_OBJ),$(B)/tests/fuzz/programs) $(B)/tests/fuzz/actors

SOAK_OBJ    := $(patsubst %.c,$(B)/%.o,$(wildcard tests/soak/*.c))
SOAK_BIN    := $(B)/tests/soak.bin

LIBRARIES := libspawnpol libspawnpol-bpf
TARGETS := $(foreach l,$(LIBRARIES),$(B)/$l.a $(B)/$l.so) \
	$(B)/libspawnpol-posix.so $(B)/spawnpol \
	$(B)/spawnpold $(B)/spawnpold-client
# Tool, daemon and client share what describes a launch, apart from what the library has.
COMMON_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out $(LIB_COMMON),$(wildcard user/common/*.c)))
TOOL_OBJ   := $(TOOL_SRC:%.c=$(B)/%.o) $(COMMON_OBJ)
DAEMON_OBJ := $(patsubst %,$(B)/user/daemon/%.o,spawnpold request peer socket) $(COMMON_OBJ)
CLIENT_OBJ := $(patsubst %,$(B)/user/daemon/%.o,client message socket) $(COMMON_OBJ)

BENCH_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out %.bpf.c %/stamp.c,$(wildcard bench/*.c)))
BENCH_BIN := $(B)/bench/bench $(B)/bench/stamp \
	$(patsubst %.c,$(B)/%.o,$(wildcard bench/*.bpf.c))

# Launchers and policies, and how each is built outside the checkout.
EXAMPLES := $(foreach d,launcher policy,$(wildcard \
	$(addprefix examples/$d/,Makefile *.[ch] *.situations)))
EXAMPLE_BIN := $(patsubst %.bpf.c,$(B)/%.bpf.o,$(filter %.bpf.c,$(EXAMPLES))) \
	$(patsubst %.c,$(B)/%,$(filter-out %.bpf.c,$(filter %.c,$(EXAMPLES))))

# The daemon is an example, and stays here.
MAN_SRC := $(filter-out docs/spawnpold.8,$(wildcard docs/*.[1-8]))
# Functions that share a page have links to it.
man_links = docs/man-links.sh $(filter %.3,$(MAN_SRC))
# What programs and policies are written against.
HEADERS := include/spawnpol.h include/spawnpol_bpf.h include/io_uring_spawn.h \
	include/spawnpol_uapi.h include/spawn_policy.h include/spawn_actors.h \
	bpf/spawnpol_policy.h bpf/spawnpol_op.h bpf/spawnpol_program.h
COMPLETION := $(DATADIR)/bash-completion/completions

# --- targets for people -----------------------------------------------------

.DEFAULT_GOAL := help
.PHONY: help all programs bench-programs fuzzers soaker host-tests run test check regression bench \
	fuzz soak vm deb kernel \
	kernel-debug deps install uninstall clean patches-prepare patches-refresh \
	patches-check

#: help|this text
help:
	@echo 'spawnpol: make TARGET, with TARGET one of'
	@sed -n 's/^#: \(.*\)|\(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r t h; do printf '  %-16s %s\n' $$t "$$h"; done
	@echo 'V=1 shows the commands. Kernels are cached outside the checkout.'

#: all|library, tool, daemon, policies, examples and test programs
all: programs $(TEST_BPF) $(TEST_BIN) $(BENCH_BIN) $(EXAMPLE_BIN) fuzzers soaker

programs: $(TARGETS) $(BPF_OBJ) $(TEST_HELPER)

bench-programs: programs $(BENCH_BIN)

fuzzers: $(FUZZ_BIN) $(FUZZ_BPF) $(TEST_BPF) $(TEST_HELPER)

soaker: $(SOAK_BIN) $(TEST_BPF) $(TEST_HELPER)

# Of the examples those that tests compare with what is built from installed files.
host-tests: programs $(HOST_BIN) $(filter %.bpf.o,$(EXAMPLE_BIN))

#: run|install what is missing, build what it takes, show the main job in the VM
run:
	@echo 'step 1 of 4: installing packages that are missing'
	$(Q)tests/setup.sh run
	@echo 'step 2 of 4: building programs'
	$(Q)$(MAKE) -j$$(nproc) programs
	@echo 'step 3 of 4: the kernel, which is compiled once and kept'
	$(Q)tests/vm/kernel.sh build prod
	@echo 'step 4 of 4: booting it; what follows runs in the VM'
	$(Q)tests/vm/run.sh -- tests/demo.sh

#: test|install what is missing, pass every test on both kernels
test:
	$(Q)tests/run.sh --setup

#: check|the part of the tests that needs neither kernel nor VM, a minute or two
# It builds what it needs by a make of its own: not while this one does.
check: $(filter all programs install,$(MAKECMDGOALS))
	$(Q)tests/run.sh --host

#: deps|install the packages that all, check and install need; FOR=run: that target's
deps:
	$(Q)tests/setup.sh $(or $(FOR),check)

#: regression|selftests of the kernel and of liburing, with and without the series
regression:
	$(Q)tests/setup.sh $@
	$(Q)tests/regression/run.sh

#: bench|measure in the VM, with tables and plots; BENCH="NAME..." ITERATIONS=N
bench:
	$(Q)tests/setup.sh $@
	$(Q)bench/run.sh $(if $(ITERATIONS),--iterations $(ITERATIONS)) $(BENCH)

#: fuzz|chains, policies and actors made up at random; T=SECONDS SEED=N DEBUG=1
fuzz:
	$(Q)tests/setup.sh $@
	$(Q)tests/fuzz/run.sh $(if $(DEBUG),--debug) $(if $(SEED),--seed $(SEED)) \
		$(if $(T),--time $(T))

#: soak|very many spawns and actors while programs come and go; SPAWNS=N DEBUG=1
soak:
	$(Q)tests/setup.sh $@
	$(Q)tests/soak/run.sh $(if $(DEBUG),--debug) $(if $(SPAWNS),--spawns $(SPAWNS))

#: deb|Debian packages, checked by lintian; OUT=DIR (~/.cache/spawnpol/deb)
deb:
	$(Q)tests/setup.sh $@
	$(Q)debian/packages.sh $(OUT)

#: vm|a shell in the VM; DEBUG=1 for the debug kernel
vm:
	$(Q)tests/setup.sh $@
	$(Q)$(MAKE) -j$$(nproc) programs
	$(Q)tests/vm/run.sh $(if $(DEBUG),--debug --no-leak-scan) --tty -- bash -i

#: kernel|build the production kernel
kernel:
	$(Q)tests/vm/kernel.sh build prod
#: kernel-debug|build the debug kernel
kernel-debug:
	$(Q)tests/vm/kernel.sh build debug

#: patches-prepare|a git tree of the kernel with the series applied
patches-prepare:
	$(Q)kernel-patches/patches.sh prepare
#: patches-refresh|write the tree's commits back to kernel-patches/
patches-refresh:
	$(Q)kernel-patches/patches.sh refresh
#: patches-check|check the series: applies, clean, exports identically, builds
patches-check:
	$(Q)kernel-patches/patches.sh check
	$(Q)kernel-patches/patches.sh check-builds

# --- rules --------------------------------------------------------------------

$(B)/%.o: %.c
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/%.pic.o: %.c
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -MMD -MP -c $< -o $@

COMMA := ,

$(B)/libspawnpol.a: $(LIB_OBJ)
$(B)/libspawnpol-bpf.a: $(BPFLIB_OBJ)
$(B)/libspawnpol-pic.a: $(LIB_PIC)
$(LIBRARIES:%=$(B)/%.a) $(B)/libspawnpol-pic.a:
	$(call msg,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

$(B)/libspawnpol.so.$(VERSION): $(LIB_PIC) $(LIB_MAP)
	$(call msg,LINK,$@)
	$(Q)$(CC) -shared -Wl,-soname,libspawnpol.so.$(SOMAJOR) -Wl,-z,defs \
		-Wl,--version-script=$(LIB_MAP) $(LDFLAGS) $(LIB_PIC) \
		$(URING_LIBS) -o $@

$(B)/libspawnpol-bpf.so.$(VERSION): $(BPFLIB_PIC) $(BPFLIB_MAP) $(B)/libspawnpol.so
	$(call msg,LINK,$@)
	$(Q)$(CC) -shared -Wl,-soname,libspawnpol-bpf.so.$(SOMAJOR) -Wl,-z,defs \
		-Wl,--version-script=$(BPFLIB_MAP) $(LDFLAGS) $(BPFLIB_PIC) \
		-L$(B) -lspawnpol -lbpf -o $@

$(LIBRARIES:%=$(B)/%.so): %.so: %.so.$(VERSION)
	$(Q)ln -sf $(notdir $<) $@.$(SOMAJOR)
	$(Q)ln -sf $(notdir $@).$(SOMAJOR) $@

# Once loaded it stays: threads that end come back to it.
$(B)/libspawnpol-posix.so: $(POSIX_PIC) $(B)/libspawnpol-pic.a $(POSIX_MAP)
	$(call msg,LINK,$@)
	$(Q)$(CC) -shared -Wl,-soname,$(@F) -Wl,-z,defs -Wl,-z,nodelete \
		-Wl,--version-script=$(POSIX_MAP) $(LDFLAGS) $(POSIX_PIC) \
		$(B)/libspawnpol-pic.a -l:liburing.a -o $@

$(B)/spawnpol: $(TOOL_OBJ) $(BOTH_LIBS)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

$(B)/spawnpold: $(DAEMON_OBJ) $(B)/libspawnpol.a
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(URING_LIBS) -o $@

$(B)/spawnpold-client: $(CLIENT_OBJ) $(B)/libspawnpol.a
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(URING_LIBS) -o $@

$(B)/%.bpf.o: %.bpf.c
	$(call msg,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

# They also look into the kernel: its types are in tests/kernel_types.h.
$(B)/tests/%.bpf.o $(B)/bench/%.bpf.o: BPF_CFLAGS += -Itests -D__TARGET_ARCH_x86

# Static for the VM: without shared libraries a process there, and each copy that
# a test makes of itself, takes a third less time.
$(filter-out $(POSIX_TEST),$(TEST_BIN)): $(B)/tests/%: $(B)/tests/%.o $(TEST_LIB) $(BOTH_LIBS)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(if $(filter %_host_test,$@),,-static) $(LDFLAGS) \
		$(filter %.o,$^) $(filter %.a,$^) $(LIBS) -lpthread -o $@

# With posix_spawn from the library that stands in for libc's.
$(POSIX_TEST): $(B)/tests/%: $(B)/tests/%.o $(B)/tests/posix/job.o $(TEST_LIB) \
		$(B)/libspawnpol-posix.so $(BOTH_LIBS)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ -Wl,-rpath,'$$ORIGIN/..' $(LIBS) -lpthread -o $@

# They have a main() of their own.
$(B)/tests/fuzz/chains: $(CHAIN_OBJ)
$(B)/tests/fuzz/programs: $(PROGRAM_OBJ)
$(B)/tests/fuzz/actors: $(ACTOR_OBJ)
$(SOAK_BIN): $(SOAK_OBJ)
$(FUZZ_BIN) $(SOAK_BIN): $(filter-out %/tap_main.o,$(TEST_LIB)) $(BOTH_LIBS)
	$(call msg,LINK,$@)
	$(Q)$(CC) -static $(LDFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(LIBS) -lpthread -o $@

# What tool, daemon and client share is no library.
$(B)/tests/commands_host_test: $(COMMON_OBJ)

# One test in several files.
$(B)/tests/lifetime_test: $(patsubst %.c,$(B)/%.o,$(wildcard tests/lifetime/*.c))

$(B)/tests/helpers/%: tests/helpers/%.c
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -static $(NOLIBC) $< -o $@

$(B)/examples/%: $(B)/examples/%.o $(B)/libspawnpol.a
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(URING_LIBS) -o $@

# It loads a BPF program.
$(B)/examples/launcher/copy: $(B)/examples/launcher/copy.o $(BOTH_LIBS)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

# Programs that bring their own _start.
$(addprefix $(B)/tests/helpers/,quit announce armed) $(B)/bench/stamp: NOLIBC := \
	-nostdlib -ffreestanding -fno-stack-protector

$(B)/bench/bench: $(BENCH_OBJ) $(BOTH_LIBS)
	$(call msg,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -lpthread -o $@

$(B)/bench/stamp: bench/stamp.c bench/stamp.h
	$(call msg,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -static $(NOLIBC) $< -o $@

# --- installation --------------------------------------------------------------

# For pkg-config. They depend on where they are installed, and are made there. What is
# below PREFIX is said by its name, so that a tree that was moved as a whole can be used:
# pkg-config --define-prefix.
below = $(patsubst $(PREFIX)/%,$${prefix}/%,$(1))
library_pc = @printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(call below,$(LIBDIR))' \
	'includedir=$(call below,$(INCDIR))' \
	'exampledir=$(call below,$(DOCDIR))/examples/launcher' '' 'Name: $(1)' \
	'Description: $(2)' 'Version: $(VERSION)' $(3) \
	'Libs: -L$${libdir} -l$(1:lib%=%)' 'Cflags: -I$${includedir}' \
	>$(DESTDIR)$(LIBDIR)/pkgconfig/$(strip $(1)).pc
policy_pc = @printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$(call below,$(INCDIR))' \
	'policydir=$(call below,$(DATADIR))/spawnpol' \
	'exampledir=$(call below,$(DOCDIR))/examples/policy' '' 'Name: spawnpol-policy' \
	'Description: compiling BPF policies for spawned programs' \
	'Version: $(VERSION)' 'Requires.private: libbpf' \
	'Cflags: $(POLICY_CFLAGS) -I$${includedir}' \
	>$(DESTDIR)$(LIBDIR)/pkgconfig/spawnpol-policy.pc

#: install|into $PREFIX (/usr/local), below $DESTDIR
install: $(TARGETS) $(BPF_OBJ)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig \
		$(DESTDIR)$(INCDIR) $(DESTDIR)$(DATADIR)/spawnpol
	install -m755 $(B)/spawnpol $(DESTDIR)$(BINDIR)/
	@for library in $(LIBRARIES); do \
		install -m644 $(B)/$$library.a $(DESTDIR)$(LIBDIR)/ && \
		install -m755 $(B)/$$library.so.$(VERSION) $(DESTDIR)$(LIBDIR)/ && \
		ln -sf $$library.so.$(VERSION) \
			$(DESTDIR)$(LIBDIR)/$$library.so.$(SOMAJOR) && \
		ln -sf $$library.so.$(SOMAJOR) $(DESTDIR)$(LIBDIR)/$$library.so || \
			exit 1; \
	done
	install -m755 $(B)/libspawnpol-posix.so $(DESTDIR)$(LIBDIR)/
	$(call library_pc,libspawnpol,spawning through io_uring under BPF policies, \
		'Requires.private: liburing')
	$(call library_pc,libspawnpol-bpf,loading BPF policies for libspawnpol, \
		'Requires: libspawnpol' 'Requires.private: libbpf')
	$(policy_pc)
	install -m644 $(HEADERS) $(DESTDIR)$(INCDIR)/
	install -d $(DESTDIR)$(INCDIR)/spawnpol
	install -m644 include/spawnpol/*.h $(DESTDIR)$(INCDIR)/spawnpol/
	install -m644 $(BPF_OBJ) $(DESTDIR)$(DATADIR)/spawnpol/
	@for example in $(EXAMPLES); do \
		install -D -m644 $$example $(DESTDIR)$(DOCDIR)/$$example || exit 1; \
	done
	install -d $(DESTDIR)$(COMPLETION)
	$(B)/spawnpol completion bash >$(DESTDIR)$(COMPLETION)/spawnpol
	@for page in $(MAN_SRC); do \
		install -D -m644 $$page \
			$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/} || exit 1; \
	done
	@$(man_links) | while read -r link page; do \
		echo ".so man$${page##*.}/$$page" >$(DESTDIR)$(MANDIR)/man$${page##*.}/$$link || \
			exit 1; \
	done
	@[ -n '$(DESTDIR)' ] || printf '%s\n' 'where these are not searched already:' \
		'  PATH             $(BINDIR)' \
		'  LD_LIBRARY_PATH  $(LIBDIR), or ldconfig' \
		'  PKG_CONFIG_PATH  $(LIBDIR)/pkgconfig' \
		'  MANPATH          $(MANDIR)'

#: uninstall|remove what install put there
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/spawnpol \
		$(LIBRARIES:%=$(DESTDIR)$(LIBDIR)/%.*) \
		$(LIBRARIES:%=$(DESTDIR)$(LIBDIR)/pkgconfig/%.pc) \
		$(DESTDIR)$(LIBDIR)/libspawnpol-posix.so \
		$(DESTDIR)$(LIBDIR)/pkgconfig/spawnpol-policy.pc \
		$(addprefix $(DESTDIR)$(INCDIR)/,$(notdir $(HEADERS))) \
		$(DESTDIR)$(COMPLETION)/spawnpol
	rm -rf $(DESTDIR)$(INCDIR)/spawnpol $(DESTDIR)$(DATADIR)/spawnpol \
		$(DESTDIR)$(DOCDIR)/examples
	@for page in $(MAN_SRC); do \
		rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; \
	done
	@$(man_links) | while read -r link page; do \
		rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$$link; \
	done

#: clean|remove build/ (cached kernels stay)
clean:
	$(Q)rm -rf $(B)

.DELETE_ON_ERROR:
.SECONDARY:

-include $(shell find $(B) -name '*.d' 2>/dev/null)
