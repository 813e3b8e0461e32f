// SPDX-License-Identifier: Apache-2.0
// How control CPUs and cores meet and part, with cores that a test plays.
#include "core_fixture.hpp"

namespace {

using namespace pto::test;
using namespace pto::aicpu;
using pto::wire::ErrorRecord;

void expect_refusal(const ErrorRecord &error, int32_t core, const char *text)
{
    assert_int_equal(error.status, PTO_ERROR_CORE);
    assert_int_equal(error.core, core);
    if (std::strstr(error.message, text) == nullptr)
        fail_msg("\"%s\" is not in \"%s\"", text, error.message);
}

void cores_that_are_there_are_met(void **)
{
    LinkedCores cores;
    assert_false(cores.link.is_connected());
    cores.connect();
    assert_true(cores.link.is_connected());
    for (uint32_t core = 0; core < kLinkedCores; core++) {
        assert_int_equal(cores.core(core).command, kControlIdle);
        assert_int_not_equal(cores.lines[core].payload, 0);
        assert_true(LinkedCores::covers(cores.cleaned, &cores.lines[core], sizeof(pto_core_line)));
    }
}

void cores_that_have_been_met_are_left_alone(void **)
{
    LinkedCores cores;
    cores.connect();
    cores.submit_aic();
    cores.scheduler.step(0);
    const std::vector<PlayedCore> before = cores.cores;
    const uint64_t time_ns = cores.time_ns;
    assert_int_equal(cores.link.connect().status, PTO_OK);
    assert_int_equal(cores.time_ns, time_ns);
    for (uint32_t i = 0; i < kPhysicalCores; i++)
        assert_int_equal(cores.cores[i].writes, before[i].writes);
    assert_int_equal(cores.core(0).command, 1);
    cores.finish(0);
    cores.graph.finish();
}

void cores_may_come_one_by_one(void **)
{
    LinkedCores cores;
    uint32_t next = 0;
    cores.on_relax = [&] {
        cores.open_all();
        if (next < kLinkedCores)
            cores.report(kLinkedCores - 1 - next++);
    };
    assert_int_equal(cores.link.connect().status, PTO_OK);
}

void a_payload_address_is_written_only_once_the_core_has_reported(void **)
{
    LinkedCores cores;
    cores.on_relax = [&] {
        for (const pto_core_line &line : cores.lines)
            assert_true(line.done != 0 || line.payload == 0);
        cores.open_all();
        if (cores.time_ns % 5 == 0)
            cores.report_all();
    };
    assert_int_equal(cores.link.connect().status, PTO_OK);
}

void a_core_that_never_reports_is_named_and_all_share_one_deadline(void **)
{
    for (const uint32_t silent : {0u, 4u}) {
        LinkedCores cores;
        cores.on_relax = [&] { cores.open_all(); };
        for (uint32_t core = 0; core < kLinkedCores; core++)
            if (core != silent && core != 5)
                cores.report(core);
        const uint64_t begin_ns = cores.time_ns;
        expect_refusal(cores.link.connect(), static_cast<int32_t>(silent), "has not reported itself in 50 ms; 4 of 6");
        assert_in_range(cores.time_ns - begin_ns, kAnswerNs, kAnswerNs + 2 * kRelaxNs);
        assert_false(cores.link.is_connected());
        for (uint32_t core = 0; core < 4; core++)
            if (core != silent)
                assert_int_equal(cores.core(core).command, kExit);
        assert_int_equal(cores.core(silent).writes, 0); // its registers are not known
    }
}

void a_core_that_reports_and_does_not_open_is_named(void **)
{
    LinkedCores cores;
    cores.report_all();
    cores.on_relax = [&] {
        cores.open_all();
        cores.core(2).condition = 5;
    };
    const uint64_t begin_ns = cores.time_ns;
    const ErrorRecord error = cores.link.connect();
    expect_refusal(error, 2, "core 2 (physical 7) has reported, but does not open: it says 0x5");
    assert_int_equal(error.detail, 5);
    assert_in_range(cores.time_ns - begin_ns, kAnswerNs, kAnswerNs + 2 * kRelaxNs);
    for (uint32_t core = 0; core < kLinkedCores; core++)
        assert_int_equal(cores.core(core).command, kExit);
}

void a_report_that_cannot_be_is_refused(void **)
{
    struct Case {
        void (*spoil)(pto_core_line &line);
        const char *text;
    };
    const Case cases[] = {
        {[](pto_core_line &line) { line.physical_id = kPhysicalCores; },
         "its physical id is 10, which is not below 10"},
        {[](pto_core_line &line) { line.physical_id = UINT32_MAX; }, "its physical id is 4294967295"},
        {[](pto_core_line &line) { line.physical_id = LinkedCores::physical_id(1); },
         "cores 1 and 4 both say that their physical id is 8"},
        {[](pto_core_line &line) { line.core_type = PTO_CORE_AIC; }, "its type is 0, and it should be 1"},
        {[](pto_core_line &line) { line.core_type = 9; }, "its type is 9"},
        {[](pto_core_line &line) { line.done = 1; }, "the line of core 4 was filled in by core 0"},
    };
    for (const Case &wrong : cases) {
        LinkedCores cores;
        cores.report_all();
        wrong.spoil(cores.lines[4]);
        expect_refusal(cores.link.connect(), 4, wrong.text);
        for (uint32_t core = 0; core < 4; core++)
            assert_int_equal(cores.core(core).command, kExit);
        assert_int_equal(cores.core(5).writes, 0);
    }
}

void cores_leave_and_their_registers_are_closed(void **)
{
    LinkedCores cores;
    cores.connect();
    cores.on_command = [&](uint32_t core, uint32_t command) {
        if (command == kExit)
            cores.core(core).condition = kCoreExited;
    };
    assert_int_equal(cores.link.disconnect().status, PTO_OK);
    assert_false(cores.link.is_connected());
    for (uint32_t core = 0; core < kLinkedCores; core++) {
        assert_int_equal(cores.core(core).command, kControlIdle);
        if (pto::kArch.registers.fast_path != 0)
            assert_int_equal(cores.core(core).fast_path, kFastPathClose);
    }
}

void a_core_that_does_not_leave_is_named_and_the_others_are_closed(void **)
{
    LinkedCores cores;
    cores.connect();
    cores.on_command = [&](uint32_t core, uint32_t command) {
        if (command == kExit && core != 3)
            cores.core(core).condition = kCoreExited;
    };
    expect_refusal(cores.link.disconnect(), 3, "core 3 (physical 6) does not leave its loop: it says 0x7fffffff");
    assert_int_equal(cores.core(3).command, kExit);
    assert_int_equal(cores.core(4).command, kControlIdle);
}

void cores_can_be_met_again(void **)
{
    LinkedCores cores;
    for (uint32_t round = 0; round < 3; round++) {
        cores.connect();
        cores.submit_aic();
        cores.scheduler.step(0);
        assert_int_equal(cores.core(0).command, 1); // tokens begin anew
        cores.finish(0);
        while (cores.graph.engine.outstanding() != 0)
            cores.scheduler.step(0);
        cores.on_command = [&](uint32_t core, uint32_t command) {
            if (command == kExit)
                cores.core(core).condition = kCoreExited;
        };
        assert_int_equal(cores.link.disconnect().status, PTO_OK);
        for (PlayedCore &core : cores.cores)
            core = {};
        for (pto_core_line &line : cores.lines)
            line = {};
    }
    cores.graph.finish();
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(cores_that_are_there_are_met),
        cmocka_unit_test(cores_that_have_been_met_are_left_alone),
        cmocka_unit_test(cores_may_come_one_by_one),
        cmocka_unit_test(a_payload_address_is_written_only_once_the_core_has_reported),
        cmocka_unit_test(a_core_that_never_reports_is_named_and_all_share_one_deadline),
        cmocka_unit_test(a_core_that_reports_and_does_not_open_is_named),
        cmocka_unit_test(a_report_that_cannot_be_is_refused),
        cmocka_unit_test(cores_leave_and_their_registers_are_closed),
        cmocka_unit_test(a_core_that_does_not_leave_is_named_and_the_others_are_closed),
        cmocka_unit_test(cores_can_be_met_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
