// SPDX-License-Identifier: Apache-2.0
// The caller's allocator: all blocks come back as they were given, every failure of it is survived, and a run that has
// been there before does not call it.
#include "host_test.hpp"

#include <memory>

using namespace pto::test;

namespace {

pto_open_options options_with(const CountingAllocator &allocator)
{
    pto_open_options options = TestChip::default_options();
    options.allocator = allocator.callbacks();
    options.helper_threads = 1;
    return options;
}

/// Fails the first allocation of `call`, then the second and so on until it succeeds. After each failure: the status
/// is that of host memory, `check` finds the state as it was, and every block is back. Returns the number of failures.
template <class Call, class Check>
uint32_t fail_each_allocation(CountingAllocator *allocator, Call &&call, Check &&check)
{
    for (uint32_t number = 1;; number++) {
        const uint64_t blocks = allocator->live_blocks();
        const uint64_t bytes = allocator->live_bytes();
        allocator->fail_at(number);
        const pto_status status = call();
        allocator->fail_at(0);
        if (status == PTO_OK)
            return number - 1;
        EXPECT_STATUS(PTO_ERROR_OUT_OF_HOST_MEMORY, status);
        EXPECT_MESSAGE("host memory");
        assert_int_equal(pto_last_error()->status, PTO_ERROR_OUT_OF_HOST_MEMORY);
        assert_int_equal(allocator->live_blocks(), blocks);
        assert_int_equal(allocator->live_bytes(), bytes);
        check();
    }
}

void expect_all_returned(const CountingAllocator &allocator)
{
    assert_int_equal(allocator.live_blocks(), 0);
    assert_int_equal(allocator.live_bytes(), 0);
    assert_int_equal(allocator.mistakes(), 0);
    assert_true(allocator.allocations() > 0);
}

void all_blocks_come_back_with_their_sizes(void **)
{
    CountingAllocator allocator;
    {
        TestChip chip(options_with(allocator));
        auto add = combine_callable();
        auto subtract = combine_callable("host_kernel_subtract");
        chip.prepare(0, add);
        chip.prepare(1, subtract);
        uint64_t address = 0;
        EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), 5000, &address));
        assert_true(combines(chip.get(), 0));
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
        expect_usable(chip.get(), 2);
        // Closed with a callable and an allocation that nobody gave back.
    }
    expect_all_returned(allocator);
}

void the_allocator_is_copied(void **)
{
    CountingAllocator allocator;
    {
        auto callbacks = std::make_unique<pto_allocator>(*allocator.callbacks());
        pto_open_options options = options_with(allocator);
        options.allocator = callbacks.get();
        const TestChip chip(options);
        callbacks.reset();
        expect_usable(chip.get());
    }
    expect_all_returned(allocator);
}

void open_survives_every_failure(void **)
{
    CountingAllocator allocator;
    pto_open_options options = options_with(allocator);
    auto *context = reinterpret_cast<pto_context *>(uintptr_t{1});
    const uint32_t failures = fail_each_allocation(
        &allocator, [&] { return pto_open(&options, &context); }, [&] { assert_null(context); });
    assert_true(failures > 0);
    expect_usable(context);
    pto_close(context);
    expect_all_returned(allocator);
}

/// A callable with long names, so that those are allocated too.
CallableBuilder named_callable()
{
    static const std::string name(PTO_MAX_NAME, 'n');
    return CallableBuilder("host_orch", "combine")
        .aiv(0, "host_kernel_add")
        .aiv(1, "host_kernel_subtract")
        .aiv(900, "host_kernel_add")
        .in(name.c_str())
        .in(name.c_str())
        .out(name.c_str());
}

void prepare_survives_every_failure(void **)
{
    CountingAllocator allocator;
    {
        const TestChip chip(options_with(allocator));
        auto callable = named_callable();
        // Once before: tables that have grown stay so, which is no leak.
        EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 7, callable.get()));
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 7));
        const uint64_t largest = largest_allocation(chip.get());
        const pto_stats before = stats_of(chip.get());
        const uint32_t failures = fail_each_allocation(
            &allocator, [&] { return pto_prepare(chip.get(), 7, callable.get()); },
            [&] {
                pto_stats after = stats_of(chip.get());
                after.kernel_uploads = before.kernel_uploads;
                after.orch_uploads = before.orch_uploads;
                after.dedup_hits = before.dedup_hits;
                assert_memory_equal(&after, &before, sizeof before);
                EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(chip.get(), 7));
                assert_int_equal(largest_allocation(chip.get()), largest);
            });
        assert_true(failures > 10);
        assert_true(combines(chip.get(), 7));
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 7));
        assert_int_equal(stats_of(chip.get()).resident_image_bytes, 0);
    }
    expect_all_returned(allocator);
}

void the_first_prepare_survives_every_failure(void **)
{
    for (uint32_t number = 1;; number++) {
        CountingAllocator allocator;
        pto_status status = PTO_OK;
        {
            const TestChip chip(options_with(allocator));
            auto callable = named_callable();
            allocator.fail_at(number);
            status = pto_prepare(chip.get(), 7, callable.get());
            allocator.fail_at(0);
            if (status != PTO_OK) {
                EXPECT_STATUS(PTO_ERROR_OUT_OF_HOST_MEMORY, status);
                assert_int_equal(stats_of(chip.get()).resident_image_bytes, 0);
                expect_usable(chip.get(), 7);
            }
        }
        expect_all_returned(allocator);
        if (status == PTO_OK)
            break;
    }
}

void prepare_survives_every_failure_while_images_are_shared(void **)
{
    CountingAllocator allocator;
    {
        TestChip chip(options_with(allocator));
        auto callable = named_callable();
        chip.prepare(0, callable);
        const uint64_t resident = stats_of(chip.get()).resident_image_bytes;
        const uint32_t failures = fail_each_allocation(
            &allocator, [&] { return pto_prepare(chip.get(), 7, callable.get()); },
            [&] {
                assert_int_equal(stats_of(chip.get()).resident_image_bytes, resident);
                assert_int_equal(stats_of(chip.get()).prepared_callables, 1);
                assert_true(combines(chip.get(), 0));
            });
        assert_true(failures > 3);
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
        assert_true(combines(chip.get(), 7));
    }
    expect_all_returned(allocator);
}

void malloc_survives_every_failure(void **)
{
    CountingAllocator allocator;
    {
        const TestChip chip(options_with(allocator));
        const uint64_t largest = largest_allocation(chip.get());
        const pto_stats before = stats_of(chip.get());
        uint64_t address = 77;
        const uint32_t failures = fail_each_allocation(
            &allocator, [&] { return pto_malloc(chip.get(), 4096, &address); },
            [&] {
                assert_int_equal(address, 0);
                const pto_stats after = stats_of(chip.get());
                assert_memory_equal(&after, &before, sizeof before);
                assert_int_equal(largest_allocation(chip.get()), largest);
            });
        assert_true(failures > 0);
        EXPECT_STATUS(PTO_OK, pto_free(chip.get(), address));
        expect_usable(chip.get());
    }
    expect_all_returned(allocator);
}

void run_survives_every_failure(void **)
{
    CountingAllocator allocator;
    {
        TestChip chip(options_with(allocator));
        auto callable = combine_callable();
        chip.prepare(0, callable);
        std::vector<float> a(1000, 1);
        std::vector<float> b(1000, 2);
        std::vector<float> out(1000, 0);
        fail_each_allocation(
            &allocator,
            [&] {
                return chip.run(0, {floats(a), floats(b), floats(out)});
            },
            [&] { assert_true(out[0] == 0); });
        assert_true(out[999] == 3);
    }
    expect_all_returned(allocator);
}

void submit_survives_every_failure(void **)
{
    CountingAllocator allocator;
    {
        TestChip chip(options_with(allocator));
        auto callable = combine_callable();
        chip.prepare(0, callable);
        std::vector<float> a(1000, 1);
        std::vector<float> b(1000, 2);
        std::vector<float> out(1000, 0);
        const pto_tensor tensors[] = {floats(a), floats(b), floats(out)};
        pto_args args = PTO_ARGS_INIT;
        args.tensors = tensors;
        args.tensor_count = 3;
        pto_run_handle *run = nullptr;
        EXPECT_STATUS(PTO_OK, pto_submit(chip.get(), 0, &args, nullptr, &run));
        EXPECT_END(PTO_OK, run);
        // The table of runs and the copies of the arguments are there. One more run at once needs more.
        auto gate = gate_callable();
        chip.prepare(1, gate);
        Gate flags;
        std::vector<float> held_out = {0};
        pto_run_handle *held = submit(chip, 1, {floats(held_out)}, flags.scalars());
        const uint64_t blocks = allocator.live_blocks();
        for (uint64_t number = 1;; number++) {
            const uint64_t runs = stats_of(chip.get()).runs_under_way;
            allocator.fail_at(number);
            const pto_status status = pto_submit(chip.get(), 0, &args, nullptr, &run);
            allocator.fail_at(0);
            if (status == PTO_OK)
                break;
            EXPECT_STATUS(PTO_ERROR_OUT_OF_HOST_MEMORY, status);
            EXPECT_MESSAGE("host memory");
            assert_null(run);
            assert_int_equal(stats_of(chip.get()).runs_under_way, runs);
            assert_true(number < 10);
        }
        assert_true(allocator.live_blocks() > blocks);
        flags.open = 1;
        EXPECT_END(PTO_OK, run);
        EXPECT_END(PTO_OK, held);
        assert_true(out[999] == 3);
    }
    expect_all_returned(allocator);
}

void submitted_runs_that_were_there_before_allocate_nothing(void **)
{
    CountingAllocator allocator;
    {
        TestChip chip(options_with(allocator));
        auto callable = combine_callable();
        auto gate = gate_callable();
        chip.prepare(0, callable);
        chip.prepare(1, gate);
        std::vector<float> a(1000, 1);
        std::vector<std::vector<float>> out(10, std::vector<float>(1000, 0));
        uint64_t allocations = 0;
        uint64_t staging = 0;
        for (int round = 0; round < 20; round++) {
            Gate flags;
            std::vector<float> held_out = {0};
            std::vector<pto_run_handle *> runs = {submit(chip, 1, {floats(held_out)}, flags.scalars())};
            for (std::vector<float> &sum : out)
                runs.push_back(submit(chip, 0, {floats(a), floats(a), floats(sum)}));
            flags.open = 1;
            for (pto_run_handle *run : runs)
                EXPECT_END(PTO_OK, run);
            if (round == 9) {
                allocations = allocator.allocations();
                staging = stats_of(chip.get()).staging_bytes;
            }
        }
        assert_true(out[9][999] == 2);
        assert_int_equal(allocator.allocations(), allocations);
        assert_int_equal(stats_of(chip.get()).staging_bytes, staging);
    }
    expect_all_returned(allocator);
}

void a_run_that_was_there_before_allocates_nothing(void **)
{
    CountingAllocator allocator;
    {
        TestChip chip(options_with(allocator));
        auto callable =
            CallableBuilder("host_orch", "combine_twice").aiv(0, "host_kernel_add").in("a").in("b").out("out");
        chip.prepare(0, callable);
        std::vector<float> a(1000, 1);
        std::vector<float> b(1000, 2);
        std::vector<float> out(1000, 0);
        const std::vector<pto_tensor> tensors = {floats(a), floats(b), floats(out)};
        EXPECT_STATUS(PTO_OK, chip.run(0, tensors));
        const uint64_t allocations = allocator.allocations();
        const uint64_t blocks = allocator.live_blocks();
        const uint64_t staging = stats_of(chip.get()).staging_bytes;
        assert_int_equal(staging, 3 * 4000);
        for (int i = 0; i < 100; i++) {
            a[0] = static_cast<float>(i);
            EXPECT_STATUS(PTO_OK, chip.run(0, tensors));
            assert_true(out[0] == static_cast<float>(i) + 4);
        }
        EXPECT_STATUS(PTO_ERROR_SIGNATURE_MISMATCH, chip.run(0, {}));
        assert_int_equal(allocator.allocations(), allocations);
        assert_int_equal(allocator.live_blocks(), blocks);
        assert_int_equal(stats_of(chip.get()).staging_bytes, staging);
    }
    expect_all_returned(allocator);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(all_blocks_come_back_with_their_sizes),
        cmocka_unit_test(the_allocator_is_copied),
        cmocka_unit_test(open_survives_every_failure),
        cmocka_unit_test(prepare_survives_every_failure),
        cmocka_unit_test(the_first_prepare_survives_every_failure),
        cmocka_unit_test(prepare_survives_every_failure_while_images_are_shared),
        cmocka_unit_test(malloc_survives_every_failure),
        cmocka_unit_test(run_survives_every_failure),
        cmocka_unit_test(submit_survives_every_failure),
        cmocka_unit_test(a_run_that_was_there_before_allocates_nothing),
        cmocka_unit_test(submitted_runs_that_were_there_before_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
