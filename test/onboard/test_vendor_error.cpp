// SPDX-License-Identifier: Apache-2.0
// What numbers mean, which of several is told, and who gives up first.
#include "vendor_test.hpp"

#include "host/onboard/vendor/timeouts.h"
#include "host/onboard/vendor/vendor_error.h"

namespace {

using namespace pto::vendor;

constexpr auto kRuntime = NumberSpace::kRuntime;

void equal_numbers_of_two_libraries_are_told_apart(void **)
{
    assert_string_equal(meaning_of(NumberSpace::kDriver, 13).text, "busy");
    assert_int_equal(meaning_of(kRuntime, 13).number, 0); // unknown there
    assert_int_equal(meaning_of(NumberSpace::kDriver, 507018).number, 0);
}

void what_a_run_ends_with_has_a_status(void **)
{
    assert_int_equal(meaning_of(kRuntime, 507014).status, PTO_ERROR_TIMEOUT);
    assert_int_equal(meaning_of(kRuntime, 507015).status, PTO_ERROR_KERNEL_FAULT);
    assert_int_equal(meaning_of(kRuntime, 507017).status, PTO_ERROR_TIMEOUT);
    assert_int_equal(meaning_of(kRuntime, 507018).status, PTO_ERROR_EXECUTOR);
    assert_int_equal(meaning_of(kRuntime, 507046).status, PTO_ERROR_TIMEOUT);
    assert_int_equal(meaning_of(kRuntime, 4711).status, PTO_ERROR_DRIVER);
}

void the_first_error_stays(void **)
{
    FirstError first;
    assert_null(first.get().function);
    first.note({"one", kRuntime, 507018});
    first.note({"two", kRuntime, 507015});
    assert_string_equal(first.get().function, "one");
    assert_int_equal(first.get().number, 507018);
}

void fallout_never_replaces_a_cause_but_a_cause_replaces_fallout(void **)
{
    for (const int fallout : {507899, 107022, 507007}) {
        FirstError first;
        first.note({"late", kRuntime, fallout});
        assert_int_equal(first.get().number, fallout);
        first.note({"cause", kRuntime, 507015});
        assert_string_equal(first.get().function, "cause");
        first.note({"late", kRuntime, fallout});
        assert_string_equal(first.get().function, "cause");
    }
}

void a_refusal_names_function_number_and_meaning(void **)
{
    pto::host::DeviceFailure failure{};
    assert_int_equal(describe({"aclrtMalloc", kRuntime, 207001}, &failure), PTO_ERROR_OUT_OF_DEVICE_MEMORY);
    assert_int_equal(failure.raw, 207001);
    assert_non_null(std::strstr(failure.message, "aclrtMalloc: 207001, out of memory"));
    assert_int_equal(describe({"halMemCtl", NumberSpace::kDriver, 62}, &failure), PTO_ERROR_DRIVER);
    assert_non_null(std::strstr(failure.message, "no process"));
}

constexpr uint64_t kSecond = 1'000'000'000;

void the_defaults_are_in_order(void **)
{
    pto::host::DeviceFailure failure{};
    const Timeouts timeouts = complete_timeouts(10 * kSecond, 0, 0);
    assert_true(timeouts.op_execute_ns == 45 * kSecond && timeouts.sync_ns == 50 * kSecond);
    assert_int_equal(check_timeouts(timeouts, &failure), PTO_OK);
}

void misordered_timeouts_are_refused_with_all_three(void **)
{
    const Timeouts wrong[] = {
        {50 * kSecond, 45 * kSecond, 60 * kSecond},               // the driver before the executor
        {10 * kSecond, 50 * kSecond, 50 * kSecond},               // the host with the driver
        {10 * kSecond, 11 * kSecond, 11 * kSecond + kSecond / 2}, // no time to report
    };
    for (const Timeouts &timeouts : wrong) {
        pto::host::DeviceFailure failure{};
        assert_int_equal(check_timeouts(timeouts, &failure), PTO_ERROR_INVALID_ARGUMENT);
        for (const uint64_t one : {timeouts.stall_ns, timeouts.op_execute_ns, timeouts.sync_ns}) {
            char text[32];
            std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(one) * 1e-9);
            assert_non_null(std::strstr(failure.message, text));
        }
    }
}

void times_are_rounded_up_to_milliseconds(void **)
{
    assert_int_equal(milliseconds(0), 1);
    assert_int_equal(milliseconds(1), 1);
    assert_int_equal(milliseconds(1'000'001), 2);
    assert_int_equal(milliseconds(UINT64_MAX), INT32_MAX);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(equal_numbers_of_two_libraries_are_told_apart),
        cmocka_unit_test(what_a_run_ends_with_has_a_status),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(fallout_never_replaces_a_cause_but_a_cause_replaces_fallout),
        cmocka_unit_test(a_refusal_names_function_number_and_meaning),
        cmocka_unit_test(the_defaults_are_in_order),
        cmocka_unit_test(misordered_timeouts_are_refused_with_all_three),
        cmocka_unit_test(times_are_rounded_up_to_milliseconds),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
