# SPDX-License-Identifier: Apache-2.0
"""`pto build` at work: sources become callables that run, and what stands in the way is named.

usage: test_tool_build.py TOOL HEADERS
"""

import json
import os
import re
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TOOL, HEADERS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
OK, BAD_INPUT = 0, 2
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


class Builds(BuildTest):
    def test_sources_in_c_become_a_callable_that_runs(self):
        for compiler in COMPILERS:
            with self.subTest(compiler):
                text = self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:axpy.c", *AXPY_PARAMS,
                                  "--compiler", compiler)
                self.assertRegex(text, r"\Aaxpy.pto: axpy with 1 kernel and 4 parameters, [\d.]+ KiB\n\Z")
                self.compute()

    def test_sources_in_cpp_that_include_pto_isa_become_a_callable_that_runs(self):
        isa = self.write_pto_isa()
        self.write("orch.cc", ORCH_CPP)
        self.write("axpy.cpp", KERNEL_CPP)
        for compiler in COMPILERS:
            for folder in (isa, isa + "/include"):
                with self.subTest((compiler, folder)):
                    self.build("--orch", "orch.cc", "--entry", "axpy", "--kernel", "0:aiv:axpy.cpp", *AXPY_PARAMS,
                               "--compiler", compiler, "--pto-isa", folder)
                    self.compute()

    def test_sources_in_the_dialect_become_a_callable_that_runs(self):
        isa = self.write_pto_isa()
        self.write("orch.cpp", DIALECT_ORCH)
        self.write("axpy.cpp", DIALECT_KERNEL)
        for compiler in COMPILERS:
            for config in ([], ["--config", "sizes"]):
                with self.subTest((compiler, config)):
                    self.build("--orch", "orch.cpp", "--kernel", "0:aiv:axpy.cpp", *AXPY_PARAMS, *config,
                               "--compiler", compiler, "--pto-isa", isa)
                    self.compute()

    def test_sources_and_shared_objects_may_be_mixed(self):
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:axpy.c", *AXPY_PARAMS, "--keep", "kept")
        for orch, kernel in [("orch.c", "kept/kernel-0.so"), ("kept/orchestration.so", "axpy.c"),
                             ("kept/orchestration.so", "kept/kernel-0.so")]:
            with self.subTest((orch, kernel)):
                self.build("--orch", orch, "--entry", "axpy", "--kernel", "0:aiv:%s:axpy" % kernel, *AXPY_PARAMS,
                           output="mixed.pto")
                self.compute("mixed.pto")
                self.assertEqual(self.content("mixed.pto"), self.content("axpy.pto"))

    def test_pack_makes_the_same_file_of_what_was_kept(self):
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:axpy.c:k", *AXPY_PARAMS, "--keep", "kept",
                   "--arch", "a2a3", "--name", "n")
        self.succeed("pack", "-o", "packed.pto", "--orch", "kept/orchestration.so", "--entry", "axpy", "--kernel",
                     "0:aiv:kept/kernel-0.so:k", *AXPY_PARAMS, "--arch", "a2a3", "--name", "n")
        self.assertEqual(self.content("packed.pto"), self.content("axpy.pto"))

    def test_the_same_sources_become_the_same_bytes(self):
        for compiler in COMPILERS:
            arguments = ["--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:axpy.c", *AXPY_PARAMS,
                         "--compiler", compiler]
            self.build(*arguments, output="one.pto")
            self.build(*arguments, "--jobs", "1", output="two.pto")
            self.assertEqual(self.content("one.pto"), self.content("two.pto"))

    def test_what_is_in_the_callable_is_what_was_said(self):
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:axpy.c", "--kernel", "7:aic:axpy.c:cube",
                   "--arch", "a2a3", "--name", "both", *AXPY_PARAMS)
        shown = json.loads(self.succeed("info", "--json", "axpy.pto"))
        self.assertEqual((shown["name"], shown["arch"], shown["orchestration"]["entry"]), ("both", "a2a3", "axpy"))
        self.assertEqual([(k["func_id"], k["core_type"], k["name"]) for k in shown["kernels"]],
                         [(0, "aiv", "axpy"), (7, "aic", "cube")])

    def test_names_with_blanks_and_quotes_are_names(self):
        self.write("s p/o'r ch.c", ORCH_C.replace("<pto/orch.h>", "<pto/orch.h>\n#include \"my $header.h\""))
        self.write("more headers/my $header.h", "")
        self.write("s p/a xpy.c", KERNEL_C)
        self.build("--orch", "s p/o'r ch.c", "--entry", "axpy", "--kernel", "0:aiv:s p/a xpy.c", *AXPY_PARAMS, "-I",
                   "more headers", "--depfile", "a b.d", output="o ut.pto")
        self.compute("o ut.pto")
        depfile = self.content("a b.d").decode()
        self.assertTrue(depfile.startswith("o\\ ut.pto:"), depfile)
        for part in ["s\\ p/o'r\\ ch.c", "s\\ p/a\\ xpy.c", "more\\ headers/my\\ $$header.h"]:
            self.assertIn(" " + part + " ", depfile.replace("\n", " "))

    def test_kernels_know_their_core(self):
        source = "#include <pto/kernel.h>\n#if !defined(%s) || defined(%s)\n#error core\n#endif\nPTO_KERNEL(args){(void)args;}"
        self.write("vector.cpp", source % ("__DAV_VEC__", "__DAV_CUBE__"))
        self.write("cube.cpp", source % ("__DAV_CUBE__", "__DAV_VEC__"))
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:vector.cpp", "--kernel", "1:aic:cube.cpp")

    def test_macros_folders_and_flags_of_the_user_win(self):
        self.write("orch.cpp", ORCH_CPP)
        self.write("first/tensor.h", "#define FIRST 1\n")
        self.write("kernel.cpp", """
#include <tensor.h>
#include <pto/kernel.h>
static_assert(FIRST == 1 && ONE == 1 && __cplusplus == 202002L);
#if defined(__CPU_SIM) || __DAV_VEC__ != 7 || defined(TWO)
#error macros
#endif
extern "C" __attribute__((visibility("default"))) void kernel_entry(int64_t *) {}
""")
        for compiler in COMPILERS:
            text = self.build("--orch", "orch.cpp", "--entry", "axpy", "--kernel", "0:aiv:kernel.cpp", "-I", "first",
                              "-DONE=1", "-D", "__DAV_VEC__=7", "-U__CPU_SIM", "-U", "TWO", "--flag", "-std=c++20",
                              "--flag=-O0", "--compiler", compiler, "--headers", HEADERS)
            self.assertIn("1 kernel", text)

    def test_warnings_are_shown_and_are_no_errors(self):
        self.write("kernel.cpp", "#include <pto/kernel.h>\n#warning look here\nPTO_KERNEL(args) { (void)args; }\n")
        done = self.run_tool("build", "-o", "w.pto", "--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:kernel.cpp")
        self.assertEqual(done.returncode, OK)
        self.assertRegex(done.stderr, r"\Akernel.cpp:2:2: warning: .*look here")

    def test_verbose_shows_commands_that_a_shell_takes(self):
        self.write("k e.c", KERNEL_C)
        done = self.run_tool("build", "-o", "v.pto", "--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:k e.c",
                             "--verbose", "--keep", "kept", "-D", "QUOTE='\"'")
        self.assertEqual(done.returncode, OK)
        commands = done.stderr.splitlines()
        self.assertEqual(len(commands), 2, done.stderr)
        before = self.content("kept/kernel-0.so")
        os.remove(self.path("kept/kernel-0.so"))
        subprocess.run(commands[1], shell=True, check=True, cwd=self.folder)
        self.assertEqual(self.content("kept/kernel-0.so"), before)

    def test_objects_need_no_library_that_they_do_not_use(self):
        self.write("axpy.cpp", KERNEL_C)
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:axpy.cpp", "--keep", "kept")
        for name in ("kept/orchestration.so", "kept/kernel-0.so"):
            needed = subprocess.run(["readelf", "-d", self.path(name)], check=True, text=True, stdout=subprocess.PIPE)
            self.assertNotIn("NEEDED", needed.stdout)

    def test_kernels_share_no_state_by_way_of_the_loader(self):
        self.write("kernel.cpp", """
#include <pto/kernel.h>
inline int &state() { static int value; return value; }
template <class T> T &more() { static T value; return value; }
extern "C" void kernel_entry(int64_t *) { state()++; more<long>()++; }
""")
        for compiler in COMPILERS:
            self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:kernel.cpp", "--keep", "kept",
                       "--compiler", compiler)
            symbols = subprocess.run(["readelf", "-W", "--dyn-syms", self.path("kept/kernel-0.so")], check=True, text=True,
                                     stdout=subprocess.PIPE).stdout
            self.assertIn("kernel_entry", symbols)
            self.assertNotIn("UNIQUE", symbols)

    def test_older_gnu_compilers_get_what_they_lack(self):
        """Newer ones have it."""
        self.write("kernel.cpp", """
#include <pto/kernel.h>
#include <limits>
#include <type_traits>
template <class T> T only_with_int(T value)
{
    if constexpr (std::is_same_v<T, int>)
        return value;
    else
        static_assert(false, "never, of course");
}
static_assert(std::is_same<int, int>::value, "a comma, in the text");
static_assert(sizeof(int) == 4 || sizeof(int) == 8);
static_assert(sizeof(int) == 1 ? false : true);
using Half = std::numeric_limits<_Float16>;
static_assert(Half::is_specialized && Half::max() == 65504.0F && Half::lowest() == -65504.0F);
static_assert(Half::min() == 1.0F / 16384 && Half::denorm_min() == 1.0F / 16777216 && Half::epsilon() == 1.0F / 1024);
static_assert(Half::infinity() > Half::max() && Half::quiet_NaN() != Half::quiet_NaN());
extern "C" void kernel_entry(int64_t *) { only_with_int(7); }
""")
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:kernel.cpp")
        for condition in ("sizeof(int) == 1", "falsehood", "(false)", "falsehood, \"false\"", "false_type::value"):
            error = self.refuse_kernel("#include <pto/kernel.h>\nconstexpr bool falsehood = false;\n"
                                       "struct false_type { static constexpr bool value = false; };\n"
                                       "static_assert(%s);\nPTO_KERNEL(args) { (void)args; }" % condition)
            self.assertIn("static assertion failed", error)


class Parallel(BuildTest):
    """A compiler that says when it runs."""

    def build_two(self, compiler, *arguments):
        return self.run_tool("build", "-o", "two.pto", "--orch", "orch.c", "--entry", "axpy", "--kernel",
                             "0:aiv:axpy.c", "--compiler", compiler, *arguments)

    def test_compilers_run_side_by_side(self):
        compiler = self.write_script("cc", """
open('runs-%d' % os.getpid(), 'w').close()
deadline = time.monotonic() + 60
while len([name for name in os.listdir('.') if name.startswith('runs-')]) < 2:
    if time.monotonic() > deadline: sys.exit('alone')
    time.sleep(0.01)
run()
""")
        done = self.build_two(compiler, "--jobs", "2")
        self.assertEqual((done.returncode, done.stderr), (OK, ""))

    def test_one_job_is_one_compiler_at_a_time(self):
        compiler = self.write_script("cc", """
os.mkdir('running')
time.sleep(0.2)
os.rmdir('running')
run()
""")
        done = self.build_two(compiler, "--jobs", "1")
        self.assertEqual((done.returncode, done.stderr), (OK, ""))

    def test_the_first_source_that_fails_is_named_whichever_ends_first(self):
        compiler = self.write_script("cc", """
if 'orch.c' in sys.argv: time.sleep(0.5)
sys.exit('is broken')
""")
        done = self.build_two(compiler, "--jobs", "2")
        self.assertEqual(done.returncode, BAD_INPUT)
        self.assertIn("pto: orch.c: does not compile (orchestration): ./cc ended with status 1\npto:   command: ./cc ",
                      done.stderr)
        self.assertTrue(done.stderr.endswith("\nis broken\n"), done.stderr)

    def test_after_a_failure_no_other_compiler_is_started(self):
        compiler = self.write_script("cc", "open('started', 'a').write('x')\nsys.exit(1)\n")
        self.assertEqual(self.build_two(compiler, "--jobs", "1").returncode, BAD_INPUT)
        self.assertEqual(self.content("started"), b"x")

    def wait_for(self, name):
        deadline = time.monotonic() + 60
        while not os.path.exists(self.path(name)):
            self.assertLess(time.monotonic(), deadline, name)
            time.sleep(0.01)

    def interrupt(self, number, compiler, **options):
        tool = subprocess.Popen([TOOL, "build", "-o", "out.pto", "--orch", "orch.c", "--entry", "axpy", "--compiler",
                                 compiler], cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)
        self.wait_for("started")
        self.assertEqual(len(os.listdir(self.temporary)), 1)
        tool.send_signal(number)
        output, errors = tool.communicate(timeout=120)
        self.assertEqual(os.listdir(self.temporary), [])
        return tool.returncode, output, errors

    def test_a_signal_ends_the_compilers_and_leaves_nothing_behind(self):
        for body in ("time.sleep(300)\n", "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + "time.sleep(300)\n"):
            compiler = self.write_script("cc", body.replace("time.sleep", "open('pid', 'w').write(str(os.getpid()))\n"
                                                            "open('started', 'w').close()\ntime.sleep"))
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                with self.subTest((number, body)):
                    self.assertEqual(self.interrupt(number, compiler), (-number, b"", b""))
                    self.assertFalse(os.path.exists(self.path("out.pto")))
                    self.assertRaises(ProcessLookupError, os.kill, int(self.content("pid")), 0)
                os.remove(self.path("started"))

    def test_a_signal_that_is_ignored_changes_nothing(self):
        compiler = self.write_script("cc", """
open('started', 'w').close()
while not os.path.exists('go'): time.sleep(0.01)
run()
""")
        tool = subprocess.Popen([TOOL, "build", "-o", "out.pto", "--orch", "orch.c", "--entry", "axpy", "--compiler",
                                 compiler], cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE,
                                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.wait_for("started")
        tool.send_signal(signal.SIGHUP)
        self.write("go", "")
        output, _ = tool.communicate(timeout=120)
        self.assertEqual((tool.returncode, output[:7]), (OK, b"out.pto"))
        self.assertEqual(os.listdir(self.temporary), [])


class Depfile(BuildTest):
    def prerequisites(self, name):
        target, _, rest = self.content(name).decode().replace("\\\n", " ").partition(":")
        return target, rest.split()

    def test_every_file_that_was_read_is_in_it_once(self):
        isa = self.write_pto_isa()
        self.write("nested/inner.h", "")
        self.write("nested/outer.h", "#include \"inner.h\"\n")
        self.write("axpy.cpp", "#include <outer.h>\n" + KERNEL_CPP)
        for compiler in COMPILERS:
            self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:axpy.cpp", "--kernel", "1:aic:axpy.cpp",
                       "-I", "nested", "--pto-isa", isa, "--depfile", "deps.d", "--compiler", compiler, "--keep", "kept")
            target, files = self.prerequisites("deps.d")
            self.assertEqual(target, "axpy.pto")
            self.assertEqual(len(files), len(set(files)))
            for name in ["orch.c", "axpy.cpp", "nested/outer.h", "nested/inner.h", "isa/include/pto/pto-inst.hpp",
                         HEADERS + "/pto/kernel.h", HEADERS + "/pto/orch.h"]:
                self.assertIn(name, files)
            for name in files:
                self.assertTrue(os.path.exists(self.path(name)), name)
                self.assertNotIn("kept", name)

    def test_shared_objects_are_in_it_too(self):
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:axpy.c", "--keep", "kept")
        self.build("--orch", "kept/orchestration.so", "--entry", "axpy", "--kernel", "0:aiv:kept/kernel-0.so",
                   "--depfile", "deps.d")
        self.assertEqual(self.prerequisites("deps.d"), ("axpy.pto", ["kept/orchestration.so", "kept/kernel-0.so"]))

    def test_a_failed_build_writes_none(self):
        self.refuse_kernel("broken", "--depfile", "deps.d")
        self.assertFalse(os.path.exists(self.path("deps.d")))


class Mistakes(BuildTest):
    def test_what_the_compiler_says_is_shown_with_its_command(self):
        for compiler in COMPILERS:
            error = self.refuse_kernel("#include <pto/kernel.h>\nint broken = nothing;\n", "--compiler", compiler)
            self.assertRegex(error, r"\Apto: kernel.cpp: does not compile \(kernel 4\): %s ended with status 1\n"
                                    r"pto:   command: %s -std=c\+\+23 [^\n]* kernel.cpp\n"
                                    r"kernel.cpp:2:14: error: [^\n]*nothing" % ((re.escape(compiler),) * 2))

    def test_what_is_shown_has_an_end(self):
        error = self.refuse_kernel("".join("#error number %d\n" % i for i in range(500)), "--flag", "-fmax-errors=0")
        self.assertIn("number 0", error)
        self.assertNotIn("number 499", error)
        self.assertRegex(error, r"\(\d+ lines more; --keep DIR keeps all of it\)\n\Z")
        self.assertEqual(len(error.splitlines()), 43)

    def test_what_the_compiler_says_moves_no_cursor(self):
        self.assertNotIn("\x1b", self.refuse_kernel("#error \x1b[2J\n", "--flag=-fdiagnostics-color=never"))

    def test_without_pto_isa_the_way_to_it_is_said(self):
        for compiler in COMPILERS:
            error = self.refuse_kernel(KERNEL_CPP, "--compiler", compiler)
            self.assertIn("pto: kernel.cpp: does not compile (kernel 4): pto/pto-inst.hpp is not found: name the folder "
                          "of pto-isa with --pto-isa DIR\n", error)
            error = self.refuse_kernel("#include \"mine.h\"\n", "--compiler", compiler)
            self.assertIn("mine.h is not found: name its folder with -I DIR\n", error)

    def test_a_folder_that_is_no_pto_isa_is_refused(self):
        self.write("isa/include/pto/other.hpp", "")
        for folder, missing in [("isa", "has no isa/include/pto/pto-inst.hpp"),
                                ("isa/include", "has no isa/include/pto/pto-inst.hpp"), ("nowhere", "is no folder")]:
            self.assertIn("pto: --pto-isa %s: %s" % (folder, missing), self.refuse_kernel(KERNEL_CPP, "--pto-isa", folder))

    def test_a_folder_without_our_headers_is_refused(self):
        self.assertIn("pto: --headers .: has no pto/orch.h and pto/compat",
                      self.refuse("--orch", "orch.c", "--entry", "axpy", "--headers", "."))

    def test_a_language_that_the_compiler_does_not_know_asks_for_a_newer_one(self):
        for compiler in COMPILERS:
            error = self.refuse_kernel(KERNEL_CPP, "--flag", "-std=c++99", "--compiler", compiler)
            self.assertIn("%s does not know -std=c++99: use a newer compiler, such as --compiler clang++-19\n" % compiler,
                          error)

    def test_an_assertion_of_pto_isa_asks_for_clang(self):
        isa = self.write_pto_isa(PTO_ISA + "static_assert(sizeof(int) == 1, \"no\");\n")
        error = self.refuse_kernel(KERNEL_CPP, "--pto-isa", isa)
        self.assertIn("this g++ refuses an assertion of pto-isa: use --compiler clang++-19\n", error)
        error = self.refuse_kernel(KERNEL_CPP, "--pto-isa", isa, "--compiler", "clang++-19")
        self.assertIn("clang++-19 ended with status 1\n", error)
        error = self.refuse_kernel("static_assert(sizeof(int) == 1, \"no\");\n", "--pto-isa", isa)
        self.assertIn("g++ ended with status 1\n", error)

    def test_a_compiler_that_is_not_there_is_named_with_its_package(self):
        for compiler, hint in [("clang++-77", "install it (apt-get install clang-77 on Debian) or name another one"),
                               ("g++-77", "install it (apt-get install g++-77 on Debian) or name another one"),
                               ("./nowhere", ": name another one with --compiler")]:
            error = self.refuse("--orch", "orch.c", "--entry", "axpy", "--compiler", compiler)
            self.assertIn("pto: compiler %s: cannot be started: No such file or directory: " % compiler, error)
            self.assertIn(hint, error)

    def test_what_is_no_compiler_is_refused(self):
        for compiler in ("false", "true"):
            self.assertIn("pto: compiler %s: is no C++ compiler" % compiler,
                          self.refuse("--orch", "orch.c", "--entry", "axpy", "--compiler", compiler))

    def test_a_compiler_that_dies_is_told(self):
        compiler = self.write_script("cc", "os.kill(os.getpid(), 11)\n")
        error = self.refuse("--orch", "orch.c", "--entry", "axpy", "--compiler", compiler)
        self.assertIn("pto: orch.c: does not compile (orchestration): ./cc was ended by signal 11 (Segmentation fault)\n",
                      error)

    def test_undefined_symbols_are_named(self):
        kernel = ("#include <pto/kernel.h>\nint missing(int); extern \"C\" int absent();\n"
                  "extern \"C\" void kernel_entry(int64_t *args) { args[0] = missing(absent()) + missing(1); }\n")
        for compiler in COMPILERS:
            error = self.refuse_kernel(kernel, "--compiler", compiler)
            named = re.search(r"\(kernel 4\): it uses what is defined nowhere: (.*): define it in this source, or give the "
                              r"library that has it with --flag -lNAME\n", error)
            self.assertEqual(sorted(named.group(1).split(", ")), ["absent", "missing(int)"])

    def test_a_library_that_is_given_defines_symbols(self):
        self.write("kernel.c", "#include <pto/kernel.h>\n#include <math.h>\n"
                               "PTO_KERNEL(args) { *(double *)&args[0] = cos(*(double *)&args[1]); }\n")
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:kernel.c", "--flag", "-lm")

    def test_a_kernel_without_its_entry_is_refused_with_what_there_is(self):
        self.assertIn("pto: kernel.cpp: exports no 'kernel_entry', but entry, kernel_start: a kernel is extern \"C\" void "
                      "kernel_entry(int64_t *args)\n",
                      self.refuse_kernel("extern \"C\" void entry() {}\nextern \"C\" void kernel_start() {}\n"))
        self.assertIn("exports no 'kernel_entry', but nothing with a plain name: ", self.refuse_kernel("void f() {}\n"))
        self.assertIn("pto: kernel.cpp: has 'kernel_entry' as a C++ function: write extern \"C\" before it\n",
                      self.refuse_kernel("void kernel_entry(long *) {}\n"))
        self.assertIn("pto: kernel.cpp: exports 'kernel_entry' as data, not as a function\n",
                      self.refuse_kernel("extern \"C\" { int kernel_entry = 1; }\n"))
        many = "".join("extern \"C\" void f%02d() {}\n" % i for i in range(20))
        self.assertIn(" and 12 more: a kernel is", self.refuse_kernel(many))

    def test_an_orchestration_without_its_entry_is_refused_with_what_there_is(self):
        self.assertIn("pto: orch.c: exports no 'aicpu_orchestration_entry', but axpy: name its entry with --entry\n",
                      self.refuse("--orch", "orch.c"))
        self.assertIn("pto: orch.cpp: has 'mine' as a C++ function: write extern \"C\" before it\n",
                      self.refuse_orchestration("void mine(int) {}", "--entry", "mine"))
        self.assertIn("pto: orch.cpp: has a function 'mine', but does not include pto_orchestration_api.h",
                      self.refuse_orchestration("extern \"C\" void mine() {}", "--entry", "mine"))

    def test_a_configuration_that_is_not_there_is_refused(self):
        self.assertIn("pto: orch.cpp: exports no 'sizes', but axpy: name its configuration with --config\n",
                      self.refuse_orchestration(ORCH_CPP, "--entry", "axpy", "--config", "sizes"))
        self.assertIn("pto: orch.cpp: exports 'axpy' as data, not as a function\n",
                      self.refuse_orchestration(ORCH_CPP, "--entry", "axpy", "--config", "axpy"))

    def test_shared_objects_are_checked_as_well(self):
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:axpy.c", "--keep", "kept")
        self.assertIn("pto: kept/orchestration.so: exports no 'kernel_entry', but axpy: ",
                      self.refuse("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:kept/orchestration.so"))
        self.write("cut.so", self.content("kept/kernel-0.so")[:900])
        self.assertIn("pto: cut.so: is no shared object (ELF) for this machine, or is damaged\n",
                      self.refuse("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:cut.so"))

    def test_files_are_looked_at_before_a_compiler_is(self):
        self.write("text.txt", "")
        none = ["--compiler", "clang++-77"]
        for orch, kernel, why in [("nowhere.c", "axpy.c", "nowhere.c: cannot be opened"),
                                  ("orch.c", "nowhere.cpp", "nowhere.cpp: cannot be opened"),
                                  ("orch.c", "nowhere.so", "nowhere.so: cannot be opened"),
                                  ("orch.c", "text.txt", "text.txt: is neither a source (.c, .cc, .cpp, .cxx) nor"),
                                  ("tmp", "axpy.c", "tmp: is neither a source")]:
            self.assertIn("pto: " + why, self.refuse("--orch", orch, "--kernel", "0:aiv:" + kernel, *none))

    def test_what_no_sources_can_mend_is_refused_before_a_compiler_is_looked_for(self):
        base = ["--orch", "orch.c", "--compiler", "clang++-77"]
        for bad, why in [(["--kernel", "0:cpu:axpy.c"], "core type must be"), (["--param", "in:float64"], "dtype must be"),
                         (["--kernel", "0:aiv:axpy.c", "--kernel", "0:aic:axpy.c"], "pto: pack: "),
                         (["--name", "n" * 64], "pto: pack: "), (["--depfile", "nowhere/x.d"], "nowhere/x.d: cannot be"),
                         (["--keep", "orch.c"], "--keep orch.c: ")]:
            self.assertIn(why, self.refuse(*base, *bad))
        done = self.run_tool("build", "-o", "nowhere/x.pto", *base)
        self.assertIn("pto: nowhere/x.pto: cannot be written", done.stderr)

    def test_what_is_no_command_line_is_refused(self):
        base = ["--orch", "orch.c", "--entry", "axpy"]
        for arguments in [["--jobs", "0"], ["--jobs", "-1"], ["--jobs", "many"], ["--compiler", ""], ["-D", ""], ["-I", ""],
                          ["--flag"], ["--fly"], ["--verbose=perhaps"]]:
            with self.subTest(arguments):
                self.assertRegex(self.refuse(*base, *arguments), r"\Apto: usage: .+; see 'pto build --help'\n\Z")
        self.assertRegex(self.refuse(), r"\Apto: usage: --orch is required; see 'pto build --help'\n\Z")

    def test_a_temporary_folder_that_is_not_there_is_named(self):
        done = subprocess.run([TOOL, "build", "-o", "out.pto", "--orch", "orch.c", "--entry", "axpy"], cwd=self.folder,
                              env=dict(os.environ, TMPDIR=self.path("nowhere")), text=True, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, BAD_INPUT)
        self.assertRegex(done.stderr, r"\Apto: temporary folder: there is none: .*: give one with --keep DIR\n\Z")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
