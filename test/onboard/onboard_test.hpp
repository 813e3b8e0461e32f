// SPDX-License-Identifier: Apache-2.0
// What tests share that drive the stand-in for the vendor's libraries through the C API.
#ifndef PTO_TEST_ONBOARD_ONBOARD_TEST_HPP
#define PTO_TEST_ONBOARD_ONBOARD_TEST_HPP

#include "standin.h"
#include "support/test_chip.hpp"

#include <string>
#include <vector>

namespace pto::test {

/// Takes the test program's arguments, ARCH MODULE_DIRECTORY IMAGE_DIRECTORY [TEXT], and runs the tests whose names
/// contain the text, each in a process of its own: what the vendor's libraries keep per process lasts as long. What
/// main returns.
int run_onboard_tests(int argc, char **argv, const std::vector<CMUnitTest> &tests);

/// Options that open the stand-in.
struct OnboardOptions {
    OnboardOptions();
    pto_open_options open = PTO_OPEN_OPTIONS_INIT;
    pto_onboard_options onboard = PTO_ONBOARD_OPTIONS_INIT;
};

/// A new stand-in, and nothing open. At its end the test fails if the driver has broken a rule of the vendor's, or has
/// left something behind.
class StandIn {
public:
    StandIn();
    ~StandIn();
    StandIn(const StandIn &) = delete;
    StandIn &operator=(const StandIn &) = delete;
};

/// Lines that an open device has written.
std::string onboard_log();

/// A device of the stand-in, open.
class OnboardChip {
public:
    OnboardChip() : OnboardChip(OnboardOptions()) {}
    explicit OnboardChip(OnboardOptions options);
    ~OnboardChip() { close(); }
    OnboardChip(const OnboardChip &) = delete;
    OnboardChip &operator=(const OnboardChip &) = delete;

    pto_context *get() const { return context_; }
    void close();
    void prepare(int32_t callable_id, CallableBuilder &builder, bool is_host_built = false);
    pto_status run(int32_t callable_id, const std::vector<pto_tensor> &tensors = {},
                   const std::vector<uint64_t> &scalars = {});

private:
    pto_context *context_ = nullptr;
};

/// c = a + b by one task, whose graph the control CPUs build.
CallableBuilder sum_callable();
/// An orchestration of onboard_orch.c with all its kernels, for the control CPUs or for the host.
CallableBuilder onboard_callable(const std::string &entry, bool is_host_built = false);

/// Runs it and checks what comes out.
void expect_sum(OnboardChip &chip, int32_t callable_id);
/// Opens a device, runs one sum and closes it.
void expect_working_device();
/// Opening fails with this status, and says so.
void expect_refused_open(const OnboardOptions &options, pto_status status, const char *message);

} // namespace pto::test

#endif
