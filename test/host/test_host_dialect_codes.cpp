// SPDX-License-Identifier: Apache-2.0
// The codes that errors have in the dialect. They know resources by name: every name there is has to have its code.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

extern "C" {
#include <cmocka.h>
}

#include "host/error_table.h"
#include "pto/compat/error_codes.h"

#include <cstring>
#include <map>
#include <set>

namespace {

using pto::wire::Resource;

int32_t code_of(pto_status status, const char *resource = "", int64_t detail = 0)
{
    pto_error error{};
    error.status = status;
    error.detail = detail;
    std::strncpy(error.resource, resource, sizeof error.resource - 1);
    return pto_dialect_code(&error);
}

void every_resource_has_the_code_of_what_ran_out(void **)
{
    const std::map<Resource, int32_t> codes = {
        {Resource::kTaskSlots, PTO2_ERROR_FLOW_CONTROL_DEADLOCK},
        {Resource::kTaskPayload, PTO2_ERROR_FLOW_CONTROL_DEADLOCK},
        {Resource::kHeap, PTO2_ERROR_HEAP_RING_DEADLOCK},
        {Resource::kBuffers, PTO2_ERROR_SCOPE_DEADLOCK},
        {Resource::kMapNodes, PTO2_ERROR_TENSORMAP_OVERFLOW},
        {Resource::kReaders, PTO2_ERROR_TENSORMAP_OVERFLOW},
        {Resource::kEdges, PTO2_ERROR_DEP_POOL_OVERFLOW},
        {Resource::kScopes, PTO2_ERROR_SCOPE_TASKS_OVERFLOW},
        {Resource::kCores, PTO2_ERROR_REQUIRE_SYNC_START_INVALID},
        {Resource::kCompletions, PTO2_ERROR_ASYNC_COMPLETION_OVERFLOW},
        {Resource::kTaskGraph, PTO2_ERROR_FLOW_CONTROL_DEADLOCK},
        {Resource::kScopeMemory, PTO2_ERROR_SCOPE_TASKS_OVERFLOW},
    };
    std::size_t seen = 0;
#define CHECK(enumerator, name, unit, meaning, limit)                                                                  \
    seen++;                                                                                                            \
    assert_int_equal(code_of(PTO_ERROR_CAPACITY, name), codes.at(Resource::enumerator));                               \
    assert_int_equal(code_of(PTO_ERROR_DEADLOCK, name), codes.at(Resource::enumerator));
    PTO_RESOURCES(CHECK)
#undef CHECK
    assert_int_equal(seen, codes.size());
}

void a_name_is_compared_to_its_end(void **)
{
    assert_int_equal(code_of(PTO_ERROR_CAPACITY, "edge"), PTO2_ERROR_FLOW_CONTROL_DEADLOCK);
    assert_int_equal(code_of(PTO_ERROR_CAPACITY, "edges of glass"), PTO2_ERROR_FLOW_CONTROL_DEADLOCK);
    pto_error error{};
    error.status = PTO_ERROR_CAPACITY;
    std::memset(error.resource, 'e', sizeof error.resource); // without an end
    assert_int_equal(pto_dialect_code(&error), PTO2_ERROR_FLOW_CONTROL_DEADLOCK);
}

void errors_of_calls_are_invalid_arguments(void **)
{
    for (const pto_status status : {PTO_ERROR_INVALID_ARGUMENT, PTO_ERROR_SIGNATURE_MISMATCH,
                                    PTO_ERROR_NOT_DEVICE_MEMORY, PTO_ERROR_UNKNOWN_KERNEL, PTO_ERROR_INVALID_TASK,
                                    PTO_ERROR_INVALID_TENSOR, PTO_ERROR_STALE_HANDLE, PTO_ERROR_SCOPE})
        assert_int_equal(code_of(status), PTO2_ERROR_INVALID_ARGS);
}

void other_errors_have_their_code_or_none(void **)
{
    assert_int_equal(code_of(PTO_OK), PTO2_ERROR_NONE);
    assert_int_equal(code_of(PTO_ERROR_ORCHESTRATION_FATAL, "", 4711), 4711);
    assert_int_equal(code_of(PTO_ERROR_TIMEOUT), PTO2_ERROR_NO_PROGRESS);
    assert_int_equal(code_of(PTO_ERROR_INVALID_COMPLETION), PTO2_ERROR_ASYNC_COMPLETION_INVALID);
    assert_int_equal(code_of(PTO_ERROR_INVALID_COMPLETION, "deferred completions"),
                     PTO2_ERROR_ASYNC_COMPLETION_OVERFLOW);
    for (const pto_status status : {PTO_ERROR_INVALID_HANDLE, PTO_ERROR_BUSY, PTO_ERROR_OUT_OF_HOST_MEMORY,
                                    PTO_ERROR_KERNEL_FAULT, PTO_ERROR_DEVICE_FAULTED, PTO_ERROR_INTERNAL})
        assert_int_equal(code_of(status), -1);
}

/// The way back is one of the statuses that lead there; which resource it was is lost.
void the_status_of_a_code_is_one_that_has_it(void **)
{
    for (const int32_t code :
         {PTO2_ERROR_SCOPE_DEADLOCK, PTO2_ERROR_HEAP_RING_DEADLOCK, PTO2_ERROR_FLOW_CONTROL_DEADLOCK})
        assert_int_equal(pto_status_of_dialect_code(code), PTO_ERROR_DEADLOCK);
    for (const int32_t code : {PTO2_ERROR_DEP_POOL_OVERFLOW, PTO2_ERROR_REQUIRE_SYNC_START_INVALID,
                               PTO2_ERROR_SCOPE_TASKS_OVERFLOW, PTO2_ERROR_TENSORMAP_OVERFLOW})
        assert_int_equal(pto_status_of_dialect_code(code), PTO_ERROR_CAPACITY);
    for (const int32_t code : {PTO2_ERROR_TENSOR_WAIT_TIMEOUT, PTO2_ERROR_NO_PROGRESS})
        assert_int_equal(pto_status_of_dialect_code(code), PTO_ERROR_TIMEOUT);
    for (const int32_t code : {PTO2_ERROR_ASYNC_COMPLETION_INVALID, PTO2_ERROR_ASYNC_COMPLETION_OVERFLOW})
        assert_int_equal(pto_status_of_dialect_code(code), PTO_ERROR_INVALID_COMPLETION);
    assert_int_equal(pto_status_of_dialect_code(PTO2_ERROR_NONE), PTO_OK);
    assert_int_equal(pto_status_of_dialect_code(PTO2_ERROR_INVALID_ARGS), PTO_ERROR_INVALID_ARGUMENT);
    for (const int32_t code : {PTO2_ERROR_EXPLICIT_ORCH_FATAL, 6, 4711, -1})
        assert_int_equal(pto_status_of_dialect_code(code), PTO_ERROR_ORCHESTRATION_FATAL);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_resource_has_the_code_of_what_ran_out),
        cmocka_unit_test(a_name_is_compared_to_its_end),
        cmocka_unit_test(errors_of_calls_are_invalid_arguments),
        cmocka_unit_test(other_errors_have_their_code_or_none),
        cmocka_unit_test(the_status_of_a_code_is_one_that_has_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
