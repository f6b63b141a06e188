#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Which packages a target needs, how they are installed, and what is told of it. apt,
# dpkg and sudo are stand-ins: nothing is installed here.

. "$(dirname "$0")/lib/tap.sh"

# stand_in NAME: a program in place of the real one.
stand_in()
{
	cat >"$DIR/bin/$1"
	chmod +x "$DIR/bin/$1"
}

# A machine on which no package is installed.
bare_machine()
{
	mkdir -p "$DIR/bin"
	stand_in dpkg-query <<-'END'
		#!/bin/sh
		exit 1
	END
	stand_in apt-get <<-'END'
		#!/bin/sh
		echo "$*" >>"$CALLS"
		echo "Get:1 from a mirror"
		case " $FAILING " in *" $1 "*) echo "E: $1 says no"; exit 100 ;; esac
	END
	stand_in sudo <<-'END'
		#!/bin/sh
		shift
		exec "$@"
	END
	export PATH=$DIR/bin:$PATH CALLS=$DIR/calls FAILING='' XDG_CACHE_HOME=$DIR/cache
	: >"$CALLS"
}

setup() { run "$TOP/tests/setup.sh" "$@"; }

# expect_needs TARGET PACKAGE..., and "!PACKAGE" for one that it does not need.
expect_needs()
{
	local package
	setup --list "$1"
	expect_status 0
	for package in "${@:2}"; do
		if [[ $package == !* ]]; then
			! grep -qx "${package#!}" <<<"$OUT" ||
				fail "$1 needs ${package#!}"
		else
			grep -qx "$package" <<<"$OUT" || fail "$1 does not need $package"
		fi
	done
}

test_a_target_needs_its_own_packages_only()
{
	bare_machine
	expect_needs all clang libbpf-dev liburing-dev \
		!bison !qemu-system-x86 !strace !gnuplot-nox
	expect_needs check clang shellcheck !bison !qemu-system-x86 !gdb !gnuplot-nox \
		!debhelper
	expect_needs kernel bison pahole !clang !qemu-system-x86
	expect_needs run clang bison qemu-system-x86 !strace !gdb !gnuplot-nox !rsync
	expect_needs test clang bison qemu-system-x86 strace shellcheck debhelper \
		mmdebstrap !gnuplot-nox !rsync
	expect_needs bench gnuplot-nox e2fsprogs qemu-system-x86 !strace
	expect_needs regression rsync !gnuplot-nox
	expect_needs deb clang debhelper lintian !mmdebstrap !qemu-system-x86
}

test_a_package_is_named_once()
{
	bare_machine
	setup --list test
	expect_equal "$(sort <<<"$OUT" | uniq -d)" ''
}

# Every target of the Makefile that installs packages is one that this script knows.
test_the_makefiles_targets_are_known()
{
	local target found=0
	bare_machine
	while read -r target; do
		setup --list "$target"
		expect_status 0
		((++found))
	done < <(sed -n -e '/^\([a-z]*\):.*/{s//\1/;h}' -e '/tests\/setup.sh \$@/{x;p;x}' \
		-e 's/.*tests\/setup.sh \([a-z]\{1,\}\)$/\1/p' "$TOP/Makefile")
	((found >= 5)) || fail "only $found targets found"
}

test_what_apt_prints_goes_to_a_log()
{
	bare_machine
	setup all
	expect_status 0
	[[ $OUT$ERR != *Get:1* ]] || fail "it shows what apt prints: $ERR"
	expect_err clang
	grep -q Get:1 "$DIR/cache/spawnpol/log/packages.log" || fail "no log"
	grep -q '^install .*clang' "$CALLS" || fail "apt-get was told $(<"$CALLS")"
	! grep -q update "$CALLS" || fail "lists were refreshed without need"
}

test_lists_are_refreshed_if_need_be()
{
	bare_machine
	FAILING=install setup all
	expect_equal "$(cut -d' ' -f1 "$CALLS" | xargs)" "install update install"
	expect_status 1
}

test_a_failure_names_the_log()
{
	bare_machine
	FAILING='install update' setup all
	expect_status 1
	expect_err "$DIR/cache/spawnpol/log/packages.log"
	expect_err 'E: update says no'
}

test_nothing_is_done_if_nothing_is_missing()
{
	bare_machine
	stand_in dpkg-query <<-'END'
		#!/bin/sh
		echo installed
	END
	setup test
	expect_status 0
	expect_equal "$OUT$ERR$(<"$CALLS")" ''
}

test_an_unknown_target()
{
	bare_machine
	setup everything
	expect_status 2
	expect_err everything
}

# progress_of LINES: with 200 lines expected.
progress_of()
{
	local i
	{
		printf '  CC      before\n'
		for ((i = 0; i < $1; i++)); do
			printf '  CC      %d.o\n  LD      %d.o\n' "$i" "$i"
		done
	} >"$PHASE_LOG"
	progress 60
}

test_progress_is_told_in_parts()
{
	# shellcheck disable=SC2034 # for progress()
	PHASE_LOG=$DIR/log PHASE_BEGIN=2 PHASE_UNIT='^  CC ' PHASE_TOTAL=200
	expect_equal "$(progress_of 0)" '0 % in 60 s'
	expect_equal "$(progress_of 50)" '25 % in 60 s, some 180 s left'
	expect_equal "$(progress_of 300)" '99 % in 60 s, some 0 s left'
	# shellcheck disable=SC2034
	PHASE_TOTAL=''
	expect_equal "$(progress_of 1)" '60 s so far, at   LD      0.o'
}

run_tests "$@"
