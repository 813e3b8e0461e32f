// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_LINUX_IMAGE_IDENTITY_H
#define PTO_AICPU_LINUX_IMAGE_IDENTITY_H

#include "pto/base.h"

PTO_BEGIN_DECLS

/// What the image was built from: one line of text, zero-terminated. Data, so that a file tells it without being run.
PTO_EXPORT extern const char pto_onboard_identity[];

PTO_END_DECLS

#endif
