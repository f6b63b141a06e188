#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The functions that have no page of their own name, each with the page that describes
# it, by the NAME sections of pages of section 3:
#
#	docs/man-links.sh PAGE...
#
# prints lines such as "spawnpol_chain_argv.3 spawnpol_chain.3". make install has man(1)
# find the page under both names.

set -eu
for page; do
	file=${page##*/}
	sed -n '/^\.SH NAME/,/^\.SH [^N]/ { /^\.SH/d; p; }' "$page" | tr '\n' ' ' |
		sed 's/ *\\-.*//' | tr -s ', ' '\n' | while read -r name || [ "$name" ]; do
		[ "$name" = "${file%.*}" ] || echo "$name.${file##*.} $file"
	done
done
