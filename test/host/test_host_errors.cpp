// SPDX-License-Identifier: Apache-2.0
// What the last error knows beside its status: the chip, the callable, the system's number.
#include "host_test.hpp"

#include <cerrno>
#include <cstring>
#include <sys/resource.h>

using namespace pto::test;

namespace {

constexpr uint32_t kChip = 7;

pto_open_options on_chip(uint32_t index)
{
    pto_open_options options = TestChip::default_options();
    options.device_index = index;
    return options;
}

/// Calls that fail on an open context with nothing prepared.
struct FailingCall {
    const char *name;
    pto_status (*call)(pto_context *context);
};

pto_status run_with_sizes(pto_context *context, uint32_t args_off, uint32_t options_off, uint32_t result_off)
{
    pto_args args = PTO_ARGS_INIT;
    pto_run_options options = PTO_RUN_OPTIONS_INIT;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    args.struct_size -= args_off;
    options.struct_size -= options_off;
    result.struct_size -= result_off;
    return pto_run(context, 0, &args, &options, &result);
}

constexpr FailingCall kFailingCalls[] = {
    {"pto_malloc without a place", [](pto_context *context) { return pto_malloc(context, 64, nullptr); }},
    {"pto_malloc of nothing",
     [](pto_context *context) {
         uint64_t address = 0;
         return pto_malloc(context, 0, &address);
     }},
    {"pto_malloc of too much",
     [](pto_context *context) {
         uint64_t address = 0;
         return pto_malloc(context, SIZE_MAX / 2, &address);
     }},
    {"pto_free", [](pto_context *context) { return pto_free(context, 1024); }},
    {"pto_copy_to_device", [](pto_context *context) { return pto_copy_to_device(context, 1024, "text", 4); }},
    {"pto_copy_to_device of NULL", [](pto_context *context) { return pto_copy_to_device(context, 1024, nullptr, 4); }},
    {"pto_copy_from_device",
     [](pto_context *context) {
         char text[4];
         return pto_copy_from_device(context, text, 1024, sizeof text);
     }},
    {"pto_prepare of an id", [](pto_context *context) { return pto_prepare(context, 64, combine_callable().get()); }},
    {"pto_prepare of NULL", [](pto_context *context) { return pto_prepare(context, 0, nullptr); }},
    {"pto_prepare without a kernel's entry",
     [](pto_context *context) { return pto_prepare(context, 0, combine_callable("host_kernel_none").get()); }},
    {"pto_run", [](pto_context *context) { return run_with_sizes(context, 0, 0, 0); }},
    {"pto_run of other arguments", [](pto_context *context) { return run_with_sizes(context, 1, 0, 0); }},
    {"pto_run of other options", [](pto_context *context) { return run_with_sizes(context, 0, 1, 0); }},
    {"pto_run of another result", [](pto_context *context) { return run_with_sizes(context, 0, 0, 1); }},
    {"pto_release", [](pto_context *context) { return pto_release(context, 3); }},
    {"pto_get_stats of NULL", [](pto_context *context) { return pto_get_stats(context, nullptr); }},
    {"pto_get_stats of another size",
     [](pto_context *context) {
         pto_stats stats = PTO_STATS_INIT;
         stats.struct_size++;
         return pto_get_stats(context, &stats);
     }},
};

void every_failure_on_an_open_context_names_its_chip(void **)
{
    const TestChip chip(on_chip(kChip));
    const TestChip other(on_chip(0));
    for (const FailingCall &call : kFailingCalls) {
        for (const uint32_t index : {kChip, 0u}) {
            const pto_status status = call.call(index == kChip ? chip.get() : other.get());
            if (status >= 0 || pto_last_error()->status != status || pto_last_error()->device != int32_t(index))
                fail_msg("%s: status %d, last error %d on device %d: %s", call.name, status, pto_last_error()->status,
                         pto_last_error()->device, pto_last_error()->message);
        }
    }
}

void a_failure_without_a_context_names_no_chip(void **)
{
    const TestChip chip(on_chip(kChip));
    EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(chip.get(), 0));
    assert_int_equal(pto_last_error()->device, kChip);
    EXPECT_STATUS(PTO_ERROR_INVALID_HANDLE, pto_health(nullptr));
    assert_int_equal(pto_last_error()->device, -1);
    pto_context *context = nullptr;
    const pto_open_options far = on_chip(64);
    EXPECT_STATUS(PTO_ERROR_UNSUPPORTED, pto_open(&far, &context));
    assert_int_equal(pto_last_error()->device, -1);
}

void a_chip_that_cannot_be_opened_is_named(void **)
{
    pto_open_options options = on_chip(kChip);
    options.device_memory_bytes = 1;
    pto_context *context = nullptr;
    EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, pto_open(&options, &context));
    assert_int_equal(pto_last_error()->device, kChip);
    assert_int_equal(pto_last_error()->raw, 0);
}

void a_run_that_fails_names_its_chip(void **)
{
    TestChip chip(on_chip(kChip));
    CallableBuilder builder = CallableBuilder("host_orch", "give_up").scalar();
    chip.prepare(2, builder);
    EXPECT_STATUS(PTO_ERROR_ORCHESTRATION_FATAL, chip.run(2, {}, {5}));
    assert_int_equal(pto_last_error()->device, kChip);
    assert_int_equal(pto_last_error()->callable_id, 2);
}

/// While it lives, the system refuses new descriptors.
class NoDescriptors {
public:
    NoDescriptors()
    {
        getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit none{0, before_.rlim_max};
        setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptors(const NoDescriptors &) = delete;
    NoDescriptors &operator=(const NoDescriptors &) = delete;

private:
    rlimit before_{};
};

void what_the_system_refuses_is_named_by_its_number(void **)
{
    const TestChip chip(on_chip(kChip));
    // With a kernel, which is loaded first, and without one.
    CallableBuilder with_kernel = combine_callable();
    CallableBuilder orchestration("host_orch", "nothing");
    for (CallableBuilder *builder : {&with_kernel, &orchestration}) {
        const pto_callable *callable = builder->get();
        pto_status status = PTO_OK;
        {
            const NoDescriptors none;
            status = pto_prepare(chip.get(), 0, callable);
        }
        EXPECT_STATUS(PTO_ERROR_SYSTEM, status);
        assert_int_equal(pto_last_error()->raw, EMFILE);
        EXPECT_MESSAGE(std::strerror(EMFILE));
        EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 0, callable));
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
    }
    EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(chip.get(), 0));
    assert_int_equal(pto_last_error()->raw, 0);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    for (const char *name : {"host_orch", "host_kernel_add", "host_kernel_none"})
        module_bytes(name); // read while there are descriptors
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_failure_on_an_open_context_names_its_chip),
        cmocka_unit_test(a_failure_without_a_context_names_no_chip),
        cmocka_unit_test(a_chip_that_cannot_be_opened_is_named),
        cmocka_unit_test(a_run_that_fails_names_its_chip),
        cmocka_unit_test(what_the_system_refuses_is_named_by_its_number),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
