#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# TIMEOUT: 1800
#
# The Debian packages are built, lintian has nothing to say about them, and they are
# installed, used and removed in a Debian in the VM. The results are those of
# packages/guest.sh. (The tests that dpkg-buildpackage would run are run by make check.)

set -u
. "$(dirname "$0")/lib/common.sh"

# no_test WHY-NOT: one result, which is that there is none.
no_test()
{
	printf '1..1\n%s\n' "$1"
	exit "$2"
}

mkdir -p "$CACHE" && cd "$CACHE" || exit 1
SPAWNPOL_PACKAGES=$(mktemp -d "$CACHE/packages-test.XXXXXX") || exit 1
trap 'rm -rf "$SPAWNPOL_PACKAGES"' EXIT
SPAWNPOL_IMAGE=$("$TOP/tests/packages/root.sh") ||
	no_test 'ok 1 packages # SKIP there is no Debian to install them in' 0
DEB_BUILD_OPTIONS="nocheck terse noautodbgsym" "$TOP/debian/packages.sh" "$SPAWNPOL_PACKAGES" ||
	no_test 'not ok 1 packages_are_built' 1
export SPAWNPOL_PACKAGES SPAWNPOL_IMAGE
"$TOP/tests/vm/run.sh" --cached --timeout 1500 -- "$TOP/tests/packages/guest.sh"
