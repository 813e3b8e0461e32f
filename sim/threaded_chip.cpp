// SPDX-License-Identifier: Apache-2.0
#include "sim/threaded_chip.h"

#include "engine/base/memory.h"
#include "sim/fault_record.h"
#include "sim/tuning.h"

#include <cerrno>
#include <chrono>
#include <system_error>

namespace pto::inline PTO_ARCH::sim {
namespace {

using Shield = pto::posix::UserCodeGuard::Shield;

void keep_coherent(void *, const void *, uint64_t)
{
    // Threads of one process see the same memory.
}

/// Not the core's own number: whoever takes one for the other is found out.
uint32_t physical_id_of(uint32_t core)
{
    return kArch.physical_core_count - 1 - core;
}

} // namespace

ThreadedChip::ThreadedChip(const host::DeviceConfig &config) : Chip(config) {}

bool ThreadedChip::set_up(host::DeviceFailure *failure)
{
    pto_firmware_config setup{};
    setup.struct_size = sizeof setup;
    setup.control_cpus = kArch.control_thread_count;
    setup.cluster_count = config().cluster_count;
    setup.physical_cores = kArch.physical_core_count;
    setup.max_tasks = config().max_tasks;
    setup.stall_timeout_ns = config().stall_timeout_ns;
    setup.answer_timeout_ns = tuning::kAnswerTimeoutNs;
    const uint64_t line_bytes = uint64_t{config().cluster_count} * kCoresPerCluster * sizeof(pto_core_line);
    setup.memory_bytes = aicpu::LinkedExecutor::memory_bytes(setup);
    const uint64_t state = set_up_memory(line_bytes + setup.memory_bytes, failure);
    if (state == 0)
        return false;
    setup.lines = reinterpret_cast<pto_core_line *>(state);
    setup.memory = reinterpret_cast<void *>(state + line_bytes);
    setup.heap_address = heap();
    setup.heap_bytes = config().heap_bytes;
    setup.device_address = memory().base();
    setup.device_bytes = memory().size_bytes();
    executor_ = aicpu::LinkedExecutor::create(setup, port());
    pto::posix::UserCodeGuard::install_handlers();
    try {
        start_threads(setup.lines);
    } catch (const std::system_error &error) {
        return fail_threads(error.code().value(), failure);
    }
    const wire::ErrorRecord error = executor_->connect();
    if (error.status == PTO_OK)
        return true;
    failure->raw = ETIMEDOUT;
    memcpy(failure->message, error.message, sizeof error.message);
    return false;
}

void ThreadedChip::start_threads(pto_core_line *lines)
{
    warden_ = std::thread(&ThreadedChip::warden_main, this);
    const uint32_t count = config().cluster_count * kCoresPerCluster;
    for (uint32_t i = 0; i < count; i++) {
        cores_.push_back(std::make_unique<CoreThread>());
        cores_.back()->pipe_states = &pipe_states_;
        cores_.back()->start(i, physical_id_of(i), lines + i, {this, notify, core_landed});
    }
    for (uint32_t cpu = 1; cpu < kArch.control_thread_count; cpu++)
        control_threads_.emplace_back([this, cpu] {
            pthread_setname_np(pthread_self(), "pto-control");
            executor_->serve(cpu);
        });
}

ThreadedChip::~ThreadedChip()
{
    if (executor_ != nullptr)
        executor_->stop();
    wake();
    for (std::thread &thread : control_threads_)
        thread.join();
    for (const auto &core : cores_)
        core->stop();
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        eviction_changed_.notify_all();
    }
    if (warden_.joinable())
        warden_.join();
    if (executor_ != nullptr)
        executor_->destroy();
}

pto_firmware_port ThreadedChip::port()
{
    pto_firmware_port port{};
    port.struct_size = sizeof port;
    port.self = this;
    port.now = now;
    port.relax = relax;
    port.notify = notify;
    port.log = log;
    port.panic = panic;
    port.read_register = read_register;
    port.write_register = write_register;
    port.clean = keep_coherent;
    port.invalidate = keep_coherent;
    port.loader = {this, load, find, unload};
    return port;
}

// ---- runs ----------------------------------------------------------------------------------------------------------

void ThreadedChip::run(const wire::LaunchBlock &launch, wire::ReportBlock *report)
{
    store_relaxed(is_on_, true);
    if (executor_->begin(launch, report)) {
        pto::posix::UserCodeGuard *outer = owner_guard_.bind();
        if (sigsetjmp(owner_guard_.landing, 0) == 0) {
            owner_guard_.arm();
            executor_->run(launch, report);
            owner_guard_.disarm();
        } else {
            note_owner_landing();
        }
        executor_->end(report);
        pto::posix::UserCodeGuard::rebind(outer);
    }
    store_relaxed(is_on_, false);
    if (executor_->is_abandoned())
        await_eviction();
}

void ThreadedChip::note_owner_landing()
{
    const pto::posix::Fault fault = owner_guard_.take_fault();
    if (fault.signal == 0)
        return;
    store_relaxed(has_faulted_, true); // before the warden is told of it
    executor_->abandon(fault_record(fault, nullptr, executor_->engine()));
}

void ThreadedChip::core_landed(void *self, uint32_t core_index)
{
    auto &chip = *static_cast<ThreadedChip *>(self);
    const pto::posix::Fault fault = chip.cores_[core_index]->guard.take_fault();
    if (fault.signal == 0)
        return;
    store_relaxed(chip.has_faulted_, true); // before the warden is told of it
    const aicpu::RunningKernel kernel = chip.executor_->kernel_on(core_index);
    chip.executor_->abandon(fault_record(fault, &kernel, chip.executor_->engine()));
}

// ---- runs that were given up ---------------------------------------------------------------------------------------

void ThreadedChip::panic(void *self, const char *)
{
    auto &chip = *static_cast<ThreadedChip *>(self);
    const Shield shield;
    const std::lock_guard lock(chip.mutex_);
    chip.eviction_ = Eviction::kWanted;
    chip.eviction_changed_.notify_all();
}

void ThreadedChip::warden_main()
{
    pthread_setname_np(pthread_self(), "pto-warden");
    std::unique_lock lock(mutex_);
    eviction_changed_.wait(lock, [&] { return stopping_ || eviction_ == Eviction::kWanted; });
    if (eviction_ != Eviction::kWanted)
        return;
    lock.unlock();
    evict();
    lock.lock();
    eviction_ = Eviction::kDone;
    eviction_changed_.notify_all();
}

/// Waits until no thread is in user code: for a while by itself, if there was a fault, then by force.
void ThreadedChip::evict()
{
    using Clock = std::chrono::steady_clock;
    const uint64_t grace = load_relaxed(has_faulted_) ? std::min(tuning::kFaultGraceNs, config().stall_timeout_ns) : 0;
    const Clock::time_point force_at = Clock::now() + std::chrono::nanoseconds(grace);
    const Clock::time_point give_up_at = force_at + std::chrono::nanoseconds(tuning::kAbortGraceNs);
    for (;;) {
        const Clock::time_point time = Clock::now();
        bool is_armed = owner_guard_.is_armed();
        if (is_armed && time >= force_at)
            owner_guard_.request_abort();
        for (const auto &core : cores_) {
            if (!core->guard.is_armed())
                continue;
            is_armed = true;
            if (time >= force_at)
                core->guard.request_abort();
        }
        if (!is_armed || time >= give_up_at) {
            has_lost_threads_ = is_armed;
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void ThreadedChip::await_eviction()
{
    std::unique_lock lock(mutex_);
    eviction_changed_.wait(lock, [&] { return eviction_ == Eviction::kDone; });
}

// ---- the firmware's port -------------------------------------------------------------------------------------------

uint64_t ThreadedChip::now(void *)
{
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

void ThreadedChip::wake()
{
    events_.fetch_add(1, std::memory_order_seq_cst);    // V3
    if (sleepers_.load(std::memory_order_seq_cst) == 0) // V3
        return;
    const Shield shield;
    const std::lock_guard lock(mutex_);
    wake_.notify_all();
}

/// Between runs a control CPU sleeps until something happens, during a run for a moment at most: what it waits for may
/// be a counter in memory, or time.
void ThreadedChip::relax(void *self, uint32_t cpu, uint32_t round)
{
    auto &chip = *static_cast<ThreadedChip *>(self);
    if (round < tuning::kControlYieldRounds)
        return std::this_thread::yield();
    ControlCpu &control = chip.control_cpus_[cpu];
    const Shield shield;
    std::unique_lock lock(chip.mutex_);
    chip.sleepers_.fetch_add(1, std::memory_order_seq_cst);                                                     // V3
    const auto has_event = [&] { return chip.events_.load(std::memory_order_seq_cst) != control.seen_events; }; // V3
    if (cpu == 0 || load_relaxed(chip.is_on_))
        chip.wake_.wait_for(lock, std::chrono::nanoseconds(tuning::kControlSleepNs), has_event);
    else
        chip.wake_.wait(lock, has_event);
    chip.sleepers_.fetch_sub(1, std::memory_order_relaxed);
    control.seen_events = chip.events_.load(std::memory_order_seq_cst); // V3
}

void ThreadedChip::notify(void *self)
{
    static_cast<ThreadedChip *>(self)->wake();
}

void ThreadedChip::log(void *self, int32_t level, const char *message)
{
    static_cast<ThreadedChip *>(self)->write_log(level, message);
}

CoreThread *ThreadedChip::core_of(uint32_t physical_id) const
{
    const uint32_t index = kArch.physical_core_count - 1 - physical_id;
    return index < cores_.size() ? cores_[index].get() : nullptr;
}

uint32_t ThreadedChip::read_register(void *self, uint32_t core, uint32_t offset)
{
    const CoreThread *thread = static_cast<ThreadedChip *>(self)->core_of(core);
    return thread == nullptr ? 0 : thread->read(offset);
}

void ThreadedChip::write_register(void *self, uint32_t core, uint32_t offset, uint32_t value)
{
    const Shield shield;
    if (CoreThread *thread = static_cast<ThreadedChip *>(self)->core_of(core); thread != nullptr)
        thread->write(offset, value);
}

pto_status ThreadedChip::load(void *self, const void *image, uint64_t size, void **out_handle, char *message,
                              std::size_t message_capacity)
{
    return static_cast<ThreadedChip *>(self)->Chip::load(image, size, out_handle, message, message_capacity);
}

const void *ThreadedChip::find(void *, void *handle, const char *symbol, int32_t *out_is_function)
{
    bool is_function = false;
    const void *address = Chip::find(handle, symbol, &is_function);
    *out_is_function = is_function ? 1 : 0;
    return address;
}

void ThreadedChip::unload(void *, void *handle)
{
    Chip::unload(handle);
}

} // namespace pto::inline PTO_ARCH::sim
