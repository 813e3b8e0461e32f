// SPDX-License-Identifier: Apache-2.0
#include "host/onboard/vendor/vendor_error.h"

#include "host/onboard/vendor/vendor_api.h"

#include <cstring>

namespace pto::vendor {
namespace {

constexpr ErrorMeaning runtime(int number, pto_status status, const char *text)
{
    return {NumberSpace::kRuntime, number, status, false, text};
}
constexpr ErrorMeaning fallout(int number, const char *text)
{
    return {NumberSpace::kRuntime, number, PTO_ERROR_DRIVER, true, text};
}
constexpr ErrorMeaning driver(int number, const char *text)
{
    return {NumberSpace::kDriver, number, PTO_ERROR_DRIVER, false, text};
}

constexpr ErrorMeaning kMeanings[] = {
    runtime(100002, PTO_OK, "already initialised"),
    runtime(107000, PTO_ERROR_DRIVER, "a parameter is not valid"),
    runtime(107001, PTO_ERROR_DRIVER, "there is no such device"),
    fallout(107022, "the task was aborted because of another error"),
    runtime(207000, PTO_ERROR_DRIVER, "the feature is not supported"),
    runtime(207001, PTO_ERROR_DRIVER, "out of memory, or an object of the runtime could not be made"),
    runtime(507000, PTO_ERROR_EXECUTOR, "internal error, or the time limit of the driver has passed"),
    runtime(507004, PTO_ERROR_DRIVER, "the stream is not complete"),
    fallout(507007, "the device has been reset by force"),
    runtime(507014, PTO_ERROR_TIMEOUT, "a core ran longer than the driver allows"),
    runtime(507015, PTO_ERROR_KERNEL_FAULT, "exception on a core"),
    runtime(507017, PTO_ERROR_TIMEOUT, "the control CPUs ran longer than the driver allows"),
    runtime(507018, PTO_ERROR_EXECUTOR, "exception on the control CPUs: a crash, a hang or an error returned"),
    runtime(507046, PTO_ERROR_TIMEOUT, "the device was not ready in the host's time"),
    fallout(507899, "internal error of the driver after another error"),
    runtime(507901, PTO_ERROR_DRIVER, "the connection to the device is lost"),
    driver(3, "a value is not valid"),
    driver(8, "a parameter is not valid"),
    driver(13, "busy"),
    driver(42, "the process on the device has ended"),
    driver(62, "there is no process on the device"),
};

constexpr ErrorMeaning kUnknown[] = {
    runtime(0, PTO_ERROR_DRIVER, "a number that is not known here"),
    driver(0, "a number that is not known here"),
};

bool is_collateral(const CallError &error)
{
    return meaning_of(error.space, error.number).is_collateral;
}

} // namespace

const ErrorMeaning &meaning_of(NumberSpace space, int number)
{
    for (const ErrorMeaning &meaning : kMeanings)
        if (meaning.space == space && meaning.number == number)
            return meaning;
    return kUnknown[space == NumberSpace::kRuntime ? 0 : 1];
}

void FirstError::note(const CallError &error)
{
    const std::lock_guard lock(mutex_);
    if (error_.function == nullptr || (is_collateral(error_) && !is_collateral(error)))
        error_ = error;
}

CallError FirstError::get() const
{
    const std::lock_guard lock(mutex_);
    return error_;
}

void FirstError::reset()
{
    const std::lock_guard lock(mutex_);
    error_ = {};
}

pto_status describe(const CallError &error, host::DeviceFailure *failure)
{
    failure->raw = error.number;
    std::snprintf(failure->message, sizeof failure->message, "%s: %d, %s", error.function, error.number,
                  meaning_of(error.space, error.number).text);
    const bool is_allocation = std::strcmp(error.function, "aclrtMalloc") == 0 && error.number == kObjectFailed;
    return is_allocation ? PTO_ERROR_OUT_OF_DEVICE_MEMORY : PTO_ERROR_DRIVER;
}

} // namespace pto::vendor
