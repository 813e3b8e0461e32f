#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds archives that check_symbols.py has to refuse: test_check_symbols.py COMPILER [FLAG]..."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
COMPILER = sys.argv[1:] or ["cc"]


class Archives(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def archive(self, name, *sources):
        """A static library of one object per source text."""
        objects = []
        for index, source in enumerate(sources):
            target = self.folder / f"{name}_{index}.o"
            subprocess.run([*COMPILER, "-x", "c", "-O1", "-ffreestanding", "-fno-builtin", "-c", "-", "-o", target],
                           input=source, text=True, check=True)
            objects.append(target)
        path = self.folder / f"lib{name}.a"
        subprocess.run(["ar", "csrDT", path, *objects], check=True, capture_output=True)
        return path

    def check(self, *arguments):
        result = subprocess.run([sys.executable, HERE / "check_symbols.py", "--allow", HERE / "allowed_symbols.txt",
                                 *arguments], capture_output=True, text=True)
        return result.returncode, result.stdout + result.stderr

    def assert_refused(self, text, *arguments):
        code, output = self.check(*arguments)
        self.assertNotEqual(code, 0, output)
        self.assertIn(text, output)

    def assert_accepted(self, *arguments):
        code, output = self.check(*arguments)
        self.assertEqual(code, 0, output)

    def test_the_four_that_compilers_call_are_accepted(self):
        self.assert_accepted(self.archive("x", """
            void *memcpy(void *, const void *, __SIZE_TYPE__); void *memmove(void *, const void *, __SIZE_TYPE__);
            void *memset(void *, int, __SIZE_TYPE__); int memcmp(const void *, const void *, __SIZE_TYPE__);
            int f(char *a, char *b) { memcpy(a, b, 9); memmove(a, b, 9); memset(a, 0, 9); return memcmp(a, b, 9); }"""))

    def test_a_function_of_the_c_library_is_refused_with_the_object_that_needs_it(self):
        path = self.archive("x", "int one(void) { return 1; }", "int puts(char *); int f(char *s) { return puts(s); }")
        self.assert_refused("puts: undefined", path)
        self.assert_refused("x_1.o", path)

    def test_a_name_that_begins_like_an_allowed_one_is_refused(self):
        self.assert_refused("memcpy_s", self.archive("x", "int memcpy_s(void); int f(void) { return memcpy_s(); }"))

    def test_the_stack_protector_is_refused(self):
        self.assert_refused("__stack_chk_fail", self.archive(
            "x", "void __stack_chk_fail(void); void f(void) { __stack_chk_fail(); }"))

    def test_what_another_object_defines_is_accepted(self):
        self.assert_accepted(self.archive("x", "int g(void); int f(void) { return g(); }", "int g(void) { return 1; }"))

    def test_what_another_archive_defines_is_accepted_only_with_it(self):
        user = self.archive("user", "int g(void); int f(void) { return g(); }")
        self.assert_refused("g: undefined", user)
        self.assert_accepted(user, self.archive("provider", "int g(void) { return 1; }"))

    def test_a_local_symbol_of_another_object_does_not_help(self):
        self.assert_refused("g: undefined", self.archive(
            "x", "int g(void); int f(void) { return g(); }",
            "static __attribute__((noinline, used)) int g(void) { return 1; } int h(void) { return g(); }"))

    def test_a_weak_reference_is_refused_too(self):
        self.assert_refused("malloc: undefined", self.archive(
            "x", "__attribute__((weak)) void *malloc(__SIZE_TYPE__); int f(void) { return malloc != 0; }"))

    def test_a_variable_is_refused_too(self):
        self.assert_refused("environ: undefined", self.archive(
            "x", "extern char **environ; char **f(void) { return environ; }"))

    def test_a_prefix_lets_a_sanitizer_pass(self):
        path = self.archive("x", "void __tsan_read4(int *); void f(int *x) { __tsan_read4(x); }")
        self.assert_refused("__tsan_read4", path)
        self.assert_accepted("--prefix", "__tsan_", path)
        self.assert_refused("__tsan_read4", "--prefix", "__asan_", path)

    def test_thread_local_variables_are_refused(self):
        path = self.archive("x", "static _Thread_local int x; int f(void) { return ++x; }")
        self.assert_refused(".tbss", path)
        path = self.archive("y", "static _Thread_local int x = 1; int f(void) { return ++x; }")
        self.assert_refused(".tdata", path)

    def test_functions_before_main_are_refused_unless_a_sanitizer_brought_them(self):
        path = self.archive("x", "volatile int x; __attribute__((constructor)) void f(void) { x++; }")
        self.assert_refused(".init_array", path)
        self.assert_accepted("--instrumented", path)

    def test_an_archive_without_symbols_is_refused(self):
        self.assert_refused("define nothing", self.archive("x", "typedef int nothing;"))

    def test_an_archive_that_is_not_there_is_refused(self):
        self.assert_refused("nm failed", self.folder / "gone.a")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
