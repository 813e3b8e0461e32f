// SPDX-License-Identifier: Apache-2.0
// Handles and options: what pto_open refuses, and how every function meets a handle that is none.
#include "host_test.hpp"

#include <cstring>
#include <limits>

using namespace pto::test;

namespace {

struct ContextCall {
    const char *name;
    pto_status (*call)(pto_context *context);
};

pto_status call_malloc(pto_context *context)
{
    uint64_t address = 77;
    const pto_status status = pto_malloc(context, 64, &address);
    if (status != PTO_OK)
        assert_int_equal(address, 0);
    return status;
}

pto_status call_get_stats(pto_context *context)
{
    pto_stats stats = PTO_STATS_INIT;
    return pto_get_stats(context, &stats);
}

pto_status call_run(pto_context *context)
{
    pto_run_result result = PTO_RUN_RESULT_INIT;
    const pto_status status = pto_run(context, 0, nullptr, nullptr, &result);
    assert_int_equal(result.status, status);
    return status;
}

pto_status call_submit(pto_context *context)
{
    auto *run = reinterpret_cast<pto_run_handle *>(uintptr_t{1});
    const pto_status status = pto_submit(context, 0, nullptr, nullptr, &run);
    assert_null(run);
    return status;
}

constexpr ContextCall kCalls[] = {
    {"pto_malloc", call_malloc},
    {"pto_free", [](pto_context *context) { return pto_free(context, 0); }},
    {"pto_free of a number", [](pto_context *context) { return pto_free(context, 1024); }},
    {"pto_copy_to_device", [](pto_context *context) { return pto_copy_to_device(context, 1024, "text", 4); }},
    {"pto_copy_from_device",
     [](pto_context *context) {
         char text[4];
         return pto_copy_from_device(context, text, 1024, sizeof text);
     }},
    {"pto_prepare", [](pto_context *context) { return pto_prepare(context, 0, combine_callable().get()); }},
    {"pto_run", call_run},
    {"pto_submit", call_submit},
    {"pto_release", [](pto_context *context) { return pto_release(context, 0); }},
    {"pto_get_stats", call_get_stats},
    {"pto_health", [](pto_context *context) { return pto_health(context); }},
};

void expect_refused_by_all(pto_context *handle, const char *text)
{
    for (const ContextCall &call : kCalls) {
        if (call.call(handle) != PTO_ERROR_INVALID_HANDLE)
            fail_msg("%s accepts the handle %p", call.name, static_cast<void *>(handle));
        assert_int_equal(pto_last_error()->status, PTO_ERROR_INVALID_HANDLE);
        EXPECT_MESSAGE(text);
    }
}

void null_is_refused_by_every_function(void **)
{
    expect_refused_by_all(nullptr, "the context is NULL");
    pto_close(nullptr);
}

void foreign_handles_are_refused_by_every_function(void **)
{
    const TestChip chip;
    for (pto_context *handle : wrong_handles(chip.get()))
        expect_refused_by_all(handle, "context");
    expect_usable(chip.get());
}

void closing_foreign_handles_does_nothing(void **)
{
    const TestChip chip;
    for (pto_context *handle : wrong_handles(chip.get()))
        pto_close(handle);
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
    expect_usable(chip.get());
}

void a_closed_context_is_refused_by_every_function(void **)
{
    const pto_open_options options = TestChip::default_options();
    pto_context *closed = nullptr;
    EXPECT_STATUS(PTO_OK, pto_open(&options, &closed));
    pto_close(closed);
    expect_refused_by_all(closed, "closed");
    pto_close(closed);
    // Its slot serves another context now: the old handle does not reach that one.
    const TestChip next;
    assert_ptr_not_equal(next.get(), closed);
    expect_refused_by_all(closed, "closed");
    pto_close(closed);
    expect_usable(next.get());
}

// ---- options

struct BadOptions {
    pto_status status;
    const char *text;
    void (*spoil)(pto_open_options *options);
};

constexpr BadOptions kBadOptions[] = {
    {PTO_ERROR_INVALID_ARGUMENT, "struct_size is 0", [](pto_open_options *options) { options->struct_size = 0; }},
    {PTO_ERROR_INVALID_ARGUMENT, "struct_size", [](pto_open_options *options) { options->struct_size--; }},
    {PTO_ERROR_INVALID_ARGUMENT, "struct_size", [](pto_open_options *options) { options->struct_size++; }},
    {PTO_ERROR_INVALID_ARGUMENT, "struct_size is 4294967295",
     [](pto_open_options *options) { options->struct_size = UINT32_MAX; }},
    {PTO_ERROR_INVALID_ARGUMENT, "sim_mode 2", [](pto_open_options *options) { options->sim_mode = 2; }},
    {PTO_ERROR_UNSUPPORTED, "arch 'a1'", [](pto_open_options *options) { options->arch = "a1"; }},
    {PTO_ERROR_UNSUPPORTED, "arch ''", [](pto_open_options *options) { options->arch = ""; }},
    {PTO_ERROR_UNSUPPORTED, "device_index 64", [](pto_open_options *options) { options->device_index = 64; }},
    {PTO_ERROR_UNSUPPORTED, "device_index 4294967295",
     [](pto_open_options *options) { options->device_index = UINT32_MAX; }},
    {PTO_ERROR_UNSUPPORTED, "cluster_count 37", [](pto_open_options *options) { options->cluster_count = 37; }},
    {PTO_ERROR_UNSUPPORTED, "cluster_count 4294967295",
     [](pto_open_options *options) { options->cluster_count = UINT32_MAX; }},
    {PTO_ERROR_UNSUPPORTED, "max_tasks 16777217",
     [](pto_open_options *options) { options->max_tasks = (1u << 24) + 1; }},
    {PTO_ERROR_UNSUPPORTED, "max_tasks 4294967295", [](pto_open_options *options) { options->max_tasks = UINT32_MAX; }},
    {PTO_ERROR_INVALID_ARGUMENT, "device_memory_bytes (1)",
     [](pto_open_options *options) { options->device_memory_bytes = 1; }},
    {PTO_ERROR_INVALID_ARGUMENT, "heap_bytes (34359738368)",
     [](pto_open_options *options) { options->heap_bytes = uint64_t{32} << 30; }},
    {PTO_ERROR_INVALID_ARGUMENT, "heap_bytes (18446744073709551615)",
     [](pto_open_options *options) { options->heap_bytes = UINT64_MAX; }},
};

void options_that_no_chip_has_are_refused(void **)
{
    for (const BadOptions &bad : kBadOptions) {
        pto_open_options options = TestChip::default_options();
        bad.spoil(&options);
        auto *context = reinterpret_cast<pto_context *>(uintptr_t{1});
        EXPECT_STATUS(bad.status, pto_open(&options, &context));
        EXPECT_MESSAGE(bad.text);
        assert_null(context);
    }
}

void more_memory_than_there_are_addresses_is_refused(void **)
{
    pto_open_options options = TestChip::default_options();
    options.device_memory_bytes = UINT64_MAX;
    auto *context = reinterpret_cast<pto_context *>(uintptr_t{1});
    const pto_status status = pto_open(&options, &context);
    assert_null(context);
    EXPECT_MESSAGE("18446744073709551615");
    if (status == PTO_ERROR_SYSTEM) // refused by the system, which has a number for it, or before it is asked
        assert_int_not_equal(pto_last_error()->raw, 0);
    else
        EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, status);
}

void an_allocator_without_a_function_is_refused(void **)
{
    CountingAllocator counting;
    for (int missing = 0; missing < 2; missing++) {
        pto_allocator half = *counting.callbacks();
        if (missing == 0)
            half.allocate = nullptr;
        else
            half.release = nullptr;
        pto_open_options options = TestChip::default_options();
        options.allocator = &half;
        pto_context *context = nullptr;
        EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, pto_open(&options, &context));
        EXPECT_MESSAGE("allocator");
        assert_null(context);
    }
    assert_int_equal(counting.allocations(), 0);
}

void open_needs_a_place_for_the_context(void **)
{
    EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, pto_open(nullptr, nullptr));
    EXPECT_MESSAGE("out_context");
}

void open_without_options_gives_the_first_arch(void **)
{
    pto_context *context = nullptr;
    EXPECT_STATUS(PTO_OK, pto_open(nullptr, &context));
    CallableBuilder builder = combine_callable();
    pto_callable callable = *builder.get();
    callable.arch = pto_arch_name(0);
    EXPECT_STATUS(PTO_OK, pto_prepare(context, 0, &callable));
    assert_true(combines(context, 0));
    pto_close(context);
}

void the_largest_and_the_smallest_chip_open(void **)
{
    pto_open_options smallest = TestChip::default_options();
    smallest.cluster_count = 1;
    smallest.helper_threads = 1;
    smallest.device_memory_bytes = uint64_t{64} << 20;
    smallest.heap_bytes = 1 << 20;
    smallest.max_tasks = 16;
    smallest.device_index = 63;
    expect_usable(TestChip(smallest).get());
    smallest.sim_mode = PTO_SIM_THREADS;
    expect_usable(TestChip(smallest).get());
    pto_open_options largest = TestChip::default_options();
    largest.helper_threads = UINT32_MAX;
    largest.max_tasks = 1u << 24;
    largest.device_memory_bytes = uint64_t{1} << 36;
    largest.heap_bytes = uint64_t{1} << 34;
    largest.stall_timeout_ns = UINT64_MAX;
    expect_usable(TestChip(largest).get());
    largest.sim_mode = PTO_SIM_THREADS;
    expect_usable(TestChip(largest).get());
}

/// Sizes at which a count of blocks no longer fits in 32 bits are either served or refused, never cut off.
void memory_beyond_four_tebibytes_is_served_or_refused_by_name(void **)
{
    pto_open_options options = TestChip::default_options();
    options.device_memory_bytes = (uint64_t{4} << 40) + (uint64_t{6} << 30);
    options.heap_bytes = uint64_t{1} << 30;
    pto_context *context = nullptr;
    const pto_status status = pto_open(&options, &context);
    if (status != PTO_OK) {
        EXPECT_MESSAGE(std::to_string(options.device_memory_bytes).c_str());
        return;
    }
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(context, uint64_t{1} << 40, &address));
    pto_close(context);
}

// ---- names

void every_arch_of_the_list_opens(void **)
{
    uint32_t count = 0;
    bool found = false;
    for (; pto_arch_name(count) != nullptr; count++) {
        pto_open_options options = PTO_OPEN_OPTIONS_INIT;
        options.arch = pto_arch_name(count);
        found = found || std::strcmp(options.arch, arch()) == 0;
        const TestChip chip(options);
        EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
    }
    assert_true(found);
    assert_null(pto_arch_name(count + 1));
    assert_null(pto_arch_name(UINT32_MAX));
}

void targets_have_names_and_what_is_none_is_refused_by_its_name(void **)
{
    pto_open_options options = PTO_OPEN_OPTIONS_INIT;
    pto_context *context = nullptr;
    options.target = "moon";
    EXPECT_STATUS(PTO_ERROR_UNSUPPORTED, pto_open(&options, &context));
    EXPECT_MESSAGE("target 'moon' is not in this build");
    uint32_t count = 0;
    for (; pto_target_name(count) != nullptr; count++)
        for (uint32_t other = 0; other < count; other++)
            assert_string_not_equal(pto_target_name(other), pto_target_name(count));
    assert_true(count >= 1);
    assert_null(pto_target_name(count + 1));
    options.target = pto_target_name(0);
    EXPECT_STATUS(PTO_OK, pto_open(&options, &context));
    pto_close(context);
}

void every_status_has_a_name_and_a_text(void **)
{
    uint32_t named = 0;
    for (pto_status status = -300; status <= 300; status++) {
        const char *name = pto_status_name(status);
        assert_non_null(name);
        const std::string text = pto_status_text(status);
        const std::string action = pto_status_action(status);
        const bool is_known = std::strcmp(name, "unknown pto_status") != 0;
        assert_true(text.size() > 7);
        assert_true(action.size() > 3 && action.back() == '.');
        assert_int_equal(is_known, std::strcmp(pto_status_domain(status), "unknown") != 0);
        if (is_known) // the text ends with what to do
            assert_string_equal(text.substr(text.size() - action.size()).c_str(), action.c_str());
        named += is_known ? 1 : 0;
    }
    assert_int_equal(named, 35);
    for (const pto_status status : {INT32_MIN, INT32_MAX}) {
        assert_string_equal(pto_status_name(status), "unknown pto_status");
        assert_non_null(pto_status_text(status));
    }
    assert_string_equal(pto_status_domain(PTO_OK), "none");
    assert_string_equal(pto_status_domain(PTO_PENDING), "none");
    assert_string_equal(pto_status_domain(PTO_ERROR_CANCELLED), "call");
    assert_string_equal(pto_status_domain(PTO_ERROR_LOAD_FAILED), "callable");
    assert_string_equal(pto_status_domain(PTO_ERROR_SYSTEM), "resource");
    assert_string_equal(pto_status_domain(PTO_ERROR_DEADLOCK), "run");
    assert_string_equal(pto_status_domain(PTO_ERROR_KERNEL_FAULT), "device");
    assert_string_equal(pto_status_domain(PTO_ERROR_INTERNAL), "library");
    assert_string_equal(pto_status_action(PTO_ERROR_NOT_PREPARED), "Call pto_prepare first.");
    assert_string_equal(pto_status_name(PTO_ERROR_NOT_DEVICE_MEMORY), "PTO_ERROR_NOT_DEVICE_MEMORY");
    assert_string_equal(pto_version(), PTO_VERSION_STRING);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(null_is_refused_by_every_function),
        cmocka_unit_test(foreign_handles_are_refused_by_every_function),
        cmocka_unit_test(closing_foreign_handles_does_nothing),
        cmocka_unit_test(a_closed_context_is_refused_by_every_function),
        cmocka_unit_test(options_that_no_chip_has_are_refused),
        cmocka_unit_test(more_memory_than_there_are_addresses_is_refused),
        cmocka_unit_test(an_allocator_without_a_function_is_refused),
        cmocka_unit_test(open_needs_a_place_for_the_context),
        cmocka_unit_test(open_without_options_gives_the_first_arch),
        cmocka_unit_test(the_largest_and_the_smallest_chip_open),
        cmocka_unit_test(memory_beyond_four_tebibytes_is_served_or_refused_by_name),
        cmocka_unit_test(every_arch_of_the_list_opens),
        cmocka_unit_test(targets_have_names_and_what_is_none_is_refused_by_its_name),
        cmocka_unit_test(every_status_has_a_name_and_a_text),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
