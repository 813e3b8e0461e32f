#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts/firmware-figures --check finds in a document: test_firmware_figures.py SCRIPT ROOT"""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT, ROOT = sys.argv[1:3]
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("firmware_figures", SCRIPT)
figures = importlib.util.module_from_spec(importlib.util.spec_from_loader("firmware_figures", loader))
loader.exec_module(figures)

BLOCK = ["| code | 59.3 KiB of 64.0 KiB | 60.0 KiB of 64.0 KiB |", "Hooks: 12 of 12 of the control CPUs, 6 of a core.",
         "Loops: 97 count, 10 wait in a hook, 51 end"]


class Figures(unittest.TestCase):
    def found(self, index, line):
        new = list(BLOCK)
        new[index] = line
        return list(figures.differences(BLOCK, new))

    def test_the_same_figures_are_accepted(self):
        self.assertEqual(list(figures.differences(BLOCK, ["", *BLOCK])), [])

    def test_sizes_may_move_a_little(self):
        self.assertEqual(self.found(0, "| code | 60.9 KiB of 64.0 KiB | 58.1 KiB of 64.0 KiB |"), [])

    def test_a_size_that_has_moved_far_is_found(self):
        self.assertIn("62.9", self.found(0, "| code | 62.9 KiB of 64.0 KiB | 60.0 KiB of 64.0 KiB |")[0])
        self.assertIn("54.2", self.found(0, "| code | 59.3 KiB of 64.0 KiB | 54.2 KiB of 64.0 KiB |")[0])

    def test_one_hook_more_is_found(self):
        self.assertEqual(len(self.found(1, "Hooks: 13 of 12 of the control CPUs, 6 of a core.")), 1)

    def test_one_loop_more_is_no_news(self):
        self.assertEqual(self.found(2, "Loops: 98 count, 9 wait in a hook, 52 end"), [])

    def test_a_row_that_is_missing_or_new_is_found(self):
        self.assertIn("other rows", list(figures.differences(BLOCK, BLOCK[1:]))[0])
        self.assertIn("other rows", list(figures.differences(BLOCK, [*BLOCK, "| more | 1 B | 1 B |"]))[0])
        self.assertIn("other rows", self.found(0, "| text | 59.3 KiB of 64.0 KiB | 60.0 KiB of 64.0 KiB |")[0])

    def test_a_build_that_is_not_there_is_said_and_skipped(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, "-B", SCRIPT, "--check", "--root", ROOT, "--build", folder],
                                  capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 77, done.stdout)
        self.assertIn("is not there", done.stdout)

    def test_a_document_without_marks_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "docs").mkdir()
            (root / "docs" / "firmware.md").write_text("nothing\n", encoding="utf-8")
            done = subprocess.run([sys.executable, "-B", SCRIPT, "--root", root], capture_output=True, text=True,
                                  check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not one '<!-- figures -->'", done.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
