// SPDX-License-Identifier: Apache-2.0
// What works: memory, streams, launches on control CPUs and cores, on both archs.
#include "standin_test.hpp"

#include <cstring>

using namespace standin_test;

namespace {

void memory_keeps_what_is_copied_there(void **)
{
    Card card(arch_name);
    std::vector<char> data(3 << 20);
    for (size_t i = 0; i < data.size(); i++)
        data[i] = static_cast<char>(i * 7 + i / 4096);
    void *const one = card.allocate(data.size());
    void *const other = card.allocate(data.size());
    card.upload(one, data.data(), data.size());
    EXPECT_OK(vendor().aclrtMemcpy(other, data.size(), one, data.size(), 3));
    EXPECT_OK(vendor().aclrtMemset(one, data.size(), 0, data.size()));
    std::vector<char> back(data.size());
    card.download(back.data(), other, back.size());
    assert_memory_equal(back.data(), data.data(), data.size());
    card.download(back.data(), one, back.size());
    assert_true(back == std::vector<char>(data.size()));
    card.close();
}

void an_image_that_the_dispatcher_wrote_runs(void **)
{
    Card card(arch_name);
    EXPECT_OK(card.bootstrap());
    card.load_functions();
    ControlBlock block{};
    block.a = 40;
    block.b = 2;
    void *const address = card.allocate(sizeof block);
    card.upload(address, &block, sizeof block);
    EXPECT_OK(card.launch("image_add", address));
    EXPECT_OK(card.wait_control());
    card.download(&block, address, sizeof block);
    assert_int_equal(block.sum, 42);
    card.close();
}

void as_many_blocks_as_user_cpus_meet(void **)
{
    Card card(arch_name);
    EXPECT_OK(card.bootstrap());
    card.load_functions();
    const uint32_t blocks = std::strcmp(arch_name, "a5") == 0 ? 14 : 6;
    ControlBlock block{};
    block.wanted = blocks;
    void *const address = card.allocate(sizeof block);
    card.upload(address, &block, sizeof block);
    EXPECT_OK(card.launch("image_meet", address, blocks));
    EXPECT_OK(card.wait_control());
    card.download(&block, address, sizeof block);
    assert_int_equal(block.arrived, blocks);
    card.close();
}

void control_cpus_drive_all_cores(void **)
{
    Card card(arch_name);
    EXPECT_OK(card.bootstrap());
    card.load_functions();
    card.register_cores();
    const bool is_a5 = std::strcmp(arch_name, "a5") == 0;
    uint32_t clusters = 0;
    EXPECT_OK(vendor().aclrtGetStreamResLimit(card.core_stream, 0, &clusters));
    assert_int_equal(clusters, is_a5 ? 36 : 24);
    const uint32_t cores = 3 * clusters;
    void *const lines = card.allocate(cores * sizeof(CoreLine));
    void *const core_address = card.allocate(sizeof(CoreBlock));
    void *const address = card.allocate(sizeof(ControlBlock));
    for (int round = 0; round < 3; round++) {
        EXPECT_OK(vendor().aclrtMemset(lines, cores * sizeof(CoreLine), 0, cores * sizeof(CoreLine)));
        CoreBlock core_block{};
        core_block.lines = reinterpret_cast<uint64_t>(lines);
        core_block.arch = is_a5 ? 1 : 0;
        core_block.core_count = cores;
        card.upload(core_address, &core_block, sizeof core_block);
        ControlBlock block{};
        block.core_count = cores;
        block.command_offset = is_a5 ? 0xD0 : 0xA0;
        block.condition_offset = is_a5 ? 0x5108 : 0x4C8;
        block.gate_offset = is_a5 ? 0 : 0x18;
        block.lines = reinterpret_cast<uint64_t>(lines);
        block.registers = card.registers();
        block.stride = 1 << 20;
        card.upload(address, &block, sizeof block);
        EXPECT_OK(card.launch_cores(core_address, clusters));
        EXPECT_OK(card.launch("image_drive", address));
        EXPECT_OK(card.wait_control());
        EXPECT_OK(card.wait_cores());
        card.download(&block, address, sizeof block);
        assert_int_equal(block.sum, cores * 41 + cores * (cores - 1) / 2);
    }
    card.close();
}

void other_threads_and_processes_are_gone_after_a_reset(void **)
{
    Card card(arch_name);
    assert_int_equal(standin_count("processes"), 2);
    card.close();
    assert_int_equal(standin_count("streams"), 0);
    assert_int_equal(standin_count("allocations"), 0);
}

} // namespace

int main(int argc, char **argv)
{
    if (!take_arguments(argc, argv))
        return 2;
    const CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_keeps_what_is_copied_there, begin, end),
        cmocka_unit_test_setup_teardown(an_image_that_the_dispatcher_wrote_runs, begin, end),
        cmocka_unit_test_setup_teardown(as_many_blocks_as_user_cpus_meet, begin, end),
        cmocka_unit_test_setup_teardown(control_cpus_drive_all_cores, begin, end),
        cmocka_unit_test_setup_teardown(other_threads_and_processes_are_gone_after_a_reset, begin, end),
    };
    return cmocka_run_group_tests_name(arch_name, tests, nullptr, nullptr);
}
