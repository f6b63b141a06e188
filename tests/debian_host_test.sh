#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What debian/ says is what the project has: its version, files, symbols and licences, and
# what is needed to build it. No package is built for that.

. "$(dirname "$0")/lib/tap.sh"
. "$(dirname "$0")/lib/spdx.sh"

DEBIAN=$TOP/debian

# same WHAT: the lists $DIR/debian and $DIR/project are, and not empty.
same()
{
	[[ -s $DIR/project ]] || fail "the project has no $1"
	run diff -u --label debian --label project "$DIR/debian" "$DIR/project"
	((!STATUS)) || { show_run; fail "debian/ has other $1"; }
}

test_the_version_is_that_of_the_tool()
{
	sed -n '1s/.*(\(.*\)).*/\1/p' "$DEBIAN/changelog" >"$DIR/debian"
	"$BUILD/spawnpol" --version | sed 's/^spawnpol \([0-9.]*\),.*/\1/' >"$DIR/project"
	same version
}

# matches FILE PATTERN: a directory stands for what is in it.
# shellcheck disable=SC2053 # it is a pattern
matches() { [[ $1 == $2 || $1 == $2/* ]]; }

# What make install puts down, and only that and files of the checkout, is in the packages.
test_each_file_has_one_package()
{
	local file pattern
	local -a patterns found
	local -A used=()
	run make -C "$TOP" install DESTDIR="$DIR/root" PREFIX=/usr LIBDIR=/usr/lib/multiarch
	expect_status 0
	mapfile -t patterns < <(sed '/^#/d; s/ .*//' "$DEBIAN"/*.install)
	while read -r file; do
		found=()
		for pattern in "${patterns[@]}"; do
			matches "$file" "$pattern" && found+=("$pattern") && used[$pattern]=1
		done
		((${#found[@]} == 1)) || fail "$file is installed by: ${found[*]:-nothing}"
	done < <(cd "$DIR/root" && find . ! -type d -printf '%P\n')
	for pattern in "${patterns[@]}"; do
		[[ ${used[$pattern]:-} ]] || compgen -G "$TOP/$pattern" >"$DIR/there" ||
			fail "nothing is like $pattern"
	done
}

test_symbols_are_those_of_the_libraries()
{
	local library
	for library in libspawnpol libspawnpol-bpf; do
		sed -n 's/^ \([^@]*\)@.*/\1/p' "$DEBIAN/${library}1.symbols" |
			sort >"$DIR/debian"
		nm -D --defined-only "$BUILD/$library.so" |
			sed 's/^[0-9a-f]* . //; s/@.*//' | sort >"$DIR/project"
		same "symbols of $library"
	done
}

test_what_builds_it_is_installed_for_it()
{
	mkdir "$DIR/bin"
	printf '#!/bin/sh\nexit 1\n' >"$DIR/bin/dpkg-query"
	chmod +x "$DIR/bin/dpkg-query"
	sed -n '/^Build-Depends:/,/^[A-Z].*: /{s/^ \([a-z0-9-]*\).*/\1/p}' "$DEBIAN/control" |
		sed 's/-compat$//' | sort >"$DIR/debian"
	PATH=$DIR/bin:$PATH "$TOP/tests/setup.sh" --list deb | sort >"$DIR/installed"
	comm -12 "$DIR/debian" "$DIR/installed" >"$DIR/project"
	same 'packages to build with'
}

# licences_of_patterns: the stanzas of debian/copyright, as PATTERN and licence.
licences_of_patterns()
{
	awk '
	function done(i) {
		for (i = 1; i <= n; i++)
			print file[i] "\t" licence
		n = 0
	}
	/^Files:/ { inside = 1; sub(/^Files:/, "") }
	/^[A-Z]/ { inside = 0 }
	inside { for (i = 1; i <= NF; i++) file[++n] = $i }
	/^License:/ && n { sub(/^License: /, ""); licence = $0; done() }' "$DEBIAN/copyright"
}

# As the format has it, the last pattern that fits counts, and "*" is any part of a path.
test_licences_are_those_of_the_files()
{
	local file licence i said
	local -a patterns licences
	mapfile -t patterns < <(licences_of_patterns | cut -f1)
	mapfile -t licences < <(licences_of_patterns | cut -f2)
	((${#patterns[@]} > 5)) || fail "debian/copyright is not understood"
	spdx_lines | sed -E 's/[()]//g; s/ WITH ([^ ]*)/ with \1 exception/; s/ OR / or /' \
		>"$DIR/project"
	[[ -s $DIR/project ]] || fail "no file has a licence"
	while IFS=$'\t' read -r file licence; do
		for ((i = ${#patterns[@]} - 1; i >= 0; i--)); do
			# shellcheck disable=SC2053 # it is a pattern
			[[ $file == ${patterns[i]} ]] && break
		done
		said=${licences[i]}
		[[ $said == "$licence" ]] || fail "$file has $licence, in debian/ $said"
	done <"$DIR/project"
}

run_tests "$@"
