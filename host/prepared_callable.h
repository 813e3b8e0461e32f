// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_PREPARED_CALLABLE_H
#define PTO_HOST_PREPARED_CALLABLE_H

#include "host/device_buffer.h"
#include "host/image_store.h"
#include "pto/pto.h"

#include <string>

namespace pto::host {

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
        DeviceBuffer staging; ///< Device copy of a host tensor, kept for the next run.
    };

    PreparedCallable(Allocator &allocator, const DeviceInterface &device, Device *handle);
    ~PreparedCallable();
    PreparedCallable(const PreparedCallable &) = delete;
    PreparedCallable &operator=(const PreparedCallable &) = delete;

    /// Uploads images and loads the orchestration. On failure the object is only good for being destroyed.
    pto_status set_up(int32_t callable_id, const pto_callable &callable, ImageStore &images, DeviceFailure *failure);

    /// Name of a kernel, "" when it has none or does not exist.
    const char *kernel_name(int32_t func_id) const;

    std::pmr::vector<Param> &tensors() { return tensors_; }
    uint32_t scalar_count() const { return scalar_count_; }
    uint64_t kernel_table() const { return kernel_table_.address(); }
    uint32_t kernel_count() const { return kernel_count_; }
    uint64_t args_address() const { return args_.address(); }
    uint64_t staging_bytes() const;

private:
    struct NamedKernel {
        uint32_t func_id;
        std::pmr::string name;
        ImageStore::Ref image;
    };

    pto_status set_up_kernels(const pto_callable &callable, ImageStore &images, DeviceFailure *failure);
    pto_status set_up_orchestration(int32_t callable_id, const pto_callable &callable, ImageStore &images,
                                    DeviceFailure *failure);
    void set_up_params(const pto_callable &callable);

    const DeviceInterface &device_;
    Device *handle_;
    int32_t loaded_id_ = -1; ///< Slot of the executor that holds the orchestration.
    std::pmr::vector<NamedKernel> kernels_;
    ImageStore::Ref orch_;
    std::pmr::vector<Param> tensors_;
    uint32_t scalar_count_ = 0;
    uint32_t kernel_count_ = 0;
    DeviceBuffer kernel_table_;
    DeviceBuffer args_;
};

} // namespace pto::host

#endif
