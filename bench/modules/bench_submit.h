/* SPDX-License-Identifier: Apache-2.0 */
/* What the orchestrations of the benchmarks share. A task with n inputs has func id n, so that a callable chooses with
 * its kernels whether tasks are empty or work. */
#ifndef BENCH_MODULES_BENCH_SUBMIT_H
#define BENCH_MODULES_BENCH_SUBMIT_H

#include "bench/support/patterns.h"
#include "pto/orch.h"

/* Scalars of the runs that count: iterations of a task, and the address of the tallies. */
enum { BENCH_SCALAR_ITERATIONS = 0, BENCH_SCALAR_TALLIES = 1 };

/* One value, not yet allocated. */
static inline pto_tensor bench_value(void)
{
    static const uint32_t one[] = {1};
    return pto_tensor_new(PTO_UINT64, 1, one);
}

/* Submits a task that reads `input_count` inputs, which are in `args` already, and allocates `output`. */
static inline void bench_submit(pto_orch *orch, pto_arg *args, uint32_t input_count, pto_tensor *output, int counts)
{
    uint32_t arg_count = input_count;
    args[arg_count++] = PTO_OUT(output);
    if (counts) {
        args[arg_count++] = PTO_RUN_SCALAR(BENCH_SCALAR_ITERATIONS);
        args[arg_count++] = PTO_RUN_SCALAR(BENCH_SCALAR_TALLIES);
    }
    pto_submit_kernels(orch, PTO_NO_KERNEL, (int32_t)input_count, PTO_NO_KERNEL, args, arg_count);
}

/* Room for the arguments of one such task. */
#define BENCH_TASK_ARGS (BENCH_MAX_INPUTS + 3u)

#endif
