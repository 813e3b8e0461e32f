// SPDX-License-Identifier: Apache-2.0
// The layout of a packed ChipCallable: an orchestration and its kernels as other tools of this family of chips hand
// them over. Little-endian, fixed-width.
//
//   header | storage: orchestration | child | child ...
//
// A child is a packed CoreCallable: a header and the shared object of one kernel. It begins at a multiple of 64 bytes,
// counted from the begin of the storage. The bytes say neither name nor arch, and of kernels no core type.
#ifndef PTO_HOST_CHIP_CALLABLE_FORMAT_H
#define PTO_HOST_CHIP_CALLABLE_FORMAT_H

#include <cstddef>
#include <cstdint>

namespace pto::host {

inline constexpr uint32_t kChildAlignment = 64;

/// Directions are numbered as `enum pto_direction_code` is. Of every list its count says how many entries mean
/// something.
struct ChipCallableHeader {
    int32_t signature[256];
    uint32_t sig_count;
    uint32_t orch_size;
    char func_name[64]; ///< The orchestration's entry, with a final zero.
    uint32_t func_name_len;
    int32_t child_ids[1024];      ///< Func ids.
    uint32_t child_offsets[1024]; ///< From the begin of the storage.
    uint32_t child_count;
    char config_name[64]; ///< Empty: none.
    uint32_t config_name_len;
    uint8_t padding[12];
};
static_assert(sizeof(ChipCallableHeader) == 9376);
static_assert(offsetof(ChipCallableHeader, sig_count) == 1024 && offsetof(ChipCallableHeader, orch_size) == 1028);
static_assert(offsetof(ChipCallableHeader, func_name) == 1032 && offsetof(ChipCallableHeader, func_name_len) == 1096);
static_assert(offsetof(ChipCallableHeader, child_ids) == 1100 && offsetof(ChipCallableHeader, child_offsets) == 5196);
static_assert(offsetof(ChipCallableHeader, child_count) == 9292);
static_assert(offsetof(ChipCallableHeader, config_name) == 9296);
static_assert(offsetof(ChipCallableHeader, config_name_len) == 9360);

struct CoreCallableHeader {
    int32_t signature[32];
    uint32_t sig_count;
    uint32_t binary_size;
    uint64_t resolved_addr; ///< Of the process that packed it: nothing here.
    uint8_t padding[48];
};
static_assert(sizeof(CoreCallableHeader) == 192);
static_assert(offsetof(CoreCallableHeader, sig_count) == 128 && offsetof(CoreCallableHeader, binary_size) == 132);
static_assert(offsetof(CoreCallableHeader, resolved_addr) == 136);

} // namespace pto::host

#endif
