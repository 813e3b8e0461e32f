// SPDX-License-Identifier: Apache-2.0
// Ten thousand whole lives in one process: whatever a life takes it gives back.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include "contracts.hpp"

namespace {

using namespace pto::test;
namespace fs = std::filesystem;

/// What a process holds.
struct Holdings {
    long descriptors;
    long mappings;
    long threads;
    unsigned long long objects;
    uint64_t resident_bytes;
};

long count_entries(const char *folder)
{
    return static_cast<long>(std::distance(fs::directory_iterator(folder), {}));
}

Holdings holdings()
{
    std::ifstream maps("/proc/self/maps");
    const long lines = static_cast<long>(std::count(std::istreambuf_iterator<char>(maps), {}, '\n'));
    std::ifstream statm("/proc/self/statm");
    uint64_t total = 0;
    uint64_t resident = 0;
    statm >> total >> resident;
    return {count_entries("/proc/self/fd"), lines, count_entries("/proc/self/task"), objects_loaded(),
            resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE))};
}

/// Opens, prepares two callables, runs both, releases one of them and closes. The other one is left to the close.
void live()
{
    pto_open_options options = TestChip::default_options();
    options.helper_threads = 1;
    options.cluster_count = 4;
    options.max_tasks = 1024;
    TestChip chip(options);
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    chip.prepare(0, add);
    chip.prepare(63, subtract);
    assert_true(both_run(chip.get(), 0, 63));
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
}

void ten_thousand_lives_leave_the_process_as_it_was(void **)
{
    constexpr int kLives = kSanitized ? 500 : 10'000;
    if (kSanitized)
        print_message("# a sanitizer is in this program: %d lives instead of 10000, memory is not judged\n", kLives);
    for (int i = 0; i < kLives / 10; i++)
        live();
    const Holdings before = holdings();
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kLives; i++)
        live();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const Holdings after = holdings();
    print_message("# %d lives in %.1f s, resident %llu -> %llu KiB, %ld -> %ld mappings\n", kLives, took.count(),
                  static_cast<unsigned long long>(before.resident_bytes / 1024),
                  static_cast<unsigned long long>(after.resident_bytes / 1024), before.mappings, after.mappings);
    assert_int_equal(after.descriptors, before.descriptors);
    assert_int_equal(after.threads, before.threads);
    assert_int_equal(after.objects, before.objects);
    if (kSanitized)
        return;
    // A hundred bytes or a mapping per hundred lives would be seen; what the C library keeps would not.
    assert_true(after.resident_bytes <= before.resident_bytes + 1024 * 1024);
    assert_true(after.mappings <= before.mappings + 16);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_lives_leave_the_process_as_it_was),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
