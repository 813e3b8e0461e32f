# SPDX-License-Identifier: Apache-2.0
"""What the tests of the built tool share: its command line, a folder of their own, and callables to pack.

usage of such a test: test_tool_*.py TOOL ARCH ORCHESTRATIONS.so KERNEL.so...
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

TOOL, ARCH, ORCHESTRATIONS = os.path.abspath(sys.argv[1]), sys.argv[2], os.path.abspath(sys.argv[3])
KERNELS = {os.path.basename(path).split(".")[0]: os.path.abspath(path) for path in sys.argv[4:]}

OK, MISMATCH, BAD_INPUT, RUN_FAILED = 0, 1, 2, 3
AXPY = ["0:aiv:" + KERNELS["tool_kernel_axpy"] + ":axpy"]
COPY = ["1:aiv:" + KERNELS["tool_kernel_copy"]]
BUSY = ["2:aiv:" + KERNELS["tool_kernel_busy"]]
BUSY_STEPS = 2000000


def npy(typestring, shape, data, order="False"):
    """A file as numpy.save writes it."""
    dictionary = "{'descr': '%s', 'fortran_order': %s, 'shape': %r, }" % (typestring, order, tuple(shape))
    dictionary += " " * (63 - (10 + len(dictionary)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(dictionary)) + dictionary.encode() + data


def floats(*values):
    return struct.pack("<%df" % len(values), *values)


class ToolTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="pto-tool-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def write_floats(self, name, *values, shape=None):
        return self.write(name, npy("<f4", shape or (len(values),), floats(*values)))

    def content(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def floats_in(self, name):
        data = self.content(name)
        begin = 10 + struct.unpack("<H", data[8:10])[0]
        return list(struct.unpack("<%df" % ((len(data) - begin) // 4), data[begin:]))

    def run_tool(self, *arguments, **options):
        return subprocess.run([TOOL, *arguments], cwd=self.folder, text=True, timeout=60,
                              stdout=options.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, **options)

    def succeed(self, *arguments):
        done = self.run_tool(*arguments)
        self.assertEqual((done.returncode, done.stderr), (OK, ""), done.stdout)
        return done.stdout

    def fail_with(self, exit_code, *arguments):
        """A failure is one line on standard error, and perhaps one of facts; nothing is on standard output."""
        done = self.run_tool(*arguments)
        self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        self.assertRegex(done.stderr, r"\Apto: [^\n ][^\n]*: [^\n]+\n(pto:   (waited for|resource): [^\n]+\n)?\Z")
        self.assertEqual(done.stdout, "")
        return done.stderr

    def pack(self, entry, kernels, params, name=None, arch=ARCH):
        name = name or entry + ".pto"
        arguments = ["pack", "-o", name, "--orch", ORCHESTRATIONS, "--entry", entry, "--arch", arch]
        for kernel in kernels:
            arguments += ["--kernel", kernel]
        for param in params:
            arguments += ["--param", param]
        self.succeed(*arguments)
        return name

    def pack_axpy(self):
        return self.pack("axpy", AXPY, ["in:float32:any:x", "in:float32:any:y", "out:float32:any:z",
                                        "scalar:any:any:alpha"])

    def pack_in_place(self):
        return self.pack("axpy_in_place", AXPY + COPY, ["in:float32::x", "inout:float32::y", "scalar"])
