// SPDX-License-Identifier: Apache-2.0
// Blocks that each wait for several counters, then a task by id, as a compiler writes it. Tensors: x int32 [1],
// counters int32 [blocks, 3], out int32 [1]. Scalars: how long a delivery takes.
#include <stdint.h>

#include "pto_orchestration_api.h"

extern "C" {

__attribute__((visibility("default"))) PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &orch_args)
{
    (void)orch_args;
    return PTO2OrchestrationConfig{
        .expected_arg_count = 4,
    };
}

__attribute__((visibility("default"))) void aicpu_orchestration_entry(const ChipTaskArgs &orch_args)
{
    const ChipTensor &ext_x_0 = orch_args.tensor(0).ref();
    const ChipTensor &ext_counters_0 = orch_args.tensor(1).ref();
    const ChipTensor &ext_out_0 = orch_args.tensor(2).ref();
    PTO2_SCOPE(PTO2ScopeMode::MANUAL)
    {
        CoreTaskArgs params_t0;
        params_t0.add_no_dep(ext_x_0);
        params_t0.add_no_dep(ext_counters_0);
        params_t0.add_scalar(static_cast<int64_t>(3));
        params_t0.add_scalar(static_cast<int64_t>(2));
        params_t0.add_scalar(static_cast<int64_t>(0));
        params_t0.launch_spec.set_block_num(static_cast<int16_t>(ext_counters_0.shapes[0]));
        TaskOutputTensors task_0_outs = rt_submit_aic_task(3, params_t0);
        PTO2TaskId task_0_tid = task_0_outs.task_id();
        for (uint32_t i_0 = 0; i_0 < 2; i_0++) {
            CoreTaskArgs params_t1;
            params_t1.add_no_dep(ext_x_0);
            params_t1.add_no_dep(ext_counters_0);
            params_t1.add_scalar(static_cast<int64_t>(21));
            params_t1.add_scalar(orch_args.scalar(0));
            rt_submit_aiv_task(1, params_t1);
        }
        CoreTaskArgs params_t2;
        params_t2.add_input(ext_x_0);
        params_t2.add_output(ext_out_0);
        PTO2TaskId params_t2_deps[1] = {task_0_tid};
        params_t2.set_dependencies(params_t2_deps, 1);
        rt_submit_aiv_task(2, params_t2);
    }
}

} // extern "C"
