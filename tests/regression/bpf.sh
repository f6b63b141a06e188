#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: bpf.sh
#>
#> For build.sh, with WORK, TREE and OUT in the environment: builds of the
#> kernel's selftests for BPF what needs neither modules nor a newer compiler,
#> and test_progs with the tests that bpf.tests names. TREE has the series: its
#> libbpf knows the program types of both kernels, the base's does not, and there
#> are tests that compare libbpf with the running kernel.

set -u
. "$(dirname "$0")/../lib/common.sh"

PROGRAMS="test_verifier test_tag test_maps test_lru_map test_lpm_map test_sock
	test_sysctl test_progs"
BPF=$TREE/tools/testing/selftests/bpf

wanted_tests() { grep -v '^#' "$TOP/tests/regression/bpf.tests"; }

# The names of the BPF programs that what is left of the tests loads.
used_programs()
{
	grep -ohE '\<[a-zA-Z0-9_]+\.(l?skel\.h|bpf\.o)' \
		prog_tests/*.c map_tests/*.c ./*.c |
		sed 's/\..*//' | sort -u
}

# The makefile takes all there is, and wants all before it makes the first test.
remove_unused()
{
	local file
	for file in prog_tests/*.c; do
		wanted_tests | grep -qx "$(basename "$file" .c)" || rm "$file"
	done
	used_programs >"$WORK/used"
	echo btf_data >>"$WORK/used"
	for file in progs/*.c; do
		grep -qx "$(basename "$file" .c)" "$WORK/used" || rm "$file"
	done
}

# Few of its tests call functions of that module.
do_without_module()
{
	sed -i 's/if (load_bpf_testmod(verbose))/if (0)/' test_verifier.c &&
		grep -qF 'if (0)' test_verifier.c
}

light_skeletons()
{
	grep -ohE '\<[a-zA-Z0-9_]+\.lskel\.h' prog_tests/*.c |
		sed 's/\..*/.c/' | sort -u | paste -sd' '
}

run_make()
{
	# shellcheck disable=SC2086 # several
	nice -n 5 make -k -j"$(nproc)" $PROGRAMS VMLINUX_BTF="$1" \
		LSKELS= LSKELS_EXTRA="$(light_skeletons)" LINKED_SKELS= \
		TRUNNER_EXTRA_FILES= \
		USERCFLAGS="-I$WORK/sysroot/usr/include" \
		USERLDFLAGS="-L$WORK/sysroot/usr/lib/$(gcc -print-multiarch)" \
		2>&1 | tee -a "$WORK/bpf.log"
	return "${PIPESTATUS[0]}"
}

# What this clang cannot compile, and the tests that want it, stay out: each has a
# file of its own, but for those of verifier.c, which have a line each.
remove_failed()
{
	local object name
	sed -nE 's,^make.*\[[^]]*/([^]/]+\.o)\] Error.*,\1,p' "$WORK/bpf.log" |
		sort -u | while read -r object; do
		name=${object%%.*}
		case $object in
		*.bpf.o)
			rm -f "progs/$name.c"
			sed -i "/\<$name\>/d" prog_tests/verifier.c
			grep -lF "\"$name.skel.h\"" prog_tests/*.c | xargs -r rm ;;
		*.test.o) rm -f "prog_tests/$name.c" ;;
		esac
	done
}

build()
{
	local vmlinux
	vmlinux=$("$TOP/tests/vm/kernel.sh" path base) || return 1
	vmlinux=${vmlinux%/*}/vmlinux
	run_make "$vmlinux" && return
	remove_failed	# BPF programs
	run_make "$vmlinux" && return
	remove_failed	# tests
	run_make "$vmlinux"
}

install_built()
{
	local program
	mkdir -p "$OUT/kselftest/bpf"
	for program in $PROGRAMS; do
		[[ -x $program ]] || continue
		cp "$program" "$OUT/kselftest/bpf/" &&
			echo "bpf:$program" >>"$OUT/kselftest/kselftest-list.txt"
	done
	cp ./*.bpf.o "$OUT/kselftest/bpf/"
}

cd "$BPF" && remove_unused && do_without_module || exit 1
build
install_built
exit
