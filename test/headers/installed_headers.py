#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the headers in a folder with those that the build installs: installed_headers.py FOLDER HEADER..."""

import pathlib
import sys


def main():
    folder = pathlib.Path(sys.argv[1])
    present = {path.name for path in folder.iterdir() if path.is_file()}
    installed = {pathlib.Path(name).name for name in sys.argv[2:]}
    for name in sorted(present - installed):
        print(f"{folder / name}: not in public_headers of include/meson.build")
    for name in sorted(installed - present):
        print(f"{name}: in public_headers of include/meson.build, but not in {folder}")
    return 0 if present == installed and present else 1


if __name__ == "__main__":
    sys.exit(main())
