// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_CALLABLE_CHECK_H
#define PTO_HOST_CALLABLE_CHECK_H

#include "pto/callable.h"

namespace pto::host {

/// Checks everything about a callable that needs no device: counts, ids, names, images present. One place for prepare,
/// pack and images that are read. The message names the culprit.
pto_status check_callable(const pto_callable *callable, pto_image_error *error);

/// Empties the message, if there is a place for one.
void clear_error(pto_image_error *error);

/// Fills the message and returns `status`.
pto_status image_error(pto_image_error *error, pto_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

} // namespace pto::host

#endif
