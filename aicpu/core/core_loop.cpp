// SPDX-License-Identifier: Apache-2.0
// The loop of a core. One source for all cores: a thread of a simulated chip, a CPU of a bare-metal machine, and what a
// vendor's compiler makes of it for the core itself.
#include "aicpu/core/core_loop.h"

#include "aicpu/core/core_protocol.h"

#include <atomic>

namespace pto::inline PTO_ARCH::aicpu {
namespace {

using KernelFunction = void (*)(int64_t *);

class CoreLoop {
public:
    CoreLoop(const pto_core_port &port, pto_core_line &line) : port_(port), line_(line) {}

    /// Says which core this is, and that it is there.
    void report()
    {
        line_.physical_id = port_.physical_id;
        line_.core_type = port_.core_type;
        port_.clean(port_.self, &line_, sizeof line_);
        std::atomic_ref(line_.done).store(port_.index + 1, std::memory_order_release); // K1: control CPUs acquire
        port_.clean(port_.self, &line_, sizeof line_);
    }

    /// False: the control CPUs do not want this core.
    bool meet()
    {
        if (next_command() == kExit)
            return false;
        port_.write_condition(port_.self, kCoreIdle);
        port_.invalidate(port_.self, &line_, sizeof line_);
        payloads_ = reinterpret_cast<CorePayload *>(line_.payload);
        return true;
    }

    void run_all()
    {
        for (uint32_t command = next_command(); command != kExit; command = next_command())
            if (command <= kLastToken)
                run(command);
    }

    void leave() { port_.write_condition(port_.self, kCoreExited); }

private:
    /// Waits for another command than the last one. Before the first there is none, which reads as 0.
    uint32_t next_command()
    {
        uint32_t command = port_.read_command(port_.self);
        for (uint32_t round = 0; command == last_command_; round++) {
            port_.relax(port_.self, round);
            command = port_.read_command(port_.self);
        }
        last_command_ = command;
        return command;
    }

    void run(uint32_t token)
    {
        CorePayload &payload = payloads_[token & 1];
        port_.invalidate(port_.self, &payload, CorePayload::kControlBytes);
        port_.write_condition(port_.self, token);
        if (payload.tensor_count != 0)
            port_.invalidate(port_.self, reinterpret_cast<const void *>(payload.args[0]),
                             payload.tensor_count * sizeof(pto_tensor));
        payload.completions.clear();
        call(reinterpret_cast<KernelFunction>(payload.entry), payload.args);
        port_.clean(port_.self, &payload.completions, used_bytes(payload.completions));
        port_.write_condition(port_.self, token | kFinished);
    }

    void call(KernelFunction entry, int64_t *args)
    {
        if (port_.call != nullptr)
            port_.call(port_.self, entry, args);
        else
            entry(args);
    }

    static uint64_t used_bytes(const CompletionSlab &slab)
    {
        return slab.is_empty() ? offsetof(CompletionSlab, entries) : sizeof slab;
    }

    const pto_core_port &port_;
    pto_core_line &line_;
    CorePayload *payloads_ = nullptr;
    uint32_t last_command_ = 0;
};

} // namespace

void run_core(const pto_core_port &port, pto_core_line &line)
{
    CoreLoop loop(port, line);
    loop.report();
    if (loop.meet())
        loop.run_all();
    loop.leave();
}

} // namespace pto::inline PTO_ARCH::aicpu
