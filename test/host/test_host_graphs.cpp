// SPDX-License-Identifier: Apache-2.0
// Host-built graphs: which runs replay one, which record another, and that both compute the same.
#include "graph_test.hpp"

using namespace pto::test;

namespace {

void a_second_run_with_the_same_shape_replays(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("through_the_heap").in().out());
    Numbers x = {1, 2, 3};
    Numbers y(3, 0);
    EXPECT_RECORDED(chip.source_of(0, {integers(x), integers(y)}));
    assert_true((y == Numbers{6, 9, 12}));
    assert_int_equal(chip.result.tasks, 5);
    for (int32_t round = 0; round < 5; round++) {
        x[1] = round;
        EXPECT_REPLAYED(chip.source_of(0, {integers(x), integers(y)}));
        assert_true((y == Numbers{6, 3 * round + 3, 12}));
        assert_int_equal(chip.result.tasks, 5);
        assert_int_equal(chip.result.kernels, 5);
        assert_true(chip.result.edges <= 4); // those whose producer was complete by then needed none
    }
    assert_int_equal(chip.orchestrated.load(), 1);
    assert_int_equal(stats_of(chip.get()).orch_loads, 0);
}

void a_replay_uses_new_addresses_and_scalars(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("steps").inout().scalar().scalar().scalar());
    DeviceNumbers memory(chip.get(), 64);
    EXPECT_RECORDED(chip.source_of(0, {memory.at(0, 4)}, {3, 2, 1}));
    assert_int_equal(memory[3], 7);
    EXPECT_REPLAYED(chip.source_of(0, {memory.at(20, 4)}, {3, 1, 10}));
    assert_int_equal(memory[19], 0);
    assert_int_equal(memory[20], 30);
    assert_int_equal(memory[23], 30);
    assert_int_equal(memory[24], 0);
    assert_int_equal(memory[3], 7);
    Numbers x = {5, 6, 7, 8};
    EXPECT_REPLAYED(chip.source_of(0, {integers(x)}, {3, UINT64_MAX, 0})); // 64 bits travel on
    assert_true((x == Numbers{-5, -6, -7, -8}));
}

void another_shape_is_recorded_anew(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("steps").inout().scalar().scalar().scalar());
    DeviceNumbers memory(chip.get(), 64);
    const auto source = [&](const pto_tensor &x) { return chip.source_of(0, {x}, {1, 1, 1}); };
    const pto_tensor plain = memory.at(0, 4);
    EXPECT_RECORDED(source(plain));
    const uint32_t box[] = {2, 2};
    pto_tensor other = pto_device_tensor(memory.address(), PTO_INT32, 2, box);
    EXPECT_RECORDED(source(other));
    EXPECT_RECORDED(source(memory.at(0, 5)));
    other = plain;
    other.dtype = PTO_UINT32;
    EXPECT_RECORDED(source(other));
    other = plain;
    other.size_bytes += 64;
    EXPECT_RECORDED(source(other));
    other.start_offset = 1;
    EXPECT_RECORDED(source(other));
    other.strides[0] = 2;
    EXPECT_RECORDED(source(other));
    other = plain;
    other.version = 9;
    EXPECT_RECORDED(source(other));
    other = plain;
    other.manual_dep = 1;
    EXPECT_RECORDED(source(other));
    EXPECT_REPLAYED(source(other));
    EXPECT_REPLAYED(source(plain));
    EXPECT_REPLAYED(source(memory.at(30, 5)));
}

void derived_fields_are_part_of_the_shape(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("is_it_contiguous").inout());
    DeviceNumbers memory(chip.get(), 8);
    pto_tensor x = memory.at(0, 4);
    EXPECT_RECORDED(chip.source_of(0, {x}));
    assert_int_equal(memory[0], 1);
    x.is_contiguous = 0; // nobody is served if that is hidden from the orchestration
    EXPECT_RECORDED(chip.source_of(0, {x}));
    assert_int_equal(memory[0], 2);
    EXPECT_REPLAYED(chip.source_of(0, {memory.at(4, 4)}));
    assert_int_equal(memory[4], 1);
}

void a_scalar_that_was_read_is_part_of_the_graph(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("steps").inout().scalar().scalar().scalar());
    Numbers x = {0};
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {2, 1, 1}));
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {3, 1, 1}));
    EXPECT_REPLAYED(chip.source_of(0, {integers(x)}, {2, 1, 1}));
    EXPECT_REPLAYED(chip.source_of(0, {integers(x)}, {3, 1, 1}));
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {0, 1, 1}));
    EXPECT_REPLAYED(chip.source_of(0, {integers(x)}, {0, 1, 1})); // an empty graph
    assert_int_equal(x[0], 10);
}

void a_scalar_that_is_passed_on_is_not(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("steps").inout().scalar().scalar().scalar());
    Numbers x = {1};
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {1, 1, 0}));
    for (uint64_t i = 1; i < 20; i++) {
        x[0] = 1;
        EXPECT_REPLAYED(chip.source_of(0, {integers(x)}, {1, i, 100 * i}));
        assert_int_equal(x[0], 101 * i);
    }
}

void a_value_that_was_read_decides_which_graph_goes_on(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("three_choices").inout());
    // Each number is the first one of its kind, or goes back to one that was there. The element in place i + 1 counts
    // when i of the values have been added: only whether it is zero then is asked, but every value is another graph.
    const auto expected = [](Numbers x) {
        for (std::size_t i = 0; i < 3; i++) {
            const int32_t amount = x[i + 1] != 0 ? 10 : 1;
            for (int32_t &value : x)
                value += amount;
        }
        return x;
    };
    const std::vector<Numbers> inputs = {{0, 0, 0, 0},   {0, 0, -1, 0},  {0, 0, -1, -11}, {0, 5, 0, 0},
                                         {0, 5, -10, 0}, {0, 5, -10, 7}, {0, 0, -1, -2},  {0, 0, -1, -11},
                                         {0, 5, -10, 0}, {9, 0, 0, 0},   {9, 5, 0, 0}};
    for (int round = 0; round < 3; round++)
        for (const Numbers &input : inputs) {
            Numbers x = input;
            chip.source_of(0, {integers(x)});
            assert_true(x == expected(input));
            assert_int_equal(chip.result.tasks, 3);
            if (round > 0)
                assert_int_equal(chip.result.graph_source, PTO_GRAPH_REPLAYED);
        }
    assert_int_equal(stats_of(chip.get()).graph_records, 7);
}

void guards_in_a_loop_run_as_often_as_the_data_says(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("until_eight").inout(), 64);
    Numbers order = {5, 8, 0, 5, 7, 100, -9, 0, 8, 5};
    std::map<int32_t, bool> seen;
    for (const int32_t begin : order) {
        Numbers x = {begin, 1, 2};
        const uint32_t source = chip.source_of(0, {integers(x)});
        const int32_t rounds = begin < 8 ? 8 - begin : 0;
        assert_true((x == Numbers{begin + rounds, 1 + rounds, rounds}));
        assert_int_equal(chip.result.tasks, rounds);
        assert_int_equal(source == PTO_GRAPH_REPLAYED, seen[begin]);
        seen[begin] = true;
    }
}

void guards_hold_for_every_dtype(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("bits_of_an_element").in().out(), 100);
    for (uint32_t dtype = 0; dtype < PTO_DTYPE_COUNT; dtype++) {
        const uint32_t size = pto_dtype_size(static_cast<pto_dtype>(dtype));
        const uint32_t shape[] = {3};
        for (const uint64_t bits : {0xfedc'ba98'7654'3210u, 0xfedc'ba98'7654'3211u, 0x7edc'3a98'7654'3210u}) {
            // What is beside the element is not it.
            for (const uint32_t fill : {0x00u, 0xffu}) {
                std::vector<unsigned char> bytes(3 * size, static_cast<unsigned char>(fill));
                std::memcpy(bytes.data() + size, &bits, size);
                Numbers y = {-1, -1};
                chip.source_of(0,
                               {pto_host_tensor(bytes.data(), static_cast<pto_dtype>(dtype), 1, shape), integers(y)});
                uint64_t read = 0;
                std::memcpy(&read, bytes.data() + size, size);
                assert_int_equal(static_cast<uint32_t>(y[0]), static_cast<uint32_t>(read));
                assert_int_equal(static_cast<uint32_t>(y[1]), static_cast<uint32_t>(read >> 32));
                if (fill == 0xff)
                    assert_int_equal(chip.result.graph_source, PTO_GRAPH_REPLAYED);
            }
        }
    }
}

void elements_that_are_written_are_written_by_a_replay(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("elements_and_tasks").inout());
    for (int32_t round = 0; round < 3; round++) {
        Numbers x = {round, 10, 20, 30 + round};
        const uint32_t source = chip.source_of(0, {integers(x)});
        assert_int_equal(source, round == 0 ? PTO_GRAPH_RECORDED : PTO_GRAPH_REPLAYED);
        assert_true((x == Numbers{111, 177, 41, 161 + 2 * round}));
    }
}

void a_predicate_is_looked_at_where_the_element_is_now(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("predicated").in().inout());
    DeviceNumbers memory(chip.get(), 128);
    Numbers y = {0};
    for (int32_t value = 0; value < 8; value++) {
        const auto place = static_cast<uint32_t>(value) * 16;
        EXPECT_STATUS(PTO_OK, pto_copy_to_device(chip.get(), memory.address(place), &value, sizeof value));
        y[0] = 0;
        chip.source_of(0, {memory.at(place, 4), integers(y)});
        assert_int_equal(chip.result.graph_source, value == 0 ? PTO_GRAPH_RECORDED : PTO_GRAPH_REPLAYED);
        assert_int_equal(y[0], value > 3 ? 100 : 1);
        assert_int_equal(chip.result.skipped, 1);
    }
}

// ---- where arguments lie -------------------------------------------------------------------------------------------

/// Runs late_b_then_c on pieces of 16 numbers that begin at these places; whether d got what b's writer left in c.
uint32_t run_pieces(GraphChip &chip, DeviceNumbers &memory, uint32_t a, uint32_t b, uint32_t c)
{
    memory.fill(0);
    const uint32_t source =
        chip.source_of(0, {memory.at(a, 16), memory.at(b, 16), memory.at(c, 16), memory.at(960, 16)});
    for (uint32_t i = 0; i < 16; i++) {
        const bool is_in_b = c + i >= b && c + i < b + 16;
        assert_int_equal(memory[960 + i], is_in_b ? 7 : 0);
    }
    return source;
}

void overlapping_arguments_are_not_confused_with_separate_ones(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("late_b_then_c").inout().out().in().out());
    DeviceNumbers memory(chip.get(), 1024);
    EXPECT_RECORDED(run_pieces(chip, memory, 0, 100, 200));
    EXPECT_REPLAYED(run_pieces(chip, memory, 300, 0, 600));
    EXPECT_RECORDED(run_pieces(chip, memory, 0, 100, 100)); // the same
    EXPECT_RECORDED(run_pieces(chip, memory, 0, 100, 108)); // half of it
    EXPECT_RECORDED(run_pieces(chip, memory, 0, 108, 100)); // the other half
    EXPECT_REPLAYED(run_pieces(chip, memory, 500, 308, 300));
    EXPECT_REPLAYED(run_pieces(chip, memory, 84, 116, 132)); // neighbours are separate
}

/// The first argument that overlaps one is not all there is to say of it.
void an_argument_may_overlap_several_others(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("late_b_then_c").inout().out().in().out());
    DeviceNumbers memory(chip.get(), 1024);
    EXPECT_RECORDED(run_pieces(chip, memory, 100, 500, 110)); // c in a, b alone
    EXPECT_RECORDED(run_pieces(chip, memory, 100, 120, 110)); // c in a and in b, which are apart
    EXPECT_RECORDED(run_pieces(chip, memory, 100, 118, 110));
    EXPECT_REPLAYED(run_pieces(chip, memory, 100, 700, 110));
    EXPECT_REPLAYED(run_pieces(chip, memory, 200, 220, 210));
}

void one_argument_inside_another_is_ordered_with_it(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("late_b_then_c").inout().out().in().out());
    DeviceNumbers memory(chip.get(), 1024);
    const auto run = [&](uint32_t b, uint32_t b_size, uint32_t c, uint32_t c_size) {
        memory.fill(0);
        const uint32_t source =
            chip.source_of(0, {memory.at(0, 16), memory.at(b, b_size), memory.at(c, c_size), memory.at(960, c_size)});
        for (uint32_t i = 0; i < c_size; i++)
            assert_int_equal(memory[960 + i], c + i >= b && c + i < b + b_size ? 7 : 0);
        return source;
    };
    EXPECT_RECORDED(run(100, 4, 100, 32));
    EXPECT_RECORDED(run(110, 4, 100, 32));
    EXPECT_RECORDED(run(200, 4, 100, 32));
    EXPECT_REPLAYED(run(310, 4, 300, 32));
    EXPECT_RECORDED(run(100, 32, 128, 4));
    EXPECT_RECORDED(run(100, 32, 132, 4));
}

void a_tensor_made_from_an_address_ties_the_graph_to_addresses(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("named_by_address").inout().scalar());
    DeviceNumbers memory(chip.get(), 256);
    const uint64_t named = memory.address(40);
    const auto run = [&](uint32_t x, uint32_t size) {
        memory.fill(0);
        const uint32_t source = chip.source_of(0, {memory.at(x, size)}, {named});
        for (uint32_t i = 0; i < 256; i++) {
            const int32_t from_name = i >= 40 && i < 44 ? 7 : 0;
            assert_int_equal(memory[i], from_name + (i >= x && i < x + size ? 1 : 0));
        }
        return source;
    };
    EXPECT_RECORDED(run(100, 8)); // apart
    EXPECT_REPLAYED(run(100, 8));
    EXPECT_RECORDED(run(38, 8)); // the name is in x now: another order
    EXPECT_REPLAYED(run(38, 8));
    EXPECT_RECORDED(run(150, 8)); // and now it is not
    EXPECT_RECORDED(run(36, 8));
    EXPECT_REPLAYED(run(100, 8));
}

// ---- the cache -----------------------------------------------------------------------------------------------------

void the_least_recently_used_graph_leaves(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("steps").inout().scalar().scalar().scalar(), 3);
    Numbers x = {0};
    const auto source = [&](uint64_t steps) { return chip.source_of(0, {integers(x)}, {steps, 1, 1}); };
    EXPECT_RECORDED(source(1));
    EXPECT_RECORDED(source(2));
    EXPECT_RECORDED(source(3));
    const uint64_t bytes = stats_of(chip.get()).graph_bytes;
    EXPECT_REPLAYED(source(1));
    EXPECT_RECORDED(source(4)); // 2 leaves
    EXPECT_REPLAYED(source(1));
    EXPECT_REPLAYED(source(3));
    EXPECT_REPLAYED(source(4));
    EXPECT_RECORDED(source(2)); // 1 leaves
    EXPECT_REPLAYED(source(3));
    EXPECT_RECORDED(source(1)); // 4 leaves
    EXPECT_REPLAYED(source(2));
    EXPECT_REPLAYED(source(3));
    assert_int_equal(stats_of(chip.get()).graph_bytes, bytes); // 1, 2 and 3 again
}

void sixteen_graphs_are_kept_unless_the_callable_says_otherwise(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("steps").inout().scalar().scalar().scalar());
    chip.prepare(1, graph_callable("steps").inout().scalar().scalar().scalar(), 1);
    Numbers x = {0};
    for (uint64_t steps = 0; steps < 17; steps++) {
        EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {steps, 1, 1}));
        EXPECT_RECORDED(chip.source_of(1, {integers(x)}, {steps, 1, 1}));
        EXPECT_REPLAYED(chip.source_of(1, {integers(x)}, {steps, 1, 1}));
    }
    EXPECT_REPLAYED(chip.source_of(0, {integers(x)}, {1, 1, 1}));
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {0, 1, 1}));
}

void callables_and_contexts_have_graphs_of_their_own(void **)
{
    GraphChip chips[2];
    for (GraphChip &chip : chips) {
        chip.prepare(0, graph_callable("steps").inout().scalar().scalar().scalar());
        chip.prepare(1, graph_callable("steps").inout().scalar().scalar().scalar());
    }
    Numbers x = {0};
    for (int round = 0; round < 3; round++)
        for (GraphChip &chip : chips)
            for (const int32_t id : {0, 1})
                assert_int_equal(chip.source_of(id, {integers(x)}, {1, 1, 1}),
                                 round == 0 ? PTO_GRAPH_RECORDED : PTO_GRAPH_REPLAYED);
    assert_int_equal(x[0], 12);
    EXPECT_STATUS(PTO_OK, pto_release(chips[0].get(), 0));
    EXPECT_REPLAYED(chips[0].source_of(1, {integers(x)}, {1, 1, 1}));
    chips[0].prepare(0, graph_callable("steps").inout().scalar().scalar().scalar());
    EXPECT_RECORDED(chips[0].source_of(0, {integers(x)}, {1, 1, 1}));
}

void a_failed_recording_leaves_no_graph(void **)
{
    GraphChip chip;
    chip.prepare(0, graph_callable("ends_badly").inout().scalar());
    const pto_stats before = stats_of(chip.get());
    const std::pair<uint64_t, pto_status> ends[] = {{END_WITH_FATAL, PTO_ERROR_ORCHESTRATION_FATAL},
                                                    {END_WITH_MISTAKE, PTO_ERROR_SCOPE}};
    for (const auto &[end, status] : ends)
        for (int round = 0; round < 3; round++) {
            Numbers x = {5};
            EXPECT_STATUS(status, chip.run(0, {integers(x)}, {end}));
            assert_int_equal(x[0], 5); // although a part of it has run
            assert_int_equal(chip.result.tasks, 1);
            assert_int_equal(chip.result.graph_source, PTO_GRAPH_RECORDED);
            assert_int_equal(pto_last_error()->detail, end == END_WITH_FATAL ? 77 : 0);
        }
    const pto_stats after = stats_of(chip.get());
    assert_int_equal(chip.orchestrated.load(), 6);
    assert_int_equal(after.graph_bytes, 0);
    assert_int_equal(after.graph_records, before.graph_records);
    assert_int_equal(after.graph_replays, before.graph_replays);
    Numbers x = {5};
    EXPECT_RECORDED(chip.source_of(0, {integers(x)}, {END_WELL}));
    x[0] = 5;
    EXPECT_REPLAYED(chip.source_of(0, {integers(x)}, {END_WELL}));
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_second_run_with_the_same_shape_replays),
        cmocka_unit_test(a_replay_uses_new_addresses_and_scalars),
        cmocka_unit_test(another_shape_is_recorded_anew),
        cmocka_unit_test(derived_fields_are_part_of_the_shape),
        cmocka_unit_test(a_scalar_that_was_read_is_part_of_the_graph),
        cmocka_unit_test(a_scalar_that_is_passed_on_is_not),
        cmocka_unit_test(a_value_that_was_read_decides_which_graph_goes_on),
        cmocka_unit_test(guards_in_a_loop_run_as_often_as_the_data_says),
        cmocka_unit_test(guards_hold_for_every_dtype),
        cmocka_unit_test(elements_that_are_written_are_written_by_a_replay),
        cmocka_unit_test(a_predicate_is_looked_at_where_the_element_is_now),
        cmocka_unit_test(overlapping_arguments_are_not_confused_with_separate_ones),
        cmocka_unit_test(an_argument_may_overlap_several_others),
        cmocka_unit_test(one_argument_inside_another_is_ordered_with_it),
        cmocka_unit_test(a_tensor_made_from_an_address_ties_the_graph_to_addresses),
        cmocka_unit_test(the_least_recently_used_graph_leaves),
        cmocka_unit_test(sixteen_graphs_are_kept_unless_the_callable_says_otherwise),
        cmocka_unit_test(callables_and_contexts_have_graphs_of_their_own),
        cmocka_unit_test(a_failed_recording_leaves_no_graph),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
