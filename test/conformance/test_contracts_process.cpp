// SPDX-License-Identifier: Apache-2.0
// Processes: they do not disturb each other, however they end nothing is left of them, and their environment means
// nothing. Cases that fork come first, while there are no threads.
#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "contracts.hpp"

namespace {

using namespace pto::test;
namespace fs = std::filesystem;

// ---- children

/// What parent and children share.
struct Shared {
    std::atomic<int32_t> arrived;
    std::atomic<int32_t> started;
    std::atomic<int32_t> gate;
};
static_assert(sizeof(std::atomic<int32_t>) == sizeof(int32_t));

class SharedPage {
public:
    SharedPage()
        : page_(mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
          shared_(new (page_) Shared{})
    {
    }
    ~SharedPage() { munmap(page_, sizeof(Shared)); }
    SharedPage(const SharedPage &) = delete;
    SharedPage &operator=(const SharedPage &) = delete;
    Shared *operator->() const { return shared_; }

private:
    void *page_;
    Shared *shared_;
};

/// A child process that runs `body` and ends with the status that it returns. No test may fail in a child: it would go
/// on with the parent's cases.
pid_t start_child(const std::function<int()> &body)
{
    const pid_t child = fork();
    if (child == 0)
        _exit(body());
    assert_true(child > 0);
    return child;
}

void expect_exit(pid_t child, int code)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
        fail_msg("a child ended with wait status 0x%x, expected exit %d", static_cast<unsigned>(status), code);
}

pto_context *open_device(uint32_t index)
{
    pto_open_options options = TestChip::default_options();
    options.device_index = index;
    options.helper_threads = 1;
    pto_context *context = nullptr;
    return pto_open(&options, &context) == PTO_OK ? context : nullptr;
}

// ---- the same ids in several processes and on several devices

/// Prepares, runs, releases and prepares the other way round, under the same ids on two devices; in step with the other
/// processes. Returns the number of the first step that went wrong, or 0.
int use_same_ids(Shared *shared, int processes, int swapped)
{
    pto_context *devices[] = {open_device(0), open_device(1)};
    CallableBuilder callables[] = {sum(), difference()};
    for (int round = 0; round < 6; round++) {
        shared->arrived++;
        for (int tries = 0; shared->arrived < processes * (round + 1); tries++) {
            usleep(100);
            if (tries == 200'000)
                return 4;
        }
        for (int device = 0; device < 2; device++)
            for (int32_t id = 0; id < 4; id++)
                if (pto_prepare(devices[device], id, callables[(device + id + swapped + round) % 2].get()) != PTO_OK)
                    return 1;
        for (int run = 0; run < 5; run++)
            for (int device = 0; device < 2; device++)
                for (int32_t id = 0; id < 4; id++)
                    if (run_binary(devices[device], id, 2, 3) != ((device + id + swapped + round) % 2 == 0 ? 5 : -1))
                        return 2;
        for (pto_context *device : devices)
            for (int32_t id = 0; id < 4; id++)
                if (pto_release(device, id) != PTO_OK)
                    return 3;
    }
    for (pto_context *device : devices)
        pto_close(device);
    return 0;
}

void processes_and_devices_use_the_same_ids_at_the_same_time(void **)
{
    constexpr int kProcesses = 3;
    const SharedPage shared;
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; i++)
        children.push_back(start_child([&] { return use_same_ids(shared.operator->(), kProcesses, i % 2); }));
    for (const pid_t child : children)
        expect_exit(child, 0);
}

// ---- what a process leaves behind

constexpr const char *kFolders[] = {"/tmp", "/var/tmp", "/dev/shm"};

std::set<std::string> names_in_folders()
{
    std::set<std::string> names;
    for (const char *folder : kFolders) {
        std::error_code ignored;
        for (const fs::directory_entry &entry : fs::directory_iterator(folder, ignored))
            names.insert(entry.path());
    }
    return names;
}

/// Whether a file that is new could be the child's: it bears its number, or holds one of the images. Other processes of
/// this machine make files too.
bool is_of_child(const std::string &path, pid_t child)
{
    if (path.find(std::to_string(child)) != std::string::npos)
        return true;
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored))
        return false;
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
    for (const char *module : {"orch_contracts", "kernel_gate", "orch_sum", "kernel_add", "kernel_subtract"})
        if (bytes == module_bytes(module))
            return true;
    return false;
}

void expect_nothing_left(const std::set<std::string> &before, pid_t child)
{
    for (const std::string &path : names_in_folders())
        if (before.count(path) == 0 && is_of_child(path, child))
            fail_msg("%s is left", path.c_str());
}

/// Files with a name on a disk that a process has mapped or open.
std::set<std::string> named_files(pid_t process)
{
    std::set<std::string> names;
    const std::string folder = "/proc/" + std::to_string(process);
    std::ifstream maps(folder + "/maps");
    for (std::string line; std::getline(maps, line);) {
        const std::size_t at = line.find('/');
        if (at != std::string::npos && line.compare(at, 7, "/memfd:") != 0)
            names.insert(line.substr(at));
    }
    std::error_code ignored;
    for (const fs::directory_entry &entry : fs::directory_iterator(folder + "/fd", ignored)) {
        const std::string target = fs::read_symlink(entry.path(), ignored);
        if (!target.empty() && target[0] == '/' && target.compare(0, 7, "/memfd:") != 0 &&
            target.compare(0, 5, "/dev/") != 0)
            names.insert(target);
    }
    return names;
}

/// A life until the middle of a run, which lasts until the gate opens.
int live_until_gate(Shared *shared)
{
    pto_context *context = open_device(0);
    CallableBuilder waits = callable("orch_contracts", "wait_at_gate").in().scalar().scalar();
    CallableBuilder add = sum();
    if (pto_prepare(context, 0, waits.get()) != PTO_OK || pto_prepare(context, 1, add.get()) != PTO_OK ||
        run_binary(context, 1, 2, 3) != 5)
        return 90;
    int32_t word = 0;
    const uint32_t shape[] = {1};
    const pto_tensor tensor = pto_host_tensor(&word, PTO_INT32, 1, shape);
    const uint64_t scalars[] = {reinterpret_cast<uint64_t>(&shared->started),
                                reinterpret_cast<uint64_t>(&shared->gate)};
    pto_args args = PTO_ARGS_INIT;
    args.tensors = &tensor;
    args.tensor_count = 1;
    args.scalars = scalars;
    args.scalar_count = 2;
    return pto_run(context, 0, &args, nullptr, nullptr) == PTO_OK ? 0 : 91;
}

/// Waits until the child is in the middle of a run.
bool wait_for_start(const SharedPage &shared)
{
    for (int tries = 0; tries < 20'000 && shared->started == 0; tries++)
        usleep(1000);
    return shared->started != 0;
}

/// What the parent has mapped or open is inherited; anything else would be the child's own.
void expect_no_named_files(pid_t child)
{
    const std::set<std::string> inherited = named_files(getpid());
    for (const std::string &name : named_files(child))
        if (inherited.count(name) == 0)
            fail_msg("a prepared callable is in %s", name.c_str());
}

void a_process_killed_in_the_middle_of_a_run_leaves_nothing(void **)
{
    const SharedPage shared;
    const std::set<std::string> before = names_in_folders();
    const pid_t child = start_child([&] { return live_until_gate(shared.operator->()); });
    const bool started = wait_for_start(shared);
    if (started)
        expect_no_named_files(child);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(started);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    expect_nothing_left(before, child);
}

void a_process_that_ends_itself_in_the_middle_of_a_run_leaves_nothing(void **)
{
    const SharedPage shared;
    const std::set<std::string> before = names_in_folders();
    const pid_t child = start_child([&] {
        std::thread end([&] {
            while (shared->started == 0)
                usleep(100);
            _exit(42);
        });
        return live_until_gate(shared.operator->());
    });
    expect_exit(child, 42);
    expect_nothing_left(before, child);
}

void a_process_that_ends_without_closing_leaves_nothing(void **)
{
    for (const bool orderly : {false, true}) {
        const SharedPage shared;
        shared->gate = 1;
        const std::set<std::string> before = names_in_folders();
        const pid_t child = start_child([&] {
            const int result = live_until_gate(shared.operator->());
            if (orderly)
                std::exit(result);
            return result;
        });
        expect_exit(child, 0);
        expect_nothing_left(before, child);
    }
}

// ---- what a context leaves behind

std::size_t count_descriptors()
{
    return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), {}));
}

void closing_a_context_closes_what_the_caller_forgot(void **)
{
    const unsigned long long objects = objects_loaded();
    const std::size_t descriptors = count_descriptors();
    for (int round = 0; round < 5; round++) {
        TestChip chip;
        CallableBuilder add = sum();
        CallableBuilder subtract = difference();
        for (int32_t id = 0; id < PTO_MAX_CALLABLES; id += 9)
            chip.prepare(id, id % 2 == 0 ? add : subtract);
        assert_true(both_run(chip.get(), 0, 9));
        uint64_t address = 0;
        EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), 4096, &address));
        assert_true(objects_loaded() > objects);
    }
    assert_int_equal(objects_loaded(), objects);
    assert_int_equal(count_descriptors(), descriptors);
}

void a_thousand_contexts_leave_no_descriptor_no_mapping_and_no_object(void **)
{
    const auto cycle = [] {
        pto_context *context = open_device(0);
        assert_non_null(context);
        pto_close(context);
    };
    const auto count_mappings = [] {
        std::ifstream file("/proc/self/maps");
        return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
    };
    constexpr int kCycles = kSanitized ? 100 : 1000;
    for (int i = 0; i < kCycles / 10; i++)
        cycle();
    const unsigned long long objects = objects_loaded();
    const std::size_t descriptors = count_descriptors();
    const auto mappings = count_mappings();
    for (int i = 0; i < kCycles; i++)
        cycle();
    assert_int_equal(objects_loaded(), objects);
    assert_int_equal(count_descriptors(), descriptors);
    if (!kSanitized)
        assert_true(count_mappings() <= mappings + 8);
}

// ---- images and descriptors that are used again

void an_image_loaded_under_a_descriptor_used_before_is_the_new_one(void **)
{
    // Descriptors are given out lowest first, so every load here meets the number of an earlier one.
    TestChip chip;
    CallableBuilder callables[] = {sum(), difference()};
    for (int32_t i = 0; i < 40; i++) {
        const int32_t id = i % 4;
        if (i >= 4)
            EXPECT_STATUS(PTO_OK, pto_release(chip.get(), id));
        chip.prepare(id, callables[i / 4 % 2 == id % 2 ? 0 : 1]);
        for (int32_t other = 0; other <= id; other++)
            EXPECT_VALUE(run_binary(chip.get(), other, 2, 3), i / 4 % 2 == other % 2 ? 5 : -1);
    }
}

// ---- the environment

/// Counters and results of one short life.
std::array<uint64_t, 9> measure_life()
{
    TestChip chip;
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    chip.prepare(0, add);
    chip.prepare(1, subtract);
    assert_true(both_run(chip.get(), 0, 1));
    CallableBuilder cores = callable("orch_cores", "core_counts").inout();
    chip.prepare(2, cores);
    std::vector<int32_t> counts(3, 0);
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(2, {integers(counts)}, {}, &result));
    const pto_stats stats = stats_of(chip.get());
    return {stats.orch_loads,
            stats.host_orch_loads,
            stats.dedup_hits,
            stats.resident_image_bytes,
            stats.staging_bytes,
            static_cast<uint64_t>(counts[0]),
            static_cast<uint64_t>(counts[2]),
            result.tasks,
            result.graph_source};
}

void odd_variables_in_the_environment_change_nothing(void **)
{
    static const char *const kNames[] = {"PTO_ARCH",           "PTO_BUILDER",           "PTO_MAX_TASKS",
                                         "PTO_HEAP_BYTES",     "PTO_CLUSTER_COUNT",     "PTO_LOG_LEVEL",
                                         "PTO_ROLLBACK",       "PTO_STALL_TIMEOUT_NS",  "PTO_DEVICE_MEMORY_BYTES",
                                         "PTO2_RING_HEAP",     "PTO2_RING_TASK_WINDOW", "PTO2_RING_DEP_POOL",
                                         "SIMPLER_LEGACY_RUN", "ASCEND_DEVICE_ID",      "PTO_HOST_BUILT"};
    const auto plain = measure_life();
    for (const char *value : {"", "0", "1", "99999999999999999999", "garbage"}) {
        for (const char *name : kNames)
            assert_int_equal(setenv(name, value, 1), 0);
        assert_true(measure_life() == plain);
    }
    for (const char *name : kNames)
        unsetenv(name);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(processes_and_devices_use_the_same_ids_at_the_same_time),
        cmocka_unit_test(a_process_killed_in_the_middle_of_a_run_leaves_nothing),
        cmocka_unit_test(a_process_that_ends_itself_in_the_middle_of_a_run_leaves_nothing),
        cmocka_unit_test(a_process_that_ends_without_closing_leaves_nothing),
        cmocka_unit_test(closing_a_context_closes_what_the_caller_forgot),
        cmocka_unit_test(a_thousand_contexts_leave_no_descriptor_no_mapping_and_no_object),
        cmocka_unit_test(an_image_loaded_under_a_descriptor_used_before_is_the_new_one),
        cmocka_unit_test(odd_variables_in_the_environment_change_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
