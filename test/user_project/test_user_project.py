# SPDX-License-Identifier: Apache-2.0
"""Another project builds a callable with `pto build`, once with what is installed and once with pto as its subproject.

usage: test_user_project.py BUILD SOURCE PREFIX BINDIR LIBDIR INCLUDEDIR
"""

import glob
import os
import shlex
import shutil
import struct
import sys
import unittest

from user_case import INCLUDEDIR, SOURCE, InstalledTest, ProjectTest, npy

PROJECT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "project")

SUPERPROJECT = """
project('super', 'cpp', meson_version: '>=1.0.0')
pto_project = subproject('pto', default_options: ['tests=disabled', 'examples=disabled', 'docs=disabled'])
here = meson.current_source_dir()
custom_target('by_variable', output: 'by_variable.pto', depfile: 'by_variable.pto.d', build_by_default: true,
  command: [pto_project.get_variable('pto_build_command'), '--orch', files('orch.cpp'), '--entry', 'affine',
            '--kernel', '0:aiv:' + here / 'kernel.cpp', '-I', here / 'include'])
custom_target('by_name', output: 'by_name.pto', build_by_default: true,
  command: [find_program('pto'), 'build', '-o', '@OUTPUT@', '--orch', files('orch.cpp'), '--entry', 'affine',
            '--kernel', '0:aiv:' + here / 'kernel.cpp', '-I', here / 'include'])
shared_module('by_hand', 'orch.cpp', dependencies: dependency('pto-compat'))
"""


def copy_project(test):
    test.project = os.path.join(test.folder, "user")
    shutil.copytree(PROJECT, test.project)


class Installed(InstalledTest):
    def setUp(self):
        super().setUp()
        copy_project(self)

    def ninja(self):
        return self.run_program("ninja", "-C", "build")

    def result(self):
        with open(os.path.join(self.folder, "x.npy"), "wb") as file:
            file.write(npy(1, 2))
        self.run_program("pto", "run", "build/affine.pto", "--in", "x.npy", "--out", "y.npy")
        with open(os.path.join(self.folder, "y.npy"), "rb") as file:
            return struct.unpack("<2f", file.read()[-8:])

    def test_a_callable_is_built_and_built_again_after_a_change(self):
        self.run_program("meson", "setup", "build", "user")
        self.assertIn("affine.pto", self.ninja())
        self.assertEqual(self.result(), (2, 3))
        self.assertIn("no work to do", self.ninja())
        for name, old, new, result in [("include/user_offset.h", "kOffset = 1", "kOffset = 10", (11, 12)),
                                       ("kernel.cpp", "= x->data", "= -x->data", (9, 8))]:
            path = os.path.join(self.project, name)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertIn(old, text)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(old, new))
            self.assertIn("affine", self.ninja())
            self.assertEqual(self.result(), result)
            self.assertIn("no work to do", self.ninja())

    def test_the_headers_are_those_that_are_installed(self):
        self.run_program("meson", "setup", "build", "user")
        self.ninja()
        dependencies = self.run_program("ninja", "-C", "build", "-t", "deps", "affine.pto")
        self.assertIn(os.path.join(self.prefix, INCLUDEDIR, "pto/compat/tensor.h"), dependencies)
        self.assertNotIn(os.path.join(SOURCE, "include"), dependencies)

    def test_pkg_config_says_how_to_compile_without_the_tool(self):
        ask = lambda *question: shlex.split(self.run_program("pkg-config", *question, "pto-compat"))
        folders = ask("--cflags")
        self.assertEqual(len(folders), 2)
        for source, flags in [("orch.cpp", "orchestration_flags"), ("kernel.cpp", "kernel_flags")]:
            self.run_program("g++", *folders, *ask("--variable=" + flags), "-Iuser/include", "user/" + source, "-o",
                             source + ".so")
        self.run_program("pto", "build", "-o", "build/affine.pto", "--orch", "orch.cpp.so", "--entry", "affine", "--kernel",
                         "0:aiv:kernel.cpp.so", "--param", "in", "--param", "out", cwd=self.make("build"))
        self.assertEqual(self.result(), (2, 3))
        self.assertEqual(glob.glob(self.prefix + "/" + INCLUDEDIR + "/pto/compat/gnu12_prelude.h"),
                         [self.prefix + "/" + INCLUDEDIR + "/pto/compat/gnu12_prelude.h"])

    def make(self, name):
        os.mkdir(os.path.join(self.folder, name))
        return self.folder


class Subproject(ProjectTest):
    def setUp(self):
        super().setUp()
        copy_project(self)

    def test_a_superproject_finds_the_tool_and_depends_on_it(self):
        with open(os.path.join(self.project, "meson.build"), "w", encoding="utf-8") as file:
            file.write(SUPERPROJECT)
        os.mkdir(os.path.join(self.project, "subprojects"))
        os.symlink(SOURCE, os.path.join(self.project, "subprojects", "pto"))
        self.run_program("meson", "setup", "build", "user")
        for name in ("by_variable", "by_name"):
            command = self.run_program("ninja", "-C", "build", "-t", "commands", "-s", name + ".pto")
            self.assertRegex(command, r"subprojects/pto/tools/pto/pto'? build -o %s.pto " % name)
            inputs = self.run_program("ninja", "-C", "build", "-t", "query", name + ".pto")
            self.assertIn("subprojects/pto/tools/pto/pto\n", inputs)
        command = self.run_program("ninja", "-C", "build", "-t", "commands", "-s", "by_variable.pto")
        self.assertIn(" --depfile by_variable.pto.d", command)
        module = self.run_program("ninja", "-C", "build", "-t", "commands", "libby_hand.so")
        self.assertIn("include/pto/compat", module)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
