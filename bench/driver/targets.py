# SPDX-License-Identifier: Apache-2.0
"""Where the engine wants to be, and how far it is."""

import dataclasses
import json
import pathlib

SYSTEM = "pto"


@dataclasses.dataclass
class Target:
    name: str
    limit: float      # at most
    unit: str
    question: str
    figure: str
    cases: tuple      # the worst of them counts
    key: str = "median"
    scale: float = 1  # from the figure's unit


GRAPHS = ("chain", "wide", "tree", "stencil")
PATTERNS = ("trivial", "stencil", "fft", "tree", "nearest", "spread")
WIDE = tuple(f"{pattern}/16" for pattern in PATTERNS)
NARROW = tuple(f"{pattern}/2" for pattern in PATTERNS)

TARGETS = (
    Target("run of one task, back to back", 0.25, "us", "round_trip", "back to back", ("device tensors",), scale=1e-3),
    Target("run of one task, back to back, p99", 0.75, "us", "round_trip", "back to back", ("device tensors",), "p99",
           1e-3),
    Target("run of one task, after 200 us idle", 0.5, "us", "round_trip", "after 200 us idle", ("device tensors",),
           scale=1e-3),
    Target("run of one task, after 200 us idle, p99", 1.5, "us", "round_trip", "after 200 us idle", ("device tensors",),
           "p99", 1e-3),
    *(Target(f"task, device-built, {graph}", 60, "ns", "tasks", "device-built", (graph,)) for graph in GRAPHS),
    *(Target(f"task, replay, {graph}", 12, "ns", "tasks", "replay", (graph,)) for graph in GRAPHS),
    Target("METG(50 %), device-built, width 16", 1.0, "us", "metg", "device-built", WIDE),
    Target("METG(50 %), device-built, width 2", 2.0, "us", "metg", "device-built", NARROW),
    Target("METG(50 %), replay, width 16", 0.35, "us", "metg", "replay", WIDE),
    Target("METG(50 %), replay, width 2", 0.8, "us", "metg", "replay", NARROW),
    Target("open a chip", 1.0, "ms", "prepare", "open", ("chip",), scale=1e-3),
    Target("resident after open", 8.0, "MB", "prepare", "resident after open", ("chip",), scale=1.024e-3),
    Target("processor time while idle", 0.1, "%", "prepare", "processor time while idle", ("chip",), scale=1e-4),
)

# Instructions of a task with one input and one output, which a test counts and holds to its budget.
BUDGETS = pathlib.Path(__file__).resolve().parents[2] / "test" / "instructions" / "budgets.json"
INSTRUCTIONS = ("submit", "ready", "dispatch", "complete")
MOST_INSTRUCTIONS = 250

# METG that was not reached within the largest size of a task counts as more than this, in us.
NEVER_US = 70.0


def value_of(figure, key="median"):
    """The number of a figure; infinite for a METG that was not reached."""
    if figure["question"] == "metg" and figure["median"] == 0:
        return float("inf")
    return figure[key]


def measured(target, figures):
    """(value in the target's unit, case) of the worst case; None if one of them was not measured."""
    found = {figure["case"]: value_of(figure, target.key) * target.scale for figure in figures
             if figure["system"] == SYSTEM and figure["question"] == target.question and
             figure["figure"] == target.figure and figure["case"] in target.cases}
    if set(found) != set(target.cases):
        return None
    worst = max(found, key=found.get)
    return found[worst], worst


def instructions():
    """Graph -> instructions of a task, of the first budget; empty if there are none."""
    if not BUDGETS.exists():
        return {}
    budgets = next(iter(json.loads(BUDGETS.read_text(encoding="utf-8")).values()), {})
    return {graph: sum(budgets[f"{graph} device"][phase] for phase in INSTRUCTIONS)
            for graph in GRAPHS if f"{graph} device" in budgets}
