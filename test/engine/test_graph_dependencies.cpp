// SPDX-License-Identifier: Apache-2.0
// In which order tasks run.
#include "graph_fixture.hpp"
#include "random_views.hpp"

namespace {

using namespace pto::test;
using pto::load_relaxed;

void tasks_that_share_nothing_are_all_ready(void **)
{
    Graph graph;
    for (int i = 0; i < 10; i++) {
        pto_tensor tensor = sized(1);
        graph.submit({out(tensor)});
    }
    assert_int_equal(graph.ready_count(), 10);
    assert_int_equal(graph.engine.tasks.edges_pushed(), 0);
    graph.finish_well();
}

void a_chain_runs_in_its_order(void **)
{
    Graph graph;
    pto_tensor tensor = sized(1);
    graph.submit({out(tensor)});
    for (int i = 0; i < 20; i++)
        graph.submit({inout(tensor)});
    assert_int_equal(graph.ready_count(), 1);
    graph.finish_well();
    for (uint32_t i = 0; i < 21; i++)
        assert_int_equal(graph.ran[i], i);
}

void readers_run_together_and_the_writer_after_them(void **)
{
    Graph graph({.tensor_count = 1});
    const pto_tensor &tensor = graph.args.tensors[0];
    graph.submit({write(tensor)});
    for (int i = 0; i < 5; i++)
        graph.submit({in(tensor)});
    graph.submit({write(tensor)});
    assert_int_equal(graph.ready_count(), 1);
    graph.run_one();
    assert_int_equal(graph.ready_count(), 5);
    graph.finish_well();
    assert_int_equal(graph.ran.front(), 0);
    assert_int_equal(graph.ran.back(), 6);
    assert_int_equal(graph.engine.tasks.edges_pushed(), 10);
}

void several_relations_between_two_tasks_are_one_edge(void **)
{
    Graph graph({.tensor_count = 2});
    const pto_tensor &a = graph.args.tensors[0];
    const pto_tensor &b = graph.args.tensors[1];
    const pto_task_id id = graph.submit({inout(a), inout(b), in(a)});
    graph.submit({in(a), inout(b), inout(a)}, {id, id});
    assert_int_equal(graph.engine.tasks.edges_pushed(), 1);
    assert_int_equal(graph.ready_count(), 1);
    graph.finish_well();
}

void a_task_may_name_the_same_tensor_many_times(void **)
{
    Graph graph;
    pto_tensor tensor = sized(1);
    graph.submit({out(tensor), in(tensor), inout(tensor), write(tensor), no_dep(tensor)});
    assert_int_equal(graph.ready_count(), 1);
    graph.submit({inout(tensor), in(tensor), inout(tensor)});
    assert_int_equal(graph.engine.tasks.edges_pushed(), 1);
    graph.finish_well();
}

void a_named_dependency_is_waited_for(void **)
{
    Graph graph;
    const pto_task_id first = graph.submit({});
    const pto_task_id second = graph.submit({}, {first});
    graph.submit({}, {first, second});
    assert_int_equal(graph.ready_count(), 1);
    assert_int_equal(graph.engine.tasks.edges_pushed(), 3);
    graph.finish_well();
    assert_true((graph.ran == std::vector<uint32_t>{0, 1, 2}));
}

void a_dependency_on_what_is_done_or_unknown_is_none(void **)
{
    Graph graph;
    const pto_task_id first = graph.submit({});
    graph.run_all();
    graph.submit({}, {first, PTO_NO_TASK, 0, 12345, UINT64_MAX - 1});
    assert_int_equal(graph.ready_count(), 1);
    assert_int_equal(graph.engine.tasks.edges_pushed(), 0);
    graph.finish_well();
}

void a_task_without_a_kernel_joins_others(void **)
{
    Graph graph;
    std::vector<pto_task_id> ids;
    for (int i = 0; i < 8; i++)
        ids.push_back(graph.submit({}));
    pto_task join = PTO_TASK_INIT;
    join.dependencies = ids.data();
    join.dependency_count = 8;
    const pto_task_id joined = pto_submit_task(graph.orch, &join);
    graph.submit({}, {joined});
    assert_int_equal(graph.ready_count(), 8);
    graph.finish_well();
    assert_int_equal(graph.ran[8], 8);
    assert_int_equal(graph.ran[9], 9);
}

void an_argument_without_dependency_waits_for_the_owner_alone(void **)
{
    Graph graph;
    pto_tensor tensor = sized(1);
    graph.submit({out(tensor)});
    graph.submit({no_dep(tensor)});
    assert_int_equal(graph.ready_count(), 1);
    graph.run_one();
    graph.submit({inout(tensor)});
    graph.submit({no_dep(tensor)}); // neither of these waits for the other
    graph.submit({write(tensor)});
    assert_int_equal(graph.ready_count(), 3);
    graph.finish_well();
}

void a_manual_tensor_waits_for_the_owner_alone(void **)
{
    Graph graph;
    pto_tensor tensor = sized(1);
    tensor.manual_dep = 1;
    graph.submit({out(tensor)});
    assert_int_equal(tensor.manual_dep, 1);
    graph.submit({inout(tensor)});
    graph.submit({inout(tensor)});
    assert_int_equal(graph.ready_count(), 1);
    graph.run_one();
    assert_int_equal(graph.ready_count(), 2);
    graph.finish_well();
}

void an_allocated_tensor_waits_for_its_writers_alone(void **)
{
    Graph graph;
    pto_tensor tensor = sized(1);
    pto_allocate(graph.orch, &tensor);
    graph.submit({in(tensor)});
    graph.submit({no_dep(tensor)});
    assert_int_equal(graph.ready_count(), 2);
    graph.submit({write(tensor)});
    assert_int_equal(graph.ready_count(), 2);
    graph.finish_well();
}

void tiles_of_one_matrix_run_together(void **)
{
    Graph graph({.geometry = Geometry::of_tasks(256)});
    pto_tensor matrix = plain(PTO_FLOAT32, {64, 64});
    pto_allocate(graph.orch, &matrix);
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < 64; i++) {
            const uint32_t offset[] = {i / 8 * 8, i % 8 * 8};
            const uint32_t shape[] = {8, 8};
            const pto_tensor tile = pto_view(graph.orch, &matrix, offset, shape);
            graph.submit({inout(tile)});
        }
        assert_int_equal(graph.ready_count(), 64);
        assert_int_equal(graph.engine.tasks.edges_pushed(), pass * 64);
    }
    graph.submit({in(matrix)});
    assert_int_equal(graph.ready_count(), 64);
    graph.finish_well();
    assert_int_equal(graph.ran.back(), 128);
}

void the_kernel_gets_its_arguments_in_their_order(void **)
{
    Graph graph({.tensor_count = 2});
    const pto_tensor &a = graph.args.tensors[0];
    pto_tensor b = plain(PTO_INT32, {4});
    const uint32_t begin[] = {16};
    const uint32_t size[] = {8};
    const pto_tensor view = pto_view(graph.orch, &graph.args.tensors[1], begin, size);
    pto_task task = PTO_TASK_INIT;
    task.aic = kAicFunc;
    task.aiv1 = kOtherAivFunc;
    task.block_num = 5;
    const pto_arg list[] = {pto_arg_of_scalar(11), in(a), out(b), pto_arg_of_scalar(22), inout(view)};
    task.args = list;
    task.arg_count = 5;
    uint32_t runs = 0;
    graph.kernel = [&](TaskSlot &slot) {
        runs++;
        const pto_tensor *tensors = graph.engine.tasks.payload.tensors(slot.payload);
        const uint64_t *scalars = graph.engine.tasks.payload.scalars(slot);
        assert_true(slot.tensor_count == 3 && slot.scalar_count == 2 && slot.block_num == 5);
        assert_true(slot.func_id[0] == kAicFunc && slot.func_id[1] == -1 && slot.func_id[2] == kOtherAivFunc);
        assert_true(slot.lane_mask == 5 && load_relaxed(slot.lanes_left) == 10);
        assert_true(tensors[0].addr == a.addr && tensors[1].addr == b.addr && tensors[2].addr == view.addr);
        assert_int_equal(tensors[2].start_offset, 16);
        assert_int_equal(tensors[2].shape[0], 8);
        assert_true(scalars[0] == 11 && scalars[1] == 22);
    };
    pto_submit_task(graph.orch, &task);
    graph.finish_well();
    assert_int_equal(runs, 1);
}

void the_report_counts_what_happened(void **)
{
    Graph graph;
    PTO_SCOPE (graph.orch) {
        pto_tensor tensor = sized(3);
        graph.submit({out(tensor)});
        graph.submit({in(tensor)});
        graph.submit({in(tensor)});
    }
    graph.finish_well();
    pto::wire::ReportBlock report{};
    graph.engine.fill_report(&report);
    assert_int_equal(report.magic, pto::wire::kReportMagic);
    assert_int_equal(report.version, pto::wire::kBlockVersion);
    assert_int_equal(report.tasks, 3);
    assert_int_equal(report.edges, 2);
    assert_int_equal(report.peak_heap_bytes, 3072);
    assert_int_equal(report.peak_tasks, 3);
    assert_int_equal(report.peak_edges, 2);
    assert_int_equal(report.peak_scope_depth, 1);
    assert_int_equal(report.error.status, PTO_OK);
}

// ---- at random, against the bytes

struct Access {
    bool write;
    Bytes bytes;
};

bool conflict(const std::vector<Access> &a, const std::vector<Access> &b)
{
    for (const Access &x : a)
        for (const Access &y : b)
            if ((x.write || y.write) && (x.bytes & y.bytes).any())
                return true;
    return false;
}

void run_at_random(uint64_t seed, const GraphOptions &options, uint32_t eagerness)
{
    Graph graph(options);
    Random random(seed);
    pto_tensor buffer = plain(PTO_UINT8, {kBufferBytes});
    pto_allocate(graph.orch, &buffer);
    std::vector<std::vector<Access>> tasks;
    for (int i = 0; i < 150; i++) {
        std::vector<Access> accesses;
        std::vector<pto_tensor> views(random.between(1, 4));
        std::vector<pto_arg> list;
        for (pto_tensor &view : views) {
            view = random_view(random);
            view.addr = buffer.addr;
            view.owner = buffer.owner;
            view.buffer = buffer.buffer;
            accesses.push_back({random.one_in(3), bytes_of(view)});
            list.push_back(!accesses.back().write ? in(view) : random.one_in(2) ? inout(view) : write(view));
        }
        tasks.push_back(accesses);
        assert_true(pto_submit_kernels(graph.orch, random.one_in(2) ? PTO_NO_KERNEL : int32_t{kAicFunc}, kAivFunc,
                                       PTO_NO_KERNEL, list.data(), static_cast<uint32_t>(list.size())) != PTO_NO_TASK);
        for (uint32_t k = random.below32(3); k > 0 && random.one_in(eagerness); k--)
            graph.run_one();
    }
    graph.finish_well();
    assert_int_equal(graph.ran.size(), tasks.size());
    std::vector<std::size_t> position(tasks.size());
    for (std::size_t i = 0; i < graph.ran.size(); i++)
        position[graph.ran[i]] = i;
    for (std::size_t later = 0; later < tasks.size(); later++)
        for (std::size_t earlier = 0; earlier < later; earlier++)
            if (position[earlier] > position[later])
                assert_false(conflict(tasks[earlier], tasks[later]));
}

void conflicting_tasks_run_in_the_order_of_their_submits(void **)
{
    for (uint64_t seed = 0; seed < 40; seed++)
        run_at_random(seed, {.geometry = Geometry::of_tasks(seed % 2 == 0 ? 512 : 8)}, 1 + seed % 4);
}

void so_they_do_when_everything_is_scarce(void **)
{
    const Geometry scarce{.max_tasks = 24,
                          .max_buffers = 4,
                          .max_nodes = 16,
                          .max_readers = 8,
                          .max_edges = 10,
                          .payload_lines = 200,
                          .max_deferred = 8,
                          .scope_memory_bytes = 0};
    for (uint64_t seed = 100; seed < 140; seed++)
        run_at_random(seed, {.geometry = scarce}, 1 + seed % 4);
}

// ---- at random, with all that a task may have

/// What a random graph asked for, for the judgement of the order in which it ran.
struct Submitted {
    std::vector<Access> accesses;
    std::vector<uint32_t> producers; ///< Named dependencies.
    uint32_t manual = 0;             ///< Number of its manual scope; 0: none.
};

class RandomGraph {
public:
    RandomGraph(uint64_t seed, const GraphOptions &options) : graph_(options), random_(seed) {}

    void run()
    {
        buffer_ = plain(PTO_UINT8, {kBufferBytes});
        pto_allocate(graph_.orch, &buffer_);
        std::memset(reinterpret_cast<void *>(buffer_.addr), 0, kBufferBytes);
        for (int i = 0; i < 120; i++) {
            if (manual_ == 0 && random_.one_in(12)) {
                manual_ = ++manual_count_;
                pto_scope_begin_manual(graph_.orch);
            } else if (manual_ != 0 && random_.one_in(6)) {
                manual_ = 0;
                pto_scope_end(graph_.orch);
            }
            submit();
            for (uint32_t k = random_.below32(3); k > 0; k--)
                graph_.run_one();
        }
        if (manual_ != 0)
            pto_scope_end(graph_.orch);
        graph_.finish_well();
        check();
    }

private:
    pto_tensor view()
    {
        pto_tensor view = random_view(random_);
        view.addr = buffer_.addr;
        view.owner = buffer_.owner;
        view.buffer = buffer_.buffer;
        return view;
    }
    void submit()
    {
        Submitted task;
        task.manual = manual_;
        std::vector<pto_tensor> views(random_.between(0, 3));
        std::vector<pto_arg> list;
        for (pto_tensor &each : views) {
            each = view();
            task.accesses.push_back({random_.one_in(3), bytes_of(each)});
            list.push_back(!task.accesses.back().write ? in(each) : inout(each));
        }
        pto_tensor scratch = sized(1);
        const bool has_scratch = random_.one_in(4);
        if (has_scratch)
            list.push_back(out(scratch));
        std::vector<pto_task_id> dependencies;
        for (uint32_t k = random_.below32(3); k > 0 && !ids_.empty(); k--) {
            task.producers.push_back(random_.below32(static_cast<uint32_t>(ids_.size())));
            dependencies.push_back(ids_[task.producers.back()]);
        }
        pto_tensor element = view();
        pto_predicate predicate{random_.one_in(2) ? PTO_PREDICATE_EQ : PTO_PREDICATE_NE, {}, &element, 0};
        const pto_task no_kernel = PTO_TASK_INIT;
        pto_task request = random_.one_in(8) ? no_kernel : Graph::aiv_task();
        request.args = list.data();
        request.arg_count = static_cast<uint32_t>(list.size());
        request.dependencies = dependencies.data();
        request.dependency_count = static_cast<uint32_t>(dependencies.size());
        if (random_.one_in(4)) {
            request.predicate = &predicate;
            for (uint32_t &extent : element.shape)
                extent = 1;
            task.accesses.push_back({false, bytes_of(element)});
        }
        ids_.push_back(pto_submit_task(graph_.orch, &request));
        assert_int_not_equal(ids_.back(), PTO_NO_TASK);
        if (has_scratch)
            pto_discard(graph_.orch, &scratch);
        tasks_.push_back(task);
    }
    /// Whether a task has to run after an earlier one.
    bool ordered(uint32_t earlier, uint32_t later) const
    {
        const std::vector<uint32_t> &named = tasks_[later].producers;
        if (std::find(named.begin(), named.end(), earlier) != named.end())
            return true;
        return tasks_[later].manual == 0 && conflict(tasks_[earlier].accesses, tasks_[later].accesses);
    }
    void check()
    {
        // Skipped tasks read their element and nothing else can tell when: those that ran are in order.
        std::vector<std::size_t> position(tasks_.size(), SIZE_MAX);
        for (std::size_t i = 0; i < graph_.ran.size(); i++)
            position[graph_.ran[i]] = i;
        assert_int_equal(graph_.ran.size() + graph_.skipped.size(), tasks_.size());
        assert_true(!graph_.ran.empty() && graph_.joins > 0);
        for (uint32_t later = 0; later < tasks_.size(); later++)
            for (uint32_t earlier = 0; earlier < later; earlier++)
                if (position[later] != SIZE_MAX && position[earlier] != SIZE_MAX && ordered(earlier, later))
                    assert_true(position[earlier] < position[later]);
    }

    Graph graph_;
    Random random_;
    pto_tensor buffer_{};
    uint32_t manual_ = 0;
    uint32_t manual_count_ = 0;
    std::vector<pto_task_id> ids_;
    std::vector<Submitted> tasks_;
};

void graphs_with_everything_run_in_the_order_that_they_ask_for(void **)
{
    for (uint64_t seed = 0; seed < 60; seed++)
        RandomGraph(seed, {.geometry = Geometry::of_tasks(seed % 2 == 0 ? 512 : 8)}).run();
}

void so_they_do_with_few_edges_nodes_and_buffers(void **)
{
    const Geometry scarce{.max_tasks = 24,
                          .max_buffers = 4,
                          .max_nodes = 16,
                          .max_readers = 8,
                          .max_edges = 10,
                          .payload_lines = 64,
                          .max_deferred = 8,
                          .scope_memory_bytes = 0};
    for (uint64_t seed = 100; seed < 160; seed++)
        RandomGraph(seed, {.geometry = scarce}).run();
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(tasks_that_share_nothing_are_all_ready),
        cmocka_unit_test(a_chain_runs_in_its_order),
        cmocka_unit_test(readers_run_together_and_the_writer_after_them),
        cmocka_unit_test(several_relations_between_two_tasks_are_one_edge),
        cmocka_unit_test(a_task_may_name_the_same_tensor_many_times),
        cmocka_unit_test(a_named_dependency_is_waited_for),
        cmocka_unit_test(a_dependency_on_what_is_done_or_unknown_is_none),
        cmocka_unit_test(a_task_without_a_kernel_joins_others),
        cmocka_unit_test(an_argument_without_dependency_waits_for_the_owner_alone),
        cmocka_unit_test(a_manual_tensor_waits_for_the_owner_alone),
        cmocka_unit_test(an_allocated_tensor_waits_for_its_writers_alone),
        cmocka_unit_test(tiles_of_one_matrix_run_together),
        cmocka_unit_test(the_kernel_gets_its_arguments_in_their_order),
        cmocka_unit_test(the_report_counts_what_happened),
        cmocka_unit_test(conflicting_tasks_run_in_the_order_of_their_submits),
        cmocka_unit_test(so_they_do_when_everything_is_scarce),
        cmocka_unit_test(graphs_with_everything_run_in_the_order_that_they_ask_for),
        cmocka_unit_test(so_they_do_with_few_edges_nodes_and_buffers),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
