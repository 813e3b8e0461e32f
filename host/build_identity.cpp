// SPDX-License-Identifier: Apache-2.0
// The only source that takes the build identity from the command that compiles it: scripts/compile-with-isa.
#include "host/build_identity.h"

#if !defined(PTO_BUILD_IDENTITY) || !defined(PTO_SDMA_CHANNELS)
#error "scripts/compile-with-isa compiles this source"
#endif

namespace pto::host {
namespace {

/// Whoever has the file finds this in it, whatever else can be done with the file.
__attribute__((used)) constexpr char kStatement[] = "PTO_BUILD_IDENTITY=" PTO_BUILD_IDENTITY;
constexpr std::size_t kPrefixBytes = sizeof "PTO_BUILD_IDENTITY=" - 1;
static_assert(sizeof kStatement - 1 - kPrefixBytes <= kMaxIdentityBytes, "the build identity is too long");

} // namespace

const char *build_identity()
{
    return kStatement + kPrefixBytes;
}

uint32_t sdma_channel_count()
{
    return PTO_SDMA_CHANNELS;
}

} // namespace pto::host
