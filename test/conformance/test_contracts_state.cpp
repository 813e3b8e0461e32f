// SPDX-License-Identifier: Apache-2.0
// What state means: which contexts are refused, where tensors are, what cores find, and how runs that failed are told
// of.
#include <cstring>

#include "contracts.hpp"

namespace {

using namespace pto::test;

CallableBuilder contract(const char *entry)
{
    return callable("orch_contracts", entry);
}

// ---- guards

void expect_refused_by_every_verb(pto_context *context, pto_status status)
{
    CallableBuilder add = sum();
    uint64_t address = 0;
    pto_stats stats = PTO_STATS_INIT;
    EXPECT_STATUS(status, pto_prepare(context, 0, add.get()));
    EXPECT_STATUS(status, pto_run(context, 0, nullptr, nullptr, nullptr));
    EXPECT_STATUS(status, pto_release(context, 0));
    EXPECT_STATUS(status, pto_malloc(context, 64, &address));
    EXPECT_STATUS(status, pto_get_stats(context, &stats));
    EXPECT_STATUS(status, pto_health(context));
}

void a_closed_context_is_refused_by_every_verb(void **)
{
    const pto_open_options options = TestChip::default_options();
    pto_context *context = nullptr;
    EXPECT_STATUS(PTO_OK, pto_open(&options, &context));
    CallableBuilder add = sum();
    EXPECT_STATUS(PTO_OK, pto_prepare(context, 0, add.get()));
    pto_close(context);
    expect_refused_by_every_verb(context, PTO_ERROR_INVALID_HANDLE);
    const TestChip next; // may have its place, but not its handle
    expect_refused_by_every_verb(context, PTO_ERROR_INVALID_HANDLE);
    pto_close(context);
    EXPECT_STATUS(PTO_OK, pto_health(next.get()));
}

void what_was_never_a_context_is_refused_by_every_verb(void **)
{
    int on_stack = 0;
    const TestChip chip;
    for (void *foreign : {static_cast<void *>(nullptr), static_cast<void *>(&on_stack), reinterpret_cast<void *>(7)})
        expect_refused_by_every_verb(static_cast<pto_context *>(foreign), PTO_ERROR_INVALID_HANDLE);
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
}

void a_faulted_context_refuses_to_prepare_and_to_run_and_gives_back_what_it_holds(void **)
{
    TestChip chip(TestChip::impatient_options());
    CallableBuilder never = callable("orch_cores", "second_is").inout().scalar();
    CallableBuilder add = sum();
    chip.prepare(0, never);
    chip.prepare(1, add);
    std::vector<int32_t> x = {0};
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, chip.run(0, {integers(x)}, {NEVER}));
    EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, pto_health(chip.get()));
    assert_true(std::isnan(run_binary(chip.get(), 1, 2, 3)));
    EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, chip.run(0, {integers(x)}, {NOP}));
    EXPECT_MESSAGE("faulted");
    EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, pto_prepare(chip.get(), 2, add.get()));
    EXPECT_STATUS(PTO_ERROR_INVALID_CALLABLE_ID, pto_prepare(chip.get(), 64, add.get()));
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 1));
    EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(chip.get(), 1));
    const TestChip other; // a fault is one context's, not the process's
    EXPECT_STATUS(PTO_OK, pto_prepare(other.get(), 0, add.get()));
    EXPECT_VALUE(run_binary(other.get(), 0, 2, 3), 5);
}

// ---- where tensors are

class DeviceBlock {
public:
    DeviceBlock(const TestChip &chip, const std::vector<int32_t> &values) : chip_(chip)
    {
        const std::size_t bytes = values.size() * sizeof(int32_t);
        EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), bytes, &address_));
        EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), address_, values.data(), bytes));
    }
    ~DeviceBlock() { pto_free(chip_.get(), address_); }
    DeviceBlock(const DeviceBlock &) = delete;
    DeviceBlock &operator=(const DeviceBlock &) = delete;
    uint64_t address() const { return address_; }

private:
    const TestChip &chip_;
    uint64_t address_ = 0;
};

/// Runs `representations` on a 4x4 matrix that is there or here, and judges what kernels and orchestration saw.
void expect_device_memory_everywhere(TestChip &chip, const pto_tensor &matrix)
{
    constexpr uint32_t kRepresentations = 8;
    constexpr int32_t kRanks[kRepresentations] = {2, 2, 2, 2, 1, 2, 2, 2};
    constexpr int32_t kFirst[kRepresentations] = {0, 5, 4, 0, 0, 6, 0, 0};
    const uint32_t seen_shape[] = {kRepresentations, 4};
    const uint32_t told_shape[] = {kRepresentations, 5};
    std::vector<int32_t> seen(kRepresentations * 4, -1);
    std::vector<int32_t> told(kRepresentations * 5, -1);
    EXPECT_STATUS(PTO_OK, chip.run(0, {matrix, pto_host_tensor(seen.data(), PTO_INT32, 2, seen_shape),
                                       pto_host_tensor(told.data(), PTO_INT32, 2, told_shape)}));
    for (uint32_t i = 0; i < kRepresentations; i++) {
        assert_int_equal(seen[i * 4], PTO_DEVICE_MEMORY);
        assert_int_equal(seen[i * 4 + 1], kRanks[i]);
        assert_int_equal(seen[i * 4 + 2], 1);
        assert_int_equal(seen[i * 4 + 3], kFirst[i]);
        assert_int_equal(told[i * 5 + 4], PTO_DEVICE_MEMORY);
    }
}

void the_address_space_survives_every_representation_of_a_tensor(void **)
{
    TestChip chip;
    CallableBuilder builder = contract("representations").in("x").out("seen").inout("told");
    chip.prepare(0, builder);
    const uint32_t shape[] = {4, 4};
    std::vector<int32_t> values(16);
    for (int32_t i = 0; i < 16; i++)
        values[static_cast<std::size_t>(i)] = i;
    expect_device_memory_everywhere(chip, pto_host_tensor(values.data(), PTO_INT32, 2, shape));
    const DeviceBlock block(chip, values);
    expect_device_memory_everywhere(chip, pto_device_tensor(block.address(), PTO_INT32, 2, shape));
}

void tensors_stay_on_the_device_from_run_to_run(void **)
{
    TestChip chip;
    CallableBuilder builder = callable("orch_graphs", "chain").inout().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {1};
    const uint32_t shape[] = {1};
    const DeviceBlock block(chip, x);
    uint32_t expected = 1;
    for (int round = 0; round < 10; round++) {
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_OK, chip.run(0, {pto_device_tensor(block.address(), PTO_INT32, 1, shape)}, {5}, &result));
        assert_int_equal(result.bytes_to_device + result.bytes_from_device, 0);
        for (uint32_t step = 0; step < 5; step++)
            expected = expected * 2 + step;
    }
    EXPECT_STATUS(PTO_OK, pto_copy_from_device(chip.get(), x.data(), block.address(), sizeof(int32_t)));
    assert_int_equal(static_cast<uint32_t>(x[0]), expected);
    assert_int_equal(stats_of(chip.get()).staging_bytes, 0);
}

void a_pointer_of_the_wrong_side_is_refused_by_the_arguments_name(void **)
{
    TestChip chip;
    CallableBuilder builder = contract("kind_aiv").inout("matrix");
    chip.prepare(0, builder);
    std::vector<int32_t> x = {3};
    const uint32_t shape[] = {1};
    const DeviceBlock block(chip, x);
    pto_tensor host = integers(x);
    host.addr = block.address();
    EXPECT_STATUS(PTO_ERROR_NOT_DEVICE_MEMORY, chip.run(0, {host}));
    EXPECT_MESSAGE("tensor argument 0 'matrix'");
    EXPECT_MESSAGE("device memory passed as host memory");
    const pto_tensor device = pto_device_tensor(reinterpret_cast<uint64_t>(x.data()), PTO_INT32, 1, shape);
    EXPECT_STATUS(PTO_ERROR_NOT_DEVICE_MEMORY, chip.run(0, {device}));
    EXPECT_MESSAGE("tensor argument 0 'matrix'");
    EXPECT_MESSAGE("is it a host pointer?");
    assert_int_equal(x[0], 3);
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}));
    assert_int_equal(x[0], 7);
}

// ---- what cores find

void every_core_finds_initialised_contexts_whatever_ran_on_it_before(void **)
{
    pto_open_options options = TestChip::default_options();
    options.cluster_count = 8; // its kernels wait for each other, and threads for all of many take seconds
    TestChip chip(options);
    CallableBuilder counts_cores = callable("orch_cores", "core_counts").inout();
    chip.prepare(0, counts_cores);
    std::vector<int32_t> cores(3, 0);
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(cores)}));
    assert_int_equal(cores[1] + cores[2], 3 * cores[0]);
    CallableBuilder builder = contract("dirty_then_state").inout("counts").inout("verdicts");
    chip.prepare(1, builder);
    for (int round = 0; round < 3; round++) {
        std::vector<int32_t> counts(2, 0);
        std::vector<int32_t> verdicts(static_cast<std::size_t>(3 * cores[0]), 0);
        EXPECT_STATUS(PTO_OK, chip.run(1, {integers(counts), integers(verdicts)}));
        assert_int_equal(counts[0], 3 * cores[0]);
        assert_int_equal(counts[1], 3 * cores[0]);
        for (std::size_t core = 0; core < verdicts.size(); core++)
            if (verdicts[core] != 1000) // once, and without a difference
                fail_msg("core %zu: %d", core, verdicts[core]);
    }
}

// ---- runs that fail

void an_explicit_fatal_ends_the_run_with_its_code_and_message_and_the_next_run_works(void **)
{
    TestChip chip;
    CallableBuilder builder = contract("fatal_after").inout().scalar().scalar();
    chip.prepare(4, builder);
    uint64_t failed = 0;
    for (const int32_t code : {1, 42, 0, -1, INT32_MAX, INT32_MIN}) {
        for (const uint64_t tasks : {1u, 500u}) {
            std::vector<int32_t> x = {7};
            pto_run_result result = PTO_RUN_RESULT_INIT;
            EXPECT_STATUS(PTO_ERROR_ORCHESTRATION_FATAL,
                          chip.run(4, {integers(x)}, {tasks, static_cast<uint64_t>(int64_t{code})}, &result));
            assert_true(pto_last_error()->detail == code);
            assert_int_equal(pto_last_error()->callable_id, 4);
            EXPECT_MESSAGE(("after " + std::to_string(tasks) + " tasks, as was asked").c_str());
            assert_int_equal(result.status, PTO_ERROR_ORCHESTRATION_FATAL);
            assert_int_equal(x[0], 7);
            assert_int_equal(stats_of(chip.get()).failed_runs, ++failed);
            EXPECT_STATUS(PTO_OK, chip.run(4, {integers(x)}, {0, 0}));
            assert_int_equal(x[0], 107);
            EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
        }
    }
}

struct Order {
    uint64_t digits;
    pto_status status;
    const char *message;
};

void the_first_of_several_errors_is_the_one_that_is_told(void **)
{
    constexpr Order kOrders[] = {
        {4321, PTO_ERROR_ORCHESTRATION_FATAL, "the fatal"}, {1432, PTO_ERROR_UNKNOWN_KERNEL, "func id 500"},
        {2143, PTO_ERROR_STALE_HANDLE, "never allocated"},  {3214, PTO_ERROR_SCOPE, "scope_end"},
        {0, PTO_ERROR_SCOPE, "1 scopes still open"},        {12, PTO_ERROR_UNKNOWN_KERNEL, "func id 500"},
        {21, PTO_ERROR_ORCHESTRATION_FATAL, "the fatal"},
    };
    TestChip chip;
    CallableBuilder builder = contract("errors_in_order").inout().scalar();
    CallableBuilder add = sum();
    chip.prepare(0, builder);
    chip.prepare(1, add);
    std::vector<int32_t> x = {1};
    for (const Order &order : kOrders) {
        EXPECT_STATUS(order.status, chip.run(0, {integers(x)}, {order.digits}));
        EXPECT_MESSAGE(order.message);
        const bool fatal = order.status == PTO_ERROR_ORCHESTRATION_FATAL;
        assert_true(pto_last_error()->detail == (fatal ? 4711 : 0));
        assert_int_equal(pto_last_error()->callable_id, 0);
        EXPECT_VALUE(run_binary(chip.get(), 1, 2, 3), 5);
    }
}

void an_error_names_callable_task_kernel_and_cause(void **)
{
    TestChip chip(TestChip::impatient_options());
    CallableBuilder builder = callable("orch_cores", "second_is").inout().scalar();
    chip.prepare(11, builder);
    std::vector<int32_t> x = {0};
    EXPECT_STATUS(PTO_ERROR_UNKNOWN_KERNEL, chip.run(11, {integers(x)}, {600}));
    assert_int_equal(pto_last_error()->callable_id, 11);
    assert_int_equal(pto_last_error()->task, 1);
    assert_int_equal(pto_last_error()->func_id, 600);
    EXPECT_STATUS(PTO_ERROR_TIMEOUT, chip.run(11, {integers(x)}, {NEVER}));
    const pto_error error = *pto_last_error();
    assert_int_equal(error.callable_id, 11);
    assert_int_equal(error.task, 1);
    assert_int_equal(error.func_id, NEVER);
    assert_string_equal(error.kernel, "kernel_never");
    assert_true(error.core >= 0);
    // What follows from the fault is told as such, and does not repeat or replace the cause.
    EXPECT_STATUS(PTO_ERROR_DEVICE_FAULTED, chip.run(11, {integers(x)}, {NOP}));
    EXPECT_MESSAGE("an earlier run faulted the device");
    assert_int_equal(pto_last_error()->callable_id, 11);
}

void a_prepare_that_fails_tells_the_part_and_then_the_cause(void **)
{
    const TestChip chip;
    CallableBuilder builder = sum();
    pto_callable bad = *builder.get();
    pto_kernel kernels[] = {bad.kernels[0], bad.kernels[1]};
    bad.kernels = kernels;
    kernels[1].image = "this is no shared object, but long enough to look like one to whoever counts its bytes";
    kernels[1].image_bytes = 80;
    EXPECT_STATUS(refused_file(kernels_are_here()), pto_prepare(chip.get(), 3, &bad));
    EXPECT_MESSAGE("kernel 1 'kernel_subtract': ");
    EXPECT_MESSAGE("ELF file");
    assert_int_equal(pto_last_error()->callable_id, 3);
    kernels[1] = builder.get()->kernels[1];
    bad.orch_entry = "ternary";
    EXPECT_STATUS(PTO_ERROR_MISSING_ENTRY, pto_prepare(chip.get(), 3, &bad));
    EXPECT_MESSAGE("orchestration 'ternary': ");
    EXPECT_MESSAGE("no symbol 'ternary'");
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_context_is_refused_by_every_verb),
        cmocka_unit_test(what_was_never_a_context_is_refused_by_every_verb),
        cmocka_unit_test(a_faulted_context_refuses_to_prepare_and_to_run_and_gives_back_what_it_holds),
        cmocka_unit_test(the_address_space_survives_every_representation_of_a_tensor),
        cmocka_unit_test(tensors_stay_on_the_device_from_run_to_run),
        cmocka_unit_test(a_pointer_of_the_wrong_side_is_refused_by_the_arguments_name),
        cmocka_unit_test(every_core_finds_initialised_contexts_whatever_ran_on_it_before),
        cmocka_unit_test(an_explicit_fatal_ends_the_run_with_its_code_and_message_and_the_next_run_works),
        cmocka_unit_test(the_first_of_several_errors_is_the_one_that_is_told),
        cmocka_unit_test(an_error_names_callable_task_kernel_and_cause),
        cmocka_unit_test(a_prepare_that_fails_tells_the_part_and_then_the_cause),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
