#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion in the shell: the script asks the tool, which goes by its tables.

. "$(dirname "$0")/lib/command_table.sh"

# complete WORD...: OUT is what is offered for the last one.
complete_words()
{
	OUT=$(
		PATH=$BUILD:$PATH
		eval "$(spawnpol completion bash)"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_spawnpol
		printf '%s\n' "${COMPREPLY[@]}" | sort
	)
}

test_completion_offers_every_command()
{
	complete_words spawnpol ''
	expect_equal "$OUT" "$(commands | sort)"
	complete_words spawnpol help ''
	expect_equal "$OUT" "$({ commands; printf '%s\n' actor-events actor-situations actor-verdicts events operations requests situations verdicts; } | sort)"
}

# The script knows nothing itself, so it is right when the tool has become another.
test_completion_asks_when_a_key_is_pressed()
{
	OUT=$(
		eval "$("$TOOL" completion bash)"
		# shellcheck disable=SC2317 # the script calls it
		spawnpol() { printf '%s\n' newcommand "$*"; }
		COMP_WORDS=(spawnpol x ne) COMP_CWORD=2 COMPREPLY=()
		_spawnpol
		printf '%s\n' "${COMPREPLY[@]}"
	)
	expect_equal "$OUT" $'newcommand\ncompletion bash spawnpol x ne'
}

test_completion_offers_every_option()
{
	local command offered
	while read -r command; do
		complete_words spawnpol "$command" --
		offered=$OUT
		expect_equal "$offered" "$(options_of "$command" | sort)"
	done < <(commands)
}

test_completion_of_values()
{
	complete_words spawnpol load --errors ''
	expect_equal "$OUT" $'glibc\nposix'
	complete_words spawnpol completion ''
	expect_equal "$OUT" bash
	touch "$DIR/policy.bpf.o"
	complete_words spawnpol load "$DIR/pol"
	expect_equal "$OUT" "$DIR/policy.bpf.o"
	complete_words spawnpol attach x --pid "$$"
	[[ $OUT == *"$$"* ]] || fail "the process $$ is not offered"
}

# The shell makes words of what stands between colons and equals signs.
test_completion_of_parts_of_values()
{
	complete_words spawnpol load --errors = g
	expect_equal "$OUT" glibc
	complete_words spawnpol load --errors=g
	expect_equal "$OUT" --errors=glibc
	complete_words spawnpol load --on cl
	expect_equal "$OUT" $'close\nclose_except\nclose_range'
	complete_words spawnpol load --on exec : ENOEN
	expect_equal "$OUT" ENOENT
	complete_words spawnpol load --on exec:ENOEN
	expect_equal "$OUT" exec:ENOENT
	complete_words spawnpol load --on exec : ENOENT =
	expect_equal "$OUT" $'abort\ncontinue\nretry\nskip'
	complete_words spawnpol load -r ETX
	expect_equal "$OUT" ETXTBSY
	complete_words spawnpol attach x --events done,before-e
	expect_equal "$OUT" done,before-exec
	complete_words spawnpol attach x --events execed,mi
	expect_equal "$OUT" execed,miss
}

test_completion_of_what_describes_a_launch()
{
	complete_words spawnpol run --open 5 : rea
	expect_equal "$OUT" read
	complete_words spawnpol run --open 5:read,cl
	expect_equal "$OUT" 5:read,cloexec
	complete_words spawnpol run --namespaces u
	expect_equal "$OUT" $'user\nuts'
	complete_words spawnpol run --rlimit nof
	expect_equal "$OUT" nofile
	complete_words spawnpol run --sigignore HUP,TER
	expect_equal "$OUT" HUP,TERM
	mkdir "$DIR/directory"
	touch "$DIR/dir-not"
	complete_words spawnpol run -C "$DIR/dir"
	expect_equal "$OUT" $"$DIR/dir-not
$DIR/directory"
	complete_words spawnpol run --cgroup "$DIR/dir"
	expect_equal "$OUT" "$DIR/directory"
	complete_words spawnpol run --open 5 : read : "$DIR/dir-"
	expect_equal "$OUT" "$DIR/dir-not"
	# what follows the command is the command's
	complete_words spawnpol run ls "$DIR/dir-"
	expect_equal "$OUT" "$DIR/dir-not"
	complete_words spawnpol run ls --cgr
	expect_equal "$OUT" ''
}

test_completion_hurts_nobody()
{
	complete_words spawnpol load "\$(touch $DIR/owned)"
	complete_words spawnpol load "\"; touch $DIR/owned; \""
	[[ ! -e $DIR/owned ]] || fail "it ran what was on the line"
}

run_tests "$@"
