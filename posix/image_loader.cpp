// SPDX-License-Identifier: Apache-2.0
#include "posix/image_loader.h"

#include "posix/static_thread_local.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace pto::posix {
namespace {

PTO_STATIC_THREAD_LOCAL uint32_t thread_loads = 0;

bool write_all(int file, const void *bytes, std::size_t size)
{
    const auto *at = static_cast<const char *>(bytes);
    while (size > 0) {
        const ssize_t written = write(file, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        size -= static_cast<std::size_t>(written);
    }
    return true;
}

/// A path to the open file that no other load has used. The dynamic linker takes two equal paths for one object, even
/// when the descriptor has been reused for another file in between, so the path itself carries a number: its bits
/// choose between "/." and "/", which the kernel both skips.
std::string unique_path(int file)
{
    static std::atomic<uint64_t> serial{0};
    std::string path = "/proc/self/fd";
    for (uint64_t bits = serial.fetch_add(1, std::memory_order_relaxed) + 1; bits != 0; bits >>= 1)
        path += (bits & 1) != 0 ? "/." : "/";
    return path + "/" + std::to_string(file);
}

const char *elf_defect(const void *image, std::size_t size)
{
    Elf64_Ehdr header;
    if (size < sizeof header)
        return "it is shorter than an ELF header";
    std::memcpy(&header, image, sizeof header);
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return "it is not an ELF file";
    if (header.e_type != ET_DYN)
        return "it is not a shared object";
    // The dynamic linker maps what the headers promise; a file that ends before would fault when it is touched.
    const uint64_t table_end = header.e_phoff + uint64_t{header.e_phnum} * sizeof(Elf64_Phdr);
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > size || table_end > size)
        return "its program headers lie outside the file";
    for (uint32_t i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr segment;
        std::memcpy(&segment, static_cast<const char *>(image) + header.e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type == PT_LOAD && (segment.p_offset > size || segment.p_filesz > size - segment.p_offset))
            return "a segment lies outside the file";
    }
    return nullptr;
}

} // namespace

pto_status load_image(const void *image, std::size_t size, LoadedImage *out, char *message,
                      std::size_t message_capacity)
{
    if (const char *defect = elf_defect(image, size); defect != nullptr) {
        std::snprintf(message, message_capacity, "the image cannot be loaded: %s", defect);
        return PTO_ERROR_LOAD_FAILED;
    }
    const int file = memfd_create("pto-image", MFD_CLOEXEC);
    if (file < 0 || !write_all(file, image, size)) {
        out->problem = errno;
        std::snprintf(message, message_capacity, "no memory file for an image of %zu bytes: %s", size,
                      std::strerror(out->problem));
        if (file >= 0)
            close(file);
        return PTO_ERROR_SYSTEM;
    }
    void *handle = dlopen(unique_path(file).c_str(), RTLD_NOW | RTLD_LOCAL);
    close(file);
    if (handle == nullptr) {
        const char *reason = dlerror();
        const char *tail = reason == nullptr ? nullptr : std::strstr(reason, ": ");
        std::snprintf(message, message_capacity, "the loader refused the image: %s",
                      tail == nullptr ? "no reason given" : tail + 2);
        return PTO_ERROR_LOAD_FAILED;
    }
    thread_loads++;
    *out = {handle, 0};
    return PTO_OK;
}

void *find_symbol(const LoadedImage &image, const char *symbol, SymbolKind *out_kind)
{
    void *address = dlsym(image.handle, symbol);
    Dl_info info;
    void *entry = nullptr;
    void *owner = nullptr;
    link_map *map = nullptr;
    if (address == nullptr || dladdr1(address, &info, &entry, RTLD_DL_SYMENT) == 0 || entry == nullptr)
        return nullptr;
    // What the image links with is searched too, but that is not the image's.
    if (dladdr1(address, &info, &owner, RTLD_DL_LINKMAP) == 0 || dlinfo(image.handle, RTLD_DI_LINKMAP, &map) != 0 ||
        owner != map)
        return nullptr;
    const unsigned type = ELF64_ST_TYPE(static_cast<const ElfW(Sym) *>(entry)->st_info);
    if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_OBJECT)
        return nullptr;
    *out_kind = type == STT_OBJECT ? SymbolKind::kObject : SymbolKind::kFunction;
    return address;
}

uint32_t loads_of_this_thread()
{
    return thread_loads;
}

void unload_image(const LoadedImage &image)
{
    dlclose(image.handle);
}

} // namespace pto::posix
