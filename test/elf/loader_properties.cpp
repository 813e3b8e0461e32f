// SPDX-License-Identifier: Apache-2.0
#include "loader_properties.hpp"

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace pto::test {
namespace {

using namespace aicpu::elf;

constexpr std::size_t kMemoryBytes = 128 * 1024;
constexpr std::size_t kGuardBytes = 4096;
constexpr uint8_t kGuard = 0xc7;
constexpr std::size_t kLeastPageBytes = 256;

struct alignas(64 * 1024) Memory {
    uint8_t before[64 * 1024]; ///< Guards next to the memory; the rest is for its alignment.
    uint8_t bytes[kMemoryBytes];
    uint8_t behind[kGuardBytes];
    uint8_t *guard_before() { return before + sizeof before - kGuardBytes; }
};

Memory memory;
uint8_t protections[kMemoryBytes / kLeastPageBytes];
uint8_t first_content[kMemoryBytes];

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                        \
            std::abort();                                                                                              \
        }                                                                                                              \
    } while (false)

struct Hook {
    const LoadMode &mode;
    uint32_t calls = 0;
    uint32_t refused = 0;
    bool is_stuck = false; ///< Memory could not be made writable again.

    static int32_t protect(void *self, void *address, uint64_t size_bytes, uint32_t protection)
    {
        auto &hook = *static_cast<Hook *>(self);
        const auto offset = static_cast<uint64_t>(static_cast<uint8_t *>(address) - memory.bytes);
        EXPECT(offset <= kMemoryBytes && size_bytes <= kMemoryBytes - offset && size_bytes > 0);
        EXPECT(offset % hook.mode.page_bytes == 0 && size_bytes % hook.mode.page_bytes == 0);
        EXPECT(protection <= PTO_ELF_EXECUTE);
        if ((hook.mode.refused_calls >> (hook.calls++ & 31) & 1) != 0) {
            hook.refused++;
            hook.is_stuck = hook.is_stuck || protection == PTO_ELF_READ_WRITE;
            return -5;
        }
        std::memset(protections + offset / kLeastPageBytes, static_cast<int>(protection), size_bytes / kLeastPageBytes);
        return 0;
    }
};

bool is_all(const uint8_t *bytes, std::size_t size, uint8_t value)
{
    return size == 0 || (bytes[0] == value && std::memcmp(bytes, bytes + 1, size - 1) == 0);
}

uint32_t protection_at(const void *address)
{
    return protections[static_cast<std::size_t>(static_cast<const uint8_t *>(address) - memory.bytes) /
                       kLeastPageBytes];
}

const std::byte *at(const LoadedImage &image, uint64_t address)
{
    return reinterpret_cast<const std::byte *>(reinterpret_cast<uint64_t>(image.origin) + address);
}

class Check {
public:
    Check(const uint8_t *data, std::size_t size, const LoadMode &mode)
        : mode_(mode), data_(data), size_(size), hook_{mode},
          loader_({sizeof(pto_elf_config), mode.page_bytes, memory.bytes, kMemoryBytes, &hook_,
                   mode.is_protected ? Hook::protect : nullptr},
                  mode.machine)
    {
    }

    LoadOutcome run(uint8_t content)
    {
        std::memset(memory.guard_before(), kGuard, kGuardBytes);
        std::memset(memory.behind, kGuard, kGuardBytes);
        std::memset(memory.bytes, content, kMemoryBytes);
        std::memset(protections, PTO_ELF_READ_WRITE, sizeof protections);
        LoadOutcome outcome{};
        std::memset(outcome.message, 'x', sizeof outcome.message);
        LoadedImage *image = nullptr;
        outcome.status = loader_.load({reinterpret_cast<const std::byte *>(data_), size_}, &image,
                                      {outcome.message, sizeof outcome.message});
        check_guards();
        if (outcome.status != PTO_OK) {
            check_failure(outcome);
            return outcome;
        }
        outcome.message[0] = '\0';
        EXPECT(image != nullptr && loader_.used_bytes() == image->size_bytes && hook_.refused == 0);
        check_content(*image);
        outcome.found = check_symbols(*image);
        keep_or_compare(*image, content);
        loader_.unload(image);
        check_guards();
        check_free();
        bool is_function = false;
        EXPECT(loader_.find(image, "", &is_function) == nullptr);
        return outcome;
    }

private:
    void check_guards()
    {
        EXPECT(is_all(memory.guard_before(), kGuardBytes, kGuard));
        EXPECT(is_all(memory.behind, kGuardBytes, kGuard));
    }

    void check_failure(const LoadOutcome &outcome)
    {
        EXPECT(outcome.status == PTO_ERROR_INVALID_IMAGE || outcome.status == PTO_ERROR_INCOMPATIBLE_IMAGE ||
               outcome.status == PTO_ERROR_LOAD_FAILED);
        const std::size_t length = strnlen(outcome.message, sizeof outcome.message);
        EXPECT(length > 10 && length < sizeof outcome.message);
        EXPECT(hook_.refused == 0 || outcome.status == PTO_ERROR_LOAD_FAILED);
        check_free();
    }

    void check_free()
    {
        if (hook_.is_stuck) {
            EXPECT(loader_.used_bytes() > 0);
            return;
        }
        EXPECT(loader_.used_bytes() == 0);
        EXPECT(is_all(protections, sizeof protections, PTO_ELF_READ_WRITE));
    }

    void check_content(const LoadedImage &image)
    {
        Layout layout;
        char message[192];
        const FileBytes file{reinterpret_cast<const std::byte *>(data_), size_};
        EXPECT(read_layout(file, mode_.machine, &layout, {message, sizeof message}) == PTO_OK);
        uint64_t end = layout.segments[0].range.begin;
        for (uint32_t i = 0; i < layout.segment_count; i++) {
            const Segment &segment = layout.segments[i];
            const std::byte *bytes = at(image, segment.range.begin);
            check_gap(image, {end, segment.range.begin});
            end = segment.range.end;
            check_protection(image, segment, layout);
            if (segment.is_writable())
                continue;
            EXPECT(std::memcmp(bytes, file.data + segment.offset, segment.file_bytes) == 0);
            EXPECT(is_all(reinterpret_cast<const uint8_t *>(bytes) + segment.file_bytes,
                          segment.range.end - segment.range.begin - segment.file_bytes, 0));
        }
    }

    /// What is between segments is zero.
    void check_gap(const LoadedImage &image, const AddressRange &gap)
    {
        EXPECT(is_all(reinterpret_cast<const uint8_t *>(at(image, gap.begin)), gap.end - gap.begin, 0));
    }

    void check_protection(const LoadedImage &image, const Segment &segment, const Layout &layout)
    {
        if (!mode_.is_protected)
            return;
        const uint64_t step = mode_.page_bytes;
        for (uint64_t address = segment.range.begin; address < segment.range.end;
             address = (address / step + 1) * step) {
            const uint32_t protection = protection_at(at(image, address));
            const uint64_t page_end = (address / step + 1) * step;
            if (segment.is_executable())
                EXPECT(protection == PTO_ELF_EXECUTE);
            else if (!segment.is_writable())
                EXPECT(protection == PTO_ELF_READ_ONLY);
            else if (page_end - step >= layout.relro.begin && page_end <= layout.relro.end)
                EXPECT(protection == PTO_ELF_READ_ONLY);
            else if (address < layout.relro.begin || address >= layout.relro.end)
                EXPECT(protection == PTO_ELF_READ_WRITE);
        }
    }

    uint32_t check_symbols(const LoadedImage &image)
    {
        uint32_t found = 0;
        const auto *begin = memory.bytes + image.offset;
        const uint32_t count = image.symbols.count() < 256 ? image.symbols.count() : 256;
        for (uint32_t i = 0; i < count; i++) {
            const char *name = image.symbols.name_of(image.symbols.at(i));
            bool is_function = false;
            const auto *address = static_cast<const uint8_t *>(loader_.find(&image, name, &is_function));
            if (address == nullptr)
                continue;
            found++;
            EXPECT(address >= begin && address <= begin + image.size_bytes);
            if (is_function && mode_.is_protected)
                EXPECT(protection_at(address) == PTO_ELF_EXECUTE);
        }
        bool is_function = false;
        EXPECT(loader_.find(&image, "no object has \x01 such \x02 a name", &is_function) == nullptr);
        return found;
    }

    void keep_or_compare(const LoadedImage &image, uint8_t content)
    {
        if (content == 0)
            std::memcpy(first_content, memory.bytes + image.offset, image.size_bytes);
        else
            EXPECT(std::memcmp(first_content, memory.bytes + image.offset, image.size_bytes) == 0);
        // Nothing outside the image is touched.
        EXPECT(is_all(memory.bytes, image.offset, content));
        EXPECT(is_all(memory.bytes + image.offset + image.size_bytes, kMemoryBytes - image.offset - image.size_bytes,
                      content));
    }

    const LoadMode mode_;
    const uint8_t *data_;
    std::size_t size_;
    Hook hook_;
    Loader loader_;
};

} // namespace

LoadMode mode_of(const uint8_t *data, std::size_t size)
{
    const uint32_t choice = size == 0 ? 0 : data[size - 1];
    const bool is_aarch64 = size > 18 && data[18] == static_cast<uint8_t>(Machine::kAarch64);
    return {
        .machine = is_aarch64 ? Machine::kAarch64 : Machine::kX86_64,
        .page_bytes = (choice & 1) != 0 ? 4096u : 256u,
        .is_protected = (choice & 2) == 0,
        .refused_calls = choice >> 2,
    };
}

LoadOutcome check_loader(const uint8_t *data, std::size_t size, const LoadMode &mode)
{
    std::vector<uint8_t> original;
    if (data != nullptr)
        original.assign(data, data + size);
    const LoadOutcome first = Check(data, size, mode).run(0);
    const LoadOutcome second = Check(data, size, mode).run(0xa5);
    EXPECT(first.status == second.status && first.found == second.found);
    EXPECT(std::strcmp(first.message, second.message) == 0);
    EXPECT(original.empty() || std::memcmp(original.data(), data, size) == 0);
    return first;
}

} // namespace pto::test
