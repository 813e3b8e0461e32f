#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles the C programs that a Markdown file shows: compile_code_blocks.py FILE -- COMPILER FLAG...

Every block that begins with ```c must be a translation unit of its own. A file without any is an error, so that a
renamed block cannot switch the check off."""

import re
import subprocess
import sys


def main():
    separator = sys.argv.index("--")
    (path,) = sys.argv[1:separator]
    command = sys.argv[separator + 1:]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    blocks = [(text.count("\n", 0, match.start()) + 2, match.group(1))
              for match in re.finditer(r"^```c\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]
    failures = 0
    for line, code in blocks:
        unit = f'#line {line} "{path}"\n{code}'
        if subprocess.run(command + ["-x", "c", "-fsyntax-only", "-"], input=unit, text=True).returncode != 0:
            print(f"{path}:{line}: does not compile")
            failures += 1
    print(f"{path}: {len(blocks)} C blocks, {failures} of them broken")
    return 0 if blocks and failures == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
