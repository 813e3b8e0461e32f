#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Headers of pto-isa change, the sources that include them do not: what is built must be of the headers on disk.

usage: test_stale_build.py [--without-identity] PROJECT_ROOT MESON NINJA COMPILER

A small project, made of this project's own scripts/ and sources and of project/ beside this file, is
built through ccache at its most careless with a git tree of stand-in headers, whose kSdmaMaxChan goes from 40 to 48.
With --without-identity the identity is cut out of the commands of the compiler, and the same changes must give programs
with the old number: otherwise the other tests would prove nothing."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

WITHOUT_IDENTITY = "--without-identity" in sys.argv
PROJECT, MESON, NINJA, COMPILER = [word for word in sys.argv[1:] if word != "--without-identity"]
PROJECT = pathlib.Path(PROJECT)

CHANNELS_HEADER = "include/pto/comm/sdma_types.hpp"
OTHER_HEADER = "include/pto/pto-inst.hpp"
CHANNELS = """#pragma once
#include <cstdint>
namespace pto::comm {
inline constexpr uint32_t kSdmaMaxChan = %d; // streams
}
"""
# All that a compiler cache can be told to overlook.
SLOPPINESS = ("file_stat_matches,file_stat_matches_ctime,include_file_mtime,include_file_ctime,system_headers,"
              "time_macros")


class StaleBuild(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pto-stale-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.tree = self.root / "isa"
        self.source = self.root / "source"
        self.build = self.root / "build"
        (self.root / "ccache.conf").write_text("")
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("CCACHE_", "GIT_", "CXX", "CPP", "LDFLAGS"))}
        self.environment.update(
            CXX="ccache " + COMPILER, CCACHE_DIR=str(self.root / "cache"), CCACHE_SLOPPINESS=SLOPPINESS,
            CCACHE_CONFIGPATH=str(self.root / "ccache.conf"), GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1",
            GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@example.org", GIT_COMMITTER_NAME="a",
            GIT_COMMITTER_EMAIL="a@example.org")
        self.make_tree()
        self.make_project()

    # ---- the scene

    def run_command(self, *arguments, folder=None):
        done = subprocess.run([str(argument) for argument in arguments], cwd=folder or self.root, text=True,
                              env=self.environment, timeout=120, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def git(self, *arguments):
        return self.run_command("git", *arguments, folder=self.tree).strip()

    def write(self, name, text):
        path = self.tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, text):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", text)

    def make_tree(self):
        self.tree.mkdir()
        self.git("init", "-q", "-b", "main")
        self.write(CHANNELS_HEADER, CHANNELS % 40)
        self.write(OTHER_HEADER, "#pragma once\n")
        self.write("README.md", "Stands in for pto-isa.\n")
        self.commit("40 channels")

    def make_project(self):
        shutil.copytree(pathlib.Path(__file__).parent / "project", self.source)
        for name in ("scripts", "host", "include", "engine", "posix"):
            shutil.copytree(PROJECT / name, self.source / name)
        if WITHOUT_IDENTITY:
            script = self.source / "scripts/compile-with-isa"
            text = script.read_text()
            line = "    arguments += identity_arguments(identity)\n"
            self.assertEqual(text.count(line), 1)
            script.write_text(text.replace(line, ""))
        self.configure()

    def configure(self):
        self.run_command(MESON, "setup", self.build, self.source, "-Dpto_isa=" + str(self.tree),
                         "-Didentity=" + ("false" if WITHOUT_IDENTITY else "true"))

    def make(self):
        return self.run_command(NINJA, "-C", self.build)

    def start_anew(self):
        """As whoever does not trust the build: deletes the folder. The cache stays. Returns what ccache gave."""
        shutil.rmtree(self.build)
        self.configure()
        self.run_command("ccache", "-z")
        self.make()
        lines = self.run_command("ccache", "--print-stats").splitlines()
        counters = {name: int(value) for name, value in (line.split("\t") for line in lines)}
        return counters["direct_cache_hit"] + counters["preprocessed_cache_hit"], counters["cache_miss"]

    # ---- what the program says

    def say(self):
        lines = self.run_command(self.build / "streams").splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def expected_identity(self):
        return self.run_command(sys.executable, PROJECT / "scripts/isa-identity", "--tree", self.tree).strip()

    def expect_channels(self, count):
        said = self.say()
        self.assertEqual(said["opened"], str(count))
        if not WITHOUT_IDENTITY:
            self.assertEqual(said["channels"], str(count))
            self.assertEqual(said["library"], str(count))
            self.assertEqual(said["identity"], self.expected_identity())
            self.assertIn(b"PTO_BUILD_IDENTITY=" + said["identity"].encode() + b"\0",
                          (self.build / "streams").read_bytes())

    def objects(self):
        """Times of all that was compiled or linked."""
        return {path: path.stat().st_mtime_ns for path in self.build.rglob("*")
                if path.suffix == ".o" or path.name == "streams"}

    def change_keeping_times(self):
        path = self.tree / CHANNELS_HEADER
        before = path.stat()
        path.write_text(CHANNELS % 48)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual((path.stat().st_mtime_ns, path.stat().st_size), (before.st_mtime_ns, before.st_size))

    def change_by_checkout(self):
        self.git("checkout", "-q", "-b", "more")
        self.write(CHANNELS_HEADER, CHANNELS % 48)
        self.commit("48 channels")
        self.git("checkout", "-q", "main")
        self.make()
        self.expect_channels(40)
        self.git("checkout", "-q", "more")

    def change_by_hand(self):
        self.write(CHANNELS_HEADER, CHANNELS % 48)


class WithIdentity(StaleBuild):
    def follow(self, change):
        self.make()
        self.expect_channels(40)
        change()
        self.make()
        self.expect_channels(48)
        hits, misses = self.start_anew()
        self.expect_channels(48)
        self.assertGreaterEqual(hits, 3, "the cache gave nothing, so it proves nothing")
        self.assertEqual(misses, 0)

    def test_a_change_that_keeps_all_times_is_built(self):
        self.follow(self.change_keeping_times)

    def test_another_commit_that_is_checked_out_is_built(self):
        self.follow(self.change_by_checkout)

    def test_an_edit_by_hand_is_built(self):
        self.follow(self.change_by_hand)

    def test_a_folder_that_is_deleted_at_once_is_built_of_the_headers_on_disk(self):
        self.make()
        self.expect_channels(40)
        self.change_keeping_times()
        hits, misses = self.start_anew()
        self.expect_channels(48)
        self.assertGreaterEqual(hits, 1, "the cache gave nothing, so it proves nothing")
        self.assertGreaterEqual(misses, 1)

    def test_the_old_headers_give_the_old_objects_back(self):
        self.make()
        self.change_by_hand()
        self.make()
        self.git("checkout", "-q", CHANNELS_HEADER)
        self.make()
        self.expect_channels(40)

    def test_an_edit_that_changes_no_constant_changes_the_identity(self):
        self.make()
        clean = self.say()["identity"]
        self.assertRegex(clean, r"^pto-isa sha256:[0-9a-f]{16} git:[0-9a-f]{12} sdma:40$")
        self.write(OTHER_HEADER, "#pragma once\n// A word more.\n")
        self.make()
        self.expect_channels(40)
        dirty = self.say()["identity"]
        self.assertRegex(dirty, r"^pto-isa sha256:[0-9a-f]{16} git:[0-9a-f]{12}\+dirty sdma:40$")
        self.assertNotEqual(clean.split()[1], dirty.split()[1])

    def test_an_unrelated_file_changes_nothing_and_builds_nothing(self):
        self.make()
        said, objects = self.say(), self.objects()
        self.assertEqual(len(objects), 10, objects)
        self.write("README.md", "Another text.\n")
        self.write("include/notes.md", "Not a header.\n")
        self.write("tools/generate.py", "print('not below include')\n")
        self.write("src/other.hpp", "#pragma once\n")
        self.commit("Nothing that is included")
        shown = self.make()
        self.assertIn("[1/", shown)
        self.assertNotIn("[2/", shown)
        self.assertEqual(self.say(), said)
        self.assertEqual(self.objects(), objects)

    def test_headers_with_new_times_build_nothing_but_what_the_compiler_saw(self):
        self.make()
        objects = self.objects()
        os.utime(self.tree / OTHER_HEADER)
        self.make()
        self.assertEqual(self.objects(), objects)

    def test_nobody_else_is_told_where_the_headers_are(self):
        self.make()
        rules = (self.build / "build.ninja").read_text().split("\nbuild ")
        told = [rule for rule in rules if str(self.tree) in rule and
                not rule.startswith(("build.ninja", "meson-internal__"))]
        self.assertEqual(len(told), 3, told)
        for rule in told:
            self.assertRegex(rule, "isa-identity|compile-with-isa")


class CutOut(StaleBuild):
    """What happens without the identity in the commands is what must not happen with it."""

    def follow(self, change):
        self.make()
        self.expect_channels(40)
        change()
        self.make()
        self.expect_channels(40)
        self.start_anew()
        self.expect_channels(40)

    def test_a_change_that_keeps_all_times_is_missed(self):
        self.follow(self.change_keeping_times)

    def test_another_commit_that_is_checked_out_is_missed(self):
        self.follow(self.change_by_checkout)

    def test_an_edit_by_hand_is_missed(self):
        self.follow(self.change_by_hand)


if __name__ == "__main__":
    loaded = unittest.defaultTestLoader.loadTestsFromTestCase(CutOut if WITHOUT_IDENTITY else WithIdentity)
    sys.exit(0 if unittest.TextTestRunner(verbosity=2).run(loaded).wasSuccessful() else 1)
