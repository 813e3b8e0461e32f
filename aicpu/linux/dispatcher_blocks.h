// SPDX-License-Identifier: Apache-2.0
// What the vendor's software hands to a dispatcher, and what ours answers.
#ifndef PTO_AICPU_LINUX_DISPATCHER_BLOCKS_H
#define PTO_AICPU_LINUX_DISPATCHER_BLOCKS_H

#include "pto/base.h"

namespace pto::dispatcher {

/// Argument of the functions, by the vendor's layout; the names of the kernel follow it.
struct Args {
    uint8_t unused[40];
    uint64_t device_args; ///< Address of a DeviceArgs in device memory.
    uint8_t unused2[160];
};
static_assert(sizeof(Args) == 208 && offsetof(Args, device_args) == 40);

/// In device memory, written by the host.
struct DeviceArgs {
    uint8_t unused[96];
    uint64_t dispatcher; ///< The dispatcher itself.
    uint64_t dispatcher_bytes;
    uint64_t device;
    uint64_t inner; ///< The image that it is to put into the file system.
    uint64_t inner_bytes;
    uint8_t unused2[24];
};
static_assert(sizeof(DeviceArgs) == 160 && offsetof(DeviceArgs, dispatcher) == 96 &&
              offsetof(DeviceArgs, inner) == 120);

/// Values of the functions; the vendor's software gives meanings of its own to 101 and 201.
enum Value : uint32_t {
    kDone = 0,
    kNoArguments = 1,
    kNotAnImage = 2, ///< The inner image is no shared object with a name and a build id.
    kNoFolder = 3,   ///< The folder of the vendor's software is not there.
    kNotWritten = 4, ///< The file cannot be written.
    kNotServed = 5,  ///< The dispatcher's other functions: kernels are launched by name from the inner image.
};

} // namespace pto::dispatcher

PTO_BEGIN_DECLS

/// The names that the vendor's software looks up. The second writes the inner image into the folder that kernels are
/// loaded from; the other two are there because all three are looked up, and refuse.
PTO_EXPORT uint32_t StaticTileFwkBackendKernelServer(void *args);
PTO_EXPORT uint32_t DynTileFwkBackendKernelServerInit(void *args);
PTO_EXPORT uint32_t DynTileFwkBackendKernelServer(void *args);

PTO_END_DECLS

#endif
