#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the library promises in its header, exports, documents and shows as an
# example is the same, and builds against it.

. "$(dirname "$0")/lib/tap.sh"

# The text of a header and its parts without comments: spawnpol, spawnpol_bpf.
header()
{
	local -a files=("$TOP/include/$1.h")
	[[ $1 != spawnpol ]] || files+=("$TOP"/include/spawnpol/*.h)
	sed 's,/\*.*\*/,,; /^ \*/d; /^#/d' "${files[@]}"
}

names() { grep -oE '\bspawnpol_[a-z_0-9]+\(' | tr -d '(' | sort -u; }

# Functions that a header declares, and those that it defines (inline) by others.
declared() { comm -23 <(header "$1" | names) <(inline "$1"); }
inline() { header "$1" | grep '^static inline' | names; }

# What programs call, all in pages.
all_calls()
{
	local header
	for header in spawnpol spawnpol_bpf; do
		declared "$header" | grep -v '_sized$'
		inline "$header"
	done
}

# LIBRARY HEADER
expect_same_exports()
{
	local so=$BUILD/$1.so
	[[ -e $so ]] || make -s -C "$TOP" "build/$1.so"
	nm -D --defined-only "$so" |
		sed -n 's/.* T \(.*\)@@LIBSPAWNPOL_.*/\1/p' | sort -u >"$DIR/exported"
	declared "$2" >"$DIR/declared"
	diff "$DIR/declared" "$DIR/exported" || fail "$2.h and exports of $1 differ"
	nm -D --defined-only "$so" | grep ' [A-Z] ' |
		grep -v ' spawnpol_\| LIBSPAWNPOL_' && fail "a foreign symbol in $1"
	true
}

test_shared_libraries_export_what_their_headers_declare()
{
	(($(declared spawnpol | wc -l) > 40)) || fail "too few declarations"
	expect_same_exports libspawnpol spawnpol
	expect_same_exports libspawnpol-bpf spawnpol_bpf
}

# What a library links, apart from the dynamic loader.
needed()
{
	[[ -e $BUILD/$1.so ]] || make -s -C "$TOP" "build/$1.so"
	readelf -dW "$BUILD/$1.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
		grep -v '^ld-linux' | sort | xargs
}

test_only_one_library_needs_libbpf()
{
	expect_equal "$(needed libspawnpol)" "libc.so.6 liburing.so.2"
	expect_equal "$(needed libspawnpol-bpf)" "libbpf.so.1 libc.so.6 libspawnpol.so.1"
}

# What stands in for libc's has nothing else, and drags nothing along.
test_the_stand_in_is_alone()
{
	local so=$BUILD/libspawnpol-posix.so
	[[ -e $so ]] || make -s -C "$TOP" build/libspawnpol-posix.so
	expect_equal "$(nm -D --defined-only "$so" | cut -d' ' -f3 | sort | xargs)" \
		"posix_spawn posix_spawnp"
	expect_equal "$(readelf -dW "$so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')" \
		libc.so.6
}

# Each call stands in the NAME and in the SYNOPSIS of one page.
test_every_call_has_a_man_page()
{
	local name page
	for name in $(all_calls); do
		page=$(grep -lE "^\.BI? \"?.*[ *]$name\(" "$TOP"/docs/*.3) ||
			fail "no page has a synopsis of $name"
		sed -n '/^\.SH NAME/,/^\.SH SYNOPSIS/p' "$page" |
			grep -qwE "$name" || fail "$page does not name $name"
	done
}

test_man_pages_mention_no_other_call()
{
	local name
	grep -ohE '\bspawnpol_[a-z_0-9]+ \(\)' "$TOP"/docs/*.3 |
		cut -d' ' -f1 | sort -u >"$DIR/mentioned"
	for name in $(<"$DIR/mentioned"); do
		all_calls | grep -qx "$name" || fail "there is no $name"
	done
}

test_man_pages_are_clean()
{
	local page out
	type -p groff >/dev/null || skip "no groff"
	for page in "$TOP"/docs/*.[37]; do
		out=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
		[[ ! $out ]] || fail "$out"
	done
}

# PAGE FLAG...: what the page shows can be copied and compiled.
expect_example()
{
	local page=$TOP/docs/$1
	shift
	sed -n '/^\.EX/,/^\.EE/p' "$page" |
		sed '/^\.E/d; s/\\-/-/g; s/\\e/\\/g' >"$DIR/example.c"
	grep -q 'int main' "$DIR/example.c" || fail "no example in $page"
	gcc -Wall -Wextra -Wshadow -Werror -I"$TOP/include" "$DIR/example.c" "$@" \
		-o "$DIR/example" || fail "the example of $page does not compile"
}

test_examples_of_pages_compile()
{
	local page
	for page in libspawnpol spawnpol_chain spawnpol_child spawnpol_pool; do
		expect_example "$page.3" "$BUILD/libspawnpol.a" -luring
	done
	for page in spawnpol_policy_load spawnpol_actor; do
		expect_example "$page.3" "$BUILD/libspawnpol-bpf.a" \
			"$BUILD/libspawnpol.a" -luring -lbpf
	done
}

# The program of README.md, by its command for a library that is not installed.
test_the_program_of_the_readme_compiles()
{
	local command
	command=$(grep -m1 '^cc who.c -Iinclude' "$TOP/README.md") || fail "there is no command"
	sed '1,/^## The library/d' "$TOP/README.md" |
		sed -n '/^#include/,/^\x60/p' | sed '$d' >"$DIR/who.c"
	ln -s "$TOP/include" "$DIR/include"
	ln -s "$BUILD" "$DIR/build"
	[[ -e $BUILD/libspawnpol.so ]] || make -s -C "$TOP" build/libspawnpol.so
	cd "$DIR" || fail "no directory"
	run bash -c "$command"
	expect_status 0
	run ./who
	# it is there, and does what it can on this kernel
	[[ $STATUS != 127 && $ERR != *libspawnpol* ]] || { show_run; fail "it does not run"; }
}

test_headers_stand_alone()
{
	local header
	for header in spawnpol spawnpol_bpf; do
		echo "#include <$header.h>" >"$DIR/a.c"
		# sigset_t is POSIX's
		gcc -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic \
			-Werror -I"$TOP/include" -c "$DIR/a.c" -o "$DIR/a.o" ||
			fail "$header.h as C99"
		g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -I"$TOP/include" \
			-x c++ -c "$DIR/a.c" -o "$DIR/a.o" || fail "$header.h as C++"
	done
}

run_tests "$@"
