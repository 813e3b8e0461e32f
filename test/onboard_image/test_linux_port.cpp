// SPDX-License-Identifier: Apache-2.0
// The executor's port on control CPUs with Linux: registers, lines of text, memory for orchestrations.
#include "aicpu/linux/linux_port.h"

#include "onboard_test.hpp"

#include <memory>

namespace {

using namespace pto;
using aicpu::LinuxPort;

constexpr uint32_t kCores = 3;

/// A port with registers of three cores, of which the second is not there.
struct Fixture {
    uint32_t windows[kCores][0x1600] = {};
    uint64_t table[kCores] = {reinterpret_cast<uint64_t>(windows[0]), 0, reinterpret_cast<uint64_t>(windows[2])};
    wire::LogArea area{};
    wire::SetupBlock setup = make_setup();
    std::string lost;
    LinuxPort port{setup, {this, note_lost}};
    pto_firmware_port hooks = port.hooks();

    Fixture() { port.speak_to(&area); }

    wire::SetupBlock make_setup() const
    {
        wire::SetupBlock block{};
        block.registers = reinterpret_cast<uint64_t>(table);
        block.physical_core_count = kCores;
        return block;
    }
    static void note_lost(void *self, const char *message) { static_cast<Fixture *>(self)->lost = message; }
};

void all_hooks_are_there(void **)
{
    const auto fixture = std::make_unique<Fixture>();
    const pto_firmware_port &hooks = fixture->hooks;
    assert_int_equal(hooks.struct_size, sizeof hooks);
    assert_true(fixture->port.has_loader());
    assert_non_null(hooks.now);
    assert_non_null(hooks.notify);
    assert_non_null(hooks.loader.load);
    const uint64_t begin = hooks.now(hooks.self);
    hooks.relax(hooks.self, 31, 0);
    assert_true(hooks.now(hooks.self) >= begin);
    hooks.panic(hooks.self, "it is lost");
    assert_string_equal(fixture->lost.c_str(), "it is lost");
}

void registers_are_where_the_host_s_table_says(void **)
{
    const auto fixture = std::make_unique<Fixture>();
    const pto_firmware_port &hooks = fixture->hooks;
    const auto [command, condition, fast_path] = kArch.registers;
    hooks.write_register(hooks.self, 2, command, 77);
    assert_int_equal(fixture->windows[2][command / 4], 77);
    fixture->windows[0][condition / 4] = 0x80000001;
    assert_int_equal(hooks.read_register(hooks.self, 0, condition), 0x80000001);
    assert_int_equal(hooks.read_register(hooks.self, 2, condition), 0);
    assert_int_equal(fixture->area.count, 0);
}

void a_core_without_registers_reads_as_0_and_is_named_once(void **)
{
    const auto fixture = std::make_unique<Fixture>();
    const pto_firmware_port &hooks = fixture->hooks;
    for (const uint32_t core : {1u, kCores, 4'000'000'000u}) {
        assert_int_equal(hooks.read_register(hooks.self, core, 0), 0);
        hooks.write_register(hooks.self, core, 0, 5);
    }
    assert_int_equal(fixture->area.count, 1);
    assert_int_equal(fixture->area.lines[0].level, PTO_LOG_ERROR);
    test::expect_text(fixture->area.lines[0].text, "physical id is 1,");
}

void lines_that_find_no_room_are_counted(void **)
{
    constexpr uint32_t kThreads = 4, kEach = 50;
    const auto fixture = std::make_unique<Fixture>();
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < kThreads; i++)
        threads.emplace_back([&fixture, i] {
            for (uint32_t line = 0; line < kEach; line++)
                fixture->port.log(PTO_LOG_INFO, std::to_string(1000 + i * kEach + line).c_str());
        });
    for (std::thread &thread : threads)
        thread.join();
    assert_int_equal(fixture->area.count, kThreads * kEach);
    std::vector<uint32_t> seen(kThreads * kEach);
    for (const wire::LogLine &line : fixture->area.lines) {
        assert_int_equal(line.level, PTO_LOG_INFO);
        assert_int_equal(seen.at(static_cast<std::size_t>(std::atoi(line.text)) - 1000)++, 0);
    }
}

void a_line_that_is_too_long_is_cut(void **)
{
    const auto fixture = std::make_unique<Fixture>();
    const std::string text(1000, 'x');
    fixture->port.log(PTO_LOG_WARN, text.c_str());
    fixture->port.log(PTO_LOG_WARN, "short");
    const std::size_t room = sizeof fixture->area.lines[0].text - 1;
    assert_int_equal(std::strlen(fixture->area.lines[0].text), room);
    assert_string_equal(fixture->area.lines[1].text, "short");
}

void lines_between_commands_go_nowhere(void **)
{
    const auto fixture = std::make_unique<Fixture>();
    fixture->port.speak_to(nullptr);
    fixture->port.log(PTO_LOG_WARN, "unheard");
    assert_int_equal(fixture->area.count, 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(all_hooks_are_there),
        cmocka_unit_test(registers_are_where_the_host_s_table_says),
        cmocka_unit_test(a_core_without_registers_reads_as_0_and_is_named_once),
        cmocka_unit_test(lines_that_find_no_room_are_counted),
        cmocka_unit_test(a_line_that_is_too_long_is_cut),
        cmocka_unit_test(lines_between_commands_go_nowhere),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
