// SPDX-License-Identifier: Apache-2.0
// Experts that run only if somebody asks for them, as a compiler writes it: counts int32 [experts] come from tasks,
// each expert's work on its row has a condition on its count, and a sum reads all rows whether they were written or
// not.
#include <stdint.h>

#include "pto_orchestration_api.h"

extern "C" {

__attribute__((visibility("default"))) PTO2OrchestrationConfig experts_config(const ChipTaskArgs &orch_args)
{
    (void)orch_args;
    return PTO2OrchestrationConfig{
        .expected_arg_count = 3,
    };
}

__attribute__((visibility("default"))) void experts(const ChipTaskArgs &orch_args)
{
    const ChipTensor &ext_requests_0 = orch_args.tensor(0).ref();
    const ChipTensor &ext_rows_0 = orch_args.tensor(1).ref();
    const ChipTensor &ext_copy_0 = orch_args.tensor(2).ref();
    uint32_t counts_0_ci_shapes[2] = {ext_requests_0.shapes[0], 1};
    TensorCreateInfo counts_0_ci(counts_0_ci_shapes, 2, DataType::INT32);
    TaskOutputTensors alloc_0 = alloc_tensors(counts_0_ci);
    const ChipTensor &counts_0 = alloc_0.get_ref(0);
    {
        uint32_t counts_1_shapes[1] = {ext_requests_0.shapes[0]};
        ChipTensor counts_1 = counts_0.reshape(counts_1_shapes, 1);
        CoreTaskArgs params_t0;
        params_t0.add_input(ext_requests_0);
        params_t0.add_output(counts_1);
        rt_submit_aiv_task(0, params_t0);
    }
    for (uint32_t e_0 = 0; e_0 < ext_requests_0.shapes[0]; e_0++) {
        uint32_t row_0_shapes[2] = {1, ext_rows_0.shapes[1]};
        uint32_t row_0_offsets[2] = {e_0, 0};
        ChipTensor row_0 = ext_rows_0.view(row_0_shapes, row_0_offsets);
        CoreTaskArgs params_t1;
        params_t1.add_inout(row_0);
        params_t1.add_scalar(5);
        params_t1.add_scalar(e_0);
        params_t1.add_scalar(0);
        CoreTaskPredicate params_t1_predicate;
        params_t1_predicate.operand = CorePredicateOperand{&counts_0, 2, {e_0, 0}};
        params_t1_predicate.op = PredicateOp::GE;
        params_t1_predicate.target = 1;
        params_t1.set_predicate(params_t1_predicate);
        params_t1.set_allow_early_resolve(true);
        MixedKernels kernels_0;
        kernels_0.aic_kernel_id = 1;
        rt_submit_task(kernels_0, params_t1);
    }
    CoreTaskArgs params_t2;
    params_t2.add_input(ext_rows_0);
    params_t2.add_output(ext_copy_0);
    rt_submit_aiv_task(0, params_t2);
}

} // extern "C"
