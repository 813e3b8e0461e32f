// SPDX-License-Identifier: Apache-2.0
// The .pto file format. Little-endian, fixed-width, offsets from the start of the file.
//
//   header | kernel records | parameter records | strings | images (64-byte aligned)
//
// Strings are zero-terminated and named by their offset in the string section; offset 0 is the empty string. The
// checksum covers everything behind the header, so that a damaged file is told from a wrong one.
#ifndef PTO_HOST_IMAGE_FORMAT_H
#define PTO_HOST_IMAGE_FORMAT_H

#include <cstddef>
#include <cstdint>

namespace pto::host {

inline constexpr char kImageMagic[8] = {'P', 'T', 'O', 'I', 'M', 'A', 'G', 'E'};
inline constexpr uint32_t kImageFormat = 3;
inline constexpr std::size_t kImageAlignment = 64;

/// A byte range of the file.
struct FileRange {
    uint64_t offset;
    uint64_t size;
};

struct ImageHeader {
    char magic[8];
    uint32_t format;
    uint32_t abi_version;
    uint64_t file_bytes;
    uint64_t checksum; ///< XXH3-64 of the file with zero in this field.
    uint32_t kernel_count;
    uint32_t param_count;
    uint32_t name; ///< String offsets.
    uint32_t arch;
    uint32_t orch_entry;
    uint32_t identity;
    FileRange kernels;
    FileRange params;
    FileRange strings;
    FileRange orch;
    uint32_t orch_config;    ///< String offset; the empty string says that there is none.
    uint32_t build_identity; ///< String offset of what the images were built with; likewise.
};
static_assert(sizeof(ImageHeader) == 128 && offsetof(ImageHeader, kernels) == 56);
static_assert(offsetof(ImageHeader, orch_config) == 120);

struct KernelRecord {
    uint32_t func_id;
    uint32_t core_type;
    uint32_t name;
    uint32_t reserved;
    FileRange image;
};
static_assert(sizeof(KernelRecord) == 32);

struct ParamRecord {
    uint8_t direction;
    uint8_t dtype;
    uint8_t ndims;
    uint8_t reserved;
    uint32_t name;
};
static_assert(sizeof(ParamRecord) == 8);

} // namespace pto::host

#endif
