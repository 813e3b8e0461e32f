// SPDX-License-Identifier: Apache-2.0
// Rows of different lengths, none among them, without a branch for it, as a compiler writes it: out[b, :len[b], :] =
// x[:len[b], b, :]. Tensors: x int32 [most, batch, width], lens int32 [batch], out int32 [batch, most, width].
#include <stdint.h>

#include "pto_orchestration_api.h"

extern "C" {

__attribute__((visibility("default"))) PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &orch_args)
{
    (void)orch_args;
    return PTO2OrchestrationConfig{
        .expected_arg_count = 3,
    };
}

__attribute__((visibility("default"))) void aicpu_orchestration_entry(const ChipTaskArgs &orch_args)
{
    const ChipTensor &ext_x_0 = orch_args.tensor(0).ref();
    const ChipTensor &ext_lens_0 = orch_args.tensor(1).ref();
    const ChipTensor &ext_out_0 = orch_args.tensor(2).ref();
    for (uint32_t b_0 = 0; b_0 < ext_out_0.shapes[0]; b_0++) {
        PTO2_SCOPE()
        {
            uint32_t len_0_indices[1] = {b_0};
            uint32_t len_0 = static_cast<uint32_t>(get_tensor_data<int32_t>(ext_lens_0, 1, len_0_indices));
            uint32_t x_0_view_shapes[3] = {len_0, 1, ext_x_0.shapes[2]};
            uint32_t x_0_view_offsets[3] = {0, b_0, 0};
            ChipTensor x_0_view = ext_x_0.view(x_0_view_shapes, x_0_view_offsets);
            uint32_t x_1_order[3] = {1, 0, 2};
            ChipTensor x_1 = x_0_view.permute(x_1_order);
            uint32_t out_0_view_shapes[3] = {1, len_0, ext_x_0.shapes[2]};
            uint32_t out_0_view_offsets[3] = {b_0, 0, 0};
            ChipTensor out_0_view = ext_out_0.view(out_0_view_shapes, out_0_view_offsets);

            CoreTaskArgs params_t0;
            params_t0.add_input(x_1);
            params_t0.add_output(out_0_view);
            params_t0.set_task_timing_slot(static_cast<int32_t>(b_0 % 16));
            params_t0.dump(x_1, out_0_view);
            rt_submit_aiv_task(0, params_t0);
        }
    }
}

} // extern "C"
