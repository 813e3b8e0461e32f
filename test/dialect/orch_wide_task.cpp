// SPDX-License-Identifier: Apache-2.0
// Tasks with as many arguments as there may be, as a compiler that fuses without end writes them: 32 tensors and 16
// scalars. Tensors: out int64 [32, 16], x int32 [31].
#include <stdint.h>

#include "pto_orchestration_api.h"

extern "C" __attribute__((visibility("default"))) PTO2OrchestrationConfig wide_config(const ChipTaskArgs &orch_args)
{
    PTO2OrchestrationConfig config = {static_cast<int>(orch_args.scalar(0) == 0 ? 3 : orch_args.scalar(0))};
    return config;
}

extern "C" __attribute__((visibility("default"))) void wide(const ChipTaskArgs &orch_args)
{
    ChipTensor ext_out_0 = orch_args.tensor(0).ref();
    ChipTensor ext_x_0 = orch_args.tensor(1).ref();
    ChipTensor parts_0[31];
    CoreTaskArgs params_t0;
    params_t0.add_output(ext_out_0);
    for (uint32_t i_0 = 0; i_0 < 31; i_0++) {
        uint32_t part_0_shapes[1] = {1};
        uint32_t part_0_offsets[1] = {i_0};
        parts_0[i_0] = ext_x_0.view(part_0_shapes, part_0_offsets);
        params_t0.add_input(parts_0[i_0]);
    }
    params_t0.add_scalar(static_cast<int64_t>(0), static_cast<int64_t>(1), static_cast<int64_t>(2));
    for (int64_t s_0 = 3; s_0 < 16; s_0++)
        params_t0.add_scalar(s_0 * s_0);
    TaskOutputTensors task_0_outs = rt_submit_aiv_task(0, params_t0);
    LOG_DEBUG("%s: task %u", __FUNCTION__, (unsigned)task_0_outs.task_id().is_valid());
}
