// SPDX-License-Identifier: Apache-2.0
#include "open_chip.hpp"

#include "library_error.hpp"
#include "log_text.hpp"

#include <cstdio>
#include <exception>

namespace pto::tool {
namespace {

constexpr int32_t kCallableId = 0;

/// Codes above the resources' say that the call or the callable is wrong, which is the user's to correct.
ExitCode exit_code_of(pto_status status)
{
    return status > PTO_ERROR_OUT_OF_HOST_MEMORY ? kExitBadInput : kExitRunFailed;
}

/// One call per line, so that lines of several threads do not mix. A line that there is no memory for is lost.
void log_to_standard_error(void *, int32_t level, const char *message)
{
    try {
        std::fputs(log_line(level, message).c_str(), stderr);
    } catch (const std::exception &) {
    }
}

} // namespace

pto_build_info library_build()
{
    pto_build_info info = PTO_BUILD_INFO_INIT;
    const pto_status status = pto_get_build_info(&info);
    if (status != PTO_OK)
        fail_with_last_error("library", status, exit_code_of(status));
    return info;
}

Chip::Chip(const ChipOptions &chosen) : timeout_ns_(chosen.timeout_ns)
{
    const std::string &arch = chosen.arch;
    pto_open_options options = PTO_OPEN_OPTIONS_INIT;
    options.arch = arch.empty() ? nullptr : arch.c_str();
    options.stall_timeout_ns = chosen.stall_timeout_ns;
    options.sim_mode = chosen.sim_mode;
    if (chosen.log_level != ChipOptions::kNoLog) {
        options.log = log_to_standard_error;
        options.log_level = chosen.log_level;
    }
    pto_context *context = nullptr;
    const pto_status status = pto_open(&options, &context);
    if (status == PTO_ERROR_UNSUPPORTED && !arch.empty())
        throw Error("arch " + arch, std::string("this library cannot open it: choose one of ") + library_build().archs);
    if (status != PTO_OK)
        fail_with_last_error("open", status, exit_code_of(status));
    context_.reset(context);
}

void Chip::prepare(const pto_callable &callable)
{
    const pto_status status = pto_prepare(context_.get(), kCallableId, &callable);
    if (status != PTO_OK)
        fail_with_last_error("prepare", status, exit_code_of(status));
}

pto_run_result Chip::run(const std::vector<pto_tensor> &tensors, const std::vector<uint64_t> &scalars)
{
    pto_args args = PTO_ARGS_INIT;
    args.tensors = tensors.data();
    args.tensor_count = static_cast<uint32_t>(tensors.size());
    args.scalars = scalars.data();
    args.scalar_count = static_cast<uint32_t>(scalars.size());
    pto_run_options options = PTO_RUN_OPTIONS_INIT;
    options.timeout_ns = timeout_ns_;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    const pto_status status = pto_run(context_.get(), kCallableId, &args, &options, &result);
    const bool is_out_of_time = timeout_ns_ != 0 && result.build_ns + result.device_ns >= timeout_ns_;
    if (status == PTO_ERROR_TIMEOUT && is_out_of_time)
        fail_with_last_error("run", status, kExitRunFailed,
                             "That is all of its --timeout. Give it more, or correct what it waited for.");
    if (status != PTO_OK)
        fail_with_last_error("run", status, kExitRunFailed);
    return result;
}

pto_stats Chip::stats()
{
    pto_stats stats = PTO_STATS_INIT;
    const pto_status status = pto_get_stats(context_.get(), &stats);
    if (status != PTO_OK)
        fail_with_last_error("stats", status, kExitRunFailed);
    return stats;
}

} // namespace pto::tool
