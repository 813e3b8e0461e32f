// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_CHIP_H
#define PTO_SIM_CHIP_H

#include "aicpu/executor.h"
#include "host/device.h"
#include "sim/device_memory.h"
#include "sim/hooks/pipe_states.h"

namespace pto::inline PTO_ARCH::sim {

/// A simulated chip: its memory, and what all modes do alike. How kernels come to run is a mode's own.
class Chip {
public:
    static pto_status open(const host::DeviceConfig &config, host::Device **out, host::DeviceFailure *failure);
    static void close(host::Device *device);
    static Chip &of(host::Device *device) { return *reinterpret_cast<Chip *>(device); }
    static const Chip &of(const host::Device *device) { return *reinterpret_cast<const Chip *>(device); }

    virtual ~Chip() = default;
    Chip(const Chip &) = delete;
    Chip &operator=(const Chip &) = delete;

    DeviceMemory &memory() { return memory_; }
    const DeviceMemory &memory() const { return memory_; }
    host::DeviceLayout layout() const;
    /// The system's number of why the last orchestration could not be loaded; 0: it is not to blame.
    int load_problem() const { return load_problem_; }

    virtual aicpu::OrchTable &orchs() = 0;
    virtual void run(const wire::LaunchBlock &launch, wire::ReportBlock *report) = 0;
    virtual bool is_healthy() const = 0;
    /// A thread could not be brought out of its kernel: the chip must not be freed.
    virtual bool has_lost_threads() const = 0;

protected:
    explicit Chip(const host::DeviceConfig &config) : config_(config) {}

    /// Makes the chip from its memory. False: the failure says why.
    virtual bool set_up(host::DeviceFailure *failure) = 0;
    /// Maps the memory, and allocates the heap and `state_bytes` for the executor: its address, 0 on failure.
    uint64_t set_up_memory(uint64_t state_bytes, host::DeviceFailure *failure);
    uint64_t heap() const { return heap_; }
    const host::DeviceConfig &config() const { return config_; }
    void write_log(int32_t level, const char *message) const;
    static bool fail_threads(int problem, host::DeviceFailure *failure);

    // The loader of the executor's port.
    pto_status load(const void *image, std::size_t size, void **out_handle, char *message,
                    std::size_t message_capacity);
    static const void *find(void *handle, const char *symbol, bool *out_is_function);
    static void unload(void *handle);

    pto::hooks::PipeStates pipe_states_;

private:
    const host::DeviceConfig config_;
    DeviceMemory memory_;
    uint64_t heap_ = 0;
    int load_problem_ = 0;
};

} // namespace pto::inline PTO_ARCH::sim

#endif
