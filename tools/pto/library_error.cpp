// SPDX-License-Identifier: Apache-2.0
#include "library_error.hpp"

#include "pto/pto.h"

#include "text_format.hpp"

namespace pto::tool {

void fail_with_status(const std::string &what, pto_status status, const char *message, ExitCode exit_code)
{
    const std::string code = std::string(" (") + pto_status_name(status) + "). ";
    const std::string why = message != nullptr && *message != '\0' ? message : "failed";
    throw Error(what, why + code + pto_status_text(status), exit_code);
}

void fail_with_last_error(const std::string &what, pto_status status, ExitCode exit_code)
{
    const pto_error &error = *pto_last_error();
    std::string message = error.message;
    if (status == PTO_ERROR_ORCHESTRATION_FATAL)
        message += format(", code %lld", static_cast<long long>(error.detail));
    fail_with_status(what, status, message.c_str(), exit_code);
}

} // namespace pto::tool
