#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes loops that check_loops.py has to find, and loops that it has to leave alone."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent

PLAIN = [
    "for (int x : list) use(x);",
    "for (const auto &[key, value] : table) { use(key); }",
    "for (uint32_t i = 0; i < count; i++) use(i);",
    "for (uint32_t i = 0; i + 1 < count; i++) { use(i); }",
    "for (uint32_t word = 0; word * 64 < count; word++) use(word);",
    "for (uint32_t i = 0; sound && i < task.count; i++) sound = use(i);",
    "for (uint32_t i = 0; i < a || i < b; i++) use(i);",
    "for (int i = count; i >= 0; i--) use(i);",
    "for (uint32_t i = count; i-- > 0;) use(i);",
    "while (count-- > 0) use(count);",
    "for (uint64_t at = 0; at < size; at += 8) use(at);",
    "for (uint32_t i = 0; i < count; i++) // for (;;) in a comment\n use(\"while (true) in a text\");",
]
WAITS = [
    "for (;;) { if (done()) return; port.relax(port.self, 0); }",
    "while (!lock.try_lock()) { relax(); }",
    "do { port_.relax(port_.self, round++); } while (!done());",
]
ENDLESS = [
    "for (;;) use(1);",
    "while (true) { use(1); }",
    "while (!done.load()) {}",
    "while (!done.load());",
    "do use(1); while (!cas(head));",
    "do { use(1); } while (!cas(head));",
    "for (uint32_t i = 0; i < count;) use(i);",
    "for (uint32_t i = 0; i < count; i--) use(i);",
    "for (uint32_t i = 0; i < count; j++) use(i);",
    "for (uint32_t i = 0; i < count; i++) { if (again()) i--; }",
    "for (uint32_t i = 0; i < count; i++) if (again()) i = 0; else use(i);",
    "for (uint32_t i = 0; i < count; i++) { use(&i); }",
    "for (uint32_t i = 0; i < count || more(); i++) use(i);",
    "for (uint32_t at = head; at != kNone; at = next[at]) use(at);",
    "while (i < count) use(i);",
    "while (relaxed(1)) use(1);",
    "for (uint32_t i = 0; i < count; i++) while (!done()) use(i);",
    "if (a) while (b) use(1); else use(2);",
]


class Loops(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "engine" / "base").mkdir(parents=True)

    def check(self, text, allowed="", name="engine/base/file.cpp"):
        (self.root / name).write_text(f"void f()\n{{\n{text}\n}}\n", encoding="utf-8")
        (self.root / "allowed.txt").write_text(allowed, encoding="utf-8")
        result = subprocess.run([sys.executable, "-B", HERE / "check_loops.py", "--allow", self.root / "allowed.txt", "--root",
                                 self.root, "engine"], capture_output=True, text=True)
        return result.returncode, result.stdout + result.stderr

    def assert_accepted(self, *arguments, **options):
        code, output = self.check(*arguments, **options)
        self.assertEqual(code, 0, output)

    def assert_refused(self, text, *arguments, **options):
        code, output = self.check(*arguments, **options)
        self.assertNotEqual(code, 0, output)
        self.assertIn(text, output)

    def test_loops_that_count_are_accepted(self):
        for text in PLAIN:
            with self.subTest(text):
                self.assert_accepted(text)

    def test_loops_that_wait_are_accepted(self):
        for text in WAITS:
            with self.subTest(text):
                self.assert_accepted(text)

    def test_other_loops_are_refused_with_their_line(self):
        for text in ENDLESS:
            with self.subTest(text):
                self.assert_refused("engine/base/file.cpp:3: nobody says why this ends", text)

    def test_headers_are_looked_at_too(self):
        self.assert_refused("file.h:3", "for (;;) use(1);", name="engine/file.h")

    def test_a_wait_around_a_loop_does_not_help_the_loop(self):
        self.assert_refused(":4: nobody", "for (;;) { relax();\nwhile (!done()) use(1); }")

    def test_goto_is_refused(self):
        self.assert_refused("goto", "again: use(1); goto again;")

    def test_a_reason_lets_a_loop_pass_in_its_file(self):
        self.assert_accepted("for (;;)\n  use(1);", "engine/*.cpp | for (;;) | because\n")
        self.assert_refused("nobody", "for (;;) use(1);", "engine/other.cpp | for (;;) | because\n")
        self.assert_refused("nobody", "while (a) use(1);", "engine/*.cpp | for (;;) | because\n")

    def test_a_star_stands_for_any_text_and_nothing_else_does(self):
        self.assert_accepted("while (next[at] != '|') use(1);", "engine/* | while (next[at] != * | because\n")
        self.assert_refused("nobody", "while (next(at)) use(1);", "engine/* | while (next.at.) | because\n")

    def test_a_line_without_a_loop_is_refused(self):
        self.assert_refused("there is no such loop: while (gone)", "use(1);", "engine/* | while (gone) | because\n")

    def test_a_line_without_a_reason_is_refused(self):
        self.assert_refused("not FILE", "for (;;) use(1);", "engine/* | for (;;)\n")

    def test_no_sources_are_refused(self):
        (self.root / "allowed.txt").write_text("", encoding="utf-8")
        result = subprocess.run([sys.executable, "-B", HERE / "check_loops.py", "--allow", self.root / "allowed.txt", "--root",
                                 self.root, "aicpu"], capture_output=True, text=True)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("no sources", result.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
