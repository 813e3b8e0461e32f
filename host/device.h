// SPDX-License-Identifier: Apache-2.0
// The one interface between the host and whatever device it drives. Everything above it is the same for every arch and
// target; everything below it knows one.
#ifndef PTO_HOST_DEVICE_H
#define PTO_HOST_DEVICE_H

#include "engine/wire/orch_program.h"
#include "engine/wire/run_blocks.h"
#include "host/device_failure.h"
#include "pto/pto.h"

#include <cstddef>
#include <cstdint>

namespace pto::host {

/// An open device. Opaque above the interface.
struct Device;

/// What `open` is told. All values are final: defaults are filled in above.
struct DeviceConfig {
    uint32_t device_index;
    uint32_t cluster_count;
    uint32_t helper_threads;
    uint32_t sim_mode; ///< One of `enum pto_sim_mode_code`.
    uint32_t max_tasks;
    uint64_t memory_bytes;
    uint64_t heap_bytes;
    uint64_t stall_timeout_ns;
    const pto_onboard_options *onboard;                          ///< Never null; of the target "onboard".
    void (*log)(void *user, int32_t level, const char *message); ///< Never null.
    void *log_user;
};

/// Where a device keeps what runs allocate, for a graph builder that is not on it.
struct DeviceLayout {
    uint64_t memory_base;
    uint64_t memory_bytes;
    uint64_t heap_base;
    uint64_t heap_bytes;
    uint32_t max_tasks;
    uint32_t cluster_count;
};

/// An orchestration to load into a slot of the executor.
struct DeviceOrch {
    int32_t callable_id;
    OrchPromise promise;
    uint64_t image; ///< Device address of the shared object.
    std::size_t image_bytes;
};

/// A kernel that the device holds.
struct DeviceKernel {
    uint64_t entry; ///< What a kernel table names.
    void *handle;
};

/// One function table per arch and target. The caller serialises `run` calls on one device, and likewise `kernel_*`,
/// `orch_load` and `orch_unload` calls; these may overlap a run that uses neither. Everything else may be called at any
/// time between `open` and `close`, by any thread.
struct DeviceInterface {
    const char *target;
    const char *arch;
    uint32_t max_clusters;
    uint32_t max_devices;
    uint64_t max_memory_bytes;
    uint64_t default_memory_bytes; ///< Where the options say nothing.
    uint64_t default_heap_bytes;
    bool shares_memory; ///< Kernels reach the memory of other devices of this kind.

    pto_status (*open)(const DeviceConfig &config, Device **out, DeviceFailure *failure);
    /// Frees everything, healthy or not.
    void (*close)(Device *device);

    pto_status (*mem_alloc)(Device *device, uint64_t size_bytes, uint64_t *out_address, DeviceFailure *failure);
    void (*mem_free)(Device *device, uint64_t address);
    pto_status (*mem_zero)(Device *device, uint64_t address, uint64_t size_bytes, DeviceFailure *failure);
    pto_status (*copy_to)(Device *device, uint64_t destination, const void *source, std::size_t size,
                          DeviceFailure *failure);
    pto_status (*copy_from)(Device *device, void *destination, uint64_t source, std::size_t size,
                            DeviceFailure *failure);
    /// Whether an address is in the device's range at all, allocated or not.
    bool (*owns_address)(const Device *device, uint64_t address);

    pto_status (*kernel_load)(Device *device, const void *image, std::size_t size, DeviceKernel *out,
                              DeviceFailure *failure);
    void (*kernel_unload)(Device *device, const DeviceKernel &kernel);
    pto_status (*orch_load)(Device *device, const DeviceOrch &orch, DeviceFailure *failure);
    void (*orch_unload)(Device *device, int32_t callable_id);
    /// Orchestrations that the executor has loaded since the device was opened.
    uint64_t (*orch_loads)(const Device *device);

    void (*layout)(const Device *device, DeviceLayout *out);

    /// Runs to the end. The report is always filled.
    void (*run)(Device *device, const wire::LaunchBlock &launch, wire::ReportBlock *report);
    /// False once a run has left the device in a state that only `close` can end.
    bool (*is_healthy)(const Device *device);
};

/// The devices that this library was built for: one interface per arch and target, the default first.
struct DeviceList {
    const DeviceInterface *const *begin;
    std::size_t count;
};
DeviceList device_list();

} // namespace pto::host

#endif
