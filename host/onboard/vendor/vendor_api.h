// SPDX-License-Identifier: Apache-2.0
// What the driver calls of the vendor's libraries: prototypes, layouts and numbers of our own reading, so that nothing
// of the vendor's is needed to build. Every function returns 0 when it succeeds, unless it returns text.
#ifndef PTO_HOST_ONBOARD_VENDOR_VENDOR_API_H
#define PTO_HOST_ONBOARD_VENDOR_VENDOR_API_H

#include <cstddef>
#include <cstdint>

namespace pto::vendor {

/// A handle of the vendor's: stream, binary, function.
using Handle = void *;

// ---- layouts
// ---------------------------------------------------------------------------------------------------------

/// A struct with zeros behind it: newer libraries append fields, which are then zero.
template <class T> struct Padded {
    T value{};
    std::byte padding[256 - sizeof(T)]{};
};

/// rtDevBinary_t
struct CoreBinary {
    uint32_t magic;
    uint32_t version;
    const void *data;
    uint64_t size_bytes;
};
static_assert(sizeof(CoreBinary) == 24 && offsetof(CoreBinary, data) == 8);

/// rtArgsEx_t: arguments of a launch on the cores.
struct CoreArgs {
    void *data;
    void *host_inputs;
    uint32_t size_bytes;
    uint32_t tiling[2];
    uint16_t host_input_count;
    uint8_t has_tiling;
    uint8_t is_on_device; ///< The data needs no copy to the device.
    uint8_t reserved[8];
};
static_assert(sizeof(CoreArgs) == 40 && offsetof(CoreArgs, size_bytes) == 16 && offsetof(CoreArgs, is_on_device) == 31);

/// rtTaskCfgInfo_t
struct CoreLaunchConfig {
    uint8_t reserved[2];
    uint8_t schedule_mode;
    uint8_t reserved2[13];
};
static_assert(sizeof(CoreLaunchConfig) == 16 && offsetof(CoreLaunchConfig, schedule_mode) == 2);

/// rtAicpuArgsEx_t: arguments of a launch on the control CPUs.
struct ControlArgs {
    void *data;
    void *host_inputs;
    void *kernel_offsets;
    uint32_t size_bytes;
    uint16_t counts[2];
    uint32_t so_name_offset; ///< In the data.
    uint32_t kernel_name_offset;
    uint8_t is_on_device;
    uint16_t timeout_seconds;
    uint8_t reserved[4];
};
static_assert(sizeof(ControlArgs) == 48 && offsetof(ControlArgs, size_bytes) == 24 &&
              offsetof(ControlArgs, so_name_offset) == 32 && offsetof(ControlArgs, kernel_name_offset) == 36 &&
              offsetof(ControlArgs, is_on_device) == 40 && offsetof(ControlArgs, timeout_seconds) == 42);

/// rtCpuKernelArgs_t
struct FunctionArgs {
    ControlArgs base;
    std::size_t reserved;
    uint32_t reserved2[4];
};
static_assert(sizeof(FunctionArgs) == 72);

/// rtLoadBinaryOption_t
struct LoadOption {
    int32_t id;
    int32_t value;
    uint32_t reserved[3];
};
static_assert(sizeof(LoadOption) == 20);

/// rtLoadBinaryConfig_t
struct LoadConfig {
    LoadOption *options;
    std::size_t count;
};

/// rtKernelLaunchCfg_t
struct FunctionLaunchConfig {
    void *attributes;
    std::size_t count;
};

/// AddrMapInPara, AddrMapOutPara
struct MapRequest {
    uint32_t type;
    uint32_t device;
};
struct MapAnswer {
    uint64_t address;
    uint64_t size_bytes;
};

/// res_map_info
struct ResourceRequest {
    int32_t processor;
    int32_t resource;
    uint32_t id;
    uint32_t flags;
    uint32_t reserved;
};
static_assert(sizeof(ResourceRequest) == 20);

// ---- numbers
// ---------------------------------------------------------------------------------------------------------

inline constexpr int kToDevice = 1; ///< Kinds of aclrtMemcpy.
inline constexpr int kFromDevice = 2;
inline constexpr int kHugeFirst = 0;                   ///< Policy of aclrtMalloc.
inline constexpr uint32_t kStreamFast = 1 | 2;         ///< Flags of a stream: fast launch, fast synchronisation,
inline constexpr uint32_t kStreamDeviceUseOnly = 0x20; ///< for the device's own use.
inline constexpr uint64_t kStopOnFailure = 1;          ///< Mode of aclrtSetStreamFailureMode.
inline constexpr int kLimitCube = 0;                   ///< Types of aclrtGetStreamResLimit.
inline constexpr int kLimitVector = 1;
inline constexpr uint32_t kMagicMix = 0x43554245;  ///< A binary for both kinds of cores.
inline constexpr uint8_t kScheduleBatch = 1;       ///< All blocks of a launch start together.
inline constexpr uint32_t kKernelTypeKfc = 5;      ///< rtAicpuKernelLaunchExWithArgs
inline constexpr int32_t kOptionCpuKernelMode = 3; ///< Option of rtsBinaryLoadFromFile;
inline constexpr int32_t kModeJsonOnly = 0;        ///< its value: the shared object is on the device already.
inline constexpr int kMapControlAddresses = 0;     ///< halMemCtl;
inline constexpr uint32_t kRegistersControl = 2;   ///< which registers.
inline constexpr uint32_t kRegistersPmu = 3;
inline constexpr int32_t kModuleControlCpu = 1; ///< halGetDeviceInfo: modules,
inline constexpr int32_t kModuleCore = 4;
inline constexpr int32_t kInfoOccupy = 8; ///< and what is asked about them.
inline constexpr int32_t kWaitForEver = -1;

/// Numbers that the driver acts on. What all of them mean is in vendor_error.cpp.
enum Code : int {
    kOk = 0,
    kDriverBusy = 13, ///< Of the number space of hal functions.
    kNoProcess = 62,  ///< Likewise.
    kAlreadyInitialised = 100002,
    kFeatureUnsupported = 207000,
    kObjectFailed = 207001,
    kInternal = 507000,
    kStreamNotComplete = 507004,
    kResetAfterForce = 507007,
    kCoreTimeout = 507014,
    kCoreException = 507015,
    kControlCpuTimeout = 507017,
    kControlCpuException = 507018,
    kSyncTimeout = 507046,
    kTaskAborted = 107022,
    kDriverInternal = 507899,
};

// ---- functions
// -------------------------------------------------------------------------------------------------------

/// Where a function is looked for.
enum class Library { kAcl, kRuntime, kHal, kLog, kOperators, kOperatorBase, kCount };

/// Who needs a function.
enum class Need {
    kAlways,
    kOneMap,  ///< Chips whose registers are one range.
    kWindows, ///< Chips whose registers are a window per cluster.
    kSdma,    ///< The option PTO_ONBOARD_SDMA.
    kNever,   ///< Used where it is there.
};

// X(library, need, name, type of what it returns, parameters)
#define PTO_VENDOR_FUNCTIONS(X)                                                                                        \
    X(kAcl, kAlways, aclInit, int, (const char *configuration))                                                        \
    X(kAcl, kAlways, aclFinalize, int, ())                                                                             \
    X(kAcl, kAlways, aclGetRecentErrMsg, const char *, ())                                                             \
    X(kAcl, kAlways, aclrtGetSocName, const char *, ())                                                                \
    X(kAcl, kAlways, aclrtSetDevice, int, (int32_t device))                                                            \
    X(kAcl, kAlways, aclrtGetDevice, int, (int32_t * device))                                                          \
    X(kAcl, kAlways, aclrtResetDevice, int, (int32_t device))                                                          \
    X(kAcl, kAlways, aclrtResetDeviceForce, int, (int32_t device))                                                     \
    X(kAcl, kAlways, aclrtCreateStream, int, (Handle * stream))                                                        \
    X(kAcl, kAlways, aclrtCreateStreamWithConfig, int, (Handle * stream, uint32_t priority, uint32_t flags))           \
    X(kAcl, kAlways, aclrtDestroyStream, int, (Handle stream))                                                         \
    X(kAcl, kAlways, aclrtStreamQuery, int, (Handle stream, int *state))                                               \
    X(kAcl, kAlways, aclrtSynchronizeStreamWithTimeout, int, (Handle stream, int32_t milliseconds))                    \
    X(kAcl, kAlways, aclrtSynchronizeDeviceWithTimeout, int, (int32_t milliseconds))                                   \
    X(kAcl, kAlways, aclrtSetStreamFailureMode, int, (Handle stream, uint64_t mode))                                   \
    X(kAcl, kAlways, aclrtGetStreamResLimit, int, (Handle stream, int type, uint32_t *limit))                          \
    X(kAcl, kAlways, aclrtSetOpExecuteTimeOutV2, int, (uint64_t microseconds, uint64_t * actual))                      \
    X(kAcl, kAlways, aclrtMalloc, int, (void **address, std::size_t size_bytes, int policy))                           \
    X(kAcl, kAlways, aclrtFree, int, (void *address))                                                                  \
    X(kAcl, kAlways, aclrtMemcpy, int,                                                                                 \
      (void *destination, std::size_t room, const void *source, std::size_t size_bytes, int kind))                     \
    X(kAcl, kAlways, aclrtMemset, int, (void *address, std::size_t room, int32_t value, std::size_t size_bytes))       \
    X(kRuntime, kAlways, rtRegisterAllKernel, int, (const CoreBinary *binary, Handle *handle))                         \
    X(kRuntime, kAlways, rtKernelLaunchWithHandleV2, int,                                                              \
      (Handle handle, uint64_t tiling_key, uint32_t blocks, CoreArgs * args, void *memory, Handle stream,              \
       const CoreLaunchConfig *config))                                                                                \
    X(kRuntime, kAlways, rtAicpuKernelLaunchExWithArgs, int,                                                           \
      (uint32_t type, const char *op, uint32_t blocks, const ControlArgs *args, void *memory, Handle stream,           \
       uint32_t flags))                                                                                                \
    X(kRuntime, kAlways, rtsBinaryLoadFromFile, int, (const char *path, const LoadConfig *config, Handle *binary))     \
    X(kRuntime, kAlways, rtsFuncGetByName, int, (Handle binary, const char *name, Handle *function))                   \
    X(kRuntime, kAlways, rtsBinaryUnload, int, (Handle binary))                                                        \
    X(kRuntime, kAlways, rtsLaunchCpuKernel, int,                                                                      \
      (Handle function, uint32_t blocks, Handle stream, const FunctionLaunchConfig *config, FunctionArgs *args))       \
    X(kRuntime, kSdma, rtStreamGetSqid, int, (const void *stream, uint32_t *id))                                       \
    X(kRuntime, kSdma, rtStreamGetCqid, int, (const void *stream, uint32_t *id, uint32_t *logical_id))                 \
    X(kHal, kOneMap, halMemCtl, int, (int type, void *in, std::size_t in_bytes, void *out, std::size_t *out_bytes))    \
    X(kHal, kWindows, halResMap, int, (unsigned device, void *info, unsigned long *address, unsigned *size_bytes))     \
    X(kHal, kAlways, halGetDeviceInfo, int, (uint32_t device, int32_t module, int32_t info, int64_t * value))          \
    X(kLog, kNever, dlog_setlevel, int, (int module, int level, int events))

/// The functions, as far as they are needed. Those that are not may be null.
struct Functions {
#define PTO_VENDOR_POINTER(library, need, name, type, parameters) type(*name) parameters;
    PTO_VENDOR_FUNCTIONS(PTO_VENDOR_POINTER)
#undef PTO_VENDOR_POINTER
};

} // namespace pto::vendor

#endif
