// SPDX-License-Identifier: Apache-2.0
// The only source that takes the build identity from the command that compiles it: scripts/compile-with-isa.
#include "host/build_identity.h"

#include <cstddef>

#if !defined(PTO_BUILD_IDENTITY) || !defined(PTO_SDMA_CHANNELS)
#error "scripts/compile-with-isa compiles this source"
#endif

namespace pto::host {
namespace {

constexpr char kPrefix[] = "PTO_BUILD_IDENTITY=";
/// Whoever has the file finds this in it, whatever else can be done with the file.
__attribute__((used)) constexpr char kStatement[] = "PTO_BUILD_IDENTITY=" PTO_BUILD_IDENTITY;
constexpr std::size_t kMaxIdentityBytes = 255;
static_assert(sizeof kStatement - sizeof kPrefix <= kMaxIdentityBytes, "the build identity is too long");

} // namespace

const char *build_identity()
{
    return kStatement + sizeof kPrefix - 1;
}

uint32_t sdma_channel_count()
{
    return PTO_SDMA_CHANNELS;
}

} // namespace pto::host
