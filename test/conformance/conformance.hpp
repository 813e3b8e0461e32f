// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_TEST_CONFORMANCE_CONFORMANCE_HPP
#define PTO_TEST_CONFORMANCE_CONFORMANCE_HPP

#include "func_ids.h"
#include "support/test_chip.hpp"

namespace pto::test {

/// A callable with every kernel of this folder and the given orchestration; parameters are to be added.
inline CallableBuilder callable(const std::string &module, const std::string &entry)
{
    CallableBuilder builder(module, entry);
    builder.aiv(ADD, "kernel_add").aiv(AFFINE, "kernel_affine").aiv(COPY, "kernel_copy").aiv(FILL, "kernel_fill");
    builder.aiv(MEET, "kernel_meet").aiv(NOP, "kernel_nop").aiv(NEVER, "kernel_never");
    builder.aiv(IDENTITY, "kernel_identity").aiv(SLEEP, "kernel_sleep").aic(AFFINE_AIC, "kernel_affine");
    builder.aic(MEET_AIC, "kernel_meet").aic(NOP_AIC, "kernel_nop").aic(IDENTITY_AIC, "kernel_identity");
    builder.aiv(DESCRIPTOR, "kernel_descriptor").aiv(GATE, "kernel_gate").aiv(DIRTY, "kernel_dirty");
    builder.aic(DIRTY_AIC, "kernel_dirty").aiv(STATE, "kernel_state_aiv").aic(STATE_AIC, "kernel_state_aic");
    builder.aiv(DEFER, "kernel_defer").aiv(DELIVER, "kernel_deliver").aiv(LATE_FILL, "kernel_late_fill");
    builder.aic(LANE_AIC, "kernel_lane_0").aiv(LANE_AIV0, "kernel_lane_1").aiv(LANE_AIV1, "kernel_lane_2");
    return builder;
}

} // namespace pto::test

#endif
