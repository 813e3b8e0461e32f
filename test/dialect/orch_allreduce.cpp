// SPDX-License-Identifier: Apache-2.0
// Rounds of an all-reduce, each of what the one before gave: x = the sum of x over all ranks, divided by the ranks and
// plus one. Tensors: x [n], ranks [1]. Scalars: the communication context, first round, rounds.
#include <cstdint>

#include "platform_comm/comm_context.h"
#include "pto_orchestration_api.h"

#define FUNC_ALLREDUCE 0
#define FUNC_DIVIDE    1
#define FUNC_ADD       2

extern "C" __attribute__((visibility("default"))) PTO2OrchestrationConfig
aicpu_orchestration_config(const ChipTaskArgs &orch_args)
{
    (void)orch_args;
    return PTO2OrchestrationConfig{.expected_arg_count = 5};
}

extern "C" __attribute__((visibility("default"))) void aicpu_orchestration_entry(const ChipTaskArgs &orch_args)
{
    const ChipTensor &x = orch_args.tensor(0).ref();
    const ChipTensor &ranks = orch_args.tensor(1).ref();
    const uint64_t context = orch_args.scalar(0);
    const uint64_t first = orch_args.scalar(1);
    for (uint64_t round = first; round < first + orch_args.scalar(2); round++) {
        PTO2_SCOPE()
        {
            TensorCreateInfo like(x.shapes, x.ndims, x.dtype);
            CoreTaskArgs reduce;
            reduce.add_input(x);
            reduce.add_output(like);
            reduce.add_scalar(context, round);
            TaskOutputTensors sum = rt_submit_aiv_task(FUNC_ALLREDUCE, reduce);

            uint32_t row_shape[2] = {1, x.shapes[0]};
            ChipTensor row = sum.get_ref(0).reshape(row_shape, 2);
            CoreTaskArgs divide;
            divide.add_input(row, ranks);
            divide.add_output(like);
            TaskOutputTensors mean = rt_submit_aiv_task(FUNC_DIVIDE, divide);

            CoreTaskArgs add;
            add.add_input(mean.get_ref(0));
            add.add_output(x);
            add.add_scalar(1.0f);
            rt_submit_aiv_task(FUNC_ADD, add);
        }
    }
}
