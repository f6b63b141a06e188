#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The tool's command line: help, mistakes, exit statuses, JSON and the man
# page. None of it needs a kernel that can spawn.

. "$(dirname "$0")/lib/command_table.sh"

# The rest of the test is about a kernel that cannot spawn.
need_unpatched()
{
	run "$TOOL" probe
	((STATUS == 3)) || skip "this kernel can spawn under policies"
}

test_help_goes_to_stdout()
{
	local how
	for how in --help -h help; do
		run "$TOOL" "$how"
		expect_status 0
		expect_out 'usage: spawnpol'
		[[ ! $ERR ]] || fail "'$how' wrote to stderr: $ERR"
	done
}

test_help_as_a_rebuke_goes_to_stderr()
{
	run "$TOOL"
	expect_status 2
	expect_err 'usage: spawnpol'
	[[ ! $OUT ]] || fail "it wrote to stdout: $OUT"
}

test_each_command_has_help()
{
	local command by_option
	while read -r command; do
		run "$TOOL" "$command" --help
		expect_status 0
		expect_out "usage: spawnpol $command"
		expect_out '--json'
		[[ ! $ERR ]] || fail "$command --help wrote to stderr"
		by_option=$OUT
		run "$TOOL" help "$command"
		expect_equal "$OUT" "$by_option"
	done < <(commands)
}

test_help_names_every_option()
{
	local command option help
	while read -r command; do
		help=$("$TOOL" "$command" --help)
		while read -r option; do
			OUT=$help
			expect_out "$option"
		done < <(options_of "$command")
	done < <(commands)
}

test_every_option_is_parsed()
{
	local command option
	while read -r command; do
		while read -r option; do
			[[ $option == --help || $option == --version ]] && continue
			# --help does not forgive what stands before it
			run "$TOOL" "$command" "$option" 1s --help
			[[ $ERR != *'unknown option'* ]] ||
				fail "$command does not know $option: $ERR"
		done < <(options_of "$command")
	done < <(commands)
}

test_no_option_is_there_twice()
{
	local command
	while read -r command; do
		expect_equal "$command: $(options_of "$command" | sort | uniq -d)" "$command: "
	done < <(commands)
}

test_version()
{
	local first
	run "$TOOL" --version
	expect_status 0
	first=$OUT
	run "$TOOL" version
	expect_equal "$OUT" "$first"
	run "$TOOL" version --json
	expect_equal "spawnpol $(json_of 'd["version"]'), kernel interface $(json_of 'd["abi"]')" "$first"
}

# misuse_of CAUSE ARGUMENT...: refused with 2, the cause named, and in JSON too.
misuse_of()
{
	local cause=$1
	shift
	run "$TOOL" "$@"
	expect_status 2
	expect_err "$cause"
	[[ ! $OUT ]] || fail "it wrote to stdout: $OUT"
	run "$TOOL" --json "$@"
	expect_status 2
	[[ $1 == run ]] && OUT=$ERR
	[[ $OUT == '{'*'"error": {'*"$cause"*'"status": 2'*'}' ]] ||
		fail "the JSON says something else: $OUT"
	[[ $OUT != *'"remedy": null'* ]] || fail "the JSON has no remedy: $OUT"
}

test_commands_that_do_not_exist()
{
	misuse_of "there is no command 'lsit' (did you mean list" lsit
	misuse_of "there is no command or topic 'lod' (did you mean load" help lod
	misuse_of "there is no command or topic 'operation' (did you mean operations" help operation
	misuse_of "there is no command ''" ''
	expect_equal "$(json_of '[*d], d["error"]["status"]')" "(['error'], 2)"
}

test_options_that_do_not_exist()
{
	misuse_of 'unknown option --retr (did you mean --retry?)' load --retr x y
	misuse_of 'unknown option --nosuchthing' --nosuchthing
	misuse_of 'unknown option -x' list -x
	misuse_of 'unknown option --path' list --path /bin
	misuse_of '--quiet takes no value' list --quiet=yes
	misuse_of '--name needs a value' load x --name
}

# The second value would silently drop the first.
test_options_with_one_value_are_given_once()
{
	misuse_of '--policy is given twice' run --policy a --policy b true
	misuse_of '--object is given twice' run -o a --object=b true
	misuse_of '--object is given twice' test -oa -ob failed open:EIO
	misuse_of '--pid is given twice' attach x --pid 1 -p 1
	misuse_of '--shell is given twice' load x --shell --shell=/bin/sh
	misuse_of '--max-delay is given twice' attach x --pid 1 --max-delay 1s --max-delay 2s
	# of the launch: those that set what another would replace
	misuse_of '--deadline is given twice' run --deadline 1s --umask 1 --deadline 1s true
	misuse_of '--set-tid is given twice' run --set-tid 7 --set-tid 8 true
	misuse_of 'unknown option --no-such-option' run --umask 1 --umask 2 --env A=1 --env A=2 \
		--program /a --program /b --no-such-option true
	misuse_of 'is no name for a policy' load x --name a.b --quiet --quiet \
		--retry EAGAIN=1 --retry EINTR=1 --on any:any=skip --on any:any=skip
}

test_too_few_and_too_many_arguments()
{
	misuse_of 'load needs OBJECT' load
	misuse_of "unexpected argument 'b'" load a b
	misuse_of "unexpected argument 'y'" list x y
	misuse_of 'update needs LINK NAME' update 3
	misuse_of 'run needs COMMAND' run
	misuse_of 'attach needs --pid' attach x
}

test_numbers_and_times()
{
	local bad
	for bad in 0 -1 1x '' ' 1' 0x10 99999999999999999999 2147483648; do
		misuse_of "--pid: '$bad' is not a number" attach x --pid="$bad"
	done
	misuse_of "--slot: '16'" attach x --pid 1 --slot 16
	misuse_of "--count: '0'" trace --count 0
	for bad in 5 s 1h 1.s.s -1s 1e3s 99999999999999999999s 999999999999m; do
		misuse_of "--max-delay: '$bad'" attach x --pid 1 --max-delay="$bad"
	done
}

test_retry_rules()
{
	local -a many
	mapfile -t many < <(yes -- --retry=EAGAIN=1 | head -n 65)
	misuse_of "no errno 'EAGAN' (did you mean EAGAIN" load x --retry EAGAN=3
	misuse_of "no errno 'ENOTHING'" load x --retry ENOTHING=3
	misuse_of 'is not ERRNO=COUNT' load x --retry EAGAIN
	misuse_of "'0' is not a count" load x --retry EAGAIN=0
	misuse_of "'65536' is not a count" load x --retry EAGAIN=65536
	misuse_of "'' is not a count" load x --retry EAGAIN=
	misuse_of "'5' is not a time" load x --retry EAGAIN=3@5
	misuse_of 'more than 16 rules' load x "${many[@]::17}"
	misuse_of '64 times at most' load x "${many[@]}"
}

test_on_rules()
{
	local -a many
	mapfile -t many < <(yes -- --on=any:any=skip | head -n 33)
	misuse_of "no operation 'opena' (did you mean open, openat" load x --on opena:ENOENT=skip
	misuse_of "no errno 'ENOET' (did you mean ENOENT" load x --on dup:ENOET=skip
	misuse_of "no verdict 'skp' (did you mean skip" load x --on any:any=skp
	misuse_of 'is not OP:ERRNO=VERDICT' load x --on exec=skip
	misuse_of 'is not OP:ERRNO=VERDICT' load x --on exec:ENOENT
	misuse_of 'submit is for policies' load x --on exec:ENOENT=submit
	misuse_of 'clone is not a step' load x --on clone:EAGAIN=retry
	misuse_of 'more than 32 rules' load x "${many[@]}"
}

test_path_errors_and_shell()
{
	local long
	long=$(printf 'd%.0s' {1..4096})
	misuse_of "'bsd' is neither glibc nor posix" load x --errors bsd
	misuse_of "'sh' is not an absolute path" load x --shell=sh
	misuse_of 'path is longer than' load x --shell="/$long"
}

test_names_events_and_links()
{
	misuse_of 'is no name for a policy' load x --name a/b
	misuse_of 'is no name for a policy' load x --name a.b
	misuse_of 'is no name for a policy' unload ../x
	misuse_of 'looks like a link' unload 12
	misuse_of 'is no name for a policy' list ./x.bpf.o
	misuse_of 'is no name for a policy' run --policy ./x.bpf.o true
	expect_equal "$(json_of 'd["error"]["remedy"]')" \
		'--object FILE, for one that is not loaded'
	misuse_of '1 to 63 characters' load x --name "$(printf 'n%.0s' {1..64})"
	misuse_of '1 to 63 characters' load x --name ''
	misuse_of "no event 'doen' (did you mean done" attach x --pid 1 --events doen
	misuse_of 'is no link' detach x
	misuse_of 'is no link' update 0 x
	misuse_of 'exclude each other' run --policy a --object b true
	misuse_of '--path does not go with --policy' run --policy a --path /bin true
	misuse_of '--path does not go with --no-policy' run --no-policy --path /bin true
	misuse_of '--max-delay does not go with --no-policy' run --no-policy --max-delay 1s true
	misuse_of 'only for bash' completion zsh
}

# The same table and the same words as those of spawnpold.
test_what_describes_a_launch_is_checked_first()
{
	local -a many
	misuse_of "--umask: MASK '9' is wrong; say '--umask MASK'" run --umask 9 true
	misuse_of '--umask needs a value' run --umask
	misuse_of '--setsid takes no value' run --setsid=yes true
	misuse_of 'TO is missing' run --dup 1 true
	misuse_of 'no step before it' run --may-fail true
	misuse_of "LAST is not below FIRST" run --close-range 5:4 true
	mapfile -t many < <(yes -- --setsid | head -n 257)
	misuse_of 'more than 256 options' run "${many[@]}" true
	misuse_of 'more than 250 steps' run "${many[@]::251}" true
	[[ $ERR != *variables* ]] || fail "it has no variables: $ERR"
	mapfile -t many < <(printf 'V%d=\n' {1..1100})
	run env "${many[@]}" "$TOOL" run --env A=b true
	expect_status 2
	expect_equal "${ERR%%$'\n'*}" 'spawnpol: more than 1024 variables in the environment'
	mapfile -t many < <(yes -- --fchdir=/ | head -n 62)
	misuse_of 'more than 61 files' run "${many[@]}" true
	run "$TOOL" run --fchdir "$DIR/none" true
	expect_status 1
	expect_err "--fchdir $DIR/none: No such file or directory (ENOENT)"
	run "$TOOL" run --pass 5:@77 true
	expect_status 1
	expect_err 'EBADF'
	run "$TOOL" run ''
	expect_status 127
	expect_err "the program's name is empty"
}

# What follows run's command is the command's.
test_run_leaves_options_behind_the_command_alone()
{
	run "$TOOL" run --deadlin 1s true
	expect_status 2
	run "$TOOL" run --policy nosuchpolicy true --deadlin --help
	[[ $ERR != *usage* && $ERR != *'unknown option'* ]] ||
		fail "it took the command's options for its own: $ERR"
}

refused_object()
{
	local cause=$1
	shift
	run "$TOOL" load "$@"
	expect_status 1
	expect_err "$cause"
	run "$TOOL" --json load "$@"
	expect_status 1
	[[ $(json_of 'd["error"]["message"]') == *"$cause"* ]] ||
		fail "the JSON names another cause: $OUT"
}

# shellcheck disable=SC2016 # it is shown as it is
HOW_TO_COMPILE='clang $(pkg-config --cflags spawnpol-policy) -c NAME.bpf.c -o NAME.bpf.o'

test_objects_that_cannot_be_read()
{
	refused_object 'cannot read the object file' "$DIR/missing.bpf.o"
	expect_equal "$(json_of 'd["error"]["errno"]')" ENOENT
	expect_equal "$(json_of 'd["error"]["remedy"]')" "$HOW_TO_COMPILE"
	refused_object 'cannot read the object file' missing
	[[ $(json_of 'd["error"]["remedy"]') == 'the path of an object file, such as ./mine.bpf.o;'* ]] ||
		fail "$OUT"
	refused_object 'cannot read the object file' "$DIR"
	# a program of this machine has no type information, which is not its fault
	refused_object 'is not a BPF object file' "$TOOL"
	expect_equal "$(json_of 'd["error"]["remedy"]')" "$HOW_TO_COMPILE"
	echo 'int main(void) { return 0; }' >"$DIR/a.c"
	gcc -c "$DIR/a.c" -o "$DIR/a.bpf.o"
	refused_object 'is not a BPF object file' "$DIR/a.bpf.o"
	refused_object 'is not a BPF object file' "$TOP/bpf/hello_policy.bpf.c"
	expect_equal "$(json_of 'd["error"]["remedy"]')" "$HOW_TO_COMPILE"
	echo text >"$DIR/text.bpf.o"
	refused_object 'is not a BPF object file' "$DIR/text.bpf.o"
	: >"$DIR/empty.bpf.o"
	refused_object 'is not a BPF object file' "$DIR/empty.bpf.o"
	refused_object 'is not a file' /dev/null
}

test_objects_without_type_information()
{
	command -v llvm-objcopy >/dev/null || skip "no llvm-objcopy"
	llvm-objcopy --remove-section .BTF --remove-section .BTF.ext \
		"$BUILD/bpf/spawn_policy.bpf.o" "$DIR/stripped.bpf.o"
	refused_object 'has no type information (BTF)' "$DIR/stripped.bpf.o"
	[[ $(json_of 'd["error"]["remedy"]') == 'compile it with -g'* ]] || fail "$OUT"
}

# compile NAME SECTION...: an object with one program per section.
compile()
{
	local name=$1 number=0 section
	shift
	for section; do
		echo "__attribute__((section(\"$section\"), used)) int p$((++number))(void *c) { return 0; }"
	done >"$DIR/$name.c"
	echo 'char l[] __attribute__((section("license"), used)) = "GPL";' >>"$DIR/$name.c"
	clang -O2 -g -target bpf -c "$DIR/$name.c" -o "$DIR/$name.bpf.o" ||
		fail "cannot compile"
}

test_objects_that_are_no_policies()
{
	command -v clang >/dev/null || skip "no clang"
	compile xdp xdp
	refused_object 'of type xdp' "$DIR/xdp.bpf.o"
	compile strange nosuchsection
	refused_object 'of another type' "$DIR/strange.bpf.o"
	expect_equal "$(json_of 'd["error"]["remedy"]')" \
		'put policies into the section iouring.s/spawn, programs of actors into iouring/op'
	compile op iouring.s/op
	refused_object 'body of an IORING_OP_BPF request' "$DIR/op.bpf.o"
	expect_equal "$(json_of 'd["error"]["remedy"]')" 'put it into the section iouring/op'
	compile none
	refused_object 'has no program' "$DIR/none.bpf.o"
	compile two iouring.s/spawn iouring.s/spawn
	refused_object 'has 2 programs' "$DIR/two.bpf.o"
	refused_object "has no program 'p3'" "$DIR/two.bpf.o" --function p3
	compile mixed iouring.s/spawn xdp
	refused_object 'of type xdp' "$DIR/mixed.bpf.o"
}

test_policy_options_of_another_policy()
{
	command -v clang >/dev/null || skip "no clang"
	compile plain iouring.s/spawn
	misuse_of '--retry is for the default policy' load "$DIR/plain.bpf.o" --retry EAGAIN=1
	misuse_of '--shell is for the default policy' load "$DIR/plain.bpf.o" --shell
}

test_a_kernel_without_support_is_3()
{
	local line
	local -a words
	need_unpatched
	compile plain iouring.s/spawn
	for line in "load $DIR/plain.bpf.o" "unload x" "attach x --pid $$" \
		"update 1 x" "detach 1" list rings trace "run true" "test failed open:EIO"; do
		read -ra words <<<"$line"
		run "$TOOL" "${words[@]}"
		expect_status 3
		expect_err 'spawnpol: try: '
	done
}

test_probe_tells_why_not()
{
	need_unpatched
	expect_out 'why not:'
	expect_out 'try:'
	run "$TOOL" probe --json
	expect_status 3
	expect_equal "$(json_of 'd["supported"]')" False
	expect_equal "$(json_of 'd["features"]["spawn"]["present"]')" False
	expect_equal "$(json_of 'd["features"]["spawn"]["remedy"] is not None')" True
}

test_probe_has_a_stable_schema()
{
	run "$TOOL" probe --json
	expect_equal "$(json_of 'sorted(d)')" \
		"['abi', 'actors', 'budgets', 'features', 'kernel', 'limits', 'numbers', 'retry', 'slots', 'steps', 'supported', 'version']"
	expect_equal "$(json_of '" ".join(d["features"])')" \
		"io_uring spawn abi op_clone op_exec op_child steps btf policy prog_type kfuncs op_bpf actor_type actor_kfuncs pidfd_getfd tracepoints bpffs tracefs cap_bpf cap_sys_ptrace cap_sys_admin"
	expect_equal "$(json_of '{tuple(f) for f in d["features"].values()}')" \
		"{('present', 'what', 'kind', 'required', 'reason', 'remedy')}"
}

# io_uring_setup(2) and bpf(2) refused, as in many containers.
test_probe_without_io_uring_and_bpf()
{
	run unshare --user --map-root-user true
	((STATUS == 0)) || skip "no user namespaces"
	run unshare --user --map-root-user "$TOOL" probe --json
	((STATUS == 0 || STATUS == 3)) || { show_run; fail "it ended with $STATUS"; }
	json_of 'd["features"]["prog_type"]["present"]' >/dev/null
}

test_quiet()
{
	run "$TOOL" probe --quiet
	[[ ! $OUT$ERR ]] || fail "probe --quiet wrote: $OUT$ERR"
	run "$TOOL" --quiet frobnicate
	expect_err 'no command'
}

test_output_that_cannot_be_written()
{
	local args

	[[ -c /dev/full ]] || skip "no /dev/full"
	for args in help 'help --json' 'help operations' 'help --man' --help 'run --help' \
		    version 'version --json' probe 'probe --json' 'completion bash' \
		    'completion bash pro'; do
		# shellcheck disable=SC2086 # words
		"$TOOL" $args >/dev/full 2>"$DIR/err"
		STATUS=$? OUT='' ERR=$(<"$DIR/err")
		echo "# $args"
		expect_status 1
		expect_err 'cannot write the output: No space left on device (ENOSPC)'
	done
}

test_a_name_makes_no_second_line()
{
	run "$TOOL" load $'no\nspawnpol: loaded\e[2J\\'
	expect_equal "$(wc -l <<<"$ERR")" "$(grep -c ^spawnpol: <<<"$ERR")"
	expect_err 'no\x0aspawnpol: loaded\x1b[2J'
}

# An error that was to be an object there is told in words.
test_errors_that_cannot_be_written()
{
	[[ -c /dev/full ]] || skip "no /dev/full"
	"$TOOL" --json frobnicate >/dev/full 2>"$DIR/err"
	STATUS=$? OUT='' ERR=$(<"$DIR/err")
	expect_status 2
	expect_err "no command 'frobnicate'"
}

test_man_page_agrees_with_the_command_table()
{
	run "$TOP/docs/man-commands.sh" "$TOOL" --print
	expect_status 0
	diff <(echo "$OUT") "$TOP/docs/spawnpol.8" ||
		fail "docs/spawnpol.8 is out of date: run docs/man-commands.sh"
}

test_man_page_is_good_roff()
{
	command -v man >/dev/null || skip "no man"
	run env MANROFFSEQ= LC_ALL=C man --warnings=w -l "$TOP/docs/spawnpol.8"
	expect_status 0
	[[ ! $ERR ]] || fail "$ERR"
}

test_topics_list_what_options_take()
{
	local topic name
	for topic in operations events verdicts situations requests actor-situations; do
		run "$TOOL" help "$topic"
		expect_status 0
		run "$TOOL" help --json "$topic"
		expect_status 0
		(($(json_of "len(d['$topic'])") >= 5)) || fail "few $topic"
	done
	for topic in actor-events actor-verdicts; do
		run "$TOOL" help "$topic"
		expect_status 0
	done
	expect_out 'end '
	run "$TOOL" help operations --json
	while read -r name; do
		misuse_of 'is no name for a policy' load x --name a.b --on "$name:any=skip"
	done < <(json_of '"\n".join(o["name"] for o in d["operations"])')
	misuse_of 'there is no operation' load x --on "request:any=skip"
	run "$TOOL" load x --on opena:ENOENT=skip
	expect_err 'try: spawnpol help operations'
	run "$TOOL" load x --on open:ENOENT=skp
	expect_err 'try: one of continue, retry, skip, submit, abort'
	run "$TOOL" attach x --pid 1 --events doen
	expect_err 'try: one of failed, staged, before-step'
}

run_tests "$@"
