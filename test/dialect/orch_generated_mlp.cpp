// SPDX-License-Identifier: Apache-2.0
// y = (x * w1 + 0.5) * w2 as a compiler writes it: a temporary for everything, one block per operation.
#include <stdint.h>

#include "pto_orchestration_api.h"

extern "C" {

__attribute__((visibility("default"))) PTO2OrchestrationConfig mlp_config(const ChipTaskArgs &orch_args)
{
    (void)orch_args;
    return PTO2OrchestrationConfig{
        .expected_arg_count = 5,
    };
}

__attribute__((visibility("default"))) void mlp(const ChipTaskArgs &orch_args)
{
    // External tensors
    const ChipTensor &ext_x_0 = orch_args.tensor(0).ref();
    const ChipTensor &ext_w1_0 = orch_args.tensor(1).ref();
    const ChipTensor &ext_w2_0 = orch_args.tensor(2).ref();
    const ChipTensor &ext_y_0 = orch_args.tensor(3).ref();
    float bias_0 = from_u64<float>(orch_args.scalar(0));

    uint32_t hidden_0_ci_shapes[2] = {32, 64};
    TensorCreateInfo hidden_0_ci(hidden_0_ci_shapes, 2, DataType::FLOAT32);
    uint32_t biased_0_ci_shapes[2] = {32, 64};
    TensorCreateInfo biased_0_ci(biased_0_ci_shapes, 2, DataType::FLOAT32);
    TaskOutputTensors alloc_0 = alloc_tensors(hidden_0_ci, biased_0_ci);
    const ChipTensor &hidden_0 = alloc_0.get_ref(0);
    const ChipTensor &biased_0 = alloc_0.get_ref(1);

    PTO2_SCOPE()
    {
        for (int64_t i_0 = 0; i_0 < 32; i_0 += 16) {
            PTO2_SCOPE()
            {
                for (int64_t k_0 = 0; k_0 < 48; k_0 += 16) {
                    uint32_t x_tile_0_shapes[2] = {16, 16};
                    uint32_t x_tile_0_offsets[2] = {static_cast<uint32_t>(i_0), static_cast<uint32_t>(k_0)};
                    ChipTensor x_tile_0 = ext_x_0.view(x_tile_0_shapes, x_tile_0_offsets);
                    uint32_t w1_tile_0_shapes[2] = {16, 64};
                    uint32_t w1_tile_0_offsets[2] = {static_cast<uint32_t>(k_0), 0};
                    ChipTensor w1_tile_0 = ext_w1_0.view(w1_tile_0_shapes, w1_tile_0_offsets);
                    uint32_t hidden_tile_0_shapes[2] = {16, 64};
                    uint32_t hidden_tile_0_offsets[2] = {static_cast<uint32_t>(i_0), 0};
                    ChipTensor hidden_tile_0 = hidden_0.view(hidden_tile_0_shapes, hidden_tile_0_offsets);

                    // Task 0: matmul
                    CoreTaskArgs params_t0;
                    params_t0.add_input(x_tile_0);
                    params_t0.add_input(w1_tile_0);
                    params_t0.add_inout(hidden_tile_0);
                    params_t0.add_scalar(k_0 == 0 ? 1 : 0);
                    rt_submit_aic_task(0, params_t0);
                }
            }
            uint32_t hidden_tile_1_shapes[2] = {16, 64};
            uint32_t hidden_tile_1_offsets[2] = {static_cast<uint32_t>(i_0), 0};
            ChipTensor hidden_tile_1 = hidden_0.view(hidden_tile_1_shapes, hidden_tile_1_offsets);
            ChipTensor biased_tile_0 = biased_0.view(hidden_tile_1_shapes, hidden_tile_1_offsets);

            // Task 1: add bias
            CoreTaskArgs params_t1;
            params_t1.add_input(hidden_tile_1);
            params_t1.add_output(biased_tile_0);
            params_t1.add_scalar(to_u64(bias_0));
            rt_submit_aiv_task(1, params_t1);
        }
    }
    PTO2_SCOPE()
    {
        for (int64_t j_0 = 0; j_0 < 2; j_0 += 1) {
            uint32_t w2_tile_0_shapes[2] = {64, 16};
            uint32_t w2_tile_0_offsets[2] = {0, static_cast<uint32_t>(j_0 * 16)};
            ChipTensor w2_tile_0 = ext_w2_0.view(w2_tile_0_shapes, w2_tile_0_offsets);
            uint32_t y_tile_0_shapes[2] = {32, 16};
            ChipTensor y_tile_0 = ext_y_0.view(y_tile_0_shapes, w2_tile_0_offsets);

            // Task 2: matmul
            CoreTaskArgs params_t2;
            params_t2.add_input(biased_0);
            params_t2.add_input(w2_tile_0);
            params_t2.add_output(y_tile_0);
            params_t2.add_scalar(1);
            rt_submit_aic_task(0, params_t2);
        }
    }
}

} // extern "C"
