# SPDX-License-Identifier: Apache-2.0
"""What docs/porting.md shows works as it is printed: its sources, its Meson project, and its commands, one after the other.

usage: see user_case.py
"""

import os
import re
import shutil
import sys
import unittest

from user_case import SOURCE, InstalledTest, npy

COUNT = 4096
SOURCES = {"orchestration.cpp", "add.cpp", "scale.cpp", "host.c", "meson.build"}
RUN = "pto run add_and_scale.pto --in a.npy --in b.npy --out c.npy --golden expected.npy"
FOREIGN = "packed.bin"  # made by another tool: test_tool_import.py has such files


class Porting(InstalledTest):
    def setUp(self):
        super().setUp()
        with open(os.path.join(SOURCE, "docs", "porting.md"), encoding="utf-8") as file:
            self.text = file.read()
        self.write_sources()
        a, b = range(COUNT), range(COUNT, 0, -1)
        for name, values in [("a.npy", a), ("b.npy", b), ("expected.npy", [0.5 * (x + y) for x, y in zip(a, b)])]:
            self.write(name, npy(*values, shape=(64, 64)))

    def write(self, name, content):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(content)

    def write_sources(self):
        written = set()
        for language, code in re.findall(r"^```(\w+)\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL):
            named = re.match(r"(?://|/\*) (\S+\.c(?:pp)?)\b", code)
            name = named.group(1) if named else "meson.build" if language == "meson" else None
            if name:
                self.write(name, code.encode())
                written.add(name)
        self.assertEqual(written, SOURCES)

    def commands(self):
        """Indented lines, each with those that it is continued on."""
        text = re.sub(r"^( *)```.*?^\1```$", "", self.text, flags=re.MULTILINE | re.DOTALL)
        lines = re.findall(r"^ {4,}((?:pto|g\+\+|cc) (?:.*\\\n)*.*)$", text, re.MULTILINE)
        self.assertGreater(len(lines), 8)
        return [line for line in lines if FOREIGN not in line]

    def test_the_commands_run(self):
        archs = self.run_program("pto", "version")
        for command in self.commands():
            arch = re.search(r"--arch (\w+)", command)
            if arch is None or arch.group(1) in archs:
                self.run_program("sh", "-e", "-c", command)
            if command.startswith(("pto build", "pto pack")):
                self.run_program(*RUN.split())

    def test_a_result_that_is_wrong_would_be_noticed(self):
        shutil.copy(os.path.join(self.folder, "a.npy"), os.path.join(self.folder, "expected.npy"))
        with self.assertRaisesRegex(AssertionError, "differ"):
            self.test_the_commands_run()

    def test_the_meson_project_builds_and_passes_its_tests(self):
        self.run_program("meson", "setup", "build")
        self.assertRegex(self.run_program("meson", "test", "-C", "build"), r"Ok: +2\b")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
