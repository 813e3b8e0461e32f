# SPDX-License-Identifier: Apache-2.0
"""What the tests of `pto build` share: sources, what stands in for pto-isa, and a folder of their own.

usage of such a test: test_tool_build*.py TOOL HEADERS
"""

import os
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import unittest

TOOL, HEADERS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
OK, BAD_INPUT, RUN_FAILED = 0, 2, 3
COMPILERS = ("g++", "clang++-19")
AXPY_PARAMS = ["--param", "in:float32", "--param", "in:float32", "--param", "out:float32", "--param", "scalar"]

ORCH_C = """
#include <pto/orch.h>
PTO_ORCHESTRATION(axpy, 3, 1)
{
    pto_submit_aiv(orch, 0, PTO_IN(pto_tensor_arg(orch, 0)), PTO_IN(pto_tensor_arg(orch, 1)),
                   PTO_WRITE(pto_tensor_arg(orch, 2)), PTO_SCALAR(pto_scalar_arg(orch, 0)));
}
"""

ORCH_CPP = """
#include <pto/orch.hpp>
PTO_ORCHESTRATION(axpy, 3, 1)
{
    pto::submit_aiv(orch, 0, pto::in(*pto_tensor_arg(orch, 0)), pto::in(*pto_tensor_arg(orch, 1)),
                    pto::write(*pto_tensor_arg(orch, 2)), pto::scalar(pto_scalar_arg(orch, 0)));
}
"""

DIALECT_ORCH = """
#include "pto_orchestration_api.h"
extern "C" PTO2OrchestrationConfig sizes(const ChipTaskArgs &) { return PTO2OrchestrationConfig{4}; }
extern "C" PTO2OrchestrationConfig more(const ChipTaskArgs &) { return PTO2OrchestrationConfig{5}; }
extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &args)
{
    const ChipTensor &x = args.tensor(0).ref();
    const ChipTensor &y = args.tensor(1).ref();
    const ChipTensor &z = args.tensor(2).ref();
    CoreTaskArgs task;
    task.add_input(x, y);
    task.add_output(z);
    task.add_scalar(args.scalar(0));
    rt_submit_aiv_task(0, task);
}
"""

DIALECT_KERNEL = """
#include <pto/pto-inst.hpp>
#include "tensor.h"
#include "intrinsic.h"
#include "pipe_sync.h"
extern "C" __aicore__ void kernel_entry(__gm__ int64_t *args)
{
    const ChipTensor *in[] = {reinterpret_cast<ChipTensor *>(args[0]), reinterpret_cast<ChipTensor *>(args[1])};
    const ChipTensor *out = reinterpret_cast<ChipTensor *>(args[2]);
    for (uint64_t i = 0; i < out->numel(); i++)
        out->data_as<float>()[out->start_offset + i] =
            standin::multiply(from_u64<float>(args[3]), in[0]->data_as<float>()[in[0]->start_offset + i]) +
            in[1]->data_as<float>()[in[1]->start_offset + i];
}
"""

KERNEL_C = """
#include <pto/kernel.h>
PTO_KERNEL(args)
{
    const float *x = (const float *)pto_kernel_data(args, 0);
    const float *y = (const float *)pto_kernel_data(args, 1);
    float *z = (float *)pto_kernel_data(args, 2);
    uint64_t i;
    for (i = 0; i < pto_tensor_count(pto_kernel_tensor(args, 2)); i++)
        z[i] = pto_kernel_f32(args, 3) * x[i] + y[i];
}
"""

# As kernels in the dialect are: no word of visibility, the library's headers, and what C++23 brought.
KERNEL_CPP = """
#include <pto/pto-inst.hpp>
#include <pto/kernel.h>
#include <algorithm>
#include <vector>
constexpr bool at_compile_time() { if consteval { return true; } else { return false; } }
static_assert(at_compile_time());
extern "C" void kernel_entry(int64_t *args)
{
    const uint64_t count = pto_tensor_count(pto_kernel_tensor(args, 2));
    std::vector<float> sum(count);
    for (uint64_t i = 0; i < count; i++)
        sum[i] = standin::multiply(pto_kernel_f32(args, 3), static_cast<const float *>(pto_kernel_data(args, 0))[i]) +
                 static_cast<const float *>(pto_kernel_data(args, 1))[i];
    std::copy(sum.begin(), sum.end(), static_cast<float *>(pto_kernel_data(args, 2)));
}
"""

# Stands in for pto-isa: what `pto build` has to get right for it.
PTO_ISA = """
#pragma once
#if !defined(__CPU_SIM) || PTO_CPU_MAX_THREADS != 1 || defined(__DAV_VEC__) == defined(__DAV_CUBE__)
#error "the macros of the simulator are not there"
#endif
namespace standin {
template <class T> T multiply(T a, T b) { return a * b; }
}
"""


def npy(*values):
    dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }" % len(values)
    dictionary += " " * (63 - (10 + len(dictionary)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H%ds%df" % (len(dictionary), len(values)), len(dictionary),
                                              dictionary.encode(), *values)


class BuildTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="pto tool build-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.temporary = self.path("tmp")
        os.mkdir(self.temporary)
        self.write("orch.c", ORCH_C)
        self.write("axpy.c", KERNEL_C)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return name

    def write_script(self, name, body):
        """A program that stands in the compiler's place; `run` of it is the compiler."""
        self.write(name, "#!/usr/bin/env python3\nimport os, sys, time\n"
                         "is_probe = '-E' in sys.argv\n"
                         "def run(): os.execvp('g++', ['g++'] + sys.argv[1:])\n"
                         "if is_probe: run()\n" + body)
        os.chmod(self.path(name), stat.S_IRWXU)
        return "./" + name

    def write_pto_isa(self, content=PTO_ISA):
        self.write("isa/include/pto/pto-inst.hpp", content)
        return "isa"

    def content(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def environment(self):
        return dict(os.environ, TMPDIR=self.temporary)

    def run_tool(self, *arguments):
        done = subprocess.run([TOOL, *arguments], cwd=self.folder, text=True, timeout=120, env=self.environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(os.listdir(self.temporary), [], "files are left behind")
        return done

    def succeed(self, *arguments):
        done = self.run_tool(*arguments)
        self.assertEqual((done.returncode, done.stderr), (OK, ""), done.stdout)
        return done.stdout

    def build(self, *arguments, output="axpy.pto"):
        return self.succeed("build", "-o", output, *arguments)

    def refuse(self, *arguments, output="out.pto"):
        """The message of a build that fails, and leaves the output as it was."""
        self.write(output, "as it was")
        done = self.run_tool("build", "-o", output, *arguments)
        self.assertEqual((done.returncode, done.stdout), (BAD_INPUT, ""), done.stderr)
        self.assertRegex(done.stderr, r"\Apto: [^\n ][^\n]*: [^\n]+\n")
        self.assertEqual(self.content(output), b"as it was")
        return done.stderr

    def refuse_kernel(self, source, *arguments, name="kernel.cpp", core="aiv"):
        self.write(name, source)
        return self.refuse("--orch", "orch.c", "--entry", "axpy", "--kernel", "4:%s:%s" % (core, name), *arguments)

    def refuse_orchestration(self, source, *arguments):
        self.write("orch.cpp", source)
        return self.refuse("--orch", "orch.cpp", *arguments)

    def compute(self, image="axpy.pto"):
        self.write("x.npy", npy(1, 2, 3))
        self.write("y.npy", npy(10, 20, 30))
        self.write("g.npy", npy(12, 24, 36))
        shown = self.succeed("run", image, "--in", "x.npy", "--in", "y.npy", "--out", "z.npy", "--scalar", "f32:2",
                             "--golden", "g.npy")
        self.assertIn("equal to g.npy", shown)
