#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# spawnpold's client: what can be asked for is in one table, and the help, the man page
# and the library agree with it.

. "$(dirname "$0")/lib/tap.sh"

CLIENT=$BUILD/spawnpold-client
TABLE=$TOP/user/common/launch_options.c

options() { "$CLIENT" --help | sed -n 's/^  --\([a-z0-9-]*\).*/\1/p'; }

test_help_is_readable()
{
	run "$CLIENT" --help
	expect_status 0
	[[ ! $ERR ]] || fail "it wrote to stderr"
	(($(options | wc -l) > 55)) || fail "too few options"
	expect_equal "$(options | sort | uniq -d)" ''
	expect_equal "$(grep -E '.{81}' <<<"$OUT")" ''
}

test_misuse()
{
	run "$CLIENT" --unmask 22 socket /bin/true
	expect_status 2
	expect_err "unrecognized option '--unmask'"
	expect_err '--help lists the options'
	run "$CLIENT" --umask
	expect_status 2
	run "$CLIENT" --umask 22 "$DIR/socket" /bin/true
	expect_status 125
	expect_err 'No such file or directory'
}

# They are those of spawnpol run, whose page lists them.
test_the_man_page_of_the_tool_has_every_option()
{
	local option
	for option in $(options); do
		[[ $option == verbose || $option == help ]] && continue
		grep -qE "^\.B (\\\\-., )?\\\\-\\\\-${option//-/\\\\-}( |$)" "$TOP/docs/spawnpol.8" ||
			fail "docs/spawnpol.8 lacks --$option"
	done
}

test_man_page_is_clean()
{
	type -p groff >/dev/null || skip "no groff"
	OUT=$(groff -man -Tutf8 -ww -z "$TOP/docs/spawnpold.8" 2>&1)
	[[ ! $OUT ]] || fail "$OUT"
}

# What a chain can be told an option can, unless a page says why not.
test_the_builder_is_there_whole()
{
	local call notes nr=0
	notes=$(sed -n '/^.SS What run has no option for/,/^.SS/p' "$TOP/docs/spawnpol.8")
	while read -r call; do
		((++nr))
		case $call in
		new | free | reset | borrow | error | argv | envp) continue ;;
		# pass adds to files, and the streams have an option each
		step | stdio | files) continue ;;
		exit_signal | clear_sighand | install | sqe | pidfd | user | \
				program_at | exit_status | search_open | pool | \
				keep | keep_time | in_child | copy_of)
			grep -qw "spawnpol_chain_$call" <<<"$notes" ||
				fail "docs/spawnpol.8 does not say why there is no $call"
			continue
			;;
		esac
		grep -qE "(^BUILD\([a-z0-9_]+, |spawnpol_chain_)$call\(" "$TABLE" ||
			fail "there is no option for spawnpol_chain_$call"
	done < <(sed -n 's/^int spawnpol_chain_\([a-z0-9_]*\)(.*/\1/p' \
		"$TOP"/include/spawnpol/{chain,action,child,pool}.h)
}

run_tests "$@"
