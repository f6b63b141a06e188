#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compare what the guest printed on two kernels.

usage: compare.py [--differing] DIR

DIR has base.0, patched.0 and those of further runs, base.1 and so on. Prints a
table per suite, what is not the same, what fails on both, and totals; the status
is 1 if something is worse on the patched kernel. --differing only prints the
programs that ought to run again, because a test of theirs came out differently
on the two kernels and the same way each time on the same kernel."""

import collections
import pathlib
import re
import sys

SKIPPED = {"liburing": 77}	# exit status; the kernel's selftests say 4
TIMED_OUT = (124, 137)
# What is to the right is worse. A subtest is absent when its program ended early.
ORDER = {"pass": 0, "skip": 1, "absent": 2, "fail": 2, "timeout": 2}

KTAP = re.compile(r"^[#\s]*(ok|not ok) \d+\s*(?:- )?(.*)$")
# BPF's two big programs: "#7/p name OK", "#7/1 test/name:OK".
NUMBERED = re.compile(r"^#\d+(?:/\w+)?\s+(\S.*?)[: ](OK|FAIL|SKIP)\b")
# Process numbers, addresses and times, which differ from run to run.
VARIABLE = re.compile(r"0x[0-9a-f]+|(?<=\[)\d+(?=\])|\d+\.\d+|\d{3,}")


def program_status(suite, status):
    if status == 0:
        return "pass"
    if status == SKIPPED.get(suite, 4):
        return "skip"
    return "timeout" if status in TIMED_OUT else "fail"


def subtest(line):
    """Name and result of the subtest that the line reports, or nothing."""
    if match := KTAP.match(line):
        name, _, directive = (part.strip() for part in match[2].partition("#"))
        word, _, reason = directive.partition(" ")
        name = name or reason
        if word.upper() == "SKIP":
            return name, "skip"
        return name, "pass" if match[1] == "ok" else "fail"
    if match := NUMBERED.match(line):
        return match[1], {"OK": "pass", "FAIL": "fail", "SKIP": "skip"}[match[2]]
    return None


def parse(path):
    """{program: {test: result}} of one run; the program itself is a test, too."""
    programs = {}
    program = results = None
    for line in path.read_text(errors="replace").splitlines():
        if line.startswith("@@ "):
            words = line.removeprefix("@@ kselftest/").removeprefix("@@ ").split()
            program = words[0]
            if len(words) == 1:
                results = programs[program] = {program: "fail"}
            else:
                suite = program.rpartition("/")[0]
                results[program] = program_status(suite, int(words[1]))
                results = None
        elif results is not None and (found := subtest(line)):
            name = f"{program}/{VARIABLE.sub('N', found[0]).strip()}"
            unique, count = name, 1
            while unique in results:
                count += 1
                unique = f"{name} ({count})"
            results[unique] = found[1]
    return programs


class Test:
    """The results of one test on the two kernels."""

    def __init__(self, name, program, base, patched):
        self.name = name
        self.program = program
        self.suite = program.rpartition("/")[0]
        self.base = [run[program].get(name, "absent") for run in base if program in run]
        self.patched = [run[program].get(name, "absent")
                        for run in patched if program in run]
        self.verdict = self.judge()

    def judge(self):
        if not self.patched:
            self.patched = ["absent"]
        if not self.base:
            self.base = ["absent"]
        if len(set(self.base)) > 1 or len(set(self.patched)) > 1:
            return "flaky"
        base, patched = ORDER[self.base[0]], ORDER[self.patched[0]]
        if base != patched:
            return "worse" if patched > base else "better"
        return {0: "pass", 1: "skip"}.get(base, "fail")

    def __str__(self):
        return f"{self.name}: {' '.join(self.base)} -> {' '.join(self.patched)}"


def load(directory):
    runs = {kernel: [parse(path) for path in sorted(directory.glob(f"{kernel}.[0-9]"))]
            for kernel in ("base", "patched")}
    names = {}
    for run in runs["base"] + runs["patched"]:
        for program, results in run.items():
            names.update(dict.fromkeys((name, program) for name in results))
    return [Test(name, program, runs["base"], runs["patched"])
            for name, program in names]


def table(tests):
    counts = collections.defaultdict(collections.Counter)
    for test in tests:
        for where in (counts[test.suite], counts["all"]):
            where["base", test.base[0]] += 1
            where["patched", test.patched[0]] += 1
            where["differing"] += test.verdict in ("worse", "better", "flaky")
    print(f"{'':24}{'on the base':^24}{'on the patched':^24}")
    print(f"{'suite':24}" + f"{'pass':>8}{'fail':>8}{'skip':>8}" * 2 + f"{'differing':>12}")
    for suite in sorted(counts, key=lambda suite: (suite == "all", suite)):
        line = f"{suite:24}"
        for kernel in ("base", "patched"):
            count = {result: counts[suite][kernel, result] for result in ORDER}
            failed = count["fail"] + count["timeout"]
            line += f"{count['pass']:8}{failed:8}{count['skip']:8}"
        print(line + f"{counts[suite]['differing']:12}")


def report(tests):
    by_verdict = collections.defaultdict(list)
    for test in tests:
        by_verdict[test.verdict].append(test)
    for verdict, title in (("fail", "fails on both kernels"),
                           ("flaky", "not the same each time on the same kernel"),
                           ("better", "better on the patched kernel"),
                           ("worse", "WORSE on the patched kernel")):
        if by_verdict[verdict]:
            print(f"\n{title} (base -> patched):")
            for test in by_verdict[verdict]:
                print(f"  {test}")
    print()
    table(tests)
    count = {verdict: len(found) for verdict, found in by_verdict.items()}
    print(f"\nregression: {len(tests)} tests on both kernels, "
          f"{count.get('pass', 0)} pass on both, {count.get('fail', 0)} fail on both, "
          f"{count.get('skip', 0)} skip, {count.get('worse', 0)} worse, "
          f"{count.get('better', 0)} better, {count.get('flaky', 0)} flaky")
    return 1 if by_verdict["worse"] else 0


def main():
    arguments = sys.argv[1:]
    differing = arguments[:1] == ["--differing"]
    if len(arguments) != 1 + differing:
        sys.exit(__doc__)
    tests = load(pathlib.Path(arguments[-1]))
    if not differing:
        return report(tests)
    for program in dict.fromkeys(test.program for test in tests
                                 if test.verdict in ("worse", "better")):
        print(program)
    return 0


if __name__ == "__main__":
    sys.exit(main())
