#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the library promises in its header, exports, documents and shows as an
# example is the same, and builds against it.

. "$(dirname "$0")/lib/tap.sh"

HEADER=$TOP/include/spawnpol.h

# Functions that the header declares.
declared()
{
	sed 's,/\*.*\*/,,; /^ \*/d; /^#/d' "$HEADER" |
		grep -oE '\bspawnpol_[a-z_0-9]+\(' | tr -d '(' | sort -u
}

test_the_shared_library_exports_what_the_header_declares()
{
	[[ -e $BUILD/libspawnpol.so ]] || make -s -C "$TOP" build/libspawnpol.so
	nm -D --defined-only "$BUILD/libspawnpol.so" |
		sed -n 's/.* T \(.*\)@@LIBSPAWNPOL_.*/\1/p' | sort -u >"$DIR/exported"
	declared >"$DIR/declared"
	(($(wc -l <"$DIR/declared") > 40)) || fail "too few declarations"
	diff "$DIR/declared" "$DIR/exported" || fail "header and exports differ"
}

test_nothing_else_is_exported()
{
	nm -D --defined-only "$BUILD/libspawnpol.so" |
		grep ' [A-Z] ' | grep -v ' spawnpol_\| LIBSPAWNPOL_' &&
		fail "a foreign symbol"
	true
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
	for name in $(declared); do
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
		declared | grep -qx "$name" || fail "there is no $name"
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

test_the_example_compiles()
{
	sed -n '/^\.EX/,/^\.EE/p' "$TOP/docs/libspawnpol.3" |
		sed '/^\.E/d; s/\\-/-/g' >"$DIR/example.c"
	grep -q spawnpol_submit "$DIR/example.c" || fail "no example found"
	gcc -Wall -Wextra -Werror -I"$TOP/include" "$DIR/example.c" \
		"$BUILD/libspawnpol.a" -luring -lbpf -lpthread -o "$DIR/example" ||
		fail "it does not compile"
}

test_the_header_stands_alone()
{
	echo '#include <spawnpol.h>' >"$DIR/a.c"
	# sigset_t is POSIX's
	gcc -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror \
		-I"$TOP/include" -c "$DIR/a.c" -o "$DIR/a.o" || fail "as C"
	type -p g++ >/dev/null || return 0
	g++ -Wall -Wextra -Werror -I"$TOP/include" -x c++ -c "$DIR/a.c" \
		-o "$DIR/a.o" || fail "as C++"
}

run_tests "$@"
