// SPDX-License-Identifier: Apache-2.0
// The arch that this translation unit is compiled for. The build defines PTO_ARCH (the name) and PTO_ARCH_HEADER (the
// file with its traits) and compiles the same sources once per arch; the inline namespace keeps the copies apart.
#ifndef PTO_ENGINE_ARCH_ARCH_H
#define PTO_ENGINE_ARCH_ARCH_H

#include PTO_ARCH_HEADER

namespace pto::inline PTO_ARCH {

inline constexpr arch::ArchTraits kArch = arch::PTO_ARCH::kTraits;
inline constexpr uint32_t kMaxClusters = kArch.cluster_count;
inline constexpr uint32_t kCoresPerCluster = 3;
inline constexpr uint32_t kMaxCores = kMaxClusters * kCoresPerCluster;

} // namespace pto::inline PTO_ARCH

#endif
