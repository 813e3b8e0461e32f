// SPDX-License-Identifier: Apache-2.0
// Blocks that start together and meet at a counter, as many as there are cores. Another way to find the spelling.
// Tensors: counters int32 [n], counts int32 [2] which receives how many clusters and vector cores there are. Scalars:
// kind 0 AIV, 1 AIC, 2 MIX; how many more blocks than cores.
#include <stdint.h>

#include "pto_orchestration_api.h"

#define MEET_AIC 20
#define MEET_AIV 21
#define STEP     22

template <class T> auto set_width(T &spec, int n, int) -> decltype(spec.set_block_num(static_cast<int16_t>(n)))
{
    spec.set_block_num(static_cast<int16_t>(n));
}
template <class T> auto set_width(T &spec, int n, long) -> decltype(spec.set_core_num(static_cast<int16_t>(n)))
{
    spec.set_core_num(static_cast<int16_t>(n));
}

extern "C" {

PTO2OrchestrationConfig counts_config(const ChipTaskArgs &)
{
    return PTO2OrchestrationConfig{4};
}

void meet_everywhere(const ChipTaskArgs &args)
{
    const ChipTensor &counters = args.tensor(0).ref();
    const ChipTensor &counts = args.tensor(1).ref();
    uint32_t index[1] = {0};
    set_tensor_data<int32_t>(counts, 1, index, rt_available_cluster_count());
    index[0] = 1;
    set_tensor_data<int32_t>(counts, 1, index, rt_available_aiv_count());

    const uint64_t kind = args.scalar(0);
    const int all = kind == 0 ? rt_available_aiv_count() : rt_available_cluster_count();
    const int blocks = all + (int)args.scalar(1);
    for (uint32_t i = 0; i < counters.shapes[0]; i++) {
        ChipTensor counter = counters.slice(0, i, i + 1);
        CoreTaskArgs meet;
        meet.add_inout(counter);
        meet.add_scalar(kind == 2 ? 3 : 1);
        set_width(meet.launch_spec, blocks, 0);
        meet.launch_spec.set_require_sync_start(true);
        if (kind == 0)
            rt_submit_aiv_task(MEET_AIV, meet);
        else if (kind == 1)
            rt_submit_aic_task(MEET_AIC, meet);
        else
            rt_submit_task(MixedKernels{MEET_AIC, MEET_AIV, MEET_AIV}, meet);
        CoreTaskArgs step;
        step.add_inout(counter);
        step.add_scalar(10, 1, 0);
        rt_submit_aiv_task(STEP, step);
    }
}
}
