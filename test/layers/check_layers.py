#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the source tree to the tables of ARCHITECTURE.md: check_layers.py ROOT [--arch NAME]...

Between `<!-- layers -->` and `<!-- /layers -->` stands the table of folders:

    | folder | may include |
    |---|---|
    | `include/` | |
    | `engine/wire/` | `include/` |
    | `engine/` | `include/`, `engine/wire/` |

A file belongs to the longest folder of the table that holds it, and may include files of that folder and of the
folders in its second cell: exactly these, so a folder below one of them counts only if it has no row of its own. A
cell may also name a single file, without a slash at its end. Further columns are for people.

Between `<!-- freestanding -->` and `<!-- /freestanding -->` stands the table of system headers:

    | folder | system headers |
    |---|---|
    | `engine/`, `aicpu/` | `<cstdint>`, `<cstddef>`, `<atomic>` |
    | `aicpu/port/` | any |

Again the longest folder counts. A folder without a row may include every system header.

The other rules need no table. The folders of the table do not include each other in a circle, and every top-level
folder with sources is in it. A quoted include is written relative to the root or to include/ and names a file that is
there; the programs around the library (tools, examples, tests) may also name a file of theirs by the end of its path,
and the one in their own top-level folder is meant if there are several. They, and the headers in include/pto/compat/,
may name those headers as users of them do, by the name alone. Only where an arch is chosen may a macro
compute an include. In the library's folders file names are unique, files have at most 600 lines, nothing asks for
environment variables, and an arch has a name only where its data and its port are. Where headers of pto-isa are is
known to scripts/meson.build alone, which has sources compiled with their identity. Every source begins with its
licence, and every link of a document to a file leads to one."""

import argparse
import os
import pathlib
import re
import sys

LIBRARY_FOLDERS = ("engine", "aicpu", "host", "posix", "sim")
ARCH_FOLDERS = ("engine/arch/", "aicpu/port/")
COMPAT_FOLDER = "include/pto/compat/"
ISA_BUILD_FILE = "scripts/meson.build"
MAX_LINES = 600
CODE_SUFFIXES = {".c", ".h", ".cc", ".cpp", ".hpp", ".inc", ".inl", ".S"}
LICENSED_SUFFIXES = CODE_SUFFIXES | {".py", ".sh"}
LICENSED_NAMES = {"meson.build", "meson_options.txt"}
LICENCE = "SPDX-License-Identifier: Apache-2.0"
SKIPPED_TOP = re.compile(r"build.*|\..*|subprojects")


class TableError(Exception):
    """ARCHITECTURE.md lacks a table, or one cannot be read."""


def find_files(root):
    """Paths relative to the root, as text, of all files that are not built, hidden or somebody else's."""
    files = []
    for folder, folders, names in os.walk(root):
        here = pathlib.Path(folder).relative_to(root)
        if "meson-private" in folders:
            folders.clear()  # A build directory, whatever its name.
            continue
        folders[:] = [name for name in folders if name != "__pycache__" and not
                      (here == pathlib.Path(".") and SKIPPED_TOP.fullmatch(name))]
        files += [(here / name).as_posix() for name in names if not name.startswith(".")]
    return sorted(files)


# ---- tables ----------------------------------------------------------------------------------------------------------

def table_rows(text, name):
    """The body rows, as lists of cells, of the one table between two marks."""
    match = re.search(rf"^<!-- {name} -->$(.*?)^<!-- /{name} -->$", text, re.MULTILINE | re.DOTALL)
    if not match:
        raise TableError(f"no lines '<!-- {name} -->' and '<!-- /{name} -->'")
    lines = [line.strip() for line in match.group(1).splitlines() if line.strip().startswith("|")]
    if len(lines) < 3 or not re.fullmatch(r"[|:\- ]+", lines[1]):
        raise TableError(f"no table with rows between the marks of '{name}'")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    if any(len(row) < 2 for row in rows):
        raise TableError(f"the table of '{name}' has a row with less than two cells")
    return rows


def quoted(cell):
    """The words between backticks; everything else in a cell must be punctuation."""
    rest = re.sub(r"`[^`]*`", "", cell)
    if re.search(r"\w", rest):
        raise TableError(f"'{rest.strip()}' in a table stands outside backticks")
    return re.findall(r"`([^`]*)`", cell)


def read_layers(text):
    """Folder -> set of folders and files that it may include."""
    layers = {}
    for row in table_rows(text, "layers"):
        allowed = set() if row[1] in ("", "-", "nothing") else set(quoted(row[1]))
        for folder in quoted(row[0]):
            if not folder.endswith("/"):
                raise TableError(f"the folder `{folder}` needs a slash at its end")
            if folder in layers:
                raise TableError(f"`{folder}` has two rows")
            layers[folder] = allowed
    for folder, allowed in layers.items():
        for entry in sorted(allowed):
            if entry.endswith("/") and entry not in layers:
                raise TableError(f"`{folder}` may include `{entry}`, which has no row")
    return layers


def read_freestanding(text):
    """Folder -> set of system headers, or None where every header will do."""
    limits = {}
    for row in table_rows(text, "freestanding"):
        headers = None if row[1] == "any" else {header.strip("<>") for header in quoted(row[1])}
        for folder in quoted(row[0]):
            limits[folder] = headers
    return limits


def owner_of(path, folders):
    """The longest of the folders that holds the path, None if none does."""
    return max((folder for folder in folders if path.startswith(folder)), key=len, default=None)


# ---- sources ---------------------------------------------------------------------------------------------------------

COMMENT_OR_STRING = re.compile(r"""
    //(?:\\\n|[^\n])* | /\*.*?\*/ |                             # comments
    R"(?P<mark>[^\s()\\]*)\(.*?\)(?P=mark)" |                  # raw strings
    "(?:\\.|[^"\\\n])*" | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*' # strings; characters, but not the marks in 1'000
    """, re.DOTALL | re.VERBOSE)


def without_comments(text):
    """The text with comments, and strings of several lines, replaced by as many newlines as they held."""
    def keep(match):
        token = match.group(0)
        lines = token.count("\n")
        return " " + "\n" * lines if lines or token.startswith(("//", "/*")) else token
    return COMMENT_OR_STRING.sub(keep, text)


def includes_of(code):
    """(line number, kind, name) of each include; kind is '"', '<', or '?' for one that a macro computes."""
    for number, line in enumerate(code.splitlines(), 1):
        match = re.match(r"""\s*#\s*(?:include|include_next|import)\b\s*(?:"([^"]+)"|<([^>]+)>|(.*))""", line)
        if match:
            kind = '"' if match.group(1) else "<" if match.group(2) else "?"
            yield number, kind, match.group(1) or match.group(2) or match.group(3).strip()


def resolve(name, path, files):
    """The file that an include in the file `path` names; None if there is none."""
    for candidate in (name, "include/" + name):
        if candidate in files:
            return candidate
    strict = LIBRARY_FOLDERS + ("include",)
    top = path.split("/")[0]
    if (top not in strict or path.startswith(COMPAT_FOLDER)) and COMPAT_FOLDER + name in files:
        return COMPAT_FOLDER + name
    if top in strict:
        return None
    matches = [file for file in files if file.endswith("/" + name) and file.split("/")[0] not in strict]
    return min(matches, key=lambda file: (file.split("/")[0] != top, file), default=None)


class Checker:
    def __init__(self, root, archs=()):
        self.root = pathlib.Path(root)
        self.archs = archs
        self.files = find_files(self.root)
        self.present = set(self.files)
        self.problems = []
        self.layers = {}
        self.limits = {}

    def report(self, place, text):
        self.problems.append(f"{place}: {text}")

    def run(self):
        try:
            text = (self.root / "ARCHITECTURE.md").read_text(encoding="utf-8")
            self.layers = read_layers(text)
            self.limits = read_freestanding(text)
        except FileNotFoundError:
            self.report("ARCHITECTURE.md", "is missing, and with it the table of layers")
            return self.problems
        except TableError as error:
            self.report("ARCHITECTURE.md", str(error))
            return self.problems
        self.check_folders()
        self.check_circles()
        for path in self.files:
            self.check_licence(path)
            suffix = pathlib.PurePosixPath(path).suffix
            if suffix in CODE_SUFFIXES:
                self.check_code(path)
            elif suffix == ".md":
                self.check_links(path)
            elif pathlib.PurePosixPath(path).name == "meson.build":
                self.check_isa_folder(path)
        self.check_unique_names()
        return self.problems

    def read(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    # ---- folders

    def check_folders(self):
        for folder in sorted(set(self.layers) | set(self.limits)):
            if not (self.root / folder).is_dir():
                self.report("ARCHITECTURE.md", f"`{folder}` is in a table, but not in the tree")
        for folder, allowed in self.layers.items():
            for entry in sorted(allowed):
                if not entry.endswith("/") and entry not in self.present:
                    self.report("ARCHITECTURE.md", f"`{folder}` may include `{entry}`, which is not there")
        for folder in ("engine/", "aicpu/"):
            if folder in self.layers and owner_of(folder, self.limits) is None:
                self.report("ARCHITECTURE.md", f"`{folder}` has no row in the table of system headers")
        tops = {path.split("/")[0] + "/" for path in self.files
                if "/" in path and pathlib.PurePosixPath(path).suffix in CODE_SUFFIXES}
        for top in sorted(tops):
            if top not in self.layers:
                self.report("ARCHITECTURE.md", f"`{top}` has sources, but no row in the table of layers")

    def check_circles(self):
        done, path = set(), []

        def visit(folder):
            if folder in path:
                self.report("ARCHITECTURE.md", "a circle: " + " -> ".join(path[path.index(folder):] + [folder]))
            elif folder not in done:
                path.append(folder)
                for entry in sorted(self.layers[folder]):
                    if entry in self.layers and entry != folder:
                        visit(entry)
                done.add(path.pop())

        for folder in sorted(self.layers):
            visit(folder)

    # ---- one file

    def check_licence(self, path):
        pure = pathlib.PurePosixPath(path)
        if pure.suffix not in LICENSED_SUFFIXES and pure.name not in LICENSED_NAMES:
            return
        if not any(LICENCE in line for line in self.read(path).splitlines()[:2]):
            self.report(path, f"has no '{LICENCE}' in its first two lines")

    def check_isa_folder(self, path):
        """An object that was compiled without the identity could be one of other headers."""
        name = r"get_option\(\s*'pto_isa'|\bisa_tree\b" + ("" if path.startswith("test/") else r"|\bisa_tree_args\b")
        for number, line in enumerate(self.read(path).splitlines(), 1):
            if path != ISA_BUILD_FILE and re.search(name, line.split("#")[0]):
                self.report(f"{path}:{number}", f"asks where pto-isa is: only `isa_compile` of {ISA_BUILD_FILE} may")

    def check_links(self, path):
        text = re.sub(r"^```.*?^```$", "", self.read(path), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            target = link.split("#")[0]
            if target and ":" not in target and not (self.root / path).parent.joinpath(target).exists():
                self.report(path, f"links to {target}, which is not there")

    def check_code(self, path):
        text = self.read(path)
        code = without_comments(text)
        for line, kind, name in includes_of(code):
            self.check_include(f"{path}:{line}", path, kind, name)
        if path.split("/")[0] in LIBRARY_FOLDERS:
            self.check_library_code(path, text, code)

    def check_include(self, place, path, kind, name):
        if kind == "?":
            if not path.startswith(ARCH_FOLDERS):
                self.report(place, f"includes what a macro computes: {name}; only {', '.join(ARCH_FOLDERS)} may")
            return
        target = resolve(name, path, self.present)
        if kind == '"' and target is None:
            self.report(place, f'"{name}" is neither below the root nor below include/')
        elif target is not None:
            self.check_layer(place, path, target)
        else:
            self.check_system_header(place, path, name)

    def check_layer(self, place, path, target):
        here, there = owner_of(path, self.layers), owner_of(target, self.layers)
        if here is None:
            return  # Reported with the folders.
        allowed = self.layers[here]
        if there != here and there not in allowed and target not in allowed:
            self.report(place, f"`{here}` may not include {target}, which belongs to `{there}`")

    def check_system_header(self, place, path, name):
        folder = owner_of(path, self.limits)
        headers = self.limits.get(folder)
        if headers is not None and name not in headers:
            self.report(place, f"<{name}> is not among the system headers of `{folder}`")

    def check_library_code(self, path, text, code):
        lines = text.count("\n") + (not text.endswith("\n"))
        if lines > MAX_LINES:
            self.report(path, f"has {lines} lines, more than {MAX_LINES}")
        for number, line in enumerate(code.splitlines(), 1):
            if re.search(r"\b(secure_)?getenv\b|\benviron\b", line):
                self.report(f"{path}:{number}", "asks for environment variables: options are arguments")
        if self.archs and not path.startswith(ARCH_FOLDERS):
            self.check_arch_names(path, code)

    def check_arch_names(self, path, code):
        name = re.compile(r"(?<![0-9A-Za-z])(" + "|".join(map(re.escape, self.archs)) + r")(?![0-9A-Za-z])",
                          re.IGNORECASE)
        if name.search(path):
            self.report(path, "has the name of an arch: an arch is data of engine/arch/ or a port")
        for number, line in enumerate(code.splitlines(), 1):
            match = name.search(line)
            if match:
                self.report(f"{path}:{number}", f"names the arch {match.group(1)} outside {', '.join(ARCH_FOLDERS)}")

    # ---- all files

    def check_unique_names(self):
        seen = {}
        for path in self.files:
            pure = pathlib.PurePosixPath(path)
            if pure.parts[0] in LIBRARY_FOLDERS and pure.suffix in CODE_SUFFIXES:
                if pure.name in seen:
                    self.report(path, f"has the same name as {seen[pure.name]}")
                seen.setdefault(pure.name, path)


def main():
    parser = argparse.ArgumentParser(description="Holds the source tree to the tables of ARCHITECTURE.md.")
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--arch", action="append", default=[], help="name of an arch; may be repeated")
    arguments = parser.parse_args()
    checker = Checker(arguments.root, tuple(arguments.arch))
    problems = checker.run()
    for problem in problems:
        print(problem)
    print(f"{len(checker.files)} files, {len(checker.layers)} folders in the table, {len(problems)} problems")
    return 1 if problems or not checker.files else 0


if __name__ == "__main__":
    sys.exit(main())
