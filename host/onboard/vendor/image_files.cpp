// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/image_files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>

namespace pto::vendor {
namespace {

/// Copies what lies in the file; false when it does not.
template <class T> bool read_at(const FileContent &file, uint64_t offset, T *out)
{
    if (offset > file.size() || sizeof *out > file.size() - offset)
        return false;
    std::memcpy(out, file.data() + offset, sizeof *out);
    return true;
}

bool read_header(const FileContent &file, Elf64_Ehdr *out)
{
    return read_at(file, 0, out) && std::memcmp(out->e_ident, ELFMAG, SELFMAG) == 0 &&
           out->e_ident[EI_CLASS] == ELFCLASS64 && out->e_ident[EI_DATA] == ELFDATA2LSB;
}

constexpr uint64_t padded(uint64_t size_bytes)
{
    return (size_bytes + 3) & ~uint64_t{3};
}

/// Looks through the notes of one segment.
std::string build_id_in(const FileContent &file, const Elf64_Phdr &segment)
{
    uint64_t offset = segment.p_offset;
    uint64_t left = segment.p_filesz;
    Elf64_Nhdr note;
    while (left >= sizeof note && read_at(file, offset, &note)) {
        const uint64_t content = sizeof note + padded(note.n_namesz);
        const uint64_t whole = content + padded(note.n_descsz);
        uint64_t digits = 0;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof "GNU" && note.n_descsz >= sizeof digits &&
            read_at(file, offset + content, &digits)) {
            char text[17];
            std::snprintf(text, sizeof text, "%016llx",
                          static_cast<unsigned long long>(__builtin_bswap64(digits))); // as tools print it
            return text;
        }
        if (whole > left)
            break;
        offset += whole;
        left -= whole;
    }
    return {};
}

} // namespace

std::string image_folder(const char *chosen)
{
    if (chosen != nullptr)
        return chosen;
    Dl_info info{};
    const bool is_known = dladdr(reinterpret_cast<const void *>(image_folder), &info) != 0 && info.dli_fname != nullptr;
    const std::string library = is_known ? info.dli_fname : "";
    const std::size_t slash = library.rfind('/');
    return (slash == std::string::npos ? std::string(".") : library.substr(0, slash)) + "/pto";
}

pto_status read_image_file(const std::string &path, FileContent *out, host::DeviceFailure *failure)
{
    out->clear();
    std::FILE *file = std::fopen(path.c_str(), "rbe");
    bool is_read = file != nullptr;
    while (is_read) {
        constexpr std::size_t kStep = std::size_t{1} << 18;
        const std::size_t before = out->size();
        out->resize(before + kStep);
        const std::size_t count = std::fread(out->data() + before, 1, kStep, file);
        out->resize(before + count);
        if (count < kStep) {
            is_read = std::ferror(file) == 0;
            break;
        }
    }
    const int reason = errno;
    if (file != nullptr)
        std::fclose(file);
    if (is_read)
        return PTO_OK;
    failure->raw = reason;
    std::snprintf(failure->message, sizeof failure->message, "%.120s cannot be read: %s", path.c_str(),
                  std::strerror(reason));
    return PTO_ERROR_SYSTEM;
}

pto_status compare_identities(const char *library, const char *image, host::DeviceFailure *failure)
{
    const auto is_silent = [](const char *identity) {
        return identity[0] == '\0' || std::strcmp(identity, "none") == 0;
    };
    if (is_silent(library) || is_silent(image) || std::strcmp(library, image) == 0)
        return PTO_OK;
    std::snprintf(failure->message, sizeof failure->message, "the image was built with %.70s, the library with %.70s",
                  image, library);
    return PTO_ERROR_INCOMPATIBLE_IMAGE;
}

uint16_t machine_of(const FileContent &file)
{
    Elf64_Ehdr header;
    return read_header(file, &header) ? header.e_machine : uint16_t{0};
}

std::string build_id_of(const FileContent &file)
{
    Elf64_Ehdr header;
    if (!read_header(file, &header) || header.e_phentsize != sizeof(Elf64_Phdr))
        return {};
    for (uint32_t i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;
        if (!read_at(file, header.e_phoff + i * sizeof segment, &segment))
            return {};
        if (segment.p_type != PT_NOTE)
            continue;
        if (std::string id = build_id_in(file, segment); !id.empty())
            return id;
    }
    return {};
}

} // namespace pto::vendor
