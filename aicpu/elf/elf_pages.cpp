// SPDX-License-Identifier: Apache-2.0
#include "aicpu/elf/elf_pages.h"

namespace pto::inline PTO_ARCH::aicpu::elf {
namespace {

uint32_t protection_of(const Segment &segment)
{
    return segment.is_executable() ? PTO_ELF_EXECUTE : segment.is_writable() ? PTO_ELF_READ_WRITE : PTO_ELF_READ_ONLY;
}

} // namespace

pto_status PageRuns::check(MessageBuffer message) const
{
    for (uint32_t i = 1; i < layout_.segment_count; i++) {
        const Segment &before = layout_.segments[i - 1];
        const Segment &segment = layout_.segments[i];
        if (pages_of(before.range).end > pages_of(segment.range).begin &&
            protection_of(before) != protection_of(segment))
            return refuse_orch(
                PTO_ERROR_LOAD_FAILED, message,
                "segments %u and %u share a page of %llu bytes at address 0x%llx: link with larger pages", i - 1, i,
                Printed{page_bytes_}, Printed{pages_of(segment.range).begin});
    }
    return PTO_OK;
}

/// Pages where nothing else is that is written. Linkers begin the range with a segment and end it with a page.
AddressRange PageRuns::relro_pages() const
{
    const AddressRange &relro = layout_.relro;
    if (relro.empty())
        return relro;
    AddressRange pages = {pages_of({relro.begin, relro.begin}).end, relro.end & ~(page_bytes_ - 1)};
    for (uint32_t i = 0; i < layout_.segment_count; i++) {
        const AddressRange &range = layout_.segments[i].range;
        const AddressRange own = pages_of(range);
        if (!range.holds(relro.begin, 1))
            continue;
        const bool is_first_there = i == 0 || pages_of(layout_.segments[i - 1].range).end <= own.begin;
        const bool is_last_there =
            i + 1 == layout_.segment_count || pages_of(layout_.segments[i + 1].range).begin >= own.end;
        if (relro.begin == range.begin && is_first_there)
            pages.begin = own.begin;
        if (relro.end == range.end && is_last_there)
            pages.end = own.end;
    }
    return pages.begin < pages.end ? pages : AddressRange{};
}

bool PageRuns::next(PageRun *out)
{
    if (next_ >= range().end)
        return false;
    *out = {{next_, range().end}, PTO_ELF_READ_ONLY};
    for (uint32_t i = 0; i < layout_.segment_count; i++) {
        const AddressRange pages = pages_of(layout_.segments[i].range);
        if (next_ >= pages.end)
            continue;
        if (next_ < pages.begin) {
            out->range.end = pages.begin;
        } else {
            out->range.end = pages.end;
            out->protection = protection_of(layout_.segments[i]);
        }
        break;
    }
    const AddressRange relro = relro_pages();
    if (next_ < relro.begin && out->range.end > relro.begin)
        out->range.end = relro.begin;
    if (!relro.empty() && next_ >= relro.begin && next_ < relro.end) {
        out->range.end = relro.end;
        out->protection = PTO_ELF_READ_ONLY;
    }
    next_ = out->range.end;
    return true;
}

} // namespace pto::inline PTO_ARCH::aicpu::elf
