#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The comparison of instruction counts notices what is wrong."""

import contextlib
import io
import json
import pathlib
import tempfile
import unittest

import count_instructions as counting

KEY = "gcc-12 x86_64 a2a3"

FILE = """# callgrind format
version: 1
creator: callgrind-3.19.0
pid: 1
cmd:  ./count_program
part: 1

desc: Timerange: Basic block 0 - 10
desc: Trigger: Client Request: chain device {size}

positions: line
events: Ir
summary: {total}

ob=/build/libpto_counted.so
fl=/build/../source/engine/graph_builder.cpp
fn=pto::a2a3::engine::GraphBuilder::submit(pto_task const*)
10 {submit}
fi=/build/../source/engine/ready_queue.h
20 {ready}
fe=/build/../source/engine/graph_builder.cpp
cob=/usr/lib/libc.so.6
cfi=string.c
cfn=memcpy
calls=7 1
10 123456
11 5

fl=/build/../source/aicpu/scheduler.cpp
fn=pto::a2a3::aicpu::Scheduler::lane_done(unsigned int, pto::a2a3::LaneRun const&)
30 9

ob=/usr/lib/libc.so.6
fl=string.c
fn=memcpy
1 40

ob=???
fl=???
fn=0x1234
0 8

totals: {total}
"""


def figures(total, **phases):
    return {"total": total, **{phase: phases.get(phase, 0.0) for phase in counting.PHASES}}


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, number, size, submit=100, ready=10, **changes):
        total = changes.get("total", submit + ready + 5 + 9 + 40 + 8)
        text = changes.get("text", FILE).format(size=size, submit=submit, ready=ready, total=total)
        (self.root / f"out.{number}").write_text(text)

    def counts(self):
        return counting.count_phases(counting.read_folder(self.root), "/source", {"libpto_counted.so"})


class Reading(Folder):
    def test_a_task_costs_the_difference_of_two_sizes(self):
        self.write(1, 10, submit=1000, ready=100)
        self.write(2, 30, submit=3000, ready=140)
        self.assertEqual(self.counts()["chain device"]["submit"], 100.0)
        self.assertEqual(self.counts()["chain device"]["ready"], 2.0)
        self.assertEqual(self.counts()["chain device"]["total"], 102.0)

    def test_every_cost_has_its_phase_and_calls_are_not_counted_twice(self):
        self.write(1, 10)
        _, costs = counting.read_costs((self.root / "out.1").read_text(), "out.1")
        phases = counting.phase_of_each(costs, "/source", {"libpto_counted.so"})
        self.assertEqual([(phase, cost) for phase, _, cost in phases], [("submit", 100), ("ready", 10), ("submit", 5), ("complete", 9), ("libraries", 40),
                                  ("user", 8)])

    def test_a_function_that_begins_with_an_inlined_line_belongs_to_its_source(self):
        text = FILE.replace("fl=/build/../source/aicpu/scheduler.cpp", "fl=/usr/include/atomic.h\nfn=Scheduler::step()\n"
                            "7 1\nfi=/build/../source/aicpu/scheduler.cpp\n8 2\nfe=/build/../source/engine/task.h\n9 3\n"
                            "fl=/build/../source/aicpu/scheduler.cpp")
        _, costs = counting.read_costs(text.format(size=10, submit=100, ready=10, total=172 + 6), "out.1")
        phases = counting.phase_of_each(costs, "/source", {"libpto_counted.so"})
        self.assertEqual([cost for phase, _, cost in phases if phase == "dispatch"], [1, 2, 3])

    def test_libraries_belong_to_no_total(self):
        self.write(1, 10)
        self.write(2, 11, text=FILE.replace("\n1 40\n", "\n1 90\n"), total=100 + 10 + 5 + 9 + 90 + 8)
        self.assertEqual(self.counts()["chain device"]["libraries"], 50.0)
        self.assertEqual(self.counts()["chain device"]["total"], 0.0)

    def test_functions_are_listed_with_what_was_inlined_into_them(self):
        self.write(1, 10)
        self.write(2, 12, submit=120, ready=14)
        functions = counting.count_functions(counting.read_folder(self.root), "/source", {"libpto_counted.so"})
        self.assertEqual(functions["chain device"][("submit", "pto::a2a3::engine::GraphBuilder::submit")], 10.0)
        self.assertIn("      10.0  submit", counting.as_list(functions, 1))

    def test_names_are_read_without_arguments(self):
        for name in ("void pto::a::B::c<X::d(int)::{lambda(Y)#1}&>(Z (*)(int))", "void pto::a::B::c(int) [clone .part.0]",
                     "void pto::a::B::c(int)'2", "void pto::a::(anonymous namespace)::B::c()"):
            self.assertEqual(counting.plain_name(name), "void pto::a::B::c")

    def test_what_is_not_understood_is_an_error(self):
        for old, new in (("30 9", "30 nine"), ("events: Ir", "events: Ir Dr"), ("fn=memcpy", "function=memcpy"),
                         ("30 9", "30 10"), ("totals: {total}\n", ""), ("chain device {size}", "chain"),
                         ("desc: Trigger: Client Request: chain device {size}\n", "")):
            with self.subTest(new):
                self.write(1, 10, text=FILE.replace(old, new))
                self.assertRaises(counting.CountError, self.counts)

    def test_a_file_that_was_cut_is_an_error(self):
        self.write(1, 10)
        self.write(2, 30)
        text = (self.root / "out.2").read_text()
        for size in range(0, len(text) - 1, 7):
            (self.root / "out.2").write_text(text[:size])
            self.assertRaises(counting.CountError, self.counts)

    def test_nothing_one_size_three_sizes_and_one_size_twice_are_errors(self):
        self.assertRaises(counting.CountError, self.counts)
        self.write(1, 10)
        self.assertRaises(counting.CountError, self.counts)
        self.write(2, 10)
        self.assertRaises(counting.CountError, self.counts)
        self.write(2, 20)
        self.counts()
        self.write(3, 30)
        self.assertRaises(counting.CountError, self.counts)

    def test_a_program_that_fails_is_an_error(self):
        self.assertRaises(counting.CountError, counting.measure, "false", ["program"])
        self.assertRaises(counting.CountError, counting.measure, "true", ["program"])
        self.assertRaises(OSError, counting.measure, "/no/such/valgrind", ["program"])


class Comparing(unittest.TestCase):
    budget = {"chain device": figures(1000.0, submit=800.0, ready=20.0)}

    def problems(self, counts, is_exact=True, budget=None):
        return counting.compare({"chain device": counts} if "total" in counts else counts,
                                self.budget if budget is None else budget, is_exact)

    def test_counts_within_the_slack_are_right(self):
        for total, submit, ready in ((1000.0, 800.0, 20.0), (1030.0, 840.0, 22.0), (970.0, 760.0, 18.0)):
            self.assertEqual(self.problems(figures(total, submit=submit, ready=ready)), [])

    def test_too_many_are_noticed(self):
        self.assertEqual(self.problems(figures(1031.0, submit=800.0, ready=20.0)),
                         ["chain device: total: 1031.0 instructions, too many (1000.0): +3.1 %"])

    def test_fewer_are_noticed(self):
        self.assertEqual(self.problems(figures(969.0, submit=800.0, ready=20.0)),
                         ["chain device: total: 969.0 instructions, fewer than the budget (1000.0): -3.1 %"])

    def test_a_phase_that_grows_shrinks_or_appears_is_noticed(self):
        self.assertIn("submit: 841.0 instructions, too many", self.problems(figures(1000.0, submit=841.0, ready=20.0))[0])
        self.assertIn("submit: 759.0 instructions, fewer", self.problems(figures(1000.0, submit=759.0, ready=20.0))[0])
        self.assertIn("ready: 22.5 instructions, too many", self.problems(figures(1000.0, submit=800.0, ready=22.5))[0])
        self.assertIn("retire: 3.0 instructions, too many (0.0): new",
                      self.problems(figures(1000.0, submit=800.0, ready=20.0, retire=3.0))[0])

    def test_what_is_missing_is_noticed(self):
        self.assertEqual(self.problems({}), ["chain device: was not measured"])
        self.assertEqual(self.problems(figures(1.0), budget={}), ["chain device: has no budget"])
        self.assertIn("chain device: submit has no budget",
                      self.problems(figures(1000.0), budget={"chain device": {"total": 1000.0}}))
        self.assertIn("chain device: total has no budget",
                      self.problems(figures(1000.0), is_exact=False, budget={"chain device": {}}))

    def test_another_compiler_has_more_slack_and_only_for_totals(self):
        self.assertEqual(self.problems(figures(1150.0, retire=700.0), is_exact=False), [])
        self.assertTrue(self.problems(figures(1151.0), is_exact=False))
        self.assertTrue(self.problems(figures(849.0), is_exact=False))


class Budgets(Folder):
    counts_of_today = {"chain device": {**figures(1000.0, submit=800.0), "libraries": 7.0}}

    def judge(self, budgets, key, counts=None):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            status = counting.judge(counts or self.counts_of_today, budgets, key)
        return status, output.getvalue()

    def test_a_key_is_compiler_major_version_processor_and_arch(self):
        self.assertEqual(counting.key_of("gcc", "12.2.0", "x86_64", "a2a3"), KEY)

    def test_the_nearest_version_is_found_but_not_another_processor_arch_or_compiler(self):
        budgets = {name: {"x": name} for name in ("gcc-9 x86_64 a2a3", KEY, "gcc-15 x86_64 a2a3")}
        for key, found in ((KEY, KEY), ("gcc-13 x86_64 a2a3", KEY), ("gcc-14 x86_64 a2a3", "gcc-15 x86_64 a2a3"),
                           ("gcc-7 x86_64 a2a3", "gcc-9 x86_64 a2a3"), ("gcc-12 aarch64 a2a3", None),
                           ("gcc-12 x86_64 a5", None), ("clang-12 x86_64 a2a3", None)):
            self.assertEqual(counting.find_budget(budgets, key), (found, budgets.get(found, {})))

    def test_what_was_written_is_what_is_compared(self):
        path = self.root / "budgets.json"
        counting.write_budgets(path, {"gcc-9 x86_64 a2a3": {"old": figures(1.0)}}, KEY, self.counts_of_today)
        budgets = json.loads(path.read_text())
        self.assertEqual(sorted(budgets), [KEY, "gcc-9 x86_64 a2a3"])
        self.assertNotIn("libraries", budgets[KEY]["chain device"])
        self.assertEqual(self.judge(budgets, KEY), (0, ""))

    def test_the_verdict_says_how_to_update(self):
        budgets = {KEY: {"chain device": figures(900.0, submit=800.0)}}
        status, text = self.judge(budgets, KEY)
        self.assertEqual(status, 1)
        self.assertIn("update-instruction-counts", text)

    def test_another_version_is_told_and_still_fails_when_it_is_far_off(self):
        for total, expected in ((1100.0, 0), (1200.0, 1), (800.0, 1)):
            status, text = self.judge({KEY: {"chain device": figures(total)}}, "gcc-13 x86_64 a2a3")
            self.assertEqual(status, expected)
            self.assertIn("There is no budget for gcc-13 x86_64 a2a3: totals are compared with those of " + KEY, text)

    def test_without_any_budget_the_test_is_skipped_aloud(self):
        status, text = self.judge({KEY: {}}, "gcc-12 riscv64 a2a3")
        self.assertEqual(status, 77)
        self.assertIn("nothing is compared", text)

    def test_an_empty_budget_fails(self):
        self.assertEqual(self.judge({KEY: {}}, KEY)[0], 1)

    def test_tables_have_a_row_for_each_graph(self):
        rows = counting.table(self.counts_of_today)
        self.assertEqual(rows, [["graph", "total", "task", "submit", "libraries"],
                                ["chain device", "1000", "800", "800", "7"]])
        self.assertEqual(counting.as_markdown(rows).splitlines(),
                         ["| graph | total | task | submit | libraries |", "|---|---:|---:|---:|---:|",
                          "| chain device | 1000 | 800 | 800 | 7 |"])
        self.assertEqual(len(counting.as_text(rows).splitlines()), 2)


if __name__ == "__main__":
    unittest.main()
