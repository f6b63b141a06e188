#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How bench/report.py judges goals: those that are limits, those that are least rates,
# and those that hold for every case; and what it says with a goal that is missed.

. "$(dirname "$0")/lib/tap.sh"

# figure BENCH CASE METHOD UNIT VALUE
figure()
{
	printf '{"bench": "%s", "case": "%s", "method": "%s", "unit": "%s", "value": %s}\n' \
		"$@" >>"$DIR/results"
}

judge() { run "$TOP/bench/report.py" "$@" "$DIR/results"; expect_status 0; }

# expect_goal WORD TEXT: the line of that goal begins with that word.
expect_goal()
{
	grep -qE "^ +$1 .*$2" <<<"$OUT" || { show_run; fail "no '$1 ... $2'"; }
}

# Two processors, 8 at once, compared with 100 by posix_spawn.
report_rate()
{
	rm -f "$DIR/results"
	figure throughput '2 CPU, 8 at once' posix_spawn 'per second' 100
	figure throughput '2 CPU, 8 at once' spawn 'per second' "$1"
	judge
}

test_of_a_rate_more_is_better()
{
	report_rate 191
	expect_goal reached '8 SPAWNs at once'
	report_rate 189
	expect_goal MISSED '8 SPAWNs at once'
}

test_of_time_less_is_better()
{
	figure parent 64 posix_spawn 'ns held' 100000
	figure parent 64 spawn_listed 'ns held' 36000
	judge
	expect_goal reached '64 SPAWNs with listed files'
	figure parent 64 spawn_listed 'ns held' 38000
	judge
	expect_goal MISSED '64 SPAWNs with listed files'
	figure parent 64 posix_spawn 'ns cpu' 20000
	figure parent 64 spawn_listed 'ns cpu' 8000
	judge
	expect_out '-12000  its CPU time (8000, not 20000)'
}

test_O2_one_request_is_asked_for_in_every_case()
{
	local misses
	for misses in 0 6 64; do
		figure path "$misses" spawn SQEs 1
		figure path "$misses" spawn CQEs 1
	done
	judge
	expect_goal reached "SQEs of a SPAWN's search"
	expect_goal reached "CQEs of a SPAWN's search"
	figure path 6 spawn SQEs 2
	judge
	expect_goal MISSED "SQEs of a SPAWN's search"
	expect_goal reached "CQEs of a SPAWN's search"
}

# figures_of_64 BENCH SPAWN SPAWN_OPEN: compared with 1000 of vfork.
figures_of_64()
{
	figure "$1" 64 vfork ns 1000
	figure "$1" 64 spawn ns "$2"
	figure "$1" 64 spawn_open ns "$3"
}

# Goals of either file system, in time and in instructions.
test_O3_long_searches_are_compared_on_each_file_system()
{
	local counts
	figures_of_64 path 919 751
	figures_of_64 path_ext4 921 749
	figure path_ext4 1 spawn_open ns 560
	for counts in '' --counts; do
		# shellcheck disable=SC2086
		judge $counts
		expect_goal reached "a SPAWN's search with 64 misses on tmpfs"
		expect_goal MISSED "open directories with 64 misses on tmpfs"
		expect_goal MISSED "a SPAWN's search with 64 misses on ext4"
		expect_goal reached "open directories with 64 misses on ext4"
	done
	# of the last run: (749 - 560) / 63
	expect_out 'each miss on ext4, spawn_open              3'
}

# figures_of_pool POOL SEARCH OPEN: compared with 1000 of vfork.
figures_of_pool()
{
	figure latency small vfork ns 1000
	figure latency small pool ns "$1"
	figure latency small pool_search ns "$2"
	figure latency small pool_open ns "$3"
}

test_C5_hits_have_other_goals_in_time_than_in_instructions()
{
	figures_of_pool 671 881 879
	judge --counts
	expect_goal MISSED "a pool's hit compared"
	expect_goal MISSED "a pool's hit with a search"
	expect_goal reached "the same in open directories"
	figures_of_pool 801 899 901
	judge
	expect_goal MISSED "a pool's hit compared"
	expect_goal reached "a pool's hit with a search"
	expect_goal MISSED "the same in open directories"
}

# In instructions there is one processor.
test_C5_a_pool_that_is_filled_again_launches_as_many()
{
	figure throughput '2 CPU, 8 at once' fresh 'per second' 1000
	figure throughput '2 CPU, 8 at once' pool 'per second' 951
	judge
	expect_goal reached 'pool and refills .*2 CPU, 8 at once'
	figure throughput '2 CPU, 8 at once' pool 'per second' 949
	judge
	expect_goal MISSED 'pool and refills .*2 CPU, 8 at once'
	figure throughput '1 CPU, 64 at once' fresh 'per second' 1000
	figure throughput '1 CPU, 64 at once' pool 'per second' 949
	judge --counts
	expect_goal MISSED 'pool and refills .*1 CPU, 64 at once'
}

test_C2_waiting_children_cost_nothing()
{
	local counts
	figure waiting memory none ns 10000
	figure waiting memory 64 ns 11000
	figure waiting memory 1000 ns 10090
	figure waiting setns none ns 1000
	figure waiting setns 1000 ns 1011
	for counts in '' --counts; do
		# shellcheck disable=SC2086
		judge $counts
		expect_goal reached 'unmapping memory with 1,000 waiting children'
		expect_goal MISSED 'time namespace with 1,000 waiting children'
		expect_out '1.100 x none'
	done
}

test_C4_copies_are_compared_with_their_steps()
{
	figure template 'a child' steps ns 100000
	figure template 'a child' template ns 49000
	figure template 'a program' steps ns 200000
	figure template 'a program' template ns 101000
	judge --counts
	expect_goal reached 'a chain of its steps, until it waits'
	expect_goal MISSED 'a chain of its steps, until the program runs'
}

test_A8_an_actor_is_compared_with_user_space()
{
	local counts
	figure actor 1000 user ns 1000
	figure actor 1000 actor ns 599
	figure idle_actor '1 NOP' none ns 1000
	figure idle_actor '1 NOP' '64 polls' ns 1009
	figure idle_actor '1 NOP' '64 reads' ns 1011
	for counts in '' --counts; do
		# shellcheck disable=SC2086
		judge $counts
		expect_goal reached 'waits for the one before it'
		expect_goal reached '1 NOP with an actor that has 64 polls'
		expect_goal MISSED '1 NOP with an actor that has 64 reads'
	done
	figure actor 1000 actor ns 601
	judge
	expect_goal MISSED 'waits for the one before it'
}

test_A8_copies_are_compared_with_both_ways_of_user_space()
{
	local case='tmpfs, depth 8'
	figure copy "$case" loop ns 1000
	figure copy "$case" links ns 900
	figure copy "$case" actor ns 950
	figure copy "$case" loop 'ns user' 100
	figure copy "$case" actor 'ns user' 21
	judge
	expect_goal reached "a loop, $case"
	expect_goal MISSED "links, $case"
	expect_goal MISSED "a loop, $case, user mode"
}

test_A7_jobs_are_compared_with_xargs()
{
	local case='500 static commands'
	figure jobs "$case" xargs ns 1000
	figure jobs "$case" actor ns 750
	figure jobs "$case" xargs 'ns cpu' 100
	figure jobs "$case" actor 'ns cpu' 11
	judge
	expect_goal reached "$case by an actor compared with xargs"
	expect_goal MISSED "$case .* CPU time"
}

# Not measured is neither reached nor missed.
test_no_figure_no_goal()
{
	figure latency small vfork ns 1000
	judge --counts
	[[ $OUT != *SPAWN* ]] || { show_run; fail "it judges what nobody measured"; }
}

test_a_missed_goal_comes_with_its_phases()
{
	figure latency small vfork ns 100000
	figure latency small spawn ns 97000
	figure latency small spawn_waiting ns 103500
	figure phases copy_process vfork ns 13000
	figure phases copy_process spawn ns 13700
	judge --counts
	expect_goal MISSED "a SPAWN's search"
	expect_out '+700  copy_process (13700, not 13000)'
	expect_out '+6500  because the launcher waits (103500, not 97000)'
	figure latency small spawn ns 95000
	figure latency small spawn_waiting ns 98000
	judge --counts
	expect_goal reached "a SPAWN's search"
	[[ $OUT != *'+700'* ]] || { show_run; fail "a goal that is reached has phases"; }
}

test_the_launcher_is_compared_with_a_chain()
{
	local case='the launcher outside copy_process, outcome included'
	figure phases "$case" hardlink ns 12000
	figure phases "$case" spawn ns 6000
	judge --counts
	expect_goal reached 'six misses, compared with a chain'
	figure phases "$case" spawn ns 6100
	judge --counts
	expect_goal MISSED 'six misses, compared with a chain'
	expect_out '-5900  the launcher outside copy_process, outcome included'
}

run_tests "$@"
