# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For patches.sh: how large the series is, as a table for README.md.

# The first and the last line of what refresh writes in README.md.
FIGURES_BEGIN='<!-- patches.sh figures -->'
FIGURES_END='<!-- end of figures -->'

count_files() { printf '%s' "$1" | grep -c .; }

# count_lines FILES: the lines of these new files
count_lines()
{
	local file
	while read -r file; do
		[[ ! $file ]] || cat "$(new_file "$file")"
	done <<<"$1" | wc -l
}

# Lines added, lines removed, files changed; a line that two patches change counts
# twice.
count_changes()
{
	patch_paths | while read -r patch; do git apply --numstat "$patch"; done |
		awk '{ added += $1; removed += $2; if (!seen[$3]++) files++ }
		     END { print added + 0, removed + 0, files + 0 }'
}

print_figures()
{
	local code other added removed changed
	code=$(new_files | grep -vE '^(Documentation|tools)/')
	other=$(new_files | grep -E '^(Documentation|tools)/')
	read -r added removed changed < <(count_changes)
	cat <<-EOT
	| what | files | lines |
	| --- | --- | --- |
	| new: code | $(count_files "$code") | $(count_lines "$code") |
	| new: documentation and selftests | $(count_files "$other") | $(count_lines "$other") |
	| changed | $changed | $added added, $removed removed |
	EOT
}

readme_figures()
{
	sed -n "/^$FIGURES_BEGIN\$/,/^$FIGURES_END\$/p" "$PATCHES/README.md" |
		sed '1d; $d'
}

put_figures()
{
	print_figures >"$WORK/figures" &&
		sed -e "/^$FIGURES_BEGIN\$/r $WORK/figures" \
			-e "/^$FIGURES_BEGIN\$/,/^$FIGURES_END\$/{ /^<!--/!d }" \
			"$PATCHES/README.md" >"$WORK/readme" &&
		replace "$WORK/readme" "$PATCHES/README.md"
}
