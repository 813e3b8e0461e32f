/* SPDX-License-Identifier: Apache-2.0 */
/* One step of the online softmax: scores become weights relative to the largest score so far; `correction` is the
 * factor that brings the sums of earlier pages to the same scale. */
#include "exponential.h"
#include "pto/kernel.h"

PTO_KERNEL(args)
{
    const uint32_t heads = pto_kernel_tensor(args, 0)->shape[0];
    const uint32_t tokens = pto_kernel_tensor(args, 0)->shape[1];
    float *largest = (float *)pto_kernel_data(args, 1);
    float *total = largest + heads;
    float *correction = (float *)pto_kernel_data(args, 2);
    for (uint32_t h = 0; h < heads; h++) {
        float *weights = (float *)pto_kernel_data(args, 0) + h * tokens;
        float top = largest[h];
        for (uint32_t t = 0; t < tokens; t++)
            top = weights[t] > top ? weights[t] : top;
        correction[h] = exponential(largest[h] - top);
        largest[h] = top;
        total[h] *= correction[h];
        for (uint32_t t = 0; t < tokens; t++) {
            weights[t] = exponential(weights[t] - top);
            total[h] += weights[t];
        }
    }
}
