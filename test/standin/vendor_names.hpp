// SPDX-License-Identifier: Apache-2.0
// The functions that each of the vendor's libraries exports.
#ifndef PTO_TEST_STANDIN_VENDOR_NAMES_HPP
#define PTO_TEST_STANDIN_VENDOR_NAMES_HPP

#define STANDIN_NAMES_ascendcl(X)                                                                                      \
    X(aclInit)                                                                                                         \
    X(aclFinalize)                                                                                                     \
    X(aclGetRecentErrMsg)                                                                                              \
    X(aclrtGetSocName)                                                                                                 \
    X(aclrtSetDevice)                                                                                                  \
    X(aclrtGetDevice)                                                                                                  \
    X(aclrtResetDevice)                                                                                                \
    X(aclrtResetDeviceForce)                                                                                           \
    X(aclrtCreateStream)                                                                                               \
    X(aclrtCreateStreamWithConfig)                                                                                     \
    X(aclrtDestroyStream)                                                                                              \
    X(aclrtStreamQuery)                                                                                                \
    X(aclrtSynchronizeStream)                                                                                          \
    X(aclrtSynchronizeStreamWithTimeout)                                                                               \
    X(aclrtSynchronizeDeviceWithTimeout)                                                                               \
    X(aclrtSetStreamFailureMode)                                                                                       \
    X(aclrtGetStreamResLimit)                                                                                          \
    X(aclrtSetOpExecuteTimeOutV2)                                                                                      \
    X(aclrtMalloc)                                                                                                     \
    X(aclrtFree)                                                                                                       \
    X(aclrtMemcpy)                                                                                                     \
    X(aclrtMemset)                                                                                                     \
    X(aclrtMallocPhysical)                                                                                             \
    X(aclrtFreePhysical)                                                                                               \
    X(aclrtMemGetAllocationGranularity)                                                                                \
    X(aclrtReserveMemAddress)                                                                                          \
    X(aclrtReleaseMemAddress)                                                                                          \
    X(aclrtMapMem)                                                                                                     \
    X(aclrtUnmapMem)                                                                                                   \
    X(aclrtMemSetAccess)                                                                                               \
    X(aclrtMemExportToShareableHandle)                                                                                 \
    X(aclrtMemImportFromShareableHandle)                                                                               \
    X(aclrtMemExportToShareableHandleV2)                                                                               \
    X(aclrtMemImportFromShareableHandleV2)                                                                             \
    X(aclrtDeviceEnablePeerAccess)                                                                                     \
    X(aclrtDevicePeerAccessStatus)

#define STANDIN_NAMES_runtime(X)                                                                                       \
    X(rtRegisterAllKernel)                                                                                             \
    X(rtKernelLaunchWithHandleV2)                                                                                      \
    X(rtAicpuKernelLaunchExWithArgs)                                                                                   \
    X(rtsBinaryLoadFromFile)                                                                                           \
    X(rtsFuncGetByName)                                                                                                \
    X(rtsBinaryUnload)                                                                                                 \
    X(rtsLaunchCpuKernel)                                                                                              \
    X(rtGetC2cCtrlAddr)                                                                                                \
    X(rtStreamGetSqid)                                                                                                 \
    X(rtStreamGetCqid)                                                                                                 \
    X(rtGetDeviceInfo)

#define STANDIN_NAMES_ascend_hal(X)                                                                                    \
    X(halMemCtl)                                                                                                       \
    X(halResMap)                                                                                                       \
    X(halGetDeviceInfo)                                                                                                \
    X(halGetDeviceInfoByBuff)                                                                                          \
    X(halHostRegister)                                                                                                 \
    X(halHostUnregister)

#define STANDIN_NAMES_hcomm(X)                                                                                         \
    X(HcclGetRootInfo)                                                                                                 \
    X(HcclCommInitRootInfo)                                                                                            \
    X(HcclBarrier)                                                                                                     \
    X(HcclCommDestroy)

#define STANDIN_NAMES_drvdsmi_host(X) X(dsmi_get_device_info)

#define STANDIN_NAMES_unified_dlog(X) X(dlog_setlevel)

#define STANDIN_NAMES_opapi(X)                                                                                         \
    X(aclnnShmemSdmaStarsQuery)                                                                                        \
    X(aclnnShmemSdmaStarsQueryGetWorkspaceSize)

#define STANDIN_NAMES_nnopbase(X)                                                                                      \
    X(aclCreateTensor)                                                                                                 \
    X(aclDestroyTensor)

#endif
