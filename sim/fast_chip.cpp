// SPDX-License-Identifier: Apache-2.0
#include "sim/fast_chip.h"

#include "engine/base/memory.h"
#include "sim/tuning.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace pto::inline PTO_ARCH::sim {

namespace {

using KernelFunction = void (*)(int64_t *);

uint64_t now_ns()
{
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

Crew::Config crew_config(const host::DeviceConfig &config)
{
    const uint32_t cores = config.cluster_count * kCoresPerCluster;
    return {config.helper_threads < cores ? config.helper_threads : cores, cores + 1, config.stall_timeout_ns};
}

} // namespace

FastChip::FastChip(const host::DeviceConfig &config) : Chip(config), crew_(crew_config(config)) {}

bool FastChip::set_up(host::DeviceFailure *failure)
{
    const engine::Geometry geometry = engine::Geometry::of_tasks(config().max_tasks);
    const uint64_t arena = set_up_memory(engine::Engine::layout_bytes(geometry), failure);
    if (arena == 0)
        return false;
    aicpu::ExecutorConfig setup{};
    setup.arena = reinterpret_cast<void *>(arena);
    setup.geometry = geometry;
    setup.cluster_count = config().cluster_count;
    setup.worker_count = 1;
    setup.gate = crew_.gate();
    setup.heap_base = heap();
    setup.heap_bytes = config().heap_bytes;
    setup.memory_base = memory().base();
    setup.memory_bytes = memory().size_bytes();
    const aicpu::ExecutorPort port{this, start, offer, poll, &lane_count_, relax, work_ready, log, load, find, unload};
    executor_ = std::make_unique<aicpu::Executor>(setup, port);
    engine_ = &executor_->engine();
    const int problem = crew_.start(executor_.get(), {this, lanes_pending, poll}, &pipe_states_);
    return problem == 0 || fail_threads(problem, failure);
}

void FastChip::run(const wire::LaunchBlock &launch, wire::ReportBlock *report)
{
    Worker &owner = crew_.worker(0);
    pto::posix::UserCodeGuard *outer = owner.guard.bind();
    executor_->begin(launch);
    crew_.begin_run(launch.timeout_ns);
    if (sigsetjmp(owner.guard.landing, 0) == 0) {
        owner.guard.arm();
        executor_->run(launch, report);
        owner.guard.disarm();
    } else {
        executor_->engine().gate.reset();
        crew_.note_landing(0);
    }
    crew_.end_run();
    pto::posix::UserCodeGuard::rebind(outer);
    if (!crew_.is_healthy())
        executor_->engine().fill_report(report);
}

/// The owner lets others in meanwhile.
PTO_HOT void FastChip::call_kernel(Worker &worker, uint64_t entry, int64_t *args, uint32_t index)
{
    const bool was_armed = worker.guard.is_armed();
    if (!was_armed)
        worker.guard.arm();
    if (index == 0)
        engine_->gate.open();
    reinterpret_cast<KernelFunction>(entry)(args);
    if (index == 0)
        engine_->gate.close();
    if (!was_armed)
        worker.guard.disarm();
}

__attribute__((noinline)) void FastChip::call_timed(Worker &worker, uint64_t entry, int64_t *args, uint32_t index)
{
    worker.until_timed = tuning::kTimedKernelInterval - 1;
    const uint64_t begin = now_ns();
    call_kernel(worker, entry, args, index);
    crew_.note_kernel_time(now_ns() - begin);
}

/// Calls a kernel as the core would: arguments in the ABI's order, contexts of this block and this core. False: it has
/// deferred its completion, and the scheduler has been told.
PTO_HOT bool FastChip::run_kernel(uint32_t index, const aicpu::LaneRun &run)
{
    engine::Engine &engine = *engine_;
    const engine::TaskSlot &slot = *run.slot;
    Worker &worker = crew_.worker(index);
    worker.completions.clear();
    worker.local.block_idx = static_cast<int32_t>(run.block);
    worker.local.block_num = static_cast<int32_t>(slot.block_num);
    worker.local.async.task_token = engine.tasks.id_of(slot).bits;
    worker.global.sub_block_id = aicpu::sub_block_id(run.lane);
    int64_t args[PTO_KERNEL_ARG_WORDS];
    aicpu::fill_arguments(engine, slot, args);
    args[PTO_KERNEL_LOCAL_CONTEXT] = reinterpret_cast<int64_t>(&worker.local);
    args[PTO_KERNEL_GLOBAL_CONTEXT] = reinterpret_cast<int64_t>(&worker.global);

    worker.begin({slot.ordinal, slot.func_id[run.lane], static_cast<int16_t>(run.core)});
    if (worker.until_timed-- == 0)
        call_timed(worker, run.entry, args, index);
    else
        call_kernel(worker, run.entry, args, index);
    worker.end();
    if (worker.completions.is_empty())
        return true;
    executor_->scheduler().lane_returned(index, run, worker.completions);
    return false;
}

bool FastChip::start(void *self, uint32_t worker, const aicpu::LaneRun *runs, uint32_t count)
{
    if (count > 1) {
        if ((runs[0].slot->flags & engine::kSyncStart) == 0) // the others of a cohort may wait for these
            static_cast<FastChip *>(self)->crew_.await_idle_helpers(worker, count - 1);
        offer(self, worker, runs + 1, count - 1);
    }
    return static_cast<FastChip *>(self)->run_kernel(worker, runs[0]);
}

void FastChip::offer(void *self, uint32_t, const aicpu::LaneRun *runs, uint32_t count)
{
    auto &chip = *static_cast<FastChip *>(self);
    const pto::posix::UserCodeGuard::Shield shield;
    const std::lock_guard lock(chip.lanes_mutex_);
    chip.lanes_.insert(chip.lanes_.end(), runs, runs + count);
    const auto waiting = static_cast<uint32_t>(chip.lanes_.size());
    chip.lane_count_.store(waiting, std::memory_order_seq_cst); // L1: before it is known who seeks
    // They may wait for others, so each gets a thread at once. Under the lock, or two offers would wake helpers for the
    // same instances.
    const uint32_t seekers = chip.crew_.seekers();
    if (waiting > seekers)
        chip.crew_.summon(waiting - seekers);
}

bool FastChip::poll(void *self, uint32_t worker)
{
    auto &chip = *static_cast<FastChip *>(self);
    if (load_relaxed(chip.lane_count_) == 0)
        return false;
    aicpu::LaneRun run;
    bool is_seeking = false;
    {
        const pto::posix::UserCodeGuard::Shield shield;
        const std::lock_guard lock(chip.lanes_mutex_);
        if (chip.lanes_.empty())
            return false;
        run = chip.lanes_.front();
        chip.lanes_.pop_front();
        // Whoever counts the instances that wait does not count who has one: both under the lock.
        store_release(chip.lane_count_, static_cast<uint32_t>(chip.lanes_.size()));
        is_seeking = chip.crew_.worker(worker).is_seeking.exchange(false, std::memory_order_relaxed);
    }
    if (chip.run_kernel(worker, run))
        chip.executor_->scheduler().lane_done(worker, run);
    store_relaxed(chip.crew_.worker(worker).is_seeking, is_seeking);
    return true;
}

uint32_t FastChip::lanes_pending(void *self)
{
    return static_cast<FastChip *>(self)->lane_count_.load(std::memory_order_seq_cst); // L1
}

void FastChip::relax(void *self, uint32_t, uint32_t round)
{
    static_cast<FastChip *>(self)->crew_.owner_relax(round);
}

void FastChip::work_ready(void *self, uint32_t count)
{
    static_cast<FastChip *>(self)->crew_.work_ready(count);
}

void FastChip::log(void *self, int32_t level, const char *message)
{
    static_cast<FastChip *>(self)->write_log(level, message);
}

pto_status FastChip::load(void *self, const void *image, std::size_t size, aicpu::LoadedOrch *out, char *message,
                          std::size_t message_capacity)
{
    return static_cast<FastChip *>(self)->Chip::load(image, size, &out->handle, message, message_capacity);
}

bool FastChip::find(void *, const aicpu::LoadedOrch *loaded, const char *symbol, OrchSymbol *out)
{
    out->address = Chip::find(loaded->handle, symbol, &out->is_function);
    return out->address != nullptr;
}

void FastChip::unload(void *, const aicpu::LoadedOrch *loaded)
{
    Chip::unload(loaded->handle);
}

} // namespace pto::inline PTO_ARCH::sim
