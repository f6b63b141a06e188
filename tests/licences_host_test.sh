#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# LICENSES/ has the text of each licence that a file names in its SPDX line, and no other.

. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/spdx.sh"

licences_named()
{
	spdx_lines | cut -f2 | grep -oE '[A-Za-z0-9.-]+' | grep -vxE 'OR|AND|WITH' | sort -u
}

test_each_licence_has_its_text()
{
	licences_named >"$DIR/named"
	grep -qx LGPL-2.1-or-later "$DIR/named" || fail "no licence found"
	(cd "$TOP/LICENSES" && ls) | sed 's/\.txt$//' | sort >"$DIR/texts"
	run diff -u --label named --label LICENSES "$DIR/named" "$DIR/texts"
	((!STATUS)) || { show_run; fail "other licences are named than have texts"; }
}

# The package that has them calls them otherwise.
test_the_texts_are_debians()
{
	local common=/usr/share/common-licenses
	[[ -d $common ]] || skip "this is no Debian system"
	cmp "$TOP/LICENSES/GPL-2.0-only.txt" "$common/GPL-2" || fail "GPL-2.0 was changed"
	cmp "$TOP/LICENSES/LGPL-2.1-or-later.txt" "$common/LGPL-2.1" ||
		fail "LGPL-2.1 was changed"
}

run_tests "$@"
