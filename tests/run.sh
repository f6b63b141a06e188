#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: run.sh [--setup] [--host | --guest] [--kernel prod|debug] [TEST ...]
#>
#> Builds and runs the tests and prints KTAP; the last line is
#> "N passed, N failed", and the exit status 1 if any failed. Tests that were
#> skipped are counted and named before it.
#>
#>   --setup        first install the packages that are missing
#>   --host         only the tests that need no VM
#>   --guest        only the tests in the VM
#>   --kernel K     only on that kernel, not on both
#>   TEST           only these, by their sources' names: probe_test
#>
#> A test's source whose first 30 lines have "KERNEL: debug" (or prod) runs on
#> that kernel only. SPAWNPOL_KERNEL=dev takes the kernels that
#> `tests/vm/kernel.sh build --tree` made last.

set -u
. "$(dirname "$0")/lib/common.sh"

HOST=1 GUEST=1 SETUP=0
KERNELS=(prod debug)
WANTED=()
TRANSCRIPT=$TOP/build/tests/results.ktap
# A kernel with KASAN and lockdep under emulation takes its time. The limits are for
# a machine that hangs in spite of all others: one that has much else to do takes
# ten times as long as it does alone.
declare -A SLOWNESS=([prod]=1 [debug]=4) LIMIT=([prod]=10800 [debug]=21600)

parse_options()
{
	while (($#)); do
		case $1 in
		--setup) SETUP=1 ;;
		--host) GUEST=0 ;;
		--guest) HOST=0 ;;
		--kernel)
			[[ ${2:-} =~ ^(prod|debug)$ ]] ||
				misuse "--kernel needs prod or debug"
			KERNELS=("$2")
			shift ;;
		-h | --help) show_help; exit 0 ;;
		-*) misuse "unknown option: $1" ;;
		*) WANTED+=("$(basename "${1%.*}")") ;;
		esac
		shift
	done
	((HOST || GUEST)) || misuse "--host and --guest exclude each other"
}

is_wanted()
{
	local name
	((${#WANTED[@]})) || return 0
	for name in "${WANTED[@]}"; do
		[[ $1 == "$name" ]] && return 0
	done
	return 1
}

is_for_kernel()
{
	local only
	only=$(sed -n '1,30s/.*KERNEL: \([a-z]*\).*/\1/p' "$1" | head -n1)
	[[ ! $only || $only == "$2" ]]
}

host_tests()
{
	local source
	for source in tests/*_host_test.{c,sh}; do
		[[ -e $source ]] && is_wanted "$(basename "${source%.*}")" &&
			basename "${source%.*}"
	done
}

# On the host as well, but they need kernels and minutes.
slow_tests()
{
	local source
	for source in tests/*_slow_test.sh; do
		is_wanted "$(basename "${source%.*}")" &&
			basename "${source%.*}"
	done
}

guest_tests()
{
	local source name
	# scripts take longest: begin with them, for the others to run beside
	for source in tests/*_test.{sh,c}; do
		name=$(basename "${source%.*}")
		[[ -e $source && $name != *_@(host|slow)_test ]] &&
			is_wanted "$name" && is_for_kernel "$source" "$1" &&
			echo "$name"
	done
}

# Named tests need no kernel that none of them runs on. The slow ones need both.
narrow()
{
	local kernel
	local -a needed=()
	((${#WANTED[@]})) || return
	[[ $(host_tests) ]] || HOST=0
	[[ ! $(slow_tests) ]] || return
	for kernel in "${KERNELS[@]}"; do
		[[ ! $(guest_tests "$kernel") ]] || needed+=("$kernel")
	done
	KERNELS=("${needed[@]}")
	((${#KERNELS[@]})) || GUEST=0
}

# What cannot be built must not run in an older state: it counts as missing.
build()
{
	local target
	make -k -j"$(nproc)" "$@" >&2 && return
	note "not everything could be built; going on with what could"
	for target in build/tests/*_test; do
		[[ -e $target ]] && ! make -q "$target" 2>/dev/null &&
			rm -f "$target"
	done
}

section() { echo "# ---- $*"; }

# result NAME WHY-NOT: a test of its own with one result; no reason, no failure.
result()
{
	echo "# Subtest: $1"
	echo "    ${2:+not }ok - ${2:-$3}"
	echo "${2:+not }ok $1"
}

# boot KERNEL NAME...: prints the results; the machine's status is returned,
# and what it said of itself is shown as comments.
boot()
{
	local kernel=$1 status
	local -a options=(--cached --timeout "${LIMIT[$1]}")
	shift
	[[ $kernel == prod ]] || options+=("--$kernel")
	SPAWNPOL_SLOWNESS=${SLOWNESS[$kernel]} tests/vm/run.sh "${options[@]}" \
		-- tests/suite.sh "$@" 2>"$WORK/$kernel.machine"
	status=$?
	sed 's/^/# /' "$WORK/$kernel.machine"
	return $status
}

# If the machine goes down, the tests that it was in have failed, and another
# boot runs the rest.
run_guest()
{
	local kernel=$1 status why='' name
	local out=$WORK/$1.out
	local -a rest left
	if ! tests/vm/kernel.sh path "$kernel" >/dev/null; then
		result "machine-$kernel" "there is no $kernel kernel"
		return
	fi
	mapfile -t rest < <(guest_tests "$kernel")
	((${#rest[@]})) || return
	while ((${#rest[@]})); do
		section "$kernel kernel: ${#rest[@]} test programs"
		boot "$kernel" "${rest[@]}" | tee "$out"
		status=${PIPESTATUS[0]}
		((status <= 1)) ||
			why+="${why:+, }status $status: $(head -n1 "$WORK/$kernel.machine")"
		left=()
		for name in "${rest[@]}"; do
			has_result "$out" "$name" && continue
			if grep -qx "# $name begins" "$out"; then
				result "$name" "the machine went down"
			else
				left+=("$name")
			fi
		done
		if ((${#left[@]} == ${#rest[@]})); then
			why+=", no test began"
			break
		fi
		rest=("${left[@]}")
	done
	result "machine-$kernel" "$why" "it ended well, its log has no complaint"
}

# The results that count are those of the tests in a program: indented once.
tally()
{
	awk '
	function name(line) {
		line = $0
		sub(/^ *(not )?ok [0-9-]* */, "", line)
		return program "." line
	}
	/^# Subtest: / { program = $3 }
	/^    ok .*# SKIP/ { skipped[++s] = name(); next }
	/^    ok / { passed++ }
	/^    not ok / { failed[++f] = name() }
	END {
		for (i = 1; i <= s; i++)
			print "# skipped: " skipped[i]
		for (i = 1; i <= f; i++)
			print "# failed: " failed[i]
		if (s)
			print "# " s " skipped"
		if (!passed && !f)
			print "# nothing was tested"
		print passed + 0 " passed, " f + 0 " failed"
		exit f > 0 || !passed
	}' "$TRANSCRIPT"
}

# has_result FILE NAME
has_result() { grep -qE "^(not )?ok [0-9]+ $2\$" "$1"; }

# run_here WHAT NAME...
run_here()
{
	local name out
	section "$1: $(($# - 1)) test programs"
	(($# > 1)) || return
	out=$(mktemp -p "$WORK")
	tests/suite.sh "${@:2}" | tee "$out"
	for name in "${@:2}"; do
		has_result "$out" "$name" ||
			result "$name" "the suite has no result of it"
	done
}

# aside NAME COMMAND ...: runs it beside what follows, because a machine does not
# always have work for both its processors. rejoin NAME shows what it printed.
aside()
{
	set -m		# a process group of its own, so that it can be ended
	"${@:2}" </dev/null >"$WORK/$1.unseen" &
	LANES[$1]=$!
	set +m
}

end_lanes()
{
	local name
	for name in "${!LANES[@]}"; do
		kill -- -"${LANES[$name]}" 2>/dev/null
	done
}

rejoin()
{
	local status
	echo "# waiting for $1"
	wait "${LANES[$1]}"
	status=$?
	unset "LANES[$1]"
	cat "$WORK/$1.unseen"
	((status < 128)) || result "$1" "ended by signal $((status - 128))"
}

# A machine has two processors. Where it does not get them for itself, its
# processors wait for each other, and two machines take longer at once than
# one after the other.
run_machines()
{
	local kernel
	if ((${#KERNELS[@]} == 2 && $(nproc) >= 4)); then
		aside "${KERNELS[1]}" run_guest "${KERNELS[1]}"
		run_guest "${KERNELS[0]}"
		rejoin "${KERNELS[1]}"
	else
		for kernel in "${KERNELS[@]}"; do
			run_guest "$kernel"
		done
	fi
}

run_all()
{
	local -A LANES=()
	trap end_lanes EXIT
	# shellcheck disable=SC2046 # names are words
	((!HOST)) || run_here host $(host_tests)
	((GUEST)) || return
	# shellcheck disable=SC2046
	aside the-runner run_here "the VM runner and the kernel series" $(slow_tests)
	run_machines
	rejoin the-runner
}

# Programs come first: what does not compile is seen before kernels are built.
prepare()
{
	local kernel target=check

	((!GUEST)) || target="test"
	STEP=0 STEPS=$((SETUP + 1 + (GUEST ? ${#KERNELS[@]} : 0) + 1))
	if ((SETUP)); then
		step "installing packages that are missing"
		tests/setup.sh "$target" || exit 1
	fi
	step "building programs"
	if ((GUEST)); then
		build all
		# One after the other, before anything is measured in time.
		for kernel in "${KERNELS[@]}"; do
			step "the $kernel kernel, which is compiled once and kept"
			tests/vm/kernel.sh path "$kernel" >/dev/null
		done
	else
		build host-tests
	fi
	step "running tests"
}

main()
{
	parse_options "$@"
	cd "$TOP" || exit 1
	WORK=$(mktemp -d) || exit 1
	trap 'rm -rf "$WORK"' EXIT
	narrow
	prepare
	mkdir -p "${TRANSCRIPT%/*}"
	run_all | tee "$TRANSCRIPT"
	tally
	exit
}

main "$@"
