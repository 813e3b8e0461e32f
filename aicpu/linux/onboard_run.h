// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_LINUX_ONBOARD_RUN_H
#define PTO_AICPU_LINUX_ONBOARD_RUN_H

#include "aicpu/linux/onboard_state.h"

namespace pto::inline PTO_ARCH::aicpu {

/// Ends the run that is under way, as far as the host is concerned: the orchestration may never return. `state` is an
/// OnboardState.
void chip_is_lost(void *state, const char *message);

} // namespace pto::inline PTO_ARCH::aicpu

#endif
