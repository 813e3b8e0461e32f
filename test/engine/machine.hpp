// SPDX-License-Identifier: Apache-2.0
// A graph whose tasks go through the scheduler, on cores that only pretend: instances end at once, or when a test says
// so.
#ifndef PTO_TEST_ENGINE_MACHINE_HPP
#define PTO_TEST_ENGINE_MACHINE_HPP

#include "graph_fixture.hpp"

#include "aicpu/scheduler.h"

#include <deque>

namespace pto::test {

using pto::aicpu::ExecutorPort;
using pto::aicpu::LaneRun;
using pto::aicpu::Scheduler;

inline constexpr uint32_t kClusters = 2; ///< Of a Machine.

/// A graph whose tasks go through the scheduler.
class Machine {
public:
    explicit Machine(bool at_once, const GraphOptions &options = {})
        : graph(options), scheduler(graph.engine, port_), at_once_(at_once)
    {
        port_ = {this, start, offer, poll, &under_way_, relax, work_ready, nullptr, nullptr, nullptr, nullptr};
        graph.work = [this] { return scheduler.step(0); };
        scheduler.reset(kClusters, graph.kernels);
    }

    pto_task_id submit(int32_t aic, int32_t aiv0, int32_t aiv1, uint32_t blocks = 1, uint32_t flags = 0)
    {
        pto_task task = PTO_TASK_INIT;
        task.aic = aic;
        task.aiv0 = aiv0;
        task.aiv1 = aiv1;
        task.block_num = blocks;
        task.flags = flags;
        return pto_submit_task(graph.orch, &task);
    }
    pto_task_id submit_aiv(uint32_t blocks = 1) { return submit(PTO_NO_KERNEL, kAivFunc, PTO_NO_KERNEL, blocks); }
    pto_task_id submit_aic(uint32_t blocks = 1) { return submit(kAicFunc, PTO_NO_KERNEL, PTO_NO_KERNEL, blocks); }
    pto_task_id submit_mix(uint32_t blocks = 1) { return submit(kAicFunc, kAivFunc, kOtherAivFunc, blocks); }

    /// Steps until there is nothing that could be started.
    void start_all(uint32_t worker = 0)
    {
        polling_ = false;
        while (scheduler.step(worker)) {}
        polling_ = true;
    }
    /// Ends the instance that is longest under way.
    void end_one(uint32_t worker = 0)
    {
        const LaneRun run = running.front();
        running.pop_front();
        ended++;
        on_end(worker, run);
    }
    void finish()
    {
        graph.finish();
        assert_true(running.empty());
        assert_false(scheduler.has_ready());
    }
    /// An error of somebody else.
    void raise() { graph.engine.error.set(pto::engine::error_record(PTO_ERROR_KERNEL_FAULT), "broken"); }
    uint64_t kernels() const
    {
        pto::wire::ReportBlock report{};
        graph.engine.fill_report(&report);
        return report.kernels;
    }

    Graph graph;
    Scheduler scheduler;
    std::vector<LaneRun> started;        ///< All of them, in their order.
    std::vector<uint32_t> started_tasks; ///< Ordinals to `started`: slots are used again.
    std::deque<LaneRun> running;
    std::function<void(uint32_t, const LaneRun &)> on_start = [](uint32_t, const LaneRun &) {};
    std::function<void(const LaneRun *, uint32_t)> on_block = [](const LaneRun *, uint32_t) {};
    std::function<void(uint32_t, const LaneRun &)> on_end = [this](uint32_t worker, const LaneRun &run) {
        scheduler.lane_done(worker, run);
    };
    std::function<void()> on_relax = [] { fail(); }; ///< The scheduler waits for another thread.
    uint32_t ended = 0;
    uint32_t signals = 0;
    bool first_is_over = false; ///< The port says of the first instance of each start that it is over.

private:
    static void offer(void *self, uint32_t, const LaneRun *runs, uint32_t count)
    {
        auto &machine = *static_cast<Machine *>(self);
        machine.on_block(runs, count);
        for (uint32_t i = 0; i < count; i++) {
            machine.started.push_back(runs[i]);
            machine.started_tasks.push_back(runs[i].slot->ordinal);
            machine.on_start(runs[i].slot->ordinal, runs[i]);
            machine.running.push_back(runs[i]);
        }
    }
    static bool start(void *self, uint32_t worker, const LaneRun *runs, uint32_t count)
    {
        auto &machine = *static_cast<Machine *>(self);
        offer(self, worker, runs, count);
        if (machine.first_is_over) {
            machine.running.erase(machine.running.end() - count);
            machine.ended++;
        }
        while (machine.at_once_ && !machine.running.empty())
            machine.end_one(worker);
        return machine.first_is_over;
    }
    static bool poll(void *self, uint32_t worker)
    {
        auto &machine = *static_cast<Machine *>(self);
        // While something can be started that comes first, so that as much as possible is under way at once.
        if (machine.running.empty() || !machine.polling_)
            return false;
        machine.polling_ = false;
        const bool started = machine.scheduler.step(worker);
        machine.polling_ = true;
        if (!started)
            machine.end_one(worker);
        return true;
    }
    static void relax(void *self, uint32_t, uint32_t) { static_cast<Machine *>(self)->on_relax(); }
    static void work_ready(void *self, uint32_t count) { static_cast<Machine *>(self)->signals += count; }

    ExecutorPort port_{};
    std::atomic<uint32_t> under_way_{1}; ///< The scheduler is to ask always.
    bool at_once_;
    bool polling_ = true;
};

} // namespace pto::test

#endif
