// SPDX-License-Identifier: Apache-2.0
#include "engine_test.hpp"

#include "engine/error_latch.h"

namespace {

using namespace pto::engine;
using pto::wire::ErrorRecord;

void a_fresh_latch_holds_nothing(void **)
{
    ErrorLatch latch;
    latch.reset();
    assert_false(latch.is_set());
    assert_int_equal(latch.status(), PTO_OK);
    const ErrorRecord &record = latch.record();
    assert_int_equal(record.status, PTO_OK);
    assert_int_equal(record.func_id, -1);
    assert_int_equal(record.core, -1);
    assert_true(record.task == PTO_NO_TASK);
    assert_string_equal(record.message, "");
}

void the_first_error_stays(void **)
{
    ErrorLatch latch;
    latch.reset();
    ErrorRecord first = error_record(PTO_ERROR_INVALID_TASK);
    first.task = 12;
    first.func_id = 3;
    latch.set(first, "task %d is wrong", 12);
    latch.set(error_record(PTO_ERROR_TIMEOUT), "and %s", "another");
    assert_true(latch.is_set());
    assert_int_equal(latch.status(), PTO_ERROR_INVALID_TASK);
    assert_int_equal(latch.record().task, 12);
    assert_int_equal(latch.record().func_id, 3);
    assert_string_equal(latch.record().message, "task 12 is wrong");
}

void a_message_is_cut_at_191_bytes(void **)
{
    ErrorLatch latch;
    latch.reset();
    const std::string text(300, 'x');
    latch.set(error_record(PTO_ERROR_INTERNAL), "%s", text.c_str());
    assert_string_equal(latch.record().message, std::string(191, 'x').c_str());
}

void a_reset_makes_room_for_the_next_error(void **)
{
    ErrorLatch latch;
    latch.reset();
    latch.set(error_record(PTO_ERROR_TIMEOUT), "old");
    latch.reset();
    assert_false(latch.is_set());
    assert_string_equal(latch.record().message, "");
    latch.set(error_record(PTO_ERROR_SCOPE), "new");
    assert_int_equal(latch.status(), PTO_ERROR_SCOPE);
    assert_string_equal(latch.record().message, "new");
}

void of_many_threads_one_is_first_and_its_record_is_whole(void **)
{
    ErrorLatch latch;
    for (int round = 0; round < 200; round++) {
        latch.reset();
        uint32_t broken[6] = {}; // one for each: a common one would order the threads
        pto::test::on_threads(6, [&](uint32_t thread) {
            ErrorRecord record = error_record(-100 - static_cast<pto_status>(thread));
            record.task = thread;
            latch.set(record, "thread %u", thread);
            broken[thread] += latch.is_set() ? 0 : 1;
            // Nothing at all or the whole of it, also for the threads that lost.
            const pto_status status = latch.status();
            const std::string expected = "thread " + std::to_string(-100 - status);
            broken[thread] += status == PTO_OK || expected == latch.record().message ? 0 : 1;
        });
        for (const uint32_t count : broken)
            assert_int_equal(count, 0);
        const ErrorRecord &record = latch.record();
        assert_int_equal(record.status, -100 - static_cast<pto_status>(record.task));
        assert_string_equal(record.message, ("thread " + std::to_string(record.task)).c_str());
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_latch_holds_nothing),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(a_message_is_cut_at_191_bytes),
        cmocka_unit_test(a_reset_makes_room_for_the_next_error),
        cmocka_unit_test(of_many_threads_one_is_first_and_its_record_is_whole),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
