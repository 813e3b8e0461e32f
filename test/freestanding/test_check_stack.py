#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles programs whose stacks check_stack.py has to measure, or to refuse: test_check_stack.py COMPILER [FLAG]...

The compiler is g++, since only gcc notes its call graph."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
COMPILER = sys.argv[1:] or ["g++"]
MACHINE = subprocess.run([*COMPILER, "-dumpmachine"], capture_output=True, text=True, check=True).stdout
# What functions that call nobody keep below the stack is in no frame.
FLAGS = ["-mno-red-zone"] if MACHINE.startswith("x86_64") else []

HEADER = """
#include "pto/base.h"
PTO_EXPORT void pto_firmware_run(void);
PTO_EXPORT void pto_firmware_serve(void);
PTO_EXPORT void pto_core_run(void);
"""
SOUND = """
#define NOINLINE __attribute__((noinline, noclone))
extern "C" void sink(volatile char *);
template <int kSize> NOINLINE void uses() { volatile char bytes[kSize]; for (int i = 0; i < kSize; i++) bytes[i] = 1; }
extern "C" void pto_core_run() { uses<64>(); }
extern "C" void pto_firmware_serve() { uses<128>(); uses<512>(); }
"""
RUN = 'extern "C" void pto_firmware_run() { uses<1024>(); }\n'


class Stacks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.objects = self.folder / "objects"
        self.objects.mkdir()
        (self.folder / "firmware.h").write_text(HEADER, encoding="utf-8")

    def compile(self, *sources):
        for index, source in enumerate(sources):
            path = self.folder / f"source_{index}.cpp"
            path.write_text(source, encoding="utf-8")
            subprocess.run([*COMPILER, "-std=c++20", "-O1", "-fcallgraph-info=su", "-fno-stack-protector",
                            "-fno-asynchronous-unwind-tables", *FLAGS, "-c", path,
                            "-o", self.objects / f"source_{index}.o"], check=True, cwd=self.objects)

    def check(self, *arguments, calls=""):
        (self.folder / "calls.txt").write_text(calls, encoding="utf-8")
        result = subprocess.run([sys.executable, "-B", HERE / "check_stack.py", "--header", self.folder / "firmware.h",
                                 "--calls", self.folder / "calls.txt", "--root", self.folder, *arguments,
                                 self.objects], capture_output=True, text=True, cwd=self.objects)
        return result.returncode, result.stdout + result.stderr

    def sizes(self, **options):
        code, output = self.check("--json", **options)
        self.assertEqual(code, 0, output)
        return {role: row["bytes"] for role, row in json.loads(output).items()}

    def assert_refused(self, text, *arguments, **options):
        code, output = self.check(*arguments, **options)
        self.assertNotEqual(code, 0, output)
        self.assertIn(text, output)

    def assert_about(self, size, expected):
        self.assertGreaterEqual(size, expected)
        self.assertLess(size, expected + 200)

    def test_the_deepest_chain_of_each_role_counts(self):
        self.compile(SOUND + RUN)
        sizes = self.sizes()
        self.assert_about(sizes["core loop"], 64)
        self.assert_about(sizes["serving"], 512)
        self.assert_about(sizes["orchestrating"], 1024)

    def test_frames_of_a_chain_through_several_files_add_up(self):
        self.compile(SOUND + 'void other(); extern "C" void pto_firmware_run() { volatile char a[100]; a[1] = 0; other(); a[0] = 1; }',
                     SOUND.replace("pto_", "my_") + "void other() { volatile char a[200]; a[1] = 0; uses<1024>(); a[0] = 1; }")
        self.assert_about(self.sizes()["orchestrating"], 1324)

    def test_a_stack_beyond_the_limit_is_refused_with_its_role(self):
        self.compile(SOUND + RUN)
        self.assert_refused("orchestrating: a stack of", "--max-stack", "1000")
        self.assertEqual(self.check("--max-stack", "1300")[0], 0)

    def test_a_recursion_is_refused(self):
        self.compile(SOUND + 'NOINLINE void walk(int n) { volatile char a = 1; if (n) { walk(n - 1); a = 2; } }'
                     'extern "C" void pto_firmware_run() { walk(9); }')
        self.assert_refused("walk calls itself: walk -> walk")

    def test_a_recursion_of_two_is_refused(self):
        self.compile(SOUND + 'void two(int); NOINLINE void one(int n) { volatile char a = 1; if (n) { two(n - 1); a = 2; } }'
                     'NOINLINE void two(int n) { volatile char a = 1; if (n) { one(n - 1); a = 2; } }'
                     'extern "C" void pto_firmware_run() { one(9); }')
        self.assert_refused("calls itself: one -> two -> one")

    def test_a_stack_that_depends_on_a_number_is_refused(self):
        self.compile(SOUND + 'NOINLINE int fill(int n) { volatile char *a = (char *)__builtin_alloca(n); a[0] = 1; return a[0]; }'
                     'extern "C" void pto_firmware_run() { fill(9); }')
        self.assert_refused("the stack of fill has no fixed size")

    def test_a_function_of_which_nothing_is_known_is_refused(self):
        self.compile(SOUND + 'void unknown(); extern "C" void pto_firmware_run() { unknown(); uses<8>(); }')
        self.assert_refused("nothing is known of it")
        self.assert_refused("nothing is known of it", "--outside", "uses")
        code, output = self.check("--outside", "_Z7unknownv")
        self.assertEqual(code, 0, output)

    def test_the_four_functions_on_bytes_are_left_alone(self):
        self.compile(SOUND + 'extern "C" void *memcpy(void *, const void *, unsigned long) noexcept;'
                     'extern "C" void pto_firmware_run() { static char a[9999], b[9999]; memcpy(a, b, 9999); }')
        self.assert_about(self.sizes()["orchestrating"], 0)

    POINTER = ('struct Hooks { void (*hook)(int); }; extern const Hooks *hooks; '
               'namespace space { struct Object { static NOINLINE void large(int) { uses<2048>(); } }; } '
               'void (*keep)(int) = space::Object::large;'
               'extern "C" void pto_firmware_run() {\nhooks->hook(1); uses<8>(); }')

    def test_a_call_through_an_unknown_pointer_is_refused_with_its_line(self):
        self.compile(SOUND + self.POINTER)
        self.assert_refused("source_0.cpp:8: 0 lines of")
        self.assert_refused("hooks->hook(1);")

    def test_a_call_that_goes_outside_takes_nothing(self):
        self.compile(SOUND + self.POINTER)
        self.assert_about(self.sizes(calls="*.cpp | hook( | outside\n")["orchestrating"], 8)

    def test_a_call_that_goes_to_a_function_takes_what_it_takes(self):
        self.compile(SOUND + self.POINTER)
        for target in ("space::Object::large", "*::large", "outside, *::large"):
            self.assert_about(self.sizes(calls=f"source_0.cpp | hook( | {target}\n")["orchestrating"], 2048)

    def test_a_target_that_is_not_there_is_refused(self):
        self.compile(SOUND + self.POINTER)
        self.assert_refused("there is no function 'space::gone'", calls="* | hook( | space::gone\n")

    def test_a_target_that_may_be_missing_counts_when_it_is_there(self):
        self.compile(SOUND + self.POINTER)
        self.assert_about(self.sizes(calls="* | hook( | outside, ?space::gone\n")["orchestrating"], 8)
        self.assert_about(self.sizes(calls="* | hook( | outside, ?*::large\n")["orchestrating"], 2048)

    def test_calls_may_be_in_several_files(self):
        self.compile(SOUND + self.POINTER)
        (self.folder / "more.txt").write_text("* | hook( | outside\n", encoding="utf-8")
        self.assertEqual(self.check("--calls", self.folder / "more.txt")[0], 0)
        self.assert_refused("2 lines of", "--calls", self.folder / "more.txt", calls="* | hook( | outside\n")

    def test_entries_that_are_given_stand_for_the_header(self):
        self.compile(SOUND + RUN)
        code, output = self.check("--json", "--entry", "one=pto_core_run", "--entry", "two=pto_firmware_run")
        self.assertEqual(code, 0, output)
        roles = json.loads(output)
        self.assertEqual(sorted(roles), ["one", "two"])
        self.assert_about(roles["two"]["bytes"], 1024)
        self.assert_refused("gone is an entry, and is not there", "--entry", "one=gone")

    def test_two_lines_for_one_call_are_refused(self):
        self.compile(SOUND + self.POINTER)
        self.assert_refused("2 lines of", calls="* | hook( | outside\n* | hooks-> | outside\n")

    def test_a_line_without_a_call_is_refused(self):
        self.compile(SOUND + RUN)
        self.assert_refused("there is no call 'hook('", calls="* | hook( | outside\n")

    def test_a_recursion_through_a_pointer_is_refused(self):
        self.compile(SOUND + 'extern void (*hook)(); NOINLINE void back() { volatile char a = 1; hook(); a = 2; }'
                     'extern "C" void pto_firmware_run() { back(); }')
        self.assert_refused("back calls itself", calls="* | hook( | back\n")

    def test_an_entry_that_is_missing_is_refused(self):
        self.compile(SOUND)
        self.assert_refused("pto_firmware_run is an entry, and is not there")

    def test_objects_without_a_call_graph_are_refused(self):
        self.assert_refused("no call graphs")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
