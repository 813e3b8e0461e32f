// SPDX-License-Identifier: Apache-2.0
// The headers say how much memory an image takes. Its tables are checked there, where they will be used: a file that
// changes meanwhile is still harmless. The record is written last.
#include "aicpu/elf/elf_loader.h"

#include "aicpu/elf/elf_bind.h"

namespace pto::inline PTO_ARCH::aicpu::elf {
namespace {

const char *name_of_protection(uint32_t protection)
{
    switch (protection) {
    case PTO_ELF_EXECUTE: return "executable";
    case PTO_ELF_READ_ONLY: return "read-only";
    default: return "writable";
    }
}

} // namespace

bool Loader::is_valid(const pto_elf_config &config)
{
    const uint64_t page_bytes = config.page_bytes == 0 ? kDefaultPageBytes : config.page_bytes;
    const auto address = reinterpret_cast<uint64_t>(config.memory);
    return config.struct_size == sizeof config && is_power_of_two(page_bytes) && page_bytes >= 64 && address != 0 &&
           address % page_bytes == 0 && config.memory_bytes != 0 && config.memory_bytes % page_bytes == 0 &&
           config.memory_bytes <= UINT64_MAX - address;
}

pto_status Loader::load(const FileBytes &file, LoadedImage **out, MessageBuffer message)
{
    Layout layout;
    if (!is_known(machine_))
        return refuse_orch(PTO_ERROR_INCOMPATIBLE_IMAGE, message,
                           "nothing is known of this machine: the image is not for %u (unknown)",
                           uint32_t{static_cast<uint16_t>(machine_)});
    if (const pto_status status = read_layout(file, machine_, &layout, message); status != PTO_OK)
        return status;
    if (config_.protect != nullptr) {
        if (const pto_status status = PageRuns(layout, config_.page_bytes).check(message); status != PTO_OK)
            return status;
    }
    LoadedImage *record = free_record();
    if (record == nullptr)
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message, "%u images are loaded, and no more can be",
                           PTO_ELF_MAX_IMAGES);
    if (const pto_status status = find_room(layout, record, message); status != PTO_OK)
        return status;
    memset(static_cast<std::byte *>(config_.memory) + record->offset, 0, record->size_bytes);
    const Image image(layout, record->origin);
    copy_segments(file, image);
    bool is_writable = true;
    pto_status status = bind_image(image, machine_, &record->symbols, message);
    if (status == PTO_OK)
        status = protect(*record, layout, &is_writable, message);
    if (status != PTO_OK)
        forget(record, is_writable);
    else
        *out = record;
    return status;
}

/// Memory that nobody can write is of no use to others.
void Loader::forget(LoadedImage *image, bool is_writable)
{
    if (is_writable)
        *image = {};
    else
        image->symbols = {};
}

const void *Loader::find(const LoadedImage *image, const char *symbol, bool *out_is_function) const
{
    const uint32_t index = is_loaded(image) ? image->symbols.find(symbol) : 0;
    if (index == 0)
        return nullptr;
    const Symbol found = image->symbols.at(index);
    *out_is_function = found.type() == kTypeFunction;
    return reinterpret_cast<const void *>(reinterpret_cast<uint64_t>(image->origin) + found.address);
}

void Loader::unload(LoadedImage *image)
{
    if (!is_loaded(image))
        return;
    forget(image, make_writable(*image, image->size_bytes));
}

uint64_t Loader::used_bytes() const
{
    uint64_t size_bytes = 0;
    for (const LoadedImage &image : images_)
        size_bytes += image.size_bytes;
    return size_bytes;
}

bool Loader::is_loaded(const LoadedImage *image) const
{
    for (const LoadedImage &candidate : images_) {
        if (&candidate == image)
            return candidate.size_bytes != 0 && candidate.symbols.count() != 0;
    }
    return false;
}

LoadedImage *Loader::free_record()
{
    for (LoadedImage &image : images_) {
        if (image.size_bytes == 0)
            return &image;
    }
    return nullptr;
}

bool Loader::is_free(uint64_t offset, uint64_t size_bytes) const
{
    for (const LoadedImage &image : images_) {
        if (offset < image.offset + image.size_bytes && image.offset < offset + size_bytes)
            return false;
    }
    return true;
}

/// Whether there is room at the first place from `from` on where the image may begin.
bool Loader::fits(uint64_t from, uint64_t size_bytes, const Layout &layout, uint64_t *out_offset) const
{
    const uint64_t mask = (layout.alignment > config_.page_bytes ? layout.alignment : config_.page_bytes) - 1;
    const uint64_t first = PageRuns(layout, config_.page_bytes).range().begin;
    const uint64_t skipped = (first - (reinterpret_cast<uint64_t>(config_.memory) + from)) & mask;
    const uint64_t rest = config_.memory_bytes - from;
    if (skipped > rest || size_bytes > rest - skipped)
        return false;
    *out_offset = from + skipped;
    return is_free(*out_offset, size_bytes);
}

/// First fit: at the beginning of the memory or behind an image, whichever comes first.
pto_status Loader::find_room(const Layout &layout, LoadedImage *out, MessageBuffer message) const
{
    const AddressRange pages = PageRuns(layout, config_.page_bytes).range();
    const uint64_t size_bytes = pages.end - pages.begin;
    uint64_t offset = 0;
    bool found = fits(0, size_bytes, layout, &offset);
    for (const LoadedImage &image : images_) {
        uint64_t behind = 0;
        if (image.size_bytes == 0 || !fits(image.offset + image.size_bytes, size_bytes, layout, &behind))
            continue;
        offset = !found || behind < offset ? behind : offset;
        found = true;
    }
    if (!found)
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message,
                           "there is no room for %llu bytes aligned to %llu: %llu of %llu bytes are taken",
                           Printed{size_bytes}, Printed{layout.alignment}, Printed{used_bytes()},
                           Printed{config_.memory_bytes});
    out->offset = offset;
    out->size_bytes = size_bytes;
    out->origin = reinterpret_cast<std::byte *>(reinterpret_cast<uint64_t>(config_.memory) + offset - pages.begin);
    return PTO_OK;
}

/// All of the image is writable before, and again after a failure, unless that is refused too.
pto_status Loader::protect(const LoadedImage &image, const Layout &layout, bool *out_is_writable,
                           MessageBuffer message) const
{
    if (config_.protect == nullptr)
        return PTO_OK;
    PageRuns runs(layout, config_.page_bytes);
    PageRun run;
    while (runs.next(&run)) {
        if (run.protection == PTO_ELF_READ_WRITE)
            continue;
        const uint64_t size_bytes = run.range.end - run.range.begin;
        void *address = reinterpret_cast<void *>(reinterpret_cast<uint64_t>(image.origin) + run.range.begin);
        const int32_t answer = config_.protect(config_.self, address, size_bytes, run.protection);
        if (answer == 0)
            continue;
        const uint64_t done = reinterpret_cast<uint64_t>(address) - reinterpret_cast<uint64_t>(config_.memory) -
                              image.offset + size_bytes;
        *out_is_writable = make_writable(image, done);
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message,
                           "%llu bytes at address 0x%llx of the image cannot be made %s: the answer is %d",
                           Printed{size_bytes}, Printed{run.range.begin}, name_of_protection(run.protection), answer);
    }
    return PTO_OK;
}

bool Loader::make_writable(const LoadedImage &image, uint64_t size_bytes) const
{
    if (config_.protect == nullptr)
        return true;
    void *address = static_cast<std::byte *>(config_.memory) + image.offset;
    return config_.protect(config_.self, address, size_bytes, PTO_ELF_READ_WRITE) == 0;
}

} // namespace pto::inline PTO_ARCH::aicpu::elf
