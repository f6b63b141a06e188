#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#> usage: run.sh [OPTION ...] -- COMMAND [ARG ...]
#>
#> Boots the patched kernel in QEMU with this machine's root file system,
#> read-only, as the guest's (tmpfs on /tmp, /var/tmp, /run and /dev/shm), runs
#> COMMAND there as root in the current directory, and exits with its status.
#> A file that changes on this machine has changed in the guest when it is opened
#> there the next time; only what is below /usr/{bin,sbin,lib,share} has to stay as it is.
#> With --cached nothing may change meanwhile.
#> A line on standard error says that the machine boots. Standard output and error of
#> COMMAND come out as they are produced; its standard input is empty. Needs no root
#> rights. Builds the kernel first if need be.
#>
#>   --base           the kernel without the series
#>   --debug          the kernel with KASAN, lockdep, kmemleak and the rest
#>   --icount         count instructions instead of time: one processor,
#>                    repeatable to a few parts in a thousand, ten times slower
#>   --cached         keep what was read of this machine's files: programs that are
#>                    not the system's start several times as fast
#>   --cpus N         processors (2)
#>   --mem M          memory, as QEMU understands it (2G; with --debug 1536M)
#>   --timeout S      give up after S seconds (600; with --tty never)
#>   --kernel FILE    boot this bzImage
#>   --writable DIR   share DIR writably at its own path
#>   --append WORDS   more words for the kernel's command line
#>   --log FILE       keep the kernel's log there
#>   --no-leak-scan   with --debug: no kmemleak scan after COMMAND
#>   --tty            COMMAND on this terminal, for a shell
#>   --verbose        the kernel's log on standard error, too
#>
#> COMMAND sees SPAWNPOL_VM=1, HOME=/tmp/home, and of the caller's environment
#> PATH, TERM, LANG and SPAWNPOL_*. Lines it writes to /dev/kmsg appear in the
#> kernel's log.
#>
#> exit status: COMMAND's, or
#>    2  wrong usage
#>   70  the kernel complained: warning, oops, lockdep, KASAN, UBSAN, leak,
#>       hung task, stall or panic (whatever COMMAND's status was)
#>   71  the machine went away without reporting COMMAND's status
#>   72  the time ran out
#>
#> SPAWNPOL_ACCEL=kvm or tcg overrides the choice of accelerator, which
#> otherwise comes from a trial boot and is remembered in the cache directory.
#> SPAWNPOL_KERNEL=dev boots what `kernel.sh build --tree` made last.

# shellcheck disable=SC2054 # QEMU's options have commas

set -u
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/complaints.sh"

COMPLAINED=70 VANISHED=71 TIMED_OUT=72

VARIANT=prod CPUS=2 MEM='' TIMEOUT='' KERNEL='' WRITABLE='' APPEND='' LOG=''
LEAKSCAN=0 TTY=0 VERBOSE=0 ICOUNT=0 CACHED=0
COMMAND=()
QEMU_PID='' JOB=''

parse_options()
{
	while (($#)); do
		case $1 in
		--debug) VARIANT=debug LEAKSCAN=${LEAKSCAN/0/1} ;;
		--base) VARIANT=base ;;
		--icount) ICOUNT=1 ;;
		--cached) CACHED=1 ;;
		--tty) TTY=1 ;;
		--verbose) VERBOSE=1 ;;
		--no-leak-scan) LEAKSCAN=never ;;
		-h | --help) show_help; exit 0 ;;
		--) shift; COMMAND=("$@"); break ;;
		--cpus | --mem | --timeout | --kernel | --writable | --append | --log)
			(($# >= 2)) || misuse "$1 needs a value"
			parse_value "$1" "$2"
			shift ;;
		*) misuse "unknown option: $1" ;;
		esac
		shift
	done
	((${#COMMAND[@]})) || misuse "no command given"
}

parse_value()
{
	case $1 in
	--cpus | --timeout)
		[[ $2 =~ ^[1-9][0-9]*$ ]] || misuse "$1 needs a number, not '$2'" ;;
	esac
	case $1 in
	--cpus) CPUS=$2 ;;
	--mem) MEM=$2 ;;
	--timeout) TIMEOUT=$2 ;;
	--kernel) KERNEL=$2 ;;
	--writable) WRITABLE=$(realpath -e "$2") || misuse "no directory $2" ;;
	--append) APPEND=$2 ;;
	--log) LOG=$2 ;;
	esac
}

# What decides whether KVM works here, so that the answer is not carried to
# another machine with the same home directory.
accel_fingerprint()
{
	{
		uname -nr
		qemu-system-x86_64 --version
		grep -m1 'model name' /proc/cpuinfo
		stat -c %t:%T:%a:%u /dev/kvm
	} 2>&1 | sha256sum | cut -c1-16
}

# Some machines have a /dev/kvm that cannot run a stock kernel.
choose_accel()
{
	local memory
	case ${SPAWNPOL_ACCEL:-} in
	kvm | tcg) echo "$SPAWNPOL_ACCEL"; return ;;
	'') ;;
	*) die "SPAWNPOL_ACCEL is '$SPAWNPOL_ACCEL'; it can be kvm or tcg" ;;
	esac
	memory=$CACHE/accel-$(accel_fingerprint)
	if [[ ! -s $memory ]]; then
		if [[ ! -w /dev/kvm ]]; then
			echo "tcg no access to /dev/kvm" >"$memory"
		elif SPAWNPOL_ACCEL=kvm "$0" --timeout 60 --kernel "$KERNEL" \
			-- true >/dev/null 2>&1; then
			echo "kvm a trial boot worked" >"$memory"
		else
			echo "tcg a trial boot with KVM failed ($?)" >"$memory"
		fi
		note "accelerator: $(<"$memory")"
	fi
	cut -d' ' -f1 "$memory"
}

# The rate of the time stamp counter that an emulated guest sees, which is this
# machine's. A guest would measure it against emulated timers and, if the machine has
# much else to do, be wrong by a factor of ten, and its clock with it. Remembered until
# this machine boots again.
tsc_khz()
{
	local memory=$CACHE/tsc-khz machine known='' khz='' tool
	machine=$(cat /proc/sys/kernel/random/boot_id <(uname -n) \
		<(grep -m1 'model name' /proc/cpuinfo) | sha256sum | cut -c1-16)
	[[ -s $memory ]] && read -r known khz <"$memory"
	if [[ $known != "$machine" ]]; then
		tool=$(mktemp) || return 1
		khz=$(${CC:-cc} -O2 -o "$tool" "$TOP/tests/vm/tsc_khz.c" && "$tool")
		rm -f "$tool"
		[[ $khz ]] && echo "$machine $khz" >"$memory.$$" &&
			mv "$memory.$$" "$memory"
	fi
	[[ $khz ]] || note "the guest has to find out its clock's rate by itself"
	echo "$khz"
}

# Strings with any byte but NUL get through as they are.
write_job()
{
	local name deadline=${TIMEOUT:-0}
	local -a environ=(HOME=/tmp/home SPAWNPOL_VM=1
		"PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin")

	((ICOUNT)) && deadline=0
	for name in TERM LANG "${!SPAWNPOL_@}"; do
		[[ ${!name+set} ]] && environ+=("$name=${!name}")
	done
	printf '%s\0' "${COMMAND[@]}" >"$JOB/command"
	printf '%s\0' "${environ[@]}" >"$JOB/environ"
	{
		printf 'TOP=%q\nCWD=%q\n' "$TOP" "$PWD"
		printf 'TTY=%q\nWRITABLE=%q\n' "$TTY" "$WRITABLE"
		printf 'LEAKSCAN=%q\nDEADLINE=%q\n' "$LEAKSCAN" "$deadline"
	} >"$JOB/settings"
	: >"$JOB/status"
	: >"$JOB/log"
	mkfifo "$JOB/out" "$JOB/err"
}

# kernel_command_line [KHZ]: with the rate of the guest's time stamp counter.
kernel_command_line()
{
	local cache=mmap
	local words="console=ttyS0 loglevel=7 log_buf_len=4M printk.devkmsg=on panic=-1 oops=panic"
	words+=" root=hostroot rootfstype=9p ro"
	# cache=mmap keeps files while they are open; see fstab for those that are kept
	# in any case.
	((CACHED)) && cache=loose
	words+=" rootflags=trans=virtio,version=9p2000.L,msize=512000,cache=$cache"
	words+=" init=$TOP/tests/vm/init SPAWNPOL_JOB=$JOB"
	words+=" tsc=reliable no_timer_check${1:+ tsc_early_khz=$1}"
	# A processor of the guest that gets none of the host for a while looks locked up
	# to its kernel: give it two minutes, the most there can be.
	words+=" watchdog_thresh=60"
	# QEMU finds translated code by its virtual address: with ASLR, programs
	# and their libraries were translated again for each process.
	words+=" norandmaps"
	# With --icount the clock leaps while the guest waits for the host.
	((ICOUNT)) && words+=" nowatchdog workqueue.watchdog_thresh=0" &&
		words+=" sysctl.kernel.hung_task_timeout_secs=0"
	echo "$words $APPEND"
}

qemu_arguments()
{
	local accel=$1 khz=''
	# An instruction counts as a nanosecond, and KVM tells its guest the rate.
	((ICOUNT)) || [[ $accel == kvm ]] || khz=$(tsc_khz)
	QEMU=(qemu-system-x86_64 -nodefaults -no-user-config -display none
		-machine q35 -m "$MEM" -no-reboot -kernel "$KERNEL"
		-append "$(kernel_command_line "$khz")"
		-serial "file:$JOB/log" -device virtio-rng-pci
		-fsdev "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"
		-device virtio-9p-pci,fsdev=root,mount_tag=hostroot
		-fsdev "local,id=usr,path=/usr,security_model=none,readonly=on,multidevs=remap"
		-device virtio-9p-pci,fsdev=usr,mount_tag=hostusr
		-device virtio-serial-pci,max_ports=8
		-chardev "file,id=status,path=$JOB/status"
		-chardev "file,id=out,path=$JOB/out"
		-chardev "file,id=err,path=$JOB/err"
		-device virtserialport,nr=1,chardev=status
		-device virtserialport,nr=2,chardev=out
		-device virtserialport,nr=3,chardev=err)
	if ((TTY)); then
		QEMU+=(-chardev stdio,id=tty,signal=off
			-device virtconsole,nr=0,chardev=tty)
	fi
	if [[ $WRITABLE ]]; then
		QEMU+=(-fsdev "local,id=rw,path=$WRITABLE,security_model=none,multidevs=remap"
			-device virtio-9p-pci,fsdev=rw,mount_tag=writable)
	fi
	# la57: an interrupt during early boot sees 5-level paging half set up,
	# and KASAN takes that for a wild access, one debug boot in three.
	if ((ICOUNT)); then
		QEMU+=(-accel tcg,thread=single -smp 1 -cpu max,la57=off
			-icount shift=0,sleep=off)
	elif [[ $accel == kvm ]]; then
		QEMU+=(-accel kvm -cpu host -smp "$CPUS")
	else
		QEMU+=(-accel tcg,thread=multi -cpu max,la57=off -smp "$CPUS")
	fi
}

cleanup()
{
	local pid
	for pid in $QEMU_PID ${TAIL_PID:-} ${OUT_PID:-} ${ERR_PID:-}; do
		kill "$pid" 2>/dev/null
	done
	[[ $QEMU_PID ]] && wait "$QEMU_PID" 2>/dev/null
	[[ $LOG && -e $JOB/log ]] && cp "$JOB/log" "$LOG"
	[[ $JOB ]] && rm -rf "$JOB"
}

boot()
{
	local -a limit=()

	cat "$JOB/out" & OUT_PID=$!
	cat "$JOB/err" >&2 & ERR_PID=$!
	if ((VERBOSE)); then
		tail -n +1 -f "$JOB/log" >&2 & TAIL_PID=$!
	fi
	[[ $TIMEOUT ]] && limit=(timeout --foreground -k 5 "$TIMEOUT")
	if ((TTY)); then
		"${limit[@]}" "${QEMU[@]}" <&0 & QEMU_PID=$!
	else
		"${limit[@]}" "${QEMU[@]}" </dev/null >"$JOB/qemu" 2>&1 & QEMU_PID=$!
	fi
	wait "$QEMU_PID"
	QEMU_STATUS=$?
	QEMU_PID=''
	# If QEMU never opened the pipes, the relays still wait for a writer.
	: 3<>"$JOB/out" 4<>"$JOB/err"
	wait "$OUT_PID" "$ERR_PID"
	OUT_PID='' ERR_PID=''
}

# The default is failure: only a status that arrived counts.
verdict()
{
	local status test
	status=$(tr -cd 0-9 <"$JOB/status")
	if complaints <"$JOB/log" >/dev/null; then
		test=$(culprits "$JOB/log")
		note "the kernel complained${test:+ during $test};" \
			"COMMAND's status: ${status:-unknown}"
		excerpt 60 "$JOB/log" >&2
		return $COMPLAINED
	fi
	if [[ $TIMEOUT && ($QEMU_STATUS == 124 || $QEMU_STATUS == 137) && ! $status ]] &&
		((SECONDS >= TIMEOUT)); then
		note "timed out after $TIMEOUT s; the end of the kernel's log:"
		tail -n 100 "$JOB/log" | tr -d '\r' >&2
		return $TIMED_OUT
	fi
	if [[ ! $status ]]; then
		note "the machine went away (QEMU's status $QEMU_STATUS):"
		tail -n 5 "$JOB/qemu" 2>/dev/null >&2
		tail -n 20 "$JOB/log" | tr -d '\r' >&2
		return $VANISHED
	fi
	return "$status"
}

main()
{
	local accel

	parse_options "$@"
	[[ $LEAKSCAN == never ]] && LEAKSCAN=0
	mkdir -p "$CACHE" || exit 1
	if [[ ! $KERNEL ]]; then
		KERNEL=$("$TOP/tests/vm/kernel.sh" path "$VARIANT") || exit 1
	fi
	[[ -r $KERNEL ]] || die "cannot read the kernel $KERNEL"
	if [[ ! $MEM ]]; then
		MEM=2G
		# the scan for leaks looks at all of it, half a second per 100M
		[[ $VARIANT == debug ]] && MEM=1536M
	fi
	((TTY)) || TIMEOUT=${TIMEOUT:-600}
	accel=$(choose_accel) || exit 1

	trap cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	JOB=$(mktemp -d "${TMPDIR:-/tmp}/spawnpol-vm.XXXXXX") || exit 1
	write_job
	qemu_arguments "$accel"
	SECONDS=0
	# nothing else is to be seen for some seconds
	note "booting the $VARIANT kernel ($accel)"
	boot
	verdict
	exit
}

main "$@"
