#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Renew the part of a man page that a program makes from a table of its own:
#
#	docs/man-commands.sh [PROGRAM]
#
# PROGRAM is build/spawnpol (commands, in spawnpol.8) unless given, or
# build/spawnpold-client (words, in spawnpold.8). With --print as second
# argument the page goes to standard output, and the file stays as it is.

set -eu
docs=$(dirname "$0")
program=${1:-$docs/../build/spawnpol}
case ${program##*/} in
spawnpold-client) page=$docs/spawnpold.8 ask=--man ;;
*) page=$docs/spawnpol.8 ask='help --man' ;;
esac
new=$(
	sed '/^\.\\" begin commands$/q' "$page"
	# shellcheck disable=SC2086 # words
	"$program" $ask
	sed -n '/^\.\\" end commands$/,$p' "$page"
)
if [ "${2:-}" = --print ]; then
	printf '%s\n' "$new"
else
	printf '%s\n' "$new" >"$page"
fi
