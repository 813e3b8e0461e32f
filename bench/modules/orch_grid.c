/* SPDX-License-Identifier: Apache-2.0 */
/* The patterns of Task Bench. Scalars: iterations, tallies, pattern, width, steps. */
#include "bench/modules/bench_submit.h"

enum { SCALAR_PATTERN = 2, SCALAR_WIDTH = 3, SCALAR_STEPS = 4 };

PTO_ORCHESTRATION(bench_grid, 0, 5)
{
    const uint32_t pattern = (uint32_t)pto_scalar_arg(orch, SCALAR_PATTERN);
    const uint32_t width = (uint32_t)pto_scalar_arg(orch, SCALAR_WIDTH);
    const uint32_t steps = (uint32_t)pto_scalar_arg(orch, SCALAR_STEPS);
    pto_tensor values[2][BENCH_MAX_WIDTH];
    pto_arg args[BENCH_TASK_ARGS];
    if (width == 0 || width > BENCH_MAX_WIDTH)
        pto_fatal(orch, 1, "a grid of %u points; it may have 1 to %u", width, BENCH_MAX_WIDTH);
    for (uint32_t step = 0; step < steps && width <= BENCH_MAX_WIDTH; step++) {
        const pto_tensor *before = values[(step + 1) % 2];
        pto_tensor *now = values[step % 2];
        const uint32_t points = bench_points(pattern, width, step);
        for (uint32_t point = 0; point < points; point++) {
            uint32_t inputs[BENCH_MAX_INPUTS];
            const uint32_t count = bench_inputs(pattern, width, step, point, inputs);
            for (uint32_t i = 0; i < count; i++)
                args[i] = PTO_IN(&before[inputs[i]]);
            now[point] = bench_value();
            bench_submit(orch, args, count, &now[point], 1);
        }
    }
}
