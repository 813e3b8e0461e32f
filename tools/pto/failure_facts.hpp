// SPDX-License-Identifier: Apache-2.0
// The fields of an error of the library, for people.
#ifndef PTO_TOOL_FAILURE_FACTS_HPP
#define PTO_TOOL_FAILURE_FACTS_HPP

#include "pto/pto.h"

#include <string>

namespace pto::tool {

/// What a run that ended early waited for or ran out of: class, task, kernel and core of a stall; resource, need, what
/// there is and who holds it. "" for an error that is about neither.
std::string facts_text(const pto_error &error);

} // namespace pto::tool

#endif
