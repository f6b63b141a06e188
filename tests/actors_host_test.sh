#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What docs/actors.md shows can be copied and compiled.

. "$(dirname "$0")/lib/tap.sh"

# block WORDS: the part of the page in fences of C that has these words.
block()
{
	awk -v words="$1" '/^```c$/ { inside = 1; text = ""; next }
		/^```/ { if (inside && index(text, words)) printf "%s", text; inside = 0 }
		inside { text = text $0 "\n" }' "$TOP/docs/actors.md"
}

test_the_program_compiles()
{
	type -p clang >/dev/null || skip "no clang"
	block 'SPAWNPOL_ACTOR(' >"$DIR/count.bpf.c"
	[[ -s $DIR/count.bpf.c ]] || fail "there is none"
	run clang --target=bpf -mcpu=v3 -O2 -g -Wall -Werror \
		-idirafter "/usr/include/$(gcc -print-multiarch)" \
		-I"$TOP/include" -I"$TOP/bpf" -c "$DIR/count.bpf.c" -o "$DIR/count.bpf.o"
	expect_status 0
	run llvm-readelf -S "$DIR/count.bpf.o"
	expect_out ' iouring/op '
}

test_the_launcher_compiles()
{
	block 'int main' >"$DIR/count.c"
	[[ -s $DIR/count.c ]] || fail "there is none"
	run gcc -Wall -Wextra -Wshadow -Werror -I"$TOP/include" "$DIR/count.c" \
		"$BUILD/libspawnpol-bpf.a" "$BUILD/libspawnpol.a" -luring -lbpf \
		-o "$DIR/count"
	expect_status 0
}

run_tests "$@"
