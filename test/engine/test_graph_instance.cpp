// SPDX-License-Identifier: Apache-2.0
// Instances of host-built graphs, against replays that go through the image item by item.
#include "replay_fixture.hpp"

#include <map>

namespace {

using namespace pto::test;
using pto::load_relaxed;
using pto::store_relaxed;
using pto::engine::kHasPredicate;
using pto::engine::kJoin;
using pto::engine::kUndecided;
namespace wire = pto::wire;

// ---- the same as a replay of the image

/// A task for each number, which is its func id: which tasks must be before it, and what they are.
struct RandomGraph {
    explicit RandomGraph(Random &random)
    {
        std::vector<uint32_t> tensors;
        const uint32_t count = random.between(1, 60);
        for (uint32_t i = 0; i < count; i++) {
            Image::Task task;
            task.func_id = static_cast<int16_t>(i);
            for (uint32_t k = random.below32(i + 1 < 5 ? i + 1 : 5); k > 0; k--)
                if (const uint32_t producer = random.below32(i);
                    std::find(task.producers.begin(), task.producers.end(), producer) == task.producers.end())
                    task.producers.push_back(producer);
            producers.push_back(task.producers);
            if (random.one_in(6))
                task.flags = kJoin;
            else
                add_arguments(random, task, tensors);
            image.task(task);
        }
        image.complete();
    }
    void add_arguments(Random &random, Image::Task &task, std::vector<uint32_t> &tensors)
    {
        static constexpr uint32_t kBases[] = {0, 1, wire::kBaseHeap, wire::kBaseAbsolute};
        for (uint32_t k = random.below32(5); k > 0; k--) {
            if (tensors.empty() || random.one_in(2))
                tensors.push_back(image.tensor(kBases[random.below(4)], random.below(1000) * 8));
            task.tensors.push_back(tensors[random.below(tensors.size())]);
        }
        for (uint32_t k = 0, scalars = random.below32(6); k < scalars; k++) {
            const bool of_run = random.one_in(3);
            task.scalars.push_back(of_run ? random.below(kScalars) : random.next());
            task.run_scalars = static_cast<uint16_t>(task.run_scalars | (of_run ? 1u : 0u) << k);
        }
        task.lane_mask = static_cast<uint8_t>(random.between(1, 7));
        task.flags = random.one_in(2) ? pto::engine::kHoldsBuffers : 0; // on the host: there are no such buffers here
        task.block_num = random.one_in(3) ? random.between(2, 9) : 1;
        if (!random.one_in(4))
            return;
        predicates.push_back(std::make_unique<pto::engine::Predicate>(pto::engine::Predicate{
            random.below(100) * 4, random.below(3), kBases[random.below(3)], PTO_PREDICATE_EQ, PTO_INT32, 0}));
        task.predicate = predicates.back().get();
        task.flags = static_cast<uint8_t>(task.flags | kHasPredicate | kUndecided);
    }
    /// Every task ran once, behind its producers.
    void check_order(const std::vector<Seen> &seen) const
    {
        std::map<uint64_t, std::size_t> position;
        for (std::size_t i = 0; i < seen.size(); i++)
            assert_true(position.emplace(number_of(seen[i]), i).second);
        assert_int_equal(position.size(), producers.size());
        for (uint32_t i = 0; i < producers.size(); i++)
            for (const uint32_t producer : producers[i])
                assert_true(position.at(producer) < position.at(i));
    }
    static uint64_t number_of(const Seen &task) { return task.rest[7]; }

    Image image;
    std::vector<std::vector<uint32_t>> producers;
    std::vector<std::unique_ptr<pto::engine::Predicate>> predicates;
};

std::vector<Seen> by_number(std::vector<Seen> seen)
{
    std::sort(seen.begin(), seen.end(),
              [](const Seen &a, const Seen &b) { return RandomGraph::number_of(a) < RandomGraph::number_of(b); });
    return seen;
}

/// Runs the graph both ways with these arguments: all that can be seen is the same.
void run_both_ways(Replayer &streamed, Replayer &laid_out, const RandomGraph &graph, const InstanceMemory &memory)
{
    streamed.run(graph.image);
    assert_true(laid_out.run_instance(graph.image, memory));
    graph.check_order(streamed.seen);
    graph.check_order(laid_out.seen);
    assert_true(by_number(streamed.seen) == by_number(laid_out.seen));
    assert_int_equal(laid_out.report.error.status, PTO_OK);
    assert_int_equal(laid_out.report.tasks, streamed.report.tasks);
    assert_int_equal(laid_out.report.graph_end, graph.image.bytes());
    assert_int_equal(laid_out.engine.outstanding(), 0);
}

void an_instance_runs_the_tasks_of_its_image(void **)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        Random random(seed);
        RandomGraph graph(random);
        const InstanceMemory memory(graph.image);
        // One engine, so that heaps are the same; its slots are too few for the graph.
        Replayer replayer(Geometry::of_tasks(64));
        for (int round = 0; round < 6; round++) {
            if (round > 0 && !random.one_in(3)) // some replays have the same arguments again
                for (uint32_t i = 0; i < kArguments; i++)
                    if (random.one_in(2))
                        replayer.move_argument(i, 0x10000 + random.below(1000) * 64);
            if (random.one_in(2))
                replayer.scalars[random.below(kScalars)] = random.one_in(2) ? random.next() : 0;
            const auto streamed = std::make_unique<Replayer>(Geometry::of_tasks(64));
            streamed->engine.heap_base = replayer.engine.heap_base;
            std::copy_n(replayer.scalars, kScalars, streamed->scalars);
            for (uint32_t i = 0; i < kArguments; i++)
                streamed->move_argument(i, replayer.argument(i));
            run_both_ways(*streamed, replayer, graph, memory);
        }
    }
}

void a_replay_counts_what_is_in_the_image(void **)
{
    Image image;
    image.task({});
    image.task({.tensors = {}, .scalars = {}, .producers = {0}, .run_scalars = 0, .flags = kJoin});
    image.task({.tensors = {}, .scalars = {}, .producers = {0, 1}});
    const InstanceMemory memory(image);
    Replayer replayer(Geometry::of_tasks(4));
    for (int round = 0; round < 3; round++) {
        assert_true(replayer.run_instance(image, memory));
        assert_int_equal(replayer.report.tasks, 2); // and a join
        assert_int_equal(replayer.report.edges, 3);
        assert_int_equal(replayer.report.peak_tasks, 3);
        assert_int_equal(replayer.report.peak_edges, 3);
        assert_true((replayer.order() == std::vector<uint32_t>{0, 1, 1}));
        assert_int_equal(load_relaxed(replayer.engine.submitted), 3);
        assert_int_equal(replayer.engine.joins, 1);
    }
    replayer.run(image); // the engine's own slots are there again
    assert_int_equal(replayer.report.tasks, 2);
    assert_true(replayer.report.peak_tasks <= 4);
}

void an_instance_may_have_more_tasks_and_edges_than_the_engine(void **)
{
    Image image;
    Image::Task join;
    for (uint32_t i = 0; i < 500; i++) {
        image.task({});
        join.producers.push_back(i);
    }
    image.task(join);
    const InstanceMemory memory(image);
    Geometry geometry = Geometry::of_tasks(4);
    geometry.max_edges = 3;
    Replayer replayer(geometry);
    for (int round = 0; round < 2; round++) {
        assert_true(replayer.run_instance(image, memory));
        assert_int_equal(replayer.seen.size(), 501);
        assert_int_equal(replayer.seen.back().ordinal, 500);
        assert_int_equal(replayer.report.edges, 500);
    }
}

void others_are_told_of_tasks_when_nothing_is_taken_back_any_more(void **)
{
    Image image;
    for (uint32_t i = 0; i < 5; i++)
        image.task({});
    const InstanceMemory memory(image);
    Replayer replayer;
    uint32_t told = 0;
    replayer.on_ready = [&](uint32_t count) {
        told += count;
        assert_false(load_relaxed(replayer.engine.recycling)); // the slots are not the engine's
        assert_int_equal(replayer.engine.outstanding(), 5);
    };
    assert_true(replayer.run_instance(image, memory));
    assert_int_equal(told, 5);
    assert_false(replayer.engine.tasks.has_retired());
}

void tasks_have_ids_of_their_own(void **)
{
    Image image;
    for (uint32_t i = 0; i < 20; i++)
        image.task({});
    const InstanceMemory memory(image);
    Replayer replayer;
    std::vector<uint64_t> ids;
    replayer.kernel = [&](TaskSlot &slot) {
        const pto::engine::TaskId id = replayer.engine.tasks.id_of(slot);
        assert_true(id.generation() != 0 && id.generation() != kNone);
        assert_true(std::find(ids.begin(), ids.end(), id.bits) == ids.end());
        ids.push_back(id.bits);
    };
    assert_true(replayer.run_instance(image, memory));
    assert_int_equal(ids.size(), 20);
}

void tasks_that_wait_for_nothing_come_in_their_order(void **)
{
    Image image;
    for (uint32_t i = 0; i < 5; i++)
        image.task({});
    const InstanceMemory memory(image);
    Replayer replayer;
    assert_true(replayer.run_instance(image, memory));
    assert_int_equal(replayer.seen[0].ordinal, 0);
}

// ---- what changes from run to run

void addresses_and_scalars_are_filled_in_anew(void **)
{
    Image image;
    const uint32_t first = image.tensor(0, 8);
    const uint32_t second = image.tensor(1, 16);
    const uint32_t heap = image.tensor(wire::kBaseHeap, 2048);
    const uint32_t absolute = image.tensor(wire::kBaseAbsolute, 0x1234000);
    image.task({.tensors = {first, heap, second}, .scalars = {7, 0, 9, 0}, .producers = {}, .run_scalars = 0b1010});
    image.task({.tensors = {absolute, first}, .scalars = {5}, .producers = {0}});
    const InstanceMemory memory(image);
    Replayer replayer;
    const auto check = [&](uint64_t one, uint64_t other, uint64_t scalar) {
        replayer.move_argument(0, one);
        replayer.move_argument(1, other);
        replayer.scalar = scalar;
        assert_true(replayer.run_instance(image, memory));
        assert_int_equal(replayer.seen.size(), 2);
        assert_true((replayer.seen[0].addresses == std::vector{one + 8, replayer.heap() + 2048, other + 16}));
        assert_true((replayer.seen[0].scalars == std::vector{uint64_t{7}, scalar, uint64_t{9}, scalar}));
        assert_true((replayer.seen[1].addresses == std::vector{uint64_t{0x1234000}, one + 8}));
        assert_true((replayer.seen[1].scalars == std::vector{uint64_t{5}}));
    };
    check(0, 0, 0); // as if nothing were to be filled in
    check(0x1000, 0x2000, 1);
    check(0x1000, 0x2000, 1); // the same again
    check(0x1000, 0x2000, UINT64_MAX);
    check(0x1000, 0x3000, UINT64_MAX);
    check(0x5000, 0x3000, UINT64_MAX);
    check(0x3000, 0x5000, 0); // exchanged
    check(0, 0, 0);
}

void every_scalar_of_the_run_is_filled_in_where_it_is_named(void **)
{
    Image image;
    image.task({.tensors = {}, .scalars = {1, 0, 1, 1}, .producers = {}, .run_scalars = 0b0111});
    const InstanceMemory memory(image);
    Replayer replayer;
    const auto check = [&](uint64_t one, uint64_t other) {
        replayer.scalars[0] = one;
        replayer.scalars[1] = other;
        assert_true(replayer.run_instance(image, memory));
        assert_true((replayer.seen[0].scalars == std::vector{other, one, other, uint64_t{1}}));
    };
    for (const uint32_t argument : {0u, 1u})
        replayer.move_argument(argument, 0);
    check(0, 0); // nothing seems to have changed
    check(0, 5);
    check(5, 0);
    check(5, 7);
    check(5, 8);
}

void a_predicate_is_looked_at_in_every_replay_where_it_is_then(void **)
{
    pto::engine::Predicate predicate{4, 6, 1, PTO_PREDICATE_EQ, PTO_INT32, 0};
    Image image;
    image.task({.tensors = {},
                .scalars = {3},
                .producers = {},
                .run_scalars = 0,
                .flags = kHasPredicate | kUndecided,
                .predicate = &predicate});
    const InstanceMemory memory(image);
    Replayer replayer;
    uint32_t held = 0;
    replayer.kernel = [&](TaskSlot &slot) {
        assert_true((slot.flags & kUndecided) != 0);
        slot.flags = static_cast<uint8_t>(slot.flags & ~kUndecided); // as the scheduler does
        held += holds(replayer.engine.tasks.payload.predicate(slot), replayer.engine.port) ? 1 : 0;
    };
    replayer.number(1, 1) = 6;
    assert_true(replayer.run_instance(image, memory));
    assert_int_equal(held, 1);
    replayer.number(1, 1) = 7;
    assert_true(replayer.run_instance(image, memory));
    assert_int_equal(held, 1);
    replayer.number(0, 1) = 6;
    replayer.move_argument(1, replayer.argument(0));
    assert_true(replayer.run_instance(image, memory));
    assert_int_equal(held, 2);
    assert_int_equal(replayer.seen[0].scalars[0], 3);
}

void blocks_are_counted_from_the_first_again(void **)
{
    Image image;
    image.task({.tensors = {}, .scalars = {}, .producers = {}, .lane_mask = 7, .block_num = 5});
    const InstanceMemory memory(image);
    Replayer replayer;
    replayer.kernel = [](TaskSlot &slot) {
        assert_int_equal(slot.next_block, 0);
        assert_int_equal(load_relaxed(slot.lanes_left), 15);
        slot.next_block = 5; // as the scheduler does
        store_relaxed(slot.lanes_left, 0u);
    };
    for (int round = 0; round < 3; round++)
        assert_true(replayer.run_instance(image, memory));
}

void a_replay_after_one_that_failed_is_whole(void **)
{
    Image image;
    for (uint32_t i = 0; i < 40; i++)
        image.task(
            {.tensors = {}, .scalars = {}, .producers = i < 2 ? std::vector<uint32_t>{} : std::vector{i - 1, i - 2}});
    const InstanceMemory memory(image);
    Replayer replayer;
    for (uint32_t bad = 0; bad < 40; bad += 13) {
        replayer.kernel = [&](TaskSlot &slot) {
            if (slot.ordinal == bad)
                replayer.engine.error.set(pto::engine::error_record(PTO_ERROR_INVALID_COMPLETION), "bad");
        };
        assert_true(replayer.run_instance(image, memory));
        assert_int_equal(replayer.report.error.status, PTO_ERROR_INVALID_COMPLETION);
        assert_int_equal(replayer.engine.outstanding(), 0);
        replayer.kernel = nullptr;
        assert_true(replayer.run_instance(image, memory));
        assert_int_equal(replayer.report.error.status, PTO_OK);
        assert_int_equal(replayer.report.tasks, 40);
        const std::vector<uint32_t> order = replayer.order();
        assert_true(std::is_sorted(order.begin() + 2, order.end()));
    }
}

// ---- whether there is one

struct Launch {
    Launch() : memory((image.task({}), image)) { block = launch_with(memory.bytes()); }
    wire::LaunchBlock launch_with(uint64_t bytes) const
    {
        wire::LaunchBlock launch = Replayer::launch_of(image);
        launch.graph_instance = memory.address();
        launch.graph_instance_bytes = bytes;
        return launch;
    }
    bool has_instance() const { return GraphInstance(block, 0).exists(); }

    Image image;
    InstanceMemory memory;
    wire::LaunchBlock block{};
};

void a_launch_of_a_whole_graph_with_room_has_an_instance(void **)
{
    Launch launch;
    assert_true(launch.has_instance());
    launch.block.graph_instance_bytes++;
    assert_true(launch.has_instance());
    assert_false(GraphInstance().exists());
}

void room_that_is_a_byte_too_small_is_none(void **)
{
    Launch launch;
    launch.block.graph_instance_bytes--;
    assert_false(launch.has_instance());
    launch.block.graph_instance_bytes = 0;
    assert_false(launch.has_instance());
    launch.block.graph_instance_bytes = UINT64_MAX;
    launch.block.graph_instance = 0;
    assert_false(launch.has_instance());
}

void a_launch_that_begins_behind_the_start_has_no_instance(void **)
{
    Launch launch;
    launch.block.graph_begin += 8;
    assert_false(launch.has_instance());
    launch.block.graph_begin = 0;
    assert_false(launch.has_instance());
}

void an_image_without_sizes_or_that_is_none_has_no_instance(void **)
{
    Launch launch;
    wire::GraphHeader &header = launch.image.complete();
    const wire::GraphHeader sound = header;
    header.sizes.tasks = 0;
    assert_false(launch.has_instance());
    header = sound;
    header.magic++;
    assert_false(launch.has_instance());
    header = sound;
    header.version++;
    assert_false(launch.has_instance());
    header = sound;
    launch.block.graph_bytes = sizeof(wire::GraphHeader) - 1;
    assert_false(launch.has_instance());
    launch.block.graph = 0;
    assert_false(launch.has_instance());
}

void an_instance_needs_room_for_each_of_its_parts(void **)
{
    const wire::GraphHeader none{wire::kGraphMagic, wire::kGraphVersion, 0, 0, {}};
    const uint64_t least = wire::instance_bytes(none);
    const auto more = [&](wire::GraphHeader header) { return wire::instance_bytes(header) - least; };
    assert_int_equal(least, 64);
    assert_int_equal(more({0, 0, 1, 0, {}}), 8);
    assert_int_equal(more({0, 0, 0, 1, {}}), 8);
    assert_int_equal(more({0, 0, 0, 0, {1, 0, 0, 0}}), 80);
    assert_int_equal(more({0, 0, 0, 0, {0, 1, 0, 0}}), 8);
    assert_int_equal(more({0, 0, 0, 0, {0, 0, 1, 0}}), 64);
    assert_int_equal(more({0, 0, 0, 0, {0, 0, 0, 1}}), 16);
    const uint32_t most = UINT32_MAX; // nothing wraps
    assert_true(more({0, 0, most, most, {most, most, most / 8, most}}) > uint64_t{most} * 120);
}

void memory_that_another_graph_has_used_is_laid_out_anew(void **)
{
    Image one;
    Image other;
    const uint32_t tensor = other.tensor(1, 8);
    one.task({.tensors = {one.tensor(0, 0)}, .scalars = {1}, .producers = {}});
    one.task({.tensors = {}, .scalars = {2}, .producers = {0}});
    other.task({.tensors = {}, .scalars = {3}, .producers = {}, .run_scalars = 0, .flags = 0});
    other.task({.tensors = {tensor}, .scalars = {0}, .producers = {}, .run_scalars = 1});
    one.complete();
    const InstanceMemory memory(std::max(wire::instance_bytes(one.complete()), wire::instance_bytes(other.complete())));
    Replayer replayer;
    for (int round = 0; round < 3; round++) {
        assert_true(replayer.run_instance(one, memory));
        assert_true(memory.header().graph == one.address());
        assert_true((replayer.order() == std::vector<uint32_t>{0, 1}));
        assert_true((replayer.seen[0].addresses == std::vector{replayer.argument(0)}));
        assert_int_equal(replayer.seen[1].scalars[0], 2);
        assert_true(replayer.run_instance(other, memory));
        assert_true(memory.header().graph == other.address());
        assert_int_equal(replayer.seen.size(), 2);
        const Seen &last = replayer.seen[replayer.seen[0].ordinal == 1 ? 0 : 1];
        assert_true((last.addresses == std::vector{replayer.argument(1) + 8}));
        assert_true(last.scalars[0] == replayer.scalar);
        assert_int_equal(replayer.report.edges, 0);
    }
}

void a_graph_is_laid_out_once(void **)
{
    Image image;
    image.task({.tensors = {}, .scalars = {3}, .producers = {}});
    image.task({.tensors = {image.tensor(0, 8)}, .scalars = {}, .producers = {0}});
    const InstanceMemory memory(image);
    Replayer replayer;
    assert_true(replayer.run_instance(image, memory));
    std::memset(const_cast<uint64_t *>(
                    wire::scalars_of(*reinterpret_cast<wire::TaskItem *>(image.address() + sizeof(wire::GraphHeader)))),
                0, sizeof(uint64_t)); // nobody looks at the image again
    assert_true(replayer.run_instance(image, memory));
    assert_int_equal(replayer.seen[0].scalars[0], 3);
    memory.header().graph = 0;
    assert_true(replayer.run_instance(image, memory));
    assert_int_equal(replayer.seen[0].scalars[0], 0);
    assert_true((replayer.seen[1].addresses == std::vector{replayer.argument(0) + 8})); // although it was that before
}

/// What the engine's port was told to invalidate and to clean, in order.
struct Maintenance {
    bool is_clean;
    uint64_t address;
    uint64_t bytes;
};
std::vector<Maintenance> maintenance;
wire::InstanceHeader *header_in_memory = nullptr; ///< Another one than that in a cache.

void see(void *, uint64_t address, uint64_t bytes)
{
    maintenance.push_back({false, address, bytes});
    if (header_in_memory != nullptr)
        std::memcpy(reinterpret_cast<void *>(address), header_in_memory, bytes);
}
void show(void *, uint64_t address, uint64_t bytes)
{
    maintenance.push_back({true, address, bytes});
}

void a_header_that_the_host_has_cleared_is_not_read_from_a_cache(void **)
{
    Image image;
    image.task({.tensors = {}, .scalars = {3}, .producers = {}});
    const InstanceMemory memory(image);
    Replayer replayer;
    assert_true(replayer.run_instance(image, memory));
    auto &item = *reinterpret_cast<wire::TaskItem *>(image.address() + sizeof(wire::GraphHeader));
    *const_cast<uint64_t *>(wire::scalars_of(item)) = 4; // another graph at the same address
    wire::InstanceHeader zeros{};
    header_in_memory = &zeros;
    replayer.engine.port.invalidate = see;
    assert_true(replayer.run_instance(image, memory));
    header_in_memory = nullptr;
    assert_int_equal(replayer.seen[0].scalars[0], 4);
}

void nothing_of_an_instance_stays_in_a_cache(void **)
{
    Image image;
    image.task({.tensors = {image.tensor(0, 8)}, .scalars = {3}, .producers = {}});
    image.task({.tensors = {}, .scalars = {}, .producers = {0}});
    const InstanceMemory memory(image);
    Replayer replayer;
    replayer.engine.port.invalidate = see;
    replayer.engine.port.clean = show;
    maintenance.clear();
    assert_true(replayer.run_instance(image, memory));
    assert_false(maintenance.front().is_clean);
    assert_int_equal(maintenance.front().address, memory.address());
    assert_int_equal(maintenance.front().bytes, sizeof(wire::InstanceHeader));
    assert_true(maintenance.back().is_clean);
    assert_int_equal(maintenance.back().address, memory.address());
    assert_int_equal(maintenance.back().bytes, memory.bytes());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_instance_runs_the_tasks_of_its_image),
        cmocka_unit_test(a_replay_counts_what_is_in_the_image),
        cmocka_unit_test(an_instance_may_have_more_tasks_and_edges_than_the_engine),
        cmocka_unit_test(others_are_told_of_tasks_when_nothing_is_taken_back_any_more),
        cmocka_unit_test(tasks_have_ids_of_their_own),
        cmocka_unit_test(tasks_that_wait_for_nothing_come_in_their_order),
        cmocka_unit_test(addresses_and_scalars_are_filled_in_anew),
        cmocka_unit_test(every_scalar_of_the_run_is_filled_in_where_it_is_named),
        cmocka_unit_test(a_predicate_is_looked_at_in_every_replay_where_it_is_then),
        cmocka_unit_test(blocks_are_counted_from_the_first_again),
        cmocka_unit_test(a_replay_after_one_that_failed_is_whole),
        cmocka_unit_test(a_launch_of_a_whole_graph_with_room_has_an_instance),
        cmocka_unit_test(room_that_is_a_byte_too_small_is_none),
        cmocka_unit_test(a_launch_that_begins_behind_the_start_has_no_instance),
        cmocka_unit_test(an_image_without_sizes_or_that_is_none_has_no_instance),
        cmocka_unit_test(an_instance_needs_room_for_each_of_its_parts),
        cmocka_unit_test(memory_that_another_graph_has_used_is_laid_out_anew),
        cmocka_unit_test(a_graph_is_laid_out_once),
        cmocka_unit_test(a_header_that_the_host_has_cleared_is_not_read_from_a_cache),
        cmocka_unit_test(nothing_of_an_instance_stays_in_a_cache),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
