#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: setup.sh [--list] [TARGET]
#>
#> Installs the Debian 12 packages that are missing for `make TARGET`: as root, or
#> through sudo when it asks for no password. Otherwise it prints the command to run,
#> and fails. What apt prints goes to a log in the cache directory.
#>
#>   --list   only print the names of the missing packages
#>   TARGET   all, check, kernel, vm, run, test (otherwise), bench, fuzz, soak,
#>            regression or deb

set -u
. "$(dirname "$0")/lib/common.sh"

# What there is to do, and what it takes. The kernel's source is no package to install:
# kernel.sh gets the version that it wants (see base_tarball in lib/common.sh).
declare -A PACKAGES=(
	[build]="gcc make clang libbpf-dev liburing-dev libelf-dev zlib1g-dev libc6-dev
		pkg-config"
	# ccache is there for the next time
	[kernel]="gcc make bc bison flex libelf-dev patch perl pahole xz-utils ccache"
	[vm]="qemu-system-x86 iproute2 util-linux procps"
	# of the host, and what tests of the host need
	[check]="git llvm patch perl xz-utils python3 shellcheck groff-base man-db
		g++"
	[guest]="python3 strace gdb libcap2-bin ninja-build fd-find"
	# and a file system to measure on
	[plots]="python3 gnuplot-nox e2fsprogs mount"
	# the kernel's selftests and liburing's
	[others]="git python3 llvm rsync dpkg-dev e2fsprogs"
	# what builds Debian packages and checks them
	[packages]="build-essential debhelper lintian"
	# and a Debian to install them in
	[root]="mmdebstrap genext2fs uidmap dpkg-dev"
)
declare -A TASKS=(
	[all]="build"
	[check]="build check"
	[kernel]="kernel"
	[vm]="build kernel vm"
	[run]="build kernel vm"
	[fuzz]="build kernel vm"
	[soak]="build kernel vm"
	[bench]="build kernel vm plots"
	[test]="build check kernel vm guest packages root"
	[regression]="build kernel vm others"
	[deb]="build packages"
)

# missing TARGET: the packages that are, each once.
missing()
{
	local package task
	for task in ${TASKS[$1]}; do
		for package in ${PACKAGES[$task]}; do
			echo "$package"
		done
	done | awk '!seen[$0]++' | while read -r package; do
		dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null |
			grep -qx installed || echo "$package"
	done
}

# As root, or through a sudo that asks nothing.
as_root()
{
	local -a sudo=()
	((EUID == 0)) || sudo=(sudo -n)
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive "$@"
}

# install_them PACKAGE...: the lists may be old or absent. They are refreshed only if
# need be.
install_them()
{
	as_root apt-get install -y --no-install-recommends "$@" && return
	as_root apt-get update &&
		as_root apt-get install -y --no-install-recommends "$@"
}

main()
{
	local list='' target=test
	local -a wanted

	while (($#)); do
		case $1 in
		-h | --help) show_help; exit 0 ;;
		--list) list=1 ;;
		-*) misuse "unknown option: $1" ;;
		*)
			target=$1
			[[ ${TASKS[$target]+set} ]] || misuse "unknown target: $1" ;;
		esac
		shift
	done

	mapfile -t wanted < <(missing "$target")
	((${#wanted[@]})) || exit 0
	if [[ $list ]]; then
		printf '%s\n' "${wanted[@]}"
		exit
	fi
	if ((EUID != 0)) && ! sudo -n true 2>/dev/null; then
		note "packages are missing; install them with"
		echo "sudo apt-get install -y --no-install-recommends ${wanted[*]}" >&2
		exit 1
	fi
	mkdir -p "$CACHE/log" || exit 1
	PHASE_LOG=$CACHE/log/packages.log
	: >"$PHASE_LOG"
	note "packages that are missing: ${wanted[*]}"
	phase "installing ${#wanted[@]} packages and what they need" \
		install_them "${wanted[@]}" || exit 1
}

main "$@"
