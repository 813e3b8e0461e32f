// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_PREPARED_CALLABLE_H
#define PTO_HOST_PREPARED_CALLABLE_H

#include "host/device_buffer.h"
#include "host/host_orchestration.h"
#include "host/image_store.h"
#include "host/staging_set.h"
#include "pto/pto.h"

#include <array>
#include <string>

namespace pto::host {

/// Runs of one callable that can be on the device with what they need: the one that executes and those staged ahead.
inline constexpr uint32_t kStagingSets = 4;

/// Everything that a prepared callable holds. Destroying it gives all of it back, so a prepare that fails half way
/// leaves nothing behind.
class PreparedCallable {
public:
    /// What staging knows of one tensor parameter.
    struct Param {
        uint8_t direction;
        uint8_t dtype;
        uint8_t ndims;
        std::pmr::string name;
    };

    PreparedCallable(Allocator &allocator, const DeviceInterface &device, Device *handle);
    ~PreparedCallable();
    PreparedCallable(const PreparedCallable &) = delete;
    PreparedCallable &operator=(const PreparedCallable &) = delete;

    /// Uploads images and loads the orchestration. On failure the object is only good for being destroyed.
    /// `recorder` is for callables whose graphs are built on the host, nullptr for others.
    pto_status set_up(int32_t callable_id, const pto_callable &callable, ImageStore &images,
                      const GraphRecorder *recorder, DeviceFailure *failure);

    /// Name of a kernel, "" when it has none or does not exist.
    const char *kernel_name(int32_t func_id) const;

    const std::pmr::vector<Param> &tensors() const { return tensors_; }
    uint32_t scalar_count() const { return scalar_count_; }
    uint64_t kernel_table() const { return kernel_table_.address(); }
    uint32_t kernel_count() const { return kernel_count_; }
    uint64_t staging_bytes() const;
    /// nullptr when graphs are built on the device.
    HostOrchestration *host_orchestration() const { return host_; }

    // The context's lock guards what follows.

    /// A set that is free, nullptr when there is none. The first ones are taken first: their buffers have grown.
    StagingSet *take_set();
    uint32_t taken_sets() const;
    /// Gives back the device memory of free sets beyond the first, which no single run needs. False: there was none.
    bool trim_sets();

    uint32_t runs_under_way = 0;

private:
    struct NamedKernel {
        uint32_t func_id;
        std::pmr::string name;
        ImageStore::Ref image;
    };

    pto_status set_up_kernels(const pto_callable &callable, ImageStore &images, DeviceFailure *failure);
    OrchPromise promise_of(const pto_callable &callable) const;
    pto_status set_up_orchestration(int32_t callable_id, const pto_callable &callable, ImageStore &images,
                                    DeviceFailure *failure);
    pto_status set_up_on_host(int32_t callable_id, const pto_callable &callable, const GraphRecorder &recorder,
                              DeviceFailure *failure);
    void set_up_params(const pto_callable &callable);

    Allocator &allocator_;
    const DeviceInterface &device_;
    Device *handle_;
    HostOrchestration *host_ = nullptr;
    std::pmr::vector<wire::KernelEntry> table_; ///< By func id.
    int32_t loaded_id_ = -1;                    ///< Slot of the executor that holds the orchestration.
    std::pmr::vector<NamedKernel> kernels_;
    ImageStore::Ref orch_;
    std::pmr::vector<Param> tensors_;
    uint32_t scalar_count_ = 0;
    uint32_t kernel_count_ = 0;
    DeviceBuffer kernel_table_;
    std::array<StagingSet, kStagingSets> sets_;
};

} // namespace pto::host

#endif
