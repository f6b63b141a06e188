#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What `make install` puts down is enough to build against, and `make uninstall`
# takes all of it away. No kernel is needed for any of it.

TIME_LIMIT=300
. "$(dirname "$0")/lib/tap.sh"

ROOT=''	# where this test installs

# Where the make that runs this test installs, as in make check install DESTDIR=...
unset DESTDIR PREFIX BINDIR LIBDIR INCDIR DATADIR MANDIR DOCDIR

install_there()
{
	ROOT=$DIR/root
	run make -C "$TOP" install DESTDIR="$ROOT" PREFIX=/usr
	expect_status 0
}

# build LIBRARY CALL FLAG...: a program that needs nothing but what is installed, and
# links that library (with FLAG -static: all of it).
build()
{
	local library=$1 call=$2
	local -a flags
	shift 2
	printf '#include <%s.h>\nint main(void) { return (%s) ? 0 : 1; }\n' \
		"$(header_of "$library")" "$call" >"$DIR/program.c"
	export PKG_CONFIG_SYSROOT_DIR=$ROOT PKG_CONFIG_PATH=$ROOT/usr/lib/pkgconfig
	export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
	read -ra flags < <(pkg-config --cflags --libs "${@/#-static/--static}" "$library")
	run gcc -Wall -Werror "$@" "$DIR/program.c" "${flags[@]}" -o "$DIR/program"
	expect_status 0
	run env LD_LIBRARY_PATH="$ROOT/usr/lib" "$DIR/program"
	expect_status 0
}

header_of() { tr - _ <<<"${1#lib}"; }

test_installed_files_are_enough_to_build_against()
{
	install_there
	build libspawnpol 'spawnpol_version() == SPAWNPOL_VERSION'
	run env LD_LIBRARY_PATH="$ROOT/usr/lib" ldd "$DIR/program"
	expect_out "$ROOT/usr/lib/libspawnpol.so.1"
	[[ $OUT != *libbpf* ]] || fail "libspawnpol drags libbpf along"
	build libspawnpol-bpf 'spawnpol_policy_load("/nonexistent", NULL) == -2'
	run env LD_LIBRARY_PATH="$ROOT/usr/lib" ldd "$DIR/program"
	expect_out "$ROOT/usr/lib/libspawnpol-bpf.so.1"
}

test_installed_libraries_can_be_linked_statically()
{
	install_there
	build libspawnpol 'spawnpol_version() == SPAWNPOL_VERSION' -static
	build libspawnpol-bpf 'spawnpol_policy_load("/nonexistent", NULL) == -2' -static
}

# What is installed tells of nothing that is not.
test_installed_files_refer_to_what_is_installed()
{
	install_there
	run grep -rnE '(docs|tests|bpf|user)/[a-z_]+\.|\.md\b' "$ROOT/usr/include" \
		"$ROOT/usr/share/doc" "$ROOT/usr/lib/pkgconfig"
	expect_equal "$OUT" "$(grep -rn '^#include <bpf/' "$ROOT/usr/include")"
}

# "man FUNCTION" finds its page, whichever that is.
test_every_function_has_a_page_of_its_name()
{
	local name page there
	install_there
	# those that take the size of a structure are called by inline functions
	for name in $(nm -D --defined-only "$ROOT"/usr/lib/libspawnpol.so \
			"$ROOT"/usr/lib/libspawnpol-bpf.so |
			sed -n 's/.* T \(spawnpol_[a-z_0-9]*\)@@.*/\1/p' | sed 's/_sized$//'); do
		page=$ROOT/usr/share/man/man3/$name.3
		[[ -s $page ]] || fail "there is no page $name.3"
		there=$(sed -n 's/^\.so //p' "$page")
		page=$ROOT/usr/share/man/${there:-man3/$name.3}
		sed -n '/^\.SH NAME/,/^\.SH [^N]/p' "$page" | grep -qw "$name" ||
			fail "$page is not about $name"
	done
	[[ ${there:-} ]] || fail "no page is a link"
	expect_equal "$(cd "$ROOT/usr/share/man" && find . -type f ! -name '*spawnpol*')" ''
}

# Whatever PREFIX is: hints name it, and the library finds what belongs to it.
test_an_unusual_prefix()
{
	run make -C "$TOP" install PREFIX="$DIR/prefix"
	expect_status 0
	expect_out "PKG_CONFIG_PATH  $DIR/prefix/lib/pkgconfig"
	expect_out "LD_LIBRARY_PATH  $DIR/prefix/lib"
	ROOT=''
	cat >"$DIR/program.c" <<-'END'
	#include <spawnpol_bpf.h>
	#include <stdio.h>
	int main(int argc, char **argv)
	{
		struct spawnpol_policy_load_opts opts = { .sz = sizeof(opts) };
		char log[8192] = "";
		opts.log = log;
		opts.log_size = sizeof(log);
		spawnpol_policy_load(argc > 1 ? argv[1] : "", &opts);
		puts(log);
	}
	END
	export PKG_CONFIG_PATH=$DIR/prefix/lib/pkgconfig
	local -a flags
	read -ra flags < <(pkg-config --cflags --libs libspawnpol-bpf)
	run gcc -Wall -Werror "$DIR/program.c" "${flags[@]}" -o "$DIR/program"
	expect_status 0
	mv "$DIR/prefix/share/spawnpol/hello_policy.bpf.o" \
		"$DIR/prefix/share/spawnpol/of_this_prefix.bpf.o"
	run env LD_LIBRARY_PATH="$DIR/prefix/lib" "$DIR/program" of_this_prefix
	[[ $OUT && $OUT != *'cannot read'* ]] || fail "it is not found: $OUT"
	run env LD_LIBRARY_PATH="$DIR/prefix/lib" "$DIR/program" no_such_policy
	expect_out 'cannot read the object file no_such_policy'
}

test_uninstall_leaves_nothing()
{
	install_there
	run make -C "$TOP" uninstall DESTDIR="$ROOT" PREFIX=/usr
	expect_status 0
	expect_equal "$(find "$ROOT" ! -type d)" ''
}

# Somebody else can be installing from the same build, for another place.
test_an_installation_leaves_the_build_as_it_is()
{
	run make -C "$TOP" install PREFIX="$DIR/prefix"
	expect_status 0
	expect_equal "$(grep -lsF "$DIR/prefix" "$BUILD"/*)" ''
}

# Goals of a parallel make are made at the same time.
test_checks_wait_for_what_builds()
{
	run make -C "$TOP" -n check all install DESTDIR="$DIR/root"
	expect_status 0
	expect_out 'tests/run.sh --host'
	[[ ${OUT#*tests/run.sh --host} != *install\ * ]] || fail "they do not: $OUT"
}

# build_examples_of PACKAGE: install, and copy and build its examples in $DIR/mine.
build_examples_of()
{
	run make -C "$TOP" install PREFIX="$DIR/prefix"
	expect_status 0
	export PKG_CONFIG_PATH=$DIR/prefix/lib/pkgconfig
	cp -r "$(pkg-config --variable=exampledir "$1")" "$DIR/mine" ||
		fail "no example is installed"
	run make -C "$DIR/mine"
	expect_status 0
	[[ ! $ERR ]] || fail "it built with warnings: $ERR"
}

# The examples are copied, built, and are the same programs as in the checkout.
test_policies_are_built_from_installed_files()
{
	local name
	build_examples_of spawnpol-policy
	for name in wait_busy search_dirs; do
		program "$DIR/mine/$name.bpf.o" >"$DIR/got"
		program "$BUILD/examples/policy/$name.bpf.o" >"$DIR/wanted"
		cmp "$DIR/got" "$DIR/wanted" || fail "$name is another program"
		[[ -s $DIR/mine/$name.situations ]] || fail "$name has no situations"
	done
}

test_launchers_are_built_from_installed_files()
{
	local name
	build_examples_of libspawnpol
	for name in epoll wrapped_ring; do
		[[ -x $DIR/mine/$name ]] || fail "there is no $name"
	done
	run env PKG_CONFIG_LIBDIR=/nonexistent PKG_CONFIG_PATH= make -C "$DIR/mine" clean
	expect_status 2
	expect_err 'PKG_CONFIG_PATH'
}

# Packages are unpacked elsewhere, and pkg-config is told so.
test_an_installation_can_be_moved()
{
	local package variable
	run make -C "$TOP" install PREFIX="$DIR/prefix"
	expect_status 0
	mv "$DIR/prefix" "$DIR/moved"
	export PKG_CONFIG_PATH=$DIR/moved/lib/pkgconfig
	for package in libspawnpol libspawnpol-bpf spawnpol-policy; do
		expect_equal "$(pkg-config --variable=prefix "$package")" "$DIR/prefix"
		run pkg-config --define-prefix --cflags --libs "$package"
		expect_out "-I$DIR/moved/include"
		[[ $OUT != *"$DIR/prefix"* ]] || fail "$package is at its old place: $OUT"
	done
	for variable in policydir exampledir; do
		[[ -d $(pkg-config --define-prefix --variable="$variable" spawnpol-policy) ]] ||
			fail "$variable is at its old place"
	done
}

# program OBJECT: its instructions.
program()
{
	llvm-objdump -d --no-show-raw-insn "$1" | grep -v 'file format' | grep . ||
		fail "there is no program in $1"
}

test_the_example_says_what_is_missing()
{
	cp -r "$TOP/examples/policy" "$DIR/mine"
	run env PKG_CONFIG_LIBDIR=/nonexistent make -C "$DIR/mine"
	expect_status 2
	expect_err 'PKG_CONFIG_PATH'
}

# Where a kernel's types are asked for, kernel.sh finds none and fails.
test_objects_need_no_kernel_and_are_the_same_everywhere()
{
	local object
	local -a objects=()
	export XDG_CACHE_HOME=$DIR/cache SPAWNPOL_KERNEL=dev
	for object in bpf/{hello,audit,fallback,spawn}_policy tests/lsm bench/decision; do
		objects+=("$object.bpf.o")
	done
	run make -C "$TOP" B="$DIR/build" "${objects[@]/#/$DIR/build/}"
	expect_status 0
	run make -C "$TOP" "${objects[@]/#/build/}"
	expect_status 0
	for object in "${objects[@]}"; do
		cmp "$DIR/build/$object" "$BUILD/$object" || fail "$object differs"
	done
	[[ ! -e $DIR/cache ]] || fail "something is cached: $(ls "$DIR/cache")"
}

test_nothing_is_built_from_a_kernel()
{
	run make -C "$TOP" -n -B all install DESTDIR="$DIR/root"
	expect_status 0
	[[ $OUT != *kernel.sh* ]] || fail "make all or install runs kernel.sh"
	expect_out 'bpf/spawn_policy.bpf.c'
}

run_tests "$@"
