// SPDX-License-Identifier: Apache-2.0
// Reads callables from packed ChipCallables. Nothing in the bytes is believed: every offset, size and count is checked
// against the real size before it is used, and each refusal names its field and where that is.
#include "host/chip_callable_format.h"
#include "host/image.h"
#include "host/image_format.h"

#include "pto/version.h"

#include <algorithm>
#include <bitset>
#include <span>

namespace pto::host {
namespace {

class ChipCallableReader {
public:
    ChipCallableReader(pto_image &image, const pto_import_options &options, pto_image_error *error)
        : image_(image), options_(options), error_(error)
    {
    }

    pto_status read()
    {
        pto_status status = read_header();
        if (status == PTO_OK)
            status = read_signature();
        if (status == PTO_OK)
            status = read_orchestration();
        if (status == PTO_OK)
            status = read_children();
        if (status == PTO_OK)
            status = check_parts();
        if (status == PTO_OK)
            fill_callable();
        return status;
    }

private:
    /// A range of the storage, and the child that it is: -1 is the orchestration.
    struct Part {
        uint64_t begin;
        uint64_t end;
        int32_t child;
    };

    bool begins_with(std::span<const char> magic) const
    {
        return image_.size >= magic.size() && std::memcmp(image_.bytes.get(), magic.data(), magic.size()) == 0;
    }

    /// What people give by mistake is told by its name: as a callable it is only a wrong number somewhere.
    pto_status read_header()
    {
        static constexpr char kElfMagic[] = {0x7f, 'E', 'L', 'F'};
        if (begins_with(kImageMagic))
            return image_error(error_, PTO_ERROR_INVALID_IMAGE,
                               "the bytes begin with \"PTOIMAGE\": they are an image already, not a ChipCallable");
        if (begins_with(kElfMagic))
            return image_error(error_, PTO_ERROR_INVALID_IMAGE,
                               "the bytes are a shared object or another ELF file, not a ChipCallable");
        if (image_.size < sizeof header_)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE,
                               "%zu bytes are too few for a ChipCallable, whose header has %zu", image_.size,
                               sizeof header_);
        std::memcpy(&header_, image_.bytes.get(), sizeof header_);
        storage_size_ = image_.size - sizeof header_;
        return PTO_OK;
    }

    /// The count of a signature is right behind its entries. `owner` is "" or "child 3: ".
    pto_status check_signature(const char *owner, std::span<const int32_t> entries, uint32_t count, std::size_t offset)
    {
        if (count > entries.size())
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "%ssig_count at offset %zu: %u is above %zu", owner,
                               offset + entries.size_bytes(), count, entries.size());
        for (uint32_t i = 0; i < count; i++)
            if (entries[i] < PTO_SCALAR_ARG || entries[i] > PTO_DIR_INOUT)
                return image_error(error_, PTO_ERROR_INVALID_IMAGE, "%ssignature[%u] at offset %zu: %d is no direction",
                                   owner, i, offset + i * 4, entries[i]);
        return PTO_OK;
    }

    pto_status read_signature()
    {
        const pto_status status =
            check_signature("", header_.signature, header_.sig_count, offsetof(ChipCallableHeader, signature));
        for (uint32_t i = 0; status == PTO_OK && i < header_.sig_count; i++)
            image_.params.push_back({static_cast<uint8_t>(header_.signature[i]), PTO_ANY_DTYPE, 0, 0, nullptr});
        return status;
    }

    /// The length of a name is right behind its 64 bytes.
    pto_status check_name(const char *field, std::span<const char> name, uint32_t length, std::size_t offset)
    {
        if (length >= name.size())
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "%s_len at offset %zu: %u is above %u", field,
                               offset + name.size(), length, PTO_MAX_NAME);
        const std::size_t end = strnlen(name.data(), name.size());
        if (end == name.size())
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "%s at offset %zu: no zero ends it", field, offset);
        if (end != length)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE,
                               "%s at offset %zu: it has %zu bytes up to its zero, %s_len says %u", field, offset, end,
                               field, length);
        return PTO_OK;
    }

    pto_status read_orchestration()
    {
        const pto_status status =
            check_name("func_name", header_.func_name, header_.func_name_len, offsetof(ChipCallableHeader, func_name));
        if (status != PTO_OK)
            return status;
        if (header_.func_name_len == 0)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "func_name at offset %zu: it is empty",
                               offsetof(ChipCallableHeader, func_name));
        if (header_.orch_size == 0 || header_.orch_size > storage_size_)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE,
                               "orchestration size at offset %zu: %u bytes are not in a storage of %llu",
                               offsetof(ChipCallableHeader, orch_size), header_.orch_size, storage_size_);
        parts_.push_back({0, header_.orch_size, -1});
        return check_name("config_name", header_.config_name, header_.config_name_len,
                          offsetof(ChipCallableHeader, config_name));
    }

    pto_status read_children()
    {
        if (header_.child_count > PTO_MAX_FUNC_IDS)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "child_count at offset %zu: %u is above %u",
                               offsetof(ChipCallableHeader, child_count), header_.child_count, PTO_MAX_FUNC_IDS);
        std::bitset<PTO_MAX_FUNC_IDS> seen;
        for (uint32_t i = 0; i < header_.child_count; i++) {
            const int32_t func_id = header_.child_ids[i];
            const bool is_known = static_cast<uint32_t>(func_id) < PTO_MAX_FUNC_IDS;
            if (!is_known || seen.test(static_cast<uint32_t>(func_id)))
                return image_error(error_, PTO_ERROR_INVALID_IMAGE, "child_ids[%u] at offset %zu: func id %d is %s", i,
                                   offsetof(ChipCallableHeader, child_ids) + i * 4, func_id,
                                   is_known ? "used twice" : "not in 0..1023");
            seen.set(static_cast<uint32_t>(func_id));
            const pto_status status = read_child(i);
            if (status != PTO_OK)
                return status;
        }
        return PTO_OK;
    }

    pto_status read_child(uint32_t index)
    {
        CoreCallableHeader child;
        const uint64_t begin = header_.child_offsets[index];
        const std::size_t field = offsetof(ChipCallableHeader, child_offsets) + index * 4;
        if (begin % kChildAlignment != 0)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE,
                               "child_offsets[%u] at offset %zu: %llu is no multiple of %u", index, field,
                               static_cast<unsigned long long>(begin), kChildAlignment);
        if (begin > storage_size_ || storage_size_ - begin < sizeof child)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE,
                               "child_offsets[%u] at offset %zu: a child at %llu is not in a storage of %llu bytes",
                               index, field, static_cast<unsigned long long>(begin), storage_size_);
        const std::size_t at = sizeof header_ + static_cast<std::size_t>(begin);
        std::memcpy(&child, image_.bytes.get() + at, sizeof child);
        const std::string owner = "child " + std::to_string(index) + ": ";
        const pto_status status = check_signature(owner.c_str(), child.signature, child.sig_count, at);
        if (status != PTO_OK)
            return status;
        const uint64_t room = storage_size_ - begin - sizeof child;
        if (child.binary_size == 0 || child.binary_size > room)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE,
                               "%sbinary_size at offset %zu: %u bytes are not in the %llu behind its header",
                               owner.c_str(), at + offsetof(CoreCallableHeader, binary_size), child.binary_size,
                               static_cast<unsigned long long>(room));
        image_.kernels.push_back({static_cast<uint32_t>(header_.child_ids[index]), PTO_CORE_ANY, nullptr,
                                  image_.bytes.get() + at + sizeof child, child.binary_size});
        parts_.push_back({begin, begin + sizeof child + child.binary_size, static_cast<int32_t>(index)});
        return PTO_OK;
    }

    static std::string name_of(const Part &part)
    {
        return part.child < 0 ? "the orchestration" : "child " + std::to_string(part.child);
    }

    /// No byte belongs to two parts, and there is no more behind the last one than pads it to the alignment of another.
    pto_status check_parts()
    {
        std::sort(parts_.begin(), parts_.end(), [](const Part &a, const Part &b) { return a.begin < b.begin; });
        for (std::size_t i = 1; i < parts_.size(); i++)
            if (parts_[i].begin < parts_[i - 1].end)
                return image_error(error_, PTO_ERROR_INVALID_IMAGE, "%s at %llu of the storage overlaps %s, up to %llu",
                                   name_of(parts_[i]).c_str(), static_cast<unsigned long long>(parts_[i].begin),
                                   name_of(parts_[i - 1]).c_str(), static_cast<unsigned long long>(parts_[i - 1].end));
        const uint64_t rest = storage_size_ - parts_.back().end;
        if (rest >= kChildAlignment)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "%llu bytes behind %s, the last part, belong to none",
                               static_cast<unsigned long long>(rest), name_of(parts_.back()).c_str());
        return PTO_OK;
    }

    void fill_callable()
    {
        const auto text_at = [this](std::size_t offset) { return image_.bytes.get() + offset; };
        image_.name = options_.name == nullptr ? "" : options_.name;
        image_.arch = options_.arch == nullptr ? "" : options_.arch;
        image_.identity_text = "format: ChipCallable\narch: " + (image_.arch.empty() ? "any" : image_.arch) +
                               "\nimported by: pto " PTO_VERSION_STRING ", compiler " __VERSION__ "\n";
        image_.identity = image_.identity_text.c_str();
        pto_callable &callable = image_.callable;
        callable.orch_entry = text_at(offsetof(ChipCallableHeader, func_name));
        callable.name = image_.name.empty() ? callable.orch_entry : image_.name.c_str();
        callable.arch = image_.arch.empty() ? nullptr : image_.arch.c_str();
        if (header_.config_name_len > 0)
            callable.orch_config = text_at(offsetof(ChipCallableHeader, config_name));
        callable.orch_image = text_at(sizeof header_);
        callable.orch_image_bytes = header_.orch_size;
        callable.param_count = static_cast<uint32_t>(image_.params.size());
        callable.params = image_.params.data();
        callable.kernel_count = static_cast<uint32_t>(image_.kernels.size());
        callable.kernels = image_.kernels.data();
    }

    pto_image &image_;
    const pto_import_options &options_;
    pto_image_error *error_;
    ChipCallableHeader header_{};
    unsigned long long storage_size_ = 0;
    std::vector<Part> parts_;
};

} // namespace
} // namespace pto::host

pto_status pto_image_import(const void *bytes, size_t size, const pto_import_options *options, pto_image **out_image,
                            pto_image_error *error)
{
    static constexpr pto_import_options kDefaults = PTO_IMPORT_OPTIONS_INIT;
    const pto_import_options &chosen = options == nullptr ? kDefaults : *options;
    return pto::host::make_image(bytes, size, out_image, error, [&](pto_image &image) {
        if (chosen.struct_size != sizeof chosen)
            return pto::host::image_error(error, PTO_ERROR_INVALID_ARGUMENT,
                                          "pto_import_options.struct_size is %u, not %zu", chosen.struct_size,
                                          sizeof chosen);
        return pto::host::ChipCallableReader(image, chosen, error).read();
    });
}
