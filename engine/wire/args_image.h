// SPDX-License-Identifier: Apache-2.0
// The arguments of one run as they travel to the device: a header, the tensors, the scalars, and only as many of each
// as are used. This file is the only one that knows the layout: the host encodes with it, the executor decodes with it.
#ifndef PTO_ENGINE_WIRE_ARGS_IMAGE_H
#define PTO_ENGINE_WIRE_ARGS_IMAGE_H

#include "pto/orch.h"

#include <cstddef>
#include <cstdint>

namespace pto::wire {

inline constexpr uint32_t kArgsMagic = 0x53475241; // "ARGS"

struct alignas(64) ArgsHeader {
    uint32_t magic;
    uint32_t abi_version;
    uint32_t tensor_count;
    uint32_t scalar_count;
    uint64_t size_bytes; ///< Of the whole image.
};
static_assert(sizeof(ArgsHeader) == 64 && sizeof(pto_tensor) == 128);

/// Decoded image: pointers into it.
struct ArgsView {
    pto_tensor *tensors;
    uint64_t *scalars;
    uint32_t tensor_count;
    uint32_t scalar_count;
};

constexpr std::size_t args_image_bytes(uint32_t tensor_count, uint32_t scalar_count)
{
    return sizeof(ArgsHeader) + tensor_count * sizeof(pto_tensor) + scalar_count * sizeof(uint64_t);
}

/// Room for the arguments of any run.
inline constexpr std::size_t kMaxArgsImageBytes = args_image_bytes(PTO_MAX_RUN_TENSORS, PTO_MAX_RUN_SCALARS);

/// Begins an image in `block`, 64-byte aligned and args_image_bytes() large; the caller fills the arrays.
inline ArgsView begin_args_image(void *block, uint32_t tensor_count, uint32_t scalar_count)
{
    auto *header = static_cast<ArgsHeader *>(block);
    *header = {kArgsMagic, PTO_ABI_VERSION, tensor_count, scalar_count, args_image_bytes(tensor_count, scalar_count)};
    auto *tensors = reinterpret_cast<pto_tensor *>(header + 1);
    return {tensors, reinterpret_cast<uint64_t *>(tensors + tensor_count), tensor_count, scalar_count};
}

/// False when the image is not one, or not all there.
inline bool decode_args_image(void *block, std::size_t size_bytes, ArgsView *out)
{
    const auto *header = static_cast<const ArgsHeader *>(block);
    if (size_bytes < sizeof(ArgsHeader) || header->magic != kArgsMagic || header->abi_version != PTO_ABI_VERSION ||
        header->tensor_count > PTO_MAX_RUN_TENSORS || header->scalar_count > PTO_MAX_RUN_SCALARS ||
        header->size_bytes != args_image_bytes(header->tensor_count, header->scalar_count) ||
        header->size_bytes > size_bytes)
        return false;
    auto *tensors = reinterpret_cast<pto_tensor *>(static_cast<std::byte *>(block) + sizeof(ArgsHeader));
    *out = {tensors, reinterpret_cast<uint64_t *>(tensors + header->tensor_count), header->tensor_count,
            header->scalar_count};
    return true;
}

} // namespace pto::wire

#endif
