#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: setup.sh [--list]
#>
#> Installs the Debian 12 packages that building and testing need, if any is
#> missing: as root, or through sudo when it asks for no password. Otherwise it
#> prints the command to run, and fails.
#>
#>   --list   only print the names of the missing packages

set -u
. "$(dirname "$0")/lib/common.sh"

# The kernel's source is no package to install: kernel.sh gets the version that
# it wants (see base_tarball in lib/common.sh).
KERNEL_BUILD="gcc make bc bison flex libelf-dev patch perl pahole xz-utils git"
USER_BUILD="clang llvm libbpf-dev liburing-dev libc6-dev zlib1g-dev
	pkg-config"
TESTS="qemu-system-x86 python3 iproute2 util-linux procps strace gdb gnuplot-nox
	libcap2-bin ninja-build fd-find"
# What `make regression` builds of others: the kernel's selftests and liburing's.
REGRESSION="rsync dpkg-dev e2fsprogs"
# Speeds things up or checks more, and is small.
HELPFUL="ccache shellcheck"

missing()
{
	local package
	for package in $KERNEL_BUILD $USER_BUILD $TESTS $REGRESSION $HELPFUL; do
		dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null |
			grep -qx installed || echo "$package"
	done
}

# As root, or through a sudo that asks nothing.
as_root()
{
	if ((EUID == 0)); then
		env DEBIAN_FRONTEND=noninteractive "$@" >&2
	else
		sudo -n env DEBIAN_FRONTEND=noninteractive "$@" >&2
	fi
}

main()
{
	local -a wanted install

	case ${1:-} in
	-h | --help) show_help; exit 0 ;;
	--list) missing; exit 0 ;;
	'') ;;
	*) misuse "unknown argument: $1" ;;
	esac

	mapfile -t wanted < <(missing)
	((${#wanted[@]})) || exit 0
	install=(apt-get install -y --no-install-recommends "${wanted[@]}")
	if ((EUID != 0)) && ! sudo -n true 2>/dev/null; then
		note "packages are missing; install them with"
		echo "sudo ${install[*]}" >&2
		exit 1
	fi
	note "installing ${wanted[*]}"
	# The lists may be old or absent: refresh them only if need be.
	as_root "${install[@]}" ||
		{ as_root apt-get update && as_root "${install[@]}"; } ||
		die "could not install them; the command was: ${install[*]}"
}

main "$@"
