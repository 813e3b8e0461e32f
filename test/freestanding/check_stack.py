#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How deep the stacks of the executor become, from what gcc notes with -fcallgraph-info=su:

check_stack.py (--header FIRMWARE_H | --entry ROLE=NAME...) --calls FILE... --root FOLDER [--max-stack BYTES] [--json]
               [--outside NAME...] FOLDER_OF_OBJECTS...

The entries are those that are given, or the functions that the header declares with PTO_EXPORT, by role:
pto_firmware_serve, pto_core_run, and all others, which control CPU 0 calls. A stack is what the functions of the executor take; what hooks, kernels,
orchestrations and the functions that are given with --outside take comes on top, where they are called. A function without a bound, a recursion, and a call through a
pointer of which the file of calls does not say where it goes are errors. That file has one line per call:

    FILE | TEXT OF THE CALL | WHERE IT GOES

FILE is a path below the root, * stands for any text; the text is in the line of the source where the call stands. It
goes to `outside`, which takes nothing of this stack, or to functions of the executor, separated by commas: their name
with its namespaces, without arguments, * again for any text. A name behind a question mark need not be there: programs of
which the executor is a part bring it. A line that matches no call is an error, too."""

import argparse
import fnmatch
import json
import os
import pathlib
import re
import sys

from check_shared_object import Unreadable, exports_of_header

INDIRECT = "__indirect_call"
OUTSIDE = "outside"
ROLES = {"serving": ["pto_firmware_serve"], "core loop": ["pto_core_run"]}
OTHERS = "orchestrating"
# They have no depth of their own where an image brings them; the shared object's own call nothing.
BYTES = {"memcpy", "memmove", "memset", "memcmp"}


class Function:
    def __init__(self, title):
        self.title = title
        self.name = title
        self.frame = None
        self.kind = ""
        self.calls = {}  # title -> place of the call


def plain_name(label):
    """The name with its namespaces of a function as gcc describes it: no result, arguments and template arguments."""
    depth, out = 0, ""
    for letter in re.sub(r"operator([()<>=!+*/&|^%~-]+)(?=\()", "operator", label.split(" [with ")[0]):
        depth -= letter in ")>"
        if depth == 0 and letter not in "<>()":
            out += letter
        depth += letter in "(<"
    words = [word.strip("*&") for word in out.split() if word not in ("const", "static", "constexpr", "virtual")]
    return words[-1].replace("::::", "::") if words else label


def read_graphs(folders):
    functions, indirect = {}, []
    paths = sorted(path for folder in folders for path in map(str, pathlib.Path(folder).iterdir()) if path.endswith(".ci"))
    if not paths:
        raise Unreadable(f"no call graphs in {', '.join(folders)}: was this compiled with -fcallgraph-info=su?")
    node = re.compile(r'^node: \{ title: "([^"]*)" label: "((?:[^"\\]|\\.)*)"', re.MULTILINE)
    edge = re.compile(r'^edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"(?: label: "([^"]*)")?', re.MULTILINE)
    for path in paths:
        text = pathlib.Path(path).read_text(encoding="utf-8")
        for title, label in node.findall(text):
            function = functions.setdefault(title, Function(title))
            lines = label.split("\\n")
            size = re.fullmatch(r"(\d+) bytes \(([\w,]+)\)", lines[2]) if len(lines) > 2 else None
            if size:
                # Of functions with variable arguments nothing is left of the name.
                function.name = title if lines[0].startswith(")") else plain_name(lines[0])
                function.frame = max(function.frame or 0, int(size.group(1)))
                function.kind = size.group(2)
        for source, target, place in edge.findall(text):
            if target == INDIRECT:
                indirect.append((source, place))
            else:
                functions.setdefault(source, Function(source)).calls[target] = place
                functions.setdefault(target, Function(target))
    for title, function in list(functions.items()):
        if function.frame is None:
            # Of a constructor for complete objects there is no word when it is that for parts, too.
            functions[title] = functions.get(re.sub(r"([CD])1E", r"\g<1>2E", title), function)
    return functions, sorted(set(indirect))


def read_calls(path):
    rows = []
    for number, line in enumerate(pathlib.Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            cells = [cell.strip() for cell in line.split("|")]
            if len(cells) != 3 or not all(cells):
                raise Unreadable(f"{path}:{number}: not FILE | TEXT | WHERE IT GOES")
            rows.append((f"{path}:{number}", cells[0], cells[1], [name.strip() for name in cells[2].split(",")]))
    return rows


class Stacks:
    def __init__(self, arguments):
        self.functions, indirect = read_graphs(arguments.folders)
        self.outside = set(arguments.outside)
        self.root = os.path.realpath(arguments.root)
        self.problems = []
        self.depths = {}
        self.resolve(indirect, [row for path in arguments.calls for row in read_calls(path)])

    def report(self, text):
        if text not in self.problems:
            self.problems.append(text)

    def source_line(self, place):
        """Path below the root and text of the line in which a call stands. Paths are relative to the build folder."""
        path, number, _ = place.rsplit(":", 2)
        real = os.path.realpath(path)
        with open(real, encoding="utf-8") as file:
            return os.path.relpath(real, self.root), number, file.read().splitlines()[int(number) - 1].strip()

    def resolve(self, indirect, rows):
        used = set()
        for source, place in indirect:
            path, line, text = self.source_line(place)
            matches = [row for row in rows if fnmatch.fnmatchcase(path, row[1]) and row[2] in text]
            if len(matches) != 1:
                self.report(f"{path}:{line}: {len(matches)} lines of the files of calls say where this call of "
                            f"{self.functions[source].name} goes: {text}")
            for row, _, _, targets in matches[:1]:
                used.add(row)
                self.connect(source, place, targets, row)
        for row, _, text, _ in rows:
            if row not in used:
                self.report(f"{row}: there is no call '{text}'")

    def connect(self, source, place, targets, row):
        for target in targets:
            if target == OUTSIDE:
                continue
            found = [title for title, function in self.functions.items()
                     if function.frame is not None and fnmatch.fnmatchcase(function.name, target.lstrip("?"))]
            if not found and not target.startswith("?"):
                self.report(f"{row}: there is no function '{target}'")
            self.functions[source].calls.update((title, place) for title in found)

    def depth(self, title, path=()):
        """(bytes, names of the deepest chain) from a function on."""
        if title in self.depths:
            return self.depths[title]
        function = self.functions[title]
        if title in path:
            circle = [self.functions[other].name for other in path[path.index(title):]] + [function.name]
            self.report(f"{function.name} calls itself: {' -> '.join(circle)}")
            return 0, ()
        if function.frame is None:
            if title not in BYTES | self.outside:
                self.report(f"{title} is called by {self.functions[path[-1]].name}, and nothing is known of it"
                            if path else f"{title} is not there")
            return 0, ()
        # Bounded: arguments are pushed for a call, and the size has room for the most of them.
        if function.kind not in ("static", "dynamic,bounded"):
            self.report(f"the stack of {function.name} has no fixed size ({function.kind})")
        below = max((self.depth(callee, path + (title,)) for callee in function.calls), default=(0, ()))
        self.depths[title] = function.frame + below[0], (f"{function.name} {function.frame}",) + below[1]
        return self.depths[title]


def roles_of(arguments):
    """Role -> functions."""
    if not arguments.entry:
        exports = exports_of_header(arguments.header)
        return {OTHERS: sorted(exports.difference(*ROLES.values())), **ROLES}
    roles = {}
    for entry in arguments.entry:
        role, _, name = entry.rpartition("=")
        roles.setdefault(role, []).append(name)
    return roles


def main():
    parser = argparse.ArgumentParser(description="How deep the stacks of the executor become.")
    parser.add_argument("--header", help="the header that declares the entries")
    parser.add_argument("--entry", action="append", default=[], help="ROLE=NAME: an entry; may be repeated")
    parser.add_argument("--outside", action="append", default=[], help="a function that others bring; may be repeated")
    parser.add_argument("--calls", required=True, action="append",
                        help="a file that says where calls through pointers go; may be repeated")
    parser.add_argument("--root", required=True, help="the folder of the sources")
    parser.add_argument("--max-stack", type=int, help="bytes that a role may take")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("folders", nargs="+", metavar="FOLDER_OF_OBJECTS")
    arguments = parser.parse_args()
    if not arguments.entry and arguments.header is None:
        parser.error("neither --header nor --entry")
    try:
        roles = roles_of(arguments)
        stacks = Stacks(arguments)
    except (Unreadable, OSError) as error:
        sys.exit(str(error))
    worst = {}
    for role, entries in roles.items():
        for entry in entries:
            if entry not in stacks.functions:
                stacks.report(f"{entry} is an entry, and is not there")
            else:
                worst[role] = max(worst.get(role, (0, ())), stacks.depth(entry))
    for role, (size, _) in worst.items():
        if arguments.max_stack is not None and size > arguments.max_stack:
            stacks.report(f"{role}: a stack of {size} bytes, more than {arguments.max_stack}")
    if arguments.json:
        print(json.dumps({role: {"bytes": size, "chain": chain} for role, (size, chain) in worst.items()}))
    else:
        for role, (size, chain) in worst.items():
            print(f"{role}: {size} bytes: {' -> '.join(chain)}")
    for problem in stacks.problems:
        print(problem, file=sys.stderr if arguments.json else sys.stdout)
    return 1 if stacks.problems else 0


if __name__ == "__main__":
    sys.exit(main())
