#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks made-up trees in every way that check_layers.py has to notice."""

import pathlib
import tempfile
import unittest

import check_layers

ARCHITECTURE = """\
# Architecture

<!-- layers -->
| folder | may include | what it is |
|---|---|---|
| `include/` | | headers |
| `engine/wire/` | `include/` | shared structs |
| `engine/` | `include/`, `engine/wire/` | scheduler |
| `aicpu/` | `include/`, `engine/`, `engine/wire/` | executor |
| `aicpu/port/` | `aicpu/`, `include/` | port |
| `host/` | `include/`, `engine/wire/`, `engine/limits.h` | library |
| `test/` | `include/`, `engine/` | tests |
<!-- /layers -->

<!-- freestanding -->
| folder | system headers |
|---|---|
| `engine/`, `aicpu/` | `<cstdint>`, `<atomic>` |
| `aicpu/port/` | any |
<!-- /freestanding -->
"""

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"

GOOD_TREE = {
    "ARCHITECTURE.md": ARCHITECTURE,
    "meson.build": "# SPDX-License-Identifier: Apache-2.0\n",
    "include/pto/base.h": "/* SPDX-License-Identifier: Apache-2.0 */\n#include <stdint.h>\n",
    "engine/wire/block.h": LICENCE + '#include "pto/base.h"\n',
    "engine/limits.h": LICENCE,
    "engine/task.h": LICENCE + '#include <atomic>\n#include "engine/wire/block.h"\n#include "engine/limits.h"\n',
    "engine/task.cpp": LICENCE + '#include "engine/task.h"\n',
    "aicpu/executor.cpp": LICENCE + '#include "engine/task.h"\n#include <cstdint>\n',
    "aicpu/port/linux.cpp": LICENCE + '#include "aicpu/port/linux.h"\n#include <sys/mman.h>\n',
    "aicpu/port/linux.h": LICENCE,
    "host/api.cpp": LICENCE + '#include "engine/wire/block.h"\n#include "engine/limits.h"\n#include <vector>\n',
    "test/unit/task_test.cpp": LICENCE + '#include "engine/task.h"\n',
}


class Trees(unittest.TestCase):
    """Each case changes the good tree and says which problem must come of it."""

    def problems(self, changes=None, archs=()):
        tree = {**GOOD_TREE, **(changes or {})}
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in tree.items():
                if text is not None:
                    path = root / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text, encoding="utf-8")
            return check_layers.Checker(root, archs).run()

    def assert_one_problem(self, changes, place, text, archs=()):
        problems = self.problems(changes, archs)
        self.assertEqual(len(problems), 1, problems)
        self.assertTrue(problems[0].startswith(place + ":"), problems[0])
        self.assertIn(text, problems[0])

    # ---- what is fine

    def test_the_good_tree_has_no_problem(self):
        self.assertEqual(self.problems(), [])

    def test_includes_in_comments_and_strings_do_not_count(self):
        text = (LICENCE + '// #include "host/api.h"\n/*\n#include <vector>\n#include "nowhere.h"\n*/\n'
                'const char *text = "\\\n#include <map>";\nconst char *raw = R"x(\n)x";\n')
        self.assertEqual(self.problems({"engine/quiet.h": text}), [])

    def test_built_and_hidden_folders_and_subprojects_do_not_count(self):
        bad = '#include "nowhere.h"\n'
        self.assertEqual(self.problems({"build/x.c": bad, "build-2/x.c": bad, ".cache/x.c": bad,
                                        "subprojects/y/y.c": bad, "out/b/meson-private/x": "", "out/b/x.c": bad}), [])

    def test_a_file_may_include_its_own_folder(self):
        self.assertEqual(self.problems({"host/more.cpp": LICENCE + '#include "host/more.h"\n',
                                        "host/more.h": LICENCE}), [])

    def test_a_folder_without_a_limit_may_use_every_system_header(self):
        self.assertEqual(self.problems({"host/more.cpp": LICENCE + "#include <unordered_map>\n"}), [])

    # ---- includes

    def test_a_lower_layer_may_not_include_a_higher_one(self):
        self.assert_one_problem({"engine/task.cpp": LICENCE + '#include "aicpu/port/linux.h"\n'},
                                "engine/task.cpp:2", "`engine/` may not include aicpu/port/linux.h")

    def test_a_folder_with_a_row_of_its_own_is_not_part_of_the_one_above(self):
        self.assert_one_problem({"aicpu/executor.cpp": LICENCE + '#include "aicpu/port/linux.h"\n'},
                                "aicpu/executor.cpp:2", "belongs to `aicpu/port/`")

    def test_a_file_that_is_allowed_does_not_open_its_folder(self):
        self.assert_one_problem({"host/api.cpp": LICENCE + '#include "engine/task.h"\n'},
                                "host/api.cpp:2", "`host/` may not include engine/task.h")

    def test_angle_brackets_do_not_hide_an_include_of_the_project(self):
        self.assert_one_problem({"include/pto/base.h": LICENCE + "#include <engine/limits.h>\n"},
                                "include/pto/base.h:2", "`include/` may not include engine/limits.h")

    def test_an_include_relative_to_its_own_file_is_refused(self):
        self.assert_one_problem({"engine/task.cpp": LICENCE + '#include "task.h"\n'},
                                "engine/task.cpp:2", "neither below the root nor below include/")

    def test_a_program_may_name_its_own_files_by_the_end_of_their_path(self):
        self.assertEqual(self.problems({"test/unit/more.cpp": LICENCE + '#include "fakes.h"\n',
                                        "test/common/fakes.h": LICENCE}), [])

    def test_the_table_counts_for_a_file_that_is_named_by_the_end_of_its_path(self):
        tree = {"test/unit/more.cpp": LICENCE + '#include "text.h"\n', "tools/x/text.h": LICENCE,
                "ARCHITECTURE.md": ARCHITECTURE.replace("| `test/` |", "| `tools/x/` | | tool |\n| `test/` |")
                                               .replace("`tools/x/` | |", "`tools/`, `tools/x/` | |")}
        self.assert_one_problem(tree, "test/unit/more.cpp:2", "`test/` may not include tools/x/text.h")
        tree["test/common/text.h"] = LICENCE
        self.assertEqual(self.problems(tree), [])

    def test_a_program_may_not_name_files_of_the_library_that_way(self):
        self.assert_one_problem({"test/unit/more.cpp": LICENCE + '#include "limits.h"\n'},
                                "test/unit/more.cpp:2", "neither below the root nor below include/")

    def test_programs_name_the_headers_of_the_dialect_by_their_name_alone(self):
        tree = {"include/pto/compat/tensor.h": LICENCE,
                "include/pto/compat/orch.h": LICENCE + '#include "tensor.h"\n',
                "test/unit/more.cpp": LICENCE + '#include "orch.h"\n'}
        self.assertEqual(self.problems(tree), [])
        tree["engine/more.h"] = LICENCE + '#include "tensor.h"\n'
        self.assert_one_problem(tree, "engine/more.h:2", "neither below the root nor below include/")

    def test_an_include_of_a_file_that_is_not_there_is_refused(self):
        self.assert_one_problem({"test/unit/more.cpp": LICENCE + '#include "engine/gone.h"\n'},
                                "test/unit/more.cpp:2", "neither below the root nor below include/")

    def test_a_computed_include_is_refused(self):
        self.assert_one_problem({"host/more.cpp": LICENCE + "#include ARCH_HEADER\n"},
                                "host/more.cpp:2", "what a macro computes: ARCH_HEADER")

    def test_a_computed_include_may_choose_an_arch(self):
        self.assertEqual(self.problems({"engine/arch/arch.h": LICENCE + "#include ARCH_HEADER\n"}), [])

    def test_spaces_in_an_include_do_not_hide_it(self):
        self.assert_one_problem({"engine/task.cpp": LICENCE + ' #  include   "aicpu/port/linux.h" // fine?\n'},
                                "engine/task.cpp:2", "may not include")

    def test_an_include_after_a_comment_on_its_line_counts(self):
        self.assert_one_problem({"engine/task.cpp": LICENCE + '/* see */ #include "aicpu/port/linux.h"\n'},
                                "engine/task.cpp:2", "may not include")

    def test_a_system_header_outside_the_list_is_refused(self):
        self.assert_one_problem({"engine/task.cpp": LICENCE + "#include <vector>\n"},
                                "engine/task.cpp:2", "<vector> is not among the system headers of `engine/`")

    def test_an_unknown_header_of_the_project_in_angle_brackets_is_refused_like_a_system_header(self):
        self.assert_one_problem({"engine/task.cpp": LICENCE + "#include <pto/none.h>\n"},
                                "engine/task.cpp:2", "<pto/none.h>")

    # ---- tables

    def test_without_the_document_nothing_passes(self):
        self.assert_one_problem({"ARCHITECTURE.md": None}, "ARCHITECTURE.md", "is missing")

    def test_without_a_table_nothing_passes(self):
        for mark in ("layers", "freestanding"):
            text = ARCHITECTURE.replace(f"<!-- {mark} -->", "")
            self.assert_one_problem({"ARCHITECTURE.md": text}, "ARCHITECTURE.md", f"<!-- {mark} -->")

    def test_an_empty_table_is_refused(self):
        text = "<!-- layers -->\n| folder | may include |\n|---|---|\n<!-- /layers -->\n"
        self.assert_one_problem({"ARCHITECTURE.md": text}, "ARCHITECTURE.md", "no table with rows")

    def test_a_folder_of_the_table_must_be_there(self):
        text = ARCHITECTURE.replace("| `test/` |", "| `bench/` | `include/` | gone |\n| `test/` |")
        self.assert_one_problem({"ARCHITECTURE.md": text}, "ARCHITECTURE.md", "`bench/` is in a table, but not")

    def test_a_folder_with_sources_must_be_in_the_table(self):
        self.assert_one_problem({"tools/x/main.cpp": LICENCE}, "ARCHITECTURE.md", "`tools/` has sources, but no row")

    def test_an_allowed_folder_must_have_a_row(self):
        text = ARCHITECTURE.replace("`engine/limits.h`", "`engine/arch/`")
        self.assert_one_problem({"ARCHITECTURE.md": text}, "ARCHITECTURE.md", "`engine/arch/`, which has no row")

    def test_an_allowed_file_must_be_there(self):
        text = ARCHITECTURE.replace("`engine/limits.h`", "`engine/limits.h`, `engine/gone.h`")
        self.assert_one_problem({"ARCHITECTURE.md": text}, "ARCHITECTURE.md", "`engine/gone.h`, which is not there")

    def test_two_rows_for_a_folder_are_refused(self):
        text = ARCHITECTURE.replace("| `test/` |", "| `host/` | | again |\n| `test/` |")
        self.assert_one_problem({"ARCHITECTURE.md": text}, "ARCHITECTURE.md", "`host/` has two rows")

    def test_words_outside_backticks_are_refused(self):
        text = ARCHITECTURE.replace("`include/`, `engine/wire/` | scheduler", "`include/` and wire | scheduler")
        self.assert_one_problem({"ARCHITECTURE.md": text}, "ARCHITECTURE.md", "outside backticks")

    def test_a_circle_is_refused(self):
        text = ARCHITECTURE.replace("| `engine/` | `include/`,", "| `engine/` | `aicpu/`, `include/`,")
        problems = self.problems({"ARCHITECTURE.md": text})
        self.assertEqual(len(problems), 1, problems)
        self.assertIn("a circle: aicpu/ -> engine/ -> aicpu/", problems[0])

    def test_the_engine_must_have_a_list_of_system_headers(self):
        text = ARCHITECTURE.replace("| `engine/`, `aicpu/` | `<cstdint>`", "| `aicpu/` | `<cstdint>`")
        self.assert_one_problem({"ARCHITECTURE.md": text}, "ARCHITECTURE.md", "`engine/` has no row")

    # ---- other rules

    def test_two_files_of_the_library_may_not_share_a_name(self):
        self.assert_one_problem({"host/task.h": LICENCE}, "host/task.h", "same name as engine/task.h")

    def test_tests_may_share_names(self):
        self.assertEqual(self.problems({"test/a/main.c": LICENCE, "test/b/main.c": LICENCE}), [])

    def test_six_hundred_lines_are_fine_and_one_more_is_not(self):
        self.assertEqual(self.problems({"host/long.cpp": LICENCE + "\n" * 599}), [])
        self.assert_one_problem({"host/long.cpp": LICENCE + "\n" * 600}, "host/long.cpp", "has 601 lines")
        self.assert_one_problem({"host/long.cpp": LICENCE + "\n" * 599 + "x"}, "host/long.cpp", "has 601 lines")

    def test_environment_variables_are_refused(self):
        for code in ('getenv("X")', 'std::getenv("X")', 'secure_getenv("X")', "::environ"):
            self.assert_one_problem({"sim/env.cpp": LICENCE + f"auto x = {code};\n",
                                     "ARCHITECTURE.md": ARCHITECTURE.replace(
                                         "| `test/` |", "| `sim/` | `include/` | chip |\n| `test/` |")},
                                    "sim/env.cpp:2", "environment variables")

    def test_a_comment_may_speak_of_environment_variables(self):
        self.assertEqual(self.problems({"host/env.cpp": LICENCE + "int x = 1'000; // no getenv, it's said\n"}), [])

    def test_a_source_without_a_licence_is_refused(self):
        self.assert_one_problem({"host/bare.cpp": "int x;\n"}, "host/bare.cpp", "SPDX")
        self.assert_one_problem({"test/meson.build": "subdir('x')\n"}, "test/meson.build", "SPDX")

    def test_a_script_may_have_its_licence_below_its_interpreter(self):
        text = "#!/usr/bin/env python3\n# SPDX-License-Identifier: Apache-2.0\n"
        self.assertEqual(self.problems({"test/x.py": text}), [])

    def test_a_link_must_lead_somewhere(self):
        good = "[a](engine/task.h) [b](engine) [c](#below) [d](https://example.org/x)\n```\nx[0](gone)\n```\n"
        self.assertEqual(self.problems({"README.md": good, "engine/README.md": "[up](../README.md#a)\n"}), [])
        self.assert_one_problem({"engine/README.md": "[up](README.txt)\n"}, "engine/README.md", "links to README.txt")

    def test_only_one_file_knows_where_pto_isa_is(self):
        licence = "# SPDX-License-Identifier: Apache-2.0\n"
        self.assertEqual(self.problems({"scripts/meson.build": licence + "isa_tree = get_option('pto_isa')\n",
                                        "host/meson.build": licence + "command: isa_compile # not isa_tree\n",
                                        "test/meson.build": licence + "args: isa_tree_args\n"}), [])
        for code in ("x = get_option('pto_isa')", "x = get_option( 'pto_isa' )", "y = isa_tree", "y = isa_tree_args"):
            self.assert_one_problem({"host/meson.build": licence + code + "\n"}, "host/meson.build:2", "where pto-isa is")
        self.assert_one_problem({"test/meson.build": licence + "y = isa_tree\n"}, "test/meson.build:2", "where pto-isa is")

    def test_an_arch_has_a_name_only_in_its_own_folder(self):
        archs = ("a2a3", "a5")
        arch_row = ARCHITECTURE.replace("| `test/` |", "| `engine/arch/` | | data |\n| `test/` |")
        self.assertEqual(self.problems({"ARCHITECTURE.md": arch_row,
                                        "engine/arch/a5.h": LICENCE + "struct a5 {};\n"}, archs), [])
        for code in ('open("a5");', "#if PTO_A2A3", "struct a5_traits {};"):
            self.assert_one_problem({"host/arch.cpp": LICENCE + code + "\n"}, "host/arch.cpp:2", "names the arch",
                                    archs)
        self.assert_one_problem({"host/a5.cpp": LICENCE}, "host/a5.cpp", "has the name of an arch", archs)
        self.assertEqual(self.problems({"host/arch.cpp": LICENCE + "int x = 0xa5; // as on a5\n"}, archs), [])


if __name__ == "__main__":
    unittest.main()
