#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the headers in a folder with those that the build installs, with folders in it: installed_headers.py FOLDER HEADER..."""

import os
import pathlib
import sys


def main():
    folder = pathlib.Path(sys.argv[1])
    present = {path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir()}
    installed = {pathlib.Path(os.path.relpath(name, folder)) for name in sys.argv[2:]}
    for name in sorted(present - installed):
        print(f"{folder / name}: not among the headers of include/meson.build")
    for name in sorted(installed - present):
        print(f"{name}: among the headers of include/meson.build, but not in {folder}")
    return 0 if present == installed and present else 1


if __name__ == "__main__":
    sys.exit(main())
