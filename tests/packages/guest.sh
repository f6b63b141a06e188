#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the VM: the packages in SPAWNPOL_PACKAGES are installed with apt in a Debian that
# has only what they may depend on (SPAWNPOL_IMAGE, see root.sh), used on this kernel, and
# removed. The tests build on each other, in the order of this file.

TIME_LIMIT=300
. "$(dirname "$0")/../lib/tap.sh"

IMAGE=/tmp/image	# as it was made, read-only
CHANGES=/tmp/changes	# what differs
ROOT=/tmp/root		# both

make_root()
{
	mkdir -p "$IMAGE" "$ROOT" "$CHANGES/upper" "$CHANGES/work" &&
		mount -o loop,ro "$SPAWNPOL_IMAGE" "$IMAGE" &&
		mount -t overlay -o \
			"lowerdir=$IMAGE,upperdir=$CHANGES/upper,workdir=$CHANGES/work" \
			overlay "$ROOT" &&
		mount -t proc proc "$ROOT/proc" &&
		mount --rbind /sys "$ROOT/sys" &&
		mount --rbind /dev "$ROOT/dev" &&
		mkdir "$ROOT/mnt/packages" "$ROOT/mnt/tests" &&
		mount --bind "$SPAWNPOL_PACKAGES" "$ROOT/mnt/packages" &&
		mount --bind "$TOP/debian/tests" "$ROOT/mnt/tests"
}

# inside COMMAND...: in that Debian, with its own environment.
inside()
{
	chroot "$ROOT" /usr/bin/env -i HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# done_inside COMMAND...
done_inside() { run inside "$@"; expect_status 0; }

# install PACKAGE...: from its file, and what it depends on from the repository.
install()
{
	local file
	local -a files=()
	for file in "${@/%/_*.deb}"; do
		# shellcheck disable=SC2206 # it is a pattern
		files+=("$SPAWNPOL_PACKAGES"/$file)
	done
	done_inside apt-get install -qq --no-install-recommends \
		"${files[@]/#"$SPAWNPOL_PACKAGES"/\/mnt\/packages}"
}

# packages: those of the project that are there, if only their configuration is.
packages()
{
	# shellcheck disable=SC2016 # dpkg-query expands it
	inside dpkg-query -W -f '${db:Status-Status} ${Package}\n' '*spawnpol*' |
		sed -n '/^not-installed /d; s/.* //p'
}

is_installed() { inside dpkg -s "$1" 2>/dev/null | grep -qx 'Status: install ok installed'; }

test_the_tool_needs_its_policies_only()
{
	run inside sh -c 'apt-get install -s /mnt/packages/spawnpol_*.deb'
	expect_status 100
	expect_out 'Depends: spawnpol-policies'
	install spawnpol spawnpol-policies
	is_installed libbpf1 || fail "libbpf1 was not installed with it"
	! is_installed libspawnpol1 || fail "libspawnpol1 was"
	done_inside /mnt/tests/tool
	expect_out 'this kernel can do it'
	done_inside spawnpol probe
}

test_an_installed_policy_decides()
{
	done_inside spawnpol load hello_policy
	done_inside spawnpol list
	expect_out hello_policy
	done_inside spawnpol run --policy hello_policy --chdir /nonexistent /bin/pwd
	expect_equal "$OUT" /
	run inside spawnpol run --no-policy --chdir /nonexistent /bin/pwd
	expect_status 126
	done_inside spawnpol unload hello_policy
	done_inside spawnpol list
	[[ $OUT != *hello_policy* ]] || fail "it is still loaded"
}

test_an_installed_actor_runs_commands()
{
	echo 'echo one of the jobs' >"$ROOT/root/jobs"
	done_inside spawnpol jobs /root/jobs
	rm "$ROOT/root/jobs"
	expect_out 'one of the jobs'
}

test_programs_are_built_and_run()
{
	install libspawnpol-dev libspawnpol1 libspawnpol-bpf1
	done_inside pkg-config --cflags --libs libspawnpol
	expect_out -lspawnpol
	done_inside /mnt/tests/launchers /root/launchers
	done_inside ldd /root/launchers/pipeline
	expect_out 'libspawnpol.so.1 => /lib/'
	done_inside sh -c "printf 'b\na\nb\n' | /root/launchers/pipeline"
	expect_equal "${OUT//$'\n'/,}" '      1 a,      2 b'
	done_inside /root/launchers/copy /etc/debian_version /root/launchers/version
	cmp "$ROOT/etc/debian_version" "$ROOT/root/launchers/version" || fail "a wrong copy"
	rm -r "$ROOT/root/launchers"
}

test_programs_that_are_not_made_for_it()
{
	install libspawnpol-posix
	done_inside /mnt/tests/posix
}

# As README.md has it.
test_all_of_them_are_installed_at_once()
{
	done_inside sh -c 'apt-get install -qq /mnt/packages/*.deb'
	is_installed spawnpol-doc || fail "the documentation is not installed"
	[[ -s $ROOT/usr/share/doc/spawnpol/README.md ]] || fail "there is no README.md"
}

# What apt, dpkg and ldconfig keep up to date, and what this file has put there.
NOT_OURS='^. (var/(lib/(apt|dpkg)|cache/(apt|ldconfig)|log)/|etc/ld\.so\.cache$'
NOT_OURS+='|tmp/tmp\.|mnt/(packages|tests)$)'

# changed: what differs from the image now. To start cmp is slow: it is for files of the
# image that were written to.
changed()
{
	(cd "$CHANGES/upper" && find . -mindepth 1 -printf '%y %P\n') |
		grep -vE "$NOT_OURS" | while read -r type name; do
			[[ $type == d && -d $IMAGE/$name ]] && continue
			[[ $type == f && -f $IMAGE/$name ]] &&
				cmp -s "$CHANGES/upper/$name" "$IMAGE/$name" && continue
			echo "$name"
		done
}

test_nothing_is_left_of_them()
{
	local -a installed
	[[ $(changed) == *usr/bin/spawnpol* ]] || fail "changes are not seen"
	mapfile -t installed < <(packages)
	expect_equal "${#installed[@]}" 7
	done_inside apt-get purge -qq --auto-remove "${installed[@]}"
	expect_equal "$(packages)" ''
	expect_equal "$(changed)" ''
	expect_equal "$(find "$CHANGES/upper" -name '*spawnpol*' ! -type c)" ''
	expect_equal "$(find /sys/fs/bpf ! -type d)" ''
}

[[ ${1:-} == --one ]] || make_root || die "no root directory to install in"
run_tests "$@"
