// SPDX-License-Identifier: Apache-2.0
// Contracts between the library and its device: whatever step fails, nothing is left; images whose hashes collide stay
// apart; every table is complete. The program has the library's objects, a device that can be made to fail, and a hash
// that is the same for all images.
#include <cstring>
#include <numeric>

#include "host/image_store.h"
#include "pto/comm.h"
#include "wrapped_device.hpp"

#include "contracts.hpp"

namespace pto::host {

uint64_t ImageStore::content_hash(const void *, std::size_t)
{
    return 42;
}

} // namespace pto::host

namespace {

using namespace pto::test;
using pto::host::DeviceConfig;
using pto::host::DeviceFailure;
using pto::host::DeviceInterface;
using pto::host::DeviceList;

// ---- failures of every step

/// Fails the first device call of `call`, then the second and so on until none is left to fail. After each failure
/// `check` finds what it must. Returns a bit per function that has failed.
template <class Call, class Check> uint32_t fail_each_call(Call &&call, Check &&check)
{
    uint32_t failed = 0;
    for (uint64_t number = 1;; number++) {
        fail_device_call(number);
        const pto_status status = call();
        fail_device_call(0);
        if (status == PTO_OK)
            return failed;
        const DeviceCall which = failed_call();
        failed |= 1u << static_cast<uint32_t>(which);
        print_message("# call %u: %s: %s\n", static_cast<unsigned>(number), device_call_name(which),
                      pto_last_error()->message);
        assert_int_equal(pto_last_error()->status, status);
        assert_true(std::strlen(pto_last_error()->message) > 10);
        check();
    }
}

bool has(uint32_t failed, DeviceCall call)
{
    return (failed >> static_cast<uint32_t>(call) & 1) != 0;
}

void a_prepare_that_fails_at_any_step_leaves_nothing_on_either_side(void **)
{
    TestChip chip;
    CallableBuilder shared = difference();
    CallableBuilder mixed = CallableBuilder("orch_sum", "binary").aiv(0, "kernel_add").aiv(1, "kernel_nop");
    mixed.aic(2, "kernel_affine").in().in().out();
    chip.prepare(1, shared);
    EXPECT_VALUE(run_binary(chip.get(), 1, 2, 3), -1); // staging buffers stay
    const DeviceBooks before = device_books();
    const pto_stats stats = stats_of(chip.get());
    const uint32_t failed =
        fail_each_call([&] { return pto_prepare(chip.get(), 7, mixed.get()); },
                       [&] {
                           EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_run(chip.get(), 7, nullptr, nullptr, nullptr));
                           EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(chip.get(), 7));
                           assert_true(device_books().holds_the_same_as(before));
                           const pto_stats now = stats_of(chip.get());
                           assert_int_equal(now.prepares, stats.prepares);
                           assert_int_equal(now.orch_loads, stats.orch_loads);
                           assert_int_equal(now.host_orch_loads, stats.host_orch_loads);
                           assert_int_equal(now.resident_image_bytes, stats.resident_image_bytes);
                           EXPECT_VALUE(run_binary(chip.get(), 1, 2, 3), -1);
                       });
    assert_true(has(failed, DeviceCall::kMemAlloc));
    assert_true(has(failed, DeviceCall::kCopyTo));
    assert_true(has(failed, DeviceCall::kKernelLoad));
    assert_true(has(failed, DeviceCall::kOrchLoad) == (builder() == PTO_DEVICE_BUILT));
    assert_true(both_run(chip.get(), 7, 1)); // the one that succeeded in the end
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 7));
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 1));
    assert_int_equal(device_books().kernels + device_books().orchestrations + device_books().blocks, 0);
    assert_int_equal(device_books().mistakes, 0);
}

void an_open_that_fails_leaves_nothing(void **)
{
    const DeviceBooks before = device_books();
    pto_context *context = nullptr;
    const pto_open_options options = TestChip::default_options();
    const uint32_t failed = fail_each_call([&] { return pto_open(&options, &context); },
                                           [&] {
                                               assert_null(context);
                                               assert_int_equal(pto_last_error()->raw, 507018);
                                               assert_true(device_books().holds_the_same_as(before));
                                           });
    assert_true(has(failed, DeviceCall::kOpen));
    pto_close(context);
    assert_true(device_books().holds_the_same_as(before));
}

void a_run_that_fails_at_any_step_copies_nothing_out_and_the_next_one_works(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    chip.prepare(0, add);
    uint32_t failed = 0;
    // What the first of these has allocated stays: the second one fails at other steps.
    for (int pass = 0; pass < 2; pass++) {
        std::vector<float> a(100, 2);
        std::vector<float> b(100, 3);
        std::vector<float> c(100, 0);
        failed |= fail_each_call(
            [&] {
                return chip.run(0, {floats(a), floats(b), floats(c)});
            },
            [&] {
                EXPECT_VALUE(c[0] + c[99], 0);
                EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
            });
        EXPECT_VALUE(c[0] + c[99], 10);
    }
    assert_true(has(failed, DeviceCall::kMemAlloc));
    assert_true(has(failed, DeviceCall::kCopyTo));
    assert_true(has(failed, DeviceCall::kCopyFrom));
}

/// Calls of functions that can fail.
uint64_t device_calls()
{
    const DeviceBooks books = device_books();
    return std::accumulate(std::begin(books.calls), std::end(books.calls), uint64_t{0});
}

/// Copies of elements and of parts of graphs among them. Device memory that a graph cannot have may be found elsewhere.
void a_run_that_reads_elements_fails_with_any_copy_that_it_makes(void **)
{
    TestChip chip;
    CallableBuilder reader = callable("orch_graphs", "data_dependent").inout();
    uint32_t failed = 0;
    bool has_failed = true;
    for (uint64_t number = 1; has_failed; number++) {
        chip.prepare(0, reader);
        std::vector<int32_t> x = {1, 1, 1};
        const uint64_t before = device_calls();
        fail_device_call(number);
        const pto_status status = chip.run(0, {integers(x)});
        fail_device_call(0);
        has_failed = device_calls() - before >= number;
        if (has_failed)
            failed |= 1u << static_cast<uint32_t>(failed_call());
        if (has_failed && failed_call() != DeviceCall::kMemAlloc)
            assert_int_not_equal(status, PTO_OK);
        assert_true(x == (status == PTO_OK ? std::vector{34, 34, 78} : std::vector{1, 1, 1}));
        EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
    }
    assert_true(has(failed, DeviceCall::kCopyTo));
    assert_true(has(failed, DeviceCall::kCopyFrom));
}

/// Memory for an instance of the graph, and the copy that begins it: replays do without.
void where_the_device_fails_for_an_instance_of_a_graph_replays_do_without(void **)
{
    TestChip chip;
    CallableBuilder chain = callable("orch_graphs", "chain").inout().scalar();
    uint32_t spared = 0; // functions that failed although the run did not
    bool has_failed = true;
    for (uint64_t number = 1; has_failed; number++) {
        chip.prepare(0, chain);
        std::vector<int32_t> x = {1};
        const uint64_t before = device_calls();
        fail_device_call(number);
        const pto_status status = chip.run(0, {integers(x)}, {5});
        fail_device_call(0);
        has_failed = device_calls() - before >= number;
        assert_int_equal(x[0], status == PTO_OK ? 58 : 1);
        if (has_failed && status == PTO_OK)
            spared |= 1u << static_cast<uint32_t>(failed_call());
        for (const int32_t value : {1, 2, 1}) {
            x[0] = value;
            EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {5}));
            assert_int_equal(x[0], value == 1 ? 58 : 90);
        }
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
    }
    const bool on_host = builder() == PTO_HOST_BUILT;
    assert_int_equal(has(spared, DeviceCall::kMemAlloc), on_host);
    assert_int_equal(has(spared, DeviceCall::kCopyTo), on_host);
}

void a_malloc_or_copy_that_fails_says_so(void **)
{
    const TestChip chip;
    uint64_t address = 0;
    int32_t word = 5;
    assert_true(
        has(fail_each_call([&] { return pto_malloc(chip.get(), 64, &address); }, [&] { assert_int_equal(address, 0); }),
            DeviceCall::kMemAlloc));
    fail_each_call([&] { return pto_copy_to_device(chip.get(), address, &word, sizeof word); }, [] {});
    fail_each_call([&] { return pto_copy_from_device(chip.get(), &word, address, sizeof word); }, [] {});
    assert_int_equal(word, 5);
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), address));
}

void a_communicator_that_fails_at_any_step_leaves_nothing_on_any_chip(void **)
{
    const TestChip chips[3];
    pto_context *const contexts[] = {chips[0].get(), chips[1].get(), chips[2].get()};
    pto_comm_options options = PTO_COMM_OPTIONS_INIT;
    options.rank_count = 3;
    options.contexts = contexts;
    options.window_bytes = 5000;
    options.workspace_bytes = 100;
    options.has_out_windows = 1;
    pto_comm *comm = nullptr;
    const DeviceBooks before = device_books();
    const uint32_t failed = fail_each_call([&] { return pto_comm_create(&options, &comm); },
                                           [&] {
                                               assert_null(comm);
                                               EXPECT_MESSAGE("rank ");
                                               assert_true(device_books().holds_the_same_as(before));
                                           });
    assert_true(has(failed, DeviceCall::kMemAlloc) && has(failed, DeviceCall::kCopyTo));
    pto_comm_destroy(comm);
    assert_true(device_books().holds_the_same_as(before));
    assert_int_equal(device_books().mistakes, 0);
}

// ---- what a run asks of the device

void a_run_loads_unloads_and_once_warm_allocates_nothing(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    chip.prepare(0, add);
    chip.prepare(1, subtract);
    const DeviceBooks prepared = device_books();
    assert_true(both_run(chip.get(), 0, 1));
    const DeviceBooks warm = device_books();
    for (int i = 0; i < 50; i++)
        assert_true(both_run(chip.get(), 0, 1));
    const DeviceBooks after = device_books();
    for (const DeviceCall call : {DeviceCall::kKernelLoad, DeviceCall::kOrchLoad, DeviceCall::kOpen})
        assert_int_equal(after.calls[static_cast<uint32_t>(call)], prepared.calls[static_cast<uint32_t>(call)]);
    assert_int_equal(after.unloads, prepared.unloads);
    assert_true(after.holds_the_same_as(warm));
    constexpr auto kMemAlloc = static_cast<uint32_t>(DeviceCall::kMemAlloc);
    assert_int_equal(after.calls[kMemAlloc], warm.calls[kMemAlloc]);
}

void the_names_of_an_orchestration_reach_the_device(void **)
{
    TestChip chip;
    CallableBuilder builder = difference();
    pto_callable callable = *builder.get();
    callable.builder = PTO_DEVICE_BUILT;
    EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 0, &callable));
    assert_string_equal(names_of_last_orchestration().c_str(), "binary/-");
    // Whether an entry of this kind may have a configuration is for the device to say.
    callable.orch_config = "configure";
    pto_prepare(chip.get(), 1, &callable);
    assert_string_equal(names_of_last_orchestration().c_str(), "binary/configure");
}

void closing_gives_the_device_everything_back(void **)
{
    const DeviceBooks before = device_books();
    {
        TestChip chip;
        CallableBuilder add = sum();
        chip.prepare(0, add);
        chip.prepare(63, add);
        EXPECT_VALUE(run_binary(chip.get(), 63, 2, 3), 5);
        assert_false(device_books().holds_the_same_as(before));
    }
    assert_true(device_books().holds_the_same_as(before));
    assert_int_equal(device_books().mistakes, 0);
}

// ---- images

void images_whose_hashes_are_equal_stay_apart(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    CallableBuilder plain = CallableBuilder("orch_sum", "binary").aiv(0, "kernel_subtract").in().in().out();
    chip.prepare(0, add);
    chip.prepare(1, subtract);
    chip.prepare(2, plain);
    for (int round = 0; round < 20; round++) {
        assert_true(both_run(chip.get(), 0, 1));
        EXPECT_VALUE(run_binary(chip.get(), 2, 2, 3), -1);
    }
    assert_int_equal(stats_of(chip.get()).kernel_uploads, 2);
    if (builder() == PTO_DEVICE_BUILT)
        assert_int_equal(stats_of(chip.get()).orch_uploads, 2);
    // Of those with one hash the right one goes.
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
    EXPECT_VALUE(run_binary(chip.get(), 1, 2, 3), -1);
    EXPECT_VALUE(run_binary(chip.get(), 2, 2, 3), -1);
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 1));
    chip.prepare(0, add);
    assert_true(both_run(chip.get(), 0, 2));
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 2));
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
    assert_int_equal(stats_of(chip.get()).resident_image_bytes, 0);
}

// ---- the executor behind the host

/// A device without the library around it.
class BareDevice {
public:
    explicit BareDevice(const DeviceInterface &device) : device_(device)
    {
        const DeviceConfig config{0,
                                  2,
                                  1,
                                  PTO_SIM_FAST,
                                  1024,
                                  uint64_t{64} << 20,
                                  uint64_t{1} << 20,
                                  1'000'000'000,
                                  nullptr,
                                  [](void *, int32_t, const char *) {},
                                  nullptr};
        DeviceFailure failure{};
        assert_int_equal(device_.open(config, &handle_, &failure), PTO_OK);
    }
    ~BareDevice() { device_.close(handle_); }
    BareDevice(const BareDevice &) = delete;
    BareDevice &operator=(const BareDevice &) = delete;

    pto_status load(int32_t callable_id, std::string *message)
    {
        const std::vector<char> &image = module_bytes("orch_sum");
        DeviceFailure failure{};
        const pto_status status = device_.orch_load(
            handle_, {callable_id, {"binary", nullptr, 3, 0}, reinterpret_cast<uint64_t>(image.data()), image.size()},
            &failure);
        *message = failure.message;
        return status;
    }
    pto::wire::ErrorRecord launch(int32_t callable_id)
    {
        pto::wire::LaunchBlock block{};
        block.magic = pto::wire::kLaunchMagic;
        block.version = pto::wire::kBlockVersion;
        block.callable_id = callable_id;
        pto::wire::ReportBlock report{};
        device_.run(handle_, block, &report);
        return report.error;
    }
    uint64_t loads() const { return device_.orch_loads(handle_); }

private:
    const DeviceInterface &device_;
    pto::host::Device *handle_ = nullptr;
};

void the_executor_checks_ids_again_before_it_uses_them(void **)
{
    const DeviceList list = pto::host::real_device_list();
    for (std::size_t i = 0; i < list.count; i++) {
        if (std::strcmp(list.begin[i]->target, "sim") != 0)
            continue; // others are no devices without their libraries
        BareDevice device(*list.begin[i]);
        std::string message;
        assert_int_equal(device.load(63, &message), PTO_OK);
        assert_int_equal(device.loads(), 1);
        for (const int32_t id : {-1, 64, 65, 1000, INT32_MAX, INT32_MIN}) {
            assert_int_equal(device.load(id, &message), PTO_ERROR_INVALID_CALLABLE_ID);
            assert_true(message.find(std::to_string(id)) != std::string::npos);
            assert_int_not_equal(device.launch(id).status, PTO_OK);
        }
        assert_int_equal(device.load(63, &message), PTO_ERROR_ALREADY_PREPARED);
        assert_int_not_equal(device.launch(5).status, PTO_OK); // in range, but empty
        assert_int_equal(device.loads(), 1);
    }
}

// ---- tables

void every_device_table_is_complete(void **)
{
    const DeviceList list = pto::host::real_device_list();
    assert_true(list.count > 0);
    bool found = false;
    for (std::size_t i = 0; i < list.count; i++) {
        const DeviceInterface &device = *list.begin[i];
        print_message("# %s on %s\n", device.arch, device.target);
        found = found || std::strcmp(device.arch, arch()) == 0;
        assert_true(device.target[0] != '\0' && device.arch[0] != '\0');
        assert_true(device.max_clusters > 0 && device.max_devices > 0 && device.max_memory_bytes > 0);
        // From `open` on there are functions alone.
        const auto *bytes = reinterpret_cast<const unsigned char *>(&device);
        for (std::size_t at = offsetof(DeviceInterface, open); at < sizeof device; at += sizeof(void *)) {
            void *function = nullptr;
            std::memcpy(&function, bytes + at, sizeof function);
            assert_non_null(function);
        }
        for (std::size_t other = 0; other < i; other++)
            assert_true(std::strcmp(device.arch, list.begin[other]->arch) != 0 ||
                        std::strcmp(device.target, list.begin[other]->target) != 0);
    }
    assert_true(found);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    wrap_device_of(arch());
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_prepare_that_fails_at_any_step_leaves_nothing_on_either_side),
        cmocka_unit_test(an_open_that_fails_leaves_nothing),
        cmocka_unit_test(a_run_that_fails_at_any_step_copies_nothing_out_and_the_next_one_works),
        cmocka_unit_test(a_run_that_reads_elements_fails_with_any_copy_that_it_makes),
        cmocka_unit_test(where_the_device_fails_for_an_instance_of_a_graph_replays_do_without),
        cmocka_unit_test(a_malloc_or_copy_that_fails_says_so),
        cmocka_unit_test(a_communicator_that_fails_at_any_step_leaves_nothing_on_any_chip),
        cmocka_unit_test(a_run_loads_unloads_and_once_warm_allocates_nothing),
        cmocka_unit_test(the_names_of_an_orchestration_reach_the_device),
        cmocka_unit_test(closing_gives_the_device_everything_back),
        cmocka_unit_test(images_whose_hashes_are_equal_stay_apart),
        cmocka_unit_test(the_executor_checks_ids_again_before_it_uses_them),
        cmocka_unit_test(every_device_table_is_complete),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
