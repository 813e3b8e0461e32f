// SPDX-License-Identifier: Apache-2.0
#include "aicpu/linux/image_identity.h"

#include "engine/wire/onboard_blocks.h"

#ifndef PTO_BUILD_IDENTITY
#define PTO_BUILD_IDENTITY "none"
#endif

const char pto_onboard_identity[] = PTO_BUILD_IDENTITY;

static_assert(sizeof(PTO_BUILD_IDENTITY) <= pto::wire::kMaxIdentityBytes, "an answer has no room for the identity");
