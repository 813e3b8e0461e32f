// SPDX-License-Identifier: Apache-2.0
#include "sim/core_thread.h"

#include "aicpu/core/core_protocol.h"
#include "pto/kernel.h"
#include "sim/tuning.h"

namespace pto::inline PTO_ARCH::sim {
namespace {

void keep_coherent(void *, const void *, uint64_t)
{
    // Threads of one process see the same memory.
}

} // namespace

void CoreThread::start(uint32_t index, uint32_t physical_id, pto_core_line *line, const Events &events)
{
    events_ = events;
    line_ = line;
    port_.struct_size = sizeof port_;
    port_.index = index;
    port_.physical_id = physical_id;
    port_.core_type = index % kCoresPerCluster == 0 ? PTO_CORE_AIC : PTO_CORE_AIV;
    port_.self = this;
    port_.read_command = read_command;
    port_.write_condition = write_condition;
    port_.clean = keep_coherent;
    port_.invalidate = keep_coherent;
    port_.relax = relax;
    port_.call = call;
    guard.set_owner(this);
    thread_ = std::thread(&CoreThread::main, this);
}

void CoreThread::stop()
{
    if (!thread_.joinable())
        return;
    send(aicpu::kExit);
    thread_.join();
}

void CoreThread::main()
{
    pthread_setname_np(pthread_self(), "pto-core");
    guard.bind();
    if (sigsetjmp(guard.landing, 0) == 0)
        aicpu::run_core(port_, *line_);
    else
        events_.landed(events_.self, port_.index);
    pto::posix::UserCodeGuard::rebind(nullptr);
}

// ---- the control CPUs' side ----------------------------------------------------------------------------------------

bool CoreThread::is_open() const
{
    return kArch.registers.fast_path == 0 || load_relaxed(fast_path_) == aicpu::kFastPathOpen;
}

uint32_t CoreThread::read(uint32_t offset) const
{
    return offset == kArch.registers.condition && is_open() ? load_acquire(condition_) : 0; // V2
}

void CoreThread::write(uint32_t offset, uint32_t value)
{
    if (kArch.registers.fast_path != 0 && offset == kArch.registers.fast_path)
        store_relaxed(fast_path_, value);
    else if (offset == kArch.registers.command && is_open())
        send(value);
}

void CoreThread::send(uint32_t command)
{
    store_release(command_, command); // V1
    command_.notify_one();
}

bool CoreThread::place(pto::hooks::KernelPlace *out) const
{
    if (args_ == nullptr)
        return false;
    *out = {port_.index / kCoresPerCluster, static_cast<uint32_t>(pto_kernel_global(args_)->sub_block_id)};
    return true;
}

// ---- the core's port -----------------------------------------------------------------------------------------------

uint32_t CoreThread::read_command(void *self)
{
    auto &core = *static_cast<CoreThread *>(self);
    core.seen_command_ = load_acquire(core.command_); // V1
    return core.seen_command_;
}

void CoreThread::write_condition(void *self, uint32_t value)
{
    auto &core = *static_cast<CoreThread *>(self);
    store_release(core.condition_, value); // V2
    core.events_.answered(core.events_.self);
}

void CoreThread::relax(void *self, uint32_t round)
{
    auto &core = *static_cast<CoreThread *>(self);
    if (round < tuning::kCoreYieldRounds)
        std::this_thread::yield();
    else
        core.command_.wait(core.seen_command_, std::memory_order_acquire); // V1
}

void CoreThread::call(void *self, void (*entry)(int64_t *args), int64_t *args)
{
    auto &core = *static_cast<CoreThread *>(self);
    core.args_ = args;
    core.guard.arm();
    entry(args);
    core.guard.disarm();
    core.args_ = nullptr;
}

} // namespace pto::inline PTO_ARCH::sim
