// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_CORE_THREAD_H
#define PTO_SIM_CORE_THREAD_H

#include "aicpu/core/core_loop.h"
#include "engine/base/atomics.h"
#include "posix/user_code.h"
#include "sim/hooks/kernel_hooks.h"

#include <thread>

namespace pto::inline PTO_ARCH::sim {

/// A core of a simulated chip in threads mode: its registers, and a thread that runs the loop of a core. It sleeps
/// while there is no command.
class CoreThread final : public pto::hooks::KernelHost {
public:
    /// Whom the core tells what happens to it, on its own thread.
    struct Events {
        void *self;
        void (*answered)(void *self);                    ///< It has written its condition.
        void (*landed)(void *self, uint32_t core_index); ///< Its kernel was left by a jump, and it is lost.
    };

    /// Starts the thread. Throws std::system_error.
    void start(uint32_t index, uint32_t physical_id, pto_core_line *line, const Events &events);
    /// Sends it away, whatever it is told otherwise, and waits for the thread.
    void stop();

    // What control CPUs see: nothing can be read or written while the registers are closed.
    uint32_t read(uint32_t offset) const;
    void write(uint32_t offset, uint32_t value);

    bool place(pto::hooks::KernelPlace *out) const override;

    pto::posix::UserCodeGuard guard; ///< Of the thread, armed while it runs a kernel.

private:
    void main();
    void send(uint32_t command);
    bool is_open() const;

    // The core's port.
    static uint32_t read_command(void *self);
    static void write_condition(void *self, uint32_t value);
    static void relax(void *self, uint32_t round);
    static void call(void *self, void (*entry)(int64_t *args), int64_t *args);

    Events events_{};
    pto_core_port port_{};
    pto_core_line *line_ = nullptr;
    uint32_t seen_command_ = 0;     ///< The thread's own.
    const int64_t *args_ = nullptr; ///< Of the kernel on it. The thread's own.
    std::thread thread_;

    alignas(64) std::atomic<uint32_t> command_{0};   ///< V1: control CPUs release, the core acquires.
    alignas(64) std::atomic<uint32_t> condition_{0}; ///< V2: the core releases, control CPUs acquire.
    std::atomic<uint32_t> fast_path_{0};
};

} // namespace pto::inline PTO_ARCH::sim

#endif
