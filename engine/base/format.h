// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_BASE_FORMAT_H
#define PTO_ENGINE_BASE_FORMAT_H

#include "engine/arch/arch.h"

#include <cstdarg>
#include <cstddef>

namespace pto::inline PTO_ARCH {

/// printf into a bounded buffer, for code that has no libc: d i u o x X p c s e f g E F G % with - 0, width,
/// precision and the length marks hh h l ll j t z L. An unknown conversion is copied as it stands and ends the
/// formatting, because the values behind it cannot be found any more. Returns the bytes written without the final zero.
std::size_t format_text(char *out, std::size_t capacity, const char *format, va_list values);

} // namespace pto::inline PTO_ARCH

#endif
