# SPDX-License-Identifier: Apache-2.0
"""What stands in the way of `pto build` is named."""

import os
import re
import subprocess
import sys
import unittest

from build_case import BAD_INPUT, COMPILERS, KERNEL_CPP, ORCH_CPP, PTO_ISA, TOOL, BuildTest


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
        self.assertIn("pto: orch.cpp: has 'axpy' with a signature of its own: it takes no --config\n",
                      self.refuse_orchestration(ORCH_CPP + "extern \"C\" void sizes() {}\n", "--entry", "axpy",
                                                "--config", "sizes"))

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
