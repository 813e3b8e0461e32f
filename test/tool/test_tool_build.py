# SPDX-License-Identifier: Apache-2.0
"""`pto build` at work: sources become callables that run."""

import json
import os
import signal
import subprocess
import sys
import time
import unittest

from build_case import (AXPY_PARAMS, BAD_INPUT, COMPILERS, DIALECT_KERNEL, DIALECT_ORCH, HEADERS, KERNEL_C, KERNEL_CPP, OK,
                        ORCH_C, ORCH_CPP, RUN_FAILED, TOOL, BuildTest, npy)


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

    def test_a_configuration_that_wants_more_arguments_than_there_are_ends_the_run(self):
        isa = self.write_pto_isa()
        self.write("orch.cpp", DIALECT_ORCH)
        self.write("axpy.cpp", DIALECT_KERNEL)
        self.build("--orch", "orch.cpp", "--kernel", "0:aiv:axpy.cpp", *AXPY_PARAMS, "--config", "more",
                   "--pto-isa", isa)
        self.write("x.npy", npy(1, 2, 3))
        for builder in ("device", "host"):
            with self.subTest(builder):
                done = self.run_tool("run", "axpy.pto", "--in", "x.npy", "--in", "x.npy", "--out", "z.npy",
                                     "--scalar", "f32:2", "--builder", builder)
                self.assertEqual((done.returncode, done.stdout), (RUN_FAILED, ""))
                self.assertIn("the orchestration expects 5 arguments, the run has 4", done.stderr)

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


class Identity(BuildTest):
    def setUp(self):
        super().setUp()
        self.isa = self.write_pto_isa()
        self.write("isa/include/pto/sdma.hpp", "inline constexpr unsigned kSdmaMaxChan = 48;\n")
        self.write("axpy.cpp", "#include <pto/sdma.hpp>\nstatic_assert(kSdmaMaxChan == PTO_SDMA_CHANNELS);\n" +
                   KERNEL_CPP)

    def build_axpy(self, *arguments, output="axpy.pto"):
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:axpy.cpp", *AXPY_PARAMS,
                   "--pto-isa", self.isa, *arguments, output=output)

    def identity(self, image="axpy.pto"):
        return json.loads(self.succeed("info", "--json", image))["build_identity"]

    def test_a_callable_states_the_headers_that_it_was_built_with(self):
        for compiler in COMPILERS:
            with self.subTest(compiler):
                self.build_axpy("--compiler", compiler)
                self.assertRegex(self.identity(), r"\Apto-isa sha256:[0-9a-f]{16} git:\S+ sdma:48\Z")
                self.assertIn("\n  built with   %s\n" % self.identity(), self.succeed("info", "axpy.pto"))
                self.compute()

    def test_a_source_that_includes_no_header_of_ours_states_them_too(self):
        self.write("bare.c", "void kernel_entry(long *args) { (void)args; }\n")
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:bare.c", "--pto-isa", self.isa,
                   "--keep", "kept")
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:kept/kernel-0.so", output="packed.pto")
        self.assertEqual(self.identity("packed.pto"), self.identity())
        self.assertIn("sdma:48", self.identity())

    def test_without_such_headers_a_callable_states_none(self):
        self.build("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:axpy.c", *AXPY_PARAMS)
        self.assertIsNone(self.identity())

    def test_headers_that_have_changed_make_another_callable(self):
        self.build_axpy()
        before, image = self.identity(), self.content("axpy.pto")
        self.build_axpy(output="again.pto")
        self.assertEqual(self.content("again.pto"), image)
        self.write("isa/include/pto/other.hpp", "// never included\n")
        self.build_axpy()
        self.assertNotEqual(self.identity(), before)

    def test_kernels_of_different_headers_are_refused_by_both_names(self):
        self.build_axpy("--keep", "kept")
        old = self.identity()
        self.write("isa/include/pto/sdma.hpp", "inline constexpr unsigned kSdmaMaxChan = 40;\n")
        self.build_axpy()
        error = self.refuse("--orch", "orch.c", "--entry", "axpy", "--kernel", "0:aiv:axpy.cpp", "--kernel",
                            "7:aiv:kept/kernel-0.so", "--pto-isa", self.isa)
        self.assertIn(old, error)
        self.assertIn(self.identity(), error)
        self.assertIn("kernel 7", error)

    def test_headers_that_contradict_themselves_are_refused(self):
        self.write("isa/include/pto/more.hpp", "#define kSdmaMaxChan 40\n")
        error = self.refuse_kernel(KERNEL_CPP, "--pto-isa", self.isa)
        self.assertIn("pto/more.hpp:1: kSdmaMaxChan is 40, but pto/sdma.hpp:1: it is 48", error)

    def test_headers_that_change_meanwhile_are_refused(self):
        compiler = self.write_script("compiler", "open('isa/include/pto/new.hpp', 'w').write('// new')\nrun()\n")
        error = self.refuse_kernel(KERNEL_C, "--pto-isa", self.isa, "--compiler", compiler)
        self.assertIn("--pto-isa isa/include: changed while it was compiled with", error)


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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
