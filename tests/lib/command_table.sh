# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For tests of the tool's command line on the host: what its table of commands has.

. "${BASH_SOURCE[0]%/*}/tap.sh"

TOOL=$BUILD/spawnpol

# json_of EXPRESSION: of the document d in OUT.
json_of()
{
	PATH=/usr/bin:/bin python3 -c 'import json, sys
d = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1" <<<"$OUT" || fail "no JSON: $OUT"
}

commands()
{
	OUT=$("$TOOL" help --json)
	json_of '"\n".join(c["name"] for c in d["commands"])'
}

# command NAME's options, the global ones included, as --NAME.
options_of()
{
	OUT=$("$TOOL" help "$1" --json)
	json_of '"\n".join("--" + o["name"] for o in d["commands"][0]["options"] + d["options"])'
}
