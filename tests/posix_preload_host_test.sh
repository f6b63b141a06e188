#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libspawnpol-posix among the libraries that LD_PRELOAD names. No kernel is needed:
# where it cannot spawn, the library calls what comes after it.

. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/interposer.sh"

LIBRARY=$BUILD/libspawnpol-posix.so
OTHER=/lib/x86_64-linux-gnu/libm.so.6

# left_of PRELOAD [ASSIGNMENT...]: LD_PRELOAD as a program sees it that was started with
# this one and SPAWNPOL_INHERIT=0, in OUT.
left_of()
{
	local preload=$1
	shift
	# the second env has the library, and prints what it finds
	run env "$@" SPAWNPOL_INHERIT=0 LD_PRELOAD="$preload" env
	expect_status 0
	expect_equal "$ERR" ''
	OUT=$(sed -n 's/^LD_PRELOAD=/had /p' <<<"$OUT")
}

test_inherit_by_path()
{
	left_of "$LIBRARY"
	expect_equal "$OUT" ''
	left_of "$OTHER $LIBRARY"
	expect_equal "$OUT" "had $OTHER"
	left_of " $LIBRARY: $OTHER:$LIBRARY "
	expect_equal "$OUT" "had $OTHER"
}

test_inherit_by_name()
{
	left_of libspawnpol-posix.so LD_LIBRARY_PATH="$BUILD"
	expect_equal "$OUT" ''
	left_of "libm.so.6:libspawnpol-posix.so:$OTHER" LD_LIBRARY_PATH="$BUILD"
	expect_equal "$OUT" "had libm.so.6:$OTHER"
}

test_inherit_by_other_names()
{
	mkdir "$DIR/lib"
	ln -s "$LIBRARY" "$DIR/lib/other-name.so"
	cd "$DIR" || exit 1
	left_of ./lib/other-name.so
	expect_equal "$OUT" ''
	left_of other-name.so LD_LIBRARY_PATH="$DIR/lib"
	expect_equal "$OUT" ''
	# of two names for it, both
	left_of "$LIBRARY:$DIR/lib/other-name.so:$OTHER"
	expect_equal "$OUT" "had $OTHER"
	# $LIB is the dynamic linker's
	mkdir -p "$DIR/lib/x86_64-linux-gnu"
	cp "$LIBRARY" "$DIR/lib/x86_64-linux-gnu/"
	# shellcheck disable=SC2016
	left_of "$DIR"'/$LIB/libspawnpol-posix.so'
	expect_equal "$OUT" ''
}

test_inherit_leaves_the_rest_alone()
{
	run env SPAWNPOL_INHERIT=1 LD_PRELOAD="$OTHER $LIBRARY" env
	expect_out "LD_PRELOAD=$OTHER $LIBRARY"
	run env SPAWNPOL_INHERIT=0 LD_PRELOAD="$OTHER" env
	expect_out "LD_PRELOAD=$OTHER"
}

# works ERR COMMAND...: it does, and writes this to stderr.
works()
{
	local err=$1
	shift
	run "$@"
	expect_status 0
	expect_equal "$ERR" "$err"
}

test_another_library_after_it_is_called()
{
	make_interposer "$DIR/other.so"
	make_spawner "$DIR/spawner"
	works "$OTHERS_WORDS" env LD_PRELOAD="$LIBRARY $DIR/other.so" "$DIR/spawner"
	works "$OTHERS_WORDS" env LD_PRELOAD="$DIR/other.so $LIBRARY" "$DIR/spawner"
}

test_constructors_may_spawn()
{
	make_interposer "$DIR/other.so"
	make_spawner "$DIR/early" -DEARLY
	make_spawner "$DIR/early.so" -DEARLY -shared -fPIC
	make_spawner "$DIR/spawner"
	works '' env LD_PRELOAD="$LIBRARY" "$DIR/early"
	works "$OTHERS_WORDS" env LD_PRELOAD="$LIBRARY $DIR/other.so" "$DIR/early"
	# its constructor runs before this library's
	works '' env LD_PRELOAD="$LIBRARY $DIR/early.so" "$DIR/spawner"
	works "$OTHERS_WORDS"$'\n'"$OTHERS_WORDS" \
		env LD_PRELOAD="$LIBRARY $DIR/other.so $DIR/early.so" "$DIR/spawner"
}

test_loaded_by_dlopen()
{
	make_interposer "$DIR/other.so"
	make_spawner "$DIR/spawner" -DBY_DLOPEN
	works '' "$DIR/spawner" "$LIBRARY"
	works '' env LD_PRELOAD="$DIR/other.so" "$DIR/spawner" "$LIBRARY"
}

test_linked_with_it()
{
	make_spawner "$DIR/spawner" "-Wl,-rpath,$BUILD" "-L$BUILD" -Wl,--no-as-needed \
		-lspawnpol-posix
	run ldd "$DIR/spawner"
	expect_out "$LIBRARY"
	works '' "$DIR/spawner"
}

# libspawnpol-posix is a program of the library like any other.
test_only_the_public_interface_is_used()
{
	local file

	for file in "$TOP"/user/posix/*.c; do
		run cc -fsyntax-only -std=gnu11 -D_GNU_SOURCE -I"$TOP/include" "$file"
		expect_status 0
		expect_equal "$ERR" ''
	done
}

test_depends_on_libc_alone()
{
	run readelf -d "$LIBRARY"
	expect_equal "$(grep -c '(NEEDED)' <<<"$OUT")" 1
	expect_out '[libc.so.6]'
	run nm -D --defined-only "$LIBRARY"
	expect_equal "$(awk '{ print $3 }' <<<"$OUT" | sort | tr '\n' ' ')" 'posix_spawn posix_spawnp '
}

run_tests "$@"
