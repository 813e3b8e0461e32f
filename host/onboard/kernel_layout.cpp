// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/kernel_layout.h"

#include "aicpu/elf/elf_bind.h"

#include <cstdio>

namespace pto::inline PTO_ARCH::onboard {
namespace {

constexpr char kEntry[] = "kernel_entry";

aicpu::elf::MessageBuffer message_of(host::DeviceFailure *failure)
{
    return {failure->message, sizeof failure->message};
}

} // namespace

pto_status KernelLayout::open(const void *image, std::size_t size, uint16_t machine, host::DeviceFailure *failure)
{
    file_ = {static_cast<const std::byte *>(image), size};
    machine_ = static_cast<aicpu::elf::Machine>(machine);
    return aicpu::elf::read_layout(file_, machine_, &layout_, message_of(failure));
}

uint64_t KernelLayout::size_bytes() const
{
    const aicpu::elf::AddressRange range = layout_.range();
    return range.end - range.begin + layout_.alignment - 1;
}

pto_status KernelLayout::lay_out(uint64_t address, uint64_t *out_entry, host::DeviceFailure *failure)
{
    const aicpu::elf::AddressRange range = layout_.range();
    target_ = address + ((range.begin - address) & (layout_.alignment - 1));
    content_.assign(range.end - range.begin, std::byte{0});
    auto *origin = reinterpret_cast<std::byte *>(reinterpret_cast<uint64_t>(content_.data()) - range.begin);
    const aicpu::elf::Image image(layout_, origin, target_ - range.begin);
    aicpu::elf::copy_segments(file_, image);
    aicpu::elf::SymbolTable symbols;
    const pto_status status = aicpu::elf::bind_image(image, machine_, &symbols, message_of(failure));
    if (status != PTO_OK)
        return status;
    const uint32_t index = symbols.find(kEntry);
    if (index != 0 && symbols.at(index).type() == aicpu::elf::kTypeFunction) {
        *out_entry = image.loaded_address(symbols.at(index).address);
        return PTO_OK;
    }
    std::snprintf(failure->message, sizeof failure->message,
                  index == 0 ? "the image has no symbol '%s'" : "the symbol '%s' is not a function", kEntry);
    return PTO_ERROR_MISSING_ENTRY;
}

} // namespace pto::inline PTO_ARCH::onboard
