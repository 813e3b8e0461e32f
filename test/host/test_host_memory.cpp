// SPDX-License-Identifier: Apache-2.0
// Device memory: what the functions for it refuse, and that a refusal changes nothing.
#include "host_test.hpp"

#include <algorithm>

using namespace pto::test;

namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

pto_open_options small_memory()
{
    pto_open_options options = TestChip::default_options();
    options.cluster_count = 1;
    options.device_memory_bytes = 64 * kMiB;
    options.heap_bytes = kMiB;
    options.max_tasks = 64;
    return options;
}

uint64_t allocate(const TestChip &chip, std::size_t size)
{
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), size, &address));
    assert_int_not_equal(address, 0);
    assert_int_equal(address % 1024, 0);
    return address;
}

void *as_pointer(uint64_t address)
{
    return reinterpret_cast<void *>(address);
}

void bytes_come_back_as_they_went(void **)
{
    const TestChip chip;
    std::vector<unsigned char> sent(100'001);
    for (std::size_t i = 0; i < sent.size(); i++)
        sent[i] = static_cast<unsigned char>(i * 7);
    const uint64_t address = allocate(chip, sent.size());
    EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), address, sent.data(), sent.size()));
    std::vector<unsigned char> back(sent.size());
    EXPECT_STATUS(PTO_OK, pto_copy_from_device(chip.get(), back.data(), address, back.size()));
    assert_true(sent == back);
    EXPECT_STATUS(PTO_OK, pto_copy_from_device(chip.get(), back.data(), address + 500, 1));
    assert_int_equal(back[0], sent[500]);
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), address));
    assert_int_equal(stats_of(chip.get()).device_bytes, 0);
}

void device_bytes_counts_what_is_allocated(void **)
{
    const TestChip chip;
    const uint64_t first = allocate(chip, 1);
    const uint64_t second = allocate(chip, 5000);
    assert_int_equal(stats_of(chip.get()).device_bytes, 5001);
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), first));
    assert_int_equal(stats_of(chip.get()).device_bytes, 5000);
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), second));
    assert_int_equal(stats_of(chip.get()).device_bytes, 0);
}

void sizes_that_do_not_fit_are_refused(void **)
{
    const TestChip chip(small_memory());
    const uint64_t largest = largest_allocation(chip.get());
    uint64_t address = 77;
    EXPECT_REFUSED(chip.get(), PTO_ERROR_INVALID_ARGUMENT, "size_bytes is 0", pto_malloc(chip.get(), 0, &address));
    assert_int_equal(address, 0);
    for (const uint64_t size : {largest + 1025, 65 * kMiB, uint64_t{1} << 42, (uint64_t{1} << 42) + 1024,
                                uint64_t{1} << 63, UINT64_MAX - 1023, UINT64_MAX}) {
        address = 77;
        EXPECT_REFUSED(chip.get(), PTO_ERROR_OUT_OF_DEVICE_MEMORY, std::to_string(size).c_str(),
                       pto_malloc(chip.get(), size, &address));
        assert_int_equal(address, 0);
    }
    EXPECT_REFUSED(chip.get(), PTO_ERROR_INVALID_ARGUMENT, "out_device_address", pto_malloc(chip.get(), 64, nullptr));
    assert_int_equal(largest_allocation(chip.get()), largest);
    expect_usable(chip.get());
}

void memory_that_is_used_up_can_be_used_again(void **)
{
    const TestChip chip(small_memory());
    const uint64_t largest = largest_allocation(chip.get());
    std::vector<uint64_t> blocks;
    uint64_t address = 0;
    while (pto_malloc(chip.get(), kMiB, &address) == PTO_OK)
        blocks.push_back(address);
    assert_true(blocks.size() > 30);
    EXPECT_MESSAGE("1048576 bytes");
    for (const uint64_t block : blocks)
        EXPECT_STATUS(PTO_OK, pto_free(chip.get(), block));
    assert_int_equal(largest_allocation(chip.get()), largest);
    expect_usable(chip.get());
}

/// Blocks of the least size: there is memory for millions, so what ends them is a limit of its own and has a name.
void a_limit_on_the_number_of_blocks_is_named(void **)
{
    const TestChip chip;
    std::vector<uint64_t> blocks;
    uint64_t address = 0;
    while (blocks.size() < 200'000 && pto_malloc(chip.get(), 1, &address) == PTO_OK)
        blocks.push_back(address);
    if (blocks.size() < 200'000) {
        EXPECT_STATUS(PTO_ERROR_OUT_OF_DEVICE_MEMORY, pto_last_error()->status);
        EXPECT_MESSAGE("allocations");
    }
    for (const uint64_t block : blocks)
        EXPECT_STATUS(PTO_OK, pto_free(chip.get(), block));
    assert_int_equal(stats_of(chip.get()).device_bytes, 0);
    expect_usable(chip.get());
}

void only_addresses_that_malloc_gave_can_be_freed_and_only_once(void **)
{
    const TestChip chip;
    const uint64_t kept = allocate(chip, 3000);
    const uint64_t freed = allocate(chip, 3000);
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), freed));
    char on_stack = 0;
    const uint64_t wrong[] = {freed,
                              kept + 1,
                              kept + 1024,
                              kept - 1024,
                              1,
                              1024,
                              UINT64_MAX,
                              uint64_t{1} << 63,
                              reinterpret_cast<uint64_t>(&on_stack)};
    for (const uint64_t address : wrong)
        EXPECT_REFUSED(chip.get(), PTO_ERROR_NOT_DEVICE_MEMORY, "is not the address of a live allocation",
                       pto_free(chip.get(), address));
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), 0));
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), kept));
    expect_usable(chip.get());
}

struct Range {
    uint64_t address;
    std::size_t size;
};

/// Ranges that are not inside the one live allocation of 4000 bytes at `live`; `freed` is one that is not live.
std::vector<Range> wrong_ranges(uint64_t live, uint64_t freed)
{
    static char host_memory[4096];
    return {{live, 4001},
            {live, 4097},
            {live + 3999, 2},
            {live + 4000, 1},
            {live - 1, 2},
            {live - 1, 1},
            {live + 1, UINT64_MAX},
            {live + 1024, UINT64_MAX - 1023},
            {live, UINT64_MAX},
            {live, UINT64_MAX - live + 1},
            {freed, 1},
            {0, 1},
            {1, 1},
            {UINT64_MAX, 1},
            {UINT64_MAX, UINT64_MAX},
            {reinterpret_cast<uint64_t>(host_memory), 16}};
}

void copies_outside_a_live_allocation_are_refused(void **)
{
    const TestChip chip;
    const uint64_t live = allocate(chip, 4000);
    const uint64_t freed = allocate(chip, 4000);
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), freed));
    std::vector<char> bytes(8192, 'x');
    for (const Range &range : wrong_ranges(live, freed)) {
        EXPECT_REFUSED(chip.get(), PTO_ERROR_NOT_DEVICE_MEMORY,
                       "destination: ", pto_copy_to_device(chip.get(), range.address, bytes.data(), range.size));
        EXPECT_REFUSED(chip.get(), PTO_ERROR_NOT_DEVICE_MEMORY,
                       "source: ", pto_copy_from_device(chip.get(), bytes.data(), range.address, range.size));
    }
    assert_true(std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 'x'; }));
    EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), live, bytes.data(), 4000));
    expect_usable(chip.get());
}

void a_copy_that_crosses_from_one_allocation_to_the_next_is_refused(void **)
{
    const TestChip chip;
    uint64_t first = allocate(chip, 1024);
    uint64_t second = allocate(chip, 1024);
    if (first > second)
        std::swap(first, second);
    assert_int_equal(second - first, 1024);
    char bytes[2048] = {};
    EXPECT_REFUSED(chip.get(), PTO_ERROR_NOT_DEVICE_MEMORY, "2048 bytes",
                   pto_copy_to_device(chip.get(), first, bytes, 2048));
    EXPECT_REFUSED(chip.get(), PTO_ERROR_NOT_DEVICE_MEMORY, "2 bytes",
                   pto_copy_from_device(chip.get(), bytes, first + 1023, 2));
    EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), first, bytes, 1024));
    EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), second, bytes, 1024));
}

void copies_need_host_memory_on_the_other_side(void **)
{
    const TestChip chip;
    const uint64_t live = allocate(chip, 4096);
    EXPECT_REFUSED(chip.get(), PTO_ERROR_INVALID_ARGUMENT, "source is NULL",
                   pto_copy_to_device(chip.get(), live, nullptr, 16));
    EXPECT_REFUSED(chip.get(), PTO_ERROR_INVALID_ARGUMENT, "destination is NULL",
                   pto_copy_from_device(chip.get(), nullptr, live, 16));
    expect_usable(chip.get());
}

void a_device_address_is_no_host_memory_for_copies(void **)
{
    const TestChip chip;
    const uint64_t live = allocate(chip, 4096);
    EXPECT_REFUSED(chip.get(), PTO_ERROR_NOT_DEVICE_MEMORY, "source",
                   pto_copy_to_device(chip.get(), live, as_pointer(live + 1024), 16));
    EXPECT_REFUSED(chip.get(), PTO_ERROR_NOT_DEVICE_MEMORY, "destination",
                   pto_copy_from_device(chip.get(), as_pointer(live + 1024), live, 16));
    expect_usable(chip.get());
}

void a_copy_of_nothing_does_nothing(void **)
{
    const TestChip chip;
    const uint64_t live = allocate(chip, 16);
    EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), live, nullptr, 0));
    EXPECT_STATUS(PTO_OK, pto_copy_from_device(chip.get(), nullptr, live, 0));
}

void an_address_of_one_context_means_nothing_to_another(void **)
{
    const TestChip owner;
    const TestChip other;
    const uint64_t address = allocate(owner, 4096);
    char bytes[16] = {};
    EXPECT_REFUSED(other.get(), PTO_ERROR_NOT_DEVICE_MEMORY, "destination",
                   pto_copy_to_device(other.get(), address, bytes, sizeof bytes));
    EXPECT_REFUSED(other.get(), PTO_ERROR_NOT_DEVICE_MEMORY, "source",
                   pto_copy_from_device(other.get(), bytes, address, sizeof bytes));
    EXPECT_REFUSED(other.get(), PTO_ERROR_NOT_DEVICE_MEMORY, "live allocation", pto_free(other.get(), address));
    EXPECT_STATUS(PTO_OK, pto_free(owner.get(), address));
}

void get_stats_needs_a_struct_of_the_right_size(void **)
{
    const TestChip chip;
    EXPECT_REFUSED(chip.get(), PTO_ERROR_INVALID_ARGUMENT, "out_stats is NULL", pto_get_stats(chip.get(), nullptr));
    constexpr auto right = static_cast<uint32_t>(sizeof(pto_stats));
    for (const uint32_t size : {0u, 4u, right - 1, right + 1, UINT32_MAX}) {
        pto_stats stats = PTO_STATS_INIT;
        stats.struct_size = size;
        stats.prepares = 4711;
        EXPECT_REFUSED(chip.get(), PTO_ERROR_INVALID_ARGUMENT, "pto_stats.struct_size",
                       pto_get_stats(chip.get(), &stats));
        assert_int_equal(stats.prepares, 4711);
    }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_back_as_they_went),
        cmocka_unit_test(device_bytes_counts_what_is_allocated),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
        cmocka_unit_test(memory_that_is_used_up_can_be_used_again),
        cmocka_unit_test(a_limit_on_the_number_of_blocks_is_named),
        cmocka_unit_test(only_addresses_that_malloc_gave_can_be_freed_and_only_once),
        cmocka_unit_test(copies_outside_a_live_allocation_are_refused),
        cmocka_unit_test(a_copy_that_crosses_from_one_allocation_to_the_next_is_refused),
        cmocka_unit_test(copies_need_host_memory_on_the_other_side),
        cmocka_unit_test(a_device_address_is_no_host_memory_for_copies),
        cmocka_unit_test(a_copy_of_nothing_does_nothing),
        cmocka_unit_test(an_address_of_one_context_means_nothing_to_another),
        cmocka_unit_test(get_stats_needs_a_struct_of_the_right_size),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
