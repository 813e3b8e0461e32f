/* SPDX-License-Identifier: Apache-2.0 */
/* f = (a + b + 1)(a + b + 2) + (a + b): five tasks in two scopes. */
#include "pto/orch.h"

enum { ADD, ADD_SCALAR, MULTIPLY };

PTO_ORCHESTRATION(vector, 3, 0)
{
    const pto_tensor *a = pto_tensor_arg(orch, 0);
    const pto_tensor *b = pto_tensor_arg(orch, 1);
    const pto_tensor *f = pto_tensor_arg(orch, 2);
    pto_tensor c = pto_tensor_like(a);
    pto_submit_aiv(orch, ADD, PTO_IN(a), PTO_IN(b), PTO_OUT(&c));
    PTO_SCOPE (orch) {
        pto_tensor d = pto_tensor_like(a);
        pto_tensor e = pto_tensor_like(a);
        pto_tensor g = pto_tensor_like(a);
        pto_submit_aiv(orch, ADD_SCALAR, PTO_IN(&c), PTO_OUT(&d), PTO_F32(1.0f));
        pto_submit_aiv(orch, ADD_SCALAR, PTO_IN(&c), PTO_OUT(&e), PTO_F32(2.0f));
        pto_submit_aiv(orch, MULTIPLY, PTO_IN(&d), PTO_IN(&e), PTO_OUT(&g));
        pto_submit_aiv(orch, ADD, PTO_IN(&g), PTO_IN(&c), PTO_WRITE(f));
    }
}
