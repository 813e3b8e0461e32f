// SPDX-License-Identifier: Apache-2.0
// Graphs with constants beside their arguments, with and without a key: x = x * a + b for a number of steps, where the
// constants say how many and the scalar of the graph is b.
#include <stdint.h>

#include "pto_orchestration_api.h"

static void steps(const GraphTaskArgs &args, uint32_t count, uint64_t a)
{
    for (uint32_t i_0 = 0; i_0 < count; i_0++) {
        CoreTaskArgs params_t0;
        params_t0.add_inout(args.tensor(0).ref());
        params_t0.add_scalar(a);
        params_t0.add_scalar(args.scalar(0));
        params_t0.add_scalar(0);
        rt_submit_aiv_task(0, params_t0);
    }
}

static void one_step(const GraphTaskArgs &args)
{
    CoreTaskArgs params_t0;
    params_t0.add_inout(args.tensor(0).ref());
    params_t0.add_scalar(args.scalar(0), args.scalar(1), uint64_t{0});
    rt_submit_aiv_task(0, params_t0);
}

extern "C" {

__attribute__((visibility("default"))) PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &orch_args)
{
    (void)orch_args;
    return PTO2OrchestrationConfig{
        .expected_arg_count = 2,
    };
}

__attribute__((visibility("default"))) void aicpu_orchestration_entry(const ChipTaskArgs &orch_args)
{
    const ChipTensor &ext_x_0 = orch_args.tensor(0).ref();
    for (uint32_t r_0 = 0; r_0 < 12; r_0++) {
        GraphTaskArgs graph_0;
        graph_0.add_inout(ext_x_0);
        graph_0.add_scalar(orch_args.scalar(0) + r_0);
        if (r_0 % 2 == 0) {
            rt_submit_graph(steps, graph_0, r_0 % 3 + 1, 3);
        } else {
            rt_submit_graph(uint64_t{7}, steps, graph_0, 2, 5);
        }
        GraphTaskArgs graph_1;
        graph_1.add_inout(ext_x_0);
        graph_1.add_scalar(uint64_t{2}, uint64_t{r_0});
        rt_submit_graph(one_step, graph_1);
    }
}

} // extern "C"
