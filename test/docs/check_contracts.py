#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds docs/contracts.md to the tests that it names: check_contracts.py ROOT [--contracts FILE].

The document has tables of contracts, one contract per row:

    | 5 | What is promised | `conformance/test_limits.cpp`: `one_case`, `another_case` |

The first cell is the number of the contract or its section and name. The last cell names source files below test/,
each followed by a colon and its cases, each name in backquotes; files are separated by semicolons. A row without tests
begins its last cell with "does not apply". A case of a C or C++ file exists when the file both defines it and lists it
with cmocka_unit_test or cmocka_unit_test_setup; one of a Python file when there is a method of that name; one of a
meson.build file when a string there begins with it. The numbers 1 to 23 are there, once each and in order."""

import argparse
import pathlib
import re
import sys

NUMBERS = list(range(1, 24))
ENTRY = re.compile(r"`([^`]+)`:\s*((?:`[^`]+`(?:,\s*)?)+)")


def case_exists(source, name, case):
    if name.endswith(".py"):
        return re.search(rf"\bdef {re.escape(case)}\(", source) is not None
    if name.endswith("meson.build"):
        return f"'{case}" in source
    defined = re.search(rf"\bvoid {re.escape(case)}\(void \*\*\w*\)\s*\{{", source)
    listed = re.search(rf"\bcmocka_unit_test(?:_setup)?\({re.escape(case)}[,)]", source)
    return defined is not None and listed is not None


def rows_of(text):
    """Line number, first cell and last cell of every row of every table; headings and rules left out."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) < 3 or set(cells[0]) <= {"-", ":"} or cells[-1] == "tests":
            continue
        yield number, cells[0], cells[-1]


def check_row(root, where, tests):
    """Mistakes of one row."""
    if tests.startswith("does not apply"):
        return []
    mistakes = []
    entries = ENTRY.findall(tests)
    left = ENTRY.sub("", tests).replace(";", "").strip()
    if not entries or left:
        mistakes.append(f"{where}: cannot read the tests: {left or tests!r}")
    for name, cases in entries:
        path = root / "test" / name
        if not path.is_file():
            mistakes.append(f"{where}: there is no test/{name}")
            continue
        source = path.read_text()
        for case in re.findall(r"`([^`]+)`", cases):
            if not case_exists(source, name, case):
                mistakes.append(f"{where}: test/{name} has no case {case}")
    return mistakes


def check(root, contracts):
    mistakes = []
    numbers = []
    for line, first, tests in rows_of(contracts.read_text()):
        if first.isdigit():
            numbers.append(int(first))
        mistakes += check_row(root, f"{contracts.name}:{line}", tests)
    if numbers != NUMBERS:
        mistakes.append(f"{contracts.name}: contracts {numbers}, expected {NUMBERS} in order")
    return mistakes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--contracts", type=pathlib.Path)
    options = parser.parse_args()
    contracts = options.contracts or options.root / "docs" / "contracts.md"
    mistakes = check(options.root, contracts)
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
