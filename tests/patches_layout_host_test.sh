#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# patches.sh with a kernel of three files and a series of three patches: between
# git trees and kernel-patches/ nothing is lost, and what cannot be written there is
# refused.

. "$(dirname "$0")/lib/tap.sh"

# A project of the test's own in $DIR, whose kernel is in $DIR/cache.
KP=''
patches() { XDG_CACHE_HOME=$DIR/cache run "$KP/patches.sh" "$@"; }
patches_ok() { patches "$@"; expect_status 0; }

git_in()
{
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null \
		git -C "$DIR/$1" -c user.name=Tester -c user.email=tester@localhost \
		"${@:2}" || fail "git ${*:2}"
}

# commit TREE SUBJECT [OPTION...]: all there is
commit() { git_in "$1" add -A; git_in "$1" commit -q -m "$2" "${@:3}"; }

make_source()
{
	local dir=$DIR/linux-source-test to=$DIR/cache/spawnpol/source/1
	mkdir -p "$dir/io_uring" "$to"
	printf 'obj-y += io_uring/\n' >"$dir/Makefile"
	printf 'obj-y += io_uring.o\n' >"$dir/io_uring/Makefile"
	printf 'int a;\nint b;\nint c;\n' >"$dir/io_uring/io_uring.c"
	tar -C "$DIR" -cJf "$to/linux-source-test.tar.xz" linux-source-test
	mkdir "$KP/6.12"
	printf 'PACKAGE=linux-source-test\nVERSION=1\nSHA256=%s\n' \
		"$(sha256sum <"$to/linux-source-test.tar.xz" | cut -d' ' -f1)" \
		>"$KP/6.12/BASE"
}

# A tree with a preparation, the commit with the new files, and a hook.
make_tree()
{
	patches_ok prepare "$DIR/tree"
	sed -i 's/int a/long a/' "$DIR/tree/io_uring/io_uring.c"
	commit tree 'io_uring: a is long'
	printf 'int chain;\n' >"$DIR/tree/io_uring/chain.c"
	mkdir -p "$DIR/tree/tools/test"
	printf '#!/bin/sh\n' >"$DIR/tree/tools/test/run"
	chmod +x "$DIR/tree/tools/test/run"
	printf 'obj-y += chain.o\n' >>"$DIR/tree/io_uring/Makefile"
	commit tree 'io_uring: add chains' --date='2020-02-02T02:02:02+0200' \
		-m '# launchers: many.' -m 'Signed-off-by: Tester <tester@localhost>' \
		--author='Somebody Else <else@localhost>'
	sed -i 's/int c/extern int chain/' "$DIR/tree/io_uring/io_uring.c"
	commit tree 'io_uring: use chains'
}

make_project()
{
	KP=$DIR/kernel-patches
	mkdir -p "$KP" "$DIR/tests"
	cp -r "$TOP/tests/lib" "$DIR/tests"
	cp -r "$TOP/kernel-patches"/{patches.sh,lib} "$KP"
	printf 'Subject: io_uring: the engine\nFiles: io_uring/*\n\nIt runs.\n\n' >"$KP/export"
	printf 'Subject: selftests: run it\nFiles: tools/* other/*\n' >>"$KP/export"
	printf '<!-- patches.sh figures -->\n<!-- end of figures -->\n' >"$KP/README.md"
	make_source
	make_tree
	patches_ok refresh "$DIR/tree"
}

# The files of the series, with contents, and who can be executed.
contents() { (cd "$KP" && find . -type f -printf '%P %m ' -exec sha256sum {} \; | sort); }

tree_of() { git_in "$1" rev-parse 'HEAD^{tree}'; }

expect_same_trees()
{
	patches_ok prepare "$DIR/again"
	expect_equal "$(tree_of again)" "$(tree_of tree)"
}

test_patches_have_changes_and_files_have_new_files()
{
	make_project
	expect_equal "$(grep -v '^#' "$KP/6.12/series")" "0001-io_uring-a-is-long.patch
0002-io_uring-add-chains.patch files
0003-io_uring-use-chains.patch"
	expect_equal "$(cd "$KP/files" && find . -type f | sort)" "./io_uring/chain.c
./tools/test/run"
	[[ -x $KP/files/tools/test/run ]] || fail "run cannot be executed"
	grep -q 'obj-y += chain.o' "$KP/6.12/0002-io_uring-add-chains.patch" || fail "no Makefile"
	! grep -l '^+int chain;' "$KP"/6.12/*.patch || fail "a new file is in a patch"
	grep -qxF '| new: code | 1 | 1 |' "$KP/README.md" || fail "no figures"
	grep -qxF '| changed | 2 | 3 added, 2 removed |' "$KP/README.md" || fail "no figures"
}

test_commits_survive_the_way_there_and_back()
{
	local before form='%an %ae %ad %s%n%b'
	make_project
	expect_same_trees
	expect_equal "$(git_in again log --format="$form" base..HEAD)" \
		"$(git_in tree log --format="$form" base..HEAD)"
	expect_equal "$(git_in again show --format= --name-only HEAD^ | sort)" \
		"io_uring/Makefile
io_uring/chain.c
tools/test/run"
	before=$(contents)
	patches_ok refresh "$DIR/again"
	expect_equal "$(contents)" "$before"
	patches_ok check identical applies files
}

test_new_files_can_change_come_and_go()
{
	make_project
	git_in tree checkout -q HEAD^
	printf 'int more;\n' >"$DIR/tree/io_uring/more.c"
	printf 'long chain;\n' >"$DIR/tree/io_uring/chain.c"
	git_in tree rm -q tools/test/run
	git_in tree add -A
	git_in tree commit -q --amend --no-edit
	git_in tree cherry-pick spawnpol
	patches_ok refresh "$DIR/tree"
	expect_equal "$(cd "$KP/files" && find . -type f | sort)" "./io_uring/chain.c
./io_uring/more.c"
	[[ ! -e $KP/files/tools ]] || fail "an empty directory is left"
	expect_same_trees
}

# The message of such a commit has no place; the change has.
test_later_changes_of_new_files_are_folded()
{
	make_project
	printf 'long chain;\n' >"$DIR/tree/io_uring/chain.c"
	commit tree 'io_uring: chain is long'
	patches_ok refresh "$DIR/tree"
	expect_err 'io_uring: chain is long: its changes to new files become part of files/'
	expect_equal "$(<"$KP/files/io_uring/chain.c")" 'long chain;'
	expect_equal "$(grep -c '^0' "$KP/6.12/series")" 3
	expect_same_trees
}

test_only_one_commit_may_add_files()
{
	local before
	make_project
	before=$(contents)
	printf 'int more;\n' >"$DIR/tree/io_uring/more.c"
	commit tree 'io_uring: more'
	patches refresh "$DIR/tree"
	expect_status 1
	expect_err 'git rebase -i'
	expect_err 'io_uring: more'
	expect_err 'io_uring: add chains'
	expect_equal "$(contents)" "$before"
}

test_a_tree_without_the_commit_is_refused()
{
	local before
	make_project
	before=$(contents)
	git_in tree reset -q --hard base
	sed -i 's/int b/long b/' "$DIR/tree/io_uring/io_uring.c"
	commit tree 'io_uring: b is long'
	patches refresh "$DIR/tree"
	expect_status 1
	expect_err 'no commit of'
	expect_equal "$(contents)" "$before"
}

test_files_without_a_change_are_refused()
{
	make_project
	git_in tree reset -q --hard base
	printf 'int chain;\n' >"$DIR/tree/io_uring/chain.c"
	commit tree 'io_uring: add chains'
	patches refresh "$DIR/tree"
	expect_status 1
	expect_err 'Makefile'
}

test_a_new_file_that_is_removed_later_is_refused()
{
	make_project
	git_in tree rm -q io_uring/chain.c
	commit tree 'io_uring: no chains'
	patches refresh "$DIR/tree"
	expect_status 1
	expect_err 'io_uring/chain.c'
	expect_err 'git rebase -i'
}

test_what_one_base_needs_comes_before_what_all_need()
{
	make_project
	mkdir -p "$KP/6.12/files/io_uring"
	printf 'int old_chain;\n' >"$KP/6.12/files/io_uring/chain.c"
	patches_ok prepare "$DIR/again"
	expect_equal "$(<"$DIR/again/io_uring/chain.c")" 'int old_chain;'
	printf 'int older_chain;\n' >"$DIR/again/io_uring/chain.c"
	commit again 'io_uring: older'
	patches_ok refresh "$DIR/again"
	expect_equal "$(<"$KP/6.12/files/io_uring/chain.c")" 'int older_chain;'
	expect_equal "$(<"$KP/files/io_uring/chain.c")" 'int chain;'
	patches_ok check identical files
}

test_export_is_full_patches_in_order()
{
	local tree
	make_project
	tree=$(tree_of tree)
	patches_ok export "$DIR/tree" "$DIR/sent"
	expect_equal "$(cd "$DIR/sent" && ls)" "0001-io_uring-a-is-long.patch
0002-io_uring-the-engine.patch
0003-selftests-run-it.patch
0004-io_uring-add-chains.patch
0005-io_uring-use-chains.patch"
	grep -q '^Signed-off-by: Tester' "$DIR/sent/0003-selftests-run-it.patch" ||
		fail "no Signed-off-by"
	grep -q '^From: Somebody Else' "$DIR/sent/0002-io_uring-the-engine.patch" ||
		fail "another author"
	! grep -l '^+++ b/io_uring/Makefile' "$DIR"/sent/000[123]* ||
		fail "it is built too early"
	git_in tree checkout -q base
	git_in tree am -q "$DIR"/sent/*.patch
	expect_equal "$(tree_of tree)" "$tree"
}

test_export_needs_a_place_for_each_file()
{
	make_project
	sed -i 's,io_uring/\*,nothing/*,' "$KP/export"
	patches export "$DIR/tree" "$DIR/sent"
	expect_status 1
	expect_err 'io_uring/chain.c'
	[[ ! -e $DIR/sent ]] || fail "something was exported"
	patches check files
	expect_status 1
	expect_err 'io_uring/chain.c'
}

test_check_finds_files_that_are_not_in_their_place()
{
	make_project
	patches_ok check files
	sed -i 's/ files$//' "$KP/6.12/series"
	patches check files
	expect_status 1
	expect_err "series marks 0 patches"
	patches_ok refresh "$DIR/tree"
	printf -- 'new file mode 100644\n' >>"$KP/6.12/0001-io_uring-a-is-long.patch"
	patches check files
	expect_status 1
	expect_err '0001-io_uring-a-is-long.patch'
	patches_ok refresh "$DIR/tree"
	printf 'int a;\n' >"$KP/files/io_uring/io_uring.c"
	patches check files
	expect_status 1
	expect_err 'io_uring/io_uring.c'
	patches check applies
	expect_status 1
	expect_err 'files/io_uring/io_uring.c does not apply'
}

# What kernels are cached by.
hash_of_series()
{
	(cd "$DIR" && bash -c '. tests/lib/common.sh && series_hash')
}

test_each_part_counts_for_the_hash()
{
	local first
	make_project
	first=$(hash_of_series)
	expect_equal "$(hash_of_series)" "$first"
	printf 'int chain2;\n' >>"$KP/files/io_uring/chain.c"
	[[ $(hash_of_series) != "$first" ]] || fail "a new file does not count"
	patches_ok refresh "$DIR/tree"
	expect_equal "$(hash_of_series)" "$first"
	mv "$KP/files/io_uring/chain.c" "$KP/files/io_uring/chains.c"
	[[ $(hash_of_series) != "$first" ]] || fail "a name does not count"
	patches_ok refresh "$DIR/tree"
	printf '\n' >>"$KP/6.12/0003-io_uring-use-chains.patch"
	[[ $(hash_of_series) != "$first" ]] || fail "a patch does not count"
}

test_the_base_can_be_chosen()
{
	make_project
	mv "$KP/6.12" "$KP/6.18"
	patches figures
	expect_status 1
	expect_err 'SPAWNPOL_BASE'
	SPAWNPOL_BASE=6.18 patches_ok check applies
}

run_tests "$@"
