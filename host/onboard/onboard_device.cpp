// SPDX-License-Identifier: Apache-2.0
// What an open device does.
#include "host/onboard/onboard_device.h"

#include "host/onboard/kernel_layout.h"

#include <cstdio>
#include <cstring>

namespace pto::inline PTO_ARCH::onboard {
namespace {

using pto::vendor::Binding;
using pto::vendor::CallError;

/// For the start of a longer text.
pto_status say(host::DeviceFailure *failure, pto_status status, const char *text)
{
    std::snprintf(failure->message, sizeof failure->message, "%s", text);
    return status;
}

void fill_error(pto_status status, const host::DeviceFailure &failure, wire::ReportBlock *report)
{
    report->error = wire::error_record(status);
    report->error.raw = failure.raw;
    std::snprintf(report->error.message, sizeof report->error.message, "%s", failure.message);
}

bool set_symbol(char (&to)[wire::kMaxSymbolBytes], const char *from)
{
    const std::size_t size = from == nullptr ? 0 : std::strlen(from);
    if (size >= sizeof to)
        return false;
    std::memcpy(to, from == nullptr ? "" : from, size + 1);
    return true;
}

} // namespace

host::DeviceLayout OnboardDevice::layout() const
{
    return {memory_.base(), memory_.size_bytes(), heap_, config_.heap_bytes, config_.max_tasks, cluster_count_};
}

pto_status OnboardDevice::refuse_faulted(host::DeviceFailure *failure) const
{
    return say(failure, PTO_ERROR_DEVICE_FAULTED, "an earlier error faulted the device: close the context");
}

// ---- memory --------------------------------------------------------------------------------------------------------

pto_status OnboardDevice::zero(uint64_t address, uint64_t size_bytes, host::DeviceFailure *failure)
{
    if (!is_healthy())
        return refuse_faulted(failure);
    const Binding binding(session_);
    const int number = !binding.is_bound()
                           ? binding.number()
                           : session_.f.aclrtMemset(reinterpret_cast<void *>(address), size_bytes, 0, size_bytes);
    return session_.check("aclrtMemset", number, failure);
}

pto_status OnboardDevice::copy_to(uint64_t destination, const void *source, std::size_t size,
                                  host::DeviceFailure *failure)
{
    if (!is_healthy())
        return refuse_faulted(failure);
    const Binding binding(session_);
    const int number = !binding.is_bound() ? binding.number()
                                           : session_.f.aclrtMemcpy(reinterpret_cast<void *>(destination), size, source,
                                                                    size, pto::vendor::kToDevice);
    return session_.check("aclrtMemcpy", number, failure);
}

pto_status OnboardDevice::copy_from(void *destination, uint64_t source, std::size_t size, host::DeviceFailure *failure)
{
    if (!is_healthy())
        return refuse_faulted(failure);
    const Binding binding(session_);
    const int number = !binding.is_bound()
                           ? binding.number()
                           : session_.f.aclrtMemcpy(destination, size, reinterpret_cast<const void *>(source), size,
                                                    pto::vendor::kFromDevice);
    return session_.check("aclrtMemcpy", number, failure);
}

// ---- code ----------------------------------------------------------------------------------------------------------

pto_status OnboardDevice::load_kernel(const void *image, std::size_t size, host::DeviceKernel *out,
                                      host::DeviceFailure *failure)
{
    KernelLayout kernel;
    pto_status status = kernel.open(image, size, cores_.machine(), failure);
    if (status != PTO_OK)
        return status;
    const uint64_t memory = memory_.allocate(kernel.size_bytes());
    if (memory == 0)
        return memory_.explain(kernel.size_bytes(), failure);
    uint64_t entry = 0;
    status = kernel.lay_out(memory, &entry, failure);
    if (status == PTO_OK)
        status = copy_to(kernel.target(), kernel.content().data(), kernel.content().size(), failure);
    if (status != PTO_OK) {
        memory_.release(memory);
        return status;
    }
    *out = {entry, reinterpret_cast<void *>(memory)};
    has_new_code_.store(true, std::memory_order_release);
    return PTO_OK;
}

pto_status OnboardDevice::load_orch(const host::DeviceOrch &orch, host::DeviceFailure *failure)
{
    wire::OrchBlock block{};
    block.callable_id = orch.callable_id;
    block.tensor_count = orch.promise.tensor_count;
    block.scalar_count = orch.promise.scalar_count;
    block.has_config = orch.promise.config == nullptr ? 0 : 1;
    block.image = orch.image;
    block.image_bytes = orch.image_bytes;
    if (!set_symbol(block.entry, orch.promise.entry) || !set_symbol(block.config, orch.promise.config))
        return say(failure, PTO_ERROR_MISSING_ENTRY, "the name of the entry is too long for any symbol");
    const std::lock_guard lock(link_mutex_);
    const Binding binding(session_);
    const pto_status status = command(wire::Command::kLoad, &block, failure);
    if (status == PTO_OK)
        orch_loads_.store(link_.answer().orch_loads, std::memory_order_release);
    return status;
}

void OnboardDevice::unload_orch(int32_t callable_id)
{
    if (!is_healthy())
        return;
    wire::OrchBlock block{};
    block.callable_id = callable_id;
    const std::lock_guard lock(link_mutex_);
    const Binding binding(session_);
    host::DeviceFailure failure{};
    if (const pto_status status = command(wire::Command::kUnload, &block, &failure); status != PTO_OK)
        session_.log(PTO_LOG_ERROR, "callable %d could not be unloaded: %s", callable_id, failure.message);
}

pto_status OnboardDevice::command(wire::Command command, const wire::OrchBlock *orch, host::DeviceFailure *failure)
{
    if (!is_healthy())
        return refuse_faulted(failure);
    if (!link_.execute({command, 1, orch, orch == nullptr ? 0 : sizeof *orch}))
        return explain_silence(failure);
    const wire::AnswerBlock &answer = link_.answer();
    if (answer.status != PTO_OK) {
        failure->raw = answer.detail;
        return say(failure, answer.status, answer.message);
    }
    return is_healthy() ? PTO_OK : explain_silence(failure);
}

/// The vendor's error is the reason, if there is one.
pto_status OnboardDevice::explain_silence(host::DeviceFailure *failure)
{
    const CallError error = session_.first_error().get();
    if (error.function == nullptr)
        return say(failure, PTO_ERROR_EXECUTOR, "the control CPUs returned without an answer");
    pto::vendor::describe(error, failure);
    if (const char *text = session_.f.aclGetRecentErrMsg(); text != nullptr && text[0] != '\0')
        session_.log(PTO_LOG_ERROR, "%.240s", text);
    return pto::vendor::meaning_of(error.space, error.number).status;
}

// ---- runs ----------------------------------------------------------------------------------------------------------

/// A stream that cannot be renewed is gone: there is no way back.
pto_status OnboardDevice::renew_code(host::DeviceFailure *failure)
{
    if (!has_new_code_.exchange(false) || !kArch.driver.keeps_stale_code)
        return PTO_OK;
    const pto_status status = streams_.renew_core_stream(failure);
    if (status != PTO_OK)
        session_.set_unusable();
    return status;
}

void OnboardDevice::run(const wire::LaunchBlock &launch, wire::ReportBlock *report)
{
    wire::begin_report(report);
    const std::lock_guard lock(link_mutex_);
    host::DeviceFailure failure{};
    pto_status status = is_healthy() ? PTO_OK : refuse_faulted(&failure);
    const Binding binding(session_);
    if (status == PTO_OK)
        status = session_.check("aclrtSetDevice", binding.number(), &failure);
    if (status == PTO_OK)
        status = renew_code(&failure);
    if (status != PTO_OK)
        return fill_error(status, failure, report);
    const bool is_answered = link_.execute({wire::Command::kRun, cpus_.block_count, &launch, sizeof launch});
    if (link_.report().magic == wire::kReportMagic && link_.report().version == wire::kBlockVersion)
        *report = link_.report();
    const wire::AnswerBlock &answer = link_.answer();
    if (is_answered && report->error.status == PTO_OK && answer.status != PTO_OK) {
        report->error = wire::error_record(answer.status);
        report->error.detail = answer.detail;
        std::memcpy(report->error.message, answer.message, sizeof report->error.message);
    }
    if (!is_healthy() || !is_answered)
        report_failure(report);
}

/// What the executor says is worth more than the driver's number, which is then added. But that a kernel did not come
/// back is explained by the exception that ended it.
void OnboardDevice::report_failure(wire::ReportBlock *report)
{
    wire::ErrorRecord &error = report->error;
    const CallError call = session_.first_error().get();
    const bool has_report = error.status != PTO_OK;
    if (has_report && call.function == nullptr)
        return;
    host::DeviceFailure failure{};
    const pto_status status = explain_silence(&failure);
    if (!has_report) {
        fill_error(status, failure, report);
    } else {
        const wire::ErrorRecord cause = error;
        std::snprintf(error.message, sizeof error.message, "%.110s (%.78s)", cause.message, failure.message);
    }
    if (call.number == pto::vendor::kCoreException && call.space == pto::vendor::NumberSpace::kRuntime)
        error.status = PTO_ERROR_KERNEL_FAULT;
    error.raw = call.number;
}

} // namespace pto::inline PTO_ARCH::onboard
