// SPDX-License-Identifier: Apache-2.0
#include "sim/chip.h"

#include "engine/base/memory.h"
#include "posix/image_loader.h"
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

Chip::Chip(const host::DeviceConfig &config) : config_(config), crew_(crew_config(config)) {}

bool Chip::set_up(host::DeviceFailure *failure)
{
    const engine::Geometry geometry = engine::Geometry::of_tasks(config_.max_tasks);
    const std::size_t arena_bytes = engine::Engine::layout_bytes(geometry);
    if (!memory_.reserve(config_.memory_bytes)) {
        failure->raw = errno;
        std::snprintf(failure->message, sizeof failure->message, "device memory of %llu bytes cannot be mapped: %s",
                      static_cast<unsigned long long>(config_.memory_bytes), std::strerror(errno));
        return false;
    }
    const uint64_t arena = memory_.allocate(arena_bytes);
    const uint64_t heap = memory_.allocate(config_.heap_bytes);
    if (arena == 0 || heap == 0) {
        std::snprintf(failure->message, sizeof failure->message,
                      "device_memory_bytes (%llu) is too small for heap_bytes (%llu) and %u tasks (%zu bytes)",
                      static_cast<unsigned long long>(config_.memory_bytes),
                      static_cast<unsigned long long>(config_.heap_bytes), config_.max_tasks, arena_bytes);
        return false;
    }
    aicpu::ExecutorConfig setup{};
    setup.arena = reinterpret_cast<void *>(arena);
    setup.geometry = geometry;
    setup.cluster_count = config_.cluster_count;
    setup.worker_count = 1;
    setup.gate = crew_.gate();
    setup.heap_base = heap;
    setup.heap_bytes = config_.heap_bytes;
    setup.memory_base = memory_.base();
    setup.memory_bytes = memory_.size_bytes();
    const aicpu::ExecutorPort port{this, start, offer, poll, &lane_count_, relax, work_ready, log, load, find, unload};
    executor_ = std::make_unique<aicpu::Executor>(setup, port);
    engine_ = &executor_->engine();
    const int problem = crew_.start(executor_.get(), {this, lanes_pending, poll}, &pipe_states_);
    if (!pto::hooks::export_kernel_hooks())
        log(this, PTO_LOG_INFO, "kernels do not find the functions of pto/sim.h: link the program with -rdynamic");
    if (problem == 0)
        return true;
    failure->raw = problem;
    std::snprintf(failure->message, sizeof failure->message, "the monitor thread cannot be started: %s",
                  std::strerror(problem));
    return false;
}

host::DeviceLayout Chip::layout() const
{
    const engine::Engine &engine = executor_->engine();
    return {engine.memory_base, engine.memory_bytes, engine.heap_base,
            engine.heap_bytes,  config_.max_tasks,   config_.cluster_count};
}

pto_status Chip::open(const host::DeviceConfig &config, host::Device **out, host::DeviceFailure *failure)
{
    auto chip = std::make_unique<Chip>(config);
    if (!chip->set_up(failure))
        return failure->raw != 0 ? PTO_ERROR_SYSTEM : PTO_ERROR_INVALID_ARGUMENT;
    *out = reinterpret_cast<host::Device *>(chip.release());
    return PTO_OK;
}

void Chip::close(host::Device *device)
{
    Chip &chip = of(device);
    // A thread that could not be brought out of its kernel still uses the chip: losing the memory is the lesser harm.
    if (!chip.crew_.has_lost_threads())
        delete &chip;
}

void Chip::run(const wire::LaunchBlock &launch, wire::ReportBlock *report)
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
PTO_HOT void Chip::call_kernel(Worker &worker, uint64_t entry, int64_t *args, uint32_t index)
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

__attribute__((noinline)) void Chip::call_timed(Worker &worker, uint64_t entry, int64_t *args, uint32_t index)
{
    worker.until_timed = tuning::kTimedKernelInterval - 1;
    const uint64_t begin = now_ns();
    call_kernel(worker, entry, args, index);
    crew_.note_kernel_time(now_ns() - begin);
}

/// Calls a kernel as the core would: arguments in the ABI's order, contexts of this block and this core. False: it has
/// deferred its completion, and the scheduler has been told.
PTO_HOT bool Chip::run_kernel(uint32_t index, const aicpu::LaneRun &run)
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

bool Chip::start(void *self, uint32_t worker, const aicpu::LaneRun *runs, uint32_t count)
{
    if (count > 1) {
        if ((runs[0].slot->flags & engine::kSyncStart) == 0) // the others of a cohort may wait for these
            static_cast<Chip *>(self)->crew_.await_idle_helpers(worker, count - 1);
        offer(self, worker, runs + 1, count - 1);
    }
    return static_cast<Chip *>(self)->run_kernel(worker, runs[0]);
}

void Chip::offer(void *self, uint32_t, const aicpu::LaneRun *runs, uint32_t count)
{
    auto &chip = *static_cast<Chip *>(self);
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

bool Chip::poll(void *self, uint32_t worker)
{
    auto &chip = *static_cast<Chip *>(self);
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

uint32_t Chip::lanes_pending(void *self)
{
    return static_cast<Chip *>(self)->lane_count_.load(std::memory_order_seq_cst); // L1
}

void Chip::relax(void *self, uint32_t, uint32_t round)
{
    static_cast<Chip *>(self)->crew_.owner_relax(round);
}

void Chip::work_ready(void *self, uint32_t count)
{
    static_cast<Chip *>(self)->crew_.work_ready(count);
}

void Chip::log(void *self, int32_t level, const char *message)
{
    const pto::posix::UserCodeGuard::Shield shield;
    const host::DeviceConfig &config = static_cast<Chip *>(self)->config_;
    config.log(config.log_user, level, message);
}

pto_status Chip::load(void *self, const void *image, std::size_t size, aicpu::LoadedOrch *out, char *message,
                      std::size_t message_capacity)
{
    pto::posix::LoadedImage loaded{};
    const pto_status status = pto::posix::load_image(image, size, &loaded, message, message_capacity);
    static_cast<Chip *>(self)->load_problem_ = loaded.problem;
    out->handle = loaded.handle;
    return status;
}

bool Chip::find(void *, const aicpu::LoadedOrch *loaded, const char *symbol, OrchSymbol *out)
{
    pto::posix::SymbolKind kind{};
    *out = {pto::posix::find_symbol({loaded->handle}, symbol, &kind), kind == pto::posix::SymbolKind::kFunction};
    return out->address != nullptr;
}

void Chip::unload(void *, const aicpu::LoadedOrch *loaded)
{
    pto::posix::unload_image({loaded->handle});
}

} // namespace pto::inline PTO_ARCH::sim
