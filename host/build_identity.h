// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_BUILD_IDENTITY_H
#define PTO_HOST_BUILD_IDENTITY_H

#include <cstdint>

namespace pto::host {

/// SDMA channels of the headers of pto-isa that this library was built with; 0: it was built without them.
inline uint32_t sdma_channel_count()
{
    return 0;
}

} // namespace pto::host

#endif
