// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_POSIX_FAULT_TEXT_H
#define PTO_POSIX_FAULT_TEXT_H

#include "posix/user_code.h"

#include <cstddef>

namespace pto::posix {

/// Writes what happened and where: "bad address 0x10 (SIGSEGV)".
void describe_fault(const Fault &fault, char *out, std::size_t capacity);

} // namespace pto::posix

#endif
