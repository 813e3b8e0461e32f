#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the results in a test log of Meson and shows what failed: count_results.py TESTLOG_JSON

The last line is "PASSED FAILED SKIPPED". A program that reports its cases in TAP counts once per case, every other
test once. Whatever its cases say, a test that Meson does not call good counts at least one failure."""

import json
import re
import sys

SHOWN_LINES = 80
GOOD = {"OK", "EXPECTEDFAIL"}


def count_cases(output):
    """(passed, failed, skipped) of a TAP report, None if it is not one."""
    if not re.search(r"^1\.\.\d+", output, re.MULTILINE):
        return None
    cases = re.findall(r"^(not )?ok\b[^\n#]*(?:#[ \t]*(\w+))?", output, re.MULTILINE)
    if not cases:
        return None
    counts = [0, 0, 0]
    for failed, directive in cases:
        known = directive.upper() in ("SKIP", "SKIPPED")
        counts[2 if known else 1 if failed and directive.upper() != "TODO" else 0] += 1
    return tuple(counts)


def count_test(test):
    passed, failed, skipped = count_cases(test.get("stdout") or "") or (0, 0, 0)
    if test["result"] == "SKIP":
        return 0, 0, 1
    if test["result"] in GOOD:
        return (passed, failed, skipped) if passed + failed + skipped else (1, 0, 0)
    return passed, max(failed, 1), skipped


def show(test):
    print(f"---- {test['result']}: {test['name']} (exit status {test['returncode']})")
    print(" ".join(test["command"]))
    for stream in ("stdout", "stderr"):
        lines = (test.get(stream) or "").splitlines()
        if len(lines) > SHOWN_LINES:
            print(f"... {len(lines) - SHOWN_LINES} lines before")
        print("\n".join(lines[-SHOWN_LINES:]))


def main():
    totals = [0, 0, 0]
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            test = json.loads(line)
            counts = count_test(test)
            totals = [total + count for total, count in zip(totals, counts)]
            if counts[1] > 0:
                show(test)
            elif counts[2] > 0 and test["result"] == "SKIP":
                print(f"skipped: {test['name']}")
    print(*totals)


if __name__ == "__main__":
    main()
