# SPDX-License-Identifier: Apache-2.0
"""Makes one figure of the same figure in several runs.

Only like is kept with like: runs in which the processors changed places, or stood otherwise than in most runs of that
question, are left out as long as some remain. Of what is left, figures count that other processes did not disturb; if
there is none, the least disturbed one."""

import collections
import json
import statistics

# Of the file of results; one of another format is not added to.
FORMAT = 2

# Share of the time that threads may have waited for a processor.
DISTURBED = 0.03


def placement(run):
    before, after = run["placement_before"]["name"], run["placement_after"]["name"]
    return before if before == after else "moved"


def usual_placement(runs):
    names = collections.Counter(placement(run) for run in runs)
    names.pop("moved", None)
    return names.most_common(1)[0][0] if names else "moved"


def keep_like_with_like(runs, usual):
    """The runs of one system that count."""
    return [run for run in runs if placement(run) == usual] or runs


def undisturbed(same):
    """The figures with the same name that count."""
    return [figure for figure in same if figure["waited"] <= DISTURBED] or [min(same, key=lambda one: one["waited"])]


def merge_figures(same):
    """One figure of those with the same name."""
    all_of_them, same = same, undisturbed(same)
    merged = dict(same[0])
    merged["waited"] = max(figure["waited"] for figure in same)
    merged["kept"], merged["measured"] = len(same), len(all_of_them)
    for key in ("median", "p10", "p90", "p99"):
        merged[key] = statistics.median(figure[key] for figure in same)
    merged["lowest_median"] = min(figure["median"] for figure in same)
    merged["highest_median"] = max(figure["median"] for figure in same)
    merged["samples"] = sum(figure["samples"] for figure in same)
    if "points" in merged:
        # The curve of the run whose number is nearest to the merged one.
        nearest = min(same, key=lambda figure: abs(figure["median"] - merged["median"]))
        merged["points"] = nearest["points"]
    return merged


def merge(question_runs):
    """Figures of all systems, each with question and system."""
    by_question = collections.defaultdict(list)
    for question, run in question_runs:
        by_question[question].append(run)
    figures = []
    for question, runs in by_question.items():
        usual = usual_placement(runs)
        for system in dict.fromkeys(run["system"] for run in runs):
            own = [run for run in runs if run["system"] == system]
            kept = keep_like_with_like(own, usual)
            about = {
                "question": question,
                "system": system,
                "arch": own[0]["arch"],
                "quick": any(run["quick"] for run in kept),
                "placement": usual,
                "ping_pong_ns": statistics.median(run["placement_before"]["ping_pong_ns"] for run in kept),
                "clock_ns": statistics.median(run["clock_ns"] for run in kept),
                "runs": len(kept),
                "runs_left_out": len(own) - len(kept),
            }
            same = collections.defaultdict(list)
            for run in kept:
                for figure in run["figures"]:
                    same[figure["case"], figure["figure"]].append(figure)
            figures += [about | merge_figures(group) for group in same.values()]
    return figures


def replace(earlier, new):
    """The new figures, and the earlier ones of other questions."""
    questions = {figure["question"] for figure in new}
    return [figure for figure in earlier if figure["question"] not in questions] + new


def update_machine(earlier, new):
    """The new description, and the compilers of systems that were not run this time."""
    return new | {"compilers": earlier.get("compilers", {}) | new["compilers"]}


def read(file):
    """Earlier results, or none."""
    results = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return results if results.get("format") == FORMAT else {"format": FORMAT, "machine": {}, "figures": []}


def write(file, results):
    file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
