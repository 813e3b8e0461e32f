# SPDX-License-Identifier: Apache-2.0
"""What the tests of a user's project share: a folder of their own, and what is installed.

usage of such a test: test_*.py BUILD SOURCE PREFIX BINDIR LIBDIR INCLUDEDIR
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

BUILD, SOURCE, PREFIX, BINDIR, LIBDIR, INCLUDEDIR = sys.argv[1:]


def npy(*values, shape=None):
    dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': %r, }" % (shape or (len(values),),)
    dictionary += " " * (63 - (10 + len(dictionary)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H%ds%df" % (len(dictionary), len(values)), len(dictionary),
                                              dictionary.encode(), *values)


class ProjectTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="pto-user-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.environment = dict(os.environ)

    def run_program(self, *command, **options):
        done = subprocess.run(command, text=True, timeout=240, env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, cwd=options.pop("cwd", self.folder))
        self.assertEqual(done.returncode, 0, " ".join(command) + "\n" + done.stdout)
        return done.stdout


class InstalledTest(ProjectTest):
    def setUp(self):
        super().setUp()
        stage = os.path.join(self.folder, "stage")
        self.run_program("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", stage)
        self.prefix = stage + PREFIX
        libraries = os.path.join(self.prefix, LIBDIR)
        self.environment.update(PATH=os.path.join(self.prefix, BINDIR) + ":" + self.environment["PATH"],
                                LD_LIBRARY_PATH=libraries, PKG_CONFIG_SYSROOT_DIR=stage,
                                PKG_CONFIG_PATH=os.path.join(libraries, "pkgconfig"))
