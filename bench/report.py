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

# what is run from a source tree leaves nothing in it
sys.dont_write_bytecode = True
from goals import (ANY, COUNT_GOALS, GOALS, LAUNCHER, LAUNCHER_ALL, MISS_GOALS,
                   RATE)

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
    "waiting": "none",
    "template": "steps",
    "actor": "user",
    "idle_actor": "none",
    "copy": "loop",
    "jobs": "xargs",
}

# Plots: benchmark -> unit, title of the abscissa, logarithmic in.
CURVES = {
    "path": ("ns", "directories without the program", ""),
    "path_ext4": ("ns", "directories without the program, ext4", ""),
    "descriptors": ("ns", "descriptors open in the launcher", "xy"),
    "actor": ("ns", "NOPs in a row, per NOP", "x"),
}
BARS = {
    "latency": "ns",
    "decision": "ns",
    "parent": "ns held",
    "throughput": "per second",
    "idle": "ns",
    "make": "ns",
    "waiting": "ns",
    "template": "ns",
    "idle_actor": "ns",
    "copy": "ns",
    "jobs": "ns",
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
