// SPDX-License-Identifier: Apache-2.0
#include "engine_test.hpp"

#include "engine/index_pool.h"

#include <vector>

namespace {

using pto::Carver;
using pto::engine::IndexPool;
using pto::engine::kNone;
using pto::test::Arena;
using pto::test::Random;

struct Record {
    uint64_t payload;
    uint32_t link;

    uint32_t &pool_next() { return link; }
};

constexpr uint32_t kCapacity = 16;

struct Fixture {
    Fixture()
    {
        Carver carver(arena.get());
        pool.layout(carver, kCapacity);
        pool.reset();
    }
    Arena arena{kCapacity * sizeof(Record)};
    IndexPool<Record> pool;
};

void fresh_records_come_in_order(void **)
{
    Fixture fixture;
    for (uint32_t i = 0; i < kCapacity; i++) {
        assert_false(fixture.pool.ever_used(i));
        assert_int_equal(fixture.pool.allocate(), i);
        assert_true(fixture.pool.ever_used(i));
    }
}

void a_freed_record_comes_back_before_a_fresh_one(void **)
{
    Fixture fixture;
    for (uint32_t i = 0; i < 4; i++)
        fixture.pool.allocate();
    fixture.pool.release(1);
    fixture.pool.release(2);
    assert_int_equal(fixture.pool.allocate(), 2);
    assert_int_equal(fixture.pool.allocate(), 1);
    assert_int_equal(fixture.pool.allocate(), 4);
}

void an_exhausted_pool_says_so_until_something_is_freed(void **)
{
    Fixture fixture;
    for (uint32_t i = 0; i < kCapacity; i++)
        fixture.pool.allocate();
    assert_int_equal(fixture.pool.available(), 0);
    assert_int_equal(fixture.pool.allocate(), kNone);
    assert_int_equal(fixture.pool.used(), kCapacity);
    fixture.pool.release(9);
    assert_int_equal(fixture.pool.allocate(), 9);
    assert_int_equal(fixture.pool.allocate(), kNone);
}

void the_peak_is_the_most_that_was_in_use_at_once(void **)
{
    Fixture fixture;
    const uint32_t first = fixture.pool.allocate();
    const uint32_t second = fixture.pool.allocate();
    fixture.pool.release(first);
    fixture.pool.release(second);
    fixture.pool.allocate();
    assert_int_equal(fixture.pool.used(), 1);
    assert_int_equal(fixture.pool.peak(), 2);
}

void a_reset_forgets_everything(void **)
{
    Fixture fixture;
    for (uint32_t i = 0; i < 5; i++)
        fixture.pool.allocate();
    fixture.pool.release(3);
    fixture.pool.reset();
    assert_int_equal(fixture.pool.available(), kCapacity);
    assert_int_equal(fixture.pool.peak(), 0);
    assert_false(fixture.pool.ever_used(0));
    assert_int_equal(fixture.pool.allocate(), 0);
    assert_int_equal(fixture.pool.allocate(), 1);
}

void no_record_is_handed_out_twice(void **)
{
    Fixture fixture;
    Random random(2);
    std::vector<uint32_t> held;
    uint64_t stamp = 0;
    std::vector<uint64_t> stamps(kCapacity);
    for (int i = 0; i < 100000; i++) {
        if (random.one_in(2)) {
            const uint32_t index = fixture.pool.allocate();
            assert_int_equal(index == kNone, held.size() == kCapacity);
            if (index == kNone)
                continue;
            for (const uint32_t other : held)
                assert_int_not_equal(index, other);
            fixture.pool[index].payload = stamps[index] = ++stamp;
            held.push_back(index);
        } else if (!held.empty()) {
            const std::size_t at = random.below(held.size());
            assert_int_equal(fixture.pool[held[at]].payload, stamps[held[at]]);
            fixture.pool.release(held[at]);
            held[at] = held.back();
            held.pop_back();
        }
        assert_int_equal(fixture.pool.used(), held.size());
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(fresh_records_come_in_order),
        cmocka_unit_test(a_freed_record_comes_back_before_a_fresh_one),
        cmocka_unit_test(an_exhausted_pool_says_so_until_something_is_freed),
        cmocka_unit_test(the_peak_is_the_most_that_was_in_use_at_once),
        cmocka_unit_test(a_reset_forgets_everything),
        cmocka_unit_test(no_record_is_handed_out_twice),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
