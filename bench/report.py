#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tables and plots of what the benchmarks measured.

usage: report.py [--baseline FILE] [--plots DIR] [--counts [--words FILE]] RESULTS
       report.py --gate PERCENT --baseline FILE RESULTS

RESULTS and the other files have one JSON object per figure, as
build/bench/bench prints them; lines that begin with # are comments. Every
comparison is a ratio of two figures of one run: absolute times of an emulated
machine mean nothing. Ratios are those of minima.

--baseline  show how the ratios differ from the baseline's
--counts    the figures are instruction counts: ratios are those of medians,
            the goals those for instructions; a goal that is missed is shown
            with the phases in which the launch takes more or less
--words     the counts of a kernel that clears pages in words, not in bytes:
            show what is left without page clearing
--plots     write an SVG there for each benchmark that has one (gnuplot)
--gate      fail if a figure has grown by more than PERCENT since the baseline;
            for instruction counts, which can be compared between runs
"""

import argparse
import json
import subprocess
import sys

# What ratios are taken to: benchmark -> method.
REFERENCE = {
    "latency": "vfork",
    "phases": "vfork",
    "path": "vfork",
    "path_ext4": "vfork",
    "decision": "policy",
    "parent": "posix_spawn",
    "descriptors": "vfork",
    "throughput": "posix_spawn",
    "idle": "chain",
    "retry": "user_decides",
    "make": "libc",
}

# In place of a case: the largest figure of all.
ANY = "*"
# More of it is better: the limit is the least.
RATE = "per second"

# What is to be reached: name, benchmark, figure, figure to divide by, limit.
# A figure is (case, method, unit). Without one to divide by it counts itself.
ONE_REQUEST = [
    (f"{unit} of a SPAWN's search, whatever the misses", "path",
     (ANY, "spawn", unit), None, 1) for unit in ("SQEs", "CQEs")
] + [
    (f"{unit} of a SPAWN with a policy's search, whatever the misses", "path",
     (ANY, "spawn_policy", unit), None, 1) for unit in ("SQEs", "CQEs")
] + [
    (f"{unit} of a SPAWN's search in open directories", "path",
     (ANY, "spawn_open", unit), None, 1) for unit in ("SQEs", "CQEs")
]
# Searches with many misses: on which file system.
LONG_SEARCHES = [
    (f"{what} with 64 misses on {file_system} compared with vfork", bench,
     ("64", method, "ns"), ("64", "vfork", "ns"), limit)
    for bench, file_system in (("path", "tmpfs"), ("path_ext4", "ext4"))
    for what, method, limit in (
        ("a SPAWN's search", "spawn", 0.92),
        ("a search in open directories", "spawn_open", 0.75))
]
GOALS = [
    ("a hard-linked chain compared with vfork", "latency",
     ("small", "hardlink", "ns"), ("small", "vfork", "ns"), 0.95),
    ("a policy's search compared with a hard-linked chain", "latency",
     ("small", "policy", "ns"), ("small", "hardlink", "ns"), 1.02),
    ("a remembered hit compared with vfork", "latency",
     ("small", "remember", "ns"), ("small", "vfork", "ns"), 0.90),
    ("a hard-linked chain, 1 GiB touched compared with small", "latency",
     ("1 GiB touched", "hardlink", "ns"), ("small", "hardlink", "ns"), 1.05),
    ("a policy's search, 1 GiB touched compared with small", "latency",
     ("1 GiB touched", "policy", "ns"), ("small", "policy", "ns"), 1.05),
    ("SQEs of a policy's search with 64 misses", "path",
     ("64", "policy", "SQEs"), None, 2),
    ("CQEs of a policy's search with 64 misses", "path",
     ("64", "policy", "CQEs"), None, 2),
    ("a decision in the kernel compared with user space, child kept", "decision",
     ("idle machine", "policy", "ns"),
     ("idle machine", "user_kept_child", "ns"), 0.1),
    ("a decision in the kernel compared with user space, new child", "decision",
     ("idle machine", "policy", "ns"),
     ("idle machine", "user_new_child", "ns"), 0.1),
    ("listed files, the launcher with 1,000 compared with 10", "descriptors",
     ("1000", "listed_files", "ns"), ("10", "listed_files", "ns"), 1.05),
    ("listed files, the launcher with 100,000 compared with 10", "descriptors",
     ("100000", "listed_files", "ns"), ("10", "listed_files", "ns"), 1.05),
    ("an empty table, the launcher with 1,000 compared with 10", "descriptors",
     ("1000", "empty_table", "ns"), ("10", "empty_table", "ns"), 1.05),
    ("an empty table, the launcher with 100,000 compared with 10", "descriptors",
     ("100000", "empty_table", "ns"), ("10", "empty_table", "ns"), 1.05),
    ("64 launches by chains compared with posix_spawn, time held", "parent",
     ("64", "chain", "ns held"), ("64", "posix_spawn", "ns held"), 0.5),
    ("64 launches by chains compared with posix_spawn, CPU time", "parent",
     ("64", "chain", "ns cpu"), ("64", "posix_spawn", "ns cpu"), 0.5),
    ("64 SPAWNs with listed files compared with posix_spawn, time held", "parent",
     ("64", "spawn_listed", "ns held"), ("64", "posix_spawn", "ns held"), 0.37),
    ("8 SPAWNs at once on two processors compared with posix_spawn", "throughput",
     ("2 CPU, 8 at once", "spawn", RATE),
     ("2 CPU, 8 at once", "posix_spawn", RATE), 1.9),
    ("make, 500 static commands, preloaded compared with libc", "make",
     ("500 static commands", "preloaded", "ns"),
     ("500 static commands", "libc", "ns"), 1.0),
    ("make, 100 dynamic commands, launcher only compared with libc", "make",
     ("100 dynamic commands", "launcher_only", "ns"),
     ("100 dynamic commands", "libc", "ns"), 1.0),
    ("an idle policy compared with none", "idle",
     ("one program", "idle_policy", "ns"), ("one program", "chain", "ns"),
     1.01),
] + LONG_SEARCHES + ONE_REQUEST


def compared_with_vfork(what, method, limit):
    return (f"{what} compared with vfork", "latency",
            ("small", method, "ns"), ("small", "vfork", "ns"), limit)


# Begin and whole of cases of "phases" that are no phases of a launch.
LAUNCHER = "the launcher outside copy_process"
LAUNCHER_ALL = LAUNCHER + ", outcome included"


def compared_with_chain(what, method, chain, limit):
    return (f"{LAUNCHER}, {what}, compared with a chain's", "phases",
            (LAUNCHER_ALL, method, "ns"), (LAUNCHER_ALL, chain, "ns"), limit)


# The same for instruction counts (--icount).
COUNT_GOALS = [
    compared_with_vfork("a chain found at once", "chain", 0.745),
    compared_with_vfork("the same, launcher waiting", "chain_waiting", 0.78),
    compared_with_vfork("a hard-linked chain", "hardlink", 0.99),
    compared_with_vfork("the same, launcher waiting", "hardlink_waiting", 1.02),
    compared_with_vfork("a policy's search", "policy", 1.04),
    compared_with_vfork("the same, launcher waiting", "policy_waiting", 1.07),
    compared_with_vfork("a remembered hit", "remember", 0.765),
    ("SQEs of a policy's search with 64 misses", "path",
     ("64", "policy", "SQEs"), None, 2),
    ("CQEs of a policy's search with 64 misses", "path",
     ("64", "policy", "CQEs"), None, 2),
    ("an idle policy compared with none", "idle",
     ("one program", "idle_policy", "ns"), ("one program", "chain", "ns"),
     1.01),
    compared_with_vfork("a SPAWN found at once", "spawn_path", 0.745),
    compared_with_vfork("the same, launcher waiting", "spawn_path_waiting", 0.77),
    compared_with_vfork("a SPAWN's search", "spawn", 0.96),
    compared_with_vfork("the same, launcher waiting", "spawn_waiting", 0.99),
    compared_with_vfork("the same with listed files", "spawn_listed", 0.94),
    ("a SPAWN with a policy's search compared with one without", "latency",
     ("small", "spawn_policy", "ns"), ("small", "spawn", "ns"), 1.02),
    ("the same, launcher waiting", "latency",
     ("small", "spawn_policy_waiting", "ns"), ("small", "spawn_waiting", "ns"),
     1.02),
    compared_with_chain("six misses", "spawn", "hardlink", 0.5),
    compared_with_chain("found at once", "spawn_path", "chain", 0.5),
] + LONG_SEARCHES + ONE_REQUEST
# A miss of a search, in instructions: benchmark path, method, limit.
MISS_GOALS = [
    ("a missed EXEC", "hardlink", 5400),
]

# Plots: benchmark -> unit, title of the abscissa, logarithmic in.
CURVES = {
    "path": ("ns", "directories without the program", ""),
    "path_ext4": ("ns", "directories without the program, ext4", ""),
    "descriptors": ("ns", "descriptors open in the launcher", "xy"),
}
BARS = {
    "latency": "ns",
    "decision": "ns",
    "parent": "ns held",
    "throughput": "per second",
    "idle": "ns",
    "make": "ns",
}


class Results:
    """Figures by benchmark, case, method and unit; each a dictionary."""

    def __init__(self, path, statistic="min"):
        self.statistic = statistic
        self.figures = {}
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.startswith("#"):
                    continue
                try:
                    figure = json.loads(line)
                    key = tuple(figure[k] for k in
                                ("bench", "case", "method", "unit"))
                except (ValueError, KeyError, TypeError):
                    sys.exit(f"report.py: {path}:{number}: this is no figure; "
                             "was the benchmark cut short?")
                self.figures[key] = figure

    def value(self, *key):
        """The figure that comparisons use: a statistic of samples."""
        figure = self.figures.get(key)
        if figure is None:
            return None
        return figure.get(self.statistic, figure.get("value"))

    def ordered(self, position, **wanted):
        """The distinct values of a part of the key, in the order measured."""
        names = ("bench", "case", "method", "unit")
        keys = [key for key in self.figures
                if all(key[names.index(k)] == v for k, v in wanted.items())]
        return list(dict.fromkeys(key[names.index(position)] for key in keys))


def ratio(results, key, other):
    a, b = results.value(*key), results.value(*other)
    return a / b if a is not None and b else None


# Iterations of `rep stosb` for each one of `rep stosq`.
BYTES_PER_WORD = 8


class WithoutClearing:
    """What is left of the counts without page clearing, which a kernel does
    with one count for each byte in one run, for each word in the other."""

    def __init__(self, in_bytes, in_words):
        self.in_bytes, self.in_words = in_bytes, in_words

    def value(self, *key):
        a, b = self.in_bytes.value(*key), self.in_words.value(*key)
        if a is None or b is None:
            return None
        return a - (a - b) * BYTES_PER_WORD / (BYTES_PER_WORD - 1)


def scaled(value, unit):
    """A figure as people read it."""
    if unit.startswith("ns"):
        return f"{value / 1000:.{1 if value >= 10000 else 2}f} us" + unit[2:]
    return f"{value:g} {unit}"


def print_without_clearing(rest, key, reference):
    if rest.value(*key) is None or not key[3].startswith("ns"):
        return
    line = f"    {'  without clearing':<22} {scaled(rest.value(*key), key[3]):>10}"
    relative = ratio(rest, key, reference)
    if relative is not None:
        line += f"{'':28}{relative:7.3f} x {reference[2]}"
    print(line)


def print_figure(results, baseline, rest, key):
    bench, case, _, unit = key
    figure = results.figures[key]
    reference = (bench, case, REFERENCE[bench], unit)
    relative = ratio(results, key, reference)
    first = figure.get("min", figure.get("value"))
    line = f"    {key[2]:<16} {scaled(first, unit):>16}"
    if "median" in figure:
        line += f"  median {scaled(figure['median'], unit):>16}"
    if relative is not None:
        line += f"  {relative:7.3f} x {reference[2]}"
    if baseline and relative is not None:
        before = ratio(baseline, key, reference)
        if before:
            line += f"  (baseline {before:.3f}, {relative / before - 1:+.1%})"
    print(line)
    if rest:
        print_without_clearing(rest, key, reference)


def print_tables(results, baseline, rest):
    for bench in results.ordered("bench"):
        print(f"{bench}")
        for case in results.ordered("case", bench=bench):
            for unit in results.ordered("unit", bench=bench, case=case):
                print(f"  {case}, {unit}:" if case else f"  {unit}:")
                for method in results.ordered("method", bench=bench, case=case,
                                              unit=unit):
                    print_figure(results, baseline, rest,
                                 (bench, case, method, unit))
        print()


def instructions_per_miss(results, method, bench="path"):
    """The slope over all directories of this benchmark."""
    cases = results.ordered("case", bench=bench, method=method, unit="ns")
    if len(cases) < 2:
        return None
    first, last = (results.value(bench, case, method, "ns")
                   for case in (cases[0], cases[-1]))
    return (last - first) / (int(cases[-1]) - int(cases[0]))


def print_misses(results):
    """What each directory without the program costs, by method."""
    for bench, where in (("path", ""), ("path_ext4", " on ext4")):
        for method in results.ordered("method", bench=bench, unit="ns"):
            slope = instructions_per_miss(results, method, bench)
            if slope is not None:
                print(f"  each miss{where}, {method:<16} {slope:8.0f}")
    for name, method, limit in MISS_GOALS:
        slope = instructions_per_miss(results, method)
        if slope is not None:
            verdict = "reached" if slope <= limit else "MISSED"
            print(f"  {verdict:<8} {slope:6.0f} (goal {limit:g})  {name}")


def goal_figure(results, bench, case, method, unit):
    """A figure; of all cases the largest, if the case is ANY."""
    cases = [case]
    if case == ANY:
        cases = results.ordered("case", bench=bench, method=method, unit=unit)
    values = [results.value(bench, c, method, unit) for c in cases]
    return max((v for v in values if v is not None), default=None)


WAITING = "_waiting"


def print_difference(what, ours, theirs):
    if ours is not None and theirs is not None:
        print(f"             {ours - theirs:+8.0f}  {what} ({ours:.0f}, "
              f"not {theirs:.0f})")


def print_phases(results, method, other):
    """What makes this method's latency another one than the other's."""
    plain, other_plain = (m.removesuffix(WAITING) for m in (method, other))
    for case in results.ordered("case", bench="phases", method=plain, unit="ns"):
        if not case.startswith(LAUNCHER):
            print_difference(case, results.value("phases", case, plain, "ns"),
                             results.value("phases", case, other_plain, "ns"))
    if method != plain and other == other_plain:
        print_difference("because the launcher waits",
                         results.value("latency", "small", method, "ns"),
                         results.value("latency", "small", plain, "ns"))


def print_launcher(results, method, other):
    """Where the launcher does more or less than with the other method."""
    for case in ("until copy_process", LAUNCHER + ", to launch", LAUNCHER_ALL):
        print_difference(case, results.value("phases", case, method, "ns"),
                         results.value("phases", case, other, "ns"))


def print_cpu(results, method, other):
    """The launcher's part of the time; for the rest it is kept from running."""
    print_difference("its CPU time", results.value("parent", "64", method, "ns cpu"),
                     results.value("parent", "64", other, "ns cpu"))


# What is shown with a goal that is missed.
EXPLAIN = {"latency": print_phases, "phases": print_launcher, "parent": print_cpu}


def print_goals(results, goals):
    """Goals that are missed with the phases that keep the figure up."""
    print("goals")
    for name, bench, figure, other, limit in goals:
        reached = goal_figure(results, bench, *figure)
        if reached is not None and other:
            reached = ratio(results, (bench, *figure), (bench, *other))
        if reached is None:
            continue
        fine = reached >= limit if figure[2] == RATE else reached <= limit
        print(f"  {'reached' if fine else 'MISSED':<8} {reached:6.3f} "
              f"(goal {limit:g})  {name}")
        if not fine and bench in EXPLAIN:
            EXPLAIN[bench](results, figure[1], other[1])


# --- plots ---------------------------------------------------------------------

def gnuplot(script):
    try:
        subprocess.run(["gnuplot"], input=script.encode(), check=True)
    except FileNotFoundError:
        sys.exit("report.py: gnuplot is missing; install gnuplot-nox")


def header(path, bench, unit):
    return (f'set terminal svg size 800,500 background "white"\n'
            f'set output "{path}"\nset title "{bench}: minimum"\n'
            f'set ylabel "{"us" if unit.startswith("ns") else unit}"\n'
            'set grid y\nset key outside\n')


def data_block(name, rows):
    return f"${name} << END\n" + "\n".join(rows) + "\nEND\n"


def divisor(unit):
    return 1000 if unit.startswith("ns") else 1


def plot_curves(results, bench, path):
    unit, title, logarithmic = CURVES[bench]
    script = header(path, bench, unit) + f'set xlabel "{title}"\n'
    if logarithmic:
        script += f"set logscale {logarithmic}\n"
    plots = []
    for number, method in enumerate(results.ordered("method", bench=bench,
                                                    unit=unit)):
        rows = [f"{case} {results.value(bench, case, method, unit) / divisor(unit)}"
                for case in results.ordered("case", bench=bench, method=method,
                                            unit=unit)]
        script += data_block(f"d{number}", rows)
        plots.append(f'$d{number} with linespoints title "{method}" noenhanced')
    gnuplot(script + "plot " + ", ".join(plots) + "\n")


def plot_bars(results, bench, path):
    unit = BARS[bench]
    cases = results.ordered("case", bench=bench, unit=unit)
    methods = results.ordered("method", bench=bench, unit=unit)
    rows = []
    for method in methods:
        values = [results.value(bench, case, method, unit) for case in cases]
        rows.append(f'"{method}" ' + " ".join(
            "NaN" if v is None else str(v / divisor(unit)) for v in values))
    script = header(path, bench, unit) + data_block("d", rows) + (
        "set style data histograms\nset style fill solid 0.6\n"
        "set xtics rotate by -30 noenhanced\nset yrange [0:*]\n"
        'set datafile missing "NaN"\n')
    plots = [f'$d using {n + 2}:xtic(1) title "{case}" noenhanced'
             for n, case in enumerate(cases)]
    gnuplot(script + "plot " + ", ".join(plots) + "\n")


def make_plots(results, directory):
    for bench in results.ordered("bench"):
        path = f"{directory}/{bench}.svg"
        if bench in CURVES:
            plot_curves(results, bench, path)
        elif bench in BARS:
            plot_bars(results, bench, path)


# --- the gate --------------------------------------------------------------------

def gate(results, baseline, percent):
    """Figures that have grown too much, or are there no more."""
    bad = 0
    for key in baseline.figures:
        now, before = results.value(*key), baseline.value(*key)
        name = " / ".join(key)
        if now is None:
            print(f"gone: {name}")
            bad += 1
        elif before and now > before * (1 + percent / 100):
            print(f"grown by {now / before - 1:.1%}: {name}: "
                  f"{before:g}, now {now:g}")
            bad += 1
        else:
            change = now / before - 1 if before else 0
            print(f"fine: {change:+.1%} {name}")
    return bad


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--baseline")
    parser.add_argument("--plots")
    parser.add_argument("--gate", type=float)
    parser.add_argument("--counts", action="store_true")
    parser.add_argument("--words")
    parser.add_argument("results", nargs="?")
    args = parser.parse_args()
    if args.help or not args.results:
        print(__doc__.strip(), file=sys.stdout if args.help else sys.stderr)
        sys.exit(0 if args.help else 2)
    statistic = "median" if args.counts else "min"
    results = Results(args.results, statistic)
    baseline = Results(args.baseline, statistic) if args.baseline else None
    if args.gate is not None:
        sys.exit(gate(results, baseline, args.gate) > 0)
    rest = (WithoutClearing(results, Results(args.words, statistic))
            if args.words else None)
    print_tables(results, baseline, rest)
    print_goals(results, COUNT_GOALS if args.counts else GOALS)
    if args.counts:
        print_misses(results)
    if args.plots:
        make_plots(results, args.plots)


if __name__ == "__main__":
    main()
