// SPDX-License-Identifier: Apache-2.0
// The scheduler with cores that only pretend: instances end at once, or when a test polls.
#include "machine.hpp"

#include <map>
#include <set>

namespace {

using namespace pto::test;
using namespace pto::aicpu;
using pto::kCoresPerCluster;

// ---- order

void run_random_graph(uint64_t seed, bool at_once, bool first_is_over)
{
    Machine machine(at_once, {.geometry = Geometry::of_tasks(32), .tensor_count = 8});
    machine.first_is_over = first_is_over;
    Random random(seed);
    std::vector<std::set<uint32_t>> uses; // arguments of each task
    std::map<uint32_t, uint32_t> starts;
    std::vector<uint32_t> lanes; // instances of each task still to end
    machine.on_start = [&](uint32_t ordinal, const LaneRun &) {
        starts[ordinal]++;
        for (uint32_t earlier = 0; earlier < ordinal; earlier++)
            for (const uint32_t argument : uses[earlier])
                assert_true(!uses[ordinal].contains(argument) || starts[earlier] == lanes[earlier]);
    };
    for (uint32_t i = 0; i < 400; i++) {
        const uint32_t mask = random.below32(8);
        const uint32_t blocks = mask == 0 || random.one_in(2) ? 1 : random.between(1, 6);
        std::vector<pto_arg> list;
        uses.emplace_back();
        for (uint32_t k = random.between(1, 2); k > 0; k--) {
            const uint32_t argument = random.below32(8);
            uses.back().insert(argument);
            list.push_back(inout(machine.graph.args.tensors[argument]));
        }
        lanes.push_back(static_cast<uint32_t>(__builtin_popcount(mask)) * blocks);
        pto_task task = PTO_TASK_INIT;
        task.aic = (mask & 1) != 0 ? int32_t{kAicFunc} : PTO_NO_KERNEL;
        task.aiv0 = (mask & 2) != 0 ? int32_t{kAivFunc} : PTO_NO_KERNEL;
        task.aiv1 = (mask & 4) != 0 ? int32_t{kOtherAivFunc} : PTO_NO_KERNEL;
        task.block_num = blocks;
        task.args = list.data();
        task.arg_count = static_cast<uint32_t>(list.size());
        assert_true(pto_submit_task(machine.graph.orch, &task) != PTO_NO_TASK);
    }
    machine.finish();
    uint32_t total = 0;
    for (uint32_t i = 0; i < lanes.size(); i++) {
        assert_int_equal(starts[i], lanes[i]);
        total += lanes[i];
    }
    assert_int_equal(machine.kernels(), total);
    assert_int_equal(pto_orch_status(machine.graph.orch), PTO_OK);
}

void every_task_runs_once_and_after_what_it_depends_on(void **)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        run_random_graph(seed, true, false);
        run_random_graph(seed, false, false);
    }
}

void an_instance_that_is_over_when_its_start_returns_ends_then(void **)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        run_random_graph(seed, true, true);
        run_random_graph(seed, false, true); // the other lanes of its block end later, by lane_done
    }
}

void only_the_first_lane_of_a_block_is_over_when_its_start_returns(void **)
{
    Machine machine(false);
    machine.first_is_over = true;
    machine.submit_mix();
    machine.submit_aiv();
    machine.start_all();
    assert_int_equal(machine.ended, 2);
    assert_int_equal(machine.running.size(), 2);
    for (const LaneRun &run : machine.running)
        assert_int_not_equal(run.lane, 0);
    assert_int_equal(machine.scheduler.cores().idle_for(pto::engine::Shape::kAic, 1),
                     kClusters); // its core is idle again
    assert_int_equal(machine.graph.engine.outstanding(), 1);
    assert_int_equal(machine.kernels(), 2);
    machine.end_one();
    assert_int_equal(machine.graph.engine.outstanding(), 1);
    machine.end_one();
    assert_int_equal(machine.graph.engine.outstanding(), 0);
    assert_int_equal(machine.kernels(), 4);
    machine.finish();
}

void a_cohort_s_first_block_may_be_over_when_its_start_returns(void **)
{
    for (const bool mix : {false, true}) {
        Machine machine(false);
        machine.first_is_over = true;
        if (mix)
            machine.submit(kAicFunc, kAivFunc, kOtherAivFunc, 2, PTO_TASK_SYNC_START);
        else
            machine.submit(PTO_NO_KERNEL, kAivFunc, PTO_NO_KERNEL, 3, PTO_TASK_SYNC_START);
        machine.start_all();
        const uint32_t instances = mix ? 6 : 3;
        assert_int_equal(machine.started.size(), instances);
        assert_int_equal(machine.running.size(), instances - 1);
        assert_int_equal(machine.graph.engine.outstanding(), 1);
        machine.finish();
        assert_int_equal(machine.kernels(), instances);
    }
}

void no_more_steps_are_taken_than_asked_for(void **)
{
    Machine machine(true);
    for (int i = 0; i < 10; i++)
        machine.submit_aiv();
    assert_int_equal(machine.scheduler.steps(0, 0), 0);
    assert_int_equal(machine.started.size(), 0);
    assert_int_equal(machine.scheduler.steps(0, 3), 3);
    assert_int_equal(machine.started.size(), 3);
    assert_int_equal(machine.scheduler.steps(0, 7), 7);
    assert_int_equal(machine.started.size(), 10);
    assert_int_equal(machine.scheduler.steps(0, 7), 0);
    machine.submit_aiv();
    assert_int_equal(machine.scheduler.steps(0, 7), 1);
    machine.finish();
}

// ---- lanes and blocks

void the_lanes_of_a_block_are_started_together_in_one_cluster(void **)
{
    Machine machine(false);
    uint32_t blocks = 0;
    machine.on_block = [&](const LaneRun *runs, uint32_t count) {
        blocks++;
        const uint32_t mask = runs[0].slot->lane_mask;
        assert_int_equal(count, __builtin_popcount(mask));
        uint32_t seen = 0;
        for (uint32_t i = 0; i < count; i++) {
            const LaneRun &run = runs[i];
            assert_true(run.core == core_id(runs[0].core / kCoresPerCluster, run.lane));
            assert_true(run.entry == machine.graph.kernels[run.slot->func_id[run.lane]].entry);
            seen |= 1u << run.lane;
        }
        assert_int_equal(seen, mask);
    };
    for (int i = 0; i < 5; i++) {
        machine.submit_mix();
        machine.submit(kAicFunc, PTO_NO_KERNEL, kAivFunc);
        machine.submit(PTO_NO_KERNEL, kAivFunc, kOtherAivFunc);
        machine.submit(kAicFunc, kOtherAivFunc, PTO_NO_KERNEL);
    }
    machine.finish();
    assert_int_equal(blocks, 20);
}

void a_single_kernel_gets_a_core_of_its_type(void **)
{
    Machine machine(false);
    machine.on_start = [&](uint32_t, const LaneRun &run) {
        assert_int_equal(run.core % kCoresPerCluster == 0, run.lane == 0);
        assert_true(run.entry == machine.graph.kernels[run.slot->func_id[run.lane]].entry);
    };
    for (int i = 0; i < 10; i++) {
        machine.submit_aic();
        machine.submit_aiv();
        machine.submit(PTO_NO_KERNEL, PTO_NO_KERNEL, kOtherAivFunc);
    }
    machine.finish();
    assert_int_equal(machine.started.size(), 30);
}

void every_block_runs_once_and_knows_its_index(void **)
{
    for (const bool at_once : {true, false}) {
        Machine machine(at_once);
        machine.submit_aiv(25);
        machine.submit_mix(10);
        machine.submit_aic(1);
        machine.finish();
        std::set<std::tuple<uint32_t, uint32_t, uint32_t>> seen;
        for (std::size_t i = 0; i < machine.started.size(); i++)
            assert_true(
                seen.insert({machine.started_tasks[i], machine.started[i].block, machine.started[i].lane}).second);
        assert_int_equal(seen.size(), 25 + 30 + 1);
        for (uint32_t block = 0; block < 25; block++)
            assert_true(seen.contains({0, block, 1}));
        for (uint32_t block = 0; block < 10; block++)
            for (uint32_t lane = 0; lane < 3; lane++)
                assert_true(seen.contains({1, block, lane}));
    }
}

void blocks_use_all_cores_and_no_core_twice(void **)
{
    Machine machine(false);
    machine.on_start = [&](uint32_t, const LaneRun &run) {
        for (const LaneRun &other : machine.running)
            assert_int_not_equal(other.core, run.core);
    };
    machine.submit_aiv(20);
    machine.start_all();
    assert_int_equal(machine.running.size(), 2 * kClusters);
    assert_true(machine.scheduler.has_ready());
    machine.end_one();
    machine.start_all();
    assert_int_equal(machine.running.size(), 2 * kClusters);
    machine.submit_mix(6);
    machine.finish();
    assert_int_equal(machine.started.size(), 38);
}

void a_task_completes_with_its_last_instance(void **)
{
    Machine machine(false);
    machine.submit_mix(2);
    machine.start_all();
    for (int i = 0; i < 6; i++) {
        assert_int_equal(machine.graph.engine.outstanding(), 1);
        machine.end_one();
    }
    assert_int_equal(machine.graph.engine.outstanding(), 0);
    machine.finish();
}

void a_task_without_a_kernel_needs_no_core(void **)
{
    Machine machine(false);
    machine.submit_mix(kClusters);
    machine.start_all();
    machine.submit(PTO_NO_KERNEL, PTO_NO_KERNEL, PTO_NO_KERNEL);
    machine.start_all();
    assert_int_equal(machine.graph.engine.outstanding(), 1);
    assert_int_equal(machine.started.size(), 3 * kClusters);
    machine.finish();
}

// ---- who waits for a core

void without_a_free_core_nothing_is_started(void **)
{
    Machine machine(false);
    for (uint32_t i = 0; i < kClusters + 1; i++)
        machine.submit_aic();
    machine.start_all();
    assert_int_equal(machine.running.size(), kClusters);
    assert_true(machine.scheduler.has_ready());
    machine.finish();
}

void tasks_for_busy_cores_do_not_hold_up_those_for_idle_ones(void **)
{
    Machine machine(false);
    for (uint32_t i = 0; i < kClusters + 3; i++)
        machine.submit_aic();
    machine.start_all();
    machine.submit_aiv();
    machine.submit_aiv();
    machine.start_all();
    assert_int_equal(machine.running.size(), kClusters + 2);
    machine.finish();
}

void a_block_that_finds_no_cluster_does_not_hold_up_single_kernels(void **)
{
    Machine machine(false);
    for (uint32_t i = 0; i < kClusters; i++)
        machine.submit_aic();
    machine.start_all();
    machine.submit_mix();
    machine.submit_aiv();
    machine.submit(PTO_NO_KERNEL, PTO_NO_KERNEL, PTO_NO_KERNEL);
    machine.start_all();
    assert_int_equal(machine.running.size(), kClusters + 1);
    assert_int_equal(machine.graph.engine.outstanding(), kClusters + 2);
    machine.finish();
}

// ---- the kept task

void the_next_of_a_chain_stays_with_its_worker(void **)
{
    Machine machine(false, {.tensor_count = 1});
    const pto_tensor &tensor = machine.graph.args.tensors[0];
    machine.graph.submit({inout(tensor)});
    machine.graph.submit({inout(tensor)});
    machine.start_all(1);
    machine.end_one(1);
    assert_false(machine.scheduler.has_ready());
    machine.start_all(0); // it is not for this one
    assert_int_equal(machine.started.size(), 1);
    machine.start_all(1);
    assert_int_equal(machine.started.size(), 2);
    machine.finish();
}

void flushing_gives_the_kept_task_to_everyone(void **)
{
    Machine machine(false, {.tensor_count = 1});
    const pto_tensor &tensor = machine.graph.args.tensors[0];
    machine.graph.submit({inout(tensor)});
    machine.graph.submit({inout(tensor)});
    machine.start_all(1);
    machine.end_one(1);
    const uint32_t signals = machine.signals;
    machine.scheduler.flush(0);
    assert_false(machine.scheduler.has_ready());
    machine.scheduler.flush(1);
    assert_true(machine.scheduler.has_ready());
    assert_int_equal(machine.signals, signals + 1);
    machine.scheduler.flush(1);
    machine.start_all(0);
    assert_int_equal(machine.started.size(), 2);
    machine.finish();
}

void of_many_consumers_all_but_one_are_for_everyone(void **)
{
    Machine machine(false, {.tensor_count = 1});
    const pto_tensor &tensor = machine.graph.args.tensors[0];
    machine.graph.submit({inout(tensor)});
    for (int i = 0; i < 4; i++)
        machine.graph.submit({in(tensor)});
    machine.start_all(1);
    machine.end_one(1);
    machine.start_all(0);
    assert_int_equal(machine.started.size(), 4);
    machine.start_all(1);
    assert_int_equal(machine.started.size(), 5);
    machine.finish();
}

/// Kept tasks in a row after which a worker looks at the queues; the scheduler's own number.
constexpr uint32_t kPassedOver = 8;

/// Somebody who sleeps is told of the task that waits, however long the chain is that its worker follows.
void a_worker_that_follows_a_chain_tells_of_the_task_that_waits(void **)
{
    for (const bool waiting : {true, false}) {
        Machine machine(true, {.tensor_count = 1});
        const pto_tensor &tensor = machine.graph.args.tensors[0];
        if (waiting)
            machine.submit_aiv();
        for (uint32_t i = 0; i < 3 * kPassedOver; i++)
            machine.graph.submit({inout(tensor)});
        const uint32_t first = waiting ? 1 : 0;
        assert_int_equal(machine.scheduler.steps(1, 1), 1);
        assert_int_equal(machine.started_tasks[0], first); // the chain's
        uint32_t expected = 0;
        for (uint32_t kept = 1; kept < 3 * kPassedOver; kept++) {
            assert_int_equal(machine.scheduler.steps(1, 1), 1);
            assert_int_equal(machine.started_tasks[kept], first + kept);
            expected += waiting && kept % kPassedOver == 0 ? kPassedOver : 0;
            assert_int_equal(machine.signals, expected);
        }
        assert_true(machine.scheduler.has_ready() == waiting);
        machine.finish();
    }
}

void workers_count_what_they_follow_by_themselves(void **)
{
    Machine machine(true, {.tensor_count = 2});
    machine.submit_aiv(); // waits
    for (uint32_t worker = 0; worker < 2; worker++) {
        for (uint32_t i = 0; i < kPassedOver; i++)
            machine.graph.submit({inout(machine.graph.args.tensors[worker])});
        assert_int_equal(machine.scheduler.steps(worker, kPassedOver), kPassedOver); // the first was not kept
    }
    assert_int_equal(machine.started.size(), 2 * kPassedOver);
    assert_int_equal(machine.signals, 0);
    machine.finish();
}

void a_new_run_knows_nothing_of_what_workers_kept(void **)
{
    Machine machine(false, {.tensor_count = 1});
    const pto_tensor &tensor = machine.graph.args.tensors[0];
    machine.graph.submit({inout(tensor)});
    machine.graph.submit({inout(tensor)});
    machine.start_all(1);
    machine.end_one(1); // keeps the second
    machine.graph.begin();
    machine.scheduler.reset(kClusters, machine.graph.kernels);
    machine.start_all(1);
    assert_int_equal(machine.started.size(), 1);
}

void a_predicate_is_looked_at_once_for_all_blocks(void **)
{
    Machine machine(false, {.tensor_count = 1});
    const pto_tensor &tensor = machine.graph.args.tensors[0];
    auto *element = reinterpret_cast<float *>(tensor.addr);
    *element = 0;
    machine.on_start = [&](uint32_t, const LaneRun &) { *element = 1; };
    const pto_predicate predicate = {PTO_PREDICATE_EQ, {0}, &tensor, 0};
    pto_task task = PTO_TASK_INIT;
    task.aiv0 = kAivFunc;
    task.block_num = 9;
    task.predicate = &predicate;
    pto_submit_task(machine.graph.orch, &task);
    machine.finish();
    assert_int_equal(machine.started.size(), 9);
    assert_int_equal(machine.kernels(), 9);
}

// ---- after an error

void after_an_error_nothing_more_is_started(void **)
{
    Machine machine(false, {.tensor_count = 1});
    const pto_tensor &tensor = machine.graph.args.tensors[0];
    machine.graph.submit({inout(tensor)});
    machine.graph.submit({inout(tensor)});
    machine.submit_mix(3);
    machine.submit(PTO_NO_KERNEL, PTO_NO_KERNEL, PTO_NO_KERNEL);
    machine.submit_aic(7);
    machine.raise();
    machine.finish();
    assert_int_equal(machine.started.size(), 0);
    assert_int_equal(machine.kernels(), 0);
    pto::wire::ReportBlock report{};
    machine.graph.engine.fill_report(&report);
    assert_int_equal(report.tasks, 5);
    assert_int_equal(report.error.status, PTO_ERROR_KERNEL_FAULT);
}

void blocks_under_way_at_an_error_end_before_their_task(void **)
{
    for (const bool mix : {false, true}) {
        for (uint32_t end_first = 0; end_first < 3; end_first++) {
            Machine machine(false);
            if (mix)
                machine.submit_mix(9);
            else
                machine.submit_aiv(9);
            machine.start_all();
            const std::size_t under_way = machine.running.size();
            assert_true(under_way >= 4 && machine.scheduler.has_ready());
            for (uint32_t i = 0; i < end_first; i++)
                machine.end_one();
            machine.raise();
            machine.start_all();
            assert_false(machine.scheduler.has_ready());
            assert_int_equal(machine.graph.engine.outstanding(), 1);
            while (!machine.running.empty()) {
                assert_int_equal(machine.graph.engine.outstanding(), 1);
                machine.end_one();
            }
            assert_int_equal(machine.graph.engine.outstanding(), 0);
            machine.finish();
            assert_int_equal(machine.started.size(), under_way);
        }
    }
}

void the_run_after_an_error_starts_with_idle_cores(void **)
{
    Machine machine(false);
    machine.submit_mix(5);
    machine.start_all();
    machine.raise();
    machine.finish();
    machine.graph.begin();
    machine.scheduler.reset(kClusters, machine.graph.kernels);
    machine.started.clear();
    machine.submit_mix(kClusters);
    machine.start_all();
    assert_int_equal(machine.started.size(), 3 * kClusters);
    machine.finish();
}

// ---- many workers

struct Crew {
    explicit Crew(Graph &crew_graph) : graph(crew_graph), scheduler(crew_graph.engine, port)
    {
        port = {this, start, offer, poll, &under_way, nullptr, work_ready, nullptr, nullptr, nullptr, nullptr};
        scheduler.reset(kClusters, graph.kernels);
    }
    static bool start(void *self, uint32_t worker, const LaneRun *runs, uint32_t count)
    {
        auto &crew = *static_cast<Crew *>(self);
        for (uint32_t i = 0; i < count; i++) {
            // Plain memory: only the order of the tasks keeps these apart.
            const TaskSlot &slot = *runs[i].slot;
            const pto_tensor *tensors = crew.graph.engine.tasks.payload.tensors(slot.payload);
            for (uint32_t k = 0; k < slot.tensor_count && slot.block_num == 1 && i == 0; k++)
                ++*reinterpret_cast<uint64_t *>(tensors[k].addr);
            crew.scheduler.lane_done(worker, runs[i]);
        }
        return false;
    }
    static void offer(void *self, uint32_t, const LaneRun *runs, uint32_t count) { start(self, 0, runs, count); }
    static bool poll(void *, uint32_t) { return false; }
    static void work_ready(void *, uint32_t) {}

    Graph &graph;
    ExecutorPort port{};
    std::atomic<uint32_t> under_way{0};
    Scheduler scheduler;
};

void many_workers_run_every_task_once(void **)
{
    constexpr uint32_t kWorkers = 4;
    constexpr uint32_t kArguments = 6;
    Graph graph({.geometry = Geometry::of_tasks(64), .tensor_count = kArguments, .workers = kWorkers});
    Crew crew(graph);
    std::atomic<bool> over{false};
    graph.work = [&] {
        const bool any = crew.scheduler.step(0);
        crew.scheduler.flush(0);
        return any;
    };
    graph.on_relax = [] { std::this_thread::yield(); };
    std::vector<std::thread> threads;
    for (uint32_t worker = 1; worker < kWorkers; worker++) {
        threads.emplace_back([&, worker] {
            while (!over.load())
                if (!crew.scheduler.step(worker))
                    std::this_thread::yield();
        });
    }
    Random random(9);
    uint64_t expected[kArguments] = {};
    uint64_t instances = 0;
    bool submitted = true;
    for (int i = 0; i < 6000; i++) {
        pto_task task = PTO_TASK_INIT;
        task.aiv0 = kAivFunc;
        task.aic = random.one_in(3) ? int32_t{kAicFunc} : PTO_NO_KERNEL;
        task.block_num = random.one_in(5) ? random.between(2, 9) : 1;
        const uint32_t argument = random.below32(kArguments);
        const pto_arg list[] = {inout(graph.args.tensors[argument])};
        task.args = list;
        task.arg_count = 1;
        expected[argument] += task.block_num == 1 ? 1 : 0;
        instances += task.block_num * (task.aic == kAicFunc ? 2u : 1u);
        submitted = submitted && pto_submit_task(graph.orch, &task) != PTO_NO_TASK;
    }
    graph.finish();
    over.store(true);
    for (std::thread &thread : threads)
        thread.join();
    assert_true(submitted);
    for (uint32_t i = 0; i < kArguments; i++)
        assert_int_equal(*reinterpret_cast<uint64_t *>(graph.args.tensors[i].addr), expected[i]);
    pto::wire::ReportBlock report{};
    graph.engine.fill_report(&report);
    assert_int_equal(report.tasks, 6000);
    assert_int_equal(report.kernels, instances);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once_and_after_what_it_depends_on),
        cmocka_unit_test(an_instance_that_is_over_when_its_start_returns_ends_then),
        cmocka_unit_test(only_the_first_lane_of_a_block_is_over_when_its_start_returns),
        cmocka_unit_test(a_cohort_s_first_block_may_be_over_when_its_start_returns),
        cmocka_unit_test(no_more_steps_are_taken_than_asked_for),
        cmocka_unit_test(the_lanes_of_a_block_are_started_together_in_one_cluster),
        cmocka_unit_test(a_single_kernel_gets_a_core_of_its_type),
        cmocka_unit_test(every_block_runs_once_and_knows_its_index),
        cmocka_unit_test(blocks_use_all_cores_and_no_core_twice),
        cmocka_unit_test(a_task_completes_with_its_last_instance),
        cmocka_unit_test(a_task_without_a_kernel_needs_no_core),
        cmocka_unit_test(without_a_free_core_nothing_is_started),
        cmocka_unit_test(tasks_for_busy_cores_do_not_hold_up_those_for_idle_ones),
        cmocka_unit_test(a_block_that_finds_no_cluster_does_not_hold_up_single_kernels),
        cmocka_unit_test(the_next_of_a_chain_stays_with_its_worker),
        cmocka_unit_test(flushing_gives_the_kept_task_to_everyone),
        cmocka_unit_test(of_many_consumers_all_but_one_are_for_everyone),
        cmocka_unit_test(a_worker_that_follows_a_chain_tells_of_the_task_that_waits),
        cmocka_unit_test(workers_count_what_they_follow_by_themselves),
        cmocka_unit_test(a_new_run_knows_nothing_of_what_workers_kept),
        cmocka_unit_test(a_predicate_is_looked_at_once_for_all_blocks),
        cmocka_unit_test(after_an_error_nothing_more_is_started),
        cmocka_unit_test(blocks_under_way_at_an_error_end_before_their_task),
        cmocka_unit_test(the_run_after_an_error_starts_with_idle_cores),
        cmocka_unit_test(many_workers_run_every_task_once),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
