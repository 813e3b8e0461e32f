// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_ELF_ELF_PAGES_H
#define PTO_AICPU_ELF_ELF_PAGES_H

#include "aicpu/elf/elf_layout.h"
#include "pto/firmware.h"

namespace pto::inline PTO_ARCH::aicpu::elf {

/// Whole pages of an image that are used for the same.
struct PageRun {
    AddressRange range;
    uint32_t protection; ///< One of `enum pto_elf_protection_code`.
};

/// The pages of an image in order, none left out: first those of the first segment. Between segments there are
/// constants, zeros.
class PageRuns {
public:
    PageRuns(const Layout &layout, uint64_t page_bytes) : layout_(layout), page_bytes_(page_bytes), next_(range().begin)
    {
    }

    /// The pages that the image touches.
    AddressRange range() const { return pages_of(layout_.range()); }

    /// Segments that are used for different things have no page in common. PTO_ERROR_LOAD_FAILED
    pto_status check(MessageBuffer message) const;

    /// False behind the last run.
    bool next(PageRun *out);

private:
    AddressRange pages_of(const AddressRange &range) const
    {
        return {range.begin & ~(page_bytes_ - 1), (range.end + page_bytes_ - 1) & ~(page_bytes_ - 1)};
    }
    AddressRange relro_pages() const;

    const Layout &layout_;
    uint64_t page_bytes_;
    uint64_t next_;
};

} // namespace pto::inline PTO_ARCH::aicpu::elf

#endif
