#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The check of contracts notices what is wrong."""

import pathlib
import tempfile
import unittest

import check_contracts

SOURCE = """
void a_case(void **)
{
}
void not_listed(void **)
{
}
void with_fixture(void **state)
{
}
cmocka_unit_test(a_case), cmocka_unit_test(not_defined), cmocka_unit_test_setup(with_fixture, set_up),
"""


class CheckContracts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "test").mkdir()
        (self.root / "test" / "test_some.cpp").write_text(SOURCE)
        (self.root / "test" / "test_other.py").write_text("    def test_this(self):\n")
        (self.root / "test" / "meson.build").write_text("test('the name @0@'.format(x))\n")

    def mistakes(self, tests="`test_some.cpp`: `a_case`", numbers=check_contracts.NUMBERS):
        table = "| # | contract | tests |\n|---|---|---|\n"
        table += "".join(f"| {number} | promise | {tests} |\n" for number in numbers)
        (self.root / "contracts.md").write_text(table)
        return check_contracts.check(self.root, self.root / "contracts.md")

    def test_a_document_that_is_right_has_no_mistakes(self):
        self.assertEqual(self.mistakes(), [])
        self.assertEqual(self.mistakes("does not apply: there is none"), [])
        self.assertEqual(self.mistakes("`test_some.cpp`: `a_case`; `test_other.py`: `test_this`"), [])
        self.assertEqual(self.mistakes("`test_some.cpp`: `with_fixture`"), [])
        self.assertEqual(self.mistakes("`meson.build`: `the name`"), [])

    def test_a_case_that_is_not_defined_or_not_listed_is_noticed(self):
        for case in ("no_such_case", "not_listed", "not_defined", "a_cas", "case", "with_fixtur", "set_up"):
            self.assertTrue(self.mistakes(f"`test_some.cpp`: `a_case`, `{case}`"), case)
        self.assertTrue(self.mistakes("`test_other.py`: `test_that`"))
        self.assertTrue(self.mistakes("`meson.build`: `another name`"))

    def test_a_file_that_is_not_there_is_noticed(self):
        self.assertTrue(self.mistakes("`test_none.cpp`: `a_case`"))

    def test_a_row_without_tests_is_noticed(self):
        for tests in ("", "later", "`a_case`", "`test_some.cpp`", "`test_some.cpp`: `a_case`; and more"):
            self.assertTrue(self.mistakes(tests), tests)

    def test_a_number_that_is_missing_double_or_out_of_order_is_noticed(self):
        numbers = check_contracts.NUMBERS
        for wrong in (numbers[:-1], numbers[1:], numbers + [21], numbers[:4] + numbers[5:], numbers[::-1]):
            self.assertTrue(self.mistakes(numbers=wrong))


if __name__ == "__main__":
    unittest.main()
