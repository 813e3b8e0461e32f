# SPDX-License-Identifier: Apache-2.0
"""`pto import` at work: packed ChipCallables become .pto files that run, and anything else is told by its name."""

import json
import os
import struct
import sys
import unittest

from tool_case import ARCH, BAD_INPUT, KERNELS, ORCHESTRATIONS, ToolTest

SCALAR, IN, OUT = 0, 1, 2


def content(path):
    with open(path, "rb") as file:
        return file.read()


def padded(data, size):
    return data + b"\0" * (size - len(data))


def signature(directions, limit):
    return padded(struct.pack("<%di" % len(directions), *directions), 4 * limit) + struct.pack("<I", len(directions))


def name(text):
    return padded(text, 64) + struct.pack("<I", len(text))


def core_callable(binary, directions=()):
    return padded(signature(directions, 32) + struct.pack("<IQ", len(binary), 0xdeadbeef), 192) + binary


def chip_callable(entry, directions, children, config=b"", orchestration=None):
    """`children` is a list of func id and packed CoreCallable."""
    orchestration = content(ORCHESTRATIONS) if orchestration is None else orchestration
    storage, offsets = orchestration, []
    for _, child in children:
        storage = padded(storage, -(-len(storage) // 64) * 64)
        offsets.append(len(storage))
        storage += child
    header = signature(directions, 256) + struct.pack("<I", len(orchestration)) + name(entry)
    header += padded(struct.pack("<%di" % len(children), *(func_id for func_id, _ in children)), 4096)
    header += padded(struct.pack("<%dI" % len(offsets), *offsets), 4096)
    header += struct.pack("<I", len(children)) + name(config)
    return padded(header, 9376) + storage


class Import(ToolTest):
    def write_axpy(self, **parts):
        axpy = core_callable(content(KERNELS["tool_kernel_axpy"]), [IN, IN, OUT, SCALAR])
        copy = core_callable(content(KERNELS["tool_kernel_copy"]))
        self.write("axpy.bin", chip_callable(b"axpy", [IN, IN, OUT, SCALAR], [(7, copy), (0, axpy)], **parts))
        return "axpy.bin"

    def test_what_was_imported_runs(self):
        text = self.succeed("import", self.write_axpy(), "-o", "axpy.pto")
        self.assertRegex(text, r"\Aaxpy\.pto: axpy with 2 kernels and 4 parameters, [\d.]+ \w+\n\Z")
        self.write_floats("x.npy", 1, 2)
        self.write_floats("g.npy", 4, 8)
        for builder in ("device", "host"):
            text = self.succeed("run", "axpy.pto", "--in", "x.npy", "--in", "x.npy", "--out", "z.npy", "--scalar",
                                "f32:3", "--golden", "g.npy", "--builder", builder, "--arch", ARCH)
            self.assertIn("equal to g.npy", text)

    def test_what_was_imported_is_shown(self):
        self.succeed("import", self.write_axpy(), "-o", "axpy.pto")
        shown = json.loads(self.succeed("info", "--json", "axpy.pto"))
        self.assertEqual((shown["name"], shown["arch"]), ("axpy", None))
        self.assertEqual(shown["orchestration"], {"entry": "axpy", "config": None,
                                                  "bytes": os.path.getsize(ORCHESTRATIONS)})
        tensor = {"dtype": None, "rank": None, "name": None}
        self.assertEqual(shown["parameters"], [dict(tensor, direction="in"), dict(tensor, direction="in"),
                                               dict(tensor, direction="out"), {"direction": "scalar", "name": None}])
        self.assertEqual(shown["kernels"], [
            {"func_id": func_id, "core_type": "any", "name": None, "bytes": os.path.getsize(KERNELS[kernel])}
            for func_id, kernel in ((7, "tool_kernel_copy"), (0, "tool_kernel_axpy"))])

    def test_name_arch_and_configuration_are_kept(self):
        self.write_axpy(config=b"configure")
        self.assertIn("saxpy with", self.succeed("import", "-o", "a.pto", "--name", "saxpy", "--arch", ARCH, "axpy.bin"))
        shown = json.loads(self.succeed("info", "--json", "a.pto"))
        self.assertEqual((shown["name"], shown["arch"], shown["orchestration"]["config"]), ("saxpy", ARCH, "configure"))

    def test_a_wrong_file_is_told_by_its_name(self):
        packed = self.content(self.write_axpy())
        self.succeed("import", "axpy.bin", "-o", "axpy.pto")
        self.write("empty.bin", b"")
        self.write("text.bin", b"text " * 3000)
        self.write("cut.bin", packed[:-100])
        self.write("long.bin", packed + b"\0" * 64)
        for given, why in [("axpy.pto", 'the bytes begin with "PTOIMAGE": they are an image already'),
                           (ORCHESTRATIONS, "the bytes are a shared object or another ELF file, not a ChipCallable"),
                           ("empty.bin", "0 bytes are too few for a ChipCallable"),
                           ("text.bin", "sig_count at offset 1024: "),
                           ("cut.bin", "child 1: binary_size at offset "),
                           ("long.bin", "64 bytes behind child 1, the last part, belong to none"),
                           ("nowhere.bin", "cannot be opened"), (".", "is a folder")]:
            with self.subTest(given):
                message = self.fail_with(BAD_INPUT, "import", given, "-o", "new.pto")
                self.assertTrue(message.startswith("pto: %s: %s" % (given, why)), message)
        self.assertNotIn("new.pto", os.listdir(self.folder))

    def test_a_failed_import_leaves_what_was_there(self):
        self.write("old.pto", b"old")
        self.write_axpy()
        for arguments, why in [(["text.bin", "-o", "old.pto"], "text.bin: cannot be opened"),
                               (["axpy.bin", "-o", "nowhere/new.pto"], "nowhere/new.pto: cannot be written"),
                               (["axpy.bin", "-o", "old.pto", "--name", "n" * 64], "axpy.bin: name or arch is longer"),
                               (["axpy.bin", "-o", "old.pto", "--arch", "n" * 64], "axpy.bin: name or arch is longer")]:
            self.assertIn(why, self.fail_with(BAD_INPUT, "import", *arguments))
        self.assertEqual(self.content("old.pto"), b"old")
        self.assertEqual(sorted(os.listdir(self.folder)), ["axpy.bin", "old.pto"])

    def test_a_packed_file_is_no_image(self):
        self.write_axpy()
        for command in ("info", "run"):
            self.assertIn("axpy.bin: the file does not begin with", self.fail_with(BAD_INPUT, command, "axpy.bin"))

    def test_parts_that_are_no_shared_objects_fail_where_they_are_loaded(self):
        self.write("text.bin", chip_callable(b"axpy", [], [(5, core_callable(b"text"))]))
        self.succeed("import", "text.bin", "-o", "text.pto")
        self.assertIn("kernel 5 '': ", self.fail_with(BAD_INPUT, "run", "text.pto"))
        self.write("text.bin", chip_callable(b"axpy", [], [], orchestration=b"text"))
        self.succeed("import", "text.bin", "-o", "text.pto")
        self.assertIn("orchestration 'axpy': ", self.fail_with(BAD_INPUT, "run", "text.pto"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
