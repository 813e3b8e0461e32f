/* SPDX-License-Identifier: Apache-2.0 */
/* Every macro of the public headers in use, for compilers in their strictest C99. Only compiled, never run. */
#include "pto/pto.h"

enum { SCALE = 0, ADD = 1, GEMM = 2, SOFTMAX = 3 };

PTO_ORCHESTRATION(uses_of_macros, 2, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    pto_tensor scaled = pto_tensor_like(x);
    pto_task join = PTO_TASK_INIT;
    const pto_task_id first = pto_submit_aiv(orch, SCALE, PTO_IN(x), PTO_OUT(&scaled), PTO_SCALAR(7), PTO_F64(0.5));
    PTO_SCOPE (orch) {
        pto_tensor tile = pto_tensor_new(PTO_FLOAT32, PTO_SHAPE(16, 16));
        pto_submit_aic(orch, GEMM, PTO_NO_DEP(&scaled), PTO_OUT(&tile), PTO_F32(1.5f));
        pto_submit_mix(orch, GEMM, SOFTMAX, PTO_NO_KERNEL, PTO_INOUT(&tile));
        PTO_SCOPE (orch) {
            pto_submit_aiv(orch, ADD, PTO_IN(&tile), PTO_WRITE(pto_tensor_arg(orch, 1)));
        }
    }
    PTO_MANUAL_SCOPE(orch)
    {
        pto_tensor spare = pto_tensor_new(PTO_INT32, PTO_SHAPE(4));
        pto_predicate condition = PTO_ZERO;
        pto_task task = PTO_TASK_INIT;
        const pto_arg args[] = {PTO_IN(&scaled), PTO_RUN_SCALAR(0)};
        pto_allocate(orch, &spare);
        condition.op = PTO_PREDICATE_GE;
        condition.tensor = &spare;
        task.aiv0 = SCALE;
        task.flags = PTO_TASK_SYNC_START;
        task.args = args;
        task.arg_count = 2;
        task.predicate = &condition;
        pto_submit_task(orch, &task);
        pto_discard(orch, &spare);
    }
    join.dependencies = &first;
    join.dependency_count = 1;
    if (pto_submit_task(orch, &join) == PTO_NO_TASK)
        pto_fatal(orch, 3, "task %llu has no successor", (unsigned long long)first);
    pto_log(orch, PTO_LOG_INFO, "scalar %llu", (unsigned long long)pto_scalar_arg(orch, 0));
}

PTO_KERNEL(args)
{
    float *c = (float *)pto_kernel_data(args, 2);
    c[pto_kernel_local(args)->block_idx] = pto_kernel_f32(args, 3);
    if (pto_defer(args, pto_kernel_tensor(args, 0)->addr, 1) < 0)
        c[0] = 0;
}

pto_status pto_uses_of_host_macros(pto_context **out_context, const pto_callable *callable);

pto_status pto_uses_of_host_macros(pto_context **out_context, const pto_callable *callable)
{
    const pto_open_options open_options = PTO_OPEN_OPTIONS_INIT;
    const pto_run_options run_options = PTO_RUN_OPTIONS_INIT;
    const pto_import_options import_options = PTO_IMPORT_OPTIONS_INIT;
    const pto_callable nothing = PTO_CALLABLE_INIT;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    pto_stats stats = PTO_STATS_INIT;
    pto_args args = PTO_ARGS_INIT;
    float data[6] = {0};
    const pto_tensor tensors[] = {pto_host_tensor(data, PTO_FLOAT32, PTO_SHAPE(2, 3))};
    pto_image *image = NULL;
    pto_status status = pto_open(&open_options, out_context);
    args.tensors = tensors;
    args.tensor_count = 1;
    if (status == PTO_OK)
        status = pto_image_import(data, sizeof data, &import_options, &image, NULL);
    if (status == PTO_OK)
        status = pto_prepare(*out_context, 0, callable != NULL ? callable : &nothing);
    if (status == PTO_OK)
        status = pto_run(*out_context, 0, &args, &run_options, &result);
    if (status == PTO_OK)
        status = pto_get_stats(*out_context, &stats);
    return status;
}
