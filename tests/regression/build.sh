#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: build.sh
#>
#> Builds the selftests of the kernel's base, for BPF with the series' libbpf,
#> and the tests of the packaged liburing, unless they are there, and prints the
#> directory that has them:
#>
#>   kselftest/DIR/TEST   with kselftest/kselftest-list.txt, as they are installed
#>   liburing/TEST.t
#>   bin/                 programs that tests call
#>   failed               what could not be built, one "file: why" per line
#>
#> It is in the cache directory, keyed by sources, tools and these scripts.
#> Nothing is installed, no configuration changed: libraries' headers and
#> sources come from apt into the cache.

set -u
. "$(dirname "$0")/../lib/common.sh"

HERE=$TOP/tests/regression
KEEP=2				# of what was built
# What selftests are linked to or call, and need not be installed.
PACKAGES="libcap-dev libcap-ng-dev libpopt-dev iputils-ping"

liburing_version() { dpkg-query -W -f '${source:Version}' liburing-dev; }

build_key()
{
	{
		echo "$SHA256"
		series_hash
		cat "$HERE"/{build.sh,bpf.sh,liburing.sh,suites,bpf.tests}
		liburing_version
		gcc --version | head -n1
		clang --version | head -n1
	} | sha256sum | cut -c1-16
}

need_tools()
{
	local tool
	for tool in rsync dpkg-source mkfs.ext4; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null ||
			die "$tool is missing: install rsync, dpkg-dev, e2fsprogs"
	done
}

# Headers, static libraries and programs, without installing the packages.
get_packages()
{
	local deb
	mkdir -p "$WORK/debs" || return 1
	# shellcheck disable=SC2086 # several
	(cd "$WORK/debs" && apt-get download -q $PACKAGES) || return 1
	for deb in "$WORK"/debs/*.deb; do
		dpkg-deb -x "$deb" "$WORK/sysroot" || return 1
	done
	mkdir "$OUT/bin" && cp "$WORK/sysroot/bin/ping" "$OUT/bin/"
}

# make keeps going: a program that cannot be built is reported, not in the way.
build_kselftests()
{
	local -a targets
	mapfile -t targets < <(sed -n 's/^\([^#[:space:]]\+\).*/\1/p' "$HERE/suites")
	make -C "$TREE" -s headers || return 1
	nice -n 5 make -k -j"$(nproc)" -C "$TREE/tools/testing/selftests" install \
		TARGETS="${targets[*]}" INSTALL_PATH="$OUT/kselftest" \
		USERCFLAGS="-I$WORK/sysroot/usr/include" \
		USERLDFLAGS="-L$WORK/sysroot/usr/lib/$(gcc -print-multiarch)" \
		2>&1 | tee "$WORK/kselftests.log"
	[[ -s $OUT/kselftest/kselftest-list.txt ]]
}

# One line for each program that make gave up.
note_failures()
{
	sed -nE 's,^make.*\*\*\* \[[^]]*: (.*/)?selftests/([^]]*)\] Error.*,\2,p
		s,^make.*\*\*\* \[[^]]*: ([^]/]*\.t)\] Error.*,liburing/\1,p' \
		"$WORK"/*.log | sort -u >"$OUT/failed"
}

do_build()
{
	local tarball
	WORK=$CACHE/src-regression
	TREE=$WORK/linux
	OUT=$DIR.part
	PHASE_LOG=$CACHE/log/regression-build.log
	: >"$PHASE_LOG"
	rm -rf "$WORK" "$OUT"
	mkdir -p "$WORK" "$OUT" || exit 1
	tarball=$(base_tarball) || exit 1
	export WORK TREE OUT
	phase "unpacking $PACKAGE $VERSION" unpack "$tarball" "$TREE" &&
		phase "fetching $PACKAGES" get_packages &&
		phase "building the kernel's selftests" build_kselftests &&
		phase "applying the series, for its libbpf" apply_series "$TREE" &&
		phase "building the selftests of BPF" "$HERE/bpf.sh" &&
		phase "building liburing's tests" \
			"$HERE/liburing.sh" "$(liburing_version)" || exit 1
	note_failures
	mv "$OUT" "$DIR"
	rm -rf "$WORK"
}

prune()
{
	local -a old
	# shellcheck disable=SC2012 # the names are ours
	mapfile -t old < <(ls -1dt "$CACHE"/regression-????????????????/ |
		tail -n +$((KEEP + 1)))
	((${#old[@]})) && rm -rf "${old[@]}"
	return 0
}

main()
{
	case ${1:-} in
	-h | --help) show_help; exit 0 ;;
	'') ;;
	*) misuse "unknown argument: $1" ;;
	esac
	load_base
	need_tools
	mkdir -p "$CACHE/log" || exit 1
	DIR=$CACHE/regression-$(build_key)
	exec 9>"$CACHE/.lock-regression"
	flock 9
	if [[ ! -d $DIR ]]; then
		do_build >&2
		prune
	fi
	echo "$DIR"
	exit
}

main "$@"
