// SPDX-License-Identifier: Apache-2.0
// f = (a + b + 1) * (a + b + 2): a handful of vector tasks whose outputs the runtime allocates.
#include <stddef.h>
#include <stdint.h>

#include "pto_orchestration_api.h"

#define FUNC_ADD        0
#define FUNC_ADD_SCALAR 1
#define FUNC_MUL        2

extern "C" {

__attribute__((visibility("default"))) PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &orch_args)
{
    (void)orch_args;
    return PTO2OrchestrationConfig{3};
}

__attribute__((visibility("default"))) void aicpu_orchestration_entry(const ChipTaskArgs &orch_args)
{
    const ChipTensor &ext_a = orch_args.tensor(0).ref();
    const ChipTensor &ext_b = orch_args.tensor(1).ref();
    const ChipTensor &ext_f = orch_args.tensor(2).ref();
    TensorCreateInfo ci(ext_a.shapes, ext_a.ndims, DataType::FLOAT32);

    CoreTaskArgs params;
    params.add_input(ext_a);
    params.add_input(ext_b);
    params.add_output(ci);
    TaskOutputTensors outs_c = rt_submit_aiv_task(FUNC_ADD, params);
    const ChipTensor &c = outs_c.get_ref(0);
    LOG_INFO("a + b is task %llu", (unsigned long long)outs_c.task_id().raw);

    PTO2_SCOPE()
    {
        params.reset();
        params.add_input(c);
        params.add_output(ci);
        params.add_scalar(1.0f);
        TaskOutputTensors outs_d = rt_submit_aiv_task(FUNC_ADD_SCALAR, params);
        const ChipTensor &d = outs_d.get_ref(0);

        params.reset();
        params.add_input(c);
        params.add_output(ci);
        params.add_scalar(2.0f);
        TaskOutputTensors outs_e = rt_submit_aiv_task(FUNC_ADD_SCALAR, params);
        const ChipTensor &e = outs_e.get_ref(0);

        params.reset();
        params.add_input(d, e);
        params.add_output(ext_f);
        rt_submit_aiv_task(FUNC_MUL, params);
    }
}

} // extern "C"
