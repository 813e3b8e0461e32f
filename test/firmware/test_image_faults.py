#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is broken on purpose is noticed, by the image or by run_image.py:
test_image_faults.py --qemu PROGRAM --image FILE.elf --modules DIRECTORY [unittest arguments]

MODULES has the shared objects that the image holds."""
import argparse
import pathlib
import re
import struct
import sys
import tempfile
import unittest

import run_image

OPTIONS = argparse.Namespace()
CORE = 4
ANSWER_TIMEOUT_MS = 5000  # ANSWER_TIMEOUT_NS in examples/firmware/main.c


def text_section(elf):
    """(offset, size) of the .text of a 64-bit ELF file."""
    headers, = struct.unpack_from("<Q", elf, 0x28)
    width, count, names = struct.unpack_from("<HHH", elf, 0x3a)
    sections = [struct.unpack_from("<IIQQQQ", elf, headers + i * width) for i in range(count)]
    text = elf[sections[names][4]:]
    found = [section for section in sections if text[section[0]:].startswith(b".text\0")]
    return found[0][4], found[0][5]


class FaultsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def boot(self, **options):
        return run_image.boot(OPTIONS.qemu, OPTIONS.image, **options)

    def boot_changed(self, old, new):
        """Boots an image in which the only occurrence of some bytes is replaced by as many others."""
        content = pathlib.Path(OPTIONS.image).read_bytes()
        self.assertEqual((content.count(old), len(old)), (1, len(new)))
        changed = self.folder / "changed.elf"
        changed.write_bytes(content.replace(old, new))
        return run_image.boot(OPTIONS.qemu, changed)

    def module(self, name):
        return pathlib.Path(OPTIONS.modules, f"{name}.so").read_bytes()

    def assert_failed(self, lines, *patterns):
        self.assertEqual(run_image.last_line(lines), run_image.FAILED, run_image.said(lines))
        for pattern in patterns:
            self.assertRegex(run_image.said(lines), pattern)

    def expect(self, results):
        """A directory of expected results, from a dictionary like run_image.results_of."""
        for name, (dtype, shape, data) in results.items():
            header = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
            (self.folder / f"{name}.npy").write_bytes(
                b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data)
        return self.folder

    # ---- cores

    def test_a_core_that_never_starts_is_named_within_the_deadline(self):
        lines = self.boot(mode="silent-core", core=CORE)
        self.assert_failed(lines, f"core {CORE} has not reported itself")
        took_ms = int(re.search(r"connect: .*, (\d+) ms", run_image.said(lines)).group(1))
        self.assertGreaterEqual(took_ms, ANSWER_TIMEOUT_MS)
        self.assertLess(took_ms, 1.5 * ANSWER_TIMEOUT_MS)

    def test_a_core_that_answers_with_a_stale_token_is_named(self):
        self.assert_failed(self.boot(mode="stale-token", core=CORE),
                           rf"panic: core {CORE} .* was given token 0x3 .* answers 0x",
                           r"status -67: core")

    def test_a_kernel_that_does_not_return_is_named_with_its_core(self):
        self.assert_failed(self.boot(mode="lost-kernel", core=CORE), rf"kernel \d+ on core {CORE}\) did not return")

    def test_an_orchestration_that_hangs_is_told_and_ends_it(self):
        orch = self.module("pipeline_orch")
        begin, size = text_section(orch)
        changed = orch[:begin] + b"\x00\x00\x00\x14" * (size // 4) + orch[begin + size:]  # branches to themselves
        self.assert_failed(self.boot_changed(orch, changed), r"panic: .* the orchestration did not return",
                           "the chip is lost and its orchestration does not return")

    # ---- what is embedded

    def test_a_kernel_that_computes_something_else_is_seen_in_the_results(self):
        right = run_image.results_of(self.boot())
        lines = self.boot_changed(self.module("two_callables_subtract"), self.module("two_callables_add"))
        wrong = run_image.results_of(lines)
        self.assertEqual(run_image.last_line(lines), run_image.PASSED)
        with self.assertRaisesRegex(run_image.ImageError, r"^subtract\.result: \d+ of 4096 elements differ"):
            run_image.compare(wrong, self.expect(right))

    def test_a_damaged_orchestration_is_refused(self):
        orch = self.module("cholesky_orch")
        self.assert_failed(self.boot_changed(orch, b"\x00" + orch[1:]), r"cholesky: orchestration: status -1[67]: ")

    def test_a_kernel_for_another_machine_is_refused(self):
        kernel = self.module("vector_multiply")
        changed = kernel[:18] + (62).to_bytes(2, "little") + kernel[20:]  # e_machine of x86-64
        self.assert_failed(self.boot_changed(kernel, changed), r"vector: multiply: status -17: ")

    # ---- the comparison

    RESULT = {"p.x": ("<f4", (2,), b"\x00\x00\x80\x3f\x00\x00\x00\x40")}

    def test_equal_results_are_counted(self):
        self.assertEqual(run_image.compare(self.RESULT, self.expect(self.RESULT)), 8)

    def test_one_bit_is_a_difference(self):
        other = {"p.x": ("<f4", (2,), b"\x00\x00\x80\x3f\x01\x00\x00\x40")}
        with self.assertRaisesRegex(run_image.ImageError, "1 of 2 elements differ, the first is number 1"):
            run_image.compare(self.RESULT, self.expect(other))

    def test_nothing_is_not_equal_to_nothing(self):
        with self.assertRaisesRegex(run_image.ImageError, "no expected results"):
            run_image.compare({}, self.folder)
        with self.assertRaisesRegex(run_image.ImageError, "no expected results"):
            run_image.compare(self.RESULT, self.folder / "missing")

    def test_a_result_that_only_one_side_has_is_a_difference(self):
        both = dict(self.RESULT, **{"p.y": self.RESULT["p.x"]})
        directory = self.expect(self.RESULT)
        with self.assertRaisesRegex(run_image.ImageError, "the image prints"):
            run_image.compare(both, directory)
        with self.assertRaisesRegex(run_image.ImageError, "the image prints"):
            run_image.compare({}, directory)

    def test_another_shape_or_dtype_is_a_difference(self):
        data = self.RESULT["p.x"][2]
        directory = self.expect(self.RESULT)
        for dtype, shape, content in (("<i4", (2,), data), ("<f4", (1, 2), data), ("<f4", (2,), data[:4])):
            with self.assertRaisesRegex(run_image.ImageError, "p.x is "):
                run_image.compare({"p.x": (dtype, shape, content)}, directory)

    def test_a_dump_that_breaks_off_is_an_error(self):
        lines = ["result p.x: dtype 0, shape 2, 8 bytes", "0000803f", "end"]
        with self.assertRaisesRegex(run_image.ImageError, "4 bytes are printed of 8"):
            run_image.results_of(lines)

    def test_a_machine_that_stays_on_is_an_error(self):
        with self.assertRaisesRegex(run_image.ImageError, "still on after 2 s"):
            self.boot(mode="silent-core", timeout_s=2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for option in ("--qemu", "--image", "--modules"):
        parser.add_argument(option, required=True)
    rest = parser.parse_known_args(namespace=OPTIONS)[1]
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
