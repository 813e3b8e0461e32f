// SPDX-License-Identifier: Apache-2.0
// A link to cores that a test plays: it reads their commands and writes their answers itself. Time passes only while
// somebody relaxes.
#ifndef PTO_TEST_ENGINE_CORE_FIXTURE_HPP
#define PTO_TEST_ENGINE_CORE_FIXTURE_HPP

#include "graph_fixture.hpp"

#include "aicpu/core_link.h"

#include <memory>

namespace pto::test {

using pto::aicpu::CoreLink;
using pto::aicpu::CorePayload;
using pto::aicpu::ExecutorPort;
using pto::aicpu::LaneRun;
using pto::aicpu::Scheduler;

inline constexpr uint32_t kLinkedCores = 6; ///< Two clusters.
inline constexpr uint32_t kPhysicalCores = 10;
inline constexpr uint64_t kAnswerNs = 50'000'000;
inline constexpr uint64_t kRelaxNs = 1'000'000;

/// A core as its registers show it.
struct PlayedCore {
    uint32_t command = 0;
    uint32_t condition = 0;
    uint32_t fast_path = 0;
    uint32_t writes = 0; ///< Of the command.
};

class LinkedCores {
public:
    LinkedCores()
        : graph({.tensor_count = 2}), scheduler(graph.engine, executor_port_), link(graph.engine, scheduler, port)
    {
        port.struct_size = sizeof port;
        port.self = this;
        port.now = [](void *self) { return of(self).time_ns; };
        port.relax = [](void *self, uint32_t, uint32_t) {
            of(self).time_ns += kRelaxNs;
            of(self).on_relax();
        };
        port.read_register = [](void *self, uint32_t core, uint32_t offset) {
            assert_int_equal(offset, pto::kArch.registers.condition);
            of(self).reads++;
            of(self).time_ns += of(self).read_ns;
            return of(self).cores.at(core).condition;
        };
        port.write_register = [](void *self, uint32_t core, uint32_t offset, uint32_t value) {
            of(self).write(core, offset, value);
        };
        port.clean = [](void *self, const void *address, uint64_t size) {
            of(self).cleaned.push_back({address, size});
        };
        port.invalidate = [](void *self, const void *address, uint64_t size) {
            of(self).invalidated.push_back({address, size});
        };
        executor_port_ = {this, start, offer, poll, &always_, relax, work_ready, nullptr, nullptr, nullptr, nullptr};
        graph.work = [this] { return scheduler.step(0); };
        scheduler.reset(kLinkedCores / pto::kCoresPerCluster, graph.kernels);
        pto::Carver carver(memory_.get());
        link.layout(carver, {lines, kLinkedCores, kPhysicalCores, kAnswerNs}, {this, lost});
    }

    /// Every core reports itself as it should.
    void report_all()
    {
        for (uint32_t core = 0; core < kLinkedCores; core++)
            report(core);
    }
    void report(uint32_t core)
    {
        lines[core].physical_id = physical_id(core);
        lines[core].core_type = core % 3 == 0 ? PTO_CORE_AIC : PTO_CORE_AIV;
        lines[core].done = core + 1;
    }
    /// Opened cores answer from now on as they should, and finish what they are given when asked to.
    void connect()
    {
        report_all();
        on_relax = [this] { open_all(); };
        const wire::ErrorRecord error = link.connect();
        if (error.status != PTO_OK)
            fail_msg("%s", error.message);
    }
    void open_all()
    {
        for (PlayedCore &core : cores)
            if (core.command == aicpu::kControlIdle && core.condition == 0)
                core.condition = aicpu::kCoreIdle;
    }

    static uint32_t physical_id(uint32_t core) { return kPhysicalCores - 1 - core; }
    PlayedCore &core(uint32_t index) { return cores.at(physical_id(index)); }
    void acknowledge(uint32_t index) { core(index).condition = core(index).command; }
    void finish(uint32_t index) { core(index).condition = core(index).command | aicpu::kFinished; }
    CorePayload &payload_of(uint32_t index)
    {
        return reinterpret_cast<CorePayload *>(lines[index].payload)[core(index).command & 1];
    }
    bool is_busy(uint32_t index)
    {
        const PlayedCore &played = core(index);
        return played.command <= aicpu::kLastToken && played.condition != (played.command | aicpu::kFinished);
    }

    pto_task_id submit(int32_t aic, int32_t aiv0, std::initializer_list<pto_arg> list = {})
    {
        pto_task task = PTO_TASK_INIT;
        task.aic = aic;
        task.aiv0 = aiv0;
        task.args = list.begin();
        task.arg_count = static_cast<uint32_t>(list.size());
        return pto_submit_task(graph.orch, &task);
    }
    pto_task_id submit_aic(std::initializer_list<pto_arg> list = {}) { return submit(kAicFunc, PTO_NO_KERNEL, list); }

    struct Range {
        const void *address;
        uint64_t size;
    };
    static bool covers(const std::vector<Range> &ranges, const void *address, uint64_t size)
    {
        const auto begin = reinterpret_cast<uint64_t>(address);
        return std::any_of(ranges.begin(), ranges.end(), [&](const Range &range) {
            const auto at = reinterpret_cast<uint64_t>(range.address);
            return at <= begin && begin + size <= at + range.size;
        });
    }

    Graph graph;
    Scheduler scheduler;
    pto_firmware_port port{};
    CoreLink link;
    pto_core_line lines[kLinkedCores] = {};
    std::vector<PlayedCore> cores{kPhysicalCores};
    std::function<void()> on_relax = [] {};
    std::function<void(uint32_t core, uint32_t command)> on_command = [](uint32_t, uint32_t) {};
    std::vector<Range> cleaned;
    std::vector<Range> invalidated;
    std::vector<wire::ErrorRecord> losses;
    uint64_t time_ns = 5'000'000'000;
    uint64_t read_ns = 0; ///< What a look at a register takes.
    uint32_t reads = 0;

private:
    static LinkedCores &of(void *self) { return *static_cast<LinkedCores *>(self); }

    void write(uint32_t physical, uint32_t offset, uint32_t value)
    {
        PlayedCore &core = cores.at(physical);
        if (pto::kArch.registers.fast_path != 0 && offset == pto::kArch.registers.fast_path) {
            core.fast_path = value;
            return;
        }
        assert_int_equal(offset, pto::kArch.registers.command);
        if (pto::kArch.registers.fast_path != 0)
            assert_int_equal(core.fast_path, aicpu::kFastPathOpen);
        core.command = value;
        core.writes++;
        on_command(kPhysicalCores - 1 - physical, value);
    }

    static bool start(void *self, uint32_t worker, const LaneRun *runs, uint32_t count)
    {
        offer(self, worker, runs, count);
        return false;
    }
    static void offer(void *self, uint32_t worker, const LaneRun *runs, uint32_t count)
    {
        for (uint32_t i = 0; i < count; i++)
            of(self).link.send(worker, runs[i]);
    }
    static bool poll(void *self, uint32_t worker) { return of(self).link.poll(worker); }
    static void relax(void *, uint32_t, uint32_t) {}
    static void work_ready(void *, uint32_t) {}
    static void lost(void *self, const wire::ErrorRecord &record)
    {
        of(self).losses.push_back(record);
        store_relaxed(of(self).graph.engine.abandoned, true);
    }

    struct Free {
        void operator()(void *memory) const { std::free(memory); }
    };
    static void *zeroed(std::size_t size)
    {
        void *memory = std::aligned_alloc(64, size);
        std::memset(memory, 0, size);
        return memory;
    }
    std::unique_ptr<void, Free> memory_{zeroed(CoreLink::layout_bytes(kLinkedCores))};
    ExecutorPort executor_port_{};
    std::atomic<uint32_t> always_{1};
};

} // namespace pto::test

#endif
