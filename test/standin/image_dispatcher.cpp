// SPDX-License-Identifier: Apache-2.0
// A dispatcher as small as it can be: writes the inner image out, by way of another name.
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

template <class T> T field(const void *base, std::size_t offset)
{
    T value;
    std::memcpy(&value, static_cast<const char *>(base) + offset, sizeof value);
    return value;
}

} // namespace

extern "C" uint32_t StaticTileFwkBackendKernelServer(void *)
{
    return 0;
}

extern "C" uint32_t DynTileFwkBackendKernelServer(void *)
{
    return 0;
}

extern "C" uint32_t DynTileFwkBackendKernelServerInit(void *args)
{
    const auto *const block = reinterpret_cast<const void *>(field<uint64_t>(args, 40));
    const auto device = field<uint64_t>(block, 112);
    const auto *const bytes = reinterpret_cast<const char *>(field<uint64_t>(block, 120));
    const auto size = field<uint64_t>(block, 128);
    char name[256];
    char part[300];
    std::snprintf(name, sizeof name, "/usr/lib64/aicpu_kernels/0/aicpu_kernels_device/libimage_%u.so",
                  static_cast<unsigned>(device));
    std::snprintf(part, sizeof part, "%s.part", name);
    std::FILE *const file = std::fopen(part, "wb");
    if (file == nullptr)
        return 11;
    const bool is_written = std::fwrite(bytes, 1, size, file) == size;
    if (std::fclose(file) != 0 || !is_written)
        return 12;
    return std::rename(part, name) == 0 ? 0 : 13;
}
