# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the project's files say about their licences.

# spdx_lines: FILE and its licence, separated by a tab, for all files that git knows, or for
# all where there is no git. The kernel's sources call GPL-2.0-only by the identifier that
# SPDX had for it first: here it has the one of now.
spdx_lines()
{
	cd "$TOP" || exit 1
	# shellcheck disable=SC2016 # awk expands it
	{
		git ls-files 2>/dev/null ||
			find . -path ./build -prune -o -path ./.git -prune -o \
				-type f -printf '%P\n'
	} | grep -v '^LICENSES/' | tr '\n' '\0' | xargs -0 awk '
		FNR > 5 { nextfile }
		sub(/^[^A-Za-z0-9]*SPDX-License-Identifier: /, "") {
			sub(/ (\*\/|-->)$/, "")
			print FILENAME "\t" $0
		}' | sed -E 's/\bGPL-2\.0($|[ )])/GPL-2.0-only\1/g'
}
