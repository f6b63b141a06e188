# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For patches.sh: what the series has to be like.

# The patches named in the first column of the table.
table_list()
{
	sed -nE 's,^\|[^|]*\b([0-9]{4}-[A-Za-z0-9._-]*\.patch).*,\1,p' "$PATCHES/README.md"
}

check_complete()
{
	local bad=0
	series_is_there || return 1
	diff <(series_list) <(cd "$SERIES" && ls -- *.patch) ||
		{ echo "series (<) and the files (>) differ"; bad=1; }
	diff <(series_list) <(table_list) ||
		{ echo "series (<) and the table in README.md (>) differ"; bad=1; }
	diff <(print_figures) <(readme_figures) ||
		{ echo "patches.sh figures (<) and README.md (>) differ"; bad=1; }
	return "$bad"
}

# expect_no_lines TEXT WHAT
expect_no_lines()
{
	[[ ! $1 ]] || { printf '%s:\n%s\n' "$2" "$1"; return 1; }
}

check_files()
{
	local bad=0 wanted=0
	expect_no_lines "$(patch_paths | xargs -r grep -lE '^(new|deleted) file mode ')" \
		"new files belong in files/, but these patches add or remove some" ||
		bad=1
	expect_no_lines "$(comm -12 <(patched_files) <(new_files))" \
		"these are in files/, and patches change them" || bad=1
	[[ ! $(new_files) ]] || wanted=1
	if (($(files_patch | wc -l) != wanted)); then
		echo "series marks $(files_patch | wc -l) patches with 'files', not $wanted"
		bad=1
	fi
	expect_no_lines "$(read_table; unexported_files)" \
		"nothing in kernel-patches/export says with which patch these go" || bad=1
	return "$bad"
}

check_applies()
{
	copy_base "$WORK/applies" && apply_series "$WORK/applies"
}

check_identical()
{
	local dir=$WORK/identical again=$WORK/again file bad=0
	copy_base "$dir" && import "$dir" && commit_series "$dir" &&
		write_series "$dir" "$again" || return 1
	diff -r -x files -x BASE "$SERIES" "$again" || bad=1
	diff <(new_files) <(files_in "$again/files") || bad=1
	while read -r file; do
		same_file "$(new_file "$file")" "$again/files/$file" ||
			{ echo "$file differs"; bad=1; }
	done < <(new_files)
	return "$bad"
}

# Two things checkpatch.pl says are no faults here: it asks for a MAINTAINERS
# entry for each new file, though directories cover them, and it cannot parse
# the layout that every trace event header has.
expected_style()
{
	grep -vE -e '(^| )[A-Z]+:FILE_PATH_CHANGES:' \
		-e '^[^ ]+ include/trace/events/.*:(OPEN_ENDED_LINE|PARENTHESIS_ALIGNMENT):'
}

# checkpatch BASE NAME [OPTION...]: of the files on stdin, with each line after NAME
# or the file's own
checkpatch()
{
	# shellcheck disable=SC2016 # sh expands it, for each file
	BASE=$1 NAME=$2 xargs -r -n1 -P"$(nproc)" sh -c '
		for file; do :; done
		perl "$BASE/scripts/checkpatch.pl" --strict --quiet --no-summary \
			--terse --show-types --showfile --root="$BASE" "$@" 2>&1 |
			sed "s,^,${NAME:-$file} ,"' checkpatch "${@:3}"
}

check_style()
{
	local base dir
	base=$(base_partial_tree) || exit 1
	# needs modules that Debian's Python lacks; our own style test has it
	rm -f "$base/scripts/spdxcheck.py"
	(cd "$SERIES" && series_list | checkpatch "$base" '') >"$WORK/style"
	# which rules are for a file depends on its path
	for dir in "${FILES[@]}"; do
		[[ ! -d $dir ]] || (cd "$dir" && files_in . | checkpatch "$base" files -f)
	done >>"$WORK/style"
	! expected_style <"$WORK/style"
}

do_check()
{
	local what bad=0
	local -a wanted=("$@")
	((${#wanted[@]})) || wanted=(complete files applies identical style)
	for what in "${wanted[@]}"; do
		case $what in
		complete | files | applies | identical | style) ;;
		*) misuse "unknown check: $what" ;;
		esac
		if ("check_$what") >"$WORK/output" 2>&1; then
			note "$what: ok"
		else
			cat "$WORK/output" >&2
			note "$what: FAILED"
			bad=1
		fi
	done
	return "$bad"
}
