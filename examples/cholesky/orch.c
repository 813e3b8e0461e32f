/* SPDX-License-Identifier: Apache-2.0 */
/* Right-looking Cholesky factorization in place: the lower triangle of `a` becomes L with A = L L^T. All tiles are
 * views of one matrix; which task waits for which follows from the tiles that they read and write. */
#include "pto/orch.h"

enum { POTRF, TRSM, SYRK, GEMM };

static pto_tensor tile(pto_orch *orch, const pto_tensor *a, uint32_t row, uint32_t column, uint32_t size)
{
    const uint32_t offset[] = {row * size, column * size};
    const uint32_t shape[] = {size, size};
    return pto_view(orch, a, offset, shape);
}

/** Subtracts what column `k` of L contributes to the tiles right of it. */
static void update(pto_orch *orch, const pto_tensor *a, uint32_t k, uint32_t tiles, uint32_t size)
{
    for (uint32_t i = k + 1; i < tiles; i++) {
        const pto_tensor left = tile(orch, a, i, k, size);
        const pto_tensor diagonal = tile(orch, a, i, i, size);
        for (uint32_t j = k + 1; j < i; j++) {
            const pto_tensor right = tile(orch, a, j, k, size);
            const pto_tensor target = tile(orch, a, i, j, size);
            pto_submit_aic(orch, GEMM, PTO_IN(&left), PTO_IN(&right), PTO_INOUT(&target));
        }
        pto_submit_aic(orch, SYRK, PTO_IN(&left), PTO_INOUT(&diagonal));
    }
}

PTO_ORCHESTRATION(cholesky, 1, 1)
{
    const pto_tensor *a = pto_tensor_arg(orch, 0);
    const uint32_t size = (uint32_t)pto_scalar_arg(orch, 0);
    const uint32_t n = a->shape[0];
    if (a->shape[1] != n || size == 0 || n % size != 0) {
        pto_fatal(orch, 1, "%ux%u elements are not a square of %ux%u tiles", n, a->shape[1], size, size);
        return;
    }
    for (uint32_t k = 0; k < n / size; k++) {
        const pto_tensor diagonal = tile(orch, a, k, k, size);
        pto_submit_aiv(orch, POTRF, PTO_INOUT(&diagonal));
        for (uint32_t i = k + 1; i < n / size; i++) {
            const pto_tensor below = tile(orch, a, i, k, size);
            pto_submit_aiv(orch, TRSM, PTO_IN(&diagonal), PTO_INOUT(&below));
        }
        update(orch, a, k, n / size, size);
    }
}
