/* SPDX-License-Identifier: Apache-2.0 */
/* Func ids of the kernels that onboard_orch.c submits. */
#ifndef PTO_TEST_ONBOARD_ONBOARD_FUNCS_H
#define PTO_TEST_ONBOARD_ONBOARD_FUNCS_H

enum { AFFINE, NEVER, FAULT, LANE_AIC, LANE_AIV0, LANE_AIV1 };

#endif
