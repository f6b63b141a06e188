# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Libraries and programs to be compiled by tests of libspawnpol-posix among others that
# have a posix_spawn of their own.

# make_interposer FILE: a library whose functions say that they are called, and call the
# next ones.
make_interposer()
{
	cat >"$DIR/interposer.c" <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <spawn.h>
		#include <unistd.h>

		#define STAND_IN(name) \
		int name(pid_t *pid, const char *file, \
			 const posix_spawn_file_actions_t *actions, \
			 const posix_spawnattr_t *attr, char *const argv[], \
			 char *const envp[]) \
		{ \
			__typeof__(name) *next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); \
			if (write(2, "other: " #name "\n", sizeof("other: " #name)) < 0) \
				return 1; \
			return next(pid, file, actions, attr, argv, envp); \
		}

		STAND_IN(posix_spawn)
		STAND_IN(posix_spawnp)
	END
	cc -shared -fPIC -o "$1" "$DIR/interposer.c" || fail "the library does not compile"
}

# make_spawner FILE [OPTION...]: a program that starts "true" by both functions. With
# -DEARLY a constructor does that, with -DBY_DLOPEN functions of the library in $1.
make_spawner()
{
	cat >"$DIR/spawner.c" <<-'END'
		#include <dlfcn.h>
		#include <spawn.h>
		#include <stdlib.h>
		#include <sys/wait.h>

		extern char **environ;

		static void run(__typeof__(posix_spawn) *spawn, const char *file)
		{
			char *argv[] = { (char *)file, NULL };
			int status;
			pid_t pid;

			if (spawn(&pid, file, NULL, NULL, argv, environ))
				exit(2);
			if (waitpid(pid, &status, 0) != pid || status)
				exit(3);
		}

		#ifdef EARLY
		__attribute__((constructor))
		#endif
		static void run_both(void)
		{
			/* as a library that all programs load it would never end */
			unsetenv("LD_PRELOAD");
			run(posix_spawn, "/bin/true");
			run(posix_spawnp, "true");
		}

		int main(int argc, char *argv[])
		{
		#ifdef BY_DLOPEN
			void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;

			if (!library)
				return 4;
			run((__typeof__(posix_spawn) *)dlsym(library, "posix_spawn"), "/bin/true");
			run((__typeof__(posix_spawn) *)dlsym(library, "posix_spawnp"), "true");
		#elif !defined(EARLY)
			run_both();
		#endif
			return 0;
		}
	END
	cc -w -o "$1" "${@:2}" "$DIR/spawner.c" || fail "the program does not compile"
}

# shellcheck disable=SC2034 # for the tests
OTHERS_WORDS=$'other: posix_spawn\nother: posix_spawnp'
