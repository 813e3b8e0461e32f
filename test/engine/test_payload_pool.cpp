// SPDX-License-Identifier: Apache-2.0
#include "engine_test.hpp"

#include "engine/payload_pool.h"

#include <vector>

namespace {

using pto::Carver;
using pto::engine::kNone;
using pto::engine::PayloadPool;
using pto::engine::TaskSlot;
using pto::test::Arena;
using pto::test::Random;

struct Fixture {
    explicit Fixture(uint32_t lines) : arena(lines * PayloadPool::kLineBytes)
    {
        Carver carver(arena.get());
        pool.layout(carver, lines);
        pool.reset();
    }
    Arena arena;
    PayloadPool pool;
};

void a_class_is_the_smallest_that_holds_the_arguments(void **)
{
    for (uint32_t tensors = 0; tensors <= PTO_KERNEL_MAX_TENSORS; tensors++) {
        for (uint32_t scalars = 0; scalars <= PTO_KERNEL_MAX_SCALARS; scalars++) {
            const uint32_t bytes = tensors * uint32_t{sizeof(pto_tensor)} + scalars * 8;
            const uint32_t size_class = PayloadPool::class_of(tensors, scalars);
            assert_in_range(size_class, 0, PayloadPool::kClasses - 1);
            assert_true(PayloadPool::kLineBytes << size_class >= bytes);
            assert_true(size_class == 0 || PayloadPool::kLineBytes << (size_class - 1) < bytes);
        }
    }
}

void tensors_come_first_and_scalars_follow_them(void **)
{
    Fixture fixture(64);
    fixture.pool.allocate(0);
    TaskSlot slot{};
    slot.tensor_count = 3;
    slot.scalar_count = 2;
    slot.payload = fixture.pool.allocate(PayloadPool::class_of(3, 2));
    pto_tensor *tensors = fixture.pool.tensors(slot.payload);
    assert_int_equal(reinterpret_cast<uintptr_t>(tensors) % alignof(pto_tensor), 0);
    assert_ptr_equal(fixture.pool.scalars(slot), tensors + 3);
}

void a_freed_block_serves_the_next_task_of_its_class(void **)
{
    Fixture fixture(64);
    const uint32_t small = fixture.pool.allocate(0);
    const uint32_t large = fixture.pool.allocate(3);
    fixture.pool.release(small, 0);
    fixture.pool.release(large, 3);
    assert_int_equal(fixture.pool.allocate(3), large);
    assert_int_equal(fixture.pool.allocate(0), small);
}

void an_exhausted_pool_says_so_until_a_block_of_the_class_is_freed(void **)
{
    Fixture fixture(12);
    const uint32_t first = fixture.pool.allocate(3);
    assert_int_not_equal(first, kNone);
    assert_int_equal(fixture.pool.allocate(3), kNone);
    assert_int_equal(fixture.pool.available(), 4);
    assert_int_not_equal(fixture.pool.allocate(2), kNone);
    assert_int_equal(fixture.pool.allocate(0), kNone);
    fixture.pool.release(first, 3);
    assert_int_equal(fixture.pool.allocate(3), first);
}

void a_reset_makes_one_piece_of_all_blocks(void **)
{
    Fixture fixture(16);
    for (int i = 0; i < 16; i++)
        fixture.pool.release(fixture.pool.allocate(0), 0);
    while (fixture.pool.allocate(0) != kNone) {}
    fixture.pool.reset();
    assert_int_equal(fixture.pool.available(), 16);
    assert_int_equal(fixture.pool.allocate(4), 0);
}

struct Held {
    uint32_t index;
    uint32_t size_class;
    unsigned char stamp;
};

void check_and_release(PayloadPool &pool, const Held &held)
{
    const auto *bytes = reinterpret_cast<const unsigned char *>(pool.tensors(held.index));
    for (uint32_t i = 0; i < PayloadPool::kLineBytes << held.size_class; i++)
        assert_int_equal(bytes[i], held.stamp);
    pool.release(held.index, held.size_class);
}

void blocks_do_not_overlap(void **)
{
    Fixture fixture(2048);
    Random random(3);
    std::vector<Held> held;
    for (int i = 0; i < 5000; i++) {
        if (!held.empty() && random.one_in(2)) {
            const std::size_t at = random.below(held.size());
            check_and_release(fixture.pool, held[at]);
            held[at] = held.back();
            held.pop_back();
            continue;
        }
        const uint32_t size_class = random.below32(PayloadPool::kClasses);
        const uint32_t index = fixture.pool.allocate(size_class);
        if (index == kNone)
            continue;
        assert_true(index + (1u << size_class) <= fixture.pool.capacity());
        held.push_back({index, size_class, static_cast<unsigned char>(random.next())});
        std::memset(static_cast<void *>(fixture.pool.tensors(index)), held.back().stamp,
                    PayloadPool::kLineBytes << size_class);
    }
    for (const Held &block : held)
        check_and_release(fixture.pool, block);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_class_is_the_smallest_that_holds_the_arguments),
        cmocka_unit_test(tensors_come_first_and_scalars_follow_them),
        cmocka_unit_test(a_freed_block_serves_the_next_task_of_its_class),
        cmocka_unit_test(an_exhausted_pool_says_so_until_a_block_of_the_class_is_freed),
        cmocka_unit_test(a_reset_makes_one_piece_of_all_blocks),
        cmocka_unit_test(blocks_do_not_overlap),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
