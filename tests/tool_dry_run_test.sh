#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# spawnpol test: what policies decide in described situations, alone and in tables.

. "$(dirname "$0")/lib/tool.sh"

# asked STATUS ARGUMENT...: test ends so.
asked()
{
	local status=$1
	shift
	run "$TOOL" test "$@"
	expect_status "$status"
}

# table STATUS OPTION... reads standard input.
table()
{
	cat >"$DIR/table"
	asked "$@" --table "$DIR/table"
}

test_one_situation()
{
	asked 0 --path /a:/b before-exec exec name=prog
	expect_out 'before-exec exec name=prog => submit search:/a:/b'
	expect_out 'scratch: 0x'
	asked 0 --shell failed exec:ENOEXEC name=/x/prog
	expect_out '=> submit interp:/bin/sh'
	asked 0 --on open:any=skip failed open:ENOENT
	expect_out '=> skip'
	asked 1 failed open:ENOENT expect skip
	expect_out 'not ok failed open:ENOENT expect skip => abort'
	expect_out 'the verdict is abort, not skip'
	asked 1 --quiet failed open:ENOENT expect skip
	expect_out 'the verdict is abort'
	asked 0 --quiet failed open:ENOENT expect abort
	[[ ! $OUT$ERR ]] || fail "it wrote $OUT$ERR"
}

# What is not as expected is named, one by one.
test_each_difference_is_named()
{
	local what
	asked 1 --retry EAGAIN=1@1s failed exec:EAGAIN name=/x expect retry delay=2s
	expect_out 'delay is 1s, not 2s'
	asked 1 failed exec:ENOENT name=/x expect continue result=EACCES
	expect_out 'result is none, not EACCES'
	asked 1 before-exec exec name=x expect submit staged=search:/sbin
	expect_out 'staged is search:/bin:/usr/bin, not search:/sbin'
	asked 1 before-exec exec name=x expect submit staged=none
	expect_out 'staged is search:/bin:/usr/bin, not none'
	asked 1 before-exec exec name=x expect submit staged=exec staged=exec
	expect_out 'staged is search:/bin:/usr/bin, not exec exec'
	asked 0 before-exec exec name=x expect submit staged=search
	asked 1 failed open:ENOENT expect abort fails=EBADRQC
	expect_out 'fails is none, not EBADRQC'
	asked 1 failed open:ENOENT expect abort scratch=1,7
	expect_out 'scratch 1 is 0x0, not 0x7'
	asked 0 failed open:ENOENT expect abort scratch=1,0
	asked 1 --retry EAGAIN=1@1s failed exec:EAGAIN name=x expect skip delay=none
	for what in 'the verdict is retry, not skip; ' 'delay is 1s, not 0s'; do
		expect_out "$what"
	done
}

# "then" goes on with the scratch area, the name and what was staged.
test_a_search_in_a_table()
{
	table 0 --path /a:/b --retry ETXTBSY=1@5ms --shell <<-'END'
	# with a comment
	before-exec exec name="two words"  expect submit staged="search:/a:/b"
	then staged exec:ETXTBSY           expect submit staged="search:/a" delay=5ms
	then staged exec:ENOEXEC           expect submit staged=interp:/bin/sh
	then staged exec:EACCES            expect submit staged="search:/b" # and so on
	then staged exec:ENOENT            expect continue result=EACCES staged=none

	before-exec exec name=other        expect submit staged=search
	then staged exec:ETXTBSY search_offset=3  expect submit staged=search:/b
	END
	expect_out "ok $DIR/table:2: "
	expect_out '7 situations, 0 not as expected'
}

# O4: where a search ends, how many candidates that is, and what is remembered of it.
test_a_search_that_is_remembered()
{
	cat >"$DIR/table" <<-'END'
	before-exec exec name=x               expect submit staged=search:/a:/bb:/c
	then execed exec search_offset=3      expect continue staged=none
	before-exec exec name=x               expect submit staged=search:/bb
	then staged exec:ENOENT               expect submit staged=search:/a:/bb:/c
	then staged exec:ENOENT               expect continue
	before-exec exec name=y               expect submit staged=search:/a:/bb:/c
	then staged exec:EIO search_offset=3  expect continue
	END
	asked 0 --table "$DIR/table" --path /a:/bb:/c --remember 60m
	expect_out '7 situations, 0 not as expected'
	run "$TOOL" test --json --table "$DIR/table" --path /a:/bb:/c --remember 60m
	OUT=$(/usr/bin/python3 -c 'import json, sys
print(*[s["attempt"] for s in json.load(sys.stdin)["situations"]])' <<<"$OUT") || fail "no JSON: $OUT"
	expect_equal "$OUT" '0 2 0 1 4 0 2'
	# it asks for the event only if it remembers
	asked 1 --path /a execed exec name=x expect continue
	expect_out 'the kernel never asks this policy about execed: it asks for before-exec,clone'
	expect_out 'SPAWNPOL_EVENTS(IORING_POLICY_EXECED)'
}

test_what_then_carries_on()
{
	asked_of() { run "$TOOL" test --json --table "$DIR/table" "$@"; expect_status 0; }
	cat >"$DIR/table" <<-'END'
	failed chdir:EAGAIN cookie=0xffffffffffffffff attempt=7
	then failed chdir:EAGAIN
	then failed exec:EAGAIN name=/x
	then failed exec:ETXTBSY
	failed exec:EAGAIN name=/x
	END
	asked_of --retry EAGAIN=9
	OUT=$(/usr/bin/python3 -c 'import json, sys
d = json.load(sys.stdin)
for s in d["situations"]:
	print(s["line"], s["step"], s["attempt"], s["verdict"], s["scratch"][0], s["as_expected"])
print(d["run"], d["failed"])' <<<"$OUT") || fail "no JSON: $OUT"
	# the default policy keeps the number of the step, and 1 more, in the scratch area
	expect_equal "$OUT" '1 chdir 7 retry 1 None
2 chdir 8 retry 1 None
3 exec 1 retry 2 None
4 exec 2 continue 2 None
5 exec 1 retry 1 None
5 0'
}

test_the_request_that_staged_tells_of()
{
	table 0 --object fallback_policy <<-'END'
	failed open:ENOENT off=7     expect submit staged=open:/dev/null fails=none
	then staged open:EMFILE      expect continue result=ENOENT
	END
	table 0 --object "$BUILD/tests/told_staged.bpf.o" <<-'END'
	failed exec:ENOENT name=x           expect submit staged=umask
	then staged exec                    expect skip scratch=9
	staged exec:ENOENT name=x request=openat   expect abort
	END
}

# A name is put after the directory as it is.
test_a_directory_before_a_name()
{
	local object=$BUILD/tests/dir_always.bpf.o
	table 0 --object "$object" <<-'END'
	before-exec exec name=id      expect submit staged=exec:/first/id staged=exec:/usr/bin/id
	before-exec exec name=a/b     expect submit staged=exec:/first/a/b staged=exec
	before-exec exec name=/bin/id expect submit staged=exec:/first//bin/id staged=exec
	END
	# in order, up to the first that fails: they are no alternatives
	run "$TOOL" run --object "$object" id
	expect_status 127
	expect_err 'No such file'
}

test_verdicts_that_cannot_be_followed()
{
	asked 0 --retry EAGAIN=1@11s --object spawn_policy failed exec:EAGAIN name=/x \
		expect retry delay=exceeded fails=ETOOMANYREFS
	asked 0 --object "$BUILD/tests/told_staged.bpf.o" failed nop:EIO expect submit fails=EBADRQC
	# without flags the kernel's own word on what can be issued twice
	asked 0 --object "$BUILD/tests/told_staged.bpf.o" 'done' fsync \
		expect retry fails=EBADRQC
	asked 0 --object "$BUILD/tests/told_staged.bpf.o" 'done' nop \
		flags=hardlink expect retry fails=none
	asked 0 --object "$BUILD/tests/told_staged.bpf.o" 'done' nop expect retry fails=none
}

test_a_loaded_policy()
{
	run "$TOOL" load spawn_policy --name mine --path /opt/bin
	expect_status 0
	asked 0 --policy mine before-exec exec name=x expect submit staged=search:/opt/bin
	asked 1 --policy missing failed exec:ENOENT name=x
	expect_err "no policy or actor 'missing' is loaded"
}

# A verdict about what the kernel never asks is no proof of anything.
test_events_that_the_policy_does_not_ask_for()
{
	local object=$BUILD/tests/told_staged.bpf.o
	asked 1 --object "$object" before-exec exec name=x expect abort
	expect_out 'not ok before-exec exec name=x expect abort'
	expect_out 'the kernel never asks this policy about before-exec: it asks for done'
	expect_out 'try: SPAWNPOL_EVENTS(IORING_POLICY_BEFORE_EXEC) in the policy, or --events before-exec'
	asked 0 --object "$object" --events before-exec before-exec exec name=x expect abort
	asked 1 --object "$object" --events before-exec 'done' nop expect retry
	expect_out 'about done: it asks for before-exec; try: SPAWNPOL_EVENTS(IORING_POLICY_DONE)'
	# without an expectation, too, and for a policy that is loaded
	asked 1 --object hello_policy before-step chdir
	expect_out 'about before-step: it asks for no events'
	run "$TOOL" load "$object" --name mine
	expect_status 0
	asked 1 --policy mine before-exec exec name=x expect abort
	asked 0 --policy mine 'done' nop expect retry
	asked 1 --json --policy mine clone clone:EAGAIN expect retry
	expect_out '"as_expected": false'
	expect_out '"difference": "the kernel never asks this policy about clone'
	expect_out '"failed": 1'
}

# never CAUSE OPTION... reads a table whose last line fails for that cause alone.
never()
{
	local cause=$1
	shift
	table 1 "$@"
	expect_out "    $cause"
	expect_out ', 1 not as expected'
}

test_what_cannot_follow_in_a_chain()
{
	local told="$BUILD/tests/told_staged.bpf.o"
	never 'after submit, staged is the next event' --path /a <<-'END'
	before-exec exec name=x    expect submit
	then failed exec:ENOENT
	END
	never 'nothing was submitted: the verdict before is retry' --retry EIO=2 <<-'END'
	failed exec:EIO name=/x    expect retry
	then staged exec:ENOENT
	END
	never 'the event of a staged exec that has succeeded is execed' --path /a <<-'END'
	before-exec exec name=x    expect submit
	then staged exec
	END
	never 'the chain has ended: the program runs' --path /a --remember 60m <<-'END'
	before-exec exec name=x    expect submit
	then execed exec           expect continue
	then failed exec:ENOENT
	END
	never 'the policy has staged no exec' --object fallback_policy --events execed <<-'END'
	failed open:ENOENT         expect submit
	then execed open
	END
	never 'the policy has not staged a search' --shell <<-'END'
	failed exec:ENOEXEC name=x expect submit
	then staged exec:ENOENT search_offset=0
	END
	never 'no directory of the search begins at 2' --path /a:/b <<-'END'
	before-exec exec name=x    expect submit
	then staged exec:EIO search_offset=2
	END
	never 'no directory of the search begins at 6' --path /a:/b <<-'END'
	before-exec exec name=x    expect submit
	then staged exec:EIO search_offset=6
	END
	never 'the policy has not staged openat' --object "$told" <<-'END'
	failed exec:ENOENT name=x  expect submit
	then staged exec:EIO request=openat
	END
	never 'the chain has ended by the abort' <<-'END'
	failed open:ENOENT         expect abort
	then failed exec:ENOENT name=/x
	END
	never 'the chain has ended by the failure before; try: flags=hardlink' <<-'END'
	failed exec:ENOENT name=/x expect continue
	then failed exec:ENOENT
	END
	never 'the chain has ended: the step before was the last' --on open:any=skip <<-'END'
	failed open:ENOENT flags=last expect skip
	then failed chdir:ENOENT
	END
	never 'the chain has ended: there is no child' <<-'END'
	clone clone:EAGAIN         expect continue
	then failed open:ENOENT
	END
	never 'the chain has ended: the verdict before' --object "$told" <<-'END'
	failed nop:EIO             expect submit fails=EBADRQC
	then staged nop:EIO
	END
	never 'step 0 is open' --retry EIO=2 <<-'END'
	failed open:EIO            expect retry
	then failed chdir:EIO step=0
	END
	never 'steps run in order' --retry EIO=2 <<-'END'
	failed open:EIO step=3     expect retry
	then failed chdir:EIO step=2
	END
	never 'the verdict skip before has ended step 0' --on open:any=skip <<-'END'
	failed open:EIO            expect skip
	then failed open:EIO step=0
	END
	never 'an exec that is issued fails' --retry EIO=2 <<-'END'
	failed exec:EIO name=/x    expect retry
	then failed exec:EIO step=1
	END
	never 'there is a child already' <<-'END'
	failed exec:ENOENT name=/x flags=hardlink expect continue
	then clone clone:EAGAIN
	END
	never 'fsync cannot be issued twice' <<-'END'
	failed fsync:EIO flags=can-retry
	END
}

# An operation that comes again, once its step is over, is the next step.
test_steps_of_a_chain_are_counted()
{
	cat >"$DIR/table" <<-'END'
	clone clone:EAGAIN                          expect retry
	then failed chdir:EIO                       expect skip
	then failed chdir:EIO                       expect skip
	then before-exec exec name=x flags=hardlink expect submit staged=search:/a
	then staged exec:ENOENT                     expect continue
	then before-exec exec name=y                expect submit staged=search:/a
	END
	asked 0 --table "$DIR/table" --path /a --retry EAGAIN=1 --on chdir:any=skip
	expect_out '6 situations, 0 not as expected'
	run "$TOOL" test --json --table "$DIR/table" --path /a --retry EAGAIN=1 --on chdir:any=skip
	# the default policy keeps the number of the step, and 1 more
	OUT=$(/usr/bin/python3 -c 'import json, sys
for s in json.load(sys.stdin)["situations"]:
	print(int(s["scratch"][0]) & 0xffffffff, s["attempt"])' <<<"$OUT") || fail "no JSON: $OUT"
	expect_equal "${OUT//$'
'/,}" '4294967295 1,1 1,2 1,3 0,3 1,4 0'
}

# U8: paths, the beginnings of files, and whose chain it is.
test_what_a_policy_sees_of_a_step()
{
	table 0 --object "$BUILD/tests/seen.bpf.o" <<-'END'
	failed open:ENOENT path=/etc/x path_flags=0x241 path_mode=420 ring_id=7 cgroup_id=0xffffffffff expect abort scratch=6,577,420,0,7,1099511627775
	failed openat2:ENOENT path=x path_resolve=8 flags=path-at expect pass scratch=1,0,0,8,0,0,36
	failed chdir:ENOENT path=/usr expect pass scratch=4
	failed setsid:EPERM expect pass scratch=0xfffffffffffffffe
	failed exec:EACCES name=/etc/y expect abort scratch=6
	failed exec:EACCES name=/x/y flags=hardlink expect pass scratch=4
	then failed chroot:ENOENT expect pass scratch=0xfffffffffffffffe
	failed exec:ENOEXEC name=a head=\x7fELF\x02 expect skip scratch=5
	then failed chdir:ENOENT path=/ expect pass scratch=1
	failed exec:ENOEXEC name=a "head=#!/bin/sh\\n" expect continue scratch=8
	failed exec:ENOEXEC name=a expect continue scratch=0xfffffffffffffffe
	END
	expect_out '11 situations, 0 not as expected'
}

# The examples of the man page and of examples/policy are as they are said to be.
test_documented_tables()
{
	local options name
	options=$(sed -n 's/^# spawnpol test \(.*retry.*\) \\-\\-table FILE$/\1/p' "$TOP/docs/spawnpol.8")
	read -ra options <<<"${options//\\-/-}"
	((${#options[@]} == 4)) || fail "no example in the man page"
	table 0 "${options[@]}" < <(sed -n '/^# spawnpol test.*retry/,/^\.EE/p' "$TOP/docs/spawnpol.8" |
		sed 's/\\-/-/g; /^\./d')
	expect_out '6 situations, 0 not as expected'
	for name in wait_busy search_dirs; do
		asked 0 --object "$BUILD/examples/policy/$name.bpf.o" \
			--table "$TOP/examples/policy/$name.situations"
	done
}

test_json_of_a_table_that_fails()
{
	printf 'failed open:ENOENT expect skip\n' >"$DIR/table"
	asked 1 --json --table "$DIR/table"
	expect_out '"as_expected": false'
	expect_out '"difference": "the verdict is abort, not skip"'
	expect_out '"failed": 1'
	[[ $OUT != *'"error"'* ]] || fail "an error, too: $OUT"
}

run_tests "$@"
