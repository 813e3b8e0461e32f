// SPDX-License-Identifier: Apache-2.0
// The two functions of an executor image, under names that carry the arch's: the process that it is loaded into may
// hold others.
#ifndef PTO_AICPU_LINUX_ONBOARD_EXPORTS_H
#define PTO_AICPU_LINUX_ONBOARD_EXPORTS_H

#include "engine/arch/arch.h"
#include "pto/base.h"

#define PTO_ONBOARD_JOIN(arch, what)    pto_onboard_##arch##_##what
#define PTO_ONBOARD_NAME_OF(arch, what) PTO_ONBOARD_JOIN(arch, what)

/// What one thread does: every command but kRun. `args` is a wire::CommandArgs. 0: the answer is in the outbox.
#define pto_onboard_command PTO_ONBOARD_NAME_OF(PTO_ARCH, command)
/// Command kRun, on each thread of a launch. The same.
#define pto_onboard_run PTO_ONBOARD_NAME_OF(PTO_ARCH, run)

PTO_BEGIN_DECLS

PTO_EXPORT uint32_t pto_onboard_command(void *args);
PTO_EXPORT uint32_t pto_onboard_run(void *args);

PTO_END_DECLS

#endif
