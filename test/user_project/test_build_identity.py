# SPDX-License-Identifier: Apache-2.0
"""What docs/build-identity.md shows for projects of one's own works as it is printed, with what is installed.

usage: see user_case.py
"""

import json
import os
import re
import sys
import unittest

from user_case import SOURCE, InstalledTest

HEADER = "pto-isa/include/pto/pto-inst.hpp"
CONTENT = "#pragma once\ninline constexpr unsigned kSdmaMaxChan = %d;\n"
ORCHESTRATION = """
#include <pto/orch.h>
PTO_ORCHESTRATION(double_all, 2, 0)
{
    pto_submit_aiv(orch, 0, PTO_IN(pto_tensor_arg(orch, 0)), PTO_WRITE(pto_tensor_arg(orch, 1)));
}
"""
KERNEL = """
#include <pto/pto-inst.hpp>
#include <pto/kernel.h>
static_assert(kSdmaMaxChan == PTO_SDMA_CHANNELS);
PTO_KERNEL(args)
{
    const float *in = static_cast<const float *>(pto_kernel_data(args, 0));
    for (uint64_t i = 0; i < pto_tensor_count(pto_kernel_tensor(args, 1)); i++)
        static_cast<float *>(pto_kernel_data(args, 1))[i] = 2 * in[i];
}
"""


class BuildIdentity(InstalledTest):
    def setUp(self):
        super().setUp()
        with open(os.path.join(SOURCE, "docs", "build-identity.md"), encoding="utf-8") as file:
            self.text = file.read()
        self.write(HEADER, CONTENT % 40)
        self.write("project/orchestration.c", ORCHESTRATION)
        self.write("project/kernel.cpp", KERNEL)
        self.write("project/meson.build", re.search(r"^```meson\n(.*?)^```$", self.text, re.M | re.S).group(1))

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(content)
        return path

    def change_keeping_times(self):
        before = os.stat(os.path.join(self.folder, HEADER))
        os.utime(self.write(HEADER, CONTENT % 48), ns=(before.st_atime_ns, before.st_mtime_ns))

    def test_the_project_is_built_again_when_headers_change_and_their_times_do_not(self):
        self.run_program("meson", "setup", "build", "project")
        for count in (40, 48):
            self.run_program("ninja", "-C", "build")
            shown = json.loads(self.run_program("pto", "info", "--json", "build/double.pto"))
            self.assertRegex(shown["build_identity"], r"\Apto-isa sha256:[0-9a-f]{16} git:none sdma:%d\Z" % count)
            self.assertNotIn("double.pto", self.run_program("ninja", "-C", "build"))
            self.change_keeping_times()

    def test_the_command_compiles_a_kernel_that_states_its_headers(self):
        command = re.search(r"^    (pto-isa-compile .*)$", self.text, re.M).group(1)
        self.run_program("sh", "-e", "-c", command, cwd=os.path.join(self.folder, "project"))
        identity = self.run_program("pto-isa-identity", "--tree", "pto-isa").strip()
        with open(os.path.join(self.folder, "project/kernel.so"), "rb") as file:
            self.assertIn(b"PTO_BUILD_IDENTITY=" + identity.encode() + b"\0", file.read())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
