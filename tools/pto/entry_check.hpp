// SPDX-License-Identifier: Apache-2.0
// Whether shared objects export what the chip will look for.
#ifndef PTO_TOOL_ENTRY_CHECK_HPP
#define PTO_TOOL_ENTRY_CHECK_HPP

#include <string>

namespace pto::tool {

/// `source` is what the messages name, `object` the shared object that it became. Both throw Error, which names the
/// functions that there are instead.
void check_kernel_entry(const std::string &source, const std::string &object);
void check_orchestration_entry(const std::string &source, const std::string &object, const std::string &entry,
                               const std::string &config);

} // namespace pto::tool

#endif
