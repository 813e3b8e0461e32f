// SPDX-License-Identifier: Apache-2.0
#include "aicpu/linux/image_name.h"

#include "aicpu/elf/elf_format.h"
#include "engine/base/memory.h"

namespace pto::dispatcher {
namespace {

namespace elf = aicpu::elf;

constexpr uint32_t kProgramNote = 4;
constexpr uint32_t kNoteBuildId = 3;
constexpr uint64_t kTagStringTable = 5, kTagSoname = 14;
constexpr uint32_t kBuildIdBytes = 8; ///< Of it in the name.

/// Elf64_Nhdr
struct NoteHeader {
    uint32_t name_bytes;
    uint32_t content_bytes;
    uint32_t type;
};

class Image {
public:
    Image(const void *bytes, uint64_t size) : bytes_(static_cast<const uint8_t *>(bytes)), size_(size) {}

    bool is_shared_object()
    {
        return read(0, &header_) && memcmp(header_.ident, elf::kMagic, sizeof elf::kMagic) == 0 &&
               header_.ident[elf::kIdentClass] == elf::kClass64 && header_.type == elf::kSharedObject &&
               header_.program_bytes == sizeof(elf::ProgramHeader);
    }

    /// The first bytes of the build id; nullptr: there is none.
    const uint8_t *build_id() const
    {
        elf::ProgramHeader program;
        for (uint32_t i = 0; i < header_.program_count && read_program(i, &program); i++)
            if (program.type == kProgramNote)
                if (const uint8_t *id = build_id_in(program); id != nullptr)
                    return id;
        return nullptr;
    }

    /// The name of the object; nullptr: it has none.
    const char *soname() const
    {
        elf::ProgramHeader program;
        for (uint32_t i = 0; i < header_.program_count && read_program(i, &program); i++)
            if (program.type == elf::kProgramDynamic)
                return soname_in(program);
        return nullptr;
    }

private:
    bool has(uint64_t offset, uint64_t size) const { return offset <= size_ && size <= size_ - offset; }

    template <class T> bool read(uint64_t offset, T *out) const
    {
        if (!has(offset, sizeof *out))
            return false;
        memcpy(out, bytes_ + offset, sizeof *out);
        return true;
    }

    bool read_program(uint32_t index, elf::ProgramHeader *out) const
    {
        return header_.programs <= size_ && read(header_.programs + uint64_t{index} * sizeof *out, out);
    }

    const uint8_t *build_id_in(const elf::ProgramHeader &notes) const
    {
        if (!has(notes.offset, notes.file_bytes))
            return nullptr;
        NoteHeader note;
        for (uint64_t at = 0; at + sizeof note <= notes.file_bytes;) {
            read(notes.offset + at, &note);
            const uint64_t content = at + sizeof note + (uint64_t{note.name_bytes} + 3) / 4 * 4;
            const uint64_t next = content + (uint64_t{note.content_bytes} + 3) / 4 * 4;
            if (next > notes.file_bytes)
                return nullptr;
            const uint8_t *name = bytes_ + notes.offset + at + sizeof note;
            if (note.type == kNoteBuildId && note.name_bytes == 4 && memcmp(name, "GNU", 4) == 0 &&
                note.content_bytes >= kBuildIdBytes)
                return bytes_ + notes.offset + content;
            at = next;
        }
        return nullptr;
    }

    const char *soname_in(const elf::ProgramHeader &dynamic) const
    {
        uint64_t strings = 0, name = 0;
        elf::DynamicEntry entry{};
        for (uint64_t i = 0; i < dynamic.file_bytes / sizeof entry && read(dynamic.offset + i * sizeof entry, &entry);
             i++) {
            if (entry.tag == kTagStringTable)
                strings = entry.value;
            if (entry.tag == kTagSoname)
                name = entry.value;
        }
        uint64_t at = 0;
        if (name == 0 || !offset_of(strings, &at) || !has(at, name))
            return nullptr;
        for (uint64_t i = at + name; i < size_; i++)
            if (bytes_[i] == 0)
                return reinterpret_cast<const char *>(bytes_ + at + name);
        return nullptr;
    }

    /// Where in the file an address of the image lies.
    bool offset_of(uint64_t address, uint64_t *out) const
    {
        elf::ProgramHeader program;
        for (uint32_t i = 0; i < header_.program_count && read_program(i, &program); i++)
            if (program.type == elf::kProgramLoad && address - program.address < program.file_bytes) {
                *out = program.offset + (address - program.address);
                return true;
            }
        return false;
    }

    const uint8_t *bytes_;
    uint64_t size_;
    elf::FileHeader header_{};
};

/// What the vendor's software takes as a name of a file.
bool is_file_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '-' || letter == '_' || letter == '.';
}

} // namespace

void Name::add(char letter)
{
    is_valid_ = is_valid_ && size_ + 1 < kMaxNameBytes && is_file_letter(letter);
    if (is_valid_)
        text_[size_++] = letter;
}

void Name::add(const char *text)
{
    for (uint32_t i = 0; text[i] != '\0' && i < kMaxNameBytes; i++)
        add(text[i]);
}

void Name::add_hex(uint8_t byte)
{
    constexpr const char *kDigits = "0123456789abcdef";
    add(kDigits[byte >> 4]);
    add(kDigits[byte & 15]);
}

void Name::add_number(uint64_t value)
{
    uint64_t unit = 10'000'000'000'000'000'000u;
    for (uint32_t digit = 0; digit < 20; digit++, unit /= 10)
        if (value >= unit || unit == 1)
            add(static_cast<char>('0' + value / unit % 10));
}

void Name::drop_end(const char *end)
{
    std::size_t size = 0;
    for (uint32_t i = 0; end[i] != '\0' && i < kMaxNameBytes; i++)
        size++;
    if (size > size_ || memcmp(text_ + size_ - size, end, size) != 0)
        return;
    size_ -= size;
    text_[size_] = '\0';
}

bool name_image(const void *image, uint64_t image_bytes, uint64_t device, Name *out)
{
    Image object(image, image_bytes);
    if (!object.is_shared_object())
        return false;
    const char *name = object.soname();
    const uint8_t *build_id = object.build_id();
    if (name == nullptr || build_id == nullptr)
        return false;
    out->add(name);
    out->drop_end(".so");
    out->add("_");
    for (uint32_t i = 0; i < kBuildIdBytes; i++)
        out->add_hex(build_id[i]);
    out->add("_");
    out->add_number(device);
    out->add(".so");
    return out->is_valid();
}

} // namespace pto::dispatcher
