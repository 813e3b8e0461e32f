// SPDX-License-Identifier: Apache-2.0
// The hash of images. In a file of its own, so that a program of the tests can have one that makes all images collide.
#include "host/image_store.h"

#include <xxhash.h>

namespace pto::host {

uint64_t ImageStore::content_hash(const void *bytes, std::size_t size)
{
    return XXH3_128bits(bytes, size).low64;
}

} // namespace pto::host
