// SPDX-License-Identifier: Apache-2.0
// The executor's side of host-built graphs, on images that are made by hand.
#include "replay_fixture.hpp"

#include <algorithm>

namespace {

using namespace pto::test;
namespace wire = pto::wire;

void an_image_without_items_is_an_empty_run(void **)
{
    const Image image;
    Replayer replayer;
    replayer.run(image);
    assert_int_equal(replayer.report.error.status, PTO_OK);
    assert_int_equal(replayer.report.graph_end, image.bytes());
    assert_int_equal(replayer.report.tasks, 0);
}

void addresses_and_scalars_are_those_of_the_run(void **)
{
    Image image;
    const uint32_t first = image.tensor(0, 8);
    const uint32_t second = image.tensor(1, 0);
    const uint32_t heap = image.tensor(wire::kBaseHeap, 2048);
    const uint32_t absolute = image.tensor(wire::kBaseAbsolute, 0x1234000);
    image.task({.tensors = {first, heap}, .scalars = {7, 0, 9}, .producers = {}, .run_scalars = 2});
    image.task({.tensors = {absolute, second, first}, .scalars = {}, .producers = {0}});
    Replayer replayer;
    replayer.scalar = UINT64_MAX - 1;
    replayer.run(image);
    assert_int_equal(replayer.seen.size(), 2);
    assert_true((replayer.seen[0].addresses == std::vector{replayer.argument(0) + 8, replayer.heap() + 2048}));
    assert_true((replayer.seen[0].scalars == std::vector{uint64_t{7}, UINT64_MAX - 1, uint64_t{9}}));
    assert_true((replayer.seen[1].addresses ==
                 std::vector{uint64_t{0x1234000}, replayer.argument(1), replayer.argument(0) + 8}));
    assert_int_equal(replayer.report.edges, 1);
}

/// Each task waits for the one before it and for the first one.
Image chain(uint32_t tasks)
{
    Image image;
    for (uint32_t i = 0; i < tasks; i++) {
        Image::Task task;
        if (i > 0)
            task.producers.push_back(i - 1);
        if (i > 1)
            task.producers.push_back(0);
        image.task(task);
    }
    return image;
}

void four_slots_are_enough_for_any_graph(void **)
{
    Replayer replayer(Geometry::of_tasks(4));
    replayer.run(chain(500));
    assert_int_equal(replayer.report.tasks, 500);
    const std::vector<uint32_t> order = replayer.order();
    assert_true(std::is_sorted(order.begin(), order.end()));
    assert_true(replayer.report.peak_tasks <= 4);
}

void tasks_that_wait_for_nothing_run_in_any_order_and_the_join_last(void **)
{
    Image image;
    Image::Task join;
    for (uint32_t i = 0; i < 10; i++) {
        image.task({});
        join.producers.push_back(i);
    }
    image.task(join);
    Replayer replayer;
    replayer.run(image);
    const std::vector<uint32_t> order = replayer.order();
    assert_int_equal(order.size(), 11);
    assert_int_equal(order.back(), 10);
    assert_false(std::is_sorted(order.begin(), order.end()));
}

void without_room_for_an_edge_the_producers_are_waited_for(void **)
{
    Geometry geometry = Geometry::of_tasks(16);
    geometry.max_edges = 5;
    Image image;
    for (uint32_t i = 0; i < 9; i++)
        image.task({});
    Image::Task join;
    for (uint32_t i = 0; i < 9; i++)
        join.producers.push_back(i);
    image.task(join);
    image.task({.tensors = {}, .scalars = {}, .producers = {9}});
    Replayer replayer(geometry);
    replayer.run(image);
    const std::vector<uint32_t> order = replayer.order();
    assert_int_equal(order.size(), 11);
    assert_int_equal(order[9], 9);
    assert_int_equal(order[10], 10);
    assert_int_equal(replayer.report.error.status, PTO_OK);
}

void a_barrier_is_met_when_all_before_it_is_done_and_numbers_begin_again(void **)
{
    Image image;
    for (uint32_t i = 0; i < 5; i++)
        image.task({});
    image.barrier();
    image.task({});
    image.task({.tensors = {}, .scalars = {}, .producers = {0}}); // of those behind the barrier
    Replayer replayer;
    replayer.run(image);
    const std::vector<uint32_t> order = replayer.order();
    assert_int_equal(order.size(), 7);
    assert_int_equal(*std::min_element(order.begin() + 5, order.end()), 5);
    assert_int_equal(order[5], 5);
    assert_int_equal(order[6], 6);
    assert_int_equal(replayer.report.edges, 1);
}

void a_store_writes_its_bytes_and_no_more(void **)
{
    for (const uint8_t size : {uint8_t{1}, uint8_t{2}, uint8_t{4}, uint8_t{8}}) {
        Image image;
        image.element(wire::GraphItem::kStore, 1, 4, size, 0x1122'3344'5566'7788u);
        image.element(wire::GraphItem::kStore, wire::kBaseHeap, 1024, size, 0x1122'3344'5566'7788u);
        Replayer replayer;
        std::memset(&replayer.number(1, 0), 0xee, 32);
        replayer.run(image);
        const uint64_t bits = 0x1122'3344'5566'7788u;
        unsigned char expected[32];
        std::memset(expected, 0xee, sizeof expected);
        std::memcpy(expected + 4, &bits, size);
        assert_memory_equal(&replayer.number(1, 0), expected, sizeof expected);
        assert_memory_equal(reinterpret_cast<void *>(replayer.heap() + 1024), &bits, size);
    }
}

void a_guard_that_holds_is_passed(void **)
{
    Image image;
    image.task({});
    image.barrier();
    image.element(wire::GraphItem::kGuard, 0, 4, 4, 5);
    image.task({});
    Replayer replayer;
    replayer.number(0, 1) = 5;
    replayer.number(0, 2) = 6; // beside it
    replayer.run(image);
    assert_int_equal(replayer.report.tasks, 2);
    assert_int_equal(replayer.report.graph_end, image.bytes());
}

void a_replay_stops_at_a_guard_that_does_not_hold_and_goes_on_behind_it(void **)
{
    Image image;
    image.task({});
    image.barrier();
    const std::size_t guard = image.element(wire::GraphItem::kGuard, 0, 4, 4, 5);
    image.task({});
    image.task({.tensors = {}, .scalars = {}, .producers = {0}});
    Replayer replayer;
    replayer.kernel = [&](TaskSlot &slot) {
        if (slot.ordinal == 0)
            replayer.number(0, 1) = -6;
    };
    replayer.number(0, 1) = 5; // before the task
    replayer.run(image);
    assert_int_equal(replayer.report.tasks, 1);
    assert_int_equal(replayer.report.graph_end, guard);
    assert_int_equal(replayer.report.graph_element, 0xffff'fffau); // zero-extended
    assert_int_equal(replayer.report.error.status, PTO_OK);

    replayer.run(image, guard + sizeof(wire::ElementItem), 1);
    assert_true((replayer.order() == std::vector<uint32_t>{1, 2}));
    assert_int_equal(replayer.report.graph_end, image.bytes());
}

void a_predicate_reads_where_its_element_is_now(void **)
{
    pto::engine::Predicate predicate{4, 6, 1, PTO_PREDICATE_EQ, PTO_INT32, 0};
    Image image;
    image.task({.tensors = {},
                .scalars = {3},
                .producers = {},
                .run_scalars = 0,
                .flags = pto::engine::kHasPredicate | pto::engine::kUndecided,
                .predicate = &predicate});
    Replayer replayer;
    replayer.number(1, 1) = 6;
    uint32_t held = 0;
    replayer.kernel = [&](TaskSlot &slot) {
        held += holds(replayer.engine.tasks.payload.predicate(slot), replayer.engine.port) ? 1 : 0;
    };
    replayer.run(image);
    assert_int_equal(held, 1);
    assert_int_equal(replayer.seen[0].scalars[0], 3);
    replayer.number(1, 1) = 7;
    replayer.run(image);
    assert_int_equal(held, 1);
}

void a_join_takes_no_number_and_is_not_counted(void **)
{
    Image image;
    image.task({});
    image.task({.tensors = {}, .scalars = {}, .producers = {0}, .run_scalars = 0, .flags = pto::engine::kJoin});
    image.task({.tensors = {}, .scalars = {}, .producers = {1}});
    Replayer replayer;
    replayer.run(image, sizeof(wire::GraphHeader), 100);
    assert_true((replayer.order() == std::vector<uint32_t>{100, 101, 101}));
    assert_int_equal(replayer.report.tasks, 2);
}

void an_error_ends_the_replay_and_what_was_started_drains(void **)
{
    Replayer replayer(Geometry::of_tasks(4));
    const Image image = chain(100);
    replayer.kernel = [&](TaskSlot &slot) {
        if (slot.ordinal == 20)
            replayer.engine.error.set(pto::engine::error_record(PTO_ERROR_INVALID_COMPLETION), "twenty");
    };
    replayer.run(image);
    assert_int_equal(replayer.report.error.status, PTO_ERROR_INVALID_COMPLETION);
    assert_true(replayer.report.tasks >= 21 && replayer.report.tasks < 30);
    assert_true(replayer.report.graph_end < image.bytes());
    assert_int_equal(replayer.engine.outstanding(), 0);
    replayer.kernel = nullptr;
    replayer.run(image);
    assert_int_equal(replayer.report.tasks, 100);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_image_without_items_is_an_empty_run),
        cmocka_unit_test(addresses_and_scalars_are_those_of_the_run),
        cmocka_unit_test(four_slots_are_enough_for_any_graph),
        cmocka_unit_test(tasks_that_wait_for_nothing_run_in_any_order_and_the_join_last),
        cmocka_unit_test(without_room_for_an_edge_the_producers_are_waited_for),
        cmocka_unit_test(a_barrier_is_met_when_all_before_it_is_done_and_numbers_begin_again),
        cmocka_unit_test(a_store_writes_its_bytes_and_no_more),
        cmocka_unit_test(a_guard_that_holds_is_passed),
        cmocka_unit_test(a_replay_stops_at_a_guard_that_does_not_hold_and_goes_on_behind_it),
        cmocka_unit_test(a_predicate_reads_where_its_element_is_now),
        cmocka_unit_test(a_join_takes_no_number_and_is_not_counted),
        cmocka_unit_test(an_error_ends_the_replay_and_what_was_started_drains),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
