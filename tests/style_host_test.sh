#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What every file of the project has to be like. The kernel's patches have
# rules of their own (patches_host_test.sh), and so have the lists of options that
# come with its selftests. The texts of licences are other people's, and two files of
# debian/ can have no comments (debian/copyright has their licence).

. "$(dirname "$0")/lib/tap.sh"

# Files that belong to the project: those that git knows, or all where there is no git.
project_files()
{
	cd "$TOP" || exit 1
	{
		git ls-files 2>/dev/null ||
			find . -path ./build -prune -o -path ./.git -prune -o \
				-type f -printf '%P\n'
	} | grep -vE '^kernel-patches/.*(\.patch|/selftests/.*/config)$|^LICENSES/' |
		grep -vxE 'debian/(changelog|source/format)' | while read -r file; do
		[[ -s $file && ! -L $file ]] && echo "$file"
	done
}

expect_none() { [[ ! $1 ]] || fail "$2:"$'\n'"$1"; }

test_every_file_states_its_licence()
{
	local file found=''
	while read -r file; do
		head -n 5 "$file" | grep -q 'SPDX-License-Identifier: ' ||
			found+=$file$'\n'
	done < <(project_files)
	expect_none "$found" "no SPDX-License-Identifier in the first lines of"
}

# Where somebody's checkout or home is has no place in a file.
test_no_file_names_this_machine()
{
	local found
	found=$(project_files | xargs grep -nFw -e "$TOP" -e "${HOME:-/nonexistent}/" --)
	expect_none "$found" "paths of this machine in"
}

test_no_trailing_blanks()
{
	local found
	found=$(project_files | xargs grep -nIE '[[:blank:]]+$' --)
	expect_none "$found" "blanks at the ends of lines"
}

test_shellcheck_is_content()
{
	local -a scripts
	command -v shellcheck >/dev/null || skip "shellcheck is not installed"
	mapfile -t scripts < <(project_files | xargs grep -lE '^#!/bin/(ba)?sh|^# shellcheck shell=' --)
	cd "$TOP" || exit 1
	shellcheck "${scripts[@]}" || fail "see above"
}

# What lies about in a checkout is its owner's business until it is added.
test_only_files_that_git_knows_are_judged()
{
	local TOP=$DIR/top
	git init -q "$TOP"
	echo ours >"$TOP/added"
	echo 'whatever ' >"$TOP/notes"
	git -C "$TOP" add added
	expect_equal "$(project_files)" added
	rm -rf "$TOP/.git"
	expect_equal "$(GIT_CEILING_DIRECTORIES=$DIR project_files | sort | paste -sd,)" \
		added,notes
}

run_tests "$@"
