# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bench/report.py compares figures with: ratios that are to be reached."""

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


def compared_with_vfork(what, method, limit):
    return (f"{what} compared with vfork", "latency",
            ("small", method, "ns"), ("small", "vfork", "ns"), limit)


# Children that wait: what they cost as long as they are not used, and copies.
KEPT_CHILDREN = [
    (f"{what} with 1,000 waiting children compared with none", "waiting",
     (case, "1000", "ns"), (case, "none", "ns"), 1.01)
    for what, case in (("mapping, touching and unmapping memory", "memory"),
                       ("entering a time namespace", "setns"),
                       ("membarrier", "membarrier"))
] + [
    (f"a template's copy compared with a chain of its steps, until {what}",
     "template", (case, "template", "ns"), (case, "steps", "ns"), 0.5)
    for what, case in (("it waits", "a child"), ("the program runs", "a program"))
]
# As long as they are used and made anew.
REFILLS = [
    (f"programs per second, pool and refills compared with none, {case}",
     "throughput", (case, "pool", RATE), (case, "fresh", RATE), 0.95)
    for case in ("1 CPU, 8 at once", "1 CPU, 64 at once",
                 "2 CPU, 8 at once", "2 CPU, 64 at once")
]
# Programs as requests: IORING_OP_BPF.
ACTORS = [
    ("a NOP that waits for the one before it, by an actor compared with user space",
     "actor", ("1000", "actor", "ns"), ("1000", "user", "ns"), 0.6),
] + [
    (f"{case} with an actor that has {idle} in flight compared with none",
     "idle_actor", (case, idle, "ns"), (case, "none", "ns"), 1.01)
    for case in ("1 NOP", "32 NOPs")
    for idle in ("1 poll", "64 polls", "1 read", "64 reads")
] + [
    (f"copying by an actor compared with {what}, {where}, depth {depth}{part}", "copy",
     (f"{where}, depth {depth}", "actor", unit),
     (f"{where}, depth {depth}", method, unit), limit)
    for where in ("tmpfs", "ext4, O_DIRECT")
    for depth in (1, 8, 32)
    for what, method in (("a loop", "loop"), ("links", "links"))
    for part, unit, limit in (("", "ns", 1.0), (", user mode", "ns user", 0.2))
] + [
    (f"{commands} by an actor compared with xargs{part}", "jobs",
     (commands, "actor", unit), (commands, "xargs", unit), limit)
    for commands in ("500 static commands", "100 dynamic commands")
    for part, unit, limit in (("", "ns", 0.75), (", the launcher's CPU time", "ns cpu", 0.1))
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
    compared_with_vfork("a pool's hit", "pool", 0.80),
    compared_with_vfork("a pool's hit with a search", "pool_search", 0.90),
    compared_with_vfork("the same in open directories", "pool_open", 0.90),
] + REFILLS + LONG_SEARCHES + ONE_REQUEST + KEPT_CHILDREN + ACTORS


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
    compared_with_vfork("a pool's hit", "pool", 0.67),
    compared_with_vfork("a pool's hit with a search", "pool_search", 0.88),
    compared_with_vfork("the same in open directories", "pool_open", 0.88),
] + REFILLS + LONG_SEARCHES + ONE_REQUEST + KEPT_CHILDREN + ACTORS
# A miss of a search, in instructions: benchmark path, method, limit.
MISS_GOALS = [
    ("a missed EXEC", "hardlink", 5400),
]
