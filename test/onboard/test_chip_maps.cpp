// SPDX-License-Identifier: Apache-2.0
// Registers of cores and control CPUs, as the driver describes them, with a driver that says what a test wants.
#include "vendor_test.hpp"

#include "engine/arch/a2a3.h"
#include "engine/arch/a5.h"
#include "host/onboard/vendor/control_cpus.h"
#include "host/onboard/vendor/core_registers.h"

namespace {

using namespace pto::vendor;
namespace arch = pto::arch;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kBase = 0x4000000000;
constexpr uint32_t kDriverDevice = 5;

/// What the driver answers.
struct Driver {
    int map_result = 0;
    uint32_t busy = 0; ///< Calls that say so first.
    uint64_t base = kBase;
    uint64_t size_bytes = 25 * 8 * kMiB;
    int64_t cores = 0x1ffffff;
    int64_t control_cpus = 0xfc;
    unsigned window_bytes = 3 * kMiB;
    uint32_t calls = 0;
    uint32_t kinds = 0; ///< Bits of the kinds that were mapped.
};
Driver driver;

bool is_busy()
{
    driver.calls++;
    if (driver.busy == 0)
        return false;
    driver.busy--;
    return true;
}

int map_range(int type, void *in, std::size_t, void *out, std::size_t *)
{
    if (is_busy())
        return kDriverBusy;
    uint32_t request[2];
    std::memcpy(request, in, sizeof request);
    assert_int_equal(type, 0);
    assert_int_equal(request[1], kDriverDevice);
    driver.kinds |= 1u << request[0];
    const uint64_t answer[2] = {driver.base, driver.size_bytes};
    std::memcpy(out, answer, sizeof answer);
    return driver.map_result;
}

int map_window(unsigned device, void *info, unsigned long *address, unsigned *size_bytes)
{
    if (is_busy())
        return kDriverBusy;
    uint32_t id;
    std::memcpy(&id, static_cast<const char *>(info) + 8, sizeof id);
    assert_int_equal(device, kDriverDevice);
    *address = kBase + id * 16 * kMiB;
    *size_bytes = driver.window_bytes;
    return driver.map_result;
}

int device_info(uint32_t device, int32_t module, int32_t info, int64_t *value)
{
    assert_int_equal(device, kDriverDevice);
    assert_int_equal(info, 8);
    *value = module == 4 ? driver.cores : driver.control_cpus;
    return 0;
}

struct Fixture {
    Fixture() : session(0, kDriverDevice, ignore, nullptr)
    {
        driver = {};
        session.f.halMemCtl = map_range;
        session.f.halResMap = map_window;
        session.f.halGetDeviceInfo = device_info;
    }
    static void ignore(void *, int32_t, const char *) {}

    pto_status map(const arch::ArchTraits &traits) { return map_core_registers(session, traits, &table, &failure); }

    Session session;
    std::vector<uint64_t> table;
    pto::host::DeviceFailure failure{};
};

void one_map_is_cut_into_cores(void **)
{
    Fixture fixture;
    assert_int_equal(fixture.map(arch::a2a3::kTraits), PTO_OK);
    assert_int_equal(fixture.table.size(), 75);
    assert_int_equal(driver.kinds, 1u << 2);
    for (uint64_t core = 0; core < 25; core++) {
        assert_true(fixture.table[core] == kBase + core * 8 * kMiB);
        assert_true(fixture.table[25 + 2 * core] == kBase + core * 8 * kMiB + kMiB);
        assert_true(fixture.table[25 + 2 * core + 1] == kBase + core * 8 * kMiB + 2 * kMiB);
    }
}

void cores_that_are_masked_out_have_no_address(void **)
{
    Fixture fixture;
    driver.cores = 0x1ffffff & ~(int64_t{1} << 7);
    assert_int_equal(fixture.map(arch::a2a3::kTraits), PTO_OK);
    for (uint32_t id = 0; id < 75; id++)
        assert_int_equal(fixture.table[id] == 0, id == 7 || id == 25 + 14 || id == 25 + 15);
}

void windows_are_dies_of_18_clusters(void **)
{
    Fixture fixture;
    assert_int_equal(fixture.map(arch::a5::kTraits), PTO_OK);
    assert_int_equal(fixture.table.size(), 108);
    assert_int_equal(driver.calls, 36);
    for (uint64_t cluster = 0; cluster < 36; cluster++) {
        const uint64_t window = kBase + cluster * 16 * kMiB;
        const uint64_t die = 54 * (cluster / 18);
        assert_true(fixture.table[die + cluster % 18] == window);
        for (uint64_t sub = 1; sub <= 2; sub++)
            assert_true(fixture.table[die + 18 + 2 * (cluster % 18) + sub - 1] == window + sub * kMiB);
    }
}

void a_busy_driver_is_asked_again_three_times(void **)
{
    Fixture fixture;
    driver.busy = 3;
    assert_int_equal(fixture.map(arch::a2a3::kTraits), PTO_OK);
    assert_int_equal(driver.calls, 4);
    driver.busy = 4;
    assert_int_equal(fixture.map(arch::a2a3::kTraits), PTO_ERROR_DRIVER);
    assert_int_equal(fixture.failure.raw, 13);
    assert_non_null(std::strstr(fixture.failure.message, "halMemCtl: 13, busy"));
}

void a_refusal_is_no_table(void **)
{
    Fixture fixture;
    driver.map_result = 62;
    assert_int_equal(fixture.map(arch::a2a3::kTraits), PTO_ERROR_DRIVER);
    assert_int_equal(fixture.failure.raw, 62);
    assert_int_equal(fixture.map(arch::a5::kTraits), PTO_ERROR_DRIVER);
    for (const uint64_t address : fixture.table)
        assert_true(address == 0);
}

void answers_that_cannot_be_right_are_refused(void **)
{
    struct Case {
        void (*damage)();
        const char *message;
    };
    const Case cases[] = {
        {[] { driver.base = 0; }, "no address"},
        {[] { driver.size_bytes--; }, "too few bytes"},
        {[] { driver.cores = 0; }, "cannot be right"},
        {[] { driver.cores = int64_t{1} << 25; }, "cannot be right"},
    };
    for (const Case &one : cases) {
        Fixture fixture;
        one.damage();
        assert_int_equal(fixture.map(arch::a2a3::kTraits), PTO_ERROR_DRIVER);
        assert_non_null(std::strstr(fixture.failure.message, one.message));
    }
    Fixture fixture;
    driver.window_bytes--;
    assert_int_equal(fixture.map(arch::a5::kTraits), PTO_ERROR_DRIVER);
    assert_non_null(std::strstr(fixture.failure.message, "too few bytes"));
}

void monitors_are_mapped_as_their_own_kind(void **)
{
    Fixture fixture;
    assert_true(map_monitor_registers(fixture.session, arch::a2a3::kTraits, &fixture.failure));
    assert_int_equal(driver.kinds, 1u << 3);
    driver.map_result = 3;
    assert_false(map_monitor_registers(fixture.session, arch::a2a3::kTraits, &fixture.failure));
    assert_int_equal(fixture.failure.raw, 3);
}

void four_control_cpus_of_one_cluster_are_chosen(void **)
{
    const ControlCpus cpus = choose_control_cpus(arch::a2a3::kTraits, 0xfc);
    assert_int_equal(cpus.block_count, 6);
    assert_int_equal(cpus.thread_count, 4);
    for (int32_t i = 0; i < 4; i++)
        assert_int_equal(cpus.allowed[i], 4 + i);
    assert_int_equal(cpus.allowed[4], -1);
}

void fewer_control_cpus_are_all_used(void **)
{
    const ControlCpus cpus = choose_control_cpus(arch::a2a3::kTraits, 0x34);
    assert_int_equal(cpus.block_count, 3);
    assert_int_equal(cpus.thread_count, 3);
    const int32_t expected[] = {2, 4, 5};
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(cpus.allowed[i], expected[i]);
}

void unknown_control_cpus_get_as_many_threads_as_take_part(void **)
{
    const ControlCpus cpus = choose_control_cpus(arch::a5::kTraits, 0);
    assert_int_equal(cpus.block_count, 5);
    assert_int_equal(cpus.thread_count, 5);
    assert_int_equal(cpus.allowed[0], -1);
}

void no_launch_has_more_threads_than_the_vendor_starts(void **)
{
    assert_int_equal(choose_control_cpus(arch::a5::kTraits, 0xffffffff).block_count, 14);
    assert_int_equal(choose_control_cpus(arch::a5::kTraits, 0x3ff0).thread_count, 5);
}

void a_mask_of_control_cpus_that_cannot_be_right_is_refused(void **)
{
    Fixture fixture;
    uint64_t mask = 0;
    assert_int_equal(control_cpu_mask(fixture.session, &mask, &fixture.failure), PTO_OK);
    assert_int_equal(mask, 0xfc);
    driver.control_cpus = 0;
    assert_int_equal(control_cpu_mask(fixture.session, &mask, &fixture.failure), PTO_ERROR_DRIVER);
    driver.control_cpus = int64_t{1} << 40;
    assert_int_equal(control_cpu_mask(fixture.session, &mask, &fixture.failure), PTO_ERROR_DRIVER);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(one_map_is_cut_into_cores),
        cmocka_unit_test(cores_that_are_masked_out_have_no_address),
        cmocka_unit_test(windows_are_dies_of_18_clusters),
        cmocka_unit_test(a_busy_driver_is_asked_again_three_times),
        cmocka_unit_test(a_refusal_is_no_table),
        cmocka_unit_test(answers_that_cannot_be_right_are_refused),
        cmocka_unit_test(monitors_are_mapped_as_their_own_kind),
        cmocka_unit_test(four_control_cpus_of_one_cluster_are_chosen),
        cmocka_unit_test(fewer_control_cpus_are_all_used),
        cmocka_unit_test(unknown_control_cpus_get_as_many_threads_as_take_part),
        cmocka_unit_test(no_launch_has_more_threads_than_the_vendor_starts),
        cmocka_unit_test(a_mask_of_control_cpus_that_cannot_be_right_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
