// SPDX-License-Identifier: Apache-2.0
// The device heap against a list of intervals. Nothing here is memory: the heap only does the books.
#include "engine_test.hpp"

#include "engine/heap.h"

#include <map>
#include <vector>

namespace {

using pto::Carver;
using pto::engine::Heap;
using pto::engine::kNone;
using pto::test::Arena;
using pto::test::Random;

constexpr uint64_t kBase = 0x4000'0000;
constexpr uint64_t kGranule = Heap::kGranuleBytes;

struct Fixture {
    explicit Fixture(uint64_t size_bytes, uint32_t records = 4096) : arena(records * 64)
    {
        Carver carver(arena.get());
        heap.layout(carver, records);
        heap.reset(kBase, size_bytes);
    }
    Arena arena;
    Heap heap;
};

void an_allocation_is_aligned_and_large_enough(void **)
{
    Fixture fixture(1000 * kGranule);
    for (const uint64_t size : {uint64_t{1}, kGranule - 1, kGranule, kGranule + 1, 100 * kGranule}) {
        const uint32_t block = fixture.heap.allocate(size);
        assert_int_not_equal(block, kNone);
        assert_int_equal(fixture.heap.address(block) % kGranule, 0);
        assert_int_equal(fixture.heap.size_bytes(block), (size + kGranule - 1) / kGranule * kGranule);
    }
}

void a_block_that_is_freed_joins_its_free_neighbours(void **)
{
    Fixture fixture(4 * kGranule);
    uint32_t blocks[4];
    constexpr int kOrders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {0, 2, 1, 3}, {1, 3, 0, 2}};
    for (const auto &order : kOrders) {
        for (uint32_t &block : blocks)
            block = fixture.heap.allocate(kGranule);
        assert_int_equal(fixture.heap.allocate(1), kNone);
        for (const int i : order)
            fixture.heap.release(blocks[i]);
        const uint32_t whole = fixture.heap.allocate(4 * kGranule);
        assert_int_not_equal(whole, kNone);
        fixture.heap.release(whole);
    }
}

void every_size_up_to_the_whole_fits_into_an_empty_heap(void **)
{
    for (uint64_t capacity = 1; capacity <= 300; capacity++) {
        Fixture fixture(capacity * kGranule, 8);
        for (uint64_t size = 1; size <= capacity; size++) {
            const uint32_t block = fixture.heap.allocate(size * kGranule);
            if (block == kNone)
                fail_msg("%u granules do not fit into %u free ones", static_cast<unsigned>(size),
                         static_cast<unsigned>(capacity));
            fixture.heap.release(block);
        }
        assert_int_equal(fixture.heap.allocate(capacity * kGranule + 1), kNone);
    }
}

void a_gap_is_filled_to_its_last_granule(void **)
{
    for (uint64_t gap = 1; gap <= 200; gap++) {
        Fixture fixture(1000 * kGranule);
        fixture.heap.allocate(17 * kGranule);
        const uint32_t hole = fixture.heap.allocate(gap * kGranule);
        fixture.heap.allocate((1000 - 17 - gap) * kGranule);
        assert_int_equal(fixture.heap.allocate(1), kNone);
        const uint64_t address = fixture.heap.address(hole);
        fixture.heap.release(hole);
        const uint32_t again = fixture.heap.allocate(gap * kGranule);
        assert_int_not_equal(again, kNone);
        assert_int_equal(fixture.heap.address(again), address);
    }
}

void an_exhausted_heap_serves_again_after_a_free(void **)
{
    Fixture fixture(8 * kGranule);
    const uint32_t first = fixture.heap.allocate(5 * kGranule);
    const uint32_t second = fixture.heap.allocate(3 * kGranule);
    assert_int_equal(fixture.heap.allocate(1), kNone);
    assert_int_equal(fixture.heap.used_bytes(), fixture.heap.capacity_bytes());
    fixture.heap.release(second);
    assert_int_equal(fixture.heap.allocate(4 * kGranule), kNone);
    assert_int_not_equal(fixture.heap.allocate(3 * kGranule), kNone);
    fixture.heap.release(first);
    assert_int_not_equal(fixture.heap.allocate(5 * kGranule), kNone);
}

void a_heap_without_a_granule_has_room_for_nothing(void **)
{
    for (const uint64_t size : {uint64_t{0}, kGranule - 1}) {
        Fixture fixture(size);
        assert_int_equal(fixture.heap.capacity_bytes(), 0);
        assert_int_equal(fixture.heap.allocate(1), kNone);
        assert_int_equal(fixture.heap.allocate(UINT64_MAX), kNone);
        assert_int_equal(fixture.heap.used_bytes(), 0);
    }
}

void a_request_larger_than_any_memory_is_refused(void **)
{
    Fixture fixture(100 * kGranule);
    for (const uint64_t size : {UINT64_MAX, uint64_t{1} << 63, uint64_t{1} << 42, (uint64_t{1} << 42) + kGranule})
        assert_int_equal(fixture.heap.allocate(size), kNone);
    assert_int_not_equal(fixture.heap.allocate(100 * kGranule), kNone);
}

void a_heap_of_three_tebibytes_is_managed_like_a_small_one(void **)
{
    const uint64_t size = uint64_t{3} << 40;
    Fixture fixture(size);
    assert_true(fixture.heap.capacity_bytes() == size);
    const uint32_t small = fixture.heap.allocate(1);
    const uint32_t large = fixture.heap.allocate(size - kGranule);
    assert_int_not_equal(small, kNone);
    assert_int_not_equal(large, kNone);
    fixture.heap.release(small);
    fixture.heap.release(large);
    assert_int_not_equal(fixture.heap.allocate(size), kNone);
}

void without_a_record_for_the_rest_a_block_stays_whole(void **)
{
    Fixture fixture(10 * kGranule, 2);
    fixture.heap.release(fixture.heap.allocate(1)); // what was last in memory goes back to the rest
    const uint32_t large = fixture.heap.allocate(9 * kGranule);
    const uint32_t last = fixture.heap.allocate(1);
    fixture.heap.release(large);
    const uint32_t block = fixture.heap.allocate(1);
    assert_int_equal(fixture.heap.size_bytes(block), 9 * kGranule);
    assert_int_equal(fixture.heap.used_bytes(), 10 * kGranule);
    assert_int_equal(fixture.heap.allocate(1), kNone);
    fixture.heap.release(last);
    fixture.heap.release(block);
    assert_int_equal(fixture.heap.used_bytes(), 0);
    assert_int_not_equal(fixture.heap.allocate(10 * kGranule), kNone);
}

void a_reset_forgets_all_allocations(void **)
{
    Fixture fixture(10 * kGranule);
    fixture.heap.allocate(4 * kGranule);
    fixture.heap.allocate(4 * kGranule);
    fixture.heap.reset(2 * kBase, 20 * kGranule);
    assert_int_equal(fixture.heap.used_bytes(), 0);
    assert_int_equal(fixture.heap.peak_bytes(), 0);
    const uint32_t block = fixture.heap.allocate(20 * kGranule);
    assert_int_equal(fixture.heap.address(block), 2 * kBase);
    assert_int_equal(fixture.heap.peak_bytes(), 20 * kGranule);
}

// ---- what is behind the last block

void what_is_last_in_memory_goes_back_to_the_rest(void **)
{
    Fixture fixture(10 * kGranule);
    fixture.heap.allocate(2 * kGranule);
    const uint32_t last = fixture.heap.allocate(3 * kGranule);
    const uint64_t address = fixture.heap.address(last);
    fixture.heap.release(last);
    const uint32_t larger = fixture.heap.allocate(8 * kGranule); // it and all behind it
    assert_int_not_equal(larger, kNone);
    assert_int_equal(fixture.heap.address(larger), address);
    assert_int_equal(fixture.heap.allocate(1), kNone);
}

void a_gap_before_the_last_block_goes_back_with_it(void **)
{
    Fixture fixture(10 * kGranule);
    const uint32_t first = fixture.heap.allocate(2 * kGranule);
    const uint32_t gap = fixture.heap.allocate(3 * kGranule);
    const uint32_t last = fixture.heap.allocate(1 * kGranule);
    fixture.heap.release(gap);
    assert_int_equal(fixture.heap.allocate(5 * kGranule), kNone); // 3 and 4 granules are free, in two pieces
    fixture.heap.release(last);
    const uint32_t larger = fixture.heap.allocate(8 * kGranule);
    assert_int_equal(fixture.heap.address(larger), kBase + 2 * kGranule);
    assert_int_equal(fixture.heap.allocate(1), kNone);
    fixture.heap.release(first);
    assert_int_equal(fixture.heap.allocate(3 * kGranule), kNone); // nothing is joined that is not free
    assert_int_equal(fixture.heap.address(fixture.heap.allocate(2 * kGranule)), kBase);
}

void a_gap_that_is_large_enough_is_used_before_the_rest(void **)
{
    Fixture fixture(20 * kGranule);
    const uint32_t gap = fixture.heap.allocate(4 * kGranule);
    fixture.heap.allocate(kGranule);
    fixture.heap.release(gap);
    assert_int_equal(fixture.heap.address(fixture.heap.allocate(5 * kGranule)), kBase + 5 * kGranule);
    assert_int_equal(fixture.heap.address(fixture.heap.allocate(4 * kGranule)), kBase);
}

void a_block_that_was_split_last_in_memory_is_joined_with_the_rest(void **)
{
    Fixture fixture(20 * kGranule);
    const uint32_t large = fixture.heap.allocate(8 * kGranule);
    const uint32_t behind = fixture.heap.allocate(kGranule);
    fixture.heap.release(large);
    const uint32_t small = fixture.heap.allocate(3 * kGranule); // 5 granules of the gap are left
    fixture.heap.release(behind);
    assert_int_equal(fixture.heap.address(fixture.heap.allocate(17 * kGranule)), kBase + 3 * kGranule);
    assert_int_equal(fixture.heap.allocate(1), kNone);
    fixture.heap.release(small);
    assert_int_equal(fixture.heap.used_bytes(), 17 * kGranule);
}

void records_come_back_with_what_goes_back_to_the_rest(void **)
{
    Fixture fixture(100 * kGranule, 3);
    for (int round = 0; round < 10; round++) {
        const uint32_t one = fixture.heap.allocate(kGranule);
        const uint32_t two = fixture.heap.allocate(kGranule);
        const uint32_t three = fixture.heap.allocate(kGranule);
        assert_int_not_equal(three, kNone);
        assert_int_equal(fixture.heap.allocate(kGranule), kNone); // there is memory, but no record
        assert_int_equal(fixture.heap.used_bytes(), 3 * kGranule);
        for (const uint32_t block : {round % 2 == 0 ? one : three, two, round % 2 == 0 ? three : one})
            fixture.heap.release(block);
        assert_int_equal(fixture.heap.used_bytes(), 0);
    }
}

/// What is allocated, by address.
class Model {
public:
    explicit Model(uint64_t size) : size_(size) {}

    /// Size of the largest free gap: by construction there are no two next to each other.
    uint64_t largest_gap() const
    {
        uint64_t largest = 0;
        uint64_t at = kBase;
        for (const auto &[begin, end] : taken_) {
            largest = begin - at > largest ? begin - at : largest;
            at = end;
        }
        return kBase + size_ - at > largest ? kBase + size_ - at : largest;
    }
    void take(uint64_t begin, uint64_t size)
    {
        assert_true(begin >= kBase && begin + size <= kBase + size_);
        const auto next = taken_.lower_bound(begin);
        assert_true(next == taken_.end() || begin + size <= next->first);
        assert_true(next == taken_.begin() || std::prev(next)->second <= begin);
        taken_[begin] = begin + size;
        used_ += size;
    }
    void give_back(uint64_t begin)
    {
        used_ -= taken_[begin] - begin;
        taken_.erase(begin);
    }
    uint64_t used() const { return used_; }

private:
    uint64_t size_;
    uint64_t used_ = 0;
    std::map<uint64_t, uint64_t> taken_;
};

void run_against_the_model(uint64_t seed, uint64_t granules)
{
    Fixture fixture(granules * kGranule);
    Heap &heap = fixture.heap;
    Model model(granules * kGranule);
    Random random(seed);
    std::vector<uint32_t> held;
    for (int i = 0; i < 4000; i++) {
        if (!held.empty() && random.one_in(i % 1000 < 600 ? 3 : 2)) {
            const std::size_t at = random.below(held.size());
            model.give_back(heap.address(held[at]));
            heap.release(held[at]);
            held[at] = held.back();
            held.pop_back();
        } else {
            const uint64_t limit = random.one_in(4) ? granules : granules / 16 + 1;
            const uint64_t size = 1 + random.below(limit * kGranule);
            const uint32_t block = heap.allocate(size);
            assert_int_equal(block == kNone, (size + kGranule - 1) / kGranule * kGranule > model.largest_gap());
            if (block == kNone)
                continue;
            assert_true(heap.size_bytes(block) >= size);
            model.take(heap.address(block), heap.size_bytes(block));
            held.push_back(block);
        }
        assert_int_equal(heap.used_bytes(), model.used());
    }
    for (const uint32_t block : held)
        heap.release(block);
    assert_int_equal(heap.used_bytes(), 0);
    assert_int_not_equal(heap.allocate(granules * kGranule), kNone);
}

void it_agrees_with_a_list_of_intervals(void **)
{
    uint64_t seed = 0;
    for (const uint64_t granules : {1u, 7u, 8u, 9u, 63u, 64u, 65u, 1000u, 4096u, 100000u})
        for (int i = 0; i < 4; i++)
            run_against_the_model(++seed, granules);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_is_aligned_and_large_enough),
        cmocka_unit_test(a_block_that_is_freed_joins_its_free_neighbours),
        cmocka_unit_test(every_size_up_to_the_whole_fits_into_an_empty_heap),
        cmocka_unit_test(a_gap_is_filled_to_its_last_granule),
        cmocka_unit_test(an_exhausted_heap_serves_again_after_a_free),
        cmocka_unit_test(a_heap_without_a_granule_has_room_for_nothing),
        cmocka_unit_test(a_request_larger_than_any_memory_is_refused),
        cmocka_unit_test(without_a_record_for_the_rest_a_block_stays_whole),
        cmocka_unit_test(a_reset_forgets_all_allocations),
        cmocka_unit_test(what_is_last_in_memory_goes_back_to_the_rest),
        cmocka_unit_test(a_gap_before_the_last_block_goes_back_with_it),
        cmocka_unit_test(a_gap_that_is_large_enough_is_used_before_the_rest),
        cmocka_unit_test(a_block_that_was_split_last_in_memory_is_joined_with_the_rest),
        cmocka_unit_test(records_come_back_with_what_goes_back_to_the_rest),
        cmocka_unit_test(it_agrees_with_a_list_of_intervals),
        cmocka_unit_test(a_heap_of_three_tebibytes_is_managed_like_a_small_one),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
