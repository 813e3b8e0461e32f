#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that a shared object of the executor stands alone:

check_shared_object.py (--header FIRMWARE_H | --export NAME...) [--nm NM] [--readelf READELF] [--max-text BYTES]
                       [--max-hooks N] [--json] [--image] [--build-id] [--no-variables]
                       [--weak NAME...] OBJECT

It exports what the header declares with PTO_EXPORT, or the names that are given, no less and no more; it needs no other object and no symbol; its
relocations are such that any loader knows; nothing runs before or after it, nothing of it is per thread; no memory is
both writable and executable, the stack neither. With --max-text, its code has at most so many bytes; with --max-hooks,
the header asks for at most so many functions of the control CPUs. --json prints sizes and numbers. With --image, the
object is an image that is linked already: it exports nothing. With --build-id, it has one; with --no-variables, nothing in
it can change once it is loaded. A function that is given with --weak is one that the process which loads the object may
have, or not: it is undefined and weak, and called through a relocation of its own."""

import argparse
import json
import os
import re
import subprocess
import sys

# What runs by itself, as tags of the dynamic section.
REFUSED_TAGS = {
    "INIT": "a function before main", "INIT_ARRAY": "functions before main", "PREINIT_ARRAY": "functions before main",
    "FINI": "a function after main", "FINI_ARRAY": "functions after main",
    "TEXTREL": "relocations of code", "RPATH": "a search path", "RUNPATH": "a search path",
    "INTERP": "an interpreter",
}
PLAIN_RELOCATIONS = {"R_AARCH64_RELATIVE", "R_AARCH64_RELATIV", "R_X86_64_RELATIVE"}  # readelf cuts names of 17 letters

NAMED_RELOCATIONS = {"R_AARCH64_GLOB_DAT", "R_AARCH64_GLOB_DA", "R_AARCH64_JUMP_SLOT", "R_AARCH64_JUMP_SL",
                     "R_X86_64_GLOB_DAT", "R_X86_64_JUMP_SLOT"}

# Function pointers that an image fills in, by who is asked.
HOOKS = {"control CPUs": ("pto_firmware_port", "pto_loader"), "cores": ("pto_core_port",)}


class Unreadable(Exception):
    """A tool failed, or the header says nothing."""


def run(command):
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    if result.returncode != 0:
        raise Unreadable(f"{command[0]} failed: {result.stderr.strip()}")
    return result.stdout


def code_of(path):
    with open(path, encoding="utf-8") as file:
        return re.sub(r"/\*.*?\*/", " ", file.read(), flags=re.DOTALL)


def count_hooks(path):
    """{who is asked: function pointers} of the ports that the header declares."""
    code, counts = code_of(path), dict.fromkeys(HOOKS, 0)
    for who, names in HOOKS.items():
        for name in names:
            body = re.search(r"typedef struct %s \{(.*?)\n\} %s;" % (name, name), code, re.DOTALL)
            if body is None:
                raise Unreadable(f"{path}: no struct {name}")
            counts[who] += len(re.findall(r"^[\w ]+\*?\(\*\w+\)\(", body.group(1), re.MULTILINE))
    return counts


def exports_of_header(path):
    """The functions that the header declares with PTO_EXPORT."""
    code = code_of(path)
    declared = re.findall(r"\bPTO_EXPORT\b([^;{]*)", code)
    names = [re.search(r"\b(\w+)\s*\(", declaration) for declaration in declared]
    if not names or None in names:
        raise Unreadable(f"{path}: no functions, or something else, is declared with PTO_EXPORT")
    return {match.group(1) for match in names}


def section_sizes(readelf, path):
    """Section -> size of what takes memory."""
    sizes = {}
    for line in run([readelf, "-S", "-W", path]).splitlines():
        match = re.match(r"\s*\[\s*\d+\]\s+(\S+)\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)\s+\S+\s+(\w*)\s", line)
        if match and "A" in match.group(3):
            sizes[match.group(1)] = int(match.group(2), 16)
    return sizes


def symbol_problems(nm, path, wanted, weak):
    exported, undefined, found_weak = set(), set(), set()
    for line in run([nm, "-D", "-P", path]).splitlines():
        name, kind = line.split()[:2]
        (found_weak if kind in "wv" else undefined if kind == "U" else exported).add(name.split("@")[0])
    for name in sorted(undefined | (found_weak - weak)):
        yield f"{name}: undefined, and there is nobody to define it"
    for name in sorted(weak - found_weak):
        yield f"{name}: not weak, or not used"
    for name in sorted(wanted - exported):
        yield f"{name}: documented, but not exported"
    for name in sorted(exported - wanted):
        yield f"{name}: exported, but not documented"


def dynamic_problems(readelf, path):
    text = run([readelf, "-d", "-W", path])
    if "(SYMTAB)" not in text:
        yield "no dynamic section: is this a shared object?"
    for tag, value in re.findall(r"^\s*0x[0-9a-f]+ \((\w+)\)\s+(.*)$", text, re.MULTILINE):
        if tag == "NEEDED":
            yield f"NEEDED: {value}"
        elif tag in REFUSED_TAGS:
            yield f"{tag}: {REFUSED_TAGS[tag]}"


def relocation_problems(readelf, path, weak):
    pattern = re.compile(r"^[0-9a-f]{12,}\s+[0-9a-f]+\s+(R_\w+)\s*(.*)$", re.MULTILINE)
    for kind, what in sorted(set(pattern.findall(run([readelf, "-r", "-W", path])))):
        if kind not in PLAIN_RELOCATIONS and not (kind in NAMED_RELOCATIONS and weak & set(what.split())):
            yield f"{kind}: a relocation that needs more than the place of the object ({what.strip()})"


def segment_problems(readelf, path):
    stack = None
    # Types of other processors contain digits and stand in angle brackets.
    row = re.compile(r"^\s+([\w<>:+]+)\s+0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ ([RWE ]{3}) ",
                     re.MULTILINE)
    for kind, flags in row.findall(run([readelf, "-l", "-W", path])):
        if kind == "GNU_STACK":
            stack = flags
        elif kind == "TLS":
            yield "TLS: thread-local variables, which firmware does not have"
        elif kind == "INTERP":
            yield "INTERP: an interpreter"
        elif kind == "LOAD" and "W" in flags and "E" in flags:
            yield f"a segment is writable and executable ({flags.strip()})"
    if stack is None or "E" in stack:
        yield "the stack is executable" if stack else "no GNU_STACK: the stack may become executable"


def find_problems(arguments, sizes, hooks):
    if not arguments.image:
        wanted = set(arguments.export) if arguments.export else exports_of_header(arguments.header)
        yield from symbol_problems(arguments.nm, arguments.object, wanted, set(arguments.weak))
        yield from dynamic_problems(arguments.readelf, arguments.object)
    if arguments.build_id and ".note.gnu.build-id" not in sizes:
        yield "no build id"
    if arguments.no_variables:
        for section in (".data", ".bss"):
            if sizes.get(section, 0) > 0:
                yield f"{section} has {sizes[section]} bytes: there are variables"
    yield from relocation_problems(arguments.readelf, arguments.object, set(arguments.weak))
    yield from segment_problems(arguments.readelf, arguments.object)
    text = sizes.get(".text", 0)
    if arguments.max_text is not None and text > arguments.max_text:
        yield f".text has {text} bytes, more than {arguments.max_text}"
    if arguments.max_hooks is not None and hooks["control CPUs"] > arguments.max_hooks:
        yield f"the header asks for {hooks['control CPUs']} hooks of the control CPUs, more than {arguments.max_hooks}"


def main():
    parser = argparse.ArgumentParser(description="Checks that a shared object of the executor stands alone.")
    parser.add_argument("--header", help="the header that declares what is exported")
    parser.add_argument("--export", action="append", default=[], help="a name that is exported; may be repeated")
    parser.add_argument("--weak", action="append", default=[], help="a function that may be there; may be repeated")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--readelf", default="readelf")
    parser.add_argument("--max-text", type=int, help="bytes that .text may have")
    parser.add_argument("--max-hooks", type=int, help="hooks of the control CPUs that there may be")
    parser.add_argument("--image", action="store_true", help="the object is an image, not a shared object")
    parser.add_argument("--build-id", action="store_true", help="the object must have a build id")
    parser.add_argument("--no-variables", action="store_true", help="the object must have no variables")
    parser.add_argument("--json", action="store_true", help="print the sizes of sections and the numbers of hooks")
    parser.add_argument("object", metavar="OBJECT")
    arguments = parser.parse_args()
    needs_header = not arguments.export or arguments.max_hooks is not None
    if needs_header and arguments.header is None:
        parser.error("--header is missing")
    try:
        sizes = section_sizes(arguments.readelf, arguments.object)
        hooks = count_hooks(arguments.header) if arguments.header and (arguments.json or arguments.max_hooks is not None) else None
        problems = list(find_problems(arguments, sizes, hooks))
    except (Unreadable, OSError) as error:
        sys.exit(str(error))
    if arguments.json:
        print(json.dumps({"sections": sizes, "hooks": hooks}))
    else:
        print(f"{sizes.get('.text', 0)} bytes of .text, {len(problems)} problems")
    for problem in problems:
        print(problem, file=sys.stderr if arguments.json else sys.stdout)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
