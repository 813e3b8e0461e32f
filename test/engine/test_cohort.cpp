// SPDX-License-Identifier: Apache-2.0
// Tasks whose blocks start together: when they start, who waits for them meanwhile, and what an error leaves behind.
#include "machine.hpp"

#include <mutex>
#include <set>

namespace {

using namespace pto::test;
using namespace pto::aicpu;
using pto::kCoresPerCluster;
using pto::wire::Resource;

constexpr uint32_t kAivCores = 2 * kClusters;

pto_task_id submit_aiv_cohort(Machine &machine, uint32_t blocks)
{
    return machine.submit(PTO_NO_KERNEL, kAivFunc, PTO_NO_KERNEL, blocks, PTO_TASK_SYNC_START);
}
pto_task_id submit_aic_cohort(Machine &machine, uint32_t blocks)
{
    return machine.submit(kAicFunc, PTO_NO_KERNEL, PTO_NO_KERNEL, blocks, PTO_TASK_SYNC_START);
}
pto_task_id submit_mix_cohort(Machine &machine, uint32_t blocks)
{
    return machine.submit(kAicFunc, kAivFunc, kOtherAivFunc, blocks, PTO_TASK_SYNC_START);
}

/// Instances of the task that have started.
uint32_t started_of(const Machine &machine, uint32_t ordinal)
{
    return static_cast<uint32_t>(std::count(machine.started_tasks.begin(), machine.started_tasks.end(), ordinal));
}

void a_cohort_starts_when_it_has_all_its_cores(void **)
{
    Machine machine(false);
    for (uint32_t i = 0; i < kAivCores; i++)
        machine.submit_aiv();
    machine.start_all();
    submit_aiv_cohort(machine, kAivCores);
    for (uint32_t i = 0; i < kAivCores; i++) {
        machine.start_all();
        assert_int_equal(started_of(machine, kAivCores), 0);
        machine.end_one();
    }
    assert_true(machine.scheduler.has_ready());
    machine.start_all();
    assert_int_equal(started_of(machine, kAivCores), kAivCores);
    assert_int_equal(machine.running.size(), kAivCores);
    machine.finish();
}

void every_block_of_a_cohort_runs_once_on_a_core_of_its_own(void **)
{
    for (uint32_t blocks = 2; blocks <= kAivCores; blocks++) {
        Machine machine(false);
        submit_aiv_cohort(machine, blocks);
        machine.start_all();
        std::set<uint32_t> indices;
        std::set<uint32_t> cores;
        for (const LaneRun &run : machine.started) {
            indices.insert(run.block);
            cores.insert(run.core);
            assert_int_not_equal(run.core % kCoresPerCluster, pto::engine::kLaneAic);
            assert_true(run.entry == machine.graph.kernels[kAivFunc].entry);
        }
        assert_int_equal(machine.started.size(), blocks);
        assert_int_equal(indices.size(), blocks);
        assert_int_equal(*indices.rbegin(), blocks - 1);
        assert_int_equal(cores.size(), blocks);
        machine.finish();
        assert_int_equal(machine.kernels(), blocks);
    }
}

void a_cohort_of_clusters_gets_all_lanes_of_each(void **)
{
    for (const uint32_t mask : {3u, 5u, 6u, 7u}) {
        Machine machine(false);
        machine.submit_aiv();
        machine.submit_aic();
        machine.start_all();
        const uint32_t lanes = static_cast<uint32_t>(__builtin_popcount(mask));
        machine.submit((mask & 1) != 0 ? int32_t{kAicFunc} : PTO_NO_KERNEL,
                       (mask & 2) != 0 ? int32_t{kAivFunc} : PTO_NO_KERNEL,
                       (mask & 4) != 0 ? int32_t{kOtherAivFunc} : PTO_NO_KERNEL, kClusters, PTO_TASK_SYNC_START);
        machine.on_block = [&](const LaneRun *runs, uint32_t count) {
            assert_int_equal(count, lanes);
            for (uint32_t i = 0; i < count; i++)
                assert_int_equal(runs[i].core, core_id(runs[0].core / kCoresPerCluster, runs[i].lane));
        };
        machine.start_all();
        assert_true(started_of(machine, 2) == 0 || mask == 5); // the vector core that is taken is another one
        machine.end_one();
        machine.end_one();
        machine.start_all();
        assert_int_equal(started_of(machine, 2), kClusters * lanes);
        machine.finish();
    }
}

void nobody_overtakes_a_cohort_that_collects(void **)
{
    Machine machine(false);
    for (uint32_t i = 0; i < kAivCores; i++)
        machine.submit_aiv();
    machine.start_all();
    submit_aiv_cohort(machine, kAivCores);
    machine.start_all();
    for (uint32_t i = 0; i < 10; i++)
        machine.submit_aiv();
    machine.submit_mix();
    for (uint32_t i = 0; i < kAivCores; i++) {
        machine.end_one();
        machine.start_all();
    }
    assert_int_equal(started_of(machine, kAivCores), kAivCores);
    assert_int_equal(machine.started.size(), 2 * kAivCores);
    machine.finish();
    assert_int_equal(machine.started.size(), 2 * kAivCores + 10 + 3);
}

/// Single kernels leave one vector core of a cluster at a time; the cohort needs both at once.
void single_kernels_do_not_starve_a_cohort_of_clusters(void **)
{
    Machine machine(false);
    for (uint32_t i = 0; i < kAivCores; i++)
        machine.submit_aiv();
    machine.start_all();
    submit_mix_cohort(machine, kClusters);
    for (uint32_t i = 0; i < 20; i++)
        machine.submit_aiv();
    for (uint32_t i = 0; i < kAivCores; i++) {
        machine.start_all();
        assert_int_equal(started_of(machine, kAivCores), 0);
        machine.end_one();
    }
    machine.start_all();
    assert_int_equal(started_of(machine, kAivCores), 3 * kClusters);
    machine.finish();
}

void a_cohort_of_vector_cores_holds_up_neither_matrix_cores_nor_joins(void **)
{
    Machine machine(false);
    for (uint32_t i = 0; i < kAivCores; i++)
        machine.submit_aiv();
    machine.start_all();
    submit_aiv_cohort(machine, 2);
    machine.start_all();
    machine.submit_aic();
    machine.submit(PTO_NO_KERNEL, PTO_NO_KERNEL, PTO_NO_KERNEL);
    machine.start_all();
    assert_int_equal(started_of(machine, kAivCores + 1), 1);
    assert_int_equal(machine.graph.engine.outstanding(), kAivCores + 2);
    machine.finish();
}

void a_cohort_of_matrix_cores_does_not_hold_up_vector_cores(void **)
{
    Machine machine(false);
    for (uint32_t i = 0; i < kClusters; i++)
        machine.submit_aic();
    machine.start_all();
    submit_aic_cohort(machine, 2);
    machine.start_all();
    machine.submit_aiv();
    machine.submit_aic();
    machine.start_all();
    assert_int_equal(started_of(machine, kClusters + 1), 1);
    assert_int_equal(started_of(machine, kClusters + 2), 0);
    machine.finish();
    assert_int_equal(started_of(machine, kClusters + 2), 1);
}

void two_cohorts_that_do_not_fit_together_follow_each_other(void **)
{
    Machine machine(false);
    submit_aiv_cohort(machine, 3);
    submit_mix_cohort(machine, 2);
    submit_aiv_cohort(machine, 4);
    const uint32_t instances[] = {3, 6, 4};
    while (machine.graph.engine.outstanding() > 0) {
        machine.start_all();
        assert_true(machine.running.size() <= kClusters * kCoresPerCluster);
        for (uint32_t i = 0; i < 3; i++)
            assert_true(started_of(machine, i) == 0 || started_of(machine, i) == instances[i]);
        machine.end_one();
    }
    machine.finish();
    assert_int_equal(machine.started.size(), 3 + 6 + 4);
}

void a_cohort_after_its_producer_starts_every_block_once(void **)
{
    Machine machine(false);
    const pto_task_id producer = machine.submit_aiv();
    pto_task task = Graph::aiv_task();
    task.block_num = kAivCores;
    task.flags = PTO_TASK_SYNC_START;
    task.dependencies = &producer;
    task.dependency_count = 1;
    pto_submit_task(machine.graph.orch, &task);
    machine.submit_aiv();
    machine.start_all(1);
    machine.end_one(1); // this worker would keep a common task
    machine.start_all(1);
    assert_int_equal(started_of(machine, 1), 0);
    machine.end_one(1);
    machine.start_all(0);
    assert_int_equal(started_of(machine, 1), kAivCores);
    machine.finish();
    assert_int_equal(machine.kernels(), 2 + kAivCores);
}

void what_a_worker_kept_is_for_everyone_once_it_starts_a_cohort(void **)
{
    Machine machine(false, {.tensor_count = 1});
    const pto_tensor &tensor = machine.graph.args.tensors[0];
    machine.graph.submit({inout(tensor)});
    machine.graph.submit({inout(tensor)});
    machine.start_all(1);
    machine.end_one(1);
    assert_false(machine.scheduler.has_ready()); // worker 1 keeps the second one
    submit_aiv_cohort(machine, 2);
    assert_true(machine.scheduler.step(1));
    assert_int_equal(started_of(machine, 2), 2);
    assert_true(machine.scheduler.has_ready());
    assert_true(machine.scheduler.step(0));
    assert_int_equal(started_of(machine, 1), 1);
    machine.finish();
}

void what_a_worker_kept_is_for_everyone_while_a_cohort_collects(void **)
{
    Machine machine(false, {.tensor_count = 1});
    const pto_tensor &tensor = machine.graph.args.tensors[0];
    machine.graph.submit({inout(tensor)});
    machine.graph.submit({inout(tensor)});
    machine.start_all(1);
    machine.submit_aiv(2);
    machine.start_all(0);
    submit_aiv_cohort(machine, kAivCores);
    machine.start_all(0);
    const uint32_t signals = machine.signals;
    machine.end_one(1);
    machine.start_all(1);
    assert_int_equal(machine.signals, signals + 1); // given up, and everyone knows
    assert_int_equal(started_of(machine, 1), 0);
    machine.end_one(0);
    machine.end_one(0);
    machine.start_all(0);
    assert_int_equal(started_of(machine, 3), kAivCores);
    machine.end_one(0);
    machine.start_all(0);
    assert_int_equal(started_of(machine, 1), 1);
    machine.finish();
}

void an_error_while_a_cohort_collects_frees_its_cores(void **)
{
    Machine machine(false);
    machine.submit_aiv();
    machine.start_all();
    submit_aiv_cohort(machine, kAivCores);
    machine.start_all();
    machine.raise();
    machine.start_all();
    assert_false(machine.scheduler.has_ready());
    assert_int_equal(machine.graph.engine.outstanding(), 1);
    machine.finish();
    assert_int_equal(machine.started.size(), 1);
    // Cores of a cohort that never started are idle: the next run is not needed to see that.
    CorePool cores;
    cores.reset(kClusters);
    Cohort cohort;
    cohort.reset();
    pto::engine::TaskSlot slot{};
    slot.block_num = kAivCores;
    slot.lane_mask = 2;
    slot.shape = pto::engine::Shape::kAiv;
    assert_int_not_equal(cores.claim_one(pto::engine::Shape::kAiv, 0), kNoCore);
    cohort.begin(slot);
    assert_false(cohort.collect(cores));
    assert_int_equal(cores.claim_one(pto::engine::Shape::kAiv, 0), kNoCore);
    cohort.give_back(cores);
    cohort.end();
    for (uint32_t i = 1; i < kAivCores; i++)
        assert_int_not_equal(cores.claim_one(pto::engine::Shape::kAiv, 0), kNoCore);
    assert_int_equal(cores.claim_one(pto::engine::Shape::kAiv, 0), kNoCore);
}

void an_error_before_a_cohort_collects_starts_none_of_it(void **)
{
    Machine machine(false);
    submit_mix_cohort(machine, kClusters);
    machine.raise();
    machine.finish();
    assert_int_equal(machine.started.size(), 0);
}

void a_cohort_under_way_at_an_error_ends_before_its_task(void **)
{
    Machine machine(false);
    submit_mix_cohort(machine, kClusters);
    machine.start_all();
    machine.raise();
    while (!machine.running.empty()) {
        assert_int_equal(machine.graph.engine.outstanding(), 1);
        machine.end_one();
    }
    assert_int_equal(machine.graph.engine.outstanding(), 0);
    machine.finish();
}

void a_cohort_whose_predicate_is_false_takes_no_core(void **)
{
    Machine machine(false, {.tensor_count = 1});
    machine.submit_aiv();
    machine.start_all();
    pto_predicate predicate{PTO_PREDICATE_NE, {}, &machine.graph.args.tensors[0], 0};
    pto_task task = Graph::aiv_task();
    task.block_num = kAivCores;
    task.flags = PTO_TASK_SYNC_START;
    task.predicate = &predicate;
    assert_int_not_equal(pto_submit_task(machine.graph.orch, &task), PTO_NO_TASK);
    machine.start_all();
    assert_int_equal(machine.graph.engine.outstanding(), 1);
    assert_false(machine.scheduler.has_ready());
    predicate.op = PTO_PREDICATE_EQ;
    assert_int_not_equal(pto_submit_task(machine.graph.orch, &task), PTO_NO_TASK);
    machine.finish();
    pto::wire::ReportBlock report{};
    machine.graph.engine.fill_report(&report);
    assert_int_equal(report.skipped, 1);
    assert_int_equal(report.tasks, 3);
    assert_int_equal(report.kernels, 1 + kAivCores);
}

void a_cohort_larger_than_the_chip_is_refused(void **)
{
    struct Case {
        pto_task_id (*submit)(Machine &, uint32_t);
        uint32_t most;
    };
    const Case cases[] = {
        {submit_aiv_cohort, kAivCores}, {submit_aic_cohort, kClusters}, {submit_mix_cohort, kClusters}};
    for (const Case &each : cases) {
        Machine machine(false);
        assert_int_not_equal(each.submit(machine, each.most), PTO_NO_TASK);
        assert_int_equal(each.submit(machine, each.most + 1), PTO_NO_TASK);
        const pto::wire::ErrorRecord &error = machine.graph.error();
        assert_int_equal(static_cast<int>(error.resource), static_cast<int>(Resource::kCores));
        assert_int_equal(error.needed, each.most + 1);
        assert_int_equal(error.available, each.most);
        assert_int_equal(error.task, 1);
        machine.graph.expect_error(PTO_ERROR_CAPACITY, "task 1: ");
    }
}

void a_cohort_of_one_block_is_a_common_task(void **)
{
    Machine machine(false);
    submit_aiv_cohort(machine, 1);
    submit_mix_cohort(machine, 0);
    assert_true(machine.graph.engine.ready[pto::engine::kCohortQueue].is_empty());
    machine.finish();
    assert_int_equal(machine.started.size(), 4);
}

void unknown_flags_are_refused(void **)
{
    Machine machine(false);
    machine.submit(PTO_NO_KERNEL, kAivFunc, PTO_NO_KERNEL, 1, 2);
    machine.graph.expect_error(PTO_ERROR_INVALID_TASK, "unknown flags 0x2");
}

void blocks_without_a_kernel_cannot_start_together(void **)
{
    Machine machine(false);
    machine.submit(PTO_NO_KERNEL, PTO_NO_KERNEL, PTO_NO_KERNEL, 2, PTO_TASK_SYNC_START);
    machine.graph.expect_error(PTO_ERROR_INVALID_TASK, "2 blocks of 0 kernels");
}

// ---- at random

void run_random(uint64_t seed, bool at_once)
{
    Machine machine(at_once, {.geometry = Geometry::of_tasks(16), .tensor_count = 4});
    Random random(seed);
    std::vector<uint32_t> blocks;
    std::vector<uint32_t> lanes;
    std::vector<bool> together;
    std::vector<uint32_t> starts(200, 0);
    uint32_t collected = UINT32_MAX; // cohort whose blocks are being started
    machine.on_start = [&](uint32_t ordinal, const LaneRun &run) {
        // Nothing comes between the blocks of a cohort.
        assert_true(collected == UINT32_MAX || collected == ordinal);
        starts[ordinal]++;
        collected = together[ordinal] && starts[ordinal] < blocks[ordinal] * lanes[ordinal] ? ordinal : UINT32_MAX;
        for (const LaneRun &other : machine.running)
            assert_int_not_equal(other.core, run.core);
    };
    for (uint32_t i = 0; i < 200; i++) {
        const uint32_t mask = random.between(1, 7);
        const bool mix = mask != 1 && mask != 2 && mask != 4;
        lanes.push_back(static_cast<uint32_t>(__builtin_popcount(mask)));
        blocks.push_back(random.between(1, mix || mask == 1 ? kClusters : kAivCores));
        together.push_back(random.one_in(2));
        pto_task task = PTO_TASK_INIT;
        task.aic = (mask & 1) != 0 ? int32_t{kAicFunc} : PTO_NO_KERNEL;
        task.aiv0 = (mask & 2) != 0 ? int32_t{kAivFunc} : PTO_NO_KERNEL;
        task.aiv1 = (mask & 4) != 0 ? int32_t{kOtherAivFunc} : PTO_NO_KERNEL;
        task.block_num = blocks.back();
        task.flags = together.back() ? PTO_TASK_SYNC_START : 0;
        const pto_arg list[] = {inout(machine.graph.args.tensors[random.below32(4)])};
        task.args = list;
        task.arg_count = random.one_in(2) ? 1 : 0;
        assert_int_not_equal(pto_submit_task(machine.graph.orch, &task), PTO_NO_TASK);
        for (uint32_t k = random.below32(4); k > 0; k--)
            if (!machine.scheduler.step(random.below32(2)) && !machine.running.empty())
                machine.end_one(random.below32(2));
    }
    // What worker 1 kept is its own: it goes on until there is nothing left.
    while (machine.graph.engine.outstanding() > 0) {
        machine.start_all(1);
        machine.start_all(0);
        if (!machine.running.empty())
            machine.end_one(random.below32(2));
    }
    machine.finish();
    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(starts[i], blocks[i] * lanes[i]);
}

void every_cohort_starts_whole_whatever_else_runs(void **)
{
    for (uint64_t seed = 0; seed < 30; seed++) {
        run_random(seed, false);
        run_random(seed, true);
    }
}

// ---- many workers

/// Threads as cores: offered instances wait for any of them; those of a cohort meet.
struct Meeting {
    explicit Meeting(Graph &meeting_graph) : graph(meeting_graph), scheduler(meeting_graph.engine, port)
    {
        port = {this, start, offer, poll, &under_way, relax, work_ready, nullptr, nullptr, nullptr, nullptr};
        scheduler.reset(kClusters, graph.kernels);
    }
    void run(uint32_t worker, const LaneRun &run_of)
    {
        if ((run_of.slot->flags & pto::engine::kSyncStart) != 0) {
            std::atomic<uint32_t> &count = arrived[run_of.slot->ordinal];
            count.fetch_add(1);
            while (count.load() < run_of.slot->block_num)
                std::this_thread::yield();
        }
        scheduler.lane_done(worker, run_of);
    }
    static bool start(void *self, uint32_t worker, const LaneRun *runs, uint32_t count)
    {
        if (count > 1)
            offer(self, worker, runs + 1, count - 1);
        static_cast<Meeting *>(self)->run(worker, runs[0]);
        return false;
    }
    static void offer(void *self, uint32_t, const LaneRun *runs, uint32_t count)
    {
        auto &meeting = *static_cast<Meeting *>(self);
        const std::lock_guard lock(meeting.mutex);
        meeting.lanes.insert(meeting.lanes.end(), runs, runs + count);
    }
    static bool poll(void *self, uint32_t worker)
    {
        auto &meeting = *static_cast<Meeting *>(self);
        LaneRun taken;
        {
            const std::lock_guard lock(meeting.mutex);
            if (meeting.lanes.empty())
                return false;
            taken = meeting.lanes.front();
            meeting.lanes.pop_front();
        }
        meeting.run(worker, taken);
        return true;
    }
    static void relax(void *, uint32_t, uint32_t) { std::this_thread::yield(); }
    static void work_ready(void *, uint32_t) {}

    Graph &graph;
    ExecutorPort port{};
    std::atomic<uint32_t> under_way{1};
    Scheduler scheduler;
    std::mutex mutex;
    std::deque<LaneRun> lanes;
    std::vector<std::atomic<uint32_t>> arrived = std::vector<std::atomic<uint32_t>>(1000);
};

void the_blocks_of_a_cohort_meet_on_many_threads(void **)
{
    constexpr uint32_t kWorkers = kClusters * kCoresPerCluster; // whatever meets, every core has a thread
    Graph graph({.geometry = Geometry::of_tasks(32), .tensor_count = 3, .workers = kWorkers});
    Meeting meeting(graph);
    std::atomic<bool> over{false};
    graph.work = [&] {
        const bool any = meeting.scheduler.step(0);
        meeting.scheduler.flush(0);
        return any;
    };
    graph.on_relax = [] { std::this_thread::yield(); };
    std::vector<std::thread> threads;
    for (uint32_t worker = 1; worker < kWorkers; worker++)
        threads.emplace_back([&, worker] {
            while (!over.load())
                if (!meeting.scheduler.step(worker))
                    std::this_thread::yield();
        });
    Random random(4);
    uint64_t instances = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        pto_task task = Graph::aiv_task();
        task.flags = random.one_in(3) ? PTO_TASK_SYNC_START : 0;
        task.block_num = random.between(1, kAivCores);
        if (random.one_in(4)) {
            task.aic = kAicFunc;
            task.aiv0 = PTO_NO_KERNEL;
            task.block_num = random.between(1, kClusters);
        }
        instances += task.block_num;
        const pto_arg list[] = {inout(graph.args.tensors[random.below32(3)])};
        task.args = list;
        task.arg_count = random.one_in(2) ? 1 : 0;
        pto_submit_task(graph.orch, &task);
    }
    graph.finish();
    over.store(true);
    for (std::thread &thread : threads)
        thread.join();
    pto::wire::ReportBlock report{};
    graph.engine.fill_report(&report);
    assert_int_equal(report.tasks, 1000);
    assert_int_equal(report.kernels, instances);
    assert_int_equal(report.error.status, PTO_OK);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_cohort_starts_when_it_has_all_its_cores),
        cmocka_unit_test(every_block_of_a_cohort_runs_once_on_a_core_of_its_own),
        cmocka_unit_test(a_cohort_of_clusters_gets_all_lanes_of_each),
        cmocka_unit_test(nobody_overtakes_a_cohort_that_collects),
        cmocka_unit_test(single_kernels_do_not_starve_a_cohort_of_clusters),
        cmocka_unit_test(a_cohort_of_vector_cores_holds_up_neither_matrix_cores_nor_joins),
        cmocka_unit_test(a_cohort_of_matrix_cores_does_not_hold_up_vector_cores),
        cmocka_unit_test(two_cohorts_that_do_not_fit_together_follow_each_other),
        cmocka_unit_test(a_cohort_after_its_producer_starts_every_block_once),
        cmocka_unit_test(what_a_worker_kept_is_for_everyone_once_it_starts_a_cohort),
        cmocka_unit_test(what_a_worker_kept_is_for_everyone_while_a_cohort_collects),
        cmocka_unit_test(an_error_while_a_cohort_collects_frees_its_cores),
        cmocka_unit_test(an_error_before_a_cohort_collects_starts_none_of_it),
        cmocka_unit_test(a_cohort_under_way_at_an_error_ends_before_its_task),
        cmocka_unit_test(a_cohort_whose_predicate_is_false_takes_no_core),
        cmocka_unit_test(a_cohort_larger_than_the_chip_is_refused),
        cmocka_unit_test(a_cohort_of_one_block_is_a_common_task),
        cmocka_unit_test(unknown_flags_are_refused),
        cmocka_unit_test(blocks_without_a_kernel_cannot_start_together),
        cmocka_unit_test(every_cohort_starts_whole_whatever_else_runs),
        cmocka_unit_test(the_blocks_of_a_cohort_meet_on_many_threads),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
