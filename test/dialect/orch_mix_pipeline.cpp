// SPDX-License-Identifier: Apache-2.0
// out = a * b + bias for many small matrices: a matrix core multiplies and hands its products to the vector cores of
// its cluster, which add. Tensors: a [n, 16, 16], b and bias [16, 16], out [n, 16, 16]. Scalars: blocks, tiles per
// block.
#include <cstdint>

#include "pto_orchestration_api.h"

#define FUNC_CUBE   0
#define FUNC_VECTOR 1

extern "C" __attribute__((visibility("default"))) PTO2OrchestrationConfig
aicpu_orchestration_config(const ChipTaskArgs &orch_args)
{
    (void)orch_args;
    return PTO2OrchestrationConfig{.expected_arg_count = 6};
}

extern "C" __attribute__((visibility("default"))) void aicpu_orchestration_entry(const ChipTaskArgs &orch_args)
{
    const ChipTensor &a = orch_args.tensor(0).ref();
    const ChipTensor &b = orch_args.tensor(1).ref();
    const ChipTensor &bias = orch_args.tensor(2).ref();
    const ChipTensor &out = orch_args.tensor(3).ref();
    const uint32_t blocks = static_cast<uint32_t>(orch_args.scalar(0));
    const uint32_t tiles = static_cast<uint32_t>(orch_args.scalar(1));
    MixedKernels kernels;
    kernels.aic_kernel_id = FUNC_CUBE;
    kernels.aiv0_kernel_id = FUNC_VECTOR;
    kernels.aiv1_kernel_id = FUNC_VECTOR;
    for (uint32_t first = 0; first < a.shapes[0]; first += blocks * tiles) {
        PTO2_SCOPE()
        {
            ChipTensor some_a = a.slice(0, first, first + blocks * tiles);
            ChipTensor some_out = out.slice(0, first, first + blocks * tiles);
            CoreTaskArgs args;
            args.add_input(some_a, b, bias);
            args.add_output(some_out);
            args.add_scalar(tiles);
            args.launch_spec.set_block_num(static_cast<int16_t>(blocks));
            rt_submit_task(kernels, args);
        }
    }
}
