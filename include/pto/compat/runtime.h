// SPDX-License-Identifier: Apache-2.0
/** @file runtime.h
 *  Another name under which sources include the orchestration API. */
#ifndef PTO_COMPAT_RUNTIME_H
#define PTO_COMPAT_RUNTIME_H

#include "pto/compat/pto_orchestration_api.h"

#endif
