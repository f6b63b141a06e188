#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Renew the part of docs/spawnpol.8 that the tool makes from its tables:
#
#	docs/man-commands.sh [PROGRAM]
#
# PROGRAM is build/spawnpol unless given. With --print as second argument the page goes
# to standard output, and the file stays as it is.

set -eu
docs=$(dirname "$0")
program=${1:-$docs/../build/spawnpol}
page=$docs/spawnpol.8
new=$(
	sed '/^\.\\" begin commands$/q' "$page"
	"$program" help --man
	sed -n '/^\.\\" end commands$/,$p' "$page"
)
if [ "${2:-}" = --print ]; then
	printf '%s\n' "$new"
else
	printf '%s\n' "$new" >"$page"
fi
