// SPDX-License-Identifier: Apache-2.0
// The channels of the library, opened by its own code on a driver that counts streams.
#include "stream_pool.h"

#include "host/build_identity.h"
#include "host/onboard/vendor/sdma_channels.h"

#include <vector>

namespace {

using namespace pto::vendor;

uint32_t streams = 0;
std::vector<uint64_t> memory(16 * 1024);

int create_stream(Handle *out, uint32_t, uint32_t)
{
    *out = reinterpret_cast<Handle>(uintptr_t{++streams});
    return 0;
}

} // namespace

uint32_t open_channels()
{
    Session session(
        0, 0, [](void *, int32_t, const char *) {}, nullptr);
    session.f.aclrtCreateStreamWithConfig = create_stream;
    session.f.aclrtDestroyStream = [](Handle) { return 0; };
    session.f.rtStreamGetSqid = [](const void *, uint32_t *) { return 0; };
    session.f.rtStreamGetCqid = [](const void *, uint32_t *, uint32_t *) { return 0; };
    session.f.aclrtMalloc = [](void **out, std::size_t size, int) {
        *out = memory.data();
        return size <= memory.size() * sizeof memory[0] ? 0 : 1;
    };
    session.f.aclrtFree = [](void *) { return 0; };
    session.f.aclrtMemcpy = [](void *, std::size_t, const void *, std::size_t, int) { return 0; };
    session.f.aclrtMemset = [](void *, std::size_t, int32_t, std::size_t) { return 0; };
    SdmaChannels channels(session);
    pto::host::DeviceFailure failure{};
    return channels.open(pto::host::sdma_channel_count(), &failure) == PTO_OK ? streams : 0;
}
