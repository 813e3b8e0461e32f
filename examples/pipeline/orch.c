/* SPDX-License-Identifier: Apache-2.0 */
/* One layer of a network on a batch of quantized samples: max(0, scale * samples * weights), in blocks of rows. The
 * scale only travels on to the kernels, so one graph serves batches of every scale. */
#include "pto/orch.h"

enum { PROJECT, ACTIVATE };
enum { SAMPLES, WEIGHTS, RESULT };
enum { BLOCK_ROWS = 16 };

PTO_ORCHESTRATION(pipeline, 3, 1)
{
    const pto_tensor *samples = pto_tensor_arg(orch, SAMPLES);
    const pto_tensor *weights = pto_tensor_arg(orch, WEIGHTS);
    for (uint32_t row = 0; row < samples->shape[0]; row += BLOCK_ROWS) {
        const pto_tensor block = pto_slice(orch, samples, 0, row, row + BLOCK_ROWS, 1);
        const pto_tensor result = pto_slice(orch, pto_tensor_arg(orch, RESULT), 0, row, row + BLOCK_ROWS, 1);
        pto_tensor sums = pto_tensor_new(PTO_INT32, PTO_SHAPE(BLOCK_ROWS, weights->shape[1]));
        pto_submit_aic(orch, PROJECT, PTO_IN(&block), PTO_IN(weights), PTO_OUT(&sums));
        pto_submit_aiv(orch, ACTIVATE, PTO_IN(&sums), PTO_WRITE(&result), PTO_RUN_SCALAR(0));
    }
}
