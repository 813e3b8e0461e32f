// SPDX-License-Identifier: Apache-2.0
#include "aicpu/elf/elf_bind.h"

#include "aicpu/elf/elf_relocate.h"

namespace pto::inline PTO_ARCH::aicpu::elf {

void copy_segments(const FileBytes &file, const Image &image)
{
    const Layout &layout = image.layout();
    for (uint32_t i = 0; i < layout.segment_count; i++) {
        const Segment &segment = layout.segments[i];
        memcpy(image.at(segment.range.begin), file.data + segment.offset, segment.file_bytes);
    }
}

pto_status bind_image(const Image &image, Machine machine, SymbolTable *out, MessageBuffer message)
{
    DynamicTables tables{};
    if (const pto_status status = read_dynamic(image, &tables, message); status != PTO_OK)
        return status;
    if (const pto_status status = out->open(image, tables, message); status != PTO_OK)
        return status;
    return relocate({image, tables, *out, machine}, message);
}

} // namespace pto::inline PTO_ARCH::aicpu::elf
