// SPDX-License-Identifier: Apache-2.0
#include "library_error.hpp"

#include "pto/pto.h"

#include "failure_facts.hpp"
#include "text_format.hpp"

namespace pto::tool {
namespace {

std::string message_text(const std::string &message, pto_status status, const char *remedy)
{
    return (message.empty() ? "failed" : message) + " (" + pto_status_name(status) + "). " + remedy;
}

} // namespace

void fail_with_status(const std::string &what, pto_status status, const char *message, ExitCode exit_code)
{
    throw Error(what, message_text(message == nullptr ? "" : message, status, pto_status_text(status)), exit_code);
}

void fail_with_last_error(const std::string &what, pto_status status, ExitCode exit_code, const char *remedy)
{
    const pto_error &error = *pto_last_error();
    std::string message = error.message;
    if (status == PTO_ERROR_ORCHESTRATION_FATAL)
        message += format(", code %lld", static_cast<long long>(error.detail));
    throw Error(what, message_text(message, status, remedy == nullptr ? pto_status_text(status) : remedy), exit_code,
                facts_text(error));
}

} // namespace pto::tool
