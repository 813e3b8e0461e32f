// SPDX-License-Identifier: Apache-2.0
#include "core_threads.hpp"

#include "process_link.hpp"

#include <atomic>
#include <condition_variable>
#include <ctime>
#include <linux/futex.h>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <set>
#include <sys/syscall.h>
#include <thread>

namespace standin {
namespace {

constexpr uint32_t kMaxClusters = 36;
constexpr uint32_t kMaxCores = kMaxClusters * kLanes;
constexpr uint32_t kLooks = 4; ///< Before a core without a command sleeps.
constexpr std::size_t kStackBytes = std::size_t{8} << 20;
constexpr std::size_t kSignalStackBytes = std::size_t{64} << 10;
constexpr timespec kPollPause = {0, 20 * 1000};
constexpr uint32_t kFinished = 0x80000000; ///< In a condition: the kernel is over.

struct Launch {
    uint32_t ticket;
    CoreImage image;
    uint64_t argument;
    std::atomic<uint32_t> cores_left;
};

struct Core {
    uint32_t block = 0;
    uint32_t lane = 0;
    uint32_t physical = 0;
    volatile uint32_t *command = nullptr;
    volatile uint32_t *condition = nullptr;
    volatile uint32_t *gate = nullptr; ///< NULL: there is none.
    std::shared_ptr<Launch> launch;
    uint32_t last_command = 0;
    bool is_clean = true;     ///< What kernels wrote has been cleaned.
    bool has_said_so = false; ///< A line was cleaned in this launch.
    bool has_waited = false;  ///< The command register was read in this launch.
    std::atomic<uint32_t> is_asleep{0};
};

struct Cores {
    Chip chip;
    Arch arch;
    uint64_t registers;
    Core cores[kMaxCores];
    std::set<uint32_t> hung;
    std::mutex mutex;
    std::condition_variable changed;
    uint32_t running = 0;
};

Cores all;
thread_local Core *self = nullptr;

void wait_on(std::atomic<uint32_t> *word, uint32_t value)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void wake(std::atomic<uint32_t> *word)
{
    word->store(0, std::memory_order_release);
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

/// Wakes cores whose command register is not what they have seen.
void poll_registers()
{
    for (;;) {
        {
            std::unique_lock lock(all.mutex);
            all.changed.wait(lock, [] { return all.running > 0; });
        }
        for (uint32_t i = 0; i < all.chip.usable_clusters * kLanes; i++) {
            Core &core = all.cores[i];
            if (core.is_asleep.load(std::memory_order_acquire) != 0 && *core.command != core.last_command)
                wake(&core.is_asleep);
        }
        nanosleep(&kPollPause, nullptr);
    }
}

/// A fault on a core's thread: the core stays as it is, the host hears of it.
void on_fault(int signal, siginfo_t *info, void *)
{
    if (self == nullptr) {
        std::signal(signal, SIG_DFL);
        raise(signal);
        return;
    }
    Message message{};
    message.verb = Verb::kFault;
    message.ticket = self->launch->ticket;
    message.result = 1;
    std::snprintf(message.text, sizeof message.text, "core %u (block %u, lane %u): signal %d at %p", self->physical,
                  self->block, self->lane, signal, info->si_addr);
    send_message(message);
    for (;;)
        pause();
}

void run_core(Core *core)
{
    static thread_local char signal_stack[kSignalStackBytes];
    const stack_t stack = {signal_stack, 0, sizeof signal_stack};
    sigaltstack(&stack, nullptr);
    self = core;
    const bool is_hung = [&] {
        const std::lock_guard lock(all.mutex);
        return all.hung.count(core->block * kLanes + core->lane) != 0;
    }();
    while (is_hung)
        pause();
    const std::shared_ptr<Launch> launch = core->launch;
    (core->lane == 0 ? launch->image.matrix : launch->image.vector)(launch->argument);
    self = nullptr;
    {
        const std::lock_guard lock(all.mutex);
        all.running--;
    }
    if (launch->cores_left.fetch_sub(1, std::memory_order_acq_rel) == 1)
        answer(launch->ticket, 0, 0, "");
}

void *enter_core(void *core)
{
    run_core(static_cast<Core *>(core));
    return nullptr;
}

void start_core(Core *core)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    pthread_t thread;
    const int failed = pthread_create(&thread, &attributes, enter_core, core);
    pthread_attr_destroy(&attributes);
    if (failed != 0) {
        std::fprintf(stderr, "stand-in: a core has no thread: %s\n", std::strerror(failed));
        std::_Exit(7);
    }
}

} // namespace

void open_cores(Arch arch, uint64_t registers)
{
    all.arch = arch;
    all.chip = chip_of(arch);
    all.registers = registers;
    for (uint32_t i = 0; i < all.chip.usable_clusters * kLanes; i++) {
        Core &core = all.cores[i];
        core.block = i / kLanes;
        core.lane = i % kLanes;
        const uint32_t cluster = cluster_of_block(all.chip, core.block);
        const uint64_t window = registers + register_offset(all.chip, cluster, core.lane);
        core.physical = physical_id(arch, cluster, core.lane);
        core.command = reinterpret_cast<volatile uint32_t *>(window + all.chip.command_offset);
        core.condition = reinterpret_cast<volatile uint32_t *>(window + all.chip.condition_offset);
        if (all.chip.gate_offset != kNone)
            core.gate = reinterpret_cast<volatile uint32_t *>(window + all.chip.gate_offset);
    }
    struct sigaction action = {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
        sigaction(signal, &action, nullptr);
    std::thread(poll_registers).detach();
}

void launch_cores(uint32_t ticket, const CoreImage &image, uint32_t blocks, uint64_t argument)
{
    const auto launch = std::make_shared<Launch>();
    launch->ticket = ticket;
    launch->image = image;
    launch->argument = argument;
    launch->cores_left = blocks * kLanes;
    {
        const std::lock_guard lock(all.mutex);
        all.running += blocks * kLanes;
        all.changed.notify_all();
    }
    for (uint32_t i = 0; i < blocks * kLanes; i++) {
        Core &core = all.cores[i];
        // As the hardware does for every launch.
        *core.command = 0;
        core.last_command = 0;
        core.is_clean = true;
        core.has_said_so = core.has_waited = false;
        core.launch = launch;
        start_core(&core);
    }
}

void hang_core(uint32_t block, uint32_t lane)
{
    const std::lock_guard lock(all.mutex);
    all.hung.insert(block * kLanes + lane);
}

} // namespace standin

// ---- what the core image leaves undefined

#define STANDIN_INTRINSIC extern "C" __attribute__((visibility("default")))

using namespace standin;

STANDIN_INTRINSIC uint32_t pto_core_block_index(void)
{
    return self->block;
}

STANDIN_INTRINSIC uint32_t pto_core_sub_block(void)
{
    return self->lane == 2 ? 1 : 0;
}

STANDIN_INTRINSIC uint32_t pto_core_physical_id(void)
{
    return self->physical;
}

STANDIN_INTRINSIC uint32_t pto_core_read_command(void)
{
    if (!self->has_said_so && !self->has_waited)
        violate("core %u (block %u, lane %u) waits for a command, and has cleaned no line that says that it is there",
                self->physical, self->block, self->lane);
    self->has_waited = true;
    const uint32_t before = self->last_command;
    self->last_command = *self->command;
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before == 0 && self->last_command != 0 && self->gate != nullptr && *self->gate != kGateOpen)
        violate("core %u (block %u, lane %u) has a command, 0x%x, although its registers are not open", self->physical,
                self->block, self->lane, self->last_command);
    return self->last_command;
}

STANDIN_INTRINSIC void pto_core_write_condition(uint32_t value)
{
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const bool is_finish = (value & kFinished) != 0;
    if (is_finish && !self->is_clean)
        violate("core %u (block %u, lane %u) reports a kernel whose writes it has not cleaned", self->physical,
                self->block, self->lane);
    // A token without the bit acknowledges a kernel, which writes from now on.
    if (!is_finish)
        self->is_clean = false;
    *self->condition = value;
}

STANDIN_INTRINSIC void pto_core_clean_line(const void *)
{
    self->has_said_so = true;
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

STANDIN_INTRINSIC void pto_core_invalidate_line(const void *)
{
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

STANDIN_INTRINSIC void pto_core_clean_all(void)
{
    self->is_clean = true;
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

STANDIN_INTRINSIC void pto_core_barrier(void)
{
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

STANDIN_INTRINSIC void pto_core_relax(uint32_t round)
{
    if (round < kLooks) {
        sched_yield();
        return;
    }
    self->is_asleep.store(1, std::memory_order_seq_cst);
    if (*self->command != self->last_command) {
        self->is_asleep.store(0, std::memory_order_relaxed);
        return;
    }
    wait_on(&self->is_asleep, 1);
}
