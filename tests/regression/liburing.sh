#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: liburing.sh VERSION
#>
#> For build.sh, with WORK and OUT in the environment: gets liburing's source of
#> that version of the package and builds its tests against the packaged library
#> and headers, which must be installed.

set -u
. "$(dirname "$0")/../lib/common.sh"

# The configured sources, but of source packages.
write_sources()
{
	local file
	mkdir -p "$WORK/apt/parts" "$WORK/apt/lists/partial" \
		"$WORK/apt/cache/archives/partial"
	for file in /etc/apt/sources.list.d/*.sources; do
		[[ -e $file ]] && sed 's/^Types:.*/Types: deb-src/' "$file" \
			>"$WORK/apt/parts/${file##*/}"
	done
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[[ -e $file ]] && sed -n 's/^deb[[:space:]]/deb-src /p' "$file" \
			>"$WORK/apt/parts/${file##*/}.list"
	done
	return 0
}

apt()
{
	apt-get -q -o Dir::Etc::SourceList=/dev/null \
		-o Dir::Etc::SourceParts="$WORK/apt/parts" \
		-o Dir::State::Lists="$WORK/apt/lists" \
		-o Dir::Cache="$WORK/apt/cache" "$@"
}

get_source()
{
	write_sources
	cd "$WORK/apt" && apt update && apt source "liburing=$1"
}

# Its tests look for library and headers in ../src. They use functions that only
# the static library shows.
use_packaged()
{
	local libdir
	libdir=$(pkg-config --variable=libdir liburing) || return 1
	[[ -e $libdir/liburing.a ]] || return 1
	ln -s "$libdir/liburing.a" src/ &&
		rm -rf src/include/liburing src/include/liburing.h &&
		ln -s /usr/include/liburing /usr/include/liburing.h src/include/
}

main()
{
	get_source "$1" && cd "$WORK"/apt/liburing-*/ && ./configure &&
		use_packaged || exit 1
	nice -n 5 make -k -j"$(nproc)" -C test 2>&1 | tee "$WORK/liburing.log"
	mkdir -p "$OUT/liburing" && cp test/*.t "$OUT/liburing/"
	exit
}

main "$@"
