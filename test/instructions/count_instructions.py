#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of a task with callgrind and holds them to a budget.

usage: count_instructions.py OPTION... --program PROGRAM ARCH ORCH_MODULE DIALECT_MODULE KERNEL_MODULE

The program runs each graph in two sizes; the difference, divided by the difference in tasks, is what one task costs.
Costs go to phases by the table below. What shared objects of the system take (libc chooses its functions by the
processor that it meets) is shown, but belongs to no total and has no budget.

A count may leave its budget by 3 %, that of a phase by 5 %, in both directions: who makes the engine faster lowers the
budget, with --update. Budgets belong to a compiler's major version. Another version is held to the totals of the
nearest one with 15 %; where there is none for this processor, the test says that it was skipped."""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

# ---- phases ----------------------------------------------------------------------------------------------------------
# The first that applies: the header that a line was inlined from, the function that is executed, the source of that
# function. Other headers belong to whoever includes them. Everything else is "other".

PHASES = ("user", "submit", "ready", "dispatch", "complete", "wait", "retire", "replay", "device", "run", "other")
TASK_PHASES = ("submit", "ready", "dispatch", "complete")  # What other systems are compared by.
LIBRARIES = "libraries"

HEADERS = {"engine/ready_queue.h": "ready", "engine/engine.h": "complete"}

FUNCTIONS = [(re.compile(r"(^|::)(?:%s)$" % pattern), phase) for pattern, phase in (
    (r"Scheduler::(lane_done|lane_returned|count_down|complete|discard)|Engine::complete|close_edges|"
     r"CoreLink::(poll|look|finish|is_patient)|LinkedExecutor::poll", "complete"),
    (r"push_ready|work_ready|GraphOwner::start", "ready"),
    (r"reclaim|reclaim_retired|free_buffer|reclaim_edges|TaskStore::(free|retire|take_retired)|Heap::release|"
     r"TensorMap::remove|PayloadPool::release", "retire"),
    (r"Engine::outstanding|wait_(for_all|long)|quiesce|Executor::(relax|work)", "wait"),
    (r"reset|Engine::fill_report|GraphBuilder::(begin|finish|bind_arguments)|Executor::(begin|run)", "run"),
)]

SOURCES = {  # The longest prefix.
    "engine/": "submit",
    "engine/graph_instance": "replay",
    "engine/graph_replay": "replay",
    "engine/graph_wait": "retire",
    "aicpu/": "dispatch",
    "aicpu/executor": "run",
    "aicpu/orch_table": "run",
    "sim/": "device",
    "posix/": "device",
    "host/": "run",
    "test/": "user",
    "include/pto/compat/": "user",
}


def plain_name(function):
    """A::b of `pto::a2a3::A::b(C<D>&) [clone .part.0]`, without arguments."""
    name = function.replace("(anonymous namespace)::", "")
    return re.split(r"[(<]", name, maxsplit=1)[0].split("'")[0]


def source_phase(source):
    prefix = max((prefix for prefix in SOURCES if source.startswith(prefix)), key=len, default=None)
    return SOURCES.get(prefix)


def phase_of(line_file, function, source):
    if line_file in HEADERS:
        return HEADERS[line_file]
    name = plain_name(function)
    for pattern, phase in FUNCTIONS:
        if pattern.search(name):
            return phase
    return source_phase(source) or "other"


# ---- what callgrind writes -------------------------------------------------------------------------------------------

class CountError(Exception):
    """There are no counts, or they cannot be what they seem."""


Cost = collections.namedtuple("Cost", "object line_file function function_file instructions")


def read_costs(text, place):
    """(title of the client request, [Cost]) of one file, without the costs of calls."""
    title, total, costs = None, None, []
    at = dict.fromkeys(("ob", "fl", "fn", "line"), "")
    is_call = False
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.fullmatch(r"(ob|fl|fi|fe|fn)=(.*)", line):
            kind, name = match.groups()
            at["line" if kind in ("fi", "fe") else kind] = name
            if kind in ("fl", "fn"):
                at["line"] = at["fl"]
        elif match := re.fullmatch(r"\d+ (\d+)", line):
            if not is_call:
                costs.append(Cost(at["ob"], at["line"], at["fn"], at["fl"], int(match.group(1))))
            is_call = False
        elif line.startswith("calls="):
            is_call = True  # The next line has the cost of what is called.
        elif match := re.fullmatch(r"desc: Trigger: Client Request: (.*)", line):
            title = match.group(1)
        elif match := re.fullmatch(r"events: (.*)", line):
            if match.group(1).strip() != "Ir":
                raise CountError(f"{place}:{number}: events are '{match.group(1)}', not 'Ir'")
        elif match := re.fullmatch(r"totals: (\d+)", line):
            total = int(match.group(1))
        elif line and not re.match(r"#|c(ob|fi|fl|fn)=|(version|creator|pid|cmd|part|desc|positions|summary):", line):
            raise CountError(f"{place}:{number}: '{line}' is not understood")
    if total is None or total != sum(cost.instructions for cost in costs):
        raise CountError(f"{place}: the costs add up to {sum(cost.instructions for cost in costs)}, "
                         f"the file says {total}")
    return title, costs


def relative(path, root):
    """The path of a source below the root, as it stands in the table; anything else as it is."""
    path = os.path.normpath(path)
    return path[len(root) + 1:] if path.startswith(root + os.sep) else path


def homes_of(costs):
    """Function -> the source it stands in. Callgrind names the file of the first instruction, which may be a header."""
    homes = {}
    for cost in costs:
        files = {cost.line_file, cost.function_file}
        homes.setdefault(cost.function, set()).update(file for file in files if source_phase(file) is not None)
    return {function: min(files, key=lambda file: (not file.endswith(".cpp"), file), default="")
            for function, files in homes.items()}


def phase_of_each(costs, root, objects):
    """[(phase, function, instructions)] of costs. Code without an object is what the device has loaded from memory;
    objects that are not ours are libraries."""
    costs = [cost._replace(line_file=relative(cost.line_file, root), function_file=relative(cost.function_file, root))
             for cost in costs]
    homes = homes_of(costs)
    phases = []
    for cost in costs:
        if cost.object in ("", "???"):
            phase = "user"
        elif os.path.basename(cost.object) not in objects:
            phase = LIBRARIES
        else:
            phase = phase_of(cost.line_file, cost.function, homes[cost.function])
        phases.append((phase, plain_name(cost.function), cost.instructions))
    return phases


def per_task(measured):
    """{"SHAPE BUILDER SIZE": Counter} -> {"SHAPE BUILDER": {what was counted: instructions per task}}"""
    sizes = collections.defaultdict(dict)
    for title, counter in measured.items():
        match = re.fullmatch(r"(\S+ \S+) (\d+)", title or "")
        if not match:
            raise CountError(f"'{title}' is no name of a measurement")
        sizes[match.group(1)][int(match.group(2))] = counter
    counts = {}
    for name, runs in sizes.items():
        if len(runs) != 2:
            raise CountError(f"'{name}' was measured in {len(runs)} sizes, not in two")
        small, large = sorted(runs)
        counts[name] = {what: (runs[large][what] - runs[small][what]) / (large - small)
                        for what in {**runs[small], **runs[large]}}
    return counts


def read_folder(folder):
    """{title: [Cost]} of all that callgrind has written into a folder, in the order in which it was."""
    measured = {}
    for path in sorted(pathlib.Path(folder).glob("out.*"), key=lambda path: int(path.suffix[1:])):
        title, costs = read_costs(path.read_text(encoding="utf-8", errors="replace"), path.name)
        if title in measured:
            raise CountError(f"'{title}' was measured twice")
        measured[title] = costs
    if not measured:
        raise CountError("callgrind has written nothing")
    return measured


def count_by(measured, root, objects, key):
    """{graph: {key(phase, function): instructions per task}}"""
    counters = {title: collections.Counter() for title in measured}
    for title, costs in measured.items():
        for phase, function, instructions in phase_of_each(costs, root, objects):
            counters[title][key(phase, function)] += instructions
    return per_task(counters)


def count_phases(measured, root, objects):
    """{graph: {phase: instructions per task, ..., "total": ...}}"""
    counts = count_by(measured, root, objects, lambda phase, function: phase)
    for name, count in counts.items():
        phases = {phase: float(count.get(phase, 0)) for phase in (*PHASES, LIBRARIES)}
        phases["total"] = sum(phases[phase] for phase in PHASES)
        counts[name] = {phase: round(value, 1) for phase, value in phases.items()}
    return counts


def count_functions(measured, root, objects):
    """{graph: {(phase, function): instructions per task}}"""
    return count_by(measured, root, objects, lambda phase, function: (phase, function))


def measure(valgrind, program):
    with tempfile.TemporaryDirectory(prefix="pto-counts-") as folder:
        command = [valgrind, "--tool=callgrind", "--instr-atstart=no", "--compress-strings=no", "--compress-pos=no",
                   "--dump-instr=no", "--dump-line=yes", f"--callgrind-out-file={folder}/out", *program]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False)
        if done.returncode != 0:
            raise CountError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
        return read_folder(folder)


# ---- budgets ---------------------------------------------------------------------------------------------------------

TOTAL_SLACK, PHASE_SLACK, OTHER_COMPILER_SLACK = 0.03, 0.05, 0.15
LEAST_SLACK = 2.0  # Instructions: of a phase that hardly has any, one more is no news.


def key_of(compiler, version, cpu, arch):
    return f"{compiler}-{version.split('.')[0]} {cpu} {arch}"


def find_budget(budgets, key):
    """(key, budget) of this compiler, else of the nearest version for the same processor and arch, else (None, {})."""
    if key in budgets:
        return key, budgets[key]
    pattern = re.compile(r"(\S+)-(\d+) (.*)")
    compiler, version, rest = pattern.fullmatch(key).groups()
    near = []
    for other in budgets:
        match = pattern.fullmatch(other)
        if match and (match.group(1), match.group(3)) == (compiler, rest):
            near.append((abs(int(match.group(2)) - int(version)), other))
    return (min(near)[1], budgets[min(near)[1]]) if near else (None, {})


def compare(counts, budget, is_exact):
    """Lines that say what is not as the budget has it."""
    problems = []
    for name in sorted(set(counts) | set(budget)):
        if name not in budget:
            problems.append(f"{name}: has no budget")
            continue
        if name not in counts:
            problems.append(f"{name}: was not measured")
            continue
        figures = ("total", *PHASES) if is_exact else ("total",)
        for figure in figures:
            if figure not in budget[name]:
                problems.append(f"{name}: {figure} has no budget")
                continue
            count, allowed = counts[name][figure], budget[name][figure]
            share = OTHER_COMPILER_SLACK if not is_exact else TOTAL_SLACK if figure == "total" else PHASE_SLACK
            slack = share * allowed if figure == "total" else max(share * allowed, LEAST_SLACK)
            if abs(count - allowed) > slack:
                change = f"{100 * (count - allowed) / allowed:+.1f} %" if allowed else "new"
                verdict = "too many" if count > allowed else "fewer than the budget"
                problems.append(f"{name}: {figure}: {count} instructions, {verdict} ({allowed}): {change}")
    return problems


def write_budgets(path, budgets, key, counts):
    budgets[key] = {name: {figure: count[figure] for figure in ("total", *PHASES)} for name, count in counts.items()}
    lines = []
    for one in sorted(budgets):
        rows = ",\n".join(f"    {json.dumps(name)}: {json.dumps(row)}" for name, row in budgets[one].items())
        lines.append(f"  {json.dumps(one)}: {{\n{rows}\n  }}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


# ---- for people ------------------------------------------------------------------------------------------------------

def table(counts):
    """Rows of text: the header, and one per measurement."""
    used = [phase for phase in PHASES if any(count[phase] for count in counts.values())]
    rows = [["graph", "total", "task", *used, LIBRARIES]]
    for name, count in counts.items():
        task = sum(count[phase] for phase in TASK_PHASES)
        values = [count["total"], task, *(count[phase] for phase in (*used, LIBRARIES))]
        rows.append([name, *(f"{value:.0f}" for value in values)])
    return rows


def as_text(rows):
    return "\n".join(f"{row[0]:<16}" + "".join(f"{cell:>10}" for cell in row[1:]) for row in rows)


def as_markdown(rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|---|" + "---:|" * (len(rows[0]) - 1), *lines[1:]])


def as_list(functions, limit):
    """The most expensive functions of each graph, with what was inlined into them."""
    lines = []
    for name, counts in functions.items():
        lines += ["", name]
        for (phase, function), count in sorted(counts.items(), key=lambda item: -item[1])[:limit]:
            lines.append(f"{count:10.1f}  {phase:<10}{function}")
    return "\n".join(lines)


def judge(counts, budgets, key):
    """Exit status of the test, with its reasons."""
    found, budget = find_budget(budgets, key)
    if found is None:
        print(f"There is no budget for anything like {key}: nothing is compared.")
        return 77
    if found != key:
        print(f"There is no budget for {key}: totals are compared with those of {found}, give or take "
              f"{100 * OTHER_COMPILER_SLACK:.0f} %.")
    problems = compare(counts, budget, found == key)
    for problem in problems:
        print(problem)
    if problems:
        print("If that is what the change is for: ninja -C BUILD update-instruction-counts.")
    return 1 if problems else 0


def read_arguments():
    parser = argparse.ArgumentParser(description="Counts instructions per task and holds them to a budget.")
    parser.add_argument("--valgrind", default="valgrind")
    parser.add_argument("--budgets", type=pathlib.Path, required=True)
    parser.add_argument("--root", required=True, help="folder of the sources")
    parser.add_argument("--compiler", nargs=2, required=True, metavar=("ID", "VERSION"))
    parser.add_argument("--cpu", required=True)
    parser.add_argument("--update", action="store_true", help="write the counts into the budgets")
    parser.add_argument("--markdown", action="store_true", help="print the table for a document; compare nothing")
    parser.add_argument("--functions", type=int, default=0, metavar="N", help="print the N most expensive ones as well")
    parser.add_argument("--objects", nargs="+", required=True, help="names of the shared objects that are ours")
    parser.add_argument("--program", nargs=5, required=True,
                        metavar=("PROGRAM", "ARCH", "ORCH", "DIALECT", "KERNEL"))
    return parser.parse_args()


def main():
    arguments = read_arguments()
    root = os.path.normpath(arguments.root)
    objects = {os.path.basename(path) for path in (*arguments.objects, arguments.program[0])}
    key = key_of(*arguments.compiler, arguments.cpu, arguments.program[1])
    try:
        measured = measure(arguments.valgrind, arguments.program)
        counts = count_phases(measured, root, objects)
        budgets = json.loads(arguments.budgets.read_text(encoding="utf-8"))
    except (CountError, OSError, ValueError) as error:
        print(f"count_instructions: {error}", file=sys.stderr)
        return 1
    print(as_markdown(table(counts)) if arguments.markdown else as_text(table(counts)))
    if arguments.functions > 0:
        print(as_list(count_functions(measured, root, objects), arguments.functions))
    if arguments.update:
        write_budgets(arguments.budgets, budgets, key, counts)
        print(f"{arguments.budgets}: {key} is up to date")
        return 0
    return 0 if arguments.markdown else judge(counts, budgets, key)


if __name__ == "__main__":
    sys.exit(main())
