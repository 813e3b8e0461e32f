#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an assembler file that holds files: embed.py OUT.S NAME=FILE...

It defines embedded_NAME and embedded_NAME_end."""
import pathlib
import sys

lines = ["/* Written by embed.py. */", '    .section .rodata.embedded, "a"']
for argument in sys.argv[2:]:
    name, path = argument.split("=", 1)
    if not pathlib.Path(path).stat().st_size:
        sys.exit(f"{path} is empty")
    lines += ["    .balign 64", f"    .globl embedded_{name}, embedded_{name}_end", f"embedded_{name}:",
              f'    .incbin "{pathlib.Path(path).resolve()}"', f"embedded_{name}_end:"]
pathlib.Path(sys.argv[1]).write_text("\n".join(lines) + "\n", encoding="utf-8")
