// SPDX-License-Identifier: Apache-2.0
// Says what it was built with, and opens its streams.
#include "stream_pool.h"

#ifdef STATES_IDENTITY
#include "host/build_identity.h"
#endif

#include <cstdio>

int unrelated_number();

namespace {

bool create_stream(uint32_t channel)
{
    return channel < 4096;
}

} // namespace

int main()
{
#ifdef STATES_IDENTITY
    std::printf("identity %s\n", pto::host::build_identity());
    std::printf("channels %u\n", pto::host::sdma_channel_count());
    std::printf("library %u\n", open_channels());
#endif
    std::printf("opened %u\n", open_streams(create_stream));
    return unrelated_number() == 0 ? 0 : 1;
}
