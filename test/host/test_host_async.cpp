// SPDX-License-Identifier: Apache-2.0
// Submitted runs: their order, what is staged when, and what may be done while runs are under way.
#include "host_test.hpp"

#include <chrono>

using namespace pto::test;

namespace {

constexpr int32_t kGate = 0;
constexpr int32_t kAdd = 1;

/// A chip with a callable that waits at a gate and one that adds.
class GatedChip : public TestChip {
public:
    explicit GatedChip(const pto_open_options &options = default_options()) : TestChip(options)
    {
        auto waits = gate_callable();
        auto adds = combine_callable();
        prepare(kGate, waits);
        prepare(kAdd, adds);
    }

    /// A run that is on the device until `gate` opens; `out` becomes 42.
    pto_run_handle *hold()
    {
        pto_run_handle *run = submit(*this, kGate, {floats(out)}, gate.scalars());
        gate.wait_until_started();
        return run;
    }

    Gate gate;
    std::vector<float> out = {0};
};

/// A float on the device.
class DeviceFloat {
public:
    DeviceFloat(const TestChip &chip, float value) : chip_(chip)
    {
        EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), sizeof value, &address));
        EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), address, &value, sizeof value));
    }
    pto_tensor tensor() const
    {
        const uint32_t one = 1;
        return pto_device_tensor(address, PTO_FLOAT32, 1, &one);
    }
    float value() const
    {
        float value = 0;
        EXPECT_STATUS(PTO_OK, pto_copy_from_device(chip_.get(), &value, address, sizeof value));
        return value;
    }

    uint64_t address = 0;

private:
    const TestChip &chip_;
};

void a_submitted_run_does_what_a_run_does(void **)
{
    TestChip chip;
    auto callable = combine_callable();
    chip.prepare(0, callable);
    std::vector<float> a(1000, 1);
    std::vector<float> b(1000, 2);
    std::vector<float> out(1000, 0);
    const std::vector<pto_tensor> tensors = {floats(a), floats(b), floats(out)};
    pto_run_handle *run = submit(chip, 0, tensors);
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, pto_wait(run, -1, &result));
    assert_true(out == std::vector<float>(1000, 3));
    assert_int_equal(result.status, PTO_OK);
    assert_int_equal(result.tasks, 1);
    assert_int_equal(result.kernels, 1);
    assert_int_equal(result.bytes_to_device, 8000);
    assert_int_equal(result.bytes_from_device, 4000);
    assert_int_equal(stats_of(chip.get()).runs, 1);
    assert_int_equal(stats_of(chip.get()).failed_runs, 0);
}

// ---- order

/// x = 2x and x = x + 1 in turn: another order gives another number.
void runs_take_effect_in_the_order_of_their_submission(void **)
{
    GatedChip chip;
    const DeviceFloat x(chip, 0);
    const DeviceFloat one(chip, 1);
    float expected = 0;
    std::vector<pto_run_handle *> runs = {chip.hold()};
    for (const bool doubles : {false, true, false, false, true, true, false, true, false, true, true, false}) {
        runs.push_back(submit(chip, kAdd, {x.tensor(), doubles ? x.tensor() : one.tensor(), x.tensor()}));
        expected = doubles ? 2 * expected : expected + 1;
    }
    chip.gate.open = 1;
    EXPECT_STATUS(PTO_OK, chip.run(kAdd, {x.tensor(), x.tensor(), x.tensor()}));
    assert_true(x.value() == 2 * expected);
    for (pto_run_handle *run : runs)
        EXPECT_END(PTO_OK, run);
}

void a_run_waits_for_those_submitted_before(void **)
{
    GatedChip chip;
    const DeviceFloat x(chip, 1);
    pto_run_handle *held = chip.hold();
    pto_run_handle *queued = submit(chip, kAdd, {x.tensor(), x.tensor(), x.tensor()});
    pto_run_result result = PTO_RUN_RESULT_INIT;
    std::vector<float> four = {4};
    std::vector<float> sum = {0};
    std::atomic<bool> has_begun{false};
    std::atomic<bool> is_over{false};
    Threads threads;
    threads.start([&] {
        has_begun = true;
        chip.run(kAdd, {x.tensor(), floats(four), floats(sum)}, {}, &result);
        is_over = true;
    });
    while (!has_begun)
        std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    const bool is_early = is_over;
    chip.gate.open = 1;
    threads.join();
    assert_false(is_early);
    EXPECT_STATUS(PTO_OK, result.status);
    assert_true(sum[0] == 6);
    assert_true(result.queue_ns > 0);
    EXPECT_END(PTO_OK, held);
    EXPECT_END(PTO_OK, queued);
}

void copies_come_after_the_runs_submitted_before(void **)
{
    GatedChip chip;
    const DeviceFloat x(chip, 1);
    const DeviceFloat y(chip, 7);
    pto_run_handle *held = chip.hold();
    pto_run_handle *first = submit(chip, kAdd, {x.tensor(), y.tensor(), x.tensor()});
    float copied = 0;
    std::atomic<bool> is_copied{false};
    Threads threads;
    threads.start([&] {
        const float hundred = 100;
        pto_copy_from_device(chip.get(), &copied, x.address, sizeof copied);
        is_copied = true;
        pto_copy_to_device(chip.get(), y.address, &hundred, sizeof hundred);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    const bool is_early = is_copied;
    chip.gate.open = 1;
    threads.join();
    assert_false(is_early);
    assert_true(copied == 8);
    pto_run_handle *second = submit(chip, kAdd, {x.tensor(), y.tensor(), x.tensor()});
    assert_true(x.value() == 108);
    for (pto_run_handle *run : {held, first, second})
        EXPECT_END(PTO_OK, run);
}

// ---- staging

/// The contract forbids to touch the input so early: doing it shows when it was read.
void the_next_run_is_staged_while_the_last_executes(void **)
{
    GatedChip chip;
    pto_run_handle *held = chip.hold();
    std::vector<float> a = {1};
    std::vector<float> b = {2};
    std::vector<float> out = {0};
    pto_run_handle *next = submit(chip, kAdd, {floats(a), floats(b), floats(out)});
    a[0] = 1000;
    b[0] = 1000;
    assert_true(stats_of(chip.get()).staging_bytes >= 12);
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, held);
    EXPECT_END(PTO_OK, next);
    assert_true(out[0] == 3);
}

void an_input_that_an_earlier_run_writes_is_read_after_it(void **)
{
    GatedChip chip;
    pto_run_handle *held = chip.hold();
    std::vector<float> b = {2};
    std::vector<float> sum = {0};
    std::vector<float> total = {0};
    pto_run_handle *next = submit(chip, kAdd, {floats(chip.out), floats(b), floats(sum)});
    pto_run_handle *last = submit(chip, kAdd, {floats(b), floats(sum), floats(total)});
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, last);
    assert_true(sum[0] == 44 && total[0] == 46);
    EXPECT_END(PTO_OK, held);
    EXPECT_END(PTO_OK, next);
}

void an_input_that_an_earlier_run_writes_in_part_is_read_after_it(void **)
{
    GatedChip chip;
    std::vector<float> host(3, 1);
    std::vector<float> b(2, 2);
    std::vector<float> sum(2, 0);
    const uint32_t one = 1;
    const uint32_t two = 2;
    const pto_tensor middle = pto_host_tensor(&host[1], PTO_FLOAT32, 1, &one);
    for (const std::size_t begin : {0u, 1u}) {
        host[1] = 1;
        Gate gate;
        pto_run_handle *held = submit(chip, kGate, {middle}, gate.scalars());
        gate.wait_until_started();
        const pto_tensor pair = pto_host_tensor(&host[begin], PTO_FLOAT32, 1, &two);
        pto_run_handle *next = submit(chip, kAdd, {pair, floats(b), floats(sum)});
        gate.open = 1;
        EXPECT_END(PTO_OK, held);
        EXPECT_END(PTO_OK, next);
        assert_true(sum[1 - begin] == 44 && sum[begin] == 3);
    }
}

/// Runs that come after one that cannot be staged yet do not take the place that it will need.
void a_run_that_is_staged_late_finds_room(void **)
{
    GatedChip chip;
    constexpr std::size_t kCount = 20;
    pto_run_handle *held = chip.hold();
    std::vector<float> b = {2};
    std::vector<std::vector<float>> out(kCount, std::vector<float>{0});
    std::vector<pto_run_handle *> runs;
    for (std::size_t i = 0; i < kCount; i++)
        runs.push_back(submit(chip, kAdd, {floats(i % 5 == 0 ? chip.out : b), floats(b), floats(out[i])}));
    assert_int_equal(stats_of(chip.get()).runs_under_way, kCount + 1);
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, held);
    for (std::size_t i = 0; i < kCount; i++) {
        EXPECT_END(PTO_OK, runs[i]);
        assert_true(out[i][0] == (i % 5 == 0 ? 44 : 4));
    }
    assert_int_equal(stats_of(chip.get()).runs_under_way, 0);
}

pto_open_options small_chip()
{
    pto_open_options options = TestChip::default_options();
    options.device_memory_bytes = uint64_t{64} << 20;
    options.heap_bytes = 1 << 20;
    options.max_tasks = 16;
    return options;
}

/// Three times what a run needs does not fit: what cannot be staged ahead has to be staged in its turn.
void runs_that_fit_one_by_one_can_wait_together(void **)
{
    GatedChip chip(small_chip());
    const std::size_t count = largest_allocation(chip.get()) / sizeof(float) / 5;
    std::vector<float> a(count, 1);
    std::vector<std::vector<float>> out(3, std::vector<float>(count, 0));
    pto_run_handle *held = chip.hold();
    EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(chip.get(), 63));
    std::vector<pto_run_handle *> runs;
    for (std::vector<float> &sum : out)
        runs.push_back(submit(chip, kAdd, {floats(a), floats(a), floats(sum)}));
    // That some of them could not be staged yet is nobody's failure.
    assert_int_equal(pto_last_error()->status, PTO_ERROR_NOT_PREPARED);
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, held);
    for (pto_run_handle *run : runs)
        EXPECT_END(PTO_OK, run);
    for (const std::vector<float> &sum : out)
        assert_true(sum.front() == 2 && sum.back() == 2);
}

void memory_for_runs_that_waited_is_given_up_when_it_is_needed(void **)
{
    GatedChip chip(small_chip());
    const uint64_t largest = largest_allocation(chip.get());
    const std::size_t count = largest / sizeof(float) / 16;
    std::vector<float> a(count, 1);
    std::vector<std::vector<float>> out(4, std::vector<float>(count, 0));
    std::vector<pto_run_handle *> runs = {chip.hold()};
    for (std::vector<float> &sum : out)
        runs.push_back(submit(chip, kAdd, {floats(a), floats(a), floats(sum)}));
    chip.gate.open = 1;
    for (pto_run_handle *run : runs)
        EXPECT_END(PTO_OK, run);
    assert_true(stats_of(chip.get()).staging_bytes >= 6 * count * sizeof(float));
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), largest / 2, &address));
    assert_true(stats_of(chip.get()).staging_bytes <= 4 * count * sizeof(float));
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), address));
    EXPECT_STATUS(PTO_OK, chip.run(kAdd, {floats(a), floats(a), floats(out[0])}));
}

void arguments_are_borrowed_during_the_call_only(void **)
{
    GatedChip chip;
    auto scalars_callable = CallableBuilder("host_orch", "add_scalars").out("sum").scalar("a").scalar("b");
    chip.prepare(2, scalars_callable);
    pto_run_handle *held = chip.hold();
    std::vector<float> sum = {0};
    std::vector<pto_tensor> tensors = {floats(sum)};
    std::vector<uint64_t> scalars = {pto_bits_f32(1.5f), pto_bits_f32(2.0f)};
    pto_run_handle *run = submit(chip, 2, tensors, scalars);
    tensors[0].addr = 8;
    scalars = {0, 0};
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, run);
    EXPECT_END(PTO_OK, held);
    assert_true(sum[0] == 3.5f);
}

// ---- meanwhile

void health_and_counters_do_not_wait_for_a_run(void **)
{
    GatedChip chip;
    pto_run_handle *held = chip.hold();
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
    const pto_stats stats = stats_of(chip.get());
    assert_int_equal(stats.runs_under_way, 1);
    assert_int_equal(stats.runs, 0);
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, held);
    assert_int_equal(stats_of(chip.get()).runs_under_way, 0);
    assert_int_equal(stats_of(chip.get()).runs, 1);
}

void other_callables_and_memory_come_and_go_while_a_run_executes(void **)
{
    GatedChip chip;
    pto_run_handle *held = chip.hold();
    auto subtract = combine_callable("host_kernel_subtract");
    for (int round = 0; round < 3; round++) {
        chip.prepare(5, subtract);
        uint64_t address = 0;
        EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), 4096, &address));
        EXPECT_STATUS(PTO_OK, pto_free(chip.get(), address));
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 5));
    }
    chip.prepare(5, subtract);
    chip.gate.open = 1;
    assert_true(combines(chip.get(), 5, -1));
    EXPECT_END(PTO_OK, held);
}

void a_callable_with_runs_under_way_cannot_be_released(void **)
{
    GatedChip chip;
    const DeviceFloat x(chip, 1);
    pto_run_handle *held = chip.hold();
    pto_run_handle *queued = submit(chip, kAdd, {x.tensor(), x.tensor(), x.tensor()});
    for (const int32_t id : {kGate, kAdd}) {
        EXPECT_REFUSED(chip.get(), PTO_ERROR_BUSY, "1 runs of callable id", pto_release(chip.get(), id));
        assert_int_equal(pto_last_error()->callable_id, id);
    }
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, queued);
    // The handle of the other has not ended, but the run has.
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), kGate));
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), kAdd));
    EXPECT_END(PTO_OK, held);
}

void an_allocation_in_use_cannot_be_freed(void **)
{
    GatedChip chip;
    uint64_t whole = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), 4096, &whole));
    const DeviceFloat unused(chip, 1);
    const uint32_t one = 1;
    const pto_tensor inside = pto_device_tensor(whole + 4092, PTO_FLOAT32, 1, &one);
    pto_run_handle *held = chip.hold();
    std::vector<float> b = {2};
    pto_run_handle *queued = submit(chip, kAdd, {floats(b), floats(b), inside});
    EXPECT_REFUSED(chip.get(), PTO_ERROR_BUSY, "callable id 1", pto_free(chip.get(), whole));
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), unused.address));
    chip.gate.open = 1;
    EXPECT_END(PTO_OK, held);
    EXPECT_END(PTO_OK, queued);
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), whole));
}

/// What pto_run holds is held as well.
void a_run_on_another_thread_keeps_what_it_uses(void **)
{
    GatedChip chip;
    const DeviceFloat x(chip, 0);
    pto_status status = PTO_ERROR_INTERNAL;
    Threads threads;
    threads.start([&] { status = chip.run(kGate, {x.tensor()}, chip.gate.scalars()); });
    chip.gate.wait_until_started();
    const pto_status freed = pto_free(chip.get(), x.address);
    const pto_status released = pto_release(chip.get(), kGate);
    chip.gate.open = 1;
    threads.join();
    assert_int_equal(freed, PTO_ERROR_BUSY);
    assert_int_equal(released, PTO_ERROR_BUSY);
    EXPECT_STATUS(PTO_OK, status);
    assert_true(x.value() == 42);
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), x.address));
}

// ---- times

void expect_consistent(const pto_run_result &result)
{
    const uint64_t sum =
        result.queue_ns + result.stage_in_ns + result.build_ns + result.device_ns + result.stage_out_ns;
    assert_true(sum <= result.total_ns);
    assert_true(result.device_ns > 0);
    assert_true((result.bytes_to_device > 0) == (result.stage_in_ns > 0));
    assert_true((result.bytes_from_device > 0) == (result.stage_out_ns > 0));
}

void the_times_of_a_run_add_up(void **)
{
    GatedChip chip;
    pto_run_handle *held = chip.hold();
    std::vector<float> a(100'000, 1);
    std::vector<float> out(100'000, 0);
    const std::vector<pto_tensor> tensors = {floats(a), floats(a), floats(out)};
    pto_run_handle *ahead = submit(chip, kAdd, tensors);
    std::vector<float> sum(100'000, 0);
    pto_run_handle *late = submit(chip, kAdd, {floats(out), floats(a), floats(sum)});
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    chip.gate.open = 1;
    pto_run_result results[4] = {PTO_RUN_RESULT_INIT, PTO_RUN_RESULT_INIT, PTO_RUN_RESULT_INIT, PTO_RUN_RESULT_INIT};
    EXPECT_STATUS(PTO_OK, pto_wait(held, -1, &results[0]));
    EXPECT_STATUS(PTO_OK, pto_wait(ahead, -1, &results[1]));
    EXPECT_STATUS(PTO_OK, pto_wait(late, -1, &results[2]));
    EXPECT_STATUS(PTO_OK, chip.run(kAdd, tensors, {}, &results[3]));
    for (const pto_run_result &result : results)
        expect_consistent(result);
    assert_true(results[0].device_ns >= 30'000'000);
    assert_true(results[1].queue_ns >= 10'000'000);
    assert_true(results[2].queue_ns >= 10'000'000);
    assert_int_equal(results[3].queue_ns, 0);
}

void a_refused_run_leaves_nothing_of_an_earlier_result(void **)
{
    GatedChip chip;
    std::vector<float> a = {1};
    std::vector<float> out = {0};
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(kAdd, {floats(a), floats(a), floats(out)}, {}, &result));
    assert_true(result.tasks > 0 && result.total_ns > 0 && result.bytes_to_device > 0);
    EXPECT_STATUS(PTO_ERROR_SIGNATURE_MISMATCH, chip.run(kAdd, {floats(a)}, {}, &result));
    assert_int_equal(result.struct_size, sizeof result);
    assert_int_equal(result.status, PTO_ERROR_SIGNATURE_MISMATCH);
    assert_int_equal(result.tasks + result.kernels + result.bytes_to_device + result.device_ns, 0);
    EXPECT_STATUS(PTO_OK, chip.run(kAdd, {floats(a), floats(a), floats(out)}, {}, &result));
    EXPECT_STATUS(PTO_ERROR_INVALID_HANDLE, pto_run(nullptr, kAdd, nullptr, nullptr, &result));
    assert_int_equal(result.status, PTO_ERROR_INVALID_HANDLE);
    assert_int_equal(result.tasks + result.total_ns, 0);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_submitted_run_does_what_a_run_does),
        cmocka_unit_test(runs_take_effect_in_the_order_of_their_submission),
        cmocka_unit_test(a_run_waits_for_those_submitted_before),
        cmocka_unit_test(copies_come_after_the_runs_submitted_before),
        cmocka_unit_test(the_next_run_is_staged_while_the_last_executes),
        cmocka_unit_test(an_input_that_an_earlier_run_writes_is_read_after_it),
        cmocka_unit_test(an_input_that_an_earlier_run_writes_in_part_is_read_after_it),
        cmocka_unit_test(a_run_that_is_staged_late_finds_room),
        cmocka_unit_test(runs_that_fit_one_by_one_can_wait_together),
        cmocka_unit_test(memory_for_runs_that_waited_is_given_up_when_it_is_needed),
        cmocka_unit_test(arguments_are_borrowed_during_the_call_only),
        cmocka_unit_test(health_and_counters_do_not_wait_for_a_run),
        cmocka_unit_test(other_callables_and_memory_come_and_go_while_a_run_executes),
        cmocka_unit_test(a_callable_with_runs_under_way_cannot_be_released),
        cmocka_unit_test(an_allocation_in_use_cannot_be_freed),
        cmocka_unit_test(a_run_on_another_thread_keeps_what_it_uses),
        cmocka_unit_test(the_times_of_a_run_add_up),
        cmocka_unit_test(a_refused_run_leaves_nothing_of_an_earlier_result),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
