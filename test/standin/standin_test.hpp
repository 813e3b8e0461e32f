// SPDX-License-Identifier: Apache-2.0
// What the stand-in's tests share: the vendor's functions, found as the driver finds them, and an open device.
#ifndef PTO_TEST_STANDIN_STANDIN_TEST_HPP
#define PTO_TEST_STANDIN_STANDIN_TEST_HPP

#include <atomic>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>
extern "C" {
#include <cmocka.h>
}

#include "image_blocks.hpp"
#include "standin.h"

namespace standin_test {

/// The vendor's functions that tests call.
struct Vendor {
    int (*aclInit)(const char *);
    int (*aclFinalize)();
    int (*aclrtSetDevice)(int32_t);
    int (*aclrtResetDevice)(int32_t);
    int (*aclrtResetDeviceForce)(int32_t);
    int (*aclrtCreateStream)(void **);
    int (*aclrtCreateStreamWithConfig)(void **, uint32_t, uint32_t);
    int (*aclrtDestroyStream)(void *);
    int (*aclrtStreamQuery)(void *, int *);
    int (*aclrtSynchronizeStreamWithTimeout)(void *, int32_t);
    int (*aclrtGetStreamResLimit)(void *, int, uint32_t *);
    int (*aclrtSetOpExecuteTimeOutV2)(uint64_t, uint64_t *);
    int (*aclrtMalloc)(void **, size_t, int);
    int (*aclrtFree)(void *);
    int (*aclrtMemcpy)(void *, size_t, const void *, size_t, int);
    int (*aclrtMemset)(void *, size_t, int32_t, size_t);
    const char *(*aclrtGetSocName)();
    int (*rtRegisterAllKernel)(const void *, void **);
    int (*rtKernelLaunchWithHandleV2)(void *, uint64_t, uint32_t, const void *, void *, void *, const void *);
    int (*rtAicpuKernelLaunchExWithArgs)(uint32_t, const char *, uint32_t, const void *, void *, void *, uint32_t);
    int (*rtsBinaryLoadFromFile)(const char *, const void *, void **);
    int (*rtsFuncGetByName)(void *, const char *, void **);
    int (*rtsBinaryUnload)(void *);
    int (*rtsLaunchCpuKernel)(void *, uint32_t, void *, const void *, void *);
    int (*halMemCtl)(int, void *, size_t, void *, size_t *);
    int (*halResMap)(unsigned, void *, unsigned long *, unsigned *);
    int (*halGetDeviceInfo)(uint32_t, int32_t, int32_t, int64_t *);
};
const Vendor &vendor();

/// Where the images of the tests are; from the program's arguments.
struct Images {
    std::string dispatcher;
    std::string control;
    std::string core;
};
extern Images images;
/// The arch of this run of the program.
extern const char *arch_name;
bool take_arguments(int argc, char **argv); ///< ARCH DISPATCHER CONTROL CORE

/// Around every test: a stand-in of this arch that knows nothing.
int begin(void **);
int end(void **);

std::vector<char> read_file(const std::string &path);

/// A device with two streams, opened by the test. Closed, and looked at for violations and leaks, by close().
class Card {
public:
    explicit Card(const char *arch, int32_t logical = 0);
    /// In the vendor's order, everything expected to work and nothing to be left.
    void close();
    /// As one gives up a poisoned card.
    void abandon();

    void *allocate(size_t bytes);
    void upload(void *to, const void *from, size_t bytes);
    void download(void *to, const void *from, size_t bytes);

    /// The dispatcher's bootstrap; the result of waiting for it.
    int bootstrap(uint64_t device = 0);
    /// Loads a description of image_control's functions.
    void load_functions(uint64_t device = 0);
    /// Launches one with the address of a block; the result of the launch.
    int launch(const char *function, const void *block, uint32_t blocks = 1);
    void register_cores();
    int launch_cores(const void *block, uint32_t blocks);
    int wait_control(int32_t timeout_ms = 60000);
    int wait_cores(int32_t timeout_ms = 60000);
    /// Where control CPUs see the registers of the place 0; places are windows of 1 MiB.
    uint64_t registers() const;

    const char *arch;
    int32_t logical;
    void *control_stream = nullptr;
    void *core_stream = nullptr;
    void *binary = nullptr;
    void *core_image = nullptr;
    std::vector<void *> memory;
};

void expect_no_violations();
/// The n-th violation names this.
void expect_violation(uint32_t n, const char *part);

#define EXPECT_OK(call) assert_int_equal(call, 0)

} // namespace standin_test

#endif
