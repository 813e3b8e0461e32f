#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles the programs that a Markdown file shows: compile_code_blocks.py FILE LANGUAGE -- COMPILER FLAG...

LANGUAGE is c or cpp. Every block that begins with ``` and this word must be a translation unit of its own. A file
without any is an error, so that a renamed block cannot switch the check off."""

import re
import subprocess
import sys

COMPILER_NAMES = {"c": "c", "cpp": "c++"}


def main():
    separator = sys.argv.index("--")
    path, language = sys.argv[1:separator]
    command = sys.argv[separator + 1:] + ["-x", COMPILER_NAMES[language], "-fsyntax-only", "-"]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    blocks = [(text.count("\n", 0, match.start()) + 2, match.group(1))
              for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]
    failures = 0
    for line, code in blocks:
        unit = f'#line {line} "{path}"\n{code}'
        if subprocess.run(command, input=unit, text=True).returncode != 0:
            print(f"{path}:{line}: does not compile")
            failures += 1
    print(f"{path}: {len(blocks)} blocks of {language}, {failures} of them broken")
    return 0 if blocks and failures == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
