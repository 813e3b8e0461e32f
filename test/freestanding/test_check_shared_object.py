#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds shared objects that check_shared_object.py has to refuse: test_check_shared_object.py COMPILER [FLAG]..."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
COMPILER = sys.argv[1:] or ["cc"]

HEADER = """
/** Not a declaration: PTO_EXPORT int commented(void); */
#include "pto/base.h"
PTO_EXPORT int one(int x);
/** Of two lines. */
PTO_EXPORT const char *two(const void *a,
                           int (*hook)(void));
"""
SOUND = """
__attribute__((visibility("default"))) int one(int x) { return x + 1; }
__attribute__((visibility("default"))) const char *two(const void *a, int (*hook)(void)) { return hook() ? a : 0; }
"""


class SharedObjects(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.header = self.folder / "firmware.h"
        self.header.write_text(HEADER, encoding="utf-8")

    def link(self, source, *flags, alone=("-nostdlib",), bind=("-Wl,-Bsymbolic",)):
        path = self.folder / "object.so"
        subprocess.run([*COMPILER, "-x", "c", "-O1", "-fPIC", "-ffreestanding", "-fno-builtin", "-fvisibility=hidden",
                        "-fno-stack-protector", "-shared", *alone, *bind, *flags, "-", "-o", path],
                       input=source, text=True, check=True, capture_output=True)
        return path

    def check(self, path, *arguments):
        result = subprocess.run([sys.executable, "-B", HERE / "check_shared_object.py", "--header", self.header, *arguments,
                                 path], capture_output=True, text=True)
        return result.returncode, result.stdout + result.stderr

    def assert_accepted(self, path, *arguments):
        code, output = self.check(path, *arguments)
        self.assertEqual(code, 0, output)

    def assert_refused(self, text, path, *arguments):
        code, output = self.check(path, *arguments)
        self.assertNotEqual(code, 0, output)
        self.assertIn(text, output)

    def test_what_exports_the_header_and_needs_nothing_is_accepted(self):
        self.assert_accepted(self.link(SOUND))

    def test_pointers_in_constants_are_accepted(self):
        self.assert_accepted(self.link(SOUND + "int (*const hidden[2])(int) = {one, one};"
                                       "int (*choose(int i))(int) { return hidden[i]; }"))

    def test_a_function_of_the_header_that_is_not_exported_is_refused(self):
        self.assert_refused("two: documented, but not exported",
                            self.link("__attribute__((visibility(\"default\"))) int one(int x) { return x; }"))

    def test_an_export_that_is_not_in_the_header_is_refused(self):
        self.assert_refused("three: exported, but not documented",
                            self.link(SOUND + "__attribute__((visibility(\"default\"))) int three(void) { return 3; }"))

    def test_a_weak_export_that_is_not_in_the_header_is_refused(self):
        self.assert_refused("three: exported", self.link(
            SOUND + "__attribute__((weak, visibility(\"default\"))) int three(void) { return 3; }"))

    def test_a_variable_that_is_exported_is_refused(self):
        self.assert_refused("three: exported", self.link(SOUND + "__attribute__((visibility(\"default\"))) int three;"))

    def test_an_undefined_symbol_is_refused(self):
        path = self.link(SOUND + "void puts(const char *); void three(void) { puts(\"3\"); }")
        self.assert_refused("puts: undefined", path)

    def test_a_weak_undefined_symbol_is_refused(self):
        path = self.link(SOUND + "__attribute__((weak)) void puts(char *); int three(void) { return puts != 0; }")
        self.assert_refused("puts: undefined", path)

    def test_a_function_that_may_be_there_is_weak_and_used(self):
        call = "void puts(char *); int three(void) { if (puts != 0) puts(0); return 0; }"
        path = self.link(SOUND + "__attribute__((weak)) " + call)
        self.assert_accepted(path, "--weak", "puts")
        self.assert_refused("gets: not weak", path, "--weak", "puts", "--weak", "gets")
        self.assert_refused("puts: undefined", path, "--weak", "gets")
        self.assert_refused("puts: undefined", self.link(SOUND + call), "--weak", "puts")

    def test_another_object_that_is_needed_is_refused(self):
        self.assert_refused("NEEDED: Shared library: [libc.so", self.link(SOUND, "-Wl,--no-as-needed", alone=()))

    def test_a_call_that_another_object_could_redirect_is_refused(self):
        source = SOUND + "int (*const table[1])(int) = {one}; int three(int i) { return table[i](2); }"
        self.assert_accepted(self.link(source))
        self.assert_refused("one + 0", self.link(source, bind=()))

    def test_thread_local_variables_are_refused(self):
        self.assert_refused("TLS: thread-local", self.link(
            SOUND + "static _Thread_local int x; int three(void) { return ++x; }", "-ftls-model=local-dynamic"))

    def test_functions_before_main_are_refused(self):
        self.assert_refused("INIT_ARRAY: functions before main", self.link(
            SOUND + "volatile int x; __attribute__((constructor)) static void three(void) { x++; }"))

    def test_functions_after_main_are_refused(self):
        self.assert_refused("FINI_ARRAY: functions after main", self.link(
            SOUND + "volatile int x; __attribute__((destructor)) static void three(void) { x++; }"))

    def test_an_executable_stack_is_refused(self):
        self.assert_refused("the stack is executable", self.link(SOUND, "-Wl,-z,execstack"))

    def test_memory_that_is_writable_and_executable_is_refused(self):
        self.assert_refused("writable and executable", self.link(SOUND + "volatile int x = 1;", "-Wl,-N"))

    def test_relocations_by_name_are_refused(self):
        source = SOUND + "extern int three; int *four(void) { return &three; }"
        self.assert_refused("GLOB_DAT", self.link(source))

    def test_a_program_is_refused(self):
        path = self.folder / "program"
        subprocess.run([*COMPILER, "-x", "c", "-static", "-nostdlib", "-", "-o", path],
                       input="void _start(void) { for (;;); }", text=True, check=True, capture_output=True)
        self.assert_refused("is this a shared object", path)
        self.assert_accepted(path, "--image")
        self.assert_refused("more than 1", path, "--image", "--max-text", "1")

    def test_code_beyond_the_limit_is_refused(self):
        path = self.link(SOUND)
        self.assert_accepted(path, "--max-text", "4096")
        self.assert_refused("more than 8", path, "--max-text", "8")

    def test_names_that_are_given_stand_for_the_header(self):
        path = self.link(SOUND)
        self.header.unlink()
        self.assert_accepted(path, "--export", "one", "--export", "two")
        self.assert_refused("two: exported, but not documented", path, "--export", "one")
        self.assert_refused("four: documented, but not exported", path, "--export", "one", "--export", "four")

    def test_an_object_without_a_build_id_is_refused(self):
        self.assert_accepted(self.link(SOUND, "-Wl,--build-id=sha1"), "--build-id")
        self.assert_refused("no build id", self.link(SOUND, "-Wl,--build-id=none"), "--build-id")

    def test_variables_are_refused_where_there_may_be_none(self):
        self.assert_accepted(self.link(SOUND), "--no-variables")
        for section, value in (("bss", 0), ("data", 5)):
            source = SOUND + f"static volatile int x = {value}; int three(void) {{ return ++x; }}"
            self.assert_accepted(self.link(source))
            self.assert_refused(f".{section} has", self.link(source), "--no-variables")

    def test_more_hooks_than_allowed_are_refused(self):
        ports = HEADER + """
typedef struct pto_loader {
    void *self; /**< void (*commented)(void); */
    int (*load)(void *self, void (*progress)(int)); /**< One hook, which takes a function. */
} pto_loader;
typedef struct pto_firmware_port {
    void *(*now)(void *self);
    void (*log)(void *self,
                int level);
    pto_loader loader;
} pto_firmware_port;
typedef struct pto_core_port {
    void (*call)(void *self, void (*entry)(int));
} pto_core_port;
"""
        path = self.link(SOUND)
        self.assert_refused("no struct pto_firmware_port", path, "--max-hooks", "3")
        self.header.write_text(ports, encoding="utf-8")
        self.assert_accepted(path, "--max-hooks", "3")
        self.assert_refused("3 hooks of the control CPUs, more than 2", path, "--max-hooks", "2")

    def test_a_header_that_exports_nothing_is_refused(self):
        path = self.link(SOUND)
        self.header.write_text("int one(int x);\n", encoding="utf-8")
        self.assert_refused("no functions", path)

    def test_an_object_that_is_not_there_is_refused(self):
        self.assert_refused("failed", self.folder / "gone.so")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
