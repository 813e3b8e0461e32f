#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that a library has one set of verbs: check_verbs.py NM LIBRARY.

What is done with a callable is done by one function each, whatever kind of callable it is and whoever builds its
graphs: no second prepare, run or release under another name, and nothing exported beside the C API."""

import subprocess
import sys

VERBS = ("prepare", "run", "release")


def exported(nm, library):
    lines = subprocess.run([nm, "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    # Weak ones are templates of the C++ library, which every object has.
    symbols = [line.split()[-2:] for line in lines.splitlines()]
    return sorted(name.split("@")[0] for kind, name in symbols if kind in "TDBRG")


def mistakes_in(names):
    mistakes = []
    for verb in VERBS:
        found = [name for name in names if verb in name.split("_")]
        if found != [f"pto_{verb}"]:
            mistakes.append(f"functions to {verb}: {found}, expected pto_{verb} alone")
    foreign = [name for name in names if not name.startswith("pto_")]
    if foreign:
        mistakes.append(f"exported beside the C API: {foreign[:10]}")
    return mistakes


def main():
    mistakes = mistakes_in(exported(sys.argv[1], sys.argv[2]))
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
