#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the executor for another machine and runs the tests of that build, which become cases in TAP:

run_cross_build.py SOURCE_FOLDER BUILD_FOLDER CROSS_FILE [OPTION]...

The folder is kept, so that the next time only what has changed is built; one that cannot be configured any more is
begun anew. OPTIONs are those of meson setup."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys


def run(*command):
    """Exit status; the output goes to stderr, where it does not disturb the report."""
    print("+", *command, file=sys.stderr, flush=True)
    # Compilers and flags of the surroundings are for this machine.
    names = ("CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "MALLOC_PERTURB_", "LD_LIBRARY_PATH")
    return subprocess.run(command, stdout=sys.stderr, stdin=subprocess.DEVNULL,
                          env={name: value for name, value in os.environ.items() if name not in names}).returncode


def configure(source, build, options):
    if (build / "build.ninja").exists() and run("meson", "setup", "--reconfigure", build, source, *options) == 0:
        return True
    shutil.rmtree(build, ignore_errors=True)
    return run("meson", "setup", build, source, *options) == 0


def cases_of(test):
    """(whether it is good, name) for a test, or for each case that it has reported itself."""
    inner = re.findall(r"^(not )?ok \d+(?: - (.*))?$", test.get("stdout") or "", re.MULTILINE)
    good = test["result"] == "OK"
    if not inner:
        return [(good, test["name"])]
    cases = [(not failed, f"{test['name']}: {name}") for failed, name in inner]
    return cases if good or not all(case[0] for case in cases) else cases + [(False, test["name"])]


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    source, build, cross_file = (pathlib.Path(argument) for argument in sys.argv[1:4])
    if not configure(source, build, ["--cross-file", cross_file, *sys.argv[4:]]):
        sys.exit("the cross build cannot be configured")
    if run("ninja", "-C", build) != 0:
        sys.exit("the cross build fails")
    log = build / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    status = run("meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs")
    cases = []
    if log.exists():
        with open(log, encoding="utf-8") as file:
            cases = [case for line in file for case in cases_of(json.loads(line))]
    cases.append((status == 0 and len(cases) > 0, "the tests of the cross build pass"))
    print(f"1..{len(cases)}")
    for number, (good, name) in enumerate(cases, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name.replace('#', ' ')}")
    return 0 if all(good for good, _ in cases) else 1


if __name__ == "__main__":
    sys.exit(main())
