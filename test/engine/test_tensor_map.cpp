// SPDX-License-Identifier: Apache-2.0
// The tensor map against a list of all accesses: what conflicts must be ordered, what does not must not.
#include "random_views.hpp"

#include "engine/tensor_map.h"

#include <memory>
#include <vector>

namespace {

using namespace pto::engine;
using namespace pto::test;
using pto::Carver;

constexpr uint32_t kMaxTasks = 256;

struct Access {
    uint32_t buffer;
    bool write;
    Bytes bytes;
};

struct Task {
    bool complete = false;
    std::vector<Access> accesses;
    std::vector<uint32_t> producers;
    std::bitset<kMaxTasks> before; ///< All that this one waits for, in the end.
};

bool conflict(const Task &a, const Task &b)
{
    for (const Access &x : a.accesses)
        for (const Access &y : b.accesses)
            if (x.buffer == y.buffer && (x.write || y.write) && (x.bytes & y.bytes).any())
                return true;
    return false;
}

struct Pools {
    uint32_t buffers = 8;
    uint32_t nodes = 4096;
    uint32_t readers = 1024;
};

/// A map, the tasks that were given to it, and what it said about them.
class Bench {
public:
    using Pools = ::Pools;

    explicit Bench(const Pools &pools = {}, uint32_t buffer_count = 1) : arena_(1 << 20)
    {
        Carver measure(nullptr);
        map.layout(measure, pools.buffers, pools.nodes, pools.readers);
        assert_true(measure.used_bytes() <= 1 << 20);
        Carver carver(arena_.get());
        map.layout(carver, pools.buffers, pools.nodes, pools.readers);
        map.reset();
        for (uint32_t i = 0; i < buffer_count; i++)
            add(kBufferBytes, TaskId::none());
    }

    uint32_t add(uint64_t size_bytes, TaskId owner)
    {
        const uint64_t base = 0x10000 * (map.buffers().used() + 1);
        if (owner == TaskId::none())
            return map.add_external(base, size_bytes);
        const uint32_t index = map.allocate();
        if (index == kNone)
            return kNone;
        map[index] = Buffer{};
        map[index].base = base;
        map[index].size_bytes = size_bytes;
        map[index].begin_accesses(owner);
        return index;
    }

    /// Begins a task; its accesses follow.
    uint32_t task()
    {
        tasks.emplace_back();
        return static_cast<uint32_t>(tasks.size() - 1);
    }

    void access(bool write, const pto_tensor &tensor, uint32_t buffer = 1)
    {
        ByteView view;
        assert_true(read_view(tensor, &view) == ViewDefect::kSound);
        const uint32_t self = static_cast<uint32_t>(tasks.size() - 1);
        Sink sink{*this, self};
        if (write)
            map.write(map[buffer], view, id_of(self), sink);
        else
            map.read(map[buffer], view, id_of(self), sink);
        if (tensor.size_bytes <= kBufferBytes)
            tasks[self].accesses.push_back({buffer, write, bytes_of(tensor)});
    }

    std::vector<uint32_t> producers_of_write(const pto_tensor &tensor)
    {
        const uint32_t number = task();
        access(true, tensor);
        return tasks[number].producers;
    }
    std::vector<uint32_t> producers_of_read(const pto_tensor &tensor)
    {
        const uint32_t number = task();
        access(false, tensor);
        return tasks[number].producers;
    }

    /// Tasks that have not completed and conflict with the last one come before it.
    void check_last() const
    {
        const Task &last = tasks.back();
        for (std::size_t i = 0; i + 1 < tasks.size(); i++)
            if (!tasks[i].complete && !last.before[i])
                assert_false(conflict(tasks[i], last));
    }
    void check_that_edges_are_conflicts() const
    {
        for (const uint32_t producer : tasks.back().producers)
            assert_true(conflict(tasks[producer], tasks.back()));
    }

    /// Completes some of the tasks that nothing holds back.
    void complete_some(Random &random, uint32_t one_in)
    {
        for (Task &task : tasks) {
            const auto is_complete = [&](uint32_t producer) { return tasks[producer].complete; };
            if (!task.complete && random.one_in(one_in) &&
                std::all_of(task.producers.begin(), task.producers.end(), is_complete))
                task.complete = true;
        }
    }
    void complete_all()
    {
        for (Task &task : tasks)
            task.complete = true;
    }

    static TaskId id_of(uint32_t task) { return TaskId::of(task, 1); }

    struct Sink {
        Bench &bench;
        uint32_t self;

        bool is_live(TaskId id)
        {
            if (id == TaskId::none())
                return false;
            assert_true(id.generation() == 1 && id.slot() < bench.tasks.size());
            return !bench.tasks[id.slot()].complete;
        }
        bool operator()(TaskId id)
        {
            if (!is_live(id) || id.slot() == self)
                return is_live(id);
            Task &task = bench.tasks[self];
            task.producers.push_back(id.slot());
            if (id.slot() < kMaxTasks) {
                task.before |= bench.tasks[id.slot()].before;
                task.before[id.slot()] = true;
            }
            return true;
        }
    };

    TensorMap map;
    std::vector<Task> tasks;

private:
    Arena arena_;
};

pto_tensor whole()
{
    return plain(PTO_UINT8, {kBufferBytes});
}

pto_tensor part(uint32_t begin, uint32_t size)
{
    pto_tensor tensor = whole();
    tensor.start_offset = begin;
    tensor.shape[0] = size;
    return tensor;
}

/// Tile (row, column) of a matrix of 64 x 32 bytes in tiles of 8 x 8.
pto_tensor tile(uint32_t row, uint32_t column)
{
    pto_tensor tensor = plain(PTO_UINT8, {64, 32});
    tensor.start_offset = row * 8 * 32 + column * 8;
    tensor.shape[0] = tensor.shape[1] = 8;
    return tensor;
}

// ---- single relations

void a_reader_waits_for_the_writer(void **)
{
    for (const auto &[written, read] : {std::pair{whole(), whole()}, std::pair{whole(), part(5, 6)},
                                        std::pair{part(5, 6), whole()}, std::pair{part(5, 6), part(10, 20)}}) {
        Bench bench;
        assert_true(bench.producers_of_write(written).empty());
        assert_true(bench.producers_of_read(read) == std::vector<uint32_t>{0});
    }
}

void a_writer_waits_for_every_reader(void **)
{
    for (const auto &[read, written] : {std::pair{whole(), whole()}, std::pair{whole(), part(5, 6)},
                                        std::pair{part(5, 6), whole()}, std::pair{part(5, 6), part(10, 20)}}) {
        Bench bench;
        for (int i = 0; i < 5; i++)
            assert_true(bench.producers_of_read(read).empty());
        std::vector<uint32_t> producers = bench.producers_of_write(written);
        std::sort(producers.begin(), producers.end());
        assert_true((producers == std::vector<uint32_t>{0, 1, 2, 3, 4}));
    }
}

void a_writer_waits_for_the_writer_before_it(void **)
{
    for (const auto &[first, second] : {std::pair{whole(), whole()}, std::pair{whole(), part(5, 6)},
                                        std::pair{part(5, 6), whole()}, std::pair{part(5, 6), part(10, 20)}}) {
        Bench bench;
        bench.producers_of_write(first);
        assert_true(bench.producers_of_write(second) == std::vector<uint32_t>{0});
    }
}

void readers_do_not_wait_for_each_other(void **)
{
    Bench bench;
    for (const pto_tensor &tensor : {whole(), part(0, 9), part(3, 9), whole(), tile(1, 1), part(0, 9)})
        assert_true(bench.producers_of_read(tensor).empty());
}

void a_task_does_not_wait_for_itself(void **)
{
    Bench bench;
    bench.task();
    for (const bool write : {false, true, true, false, true})
        for (const pto_tensor &tensor : {part(0, 40), whole(), part(20, 40), tile(0, 0)})
            bench.access(write, tensor);
    assert_true(bench.tasks[0].producers.empty());
    bench.task();
    bench.access(true, part(30, 1));
    assert_int_equal(bench.tasks[1].producers.front(), 0);
}

void the_task_that_allocated_a_buffer_is_its_first_writer(void **)
{
    Bench bench;
    const uint32_t owner = bench.task();
    const uint32_t buffer = bench.add(kBufferBytes, Bench::id_of(owner));
    bench.task();
    bench.access(false, part(100, 1), buffer);
    assert_true(bench.tasks[1].producers == std::vector<uint32_t>{owner});
}

void a_task_that_has_completed_is_not_waited_for(void **)
{
    Bench bench;
    bench.producers_of_write(whole());
    bench.producers_of_write(part(0, 100));
    bench.producers_of_read(part(50, 100));
    bench.complete_all();
    assert_true(bench.producers_of_read(part(0, 60)).empty());
    assert_true(bench.producers_of_write(part(90, 20)).empty());
}

// ---- tiles

void tiles_that_are_apart_have_no_edges(void **)
{
    Bench bench;
    for (int pass = 0; pass < 4; pass++) {
        for (uint32_t row = 0; row < 8; row++)
            for (uint32_t column = 0; column < 4; column++)
                assert_true(pass % 2 == 0 ? bench.producers_of_write(tile(row, column)).empty()
                                          : bench.producers_of_read(tile(row, column)).size() == 1);
        if (pass % 2 == 1)
            bench.complete_all();
    }
}

void records_of_the_whole_buffer_do_not_join_tiles(void **)
{
    Bench bench;
    bench.producers_of_write(whole());
    for (uint32_t row = 0; row < 8; row++)
        for (uint32_t column = 0; column < 4; column++)
            assert_true(bench.producers_of_write(tile(row, column)) == std::vector<uint32_t>{0});
    const std::vector<uint32_t> producers = bench.producers_of_read(whole());
    assert_int_equal(producers.size(), 33); // every tile, and the first one
}

void a_frame_is_refined_after_coarse_records_exist(void **)
{
    Bench bench;
    bench.producers_of_write(part(0, 8 * 32));       // rows 0..7 as one piece
    bench.producers_of_write(part(8 * 32, 4));       // the first bytes of row 8
    bench.producers_of_read(part(10 * 32 + 28, 40)); // end of row 10, row 11, begin of row 12
    assert_true((bench.producers_of_write(tile(0, 1)) == std::vector<uint32_t>{0}));
    assert_true((bench.producers_of_write(tile(1, 0)) == std::vector<uint32_t>{1, 2} ||
                 bench.tasks.back().producers == std::vector<uint32_t>{2, 1}));
    assert_true(bench.producers_of_write(tile(2, 0)).empty());
}

void every_edge_between_tiles_is_a_conflict(void **)
{
    Random random(21);
    for (int round = 0; round < 60; round++) {
        Bench bench;
        const uint32_t width = random.between(4, 40);
        const pto_tensor matrix = plain(PTO_UINT8, {kBufferBytes / width, width});
        for (int i = 0; i < 100; i++) {
            bench.task();
            for (uint32_t k = random.between(1, 3); k > 0; k--) {
                pto_tensor view = random.one_in(20) ? whole() : random_tile(matrix, random);
                view.size_bytes = kBufferBytes;
                bench.access(random.one_in(2), view);
            }
            bench.check_last();
            bench.check_that_edges_are_conflicts();
            bench.complete_some(random, 20);
        }
    }
}

// ---- everything at random

void run_at_random(uint64_t seed, uint32_t completions, const Pools &pools)
{
    Random random(seed);
    Bench bench(pools, 3);
    for (uint32_t i = 0; i < 200; i++) {
        const uint32_t accesses = random.between(1, 4);
        if (!bench.map.has_room(accesses)) {
            bench.complete_all();
            bench.map.forget_accesses();
        }
        bench.task();
        for (uint32_t k = 0; k < accesses; k++) {
            pto_tensor view = random.one_in(6) ? whole() : random_view(random);
            view.size_bytes = kBufferBytes;
            bench.access(random.one_in(3), view, random.between(1, 3));
        }
        bench.check_last();
        if (completions != 0)
            bench.complete_some(random, completions);
    }
}

void tasks_that_conflict_are_ordered_while_all_are_in_flight(void **)
{
    for (uint64_t seed = 0; seed < 60; seed++)
        run_at_random(seed, 0, {});
}

void tasks_that_conflict_are_ordered_while_some_complete(void **)
{
    for (uint64_t seed = 100; seed < 160; seed++)
        run_at_random(seed, seed % 3 == 0 ? 3 : 12, {});
}

void tasks_that_conflict_are_ordered_when_the_map_runs_out(void **)
{
    for (uint64_t seed = 200; seed < 240; seed++)
        run_at_random(seed, 20, {.buffers = 3, .nodes = 24, .readers = 8});
}

// ---- records and their room

void a_whole_write_gives_back_the_records_of_all_parts(void **)
{
    Bench bench;
    for (uint32_t i = 0; i < 20; i++) {
        bench.producers_of_write(part(i * 10, 10));
        bench.producers_of_read(part(i * 10 + 5, 10));
        bench.producers_of_read(whole());
    }
    assert_int_not_equal(bench.map.nodes().used(), 0);
    bench.producers_of_write(whole());
    assert_int_equal(bench.map.nodes().used(), 0);
    assert_true(bench.map.has_room(1024));
}

void a_write_replaces_the_records_that_it_covers(void **)
{
    Bench bench;
    for (uint32_t i = 0; i < 100; i++)
        bench.producers_of_write(part(i, 1));
    for (uint32_t i = 0; i < 100; i++)
        for (int reader = 0; reader < 4; reader++)
            bench.producers_of_read(part(i, 1));
    assert_false(bench.map.has_room(1024 - 299));
    bench.producers_of_write(part(0, 100));
    assert_int_equal(bench.map.nodes().used(), 1);
    assert_true(bench.map.has_room(1024));
}

void removing_a_buffer_gives_everything_back(void **)
{
    Bench bench;
    for (uint32_t i = 0; i < 10; i++) {
        bench.producers_of_read(whole());
        bench.producers_of_read(part(i, 5));
        bench.producers_of_read(part(i, 5));
    }
    bench.map.remove(1);
    assert_int_equal(bench.map.nodes().used(), 0);
    assert_int_equal(bench.map.buffers().used(), 1);
    assert_true(bench.map.has_room(1024));
}

/// Reads the whole buffer `count` times while `live` readers are in flight.
void read_often(Bench &bench, uint32_t count, uint32_t live)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t reader = bench.task();
        bench.access(false, whole());
        if (reader >= live)
            bench.tasks[reader - live].complete = true;
    }
}

void readers_that_have_completed_make_room_for_others(void **)
{
    Bench bench({.readers = 64});
    read_often(bench, 10000, 10);
    assert_true(bench.map.nodes().available() >= 2 * 48);
    assert_true(bench.map.has_room(48));
}

void a_reader_that_takes_long_does_not_keep_the_ones_after_it(void **)
{
    Bench bench({.readers = 256});
    for (uint32_t i = 0; i < 3; i++)
        bench.producers_of_read(whole());
    for (uint32_t reader = 3; reader < 200; reader++) {
        bench.producers_of_read(whole());
        if (reader >= 6)
            bench.tasks[reader - 3].complete = true; // tasks 0, 1 and 2 stay
    }
    assert_true(bench.map.has_room(256 - 16));
}

void forgetting_leaves_no_access_behind(void **)
{
    Bench bench({}, 2);
    bench.producers_of_write(whole());
    bench.producers_of_read(tile(1, 1));
    bench.producers_of_read(whole());
    bench.complete_all();
    bench.map.forget_accesses();
    assert_int_equal(bench.map.nodes().used(), 0);
    assert_true(bench.map.has_room(1024));
    for (Task &task : bench.tasks)
        task.complete = false; // nobody asks for them any more
    assert_true(bench.producers_of_write(whole()).empty());
    assert_int_equal(bench.map.buffers().used(), 3);
}

void forgetting_keeps_the_peak(void **)
{
    Bench bench;
    for (uint32_t i = 0; i < 100; i++)
        bench.producers_of_write(part(2 * i, 1));
    const uint32_t peak = bench.map.peak_entries();
    assert_true(peak >= 199);
    bench.complete_all();
    bench.map.forget_accesses();
    assert_true(bench.map.peak_entries() >= peak);
}

// ---- elements, buffers

void inspecting_records_nothing(void **)
{
    Bench bench;
    bench.producers_of_write(part(0, 10));
    bench.producers_of_read(part(5, 10));
    const auto look = [&](uint32_t begin, bool readers) {
        bench.task();
        Bench::Sink sink{bench, static_cast<uint32_t>(bench.tasks.size() - 1)};
        ByteView view;
        read_view(part(begin, 1), &view);
        bench.map.inspect(bench.map[1], view, readers, sink);
        return bench.tasks.back().producers;
    };
    const uint32_t nodes = bench.map.nodes().used();
    assert_true(look(2, false) == std::vector<uint32_t>{0});
    assert_true(look(7, false) == std::vector<uint32_t>{0});
    assert_true(look(12, false).empty());
    assert_true(look(12, true) == std::vector<uint32_t>{1});
    assert_true(look(20, true).empty());
    assert_int_equal(bench.map.nodes().used(), nodes);
    assert_true(bench.producers_of_read(part(20, 5)).empty());
}

void buffers_are_found_by_index_and_by_address(void **)
{
    Bench bench({}, 2);
    TensorMap &map = bench.map;
    assert_null(map.find(0));
    assert_ptr_equal(map.find(1), &map[1]);
    assert_null(map.find(3));
    assert_null(map.find(kNone));
    const uint64_t base = map[2].base;
    assert_int_equal(map.find_external(base, kBufferBytes), 2);
    assert_int_equal(map.find_external(base + kBufferBytes - 1, 1), 2);
    assert_int_equal(map.find_external(base, kBufferBytes + 1), kNone);
    assert_int_equal(map.find_external(base - 1, 1), kNone);
    assert_int_equal(map.find_external(base + kBufferBytes, 1), kNone);
    assert_int_equal(map.find_external(base + 1, UINT64_MAX), kNone);
    assert_int_equal(map.find_external_overlap(base - 1, 2), 2);
    assert_int_equal(map.find_external_overlap(base - 1, 1), kNone);
    assert_int_equal(map.find_external_overlap(base + kBufferBytes - 1, 100), 2);
    assert_int_equal(map.find_external_overlap(base + kBufferBytes, 100), kNone);
}

void buffers_run_out_and_come_back(void **)
{
    Bench bench({.buffers = 3});
    const uint32_t second = bench.add(10, TaskId::of(7, 1));
    assert_int_not_equal(bench.add(10, TaskId::of(8, 1)), kNone);
    assert_int_equal(bench.add(10, TaskId::of(9, 1)), kNone);
    bench.map.remove(second);
    assert_int_equal(bench.add(10, TaskId::of(9, 1)), second);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_waits_for_the_writer),
        cmocka_unit_test(a_writer_waits_for_every_reader),
        cmocka_unit_test(a_writer_waits_for_the_writer_before_it),
        cmocka_unit_test(readers_do_not_wait_for_each_other),
        cmocka_unit_test(a_task_does_not_wait_for_itself),
        cmocka_unit_test(the_task_that_allocated_a_buffer_is_its_first_writer),
        cmocka_unit_test(a_task_that_has_completed_is_not_waited_for),
        cmocka_unit_test(tiles_that_are_apart_have_no_edges),
        cmocka_unit_test(records_of_the_whole_buffer_do_not_join_tiles),
        cmocka_unit_test(a_frame_is_refined_after_coarse_records_exist),
        cmocka_unit_test(every_edge_between_tiles_is_a_conflict),
        cmocka_unit_test(tasks_that_conflict_are_ordered_while_all_are_in_flight),
        cmocka_unit_test(tasks_that_conflict_are_ordered_while_some_complete),
        cmocka_unit_test(tasks_that_conflict_are_ordered_when_the_map_runs_out),
        cmocka_unit_test(a_whole_write_gives_back_the_records_of_all_parts),
        cmocka_unit_test(a_write_replaces_the_records_that_it_covers),
        cmocka_unit_test(removing_a_buffer_gives_everything_back),
        cmocka_unit_test(readers_that_have_completed_make_room_for_others),
        cmocka_unit_test(a_reader_that_takes_long_does_not_keep_the_ones_after_it),
        cmocka_unit_test(forgetting_leaves_no_access_behind),
        cmocka_unit_test(forgetting_keeps_the_peak),
        cmocka_unit_test(inspecting_records_nothing),
        cmocka_unit_test(buffers_are_found_by_index_and_by_address),
        cmocka_unit_test(buffers_run_out_and_come_back),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
