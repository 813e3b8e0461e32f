// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_ELF_ELF_LOADER_H
#define PTO_AICPU_ELF_ELF_LOADER_H

#include "aicpu/elf/elf_pages.h"
#include "aicpu/elf/elf_symbols.h"

namespace pto::inline PTO_ARCH::aicpu::elf {

/// A range of the loader's memory that an image has.
struct LoadedImage {
    uint64_t offset;
    uint64_t size_bytes; ///< 0: the record is free.
    std::byte *origin;   ///< Where address 0 of the image would lie.
    SymbolTable symbols; ///< Empty: the memory is lost, because it could not be made writable again.
};

/// Images in one range of memory. What no record has is free, so giving memory back is forgetting a record, and free
/// neighbours need not be joined.
class Loader {
public:
    Loader(const pto_elf_config &config, Machine machine) : config_(config), machine_(machine)
    {
        if (config_.page_bytes == 0)
            config_.page_bytes = kDefaultPageBytes;
    }

    static bool is_valid(const pto_elf_config &config);

    /// Loads a copy of an image, or changes nothing but the content of free memory and says why. Nothing of it runs.
    pto_status load(const FileBytes &file, LoadedImage **out, MessageBuffer message);
    /// What the image exports under a name; nullptr: nothing.
    const void *find(const LoadedImage *image, const char *symbol, bool *out_is_function) const;
    /// What is not loaded is ignored.
    void unload(LoadedImage *image);

    /// Bytes that images have, those that are lost included.
    uint64_t used_bytes() const;

private:
    static constexpr uint32_t kDefaultPageBytes = 4096;

    bool is_loaded(const LoadedImage *image) const;
    LoadedImage *free_record();
    bool is_free(uint64_t offset, uint64_t size_bytes) const;
    bool fits(uint64_t from, uint64_t size_bytes, const Layout &layout, uint64_t *out_offset) const;
    pto_status find_room(const Layout &layout, LoadedImage *out, MessageBuffer message) const;
    pto_status protect(const LoadedImage &image, const Layout &layout, bool *out_is_writable,
                       MessageBuffer message) const;
    static void forget(LoadedImage *image, bool is_writable);
    bool make_writable(const LoadedImage &image, uint64_t size_bytes) const;

    pto_elf_config config_;
    Machine machine_;
    LoadedImage images_[PTO_ELF_MAX_IMAGES] = {};
};

} // namespace pto::inline PTO_ARCH::aicpu::elf

#endif
