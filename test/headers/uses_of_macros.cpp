// SPDX-License-Identifier: Apache-2.0
// Every macro that C++ shares, and orch.hpp, for compilers in their strictest C++17. Only compiled, never run.
#include "pto/orch.hpp"
#include "pto/pto.h"

namespace {
enum Func : int32_t { kScale, kAdd, kGemm };
}

PTO_ORCHESTRATION(uses_of_macros, 2, 1)
{
    const pto_tensor *x = pto_tensor_arg(orch, 0);
    pto_tensor scaled = pto_tensor_like(x);
    pto::submit_aiv(orch, kScale, pto::in(*x), pto::out(scaled), pto::scalar(uint64_t{7}), pto::scalar(0.5));
    pto::Scope scope(orch);
    pto_tensor tile = pto::tensor(PTO_FLOAT32, pto::Shape{16, 16});
    pto::submit_aic(orch, kGemm, pto::no_dep(scaled), pto::out(tile), pto::scalar(1.5f));
    pto::submit(orch, pto::Mix{kGemm, kAdd}, pto::inout(tile));
    PTO_SCOPE (orch) {
        pto::submit_aiv(orch, kAdd, pto::in(tile), pto::write(*pto_tensor_arg(orch, 1)));
    }
    const pto_arg list[] = {PTO_IN(&tile), PTO_SCALAR(1), PTO_F32(2.0f)};
    const pto_task_id first = pto_submit_kernels(orch, kGemm, PTO_NO_KERNEL, PTO_NO_KERNEL, list, 3);
    {
        pto::ManualScope manual(orch);
        const pto_predicate filled = pto::when(tile, pto::Shape{0, 0}, PTO_PREDICATE_NE, 0.0f);
        const pto::Task task = pto::Task::aiv(kScale).blocks(4).sync_start().after(first).only_if(filled);
        task.submit(orch, pto::inout(tile), pto::run_scalar(0));
    }
    PTO_MANUAL_SCOPE(orch)
    {
        const pto_arg scalars[] = {PTO_RUN_SCALAR(0), PTO_NO_DEP(&tile)};
        pto_submit_kernels(orch, PTO_NO_KERNEL, kScale, PTO_NO_KERNEL, scalars, 2);
    }
    pto::set(orch, tile, pto::Shape{0, 1}, pto::get<float>(orch, tile, pto::Shape{1, 0}));
    pto_discard(orch, &tile);
}

PTO_KERNEL(args)
{
    static_cast<float *>(pto_kernel_data(args, 2))[0] = pto_kernel_f32(args, 3);
    pto_defer(args, pto_kernel_tensor(args, 0)->addr, 1);
}

PTO_EXTERN_C pto_status pto_uses_of_host_macros(pto_context **out_context);

pto_status pto_uses_of_host_macros(pto_context **out_context)
{
    const pto_open_options open_options = PTO_OPEN_OPTIONS_INIT;
    const pto_run_options run_options = PTO_RUN_OPTIONS_INIT;
    const pto_import_options import_options = PTO_IMPORT_OPTIONS_INIT;
    const pto_callable callable = PTO_CALLABLE_INIT;
    const pto_task task = PTO_TASK_INIT;
    const pto_args args = PTO_ARGS_INIT;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    pto_stats stats = PTO_STATS_INIT;
    pto_image *image = nullptr;
    pto_status status = pto_open(&open_options, out_context);
    if (status == PTO_OK)
        status = pto_image_import(args.tensors, args.tensor_count, &import_options, &image, nullptr);
    if (status == PTO_OK)
        status = pto_prepare(*out_context, task.aic, &callable);
    if (status == PTO_OK)
        status = pto_run(*out_context, 0, &args, &run_options, &result);
    return status == PTO_OK ? pto_get_stats(*out_context, &stats) : status;
}
