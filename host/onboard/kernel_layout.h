// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_KERNEL_LAYOUT_H
#define PTO_HOST_ONBOARD_KERNEL_LAYOUT_H

#include "aicpu/elf/elf_symbols.h"
#include "host/device_failure.h"

#include <vector>

namespace pto::inline PTO_ARCH::onboard {

/// A kernel's shared object, laid out for an address of the device: what it looks like there once it is bound, although
/// it lies in the host's memory.
class KernelLayout {
public:
    /// Reads the headers. `machine` is the cores': what is for another one is refused.
    pto_status open(const void *image, std::size_t size, uint16_t machine, host::DeviceFailure *failure);

    /// Room that the kernel takes on the device, wherever the memory begins.
    uint64_t size_bytes() const;

    /// Lays the kernel out for memory at `address`, and finds `kernel_entry`.
    pto_status lay_out(uint64_t address, uint64_t *out_entry, host::DeviceFailure *failure);

    /// What to copy to where; valid after lay_out().
    uint64_t target() const { return target_; }
    const std::vector<std::byte> &content() const { return content_; }

private:
    aicpu::elf::FileBytes file_{};
    aicpu::elf::Machine machine_{};
    aicpu::elf::Layout layout_{};
    uint64_t target_ = 0;
    std::vector<std::byte> content_;
};

} // namespace pto::inline PTO_ARCH::onboard

#endif
