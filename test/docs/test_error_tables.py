# SPDX-License-Identifier: Apache-2.0
"""What scripts/error-tables finds when a text of errors is changed alone.

usage: test_error_tables.py SCRIPT PROJECT_FOLDER
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPT, PROJECT = sys.argv[1], pathlib.Path(sys.argv[2])
TABLE, STATUS, STALLS, DOCUMENT = "host/error_table.h", "include/pto/status.h", "include/pto/pto.h", "docs/errors.md"


class ErrorTables(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pto-errors-"))
        self.addCleanup(shutil.rmtree, self.root)
        for name in (TABLE, STATUS, STALLS, DOCUMENT):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, self.root / name)

    def check(self, *arguments):
        return subprocess.run([sys.executable, SCRIPT, *(arguments or ["--check"]), "--root", str(self.root)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)

    def change(self, name, old, new):
        text = (self.root / name).read_text()
        self.assertEqual(text.count(old), 1, "%s in %s" % (old, name))
        (self.root / name).write_text(text.replace(old, new))

    def assert_found(self, *texts):
        done = self.check()
        self.assertEqual(done.returncode, 1, done.stdout)
        for text in texts:
            self.assertIn(text, done.stdout)

    def test_the_tree_agrees_with_its_table(self):
        done = self.check()
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_another_number_is_found(self):
        self.change(STATUS, "PTO_ERROR_BUSY = -9", "PTO_ERROR_BUSY = -11")
        self.assert_found("status.h: PTO_ERROR_BUSY: the number is '-11', the table says '-9'")

    def test_another_name_is_found(self):
        self.change(STATUS, "PTO_ERROR_BUSY = -9", "PTO_ERROR_OCCUPIED = -9")
        self.assert_found("PTO_ERROR_BUSY is missing", "PTO_ERROR_OCCUPIED is not in the table")

    def test_another_comment_is_found(self):
        self.change(STATUS, "/** The id is taken.", "/** The id is in use.")
        self.assert_found("PTO_ERROR_ALREADY_PREPARED: the comment is 'The id is in use.")

    def test_a_status_in_another_group_is_found(self):
        line = "    /** The id is taken. Call `pto_release` first or use another id. */\n" \
               "    PTO_ERROR_ALREADY_PREPARED = -5,\n"
        self.change(STATUS, line, "")
        self.change(STATUS, "    PTO_ERROR_INVALID_IMAGE = -16,\n", "    PTO_ERROR_INVALID_IMAGE = -16,\n" + line)
        self.assert_found("PTO_ERROR_ALREADY_PREPARED: the group is 'The callable is wrong")

    def test_another_order_is_found(self):
        line = "    /** The id is taken. Call `pto_release` first or use another id. */\n" \
               "    PTO_ERROR_ALREADY_PREPARED = -5,\n"
        self.change(STATUS, line, "")
        self.change(STATUS, "    PTO_ERROR_SIGNATURE_MISMATCH = -6,\n",
                    "    PTO_ERROR_SIGNATURE_MISMATCH = -6,\n" + line)
        self.assert_found("the order is not that of the table")

    def test_a_status_that_only_the_header_has_is_found(self):
        self.change(STATUS, "PTO_ERROR_INTERNAL = -127", "PTO_ERROR_INTERNAL = -127,\n    PTO_ERROR_WEATHER = -128")
        self.assert_found("PTO_ERROR_WEATHER is not in the table")

    def test_another_stall_is_found(self):
        self.change(STALLS, "A kernel did not return.", "A kernel is slow.")
        self.change(STALLS, "PTO_STALL_READY = 2", "PTO_STALL_READY = 6")
        self.assert_found("pto.h: PTO_STALL_RUNNING: the comment", "pto.h: PTO_STALL_READY: the number is '6'")

    def test_another_document_is_found(self):
        self.change(DOCUMENT, "`tensor-map nodes`", "`nodes`")
        self.assert_found("docs/errors.md: not what")

    def test_a_missing_document_is_found(self):
        (self.root / DOCUMENT).unlink()
        self.assert_found("docs/errors.md: not what")

    def test_each_list_of_the_table_is_compared(self):
        for old, new in (("The library is wrong.", "The library errs."), ("Build it again.", "Build it anew."),
                         ("It is not that.", "It is something else."), ("Scopes open at once.", "Open scopes.")):
            with self.subTest(new):
                self.change(TABLE, old, new)
                self.assert_found("docs/errors.md: not what")
                self.change(TABLE, new, old)

    def test_a_table_that_cannot_be_read_is_found(self):
        self.change(TABLE, '"Pair each begin with one end."', "kPair(each)")
        self.assert_found("cannot be read")

    def test_the_document_is_written_anew_from_the_table(self):
        (self.root / DOCUMENT).unlink()
        self.assertEqual(self.check("--root", str(self.root)).returncode, 0)
        self.assertEqual((self.root / DOCUMENT).read_text(), (PROJECT / DOCUMENT).read_text())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
