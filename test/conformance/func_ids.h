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
    DESCRIPTOR = 9,
    DIRTY = 10,
    AFFINE_AIC = 11,
    STATE = 12,
    GATE = 13,
    MEET_AIC = 14,
    NOP_AIC = 15,
    IDENTITY_AIC = 17,
    DIRTY_AIC = 20,
    STATE_AIC = 22,
    FAULT = 24,
    FAULT_MEETING = 25,
    FAULT_AIC = 26,
    LATE_AIC = 27,
    DEFER = 30,
    DELIVER = 31,
    LATE_FILL = 32,
    LANE_AIC = 33,
    LANE_AIV0 = 34,
    LANE_AIV1 = 35,
    HOOKS = 36,
    PIPE_AIC = 37,
    PIPE_AIV0 = 38,
    PIPE_AIV1 = 39,
    ALL_REDUCE = 40,
    SEND = 41
};

#endif
