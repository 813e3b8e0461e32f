#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts/isa-identity says of headers, and what scripts/compile-with-isa gives a compiler.

usage: test_isa_identity.py SCRIPTS"""

import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(sys.argv[1]).resolve()
DEFINITION = "inline constexpr uint32_t kSdmaMaxChan = 48;\n"


class IsaTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pto-isa-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.tree = self.root / "isa"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self.environment.update(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_NAME="a",
                                GIT_AUTHOR_EMAIL="a@example.org", GIT_COMMITTER_NAME="a",
                                GIT_COMMITTER_EMAIL="a@example.org", GIT_CEILING_DIRECTORIES=str(self.root))
        self.write("include/pto/sdma.hpp", DEFINITION)
        self.write("include/pto/core.h", "#pragma once\n")

    def write(self, name, text):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_script(self, name, *arguments):
        return subprocess.run([sys.executable, "-B", str(SCRIPTS / name), *map(str, arguments)], cwd=self.root,
                              text=True, timeout=60, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def identity(self):
        done = self.run_script("isa-identity", "--tree", self.tree)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Apto-isa sha256:[0-9a-f]{16} git:[0-9a-z+]+ sdma:[0-9]+\n\Z")
        self.assertLessEqual(len(done.stdout), 256)
        return done.stdout.strip()

    def part(self, name):
        return next(word[len(name) + 1:] for word in self.identity().split() if word.startswith(name + ":"))

    def refusal(self, *arguments):
        done = self.run_script("isa-identity", *(arguments or ("--tree", self.tree)))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"\Aisa-identity: [^\n]+\n\Z")
        return done.stderr

    def git(self, *arguments):
        done = subprocess.run(["git", *arguments], cwd=self.tree, env=self.environment, timeout=60, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.strip()

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD")[:12]


class Contents(IsaTest):
    def test_without_headers_there_is_none(self):
        done = self.run_script("isa-identity")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "none\n", ""))

    def test_the_same_headers_elsewhere_are_the_same(self):
        before = self.identity()
        self.tree = self.tree.rename(self.root / "another place")
        self.assertEqual(self.identity(), before)

    def test_times_and_modes_do_not_matter(self):
        before = self.identity()
        os.utime(self.tree / "include/pto/core.h", (1, 1))
        (self.tree / "include/pto/core.h").chmod(stat.S_IRUSR)
        self.assertEqual(self.identity(), before)

    def test_every_change_of_a_header_matters(self):
        seen = {self.identity()}
        header = self.tree / "include/pto/core.h"
        for change in (lambda: header.write_text("#pragma once \n"), lambda: header.write_text("#pragma Once \n"),
                       lambda: header.rename(header.with_name("Core.h")),
                       lambda: self.write("include/pto/empty.hpp", ""),
                       lambda: (self.tree / "include/pto/empty.hpp").rename(self.tree / "include/empty.hpp"),
                       lambda: (self.tree / "include/empty.hpp").unlink() or self.write("include/deep/er/x.ipp", "1")):
            change()
            self.assertNotIn(self.identity(), seen)
            seen.add(self.identity())

    def test_one_header_that_reads_like_two_is_not_those_two(self):
        self.write("include/a.h", "1")
        self.write("include/b.h", "2")
        before = self.identity()
        self.write("include/a.h", "1b.h2")
        (self.tree / "include/b.h").unlink()
        self.assertNotEqual(self.identity(), before)

    def test_every_suffix_of_headers_counts(self):
        for suffix in ("h", "hpp", "hh", "hxx", "inc", "inl", "ipp", "def", "tpp", "H", "cpp", "cce"):
            before = self.identity()
            self.write("include/pto/x." + suffix, "// x\n")
            self.assertNotEqual(self.identity(), before, suffix)

    def test_other_files_do_not_matter(self):
        before = self.identity()
        for name in ("README.md", "src/x.hpp", "include/README.md", "include/pto/make.py", "include/CMakeLists.txt",
                     "include/__pycache__/x.h"):
            self.write(name, "text")
            self.assertEqual(self.identity(), before, name)

    def test_a_tree_without_an_include_folder_is_the_folder_itself(self):
        before = self.identity()
        self.tree = self.tree / "include"
        self.assertEqual(self.identity(), before)

    def test_folders_that_lead_back_to_themselves_end(self):
        # Two of them, or the system would soon refuse to go on.
        (self.tree / "include/pto/again").symlink_to("..")
        (self.tree / "include/pto/once_more").symlink_to("..")
        before = self.identity()
        self.write("include/pto/core.h", "// changed\n")
        self.assertNotEqual(self.identity(), before)

    def test_headers_behind_a_link_count(self):
        (self.root / "elsewhere").mkdir()
        (self.root / "elsewhere/x.h").write_text("1")
        (self.tree / "include/link").symlink_to(self.root / "elsewhere")
        before = self.identity()
        (self.root / "elsewhere/x.h").write_text("2")
        self.assertNotEqual(self.identity(), before)

    def test_what_is_no_tree_is_refused_by_name(self):
        self.assertIn("nowhere: is no folder", self.refusal("--tree", self.root / "nowhere"))
        (self.root / "empty").mkdir()
        self.assertIn("empty: has no headers", self.refusal("--tree", self.root / "empty"))

    def test_the_file_is_written_only_when_it_says_something_else(self):
        output = self.root / "identity.txt"
        arguments = ("isa-identity", "--tree", self.tree, "--output", output)
        self.assertEqual(self.run_script(*arguments).returncode, 0)
        self.assertEqual(output.read_text(), self.identity() + "\n")
        os.utime(output, (1, 1))
        self.assertEqual(self.run_script(*arguments).returncode, 0)
        self.assertEqual(output.stat().st_mtime, 1)
        self.write("include/pto/core.h", "// changed\n")
        self.assertEqual(self.run_script(*arguments).returncode, 0)
        self.assertNotEqual(output.stat().st_mtime, 1)
        self.assertEqual(output.read_text(), self.identity() + "\n")
        self.assertEqual(sorted(self.root.iterdir()), sorted([output, self.tree]))


class Channels(IsaTest):
    def test_every_way_to_write_the_constant_is_read(self):
        for text, value in (("constexpr int kSdmaMaxChan = 40;", 40), ("const uint32_t kSdmaMaxChan{48U};", 48),
                            ("#define kSdmaMaxChan 0x30", 48), ("  #  define kSdmaMaxChan (40u) // streams", 40),
                            ("enum { kSdmaMaxChan = 64, kOther = 3 };", 64), ("constexpr int kSdmaMaxChan=1'024;", 1024),
                            ("static constexpr size_t kSdmaMaxChan\n    = static_cast<size_t>(48);", 48),
                            ("constexpr int kSdmaMaxChan = 060;", 48), ("constexpr int kSdmaMaxChan(40);", 40)):
            with self.subTest(text):
                self.write("include/pto/sdma.hpp", text + "\n")
                self.assertEqual(self.part("sdma"), str(value))

    def test_uses_comments_and_strings_are_no_definitions(self):
        self.write("include/pto/uses.hpp", """
// kSdmaMaxChan = 1;
/* #define kSdmaMaxChan 2
   kSdmaMaxChan = 3; */
const char *text = "kSdmaMaxChan = 4;";
static_assert(kSdmaMaxChan == 5);
int array[kSdmaMaxChan] = {6};
int count = kSdmaMaxChan;
constexpr int kSdmaMaxChannelBytes = 7, myKSdmaMaxChan = 8, not_kSdmaMaxChan = 9;
void f(int n = kSdmaMaxChan, int m = 10);
""")
        self.assertEqual(self.part("sdma"), "48")

    def test_headers_without_the_constant_have_no_channels(self):
        self.write("include/pto/sdma.hpp", "// no SDMA\n")
        self.assertEqual(self.part("sdma"), "0")

    def test_equal_definitions_agree(self):
        self.write("include/pto/another.hpp", "\n#define kSdmaMaxChan 0x30\n")
        self.assertEqual(self.part("sdma"), "48")

    def test_definitions_that_differ_are_refused_with_both_places(self):
        self.write("include/pto/a.hpp", "\n/* two\nlines */\n#define kSdmaMaxChan 40\n")
        text = self.refusal()
        self.assertIn("pto/a.hpp:4: kSdmaMaxChan is 40", text)
        self.assertIn("pto/sdma.hpp:1: it is 48", text)

    def test_a_value_that_is_no_number_is_refused_with_its_place(self):
        self.write("include/pto/sdma.hpp", "constexpr int kSdmaMaxChan = kOther * 2;\n")
        self.assertIn("pto/sdma.hpp:1: kSdmaMaxChan is 'kOther * 2'", self.refusal())


class Revision(IsaTest):
    def setUp(self):
        super().setUp()
        self.git("init", "-q", "-b", "main")

    def test_outside_of_git_there_is_no_revision(self):
        shutil.rmtree(self.tree / ".git")
        self.assertEqual(self.part("git"), "none")

    def test_without_a_commit_there_is_no_revision(self):
        self.assertEqual(self.part("git"), "none")

    def test_it_is_the_last_commit_that_changed_a_header(self):
        first = self.commit()
        self.assertEqual(self.part("git"), first)
        for number in range(20):
            self.write("include/notes.md", str(number))
            self.commit()
        self.assertEqual(self.part("git"), first)
        self.write("include/pto/core.h", "// changed\n")
        last = self.commit()
        self.assertEqual(self.part("git"), last)

    def test_a_commit_that_only_deletes_a_header_counts(self):
        self.commit()
        (self.tree / "include/pto/core.h").unlink()
        last = self.commit()
        self.assertEqual(self.part("git"), last)

    def test_a_merge_counts_when_headers_come_with_it(self):
        self.commit()
        self.git("checkout", "-q", "-b", "side")
        self.write("include/pto/core.h", "// side\n")
        side = self.commit()
        self.git("checkout", "-q", "main")
        self.write("README.md", "main\n")
        self.commit()
        self.git("merge", "-q", "-m", "merge", "side")
        self.assertEqual(self.part("git"), side)

    def test_a_merge_that_gives_what_no_parent_had_counts(self):
        self.commit()
        for branch, name in (("side", "include/side.h"), ("main", "include/main.h")):
            self.git("checkout", "-q", "-B", branch, "main")
            self.write(name, "// new\n")
            self.commit()
        self.git("merge", "-q", "-m", "merge", "side")
        self.assertEqual(self.part("git"), self.git("rev-parse", "HEAD")[:12])

    def test_headers_that_are_not_as_committed_are_dirty(self):
        clean = self.commit()
        for name, text in (("include/pto/core.h", "// changed\n"), ("include/new.hpp", "// new\n")):
            self.write(name, text)
            self.assertEqual(self.part("git"), clean + "+dirty")
            self.git("add", "-A")
            self.assertEqual(self.part("git"), clean + "+dirty")
            self.git("reset", "-q", "--hard")
            self.assertEqual(self.part("git"), clean)
        (self.tree / "include/pto/core.h").unlink()
        self.assertEqual(self.part("git"), clean + "+dirty")

    def test_headers_that_git_ignores_are_dirty(self):
        self.write(".gitignore", "generated/\n")
        clean = self.commit()
        self.write("include/generated/notes.md", "no header\n")
        self.assertEqual(self.part("git"), clean)
        self.write("include/generated/x.h", "// not committed\n")
        self.assertEqual(self.part("git"), clean + "+dirty")

    def test_an_edit_that_keeps_size_and_times_is_dirty(self):
        header = self.tree / "include/pto/sdma.hpp"
        os.utime(header, (1, 1))  # git itself looks twice at what is as new as its index.
        clean = self.commit()
        before = header.stat()
        header.write_text(DEFINITION.replace("48", "40"))
        os.utime(header, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(self.part("git"), clean + "+dirty")

    def test_other_files_are_not_dirty(self):
        clean = self.commit()
        self.write("README.md", "text")
        self.write("include/notes.md", "text")
        self.assertEqual(self.part("git"), clean)

    def test_a_tree_inside_of_another_repository_has_its_revision(self):
        self.tree = self.tree / "include"
        shutil.rmtree(self.tree.parent / ".git")
        self.tree, inner = self.tree.parent.parent, self.tree
        self.git("init", "-q", "-b", "main")
        commit = self.commit()
        self.tree = inner
        self.assertEqual(self.part("git"), commit)

    def test_a_repository_that_is_damaged_is_unknown(self):
        self.commit()
        (self.tree / ".git/HEAD").write_text("nonsense\n")
        self.assertEqual(self.part("git"), "unknown")

    def test_nothing_of_the_repository_is_written(self):
        self.commit()
        os.utime(self.tree / "include/pto/core.h", (1, 1))
        self.write("include/pto/sdma.hpp", DEFINITION + "\n")
        before = sorted((path, path.stat().st_mtime_ns) for path in (self.tree / ".git").rglob("*"))
        self.assertIn("+dirty", self.part("git"))
        after = sorted((path, path.stat().st_mtime_ns) for path in (self.tree / ".git").rglob("*"))
        self.assertEqual(after, before)

    def test_a_header_that_is_a_link_is_as_committed_while_it_leads_there(self):
        link = self.tree / "include/pto/link.h"
        link.symlink_to("core.h")
        clean = self.commit()
        self.assertEqual(self.part("git"), clean)
        link.unlink()
        link.symlink_to("sdma.hpp")
        self.assertEqual(self.part("git"), clean + "+dirty")
        link.unlink()
        link.write_text("#pragma once\n")
        self.assertEqual(self.part("git"), clean + "+dirty")


class Compile(IsaTest):
    def setUp(self):
        super().setUp()
        (self.root / "use.cpp").write_text(
            "#include <cstdint>\n#include <pto/sdma.hpp>\nextern const char text[];\n"
            "const char text[] = PTO_BUILD_IDENTITY;\nstatic_assert(kSdmaMaxChan == PTO_SDMA_CHANNELS);\n")

    def compile(self, *options, compiler=("g++",)):
        return self.run_script("compile-with-isa", *options, *compiler, "-MD", "-MF", "use.d", "-c", "use.cpp", "-o",
                               "use.o")

    def write_identity(self, text=None):
        path = self.root / "identity.txt"
        path.write_text((text or self.identity()) + "\n")
        return path

    def compiler_that(self, body):
        """A program in the compiler's place that does something beside."""
        path = self.root / "compiler"
        path.write_text("#!/bin/sh\n" + body + "\nexec g++ \"$@\"\n")
        path.chmod(stat.S_IRWXU)
        return (str(path),)

    def expect_refusal(self, done, *texts):
        self.assertEqual(done.returncode, 1, done.stderr)
        for text in texts:
            self.assertIn(text, done.stderr)
        self.assertFalse((self.root / "use.o").exists())

    def test_the_identity_is_in_the_object(self):
        for options in ((), ("--identity", self.write_identity())):
            done = self.compile("--tree", self.tree, *options)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(self.identity().encode() + b"\0", (self.root / "use.o").read_bytes())
            (self.root / "use.o").unlink()

    def test_the_compiler_is_told_in_its_command(self):
        shown = self.root / "shown"
        done = self.compile("--tree", self.tree, compiler=self.compiler_that(f"printf '%s\\n' \"$@\" >{shown}"))
        self.assertEqual(done.returncode, 0, done.stderr)
        words = shown.read_text().splitlines()
        self.assertIn(f'-DPTO_BUILD_IDENTITY="{self.identity()}"', words)
        self.assertIn("-DPTO_SDMA_CHANNELS=48", words)
        self.assertEqual(words[words.index("-isystem") + 1], str(self.tree / "include"))

    def test_without_a_tree_the_identity_is_none(self):
        (self.root / "use.cpp").write_text("const char *text = PTO_BUILD_IDENTITY;\n#if PTO_SDMA_CHANNELS != 0\n#error\n#endif\n")
        done = self.compile("--identity", self.write_identity("none"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(b"none\0", (self.root / "use.o").read_bytes())

    def test_an_identity_of_other_headers_is_refused(self):
        path = self.write_identity()
        old = self.identity()
        self.write("include/pto/core.h", "// changed\n")
        self.expect_refusal(self.compile("--tree", self.tree, "--identity", path), old, self.identity(), str(path))

    def test_headers_that_change_under_the_compiler_leave_no_object(self):
        compiler = self.compiler_that(f"echo '// changed' >>{self.tree}/include/pto/core.h")
        done = self.compile("--tree", self.tree, "--identity", self.write_identity(), compiler=compiler)
        self.expect_refusal(done, "changed while they were compiled", self.identity())

    def test_an_included_file_that_the_identity_misses_is_refused(self):
        self.write("include/pto/table.data", "// included\n")
        self.write("include/pto/sdma.hpp", DEFINITION + "#include \"table.data\"\n")
        self.expect_refusal(self.compile("--tree", self.tree), "table.data is included")

    def test_included_files_beside_the_headers_are_the_makers_own(self):
        (self.root / "own.data").write_text("// included\n")
        with open(self.root / "use.cpp", "a", encoding="ascii") as file:
            file.write("#include \"own.data\"\n")
        self.assertEqual(self.compile("--tree", self.tree).returncode, 0)

    def test_a_compiler_that_fails_fails(self):
        (self.root / "use.cpp").write_text("#error no\n")
        self.assertEqual(self.compile("--tree", self.tree).returncode, 1)
        done = self.compile("--tree", self.tree, compiler=("no-such-compiler",))
        self.expect_refusal(done, "no-such-compiler cannot be started")
        self.assertEqual(self.run_script("compile-with-isa").returncode, 2)

    def test_names_with_blanks_are_names(self):
        self.tree = self.tree.rename(self.root / "a b $c")
        self.assertEqual(self.compile("--tree", self.tree).returncode, 0)

    def test_the_installed_names_work(self):
        installed = self.root / "bin"
        installed.mkdir()
        shutil.copy(SCRIPTS / "isa-identity", installed / "pto-isa-identity")
        shutil.copy(SCRIPTS / "compile-with-isa", installed / "pto-isa-compile")
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        done = subprocess.run([str(installed / "pto-isa-compile"), "--tree", str(self.tree), "g++", "-c", "use.cpp",
                               "-o", "use.o"], cwd=self.root, timeout=60, env=self.environment)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(sorted(os.listdir(installed)), ["pto-isa-compile", "pto-isa-identity"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
