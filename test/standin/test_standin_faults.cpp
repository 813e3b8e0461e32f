// SPDX-License-Identifier: Apache-2.0
// What goes wrong, by itself and on demand, and how it looks to the host.
#include "standin_test.hpp"

#include <cstring>

using namespace standin_test;

namespace {

constexpr int kInternal = 507000;
constexpr int kCoreTimeout = 507014;
constexpr int kCoreException = 507015;
constexpr int kControlTimeout = 507017;
constexpr int kControlException = 507018;
constexpr int kSyncTimeout = 507046;
constexpr int kPoisoned = 507899;

bool is_a5()
{
    return std::strcmp(arch_name, "a5") == 0;
}

struct LoadedCard : Card {
    LoadedCard() : Card(arch_name)
    {
        EXPECT_OK(bootstrap());
        load_functions();
        block = allocate(sizeof(ControlBlock));
        EXPECT_OK(vendor().aclrtMemset(block, sizeof(ControlBlock), 0, sizeof(ControlBlock)));
    }
    /// Launches cores of one cluster that wait for a command, the last of which does something else.
    void launch_cluster(uint32_t mode)
    {
        lines = allocate(3 * sizeof(CoreLine));
        EXPECT_OK(vendor().aclrtMemset(lines, 3 * sizeof(CoreLine), 0, 3 * sizeof(CoreLine)));
        core_block = allocate(sizeof(CoreBlock));
        CoreBlock content{};
        content.lines = reinterpret_cast<uint64_t>(lines);
        content.arch = is_a5() ? 1 : 0;
        content.mode = mode;
        content.core_count = 3;
        upload(core_block, &content, sizeof content);
        ControlBlock drive{};
        drive.core_count = 3;
        drive.command_offset = is_a5() ? 0xD0 : 0xA0;
        drive.condition_offset = is_a5() ? 0x5108 : 0x4C8;
        drive.gate_offset = is_a5() ? 0 : 0x18;
        drive.lines = content.lines;
        drive.registers = registers();
        drive.stride = 1 << 20;
        upload(block, &drive, sizeof drive);
        EXPECT_OK(launch_cores(core_block, 1));
    }
    void *block = nullptr;
    void *lines = nullptr;
    void *core_block = nullptr;
};

/// Every call says so, and a soft reset does not help.
void expect_poisoned(Card &card)
{
    void *address = nullptr;
    assert_int_equal(vendor().aclrtMalloc(&address, 64, 0), kPoisoned);
    void *stream = nullptr;
    assert_int_equal(vendor().aclrtCreateStream(&stream), kPoisoned);
    assert_int_equal(card.wait_control(), kPoisoned);
    expect_no_violations();
    EXPECT_OK(vendor().aclrtResetDevice(card.logical));
    EXPECT_OK(vendor().aclrtSetDevice(card.logical));
    assert_int_equal(vendor().aclrtMalloc(&address, 64, 0), kPoisoned);
}

void expect_healthy(Card &card)
{
    void *address = nullptr;
    void *stream = nullptr;
    EXPECT_OK(vendor().aclrtSetDevice(card.logical));
    EXPECT_OK(vendor().aclrtMalloc(&address, 64, 0));
    EXPECT_OK(vendor().aclrtFree(address));
    EXPECT_OK(vendor().aclrtCreateStream(&stream));
    EXPECT_OK(vendor().aclrtDestroyStream(stream));
}

/// Poisoned until a forced reset.
void expect_only_force_heals(Card &card)
{
    expect_poisoned(card);
    EXPECT_OK(vendor().aclrtResetDeviceForce(card.logical));
    expect_healthy(card);
    card.abandon();
    expect_no_violations();
}

void a_function_that_fails_poisons_the_card(void **)
{
    LoadedCard card;
    EXPECT_OK(card.launch("image_fail", card.block));
    assert_int_equal(card.wait_control(), kControlException);
    assert_non_null(std::strstr(standin_last_fault(), "7"));
    expect_only_force_heals(card);
}

void a_function_that_is_missing_is_named(void **)
{
    LoadedCard card;
    EXPECT_OK(card.launch("image_missing", card.block));
    assert_int_equal(card.wait_control(), kControlException);
    assert_non_null(std::strstr(standin_last_fault(), "image_missing"));
    card.abandon();
}

void a_crash_of_the_control_cpus_is_an_exception(void **)
{
    LoadedCard card;
    EXPECT_OK(card.launch("image_crash", card.block));
    assert_int_equal(card.wait_control(), kControlException);
    assert_non_null(std::strstr(standin_last_fault(), "signal 11"));
    assert_int_equal(standin_count("processes"), 1);
    expect_only_force_heals(card);
}

void a_hang_of_the_control_cpus_ends_at_the_operations_timeout(void **)
{
    LoadedCard card;
    EXPECT_OK(vendor().aclrtSetOpExecuteTimeOutV2(45 * 1000 * 1000, nullptr));
    EXPECT_OK(card.launch("image_hang", card.block));
    assert_int_equal(card.wait_control(0), kSyncTimeout);
    standin_advance_ms(45 * 1000);
    assert_int_equal(card.wait_control(), is_a5() ? kInternal : kControlTimeout);
    expect_only_force_heals(card);
}

void a_wait_ends_at_its_own_timeout(void **)
{
    LoadedCard card;
    EXPECT_OK(vendor().aclrtSetOpExecuteTimeOutV2(uint64_t{1} << 50, nullptr));
    standin_hold();
    EXPECT_OK(card.launch("image_add", card.block));
    int state = -1;
    EXPECT_OK(vendor().aclrtStreamQuery(card.control_stream, &state));
    assert_int_equal(state, 1);
    std::atomic<bool> is_over{false};
    std::thread clock([&] {
        for (; !is_over; std::this_thread::yield())
            standin_advance_ms(1000);
    });
    const int result = card.wait_control(50 * 1000);
    is_over = true;
    clock.join();
    assert_int_equal(result, kSyncTimeout);
    standin_release();
    EXPECT_OK(card.wait_control());
    EXPECT_OK(vendor().aclrtStreamQuery(card.control_stream, &state));
    assert_int_equal(state, 0);
    card.close();
}

void a_fault_of_a_core_is_an_exception_of_its_stream(void **)
{
    LoadedCard card;
    card.register_cores();
    card.launch_cluster(kCoreFaults);
    EXPECT_OK(card.launch("image_drive", card.block));
    assert_int_equal(card.wait_cores(), kCoreException);
    assert_non_null(std::strstr(standin_last_fault(), "block 0, lane 2"));
    assert_int_equal(card.wait_control(0), kSyncTimeout);
    EXPECT_OK(vendor().aclrtResetDeviceForce(card.logical));
    expect_healthy(card);
    card.abandon();
}

void a_core_that_never_returns_ends_at_the_operations_timeout(void **)
{
    LoadedCard card;
    card.register_cores();
    EXPECT_OK(vendor().aclrtSetOpExecuteTimeOutV2(45 * 1000 * 1000, nullptr));
    card.launch_cluster(kCoreStays);
    assert_int_equal(card.wait_cores(0), kSyncTimeout);
    standin_advance_ms(45 * 1000);
    assert_int_equal(card.wait_cores(), is_a5() ? kInternal : kCoreTimeout);
    card.abandon();
}

void a_hung_core_does_not_report_itself(void **)
{
    LoadedCard card;
    card.register_cores();
    assert_int_equal(standin_hang_core(0, 0, 1), 1);
    card.launch_cluster(kCoreRuns);
    // The others do, and nobody tells them to leave.
    CoreLine content[3];
    do
        card.download(content, card.lines, sizeof content);
    while (content[0].done != 1 || content[2].done != 3);
    assert_int_equal(content[1].done, 0);
    assert_int_equal(card.wait_cores(0), kSyncTimeout);
    card.abandon();
}

void a_core_that_reports_before_it_cleans_is_a_violation(void **)
{
    LoadedCard card;
    card.register_cores();
    card.launch_cluster(kCoreForgets);
    EXPECT_OK(card.launch("image_drive", card.block));
    EXPECT_OK(card.wait_control());
    EXPECT_OK(card.wait_cores());
    assert_int_equal(standin_violation_count(), 1);
    expect_violation(0, "not cleaned");
    card.abandon();
}

void a_core_that_waits_before_it_cleans_is_a_violation(void **)
{
    LoadedCard card;
    card.register_cores();
    card.launch_cluster(kCoreHides);
    EXPECT_OK(card.launch("image_drive", card.block));
    EXPECT_OK(card.wait_control());
    EXPECT_OK(card.wait_cores());
    assert_int_equal(standin_violation_count(), 1);
    expect_violation(0, "cleaned no line");
    card.abandon();
}

void a_command_through_closed_registers_is_a_violation(void **)
{
    LoadedCard card;
    card.register_cores();
    card.launch_cluster(kCoreRuns);
    ControlBlock drive{};
    card.download(&drive, card.block, sizeof drive);
    drive.gate_offset = 0;
    card.upload(card.block, &drive, sizeof drive);
    EXPECT_OK(card.launch("image_drive", card.block));
    EXPECT_OK(card.wait_control());
    EXPECT_OK(card.wait_cores());
    assert_int_equal(standin_violation_count(), is_a5() ? 0 : 3);
    if (!is_a5())
        expect_violation(0, "not open");
    card.abandon();
}

void a_process_that_dies_takes_the_card_with_it(void **)
{
    LoadedCard card;
    standin_hold();
    EXPECT_OK(card.launch("image_hang", card.block));
    assert_int_equal(standin_kill_control(0), 1);
    standin_release();
    assert_int_equal(card.wait_control(), kControlException);
    expect_only_force_heals(card);
}

void injected_results_come_when_they_were_ordered(void **)
{
    Card card(arch_name);
    void *address = nullptr;
    assert_int_equal(standin_inject("aclrtMalloc", 2, 207001, 2), 1);
    EXPECT_OK(vendor().aclrtMalloc(&address, 64, 0));
    EXPECT_OK(vendor().aclrtFree(address));
    assert_int_equal(vendor().aclrtMalloc(&address, 64, 0), 207001);
    assert_int_equal(vendor().aclrtMalloc(&address, 64, 0), 207001);
    EXPECT_OK(vendor().aclrtMalloc(&address, 64, 0));
    EXPECT_OK(vendor().aclrtFree(address));
    assert_int_equal(standin_inject("aclrtMallok", 1, 1, 1), 0);
    const char *const map = is_a5() ? "halResMap" : "halMemCtl";
    assert_int_equal(standin_inject(map, 1, 13, 1), 1);
    uint32_t in[2] = {2, 0};
    uint64_t out[2];
    size_t bytes = 0;
    int32_t info[5] = {};
    unsigned long window = 0;
    unsigned length = 0;
    const auto call = [&] {
        return is_a5() ? vendor().halResMap(0, info, &window, &length)
                       : vendor().halMemCtl(0, in, sizeof in, out, &bytes);
    };
    assert_int_equal(call(), 13);
    EXPECT_OK(call());
    card.close();
}

void an_injected_fault_of_a_wait_poisons_the_card(void **)
{
    Card card(arch_name);
    assert_int_equal(standin_inject("aclrtSynchronizeStreamWithTimeout", 1, kControlException, 1), 1);
    assert_int_equal(card.wait_control(), kControlException);
    expect_only_force_heals(card);
}

void an_injected_timeout_of_a_wait_does_not(void **)
{
    Card card(arch_name);
    assert_int_equal(standin_inject("aclrtSynchronizeStreamWithTimeout", 1, kSyncTimeout, 1), 1);
    assert_int_equal(card.wait_control(), kSyncTimeout);
    EXPECT_OK(card.wait_control());
    card.close();
}

void a_drain_that_works_proves_nothing(void **)
{
    Card card(arch_name);
    assert_int_equal(standin_poison(0, 1), 1);
    EXPECT_OK(card.wait_control());
    EXPECT_OK(card.wait_cores());
    void *address = nullptr;
    assert_int_equal(vendor().aclrtMalloc(&address, 64, 0), kPoisoned);
    card.abandon();
    expect_no_violations();
}

void forced_resets_may_fail_or_do_nothing(void **)
{
    Card card(arch_name);
    standin_poison(0, 0);
    standin_fail_resets(0, 1);
    standin_useless_resets(0, 1);
    assert_int_equal(vendor().aclrtResetDeviceForce(0), kInternal);
    EXPECT_OK(vendor().aclrtResetDeviceForce(0));
    EXPECT_OK(vendor().aclrtSetDevice(0));
    void *address = nullptr;
    assert_int_equal(vendor().aclrtMalloc(&address, 64, 0), kPoisoned);
    EXPECT_OK(vendor().aclrtResetDeviceForce(0));
    expect_healthy(card);
    EXPECT_OK(vendor().aclrtResetDeviceForce(0));
    assert_int_equal(vendor().aclrtResetDevice(0), 507007);
    EXPECT_OK(vendor().aclFinalize());
}

} // namespace

int main(int argc, char **argv)
{
    if (!take_arguments(argc, argv))
        return 2;
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const CMUnitTest tests[] = {
        TEST(a_function_that_fails_poisons_the_card),
        TEST(a_function_that_is_missing_is_named),
        TEST(a_crash_of_the_control_cpus_is_an_exception),
        TEST(a_hang_of_the_control_cpus_ends_at_the_operations_timeout),
        TEST(a_wait_ends_at_its_own_timeout),
        TEST(a_fault_of_a_core_is_an_exception_of_its_stream),
        TEST(a_core_that_never_returns_ends_at_the_operations_timeout),
        TEST(a_hung_core_does_not_report_itself),
        TEST(a_core_that_reports_before_it_cleans_is_a_violation),
        TEST(a_core_that_waits_before_it_cleans_is_a_violation),
        TEST(a_command_through_closed_registers_is_a_violation),
        TEST(a_process_that_dies_takes_the_card_with_it),
        TEST(injected_results_come_when_they_were_ordered),
        TEST(an_injected_fault_of_a_wait_poisons_the_card),
        TEST(an_injected_timeout_of_a_wait_does_not),
        TEST(a_drain_that_works_proves_nothing),
        TEST(forced_resets_may_fail_or_do_nothing),
    };
#undef TEST
    return cmocka_run_group_tests_name(arch_name, tests, nullptr, nullptr);
}
