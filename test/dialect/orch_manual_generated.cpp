// SPDX-License-Identifier: Apache-2.0
// A grid of tasks, each after its upper and its left neighbour, with explicit dependencies only: as a compiler writes a
// loop nest whose dependencies it knows. x int32 [rows, cols]; cell += upper * 2 + left * 3, by way of kernels that
// read their neighbours. Also tasks that start their consumers early.
#include <stdint.h>

#include "pto_arg_with_deps.h"
#include "pto_orchestration_api.h"

extern "C" {

__attribute__((visibility("default"))) PTO2OrchestrationConfig wavefront_config(const ChipTaskArgs &orch_args)
{
    (void)orch_args;
    return PTO2OrchestrationConfig{
        .expected_arg_count = 2,
    };
}

__attribute__((visibility("default"))) void wavefront(const ChipTaskArgs &orch_args)
{
    const ChipTensor &ext_x_0 = orch_args.tensor(0).ref();
    const ChipTensor &ext_log_0 = orch_args.tensor(1).ref();
    PTO2_SCOPE(PTO2ScopeMode::MANUAL)
    {
        PTO2TaskId ids_0[16][16];
        for (uint32_t i_0 = 0; i_0 < ext_x_0.shapes[0]; i_0++) {
            for (uint32_t j_0 = 0; j_0 < ext_x_0.shapes[1]; j_0++) {
                uint32_t cell_0_shapes[2] = {1, 1};
                uint32_t cell_0_offsets[2] = {i_0, j_0};
                ChipTensor cell_0 = ext_x_0.view(cell_0_shapes, cell_0_offsets);
                uint32_t upper_0_offsets[2] = {i_0 == 0 ? i_0 : i_0 - 1, j_0};
                ChipTensor upper_0 = ext_x_0.view(cell_0_shapes, upper_0_offsets);
                uint32_t left_0_offsets[2] = {i_0, j_0 == 0 ? j_0 : j_0 - 1};
                ChipTensor left_0 = ext_x_0.view(cell_0_shapes, left_0_offsets);

                CoreTaskArgs params_t0;
                params_t0.add_input(upper_0);
                params_t0.add_input(left_0);
                params_t0.add_inout(cell_0);
                PTO2TaskId params_t0_deps[2];
                uint32_t params_t0_deps_count = 0;
                if (i_0 > 0)
                    params_t0_deps[params_t0_deps_count++] = ids_0[i_0 - 1][j_0];
                if (j_0 > 0)
                    params_t0_deps[params_t0_deps_count++] = ids_0[i_0][j_0 - 1];
                params_t0.set_dependencies(params_t0_deps, params_t0_deps_count);
                params_t0.set_allow_early_resolve(true);
                TaskOutputTensors task_0_outs = rt_submit_aiv_task(0, params_t0);
                ids_0[i_0][j_0] = task_0_outs.task_id();
            }
        }
        // Task 1: the corner goes to the log.
        uint32_t corner_0_shapes[2] = {1, 1};
        uint32_t corner_0_offsets[2] = {ext_x_0.shapes[0] - 1, ext_x_0.shapes[1] - 1};
        ChipTensor corner_0 = ext_x_0.view(corner_0_shapes, corner_0_offsets);
        CoreTaskArgsWithDeps<> params_t1;
        params_t1.add_input(corner_0);
        params_t1.add_output(ext_log_0);
        params_t1.add_dep(ids_0[ext_x_0.shapes[0] - 1][ext_x_0.shapes[1] - 1]);
        rt_submit_aiv_task(1, params_t1);
    }
}

} // extern "C"
