// SPDX-License-Identifier: Apache-2.0
// References to outputs that outlive the object which handed them out, arrays of such objects, and many specifications
// of tensors: x = ((x + 1 + 2 + 3 + 4) + (x + 10 + 20 + 30 + 40)) * x, row by row, as a compiler writes it.
#include <stdint.h>

#include "pto_orchestration_api.h"

// An entry without attributes, in a shared object that exports what it has.
extern "C" PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &)
{
    return {.expected_arg_count = 2};
}

extern "C" void aicpu_orchestration_entry(const ChipTaskArgs &orch_args)
{
    ChipTensor ext_x_0 = orch_args.tensor(0).ref();
    ChipTensor ext_y_0 = orch_args.tensor(1).ref();
    uint32_t row_0_ci_shapes[2] = {1, 96};
    TensorCreateInfo row_0_ci(row_0_ci_shapes, 2, DataType::FLOAT32);
    TensorCreateInfo row_1_ci(row_0_ci_shapes, 2, DataType::FLOAT32);
    TensorCreateInfo row_2_ci(row_0_ci_shapes, 2, DataType::FLOAT32);
    TensorCreateInfo row_3_ci(row_0_ci_shapes, 2, DataType::FLOAT32);
    const TensorCreateInfo *cis_0[4] = {&row_0_ci, &row_1_ci, &row_2_ci, &row_3_ci};

    for (uint32_t r_0 = 0; r_0 < ext_x_0.shapes[0]; r_0++) {
        PTO2_SCOPE()
        {
            uint32_t x_row_0_shapes[2] = {1, 96};
            uint32_t x_row_0_offsets[2] = {r_0, 0};
            ChipTensor x_row_0 = ext_x_0.view(x_row_0_shapes, x_row_0_offsets);
            ChipTensor y_row_0 = ext_y_0.view(x_row_0_shapes, x_row_0_offsets);
            const ChipTensor *ends_0[2] = {nullptr, nullptr};
            for (uint32_t branch_0 = 0; branch_0 < 2; branch_0++) {
                TaskOutputTensors outs_0[4];
                const ChipTensor *last_0 = &x_row_0;
                for (uint32_t step_0 = 0; step_0 < 4; step_0++) {
                    CoreTaskArgs params_t0;
                    params_t0.add_input(*last_0);
                    params_t0.add_output(*cis_0[step_0]);
                    params_t0.add_scalar(static_cast<float>((step_0 + 1) * (branch_0 == 0 ? 1 : 10)));
                    outs_0[step_0] = rt_submit_aiv_task(1, params_t0);
                    last_0 = &outs_0[step_0].get_ref(0);
                }
                ends_0[branch_0] = last_0;
            }
            const ChipTensor *sum_0 = nullptr;
            {
                CoreTaskArgs params_t1;
                params_t1.add_input(*ends_0[0]);
                params_t1.add_input(*ends_0[1]);
                params_t1.add_output(row_0_ci);
                TaskOutputTensors task_1_outs = rt_submit_aiv_task(0, params_t1);
                sum_0 = &task_1_outs.get_ref(0);
            }
            CoreTaskArgs params_t2;
            params_t2.add_input(*sum_0, x_row_0);
            params_t2.add_output(y_row_0);
            rt_submit_aiv_task(2, params_t2);
        }
    }
}
