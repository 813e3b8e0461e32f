# SPDX-License-Identifier: Apache-2.0
"""Markdown of the merged results."""

import math
import re

import merge
import targets

BEGIN = "<!-- tables: written by scripts/bench --write-docs -->"
END = "<!-- /tables -->"

# What a system calls its ways of running a graph -> the name in tables, in their order.
WAYS = {
    ("pto", "device-built"): "PTO, device-built (infers)",
    ("pto", "host-built, recorded"): "PTO, host-built, first run (infers)",
    ("pto", "replay"): "PTO, replay",
    ("libgomp", "build + run"): "OpenMP depend, libgomp (infers)",
    ("libomp", "build + run"): "OpenMP depend, libomp (infers)",
    ("oneTBB", "build + run"): "oneTBB flow graph, build + run (is told)",
    ("oneTBB", "second run"): "oneTBB flow graph, second run",
}
INFERRING = (("libgomp", "build + run"), ("libomp", "build + run"), ("oneTBB", "build + run"))
REPEATING = (("oneTBB", "second run"),)
COMPARED_WITH = {("pto", "device-built"): INFERRING, ("pto", "replay"): REPEATING}
SHORT = {("libgomp", "build + run"): "libgomp", ("libomp", "build + run"): "libomp",
         ("oneTBB", "build + run"): "oneTBB", ("oneTBB", "second run"): "oneTBB, second run"}


def number(value):
    """Three digits that mean something."""
    if value is None:
        return "-"
    if math.isinf(value):
        return f"> {targets.NEVER_US:.0f}"
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}".replace(",", " ")


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


class Results:
    def __init__(self, results):
        self.machine = results["machine"]
        self.figures = results["figures"]

    def of(self, question, system=None):
        return [figure for figure in self.figures
                if figure["question"] == question and system in (None, figure["system"])]

    def value(self, question, system, case, way, key="median"):
        for figure in self.of(question, system):
            if figure["case"] == case and figure["figure"] == way:
                return targets.value_of(figure, key)
        return None


def about(results):
    machine = results.machine
    compilers = ", ".join(f"{'PTO' if system == 'pto' else system} by {compiler}"
                          for system, compiler in machine["compilers"].items())
    lines = [f"{machine['processors']} processors of {machine['processor']}, {machine['system']}. Two workers, pinned. "
             "Numbers are medians of the medians of several processes.", f"Compiled: {compilers}."]
    rows = []
    for question in dict.fromkeys(figure["question"] for figure in results.figures):
        figures = results.of(question)
        by_system = {figure["system"]: figure for figure in figures}
        hasty = " (hasty)" if any(figure.get("quick") for figure in figures) else ""
        rows.append([question + hasty, by_system["pto"]["placement"] if "pto" in by_system else "-",
                     number(min(figure["ping_pong_ns"] for figure in figures)) + " - " +
                     number(max(figure["ping_pong_ns"] for figure in figures)),
                     number(max(figure["clock_ns"] for figure in figures)),
                     ", ".join(f"{name} {figure['runs']}" for name, figure in by_system.items()),
                     str(sum(figure["runs_left_out"] for figure in by_system.values())),
                     share(figures, lambda figure: figure["kept"] < figure["measured"]),
                     share(figures, lambda figure: figure["waited"] > merge.DISTURBED)])
    lines.append(table(["question", "processors are", "flag there and back, ns", "clock, ns", "processes", "left out",
                        "figures without disturbed processes", "disturbed figures"], rows))
    return "\n\n".join(lines)


def share(figures, condition):
    return f"{sum(1 for figure in figures if condition(figure))} of {len(figures)}"


def target_table(results):
    rows = []
    for target in targets.TARGETS:
        found = targets.measured(target, results.figures)
        if found is None:
            rows.append([target.name, f"{number(target.limit)} {target.unit}", "not measured", "-"])
            continue
        value, case = found
        where = f" ({case})" if len(target.cases) > 1 else ""
        rows.append([target.name, f"{number(target.limit)} {target.unit}", f"{number(value)} {target.unit}{where}",
                     met(value, target.limit)])
    # Of the graphs with one input.
    for graph, count in targets.instructions().items():
        if graph != "stencil":
            rows.append([f"instructions of a task, device-built, {graph}", number(targets.MOST_INSTRUCTIONS),
                         number(count), met(count, targets.MOST_INSTRUCTIONS)])
    return table(["figure", "at most", "measured", "met"], rows)


def met(value, limit):
    return "yes" if value <= limit else f"no, {number(value / limit)} x"


def graph_table(results, question, cases, names):
    """Systems down, cases across, and how many times as long as the engine each peer takes."""
    present = [way for way in WAYS if results.of(question, way[0]) and
               any(figure["figure"] == way[1] for figure in results.of(question, way[0]))]
    rows = [[WAYS[way]] + [number(results.value(question, *way[:1], case, way[1])) for case in cases]
            for way in present]
    for own, peers in COMPARED_WITH.items():
        for peer in peers:
            if own not in present or peer not in present:
                continue
            row = [f"{SHORT[peer]} / {WAYS[own].split(' (')[0]}"]
            for case in cases:
                mine = results.value(question, own[0], case, own[1])
                theirs = results.value(question, peer[0], case, peer[1])
                row.append(ratio(theirs, mine))
            rows.append(row)
    return table(["", *names], rows)


def ratio(theirs, mine):
    if theirs is None or mine is None or math.isinf(mine):
        return "-"
    if math.isinf(theirs):
        return f"> {number(targets.NEVER_US / mine)} x"
    return f"{number(theirs / mine)} x"


def round_trip_table(results):
    rows = []
    for system in dict.fromkeys(figure["system"] for figure in results.of("round_trip")):
        for case in dict.fromkeys(figure["case"] for figure in results.of("round_trip", system)):
            row = [f"{'PTO' if system == 'pto' else system}, {case}"]
            for way in ("back to back", "after 200 us idle"):
                row.append(" / ".join(number(results.value("round_trip", system, case, way, key) / 1e3)
                                      for key in ("median", "p99")))
            rows.append(row)
    return table(["one task, us: median / p99", "back to back", "after 200 us idle"], rows)


def plain_table(results, question):
    """Cases down, ways across."""
    figures = results.of(question, "pto")
    ways = list(dict.fromkeys((figure["figure"], figure["unit"]) for figure in figures))
    rows = [[case] + [number(results.value(question, "pto", case, way)) for way, _ in ways]
            for case in dict.fromkeys(figure["case"] for figure in figures)]
    return table(["", *(f"{way}, {unit}" for way, unit in ways)], rows)


def list_table(results, question, cases=None):
    """A row for each figure."""
    rows = [[figure["case"], figure["figure"], number(figure["median"]), number(figure["p99"]), figure["unit"]]
            for figure in results.of(question, "pto") if cases is None or cases(figure["case"])]
    return table(["", "", "median", "p99", "unit"], rows)


def sections(results):
    yield "Targets", target_table(results)
    if results.of("round_trip"):
        yield "A run of one task", round_trip_table(results)
    if results.of("tasks"):
        yield ("Cost per task, ns",
               "Empty bodies; 10 000 tasks, the stencil 16 x 500. `wide` has no edges; `tree` fans out: task i reads what "
               "task (i - 1) / 2 wrote.\n\n" +
               graph_table(results, "tasks", targets.GRAPHS, targets.GRAPHS) + "\n\n![](performance/tasks.svg)")
    if results.of("metg"):
        for width, cases in ((16, targets.WIDE), (2, targets.NARROW)):
            yield (f"METG(50 %) of Task Bench's patterns, us, width {width}",
                   graph_table(results, "metg", cases, targets.PATTERNS) + f"\n\n![](performance/metg_{width}.svg)")
        yield "Efficiency over the size of tasks", "![](performance/efficiency.svg)"
    if results.of("lookup"):
        yield "Submits against live tiles of one buffer", plain_table(results, "lookup")
    if results.of("prepare"):
        yield "Chips and callables", list_table(results, "prepare")
    if results.of("scaling"):
        yield ("Scaling", plain_table_of_graphs(results) + "\n\n![](performance/scaling.svg)\n\n" +
               list_table(results, "scaling", lambda case: case in ("one task, alternating", "contexts")))


def plain_table_of_graphs(results):
    figures = [figure for figure in results.of("scaling", "pto") if figure["figure"] in ("device-built", "replay")]
    rows = [[case] + [number(results.value("scaling", "pto", case, way)) for way in ("device-built", "replay")]
            for case in dict.fromkeys(figure["case"] for figure in figures)]
    return table(["empty tasks, ns per task", "device-built", "replay"], rows)


def markdown(results):
    results = Results(results)
    parts = [about(results)]
    for title, text in sections(results):
        parts.append(f"### {title}\n\n{text}")
    return "\n\n".join(parts)


def put_into(file, text):
    """Between the marks of the document."""
    document = file.read_text(encoding="utf-8")
    if BEGIN not in document or END not in document:
        raise SystemExit(f"bench: {file} has no lines '{BEGIN}' and '{END}'")
    pattern = re.escape(BEGIN) + r".*?" + re.escape(END)
    document = re.sub(pattern, lambda _: f"{BEGIN}\n\n{text}\n\n{END}", document, flags=re.DOTALL)
    file.write_text(document, encoding="utf-8")
