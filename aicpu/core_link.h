// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_CORE_LINK_H
#define PTO_AICPU_CORE_LINK_H

#include "aicpu/core/core_protocol.h"
#include "aicpu/stall.h"
#include "engine/base/carver.h"
#include "pto/firmware.h"

#include <bit>

namespace pto::inline PTO_ARCH::aicpu {

/// Control CPUs that can be at one executor.
inline constexpr uint32_t kMaxControlCpus = 32;

/// The control CPUs' side of the protocol with the cores: meets them, hands kernels out, and finds out which have
/// finished. A core belongs to the CPU that sent it its kernel until that has finished; who takes it next is up to the
/// core pool.
class CoreLink {
public:
    struct Config {
        pto_core_line *lines;
        uint32_t core_count;
        uint32_t physical_cores;
        uint64_t answer_timeout_ns;
    };
    /// Who is told that a core is lost. Any control CPU.
    struct Listener {
        void *self;
        void (*lost)(void *self, const wire::ErrorRecord &record);
    };

    CoreLink(engine::Engine &engine, Scheduler &scheduler, const pto_firmware_port &port)
        : engine_(engine), scheduler_(scheduler), port_(port)
    {
    }

    /// Bytes of memory for that many cores, shared with them.
    static std::size_t layout_bytes(uint32_t core_count);
    void layout(Carver &carver, const Config &config, const Listener &listener);

    /// Meets all cores, or says which of them cannot be met, and why. PTO_OK, also if they have been met before;
    /// PTO_ERROR_CORE.
    wire::ErrorRecord connect();
    /// Sends all cores away and waits until they have left their loops. Also after a run that was abandoned.
    wire::ErrorRecord disconnect();
    bool is_connected() const { return connected_; }

    /// Hands a kernel to its core, which is idle. Worker `worker` will hear of it.
    void send(uint32_t worker, const LaneRun &run);
    /// Looks at cores that have kernels of this worker, until one has finished. False: none has.
    bool poll(uint32_t worker);

    /// Kernels sent so far, to see whether a run gets ahead. Any thread.
    uint64_t sent() const;
    /// The kernel that a core has. Any thread.
    RunningKernel kernel_on(uint32_t core) const
    {
        return std::bit_cast<RunningKernel>(load_relaxed(cores_[core].kernel));
    }
    /// Adds the kernels that cores have. Any thread.
    void look_at_kernels(StallView *view) const;

private:
    /// Written by the CPU that has the core.
    struct alignas(64) Core {
        LaneRun run;
        uint32_t token;    ///< Last sent; 0: none.
        uint32_t previous; ///< What it says until it has seen that one.
        uint32_t physical_id;
        bool has_reported;
        bool has_acknowledged;
        uint32_t silent_polls;        ///< Without an acknowledgement.
        uint64_t silent_since_ns;     ///< As of poll kPollsBeforeClock.
        std::atomic<uint64_t> kernel; ///< A RunningKernel; kNoKernel.
    };
    /// The cores that have kernels of one CPU, in no order. Written by that CPU.
    struct alignas(64) Share {
        uint32_t count;
        uint32_t cursor;
        std::atomic<uint64_t> sent;
        uint64_t sent_at_poll; ///< `sent` when the CPU last looked.
        uint8_t cores[kMaxCores];
    };
    static_assert(kMaxCores <= UINT8_MAX);
    static constexpr uint64_t kNoKernel = UINT64_MAX;

    uint32_t read(const Core &core) const
    {
        return port_.read_register(port_.self, core.physical_id, kArch.registers.condition);
    }
    void write(const Core &core, uint32_t command) const
    {
        port_.write_register(port_.self, core.physical_id, kArch.registers.command, command);
    }
    CorePayload &payload(uint32_t core, uint32_t token) { return payloads_[2 * core + (token & 1)]; }
    bool is_done(uint32_t core);
    wire::ErrorRecord take_report(uint32_t core);
    wire::ErrorRecord await_reports(uint64_t begin_ns);
    wire::ErrorRecord await_all(uint32_t condition, uint64_t begin_ns, const char *what);
    void open(uint32_t core);
    void dismiss_all();
    void fill(CorePayload &payload, const LaneRun &run);
    bool look(uint32_t worker, uint32_t core);
    bool is_patient(Core &core);
    void finish(uint32_t worker, uint32_t core);
    void lose(uint32_t core, uint32_t answer);

    engine::Engine &engine_;
    Scheduler &scheduler_;
    const pto_firmware_port &port_;
    Config config_{};
    Listener listener_{};
    Core *cores_ = nullptr;
    CorePayload *payloads_ = nullptr;
    bool connected_ = false;
    Share shares_[kMaxControlCpus] = {};
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
