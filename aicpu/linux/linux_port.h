// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_LINUX_LINUX_PORT_H
#define PTO_AICPU_LINUX_LINUX_PORT_H

#include "aicpu/core_link.h"
#include "aicpu/linux/idle.h"
#include "engine/wire/onboard_blocks.h"

namespace pto::inline PTO_ARCH::aicpu {

/// What the executor asks of control CPUs that run Linux and share memory with the host through its DMA. Lives in the
/// state, with the memory that orchestrations are loaded into; what it says goes to the outbox of the present command.
class LinuxPort {
public:
    /// Who is told that the chip is lost. On any control CPU.
    struct Listener {
        void *self;
        void (*lost)(void *self, const char *message);
    };

    explicit LinuxPort(const wire::SetupBlock &setup, const Listener &listener);
    ~LinuxPort();
    LinuxPort(const LinuxPort &) = delete;
    LinuxPort &operator=(const LinuxPort &) = delete;

    /// False: there is no memory for orchestrations.
    bool has_loader() const { return code_ != nullptr; }
    pto_firmware_port hooks();

    /// Lines go there from here on. Before the command begins, on one CPU.
    void speak_to(wire::LogArea *log) { log_ = log; }
    Idle &idle(uint32_t cpu) { return idle_[cpu]; }

    void log(int32_t level, const char *message);

private:
    volatile uint32_t *cell(uint32_t core, uint32_t offset);

    const uint64_t *registers_;
    uint32_t core_count_;
    std::atomic<bool> has_warned_{false}; ///< Of a core without registers.
    Listener listener_;
    wire::LogArea *log_ = nullptr;
    void *code_;
    pto_elf_loader loader_;
    Idle idle_[kMaxControlCpus];
};

/// What this CPU has written there becomes visible to cores and to the host. Nothing where caches are coherent.
void clean(const void *address, uint64_t size_bytes);
/// What they have written there becomes visible to this CPU. The same.
void invalidate(const void *address, uint64_t size_bytes);

} // namespace pto::inline PTO_ARCH::aicpu

#endif
