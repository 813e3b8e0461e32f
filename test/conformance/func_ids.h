/* SPDX-License-Identifier: Apache-2.0 */
/* Func ids that the conformance orchestrations and their callables agree on. */
#ifndef PTO_TEST_CONFORMANCE_FUNC_IDS_H
#define PTO_TEST_CONFORMANCE_FUNC_IDS_H

enum func_id {
    ADD = 0,
    AFFINE = 1,
    COPY = 2,
    FILL = 3,
    MEET = 4,
    NOP = 5,
    NEVER = 6,
    IDENTITY = 7,
    SLEEP = 8,
    AFFINE_AIC = 11,
    MEET_AIC = 14,
    NOP_AIC = 15,
    IDENTITY_AIC = 17,
    DEFER = 20,
    DELIVER = 21,
    LATE_FILL = 22,
    LANE_AIC = 23,
    LANE_AIV0 = 24,
    LANE_AIV1 = 25
};

#endif
