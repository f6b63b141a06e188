#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Descriptors of the tool, the daemon and the libraries are closed on exec: every call
# that makes one says so, in the source.

. "$(dirname "$0")/lib/tap.sh"

# calls_without FILE...: calls that make a descriptor and do not have it closed on exec.
calls_without()
{
	PATH=/usr/bin:/bin python3 - "$@" <<-'END'
	import re, sys
	CALLS = {	# what makes a descriptor, and what its arguments must have
	    "open": "O_CLOEXEC", "openat": "O_CLOEXEC", "openat2": "O_CLOEXEC",
	    "creat": None, "socket": "SOCK_CLOEXEC", "socketpair": "SOCK_CLOEXEC",
	    "accept": None, "accept4": "SOCK_CLOEXEC", "recvmsg": "MSG_CMSG_CLOEXEC",
	    "pipe": None, "pipe2": "O_CLOEXEC", "dup": None, "dup2": None,
	    "dup3": "O_CLOEXEC", "epoll_create": None, "epoll_create1": "EPOLL_CLOEXEC",
	    "eventfd": "EFD_CLOEXEC", "timerfd_create": "TFD_CLOEXEC",
	    "signalfd": "SFD_CLOEXEC", "inotify_init": None,
	    "inotify_init1": "IN_CLOEXEC", "memfd_create": "MFD_CLOEXEC",
	    "mkstemp": None, "mkostemp": "O_CLOEXEC", "tmpfile": None, "popen": None,
	    "fopen": '"[^"]*e[^"]*"', "fdopen": ".", "freopen": '"[^"]*e[^"]*"',
	}
	def arguments(text, at):
	    depth = 0
	    for end in range(at, len(text)):
	        depth += (text[end] == "(") - (text[end] == ")")
	        if not depth:
	            return text[at + 1:end]
	    return text[at + 1:]
	for path in sys.argv[1:]:
	    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]),
	                  open(path).read(), flags=re.S)
	    for m in re.finditer(r"(?<![\w>.])(\w+)\s*\(", text):
	        name, given = m[1], arguments(text, m.end() - 1)
	        wanted = CALLS.get(name, "")
	        bad = wanted is None or not re.search(wanted, given)
	        if name == "fcntl":
	            bad = re.search(r"F_DUPFD\b", given)
	        # no calls: of the library's builder in BUILD(), and names of pages
	        if bad and not re.match(r"CHAIN|\d$", given):
	            line = text.count("\n", 0, m.start()) + 1
	            print(f"{path}:{line}: {name}({' '.join(given.split())})")
	END
}

# A test that finds nothing must be able to find something.
test_the_search_finds_what_it_should()
{
	cat >"$DIR/bad.c" <<-'END'
	int f(void)
	{
		int fd = open("x", O_RDONLY);	/* O_CLOEXEC */
		int ok = open("x",
			      O_RDONLY | O_CLOEXEC);
		if (dup(fd) < 0 || accept4(fd, 0, 0, 0) < 0)
			return fcntl(fd, F_DUPFD, 3);
		return fopen("x", "r") || fopen("x", "re") || fcntl(fd, F_DUPFD_CLOEXEC, 3);
	}
	END
	OUT=$(calls_without "$DIR/bad.c" | sed 's/.*: //; s/(.*//' | sort | uniq | xargs)
	expect_equal "$OUT" 'accept4 dup fcntl fopen open'
	expect_equal "$(calls_without "$DIR/bad.c" | wc -l)" 5
}

test_every_descriptor_is_closed_on_exec()
{
	local found
	local -a files
	mapfile -t files < <(find "$TOP/user" "$TOP/examples" -name '*.c')
	((${#files[@]} > 60)) || fail "few files"
	found=$(calls_without "${files[@]}")
	[[ ! $found ]] || fail "not closed on exec:"$'\n'"$found"
}

# Neither daemon nor bench stands on the tool, and what is shared on none of them.
test_nobody_stands_on_the_tool()
{
	local found
	found=$(cd "$TOP" && grep -nE '#include "(\.\./)*(user/)?tool/' -r user/common user/daemon \
		user/lib user/libbpf user/posix bench examples 2>/dev/null
		grep -nE '#include "(\.\./)*(user/)?(daemon|tool)/' -r user/common user/lib)
	[[ ! $found ]] || fail "$found"
}

# error.c is below all else: what it includes does not include it.
test_errors_are_in_no_circle()
{
	local header
	while read -r header; do
		case $header in
		tool.h | json.h | json_*.h) continue ;;
		common/*) header=$TOP/user/${header%.h}.c ;;
		*) header=$TOP/user/tool/${header%.h}.c ;;
		esac
		! grep -qE '\b(misuse|refuse|advise|unsupported|fail)\(' "$header" ||
			fail "error.c needs $header, which reports errors"
	done < <(sed -n 's/^#include "\(.*\)"$/\1/p' "$TOP/user/tool/error.c")
}

run_tests "$@"
