// SPDX-License-Identifier: Apache-2.0
// The same with lists of dependencies that belong to the arguments, as a compiler writes it: groups of 18 and more.
#include <stdint.h>

#include "pto_arg_with_deps.h"
#include "pto_orchestration_api.h"

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
    ChipTensor ext_x_0 = orch_args.tensor(0).ref();
    uint64_t wait_0 = orch_args.scalar(0);
    PTO2_SCOPE(PTO2ScopeMode::MANUAL)
    {
        PTO2TaskId phase_0_tid = PTO2TaskId::invalid();
        for (uint32_t group_0 = 0; group_0 < 3; group_0++) {
            uint32_t width_0 = 18 + 11 * group_0;
            PTO2TaskId lanes_0_tid[40];
            for (uint32_t lane_0 = 0; lane_0 < width_0; lane_0++) {
                uint32_t part_0_shapes[1] = {1};
                uint32_t part_0_offsets[1] = {lane_0};
                ChipTensor part_0 = ext_x_0.view(part_0_shapes, part_0_offsets);
                CoreTaskArgsWithDeps<1> params_t0;
                params_t0.add_inout(part_0);
                params_t0.add_scalar(3);
                params_t0.add_scalar(lane_0);
                params_t0.add_scalar(wait_0 * (lane_0 % 3));
                if (phase_0_tid.is_valid()) {
                    params_t0.add_dep(phase_0_tid);
                }
                TaskOutputTensors task_0_outs = rt_submit_aiv_task(0, params_t0);
                lanes_0_tid[lane_0] = task_0_outs.task_id();
            }
            CoreTaskArgs params_dummy;
            params_dummy.set_dependencies(lanes_0_tid, width_0);
            TaskOutputTensors dummy_0_outs = rt_submit_dummy_task(params_dummy);

            CoreTaskArgsWithDeps<48> params_t1;
            params_t1.add_inout(ext_x_0);
            params_t1.add_scalar(2, 1, 0);
            params_t1.add_dep(dummy_0_outs.task_id(), lanes_0_tid[0]);
            for (uint32_t lane_1 = 1; lane_1 < width_0; lane_1++) {
                params_t1.add_dep(lanes_0_tid[lane_1]);
            }
            params_t1.set_allow_early_resolve(group_0 % 2 == 0);
            MixedKernels kernels_0;
            kernels_0.aiv0_kernel_id = 0;
            phase_0_tid = rt_submit_task(kernels_0, params_t1).task_id();
        }
    }
}

} // extern "C"
