// SPDX-License-Identifier: Apache-2.0
// Deferred completions: the list of counters that have not arrived, and the tasks that wait for them.
#include "machine.hpp"

#include <map>
#include <set>

namespace {

using namespace pto::test;

const pto::engine::Port kCoherent{};
using pto::load_relaxed;
using pto::aicpu::LaneRun;
using pto::engine::DeferredList;
using pto::wire::Resource;

// ---- the list

struct List {
    explicit List(uint32_t capacity) : arena(capacity * sizeof(DeferredList::Entry) + 64)
    {
        pto::Carver carver(arena.get());
        list.layout(carver, capacity);
        list.reset();
    }
    Arena arena;
    DeferredList list;
};

DeferredList::Entry entry_of(std::atomic<uint32_t> &counter, uint32_t expected, uint32_t slot)
{
    return {reinterpret_cast<uint64_t>(&counter), expected, slot};
}

void an_entry_leaves_the_list_when_its_counter_is_there(void **)
{
    List list(4);
    std::atomic<uint32_t> counter{0};
    DeferredList::Entry out{};
    assert_true(list.list.is_empty());
    assert_true(list.list.add(entry_of(counter, 3, 7)));
    for (const uint32_t value : {0u, 1u, 2u}) {
        counter.store(value);
        assert_false(list.list.take_arrived(false, kCoherent, &out));
    }
    assert_int_equal(list.list.count(), 1);
    counter.store(5); // beyond is there too
    assert_true(list.list.take_arrived(false, kCoherent, &out));
    assert_int_equal(out.slot, 7);
    assert_true(list.list.is_empty());
    assert_false(list.list.take_arrived(false, kCoherent, &out));
}

void the_list_says_when_it_is_full(void **)
{
    List list(3);
    std::atomic<uint32_t> counter{1};
    for (uint32_t i = 0; i < 3; i++)
        assert_true(list.list.add(entry_of(counter, 1, i)));
    assert_false(list.list.add(entry_of(counter, 1, 3)));
    DeferredList::Entry out{};
    std::set<uint32_t> slots;
    while (list.list.take_arrived(false, kCoherent, &out))
        slots.insert(out.slot);
    assert_true((slots == std::set<uint32_t>{0, 1, 2}));
    assert_true(list.list.add(entry_of(counter, 1, 3)));
}

void every_entry_is_looked_at_in_turn(void **)
{
    constexpr uint32_t kCount = 200;
    for (uint32_t arrived = 0; arrived < kCount; arrived++) {
        List list(kCount);
        std::vector<std::atomic<uint32_t>> counters(kCount);
        for (uint32_t i = 0; i < kCount; i++)
            assert_true(list.list.add(entry_of(counters[i], 1, i)));
        counters[arrived].store(1);
        DeferredList::Entry out{};
        uint32_t looks = 1;
        while (!list.list.take_arrived(false, kCoherent, &out))
            assert_true(++looks <= kCount); // one look may be short, but none is in vain
        assert_int_equal(out.slot, arrived);
        assert_int_equal(list.list.count(), kCount - 1);
    }
}

void all_entries_can_be_taken_whether_there_or_not(void **)
{
    List list(8);
    std::atomic<uint32_t> counter{0};
    for (uint32_t i = 0; i < 8; i++)
        assert_true(list.list.add(entry_of(counter, 1, i)));
    DeferredList::Entry out{};
    uint32_t taken = 0;
    while (list.list.take_arrived(true, kCoherent, &out))
        taken++;
    assert_int_equal(taken, 8);
}

void one_thread_at_a_time_has_the_lock(void **)
{
    List list(1);
    uint64_t plain_counter = 0; // the lock alone keeps these apart
    on_threads(4, [&](uint32_t) {
        for (uint32_t i = 0; i < 5000; i++) {
            while (!list.list.try_lock())
                std::this_thread::yield();
            assert_false(list.list.try_lock());
            plain_counter++;
            list.list.unlock();
        }
    });
    assert_int_equal(plain_counter, 4 * 5000);
}

// ---- tasks

/// A machine whose instances may defer their completion to counters in device memory.
struct Device {
    explicit Device(const GraphOptions &options = {}) : machine(false, options)
    {
        machine.on_end = [this](uint32_t worker, const LaneRun &run) {
            const auto found = deferred.find({run.slot->ordinal, run.block, run.lane});
            if (found == deferred.end())
                return machine.scheduler.lane_done(worker, run);
            const std::vector<pto_completion> entries = found->second;
            machine.scheduler.lane_deferred(worker, run, entries.data(), static_cast<uint32_t>(entries.size()));
        };
    }
    std::atomic<uint32_t> &counter(uint32_t index)
    {
        return *reinterpret_cast<std::atomic<uint32_t> *>(address(index));
    }
    uint64_t address(uint32_t index) const { return machine.graph.outside() + (32 << 10) + 4 * uint64_t{index}; }
    pto_completion completion(uint32_t index, uint32_t expected = 1) const
    {
        return {address(index), 0, expected, 0, PTO_COMPLETION_COUNTER, 0};
    }
    void defer(uint32_t task, std::vector<pto_completion> entries, uint32_t block = 0, uint32_t lane = 1)
    {
        deferred[{task, block, lane}] = std::move(entries);
    }
    /// Starts all that can start, and ends the instance that is longest under way.
    void start_and_end()
    {
        machine.start_all();
        machine.end_one();
    }
    uint64_t outstanding() const { return machine.graph.engine.outstanding(); }

    using Instance = std::tuple<uint32_t, uint32_t, uint32_t>; ///< Ordinal, block, lane.
    Machine machine;
    std::map<Instance, std::vector<pto_completion>> deferred;
};

void a_task_is_complete_when_its_counter_is_there(void **)
{
    Device device;
    const pto_task_id producer = device.machine.submit_aiv();
    device.machine.graph.submit({}, {producer});
    device.defer(0, {device.completion(0, 2)});
    device.start_and_end();
    for (uint32_t value = 0; value < 2; value++) {
        device.counter(0).store(value);
        device.machine.start_all();
        assert_int_equal(device.outstanding(), 2);
        assert_int_equal(device.machine.started.size(), 1);
    }
    device.counter(0).store(2);
    device.machine.start_all();
    assert_int_equal(device.machine.started.size(), 2);
    device.machine.finish();
    assert_true(device.machine.graph.engine.deferred.is_empty());
}

void the_core_takes_other_work_meanwhile(void **)
{
    Device device;
    for (uint32_t i = 0; i < 3 * 2 * kClusters; i++) {
        device.machine.submit_aiv();
        device.defer(i, {device.completion(0)});
    }
    for (uint32_t i = 0; i < 3 * 2 * kClusters; i++)
        device.start_and_end();
    assert_int_equal(device.outstanding(), 3 * 2 * kClusters);
    assert_int_equal(device.machine.kernels(), 3 * 2 * kClusters);
    device.counter(0).store(1);
    device.machine.finish();
}

void a_task_waits_for_all_of_its_counters(void **)
{
    Device device;
    device.machine.submit_aiv();
    std::vector<pto_completion> entries;
    for (uint32_t i = 0; i < PTO_KERNEL_MAX_COMPLETIONS; i++)
        entries.push_back(device.completion(i));
    device.defer(0, entries);
    device.start_and_end();
    for (uint32_t i = 0; i < PTO_KERNEL_MAX_COMPLETIONS; i++) {
        device.machine.start_all();
        assert_int_equal(device.outstanding(), 1);
        device.counter((i * 7) % PTO_KERNEL_MAX_COMPLETIONS).store(1);
    }
    device.machine.finish();
}

void a_counter_that_is_there_already_is_no_wait(void **)
{
    Device device;
    device.counter(0).store(9);
    device.machine.submit_aiv();
    device.defer(0, {device.completion(0, 9), device.completion(1, 0)});
    device.start_and_end();
    device.machine.start_all();
    assert_int_equal(device.outstanding(), 0);
    device.machine.finish();
}

/// Another worker takes the counter out of the list before the kernel's end is reported.
void a_counter_may_be_there_before_the_kernels_end_is_known(void **)
{
    for (const bool mix : {false, true}) {
        Device device;
        mix ? device.machine.submit_mix() : device.machine.submit_aiv();
        device.counter(0).store(1);
        pto::engine::Engine &engine = device.machine.graph.engine;
        device.machine.start_all();
        // By hand what lane_deferred does, so that the other worker comes in between.
        const LaneRun run = device.machine.running.front();
        assert_true(engine.deferred.try_lock());
        run.slot->lanes_left.fetch_add(1);
        assert_true(engine.deferred.add({device.address(0), 1, engine.tasks.index_of(*run.slot)}));
        engine.deferred.unlock();
        device.machine.start_all(1);
        assert_true(engine.deferred.is_empty());
        assert_int_equal(device.outstanding(), 1);
        while (!device.machine.running.empty()) {
            assert_int_equal(device.outstanding(), 1);
            device.machine.end_one();
        }
        assert_int_equal(device.outstanding(), 0);
        device.machine.finish();
    }
}

void several_blocks_and_lanes_may_defer(void **)
{
    Device device;
    device.machine.submit_mix(kClusters);
    for (uint32_t block = 0; block < kClusters; block++)
        for (uint32_t lane = 0; lane < 3; lane++)
            if (block + lane != 1)
                device.defer(0, {device.completion(3 * block + lane)}, block, lane);
    device.machine.start_all();
    while (!device.machine.running.empty())
        device.machine.end_one();
    for (uint32_t block = 0; block < kClusters; block++)
        for (uint32_t lane = 0; lane < 3; lane++) {
            device.machine.start_all();
            assert_int_equal(device.outstanding(), 1);
            device.counter(3 * block + lane).store(1);
        }
    device.machine.start_all();
    assert_int_equal(device.outstanding(), 0);
    device.machine.finish();
}

void what_is_no_counter_ends_the_run(void **)
{
    Device device;
    const Device &constant = device;
    pto_completion misaligned = constant.completion(0);
    misaligned.addr += 2;
    pto_completion on_the_host = constant.completion(0);
    static uint32_t somewhere;
    on_the_host.addr = reinterpret_cast<uint64_t>(&somewhere);
    pto_completion behind = constant.completion(0);
    behind.addr = device.machine.graph.engine.memory_base + device.machine.graph.engine.memory_bytes;
    pto_completion before = constant.completion(0);
    before.addr = device.machine.graph.engine.memory_base - 4;
    pto_completion unknown = constant.completion(0);
    unknown.completion_type = 1;
    for (const pto_completion &wrong : {misaligned, on_the_host, behind, before, unknown}) {
        Device each;
        each.machine.graph.begin();
        each.machine.submit_aiv();
        const pto_task_id second = each.machine.submit_aiv();
        each.machine.graph.submit({}, {second});
        pto_completion entry = wrong;
        const bool inside = entry.addr >= device.address(0) && entry.addr < device.address(1);
        if (inside)
            entry.addr += each.address(0) - device.address(0);
        if (wrong.addr == behind.addr)
            entry.addr = each.machine.graph.engine.memory_base + each.machine.graph.engine.memory_bytes;
        // The sound one before it never arrives: the run ends all the same.
        each.defer(1, {each.completion(5), entry, each.completion(6)});
        each.machine.start_all();
        each.machine.end_one();
        each.machine.end_one();
        assert_int_equal(each.machine.graph.error().status, PTO_ERROR_INVALID_COMPLETION);
        assert_int_equal(each.machine.graph.error().func_id, kAivFunc);
        assert_true(each.machine.graph.error().core > 0);
        each.machine.graph.expect_error(PTO_ERROR_INVALID_COMPLETION, "deferred its completion to type");
        each.machine.finish();
        assert_int_equal(each.outstanding(), 0);
    }
}

void the_last_word_of_memory_is_a_counter(void **)
{
    Device device;
    device.machine.submit_aiv();
    pto_completion last = device.completion(0, 0);
    last.addr = device.machine.graph.engine.memory_base + device.machine.graph.engine.memory_bytes - 4;
    device.defer(0, {last});
    device.start_and_end();
    device.machine.finish();
    assert_int_equal(pto_orch_status(device.machine.graph.orch), PTO_OK);
}

void more_counters_than_fit_are_an_error_with_the_limit(void **)
{
    Device device;
    device.machine.submit_aiv();
    device.machine.start_all();
    device.machine.scheduler.lane_overflowed(device.machine.running.front());
    device.machine.end_one();
    const pto::wire::ErrorRecord &error = device.machine.graph.error();
    assert_int_equal(static_cast<int>(error.resource), static_cast<int>(Resource::kCompletions));
    assert_int_equal(error.available, PTO_KERNEL_MAX_COMPLETIONS);
    device.machine.graph.expect_error(PTO_ERROR_INVALID_COMPLETION, "more than 64 counters");
}

void more_pending_counters_than_the_list_has_are_an_error_with_the_limit(void **)
{
    Geometry geometry = Geometry::of_tasks(64);
    geometry.max_deferred = 3;
    Device device({.geometry = geometry});
    for (uint32_t i = 0; i < 4; i++) {
        device.machine.submit_aiv();
        device.defer(i, {device.completion(i)});
    }
    device.machine.start_all();
    for (uint32_t i = 0; i < 4; i++)
        device.machine.end_one();
    const pto::wire::ErrorRecord &error = device.machine.graph.error();
    assert_int_equal(static_cast<int>(error.resource), static_cast<int>(Resource::kCompletions));
    assert_int_equal(error.needed, 4);
    assert_int_equal(error.available, 3);
    device.machine.graph.expect_error(PTO_ERROR_CAPACITY, ": 3 deferred completions are pending, which is the most");
    device.machine.finish();
}

void after_an_error_nothing_waits_for_counters(void **)
{
    Device device;
    device.machine.submit_aiv();
    device.machine.submit_aiv();
    device.defer(0, {device.completion(0), device.completion(1)});
    device.defer(1, {device.completion(2)});
    device.start_and_end();
    device.machine.raise();
    device.machine.finish();
    assert_int_equal(device.outstanding(), 0);
    assert_true(device.machine.graph.engine.deferred.is_empty());
}

void who_defers_waits_while_another_thread_has_the_list(void **)
{
    Device device;
    DeferredList &list = device.machine.graph.engine.deferred;
    device.machine.submit_aiv();
    device.defer(0, {device.completion(0)});
    device.machine.start_all();
    assert_true(list.try_lock());
    uint32_t rounds = 0;
    device.machine.on_relax = [&] {
        if (++rounds == 3)
            list.unlock();
    };
    device.machine.end_one();
    assert_int_equal(rounds, 3);
    assert_int_equal(list.count(), 1);
    device.counter(0).store(1);
    device.machine.finish();
}

void who_defers_gives_up_when_the_run_is_abandoned(void **)
{
    Device device;
    DeferredList &list = device.machine.graph.engine.deferred;
    device.machine.submit_aiv();
    device.defer(0, {device.completion(0)});
    device.machine.start_all();
    assert_true(list.try_lock()); // by a thread that was taken out of its work and does not come back
    uint32_t rounds = 0;
    device.machine.on_relax = [&] {
        rounds++;
        pto::store_release(device.machine.graph.engine.abandoned, true);
    };
    device.machine.end_one();
    assert_int_equal(rounds, 1);
}

void a_run_begins_with_an_empty_list(void **)
{
    Device device;
    device.machine.submit_aiv();
    device.defer(0, {device.completion(0)});
    device.start_and_end();
    assert_int_equal(device.machine.graph.engine.deferred.count(), 1);
    device.machine.graph.begin();
    device.machine.scheduler.reset(kClusters, device.machine.graph.kernels);
    assert_true(device.machine.graph.engine.deferred.is_empty());
    device.deferred.clear();
    device.machine.submit_aiv();
    device.machine.finish();
}

// ---- at random

void every_task_waits_for_its_counters_in_any_order_of_events(void **)
{
    for (uint64_t seed = 0; seed < 40; seed++) {
        Random random(seed);
        Device device({.geometry = Geometry::of_tasks(256)});
        std::vector<std::set<uint32_t>> missing(60);
        uint32_t counters = 0;
        std::vector<uint32_t> silent; // counters that have not come yet
        std::vector<uint32_t> owner;
        std::vector<pto_task_id> ids;
        std::vector<std::vector<uint32_t>> producers(60);
        device.machine.on_start = [&](uint32_t ordinal, const LaneRun &) {
            for (const uint32_t producer : producers[ordinal])
                assert_true(missing[producer].empty());
        };
        for (uint32_t task = 0; task < 60; task++) {
            const bool mix = random.one_in(3);
            const uint32_t blocks = random.between(1, 3);
            std::vector<pto_task_id> dependencies;
            for (uint32_t k = random.below32(3); k > 0 && task > 0; k--) {
                producers[task].push_back(random.below32(task));
                dependencies.push_back(ids[producers[task].back()]);
            }
            for (uint32_t block = 0; block < blocks; block++)
                for (uint32_t lane = mix ? 0 : 1; lane < (mix ? 3u : 2u); lane++) {
                    std::vector<pto_completion> entries;
                    for (uint32_t k = random.below32(3); k > 0; k--) {
                        entries.push_back(device.completion(counters));
                        missing[task].insert(counters);
                        silent.push_back(counters++);
                        owner.push_back(task);
                    }
                    if (!entries.empty())
                        device.defer(task, entries, block, lane);
                }
            pto_task request = PTO_TASK_INIT;
            request.aic = mix ? int32_t{kAicFunc} : PTO_NO_KERNEL;
            request.aiv0 = kAivFunc;
            request.aiv1 = mix ? int32_t{kOtherAivFunc} : PTO_NO_KERNEL;
            request.block_num = blocks;
            request.dependencies = dependencies.data();
            request.dependency_count = static_cast<uint32_t>(dependencies.size());
            ids.push_back(pto_submit_task(device.machine.graph.orch, &request));
        }
        while (device.outstanding() > 0) {
            device.machine.start_all(random.below32(2));
            device.machine.start_all(0);
            device.machine.start_all(1);
            if (!device.machine.running.empty() && random.one_in(2))
                device.machine.end_one(random.below32(2));
            if (!silent.empty() && random.one_in(2)) {
                std::swap(silent[random.below(silent.size())], silent.back());
                missing[owner[silent.back()]].erase(silent.back());
                device.counter(silent.back()).store(1);
                silent.pop_back();
            }
        }
        assert_true(silent.empty());
        device.machine.finish();
        assert_int_equal(device.machine.started_tasks.size(), device.machine.kernels());
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_leaves_the_list_when_its_counter_is_there),
        cmocka_unit_test(the_list_says_when_it_is_full),
        cmocka_unit_test(every_entry_is_looked_at_in_turn),
        cmocka_unit_test(all_entries_can_be_taken_whether_there_or_not),
        cmocka_unit_test(one_thread_at_a_time_has_the_lock),
        cmocka_unit_test(a_task_is_complete_when_its_counter_is_there),
        cmocka_unit_test(the_core_takes_other_work_meanwhile),
        cmocka_unit_test(a_task_waits_for_all_of_its_counters),
        cmocka_unit_test(a_counter_that_is_there_already_is_no_wait),
        cmocka_unit_test(a_counter_may_be_there_before_the_kernels_end_is_known),
        cmocka_unit_test(several_blocks_and_lanes_may_defer),
        cmocka_unit_test(what_is_no_counter_ends_the_run),
        cmocka_unit_test(the_last_word_of_memory_is_a_counter),
        cmocka_unit_test(more_counters_than_fit_are_an_error_with_the_limit),
        cmocka_unit_test(more_pending_counters_than_the_list_has_are_an_error_with_the_limit),
        cmocka_unit_test(after_an_error_nothing_waits_for_counters),
        cmocka_unit_test(who_defers_waits_while_another_thread_has_the_list),
        cmocka_unit_test(who_defers_gives_up_when_the_run_is_abandoned),
        cmocka_unit_test(a_run_begins_with_an_empty_list),
        cmocka_unit_test(every_task_waits_for_its_counters_in_any_order_of_events),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
