// SPDX-License-Identifier: Apache-2.0
// Which headers of pto-isa this library was built with.
#ifndef PTO_HOST_BUILD_IDENTITY_H
#define PTO_HOST_BUILD_IDENTITY_H

#include <cstddef>
#include <cstdint>

namespace pto::host {

inline constexpr std::size_t kMaxIdentityBytes = 255;
inline constexpr char kNoIdentity[] = "none";

/// One line of at most 255 bytes, such as "pto-isa sha256:93c4be0bb1a3a8c2 git:e19897e70c4f sdma:48"; "none" when there
/// were no such headers.
const char *build_identity();

/// SDMA channels that those headers let kernels use; 0: the headers know nothing of SDMA, or there were none.
uint32_t sdma_channel_count();

} // namespace pto::host

#endif
