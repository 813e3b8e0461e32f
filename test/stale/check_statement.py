#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A built file states the headers that are on disk: check_statement.py SCRIPTS FILE [--tree TREE]

Compares what the file says after PTO_BUILD_IDENTITY= with what isa-identity says now."""

import re
import subprocess
import sys


def main():
    scripts, built = sys.argv[1:3]
    expected = subprocess.run([sys.executable, "-B", scripts + "/isa-identity", *sys.argv[3:]], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()
    with open(built, "rb") as file:
        stated = {text.decode() for text in re.findall(rb"PTO_BUILD_IDENTITY=([^\0\"]+)\0", file.read())}
    if stated == {expected}:
        return 0
    print(f"{built} states {sorted(stated)}, the headers on disk are '{expected}'", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
