#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that static libraries need nothing but what a list allows, so that firmware without libc can link them.

check_symbols.py --allow FILE [--prefix TEXT]... [--instrumented] [--nm NM] [--readelf READELF] ARCHIVE...

The archives count as one program: what one of their objects defines, the others may use. Whatever is left undefined
must be in the file of allowed names or begin with an allowed prefix. Thread-local variables and functions that run
before main are refused as well, because firmware has neither; an instrumented build (sanitizers, coverage) brings its
own, so there this part is left out."""

import argparse
import fnmatch
import re
import subprocess
import sys

REFUSED_SECTIONS = {
    ".tdata": "thread-local variables", ".tbss": "thread-local variables",
    ".preinit_array": "functions before main", ".init_array": "functions before main",
    ".ctors": "functions before main", ".fini_array": "functions after main", ".dtors": "functions after main",
}


def read_allowed(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.split("#")[0].strip() for line in file]
    return [line for line in lines if line]


def run(command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{command[0]} failed: {result.stderr.strip()}")
    return result.stdout


def read_symbols(nm, archives):
    """The set of defined global names, and undefined name -> objects that need it."""
    defined, undefined = set(), {}
    for line in run([nm, "-A", "-g", "-P", *archives]).splitlines():
        match = re.fullmatch(r"(.*?): (\S+) (\S)(?: .*)?", line)
        if not match:
            continue
        place, name, kind = match.groups()
        if kind in "Uwv":
            undefined.setdefault(name, set()).add(place)
        else:
            defined.add(name)
    return defined, undefined


def find_refused_sections(readelf, archives):
    """(section, what it holds) of each section that firmware cannot honour."""
    found = set()
    for line in run([readelf, "-S", "-W", *archives]).splitlines():
        match = re.match(r"\s*\[\s*\d+\]\s+(\.\w+)", line)
        if match and match.group(1) in REFUSED_SECTIONS:
            found.add((match.group(1), REFUSED_SECTIONS[match.group(1)]))
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description="Checks what static libraries leave undefined.")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--readelf", default="readelf")
    parser.add_argument("--allow", required=True, help="file of allowed names")
    parser.add_argument("--prefix", action="append", default=[], help="allowed beginning of a name; may be repeated")
    parser.add_argument("--instrumented", action="store_true", help="leave out the check of sections")
    parser.add_argument("archives", nargs="+", metavar="ARCHIVE")
    arguments = parser.parse_args()

    allowed = read_allowed(arguments.allow)
    defined, undefined = read_symbols(arguments.nm, arguments.archives)
    problems = 0
    needed = 0
    for name, places in sorted(undefined.items()):
        if name in defined:
            continue
        needed += 1
        if not (any(fnmatch.fnmatchcase(name, pattern) for pattern in allowed)
                or name.startswith(tuple(arguments.prefix))):
            problems += 1
            print(f"{name}: undefined, and not allowed; needed by {', '.join(sorted(places))}")
    if not arguments.instrumented:
        for section, meaning in find_refused_sections(arguments.readelf, arguments.archives):
            problems += 1
            print(f"{section}: {meaning}, which firmware does not have")
    if not defined:
        problems += 1
        print("the archives define nothing: is this the executor?")
    print(f"{len(defined)} names defined, {needed} left to the image, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
