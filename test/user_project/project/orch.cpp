// SPDX-License-Identifier: Apache-2.0
#include <pto/orch.hpp>

PTO_ORCHESTRATION(affine, 2, 0)
{
    pto::submit_aiv(orch, 0, pto::in(*pto_tensor_arg(orch, 0)), pto::write(*pto_tensor_arg(orch, 1)));
}
