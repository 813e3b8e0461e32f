// SPDX-License-Identifier: Apache-2.0
// What is left: of contexts that were opened and closed, of images on the file system, of activity while nothing runs.
#include "host_test.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pto::test;
namespace fs = std::filesystem;

namespace {

// ---- descriptors and memory

std::size_t count_descriptors()
{
    return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), {}));
}

std::size_t count_threads()
{
    return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/task"), {}));
}

uint64_t resident_bytes()
{
    std::ifstream file("/proc/self/statm");
    uint64_t total = 0;
    uint64_t resident = 0;
    file >> total >> resident;
    return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t count_mappings()
{
    std::ifstream file("/proc/self/maps");
    return static_cast<uint64_t>(std::count(std::istreambuf_iterator<char>(file), {}, '\n'));
}

pto_open_options one_helper()
{
    pto_open_options options = TestChip::default_options();
    options.helper_threads = 1;
    return options;
}

/// Repeats `cycle` and expects that after a tenth of it the process no longer grows.
void expect_flat(int cycles, void (*cycle)())
{
    for (int i = 0; i < cycles / 10; i++)
        cycle();
    const std::size_t descriptors = count_descriptors();
    const std::size_t threads = count_threads();
    const uint64_t mappings = count_mappings();
    const uint64_t resident = resident_bytes();
    for (int i = 0; i < cycles; i++)
        cycle();
    assert_int_equal(count_descriptors(), descriptors);
    // An open context may have started its helper only now.
    assert_true(count_threads() <= threads + 1);
    if (kSanitized)
        return;
    // A hundred bytes per cycle would be seen; a page or two that the C library keeps would not.
    const uint64_t slack = 256 * 1024 + 100 * static_cast<uint64_t>(cycles);
    const uint64_t now = resident_bytes();
    if (now > resident + slack)
        fail_msg("resident memory has grown by %llu bytes", static_cast<unsigned long long>(now - resident));
    if (count_mappings() > mappings + 8)
        fail_msg("there were %llu mappings, now %llu", static_cast<unsigned long long>(mappings),
                 static_cast<unsigned long long>(count_mappings()));
}

void opening_and_closing_leaves_nothing(void **)
{
    expect_flat(kSanitized ? 200 : 10'000, [] { const TestChip chip(one_helper()); });
}

void whole_lives_of_callables_leave_nothing(void **)
{
    expect_flat(kSanitized ? 50 : 1000, [] {
        const TestChip chip(one_helper());
        EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 1, combine_callable("host_kernel_subtract").get()));
        assert_true(combines(chip.get(), 1, -1));
        expect_usable(chip.get(), 0);
        // Callable 1 is left to pto_close.
    });
}

void preparing_and_releasing_on_one_context_leaves_nothing(void **)
{
    static const TestChip *shared = nullptr;
    const TestChip chip(one_helper());
    shared = &chip;
    expect_flat(kSanitized ? 50 : 1000, [] { expect_usable(shared->get(), 0); });
    shared = nullptr;
}

void runs_leave_nothing(void **)
{
    static TestChip *shared = nullptr;
    TestChip chip(one_helper());
    shared = &chip;
    auto callable = combine_callable();
    chip.prepare(0, callable);
    expect_flat(kSanitized ? 500 : 20'000, [] { assert_true(combines(shared->get(), 0)); });
    shared = nullptr;
}

void failed_prepares_leave_nothing(void **)
{
    static const TestChip *shared = nullptr;
    const TestChip chip(one_helper());
    shared = &chip;
    expect_flat(kSanitized ? 50 : 1000, [] {
        for (const char *kernel : {"host_kernel_none", "host_kernel_unresolved", "host_program_movable"})
            assert_int_not_equal(pto_prepare(shared->get(), 0, combine_callable(kernel).get()), PTO_OK);
    });
    expect_usable(chip.get());
    shared = nullptr;
}

// ---- files

/// Paths of the files in the folders for temporary and for shared files that hold one of the images of these tests.
std::set<std::string> copies_of_images()
{
    std::set<std::string> found;
    for (const char *folder : {"/tmp", "/var/tmp", "/dev/shm"}) {
        std::error_code ignored;
        for (const fs::directory_entry &entry : fs::directory_iterator(folder, ignored)) {
            const uint64_t size = entry.is_regular_file(ignored) ? entry.file_size(ignored) : 0;
            for (const char *module : {"host_orch", "host_kernel_add"}) {
                const std::vector<char> &image = module_bytes(module);
                if (size != image.size())
                    continue;
                std::ifstream file(entry.path(), std::ios::binary);
                const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
                if (bytes == image)
                    found.insert(entry.path());
            }
        }
    }
    return found;
}

/// Paths that this process has mapped.
std::set<std::string> mapped_files()
{
    std::set<std::string> paths;
    std::ifstream file("/proc/self/maps");
    for (std::string line; std::getline(file, line);) {
        const std::size_t path = line.find('/');
        if (path != std::string::npos)
            paths.insert(line.substr(path));
    }
    return paths;
}

void a_prepared_callable_has_no_name_on_disk(void **)
{
    const std::set<std::string> copies = copies_of_images();
    TestChip chip;
    const std::set<std::string> before = mapped_files();
    auto callable = combine_callable();
    chip.prepare(0, callable);
    assert_true(combines(chip.get(), 0));
    uint32_t images = 0;
    for (const std::string &path : mapped_files()) {
        if (before.count(path) != 0)
            continue;
        if (path.rfind("/memfd:", 0) != 0)
            fail_msg("%s is mapped", path.c_str());
        images++;
    }
    assert_true(images > 0);
    assert_true(copies_of_images() == copies);
}

/// Runs `end` in a child process that has a prepared callable, and expects that the process leaves no file behind.
void expect_no_files_after(void (*end)())
{
    const std::set<std::string> copies = copies_of_images();
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        pto_open_options options = TestChip::default_options();
        pto_context *context = nullptr;
        if (pto_open(&options, &context) != PTO_OK || pto_prepare(context, 0, combine_callable().get()) != PTO_OK ||
            !combines(context, 0))
            _exit(99);
        end();
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 99);
    assert_true(copies_of_images() == copies);
}

void a_process_that_ends_early_leaves_no_file(void **)
{
    expect_no_files_after([] { _exit(0); });
    expect_no_files_after([] { std::raise(SIGKILL); });
}

// ---- several contexts

void expect_side_by_side(uint32_t first_index, uint32_t second_index)
{
    pto_open_options options = TestChip::default_options();
    options.device_index = first_index;
    TestChip first(options);
    options.device_index = second_index;
    TestChip second(options);
    auto add = combine_callable();
    auto subtract = combine_callable("host_kernel_subtract");
    first.prepare(0, add);
    second.prepare(0, subtract);
    for (int i = 0; i < 10; i++) {
        assert_true(combines(first.get(), 0));
        assert_true(combines(second.get(), 0, -1));
    }
    assert_int_equal(stats_of(first.get()).runs, 10);
    assert_int_equal(stats_of(first.get()).prepared_callables, 1);
    EXPECT_STATUS(PTO_OK, pto_release(first.get(), 0));
    assert_true(combines(second.get(), 0, -1));
    EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(first.get(), 0));
}

void contexts_of_different_devices_are_independent(void **)
{
    expect_side_by_side(0, 1);
    expect_side_by_side(63, 0);
}

void contexts_of_the_same_device_are_independent(void **)
{
    expect_side_by_side(0, 0);
    expect_side_by_side(5, 5);
}

void closing_one_context_leaves_the_other_alone(void **)
{
    TestChip kept;
    auto callable = combine_callable();
    kept.prepare(0, callable);
    {
        TestChip other;
        other.prepare(0, callable);
        assert_true(combines(other.get(), 0));
    }
    assert_true(combines(kept.get(), 0));
}

// ---- idleness

struct Activity {
    uint64_t processor_us;
    uint64_t awakenings;
};

Activity activity()
{
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const auto microseconds = [](const timeval &time) {
        return static_cast<uint64_t>(time.tv_sec) * 1'000'000 + static_cast<uint64_t>(time.tv_usec);
    };
    return {microseconds(usage.ru_utime) + microseconds(usage.ru_stime), static_cast<uint64_t>(usage.ru_nvcsw)};
}

void a_context_that_does_nothing_costs_nothing(void **)
{
    pto_open_options options = TestChip::default_options();
    options.helper_threads = 4;
    std::vector<std::unique_ptr<TestChip>> chips;
    auto callable = combine_callable();
    for (int i = 0; i < 4; i++) {
        chips.push_back(std::make_unique<TestChip>(options));
        chips.back()->prepare(0, callable);
        for (int run = 0; run < 20; run++)
            assert_true(combines(chips.back()->get(), 0));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const Activity before = activity();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const Activity after = activity();
    const auto spent = static_cast<unsigned long long>(after.processor_us - before.processor_us);
    const auto awakenings = static_cast<unsigned long long>(after.awakenings - before.awakenings);
    if (spent > 20'000 || awakenings > 100)
        fail_msg("four idle contexts took %llu us and %llu awakenings in 300 ms", spent, awakenings);
    assert_true(combines(chips[0]->get(), 0)); // and awakes
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_process_that_ends_early_leaves_no_file),
        cmocka_unit_test(a_prepared_callable_has_no_name_on_disk),
        cmocka_unit_test(opening_and_closing_leaves_nothing),
        cmocka_unit_test(whole_lives_of_callables_leave_nothing),
        cmocka_unit_test(preparing_and_releasing_on_one_context_leaves_nothing),
        cmocka_unit_test(runs_leave_nothing),
        cmocka_unit_test(failed_prepares_leave_nothing),
        cmocka_unit_test(contexts_of_different_devices_are_independent),
        cmocka_unit_test(contexts_of_the_same_device_are_independent),
        cmocka_unit_test(closing_one_context_leaves_the_other_alone),
        cmocka_unit_test(a_context_that_does_nothing_costs_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
