// SPDX-License-Identifier: Apache-2.0
// Includes the headers themselves: their number is in this object and nowhere else.
#include "stream_pool.h"

#include <pto/comm/sdma_types.hpp>

#ifdef PTO_SDMA_CHANNELS
static_assert(pto::comm::kSdmaMaxChan == PTO_SDMA_CHANNELS, "the build identity has another number of channels");
#endif

uint32_t open_streams(CreateStream create)
{
    uint32_t count = 0;
    while (count < pto::comm::kSdmaMaxChan && create(count))
        count++;
    return count;
}
