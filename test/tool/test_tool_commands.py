# SPDX-License-Identifier: Apache-2.0
"""The built tool at work: packs, shows and runs small callables on one arch, and meets its users' mistakes."""

import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import time
import unittest

from tool_case import (ARCH, AXPY, BAD_INPUT, BUSY, BUSY_STEPS, COPY, KERNELS, MISMATCH, OK, ORCHESTRATIONS, RUN_FAILED,
                       TOOL, ToolTest, floats, npy)


class Status(ToolTest):
    def test_all_statuses_are_listed_with_what_to_do(self):
        lines = self.succeed("status").splitlines()
        self.assertGreater(len(lines), 30)
        self.assertRegex(lines[0], r"^ +1  none +PTO_PENDING ")
        self.assertRegex(lines[-1], r"^-127  library +PTO_ERROR_INTERNAL .*Please report it\.$")
        self.assertEqual(len([line for line in lines if re.match(r" *-53  run +PTO_ERROR_CAPACITY ", line)]), 1)

    def test_one_status_is_found_by_number_and_by_name(self):
        for code in ("-66", "PTO_ERROR_DEVICE_FAULTED", "device_faulted", "error_device_faulted"):
            shown = self.succeed("status", code)
            self.assertRegex(shown, r"number +-66\nname +PTO_ERROR_DEVICE_FAULTED\ndomain +device\ntext +An earlier run")
            self.assertRegex(shown, r"action +Close the context\.\n\Z")
        self.assertRegex(self.succeed("status", "0"), r"name +PTO_OK\n")
        self.assertRegex(self.succeed("status", "ok"), r"number +0\n")

    def test_what_is_no_status_is_refused(self):
        for code in ("-11", "99999999999", "-65x", "nothing", "PTO_"):
            self.assertIn("'%s' is no status" % code, self.fail_with(BAD_INPUT, "status", code))


class PackAndInfo(ToolTest):
    def test_what_was_packed_is_shown(self):
        self.assertIn("axpy", self.pack_axpy())
        shown = self.succeed("info", "axpy.pto")
        for pattern in [r"name +axpy\n", r"arch +%s\n" % ARCH, r"orchestration +axpy, %d bytes" % os.path.getsize(
                ORCHESTRATIONS), r"0 +in +float32 +rank any +x\n", r"2 +out +float32 +rank any +z\n",
                        r"3 +scalar +64 bits +rank - +alpha\n",
                        r"0 +aiv +axpy, %d bytes" % os.path.getsize(KERNELS["tool_kernel_axpy"]), r"identity\n +\w+",
                        r"\nlibrary +(none|pto-isa sha256:.*)\n\Z"]:
            self.assertRegex(shown, pattern)

    def test_json_says_the_same(self):
        self.pack("copy", COPY + ["7:aic:%s:a \"b\"" % KERNELS["tool_kernel_axpy"]], ["in:any:2", "out"])
        shown = json.loads(self.succeed("info", "--json", "copy.pto"))
        self.assertEqual((shown["name"], shown["arch"]), ("copy", ARCH))
        self.assertEqual(shown["orchestration"], {"entry": "copy", "config": None,
                                                  "bytes": os.path.getsize(ORCHESTRATIONS)})
        self.assertEqual(shown["parameters"], [{"direction": "in", "dtype": None, "rank": 2, "name": None},
                                               {"direction": "out", "dtype": None, "rank": None, "name": None}])
        self.assertEqual([(k["func_id"], k["core_type"], k["name"]) for k in shown["kernels"]],
                         [(1, "aiv", "tool_kernel_copy"), (7, "aic", "a \"b\"")])
        self.assertGreater(len(shown["identity"]), 0)
        self.assertIsNone(shown["build_identity"])
        self.assertIn("\nidentity %s\n" % shown["library_identity"], self.succeed("version"))

    def test_the_configuration_and_kernels_for_either_core_are_shown(self):
        self.assertRegex(self.succeed("info", self.pack("copy", COPY, [])), r"configuration +-\n")
        self.succeed("pack", "-o", "copy.pto", "--orch", ORCHESTRATIONS, "--entry", "copy", "--config", "expected",
                     "--kernel", "9:any:%s:copy" % KERNELS["tool_kernel_copy"])
        shown = self.succeed("info", "copy.pto")
        self.assertRegex(shown, r"orchestration +copy, \d+ bytes\nconfiguration +expected\n")
        self.assertRegex(shown, r"9  any     copy, \d+ bytes\n")
        shown = json.loads(self.succeed("info", "--json", "copy.pto"))
        self.assertEqual((shown["orchestration"]["config"], shown["kernels"][0]["core_type"]), ("expected", "any"))

    def test_a_kernel_for_either_core_runs(self):
        self.pack("copy", ["1:any:" + KERNELS["tool_kernel_copy"]], ["in", "out"])
        self.write_floats("x.npy", 1, 2)
        self.succeed("run", "copy.pto", "--in", "x.npy", "--out", "y.npy", "--golden", "x.npy")

    def test_a_callable_without_kernels_and_parameters_is_one(self):
        self.pack("busy", [], [])
        shown = json.loads(self.succeed("info", "busy.pto", "--json"))
        self.assertEqual((shown["kernels"], shown["parameters"]), ([], []))

    def test_a_failed_pack_leaves_what_was_there(self):
        self.write("old.pto", b"old")
        text = self.write("text.so", b"no shared object")
        base = ["pack", "-o", "old.pto", "--orch", ORCHESTRATIONS, "--entry", "axpy"]
        for bad, why in [(["--kernel", "0:aiv:missing.so"], "missing.so: cannot be opened"),
                         (["--kernel", "0:aiv:" + text], "text.so: is not a shared object"),
                         (["--kernel", "0:cpu:" + text], "core type must be aic, aiv or any"),
                         (["--kernel", AXPY[0], "--kernel", "0" + COPY[0][1:]], "pack: "),
                         (["--name", "n" * 64], "pack: "),
                         (["--config", "c" * 64], "pack: the orchestration's configuration needs a name of 1..63"),
                         (["--param", "in:float64"], "dtype must be any or one of float32")]:
            self.assertIn(why, self.fail_with(BAD_INPUT, *base, *bad))
            self.assertEqual(self.content("old.pto"), b"old")
        self.assertEqual(sorted(os.listdir(self.folder)), ["old.pto", "text.so"])

    def test_a_file_that_is_no_callable_is_refused(self):
        self.pack_axpy()
        image = self.content("axpy.pto")
        for name, content in [("empty.pto", b""), ("text.pto", b"text " * 100), ("cut.pto", image[:-1]),
                              ("half.pto", image[:len(image) // 2]), ("header.pto", image[:40])]:
            self.write(name, content)
            self.assertIn(name, self.fail_with(BAD_INPUT, "info", name))
            self.assertIn(name, self.fail_with(BAD_INPUT, "run", name))
        self.assertIn("nowhere.pto: cannot be opened", self.fail_with(BAD_INPUT, "info", "nowhere.pto"))
        self.assertIn("is a folder", self.fail_with(BAD_INPUT, "info", "."))


class Run(ToolTest):
    def test_a_result_is_computed_written_and_equal_to_its_golden(self):
        self.pack_axpy()
        self.write_floats("x.npy", 1, 2, 3, 4, 5, 6, shape=(2, 3))
        self.write_floats("y.npy", 10, 20, 30, 40, 50, 60, shape=(2, 3))
        self.write_floats("g.npy", 12, 24, 36, 48, 60, 72, shape=(2, 3))
        text = self.succeed("run", "--in", "x.npy", "--in", "y.npy", "--out", "z.npy", "axpy.pto", "--scalar", "f32:2",
                            "--golden", "g.npy")
        self.assertEqual(self.content("z.npy"), self.content("g.npy"))
        self.assertRegex(text, r"\Aaxpy of axpy.pto on %s\n  1 task, 1 kernel instance\n  first run: [\d.]+ \w+," % ARCH)
        self.assertIn("z: equal to g.npy (max abs error 0, max rel error 0)", text)
        self.assertIn("z: written to z.npy (float32 2x3)", text)
        self.assertNotIn("repeat", text)

    def test_a_difference_is_named_and_the_result_still_written(self):
        self.pack_axpy()
        self.write_floats("x.npy", 1, 2, 3, 4, 5, 6, shape=(2, 3))
        self.write_floats("g.npy", 2, 4, 6, 8, 10.5, 13, shape=(2, 3))
        arguments = ["run", "axpy.pto", "--in", "x.npy", "--in", "x.npy", "--out", "z.npy", "--scalar", "f32:1",
                     "--golden", "g.npy"]
        done = self.run_tool(*arguments, "--repeat", "5")
        self.assertEqual((done.returncode, done.stderr), (MISMATCH, ""))
        self.assertIn("run 1 of 5 is the first that differs", done.stdout)
        self.assertIn("z: differs from g.npy: 2 of 6 elements, the first at [1, 1] is 10 instead of 10.5 "
                      "(max abs error 1, max rel error 0.0769231)", done.stdout)
        self.assertEqual(self.floats_in("z.npy"), [2, 4, 6, 8, 10, 12])
        self.succeed(*arguments, "--atol", "1")
        self.succeed(*arguments, "--rtol", "0.1")

    def test_nan_equals_nan_only_when_asked(self):
        self.pack("copy", COPY, ["in", "out"])
        self.write_floats("x.npy", 1, float("nan"))
        arguments = ["run", "copy.pto", "--in", "x.npy", "--out", "y.npy", "--golden", "x.npy"]
        self.assertEqual(self.run_tool(*arguments).returncode, MISMATCH)
        self.succeed(*arguments, "--equal-nan")

    def test_the_shape_of_an_output_comes_from_out_or_golden_or_an_input(self):
        self.pack("copy", COPY, ["in::2:from", "out:float32::to"])
        self.write_floats("x.npy", 1, 2, 3, 4, 5, 6, shape=(2, 3))
        self.write_floats("flat.npy", 1, 2, 3, 4, 5, 6)
        run = ["run", "copy.pto", "--in", "x.npy", "--out"]
        self.assertIn("(float32 2x3)", self.succeed(*run, "y.npy"))
        self.assertIn("(float32 3x2)", self.succeed(*run, "y.npy:3x2"))
        self.assertIn("(float32 6)", self.succeed(*run, "y.npy", "--golden", "flat.npy"))
        self.assertIn("(float32 6)", self.succeed(*run, "y.npy:float32:6"))
        self.assertIn("y.npy: is to hold int32, which does not fit parameter 1 'to' (out, float32, any rank)",
                      self.fail_with(BAD_INPUT, *run, "y.npy:int32"))
        self.assertIn("flat.npy: holds float32 6, but to is float32 3x2",
                      self.fail_with(BAD_INPUT, *run, "y.npy:3x2", "--golden", "flat.npy"))
        self.assertIn("memory", self.fail_with(BAD_INPUT, *run, "y.npy:4000000000x4000000000"))
        self.assertIn("memory", self.fail_with(BAD_INPUT, *run, "y.npy:1000000x1000000"))
        self.pack("copy", COPY, ["in", "out::1"])
        self.assertIn("y.npy: is to hold float32 3x2, which does not fit parameter 1 (out, any dtype, rank 1)",
                      self.fail_with(BAD_INPUT, *run, "y.npy:3x2"))
        self.assertIn("has no shape", self.fail_with(BAD_INPUT, *run, "y.npy"))
        self.assertIn("(float32 6)", self.succeed(*run, "y.npy:6"))
        self.assertIn("flat.npy: holds float32 6, but parameter 1 is int32 6",
                      self.fail_with(BAD_INPUT, *run, "y.npy:int32", "--golden", "flat.npy"))
        self.pack("copy", COPY, ["out", "out"])
        self.assertIn("has no dtype", self.fail_with(BAD_INPUT, "run", "copy.pto", "--out", "y:7", "--out", "z:7"))
        self.pack("copy", COPY, ["in:int32", "out:float32"])
        self.write("i.npy", npy("<i4", (1,), b"\0\0\0\0"))
        self.assertIn("has no shape", self.fail_with(BAD_INPUT, "run", "copy.pto", "--in", "i.npy", "--out", "y"))

    def test_every_repeat_starts_from_the_same_input(self):
        self.pack_in_place()
        self.write_floats("x.npy", 1, 2)
        self.write_floats("y.npy", 10, 20)
        self.write_floats("g.npy", 13, 26)
        before = self.content("y.npy")
        text = self.succeed("run", "axpy_in_place.pto", "--in", "x.npy", "--inout", "y.npy:z.npy", "--scalar", "f32:3",
                            "--golden", "g.npy", "--repeat", "4", "--stats")
        self.assertEqual(self.content("y.npy"), before)
        self.assertEqual(self.floats_in("z.npy"), [13, 26])
        self.assertRegex(text, r"  2 tasks, 2 kernel instances\n")
        self.assertRegex(text, r"3 repeats: median [\d.]+ \w+, min [\d.]+ \w+; on the device median")
        self.assertRegex(text, r"\n  runs +first +median of 3\n    graph +orchestrated +orchestrated\n")
        self.assertRegex(text, r"\n    tasks +2 +2\n    kernel instances +2 +2\n    tasks skipped +0 +0\n")
        self.assertRegex(text, r"\n    dependencies waited for +\d+ +\d+\n    shared objects loaded +0 +0\n")
        self.assertRegex(text, r"\n    copied to the device +16 B +16 B\n    copied from the device +8 B +8 B\n")
        self.assertRegex(text, r"\n    building the graph on the host +0 ns +0 ns\n")
        self.assertRegex(text, r"\n    device heap +[\d.]+ \w+ +[\d.]+ \w+\n")
        self.assertRegex(text, r"\n    runs +4\n    orchestrations loaded, device +1\n"
                               r"    orchestrations loaded, host +0\n")
        self.succeed("run", "axpy_in_place.pto", "--in", "x.npy", "--inout", "y.npy", "--scalar", "f32:3")
        self.assertEqual(self.floats_in("y.npy"), [13, 26])

    def test_a_graph_that_the_host_builds_is_recorded_once_and_replayed(self):
        self.pack_in_place()
        self.write_floats("x.npy", 1, 2)
        self.write_floats("y.npy", 10, 20)
        self.write_floats("g.npy", 13, 26)
        run = ["run", "axpy_in_place.pto", "--in", "x.npy", "--inout", "y.npy:z.npy", "--scalar", "f32:3", "--golden",
               "g.npy", "--stats", "--builder"]
        text = self.succeed(*run, "host", "--repeat", "4")
        self.assertIn("axpy_in_place of axpy_in_place.pto on %s, host-built\n" % ARCH, text)
        self.assertIn("y: equal to g.npy", text)
        self.assertRegex(text, r"\n    graph +recorded +replayed\n    tasks +2 +2\n")
        self.assertRegex(text, r"\n    building the graph on the host +[1-9][\d.]* \w+ +0 ns\n")
        self.assertRegex(text, r"\n    orchestrations loaded, device +0\n    orchestrations loaded, host +1\n")
        self.assertRegex(text, r"\n    graphs recorded +1\n    graphs replayed +3\n    graphs on the device +[1-9]")
        self.assertRegex(self.succeed(*run, "host", "--graph-limit", "1"), r"\n  run\n    graph +recorded\n")
        text = self.succeed(*run, "device")
        self.assertNotIn("host-built", text)
        self.assertRegex(text, r"\n  run\n    graph +orchestrated\n")

    def test_a_chip_can_be_simulated_with_a_thread_for_each_core(self):
        self.pack_in_place()
        self.write_floats("x.npy", 1, 2)
        self.write_floats("y.npy", 10, 20)
        self.write_floats("g.npy", 13, 26)
        run = ["run", "axpy_in_place.pto", "--in", "x.npy", "--inout", "y.npy:z.npy", "--scalar", "f32:3", "--golden",
               "g.npy", "--sim-mode"]
        self.assertIn("on %s, a thread per core\n" % ARCH, self.succeed(*run, "threads"))
        self.assertIn("on %s, host-built, a thread per core\n" % ARCH, self.succeed(*run, "threads", "--builder", "host"))
        self.assertNotIn("thread", self.succeed(*run, "fast"))

    def test_the_log_goes_to_standard_error_up_to_its_level(self):
        self.pack("chatty", [], [])
        lines = ["[error] a failure\n", "[warn] a doubt\n", "[info] a number, 7\n", "[debug] a detail\\x1b[A\n"]
        self.assertNotIn("a number", self.succeed("run", "chatty.pto"))
        for builder in ("device", "host"):
            for i, level in enumerate(["error", "warn", "info", "debug"]):
                done = self.run_tool("run", "chatty.pto", "--log", level, "--builder", builder)
                self.assertEqual((done.returncode, done.stderr), (OK, "".join(lines[:i + 1])))
        repeated = ["run", "chatty.pto", "--log", "error", "--repeat", "3", "--builder"]
        self.assertEqual(self.run_tool(*repeated, "device").stderr, lines[0] * 3)
        self.assertEqual(self.run_tool(*repeated, "host").stderr, lines[0])

    def test_a_column_major_input_is_read_in_its_order(self):
        self.pack("copy", COPY, ["in", "out"])
        self.write("f.npy", npy("<f4", (2, 3), floats(1, 4, 2, 5, 3, 6), order="True"))
        self.succeed("run", "copy.pto", "--in", "f.npy", "--out", "c.npy")
        self.assertEqual(self.floats_in("c.npy"), [1, 2, 3, 4, 5, 6])

    def test_dtypes_that_numpy_lacks_travel_as_their_bits(self):
        self.pack("copy", COPY, ["in:bfloat16", "out:bfloat16:any:y"])
        self.write("x.npy", npy("<u2", (2,), struct.pack("<2H", 0x3f80, 0x4000)))
        self.write("g.npy", npy("<u2", (2,), struct.pack("<2H", 0x3f80, 0x3fc0)))
        run = ["run", "copy.pto", "--in", "x.npy", "--out", "y.npy", "--golden", "g.npy"]
        self.assertIn("[1] is 2 instead of 1.5", self.run_tool(*run).stdout)
        self.assertIn("y: written to y.npy (bfloat16 as uint16 2)", self.succeed(*run, "--rtol", "0.5"))
        self.assertEqual(self.content("y.npy"), self.content("x.npy"))

    def test_goldens_can_be_passed_over(self):
        self.pack_in_place()
        self.write_floats("x.npy", 1)
        self.assertNotIn("equal", self.succeed("run", "axpy_in_place.pto", "--in", "x.npy", "--inout", "x.npy:y.npy",
                                               "--scalar", "f32:1", "--golden", "-"))

    def test_a_result_may_go_into_a_pipe(self):
        self.pack("copy", COPY, ["in", "out"])
        self.write_floats("x.npy", 1)
        os.mkfifo(self.path("pipe"))
        reader = os.open(self.path("pipe"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.succeed("run", "copy.pto", "--in", "x.npy", "--out", "pipe")
        self.assertEqual(os.read(reader, 4096), self.content("x.npy"))
        self.assertFalse(os.path.isfile(self.path("pipe")))


class Mistakes(ToolTest):
    def test_the_first_parameter_without_an_argument_is_named(self):
        self.pack_axpy()
        self.write_floats("x.npy", 1, 2)
        run = ["run", "axpy.pto"]
        for arguments, why in [([], "parameter 0 'x' (in, float32, any rank): is missing: give --in FILE.npy"),
                               (["--in", "x.npy"], "parameter 1 'y' (in, float32, any rank): is missing: give another"),
                               (["--in", "x.npy", "--in", "x.npy"], "parameter 2 'z' (out, float32, any rank)"),
                               (["--in", "x.npy", "--in", "x.npy", "--out", "z.npy"],
                                "parameter 3 'alpha' (scalar): is missing: give --scalar VALUE")]:
            self.assertIn("pto: " + why, self.fail_with(BAD_INPUT, *run, *arguments))

    def test_an_argument_too_many_is_named(self):
        self.pack_axpy()
        self.write_floats("x.npy", 1, 2)
        run = ["run", "axpy.pto", "--in", "x.npy", "--in", "x.npy", "--out", "z.npy", "--scalar", "1"]
        for arguments, why in [(["--in", "v.npy"], "--in v.npy: is one too many: the callable takes 2"),
                               (["--out", "v.npy"], "--out v.npy: is one too many: the callable takes 1"),
                               (["--inout", "v.npy"], "--inout v.npy: is one too many: the callable takes 0"),
                               (["--scalar", "7"], "--scalar 7: is one too many: the callable takes 1"),
                               (["--golden", "x.npy", "--golden", "v.npy"], "--golden v.npy: is one too many")]:
            self.assertIn(why, self.fail_with(BAD_INPUT, *run, *arguments))

    def test_a_file_that_does_not_fit_its_parameter_is_named(self):
        self.pack("axpy", AXPY, ["in:float32:2:x", "in", "out", "scalar"])
        self.write_floats("x.npy", 1, 2)
        self.write("i.npy", npy("<i4", (1, 1), b"\0\0\0\0"))
        self.write("cut.npy", npy("<f4", (100, 100), floats(1)))
        run = ["run", "axpy.pto", "--in", "x.npy", "--out", "z.npy", "--scalar", "1", "--in"]
        self.assertIn("x.npy: holds float32 2, which does not fit parameter 0 'x' (in, float32, rank 2)",
                      self.fail_with(BAD_INPUT, *run, "x.npy"))
        run[3] = "i.npy"
        self.assertIn("i.npy: holds int32 1x1", self.fail_with(BAD_INPUT, *run, "x.npy"))
        run[3] = "cut.npy"
        self.assertIn("cut.npy: is truncated", self.fail_with(BAD_INPUT, *run, "x.npy"))

    def test_a_result_that_cannot_be_written_is_refused_before_the_run(self):
        self.pack("busy", BUSY, ["out::1", "scalar"])
        for target, why in [("nowhere/z.npy", "cannot be written"), (".", "is a folder")]:
            self.assertIn(why, self.fail_with(BAD_INPUT, "run", "busy.pto", "--out", target + ":f32:1", "--scalar", "1"))
        self.pack("copy", COPY, ["in", "out", "out"])
        self.write_floats("x.npy", 1)
        self.assertIn("z.npy: is to hold both parameter 1 and parameter 2",
                      self.fail_with(BAD_INPUT, "run", "copy.pto", "--in", "x.npy", "--out", "z.npy", "--out", "z.npy"))

    def test_what_is_no_command_line_is_refused(self):
        self.pack_axpy()
        for arguments in [[], ["fly"], ["--fly"], ["info"], ["info", "a.pto", "b.pto"], ["info", "--fly", "axpy.pto"],
                          ["run"], ["pack"], ["pack", "-o", "c.pto"], ["pack", "-o", "c.pto", "--orch", "x.so"],
                          ["import"], ["import", "packed.bin"], ["import", "-o", "c.pto"],
                          ["run", "axpy.pto", "--repeat", "0"], ["run", "axpy.pto", "--repeat", "-1"],
                          ["run", "axpy.pto", "--repeat", "many"], ["run", "axpy.pto", "--repeat", "1e99"],
                          ["run", "axpy.pto", "--timeout", "0"], ["run", "axpy.pto", "--timeout", "-1"],
                          ["run", "axpy.pto", "--timeout", "nan"], ["run", "axpy.pto", "--rtol", "-1"],
                          ["run", "axpy.pto", "--atol", "nan"], ["run", "axpy.pto", "--atol", "inf"],
                          ["run", "axpy.pto", "--stall-timeout", "0"], ["run", "axpy.pto", "--builder", "me"],
                          ["run", "axpy.pto", "--sim-mode", "slow"],
                          ["run", "axpy.pto", "--log", "loud"], ["run", "axpy.pto", "--log", "1"],
                          ["run", "axpy.pto", "--builder", "host", "--graph-limit", "0"],
                          ["run", "axpy.pto", "--graph-limit", "3"],
                          ["run", "axpy.pto", "--builder", "device", "--graph-limit", "3"],
                          ["run", "axpy.pto", "--in"], ["run", "axpy.pto", "--stats=perhaps"], ["version", "now"]]:
            with self.subTest(arguments):
                known = arguments[:1] if arguments[:1] and arguments[0] in (
                    "import", "info", "pack", "run", "version") else []
                self.assertRegex(self.fail_with(BAD_INPUT, *arguments),
                                 r"\Apto: usage: .+; see '%s --help'\n" % " ".join(["pto"] + known))

    def test_a_scalar_that_is_none_is_refused(self):
        self.pack("busy", BUSY, ["scalar"])
        for scalar in ["1.5", "f32:x", "", "x"]:
            self.assertIn("--scalar", self.fail_with(BAD_INPUT, "run", "busy.pto", "--scalar", scalar))

    def test_another_arch_than_the_callables_is_refused(self):
        self.pack("busy", BUSY, ["scalar"])
        other = "a5" if ARCH == "a2a3" else "a2a3"
        self.assertRegex(self.fail_with(BAD_INPUT, "run", "busy.pto", "--scalar", "1", "--arch", other),
                         "PTO_ERROR_INCOMPATIBLE_IMAGE|cannot open it")
        self.assertIn("arch b9: this library cannot open it: choose one of ", self.fail_with(BAD_INPUT, "run", "busy.pto", "--scalar", "1", "--arch", "b9"))

    def test_a_callable_for_any_arch_runs_on_this_one(self):
        self.succeed("pack", "-o", "any.pto", "--orch", ORCHESTRATIONS, "--entry", "busy", "--kernel", BUSY[0],
                     "--param", "scalar")
        self.assertRegex(self.succeed("info", "any.pto"), r"arch +any\n")
        self.assertIn("busy of any.pto on %s\n" % ARCH,
                      self.succeed("run", "any.pto", "--scalar", "1", "--arch", ARCH))

    def test_an_orchestration_without_the_entry_is_refused(self):
        self.pack("absent", BUSY, ["scalar"])
        self.assertIn("PTO_ERROR_MISSING_ENTRY", self.fail_with(BAD_INPUT, "run", "absent.pto", "--scalar", "1"))


class FailedRuns(ToolTest):
    def test_a_run_that_fails_writes_no_result(self):
        self.pack("copy", BUSY, ["in", "out"])
        self.write_floats("x.npy", 1)
        self.assertIn("PTO_ERROR_UNKNOWN_KERNEL", self.fail_with(RUN_FAILED, "run", "copy.pto", "--in", "x.npy",
                                                                 "--out", "y.npy"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["copy.pto", "x.npy"])

    def test_the_message_of_pto_fatal_is_one_line(self):
        self.pack("refuse", [], ["scalar"])
        message = self.fail_with(RUN_FAILED, "run", "refuse.pto", "--scalar", "7")
        self.assertIn("refused as asked, code 7 (", message)
        self.assertIn("PTO_ERROR_ORCHESTRATION_FATAL", message)

    def end_busy(self, *limits):
        """What is said of a kernel that does not return, with both builders."""
        self.pack("busy", BUSY, ["scalar"])
        begin = time.monotonic()
        run = ["run", "busy.pto", "--scalar", str(1 << 62), *limits]
        errors = self.fail_with(RUN_FAILED, *run), self.fail_with(RUN_FAILED, *run, "--builder", "host")
        self.assertLess(time.monotonic() - begin, 40)
        return errors

    def test_a_run_beyond_its_time_ends_and_is_no_stall(self):
        for error in self.end_busy("--timeout", "0.3"):
            self.assertRegex(error, r"\Apto: run: the run has taken 0\.[3-9]\d* s: .*\(PTO_ERROR_TIMEOUT\)\. "
                                    r"That is all of its --timeout\. [^\n]+\n"
                                    r"pto:   waited for: running \(a kernel did not return\); task 0; "
                                    r"kernel 2 tool_kernel_busy; core \d+ \(aiv[01] of cluster \d+\)\n\Z")
            self.assertNotIn("progress", error)

    def test_a_run_that_stalls_ends_before_its_time(self):
        for error in self.end_busy("--stall-timeout", "0.3", "--timeout", "300"):
            self.assertRegex(error, r"\Apto: run: no progress for 0\.[3-9]\d* s: .*\(PTO_ERROR_TIMEOUT\)\. The run made")
            self.assertNotIn("--timeout", error)
            self.assertIn("pto:   waited for: running (a kernel did not return); task 0; kernel 2 ", error)

    def test_a_deadlock_tells_who_holds_what(self):
        self.pack("hoard", [], [])
        for builder in ("device", "host"):
            error = self.fail_with(RUN_FAILED, "run", "hoard.pto", "--builder", builder)
            self.assertIn("(PTO_ERROR_DEADLOCK). ", error)
            self.assertRegex(error, r"\npto:   resource: device heap; needed 3\.00 GiB; available 1\.00 GiB; held by the "
                                    r"scope at depth 1, with 3\.00 GiB of heap\n\Z")

    def test_a_task_beyond_a_capacity_tells_the_resource(self):
        self.pack("overdraw", [], [])
        for builder in ("device", "host"):
            error = self.fail_with(RUN_FAILED, "run", "overdraw.pto", "--builder", builder)
            self.assertIn("(PTO_ERROR_CAPACITY). ", error)
            self.assertRegex(error, r"\npto:   resource: device heap; needed 8\.00 GiB; available 4\.00 GiB\n\Z")

    def test_output_that_cannot_be_written_is_a_failure(self):
        self.pack("busy", BUSY, ["scalar"])
        with open("/dev/full", "w") as full:
            for arguments in [["version"], ["--help"], ["info", "busy.pto"], ["run", "busy.pto", "--scalar", "1"]]:
                done = self.run_tool(*arguments, stdout=full)
                self.assertEqual(done.returncode, BAD_INPUT)
                self.assertIn("pto: standard output: cannot be written", done.stderr)


class Terminal(ToolTest):
    """What a person sees on standard error while runs repeat."""

    def watch(self, repeat, terminal_type="xterm", opener=pty.openpty):
        """Everything that the tool writes to a terminal, or what `opener` opens, and how long it took."""
        self.pack("busy", BUSY, ["scalar"])
        ours, theirs = opener()
        begin = time.monotonic()
        tool = subprocess.Popen([TOOL, "run", "busy.pto", "--scalar", str(BUSY_STEPS), "--repeat", str(repeat)],
                                cwd=self.folder, stdout=subprocess.DEVNULL, stderr=theirs,
                                env=dict(os.environ, TERM=terminal_type))
        os.close(theirs)
        seen = b""
        while True:
            try:
                select.select([ours], [], [], 60)
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            seen += part
        self.assertEqual(tool.wait(), OK)
        os.close(ours)
        return seen.decode(), time.monotonic() - begin

    def watch_for(self, seconds, **surroundings):
        """`watch` with as many repeats as take at least that long, on whatever machine under whatever load."""
        repeat = 100
        seen, elapsed = self.watch(repeat, **surroundings)
        while elapsed < seconds:
            repeat = int(repeat * min(10, 1.2 * seconds / elapsed)) + 1
            seen, elapsed = self.watch(repeat, **surroundings)
        return seen, elapsed

    def test_long_repeats_show_progress_and_erase_it(self):
        seen, elapsed = self.watch_for(2.5)
        updates = seen.split("\r")[1:]
        self.assertGreaterEqual(len(updates), 2, seen)
        self.assertLessEqual(len(updates) - 1, (elapsed - 1) * 10 + 1)
        self.assertEqual(updates[-1], "\x1b[K")
        for update in updates[:-1]:
            self.assertRegex(update, r"\Arun \d+ of \d+, \d+ s left\x1b\[K\Z")

    def test_short_repeats_show_none(self):
        seen, elapsed = self.watch(3)
        self.assertTrue(seen == "" or elapsed > 1, seen)

    def test_a_terminal_that_cannot_erase_shows_none(self):
        self.assertEqual(self.watch_for(1.5, terminal_type="dumb")[0], "")

    def test_what_is_no_terminal_shows_none(self):
        self.assertEqual(self.watch_for(1.5, opener=os.pipe)[0], "")


class Help(ToolTest):
    def test_version_names_the_archs(self):
        text = self.succeed("version")
        self.assertRegex(text, r"\Apto \d+\.\d+\.\d+\nlibrary \d+\.\d+\.\d+\narchs( \w+)+\ntargets( \w+)+\nformat \d+\n"
                               r"abi \d+\ncompiler (gcc|clang) \S.*\nidentity \S.*\nsdma channels \d+\n\Z")
        self.assertIn(ARCH, text)

    def test_every_command_explains_itself(self):
        self.assertIn("pack", self.succeed("--help"))
        for command, part in [("info", "--json"), ("pack", "FUNC_ID:aic|aiv|any:FILE.so[:NAME]"),
                              ("import", "Make a .pto file of a packed ChipCallable"),
                              ("run", "the first input of this dtype"), ("version", "Show versions")]:
            with self.subTest(command):
                self.assertIn(part, " ".join(self.succeed(command, "--help").split()))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
