// SPDX-License-Identifier: Apache-2.0
// Orchestrations that give up, and what they may still call then.
#include <cstdint>

#include "pto_orchestration_api.h"

extern "C" {

/// Gives up with the code in the scalar, 0: not at all. Everything after it is a call without effect.
__attribute__((visibility("default"))) void give_up(const ChipTaskArgs &run)
{
    const ChipTensor &x = run.tensor(0).ref();
    const auto step = [&x] {
        CoreTaskArgs args;
        args.add_inout(x);
        args.add_scalar(2, 1, 0);
        return rt_submit_aiv_task(0, args);
    };
    if (rt_is_fatal())
        rt_report_fatal(PTO2_ERROR_TENSORMAP_OVERFLOW, "fatal before it began");
    step();
    const int32_t code = static_cast<int32_t>(run.scalar(0));
    if (code != 0)
        rt_report_fatal(code, "giving up at %u of %s with %d%%", 1u, "give_up", 50);
    while (code != 0 && !rt_is_fatal()) {}
    PTO2_SCOPE()
    {
        const TaskOutputTensors outs = step();
        if (code != 0) {
            uint32_t zero[1] = {0};
            set_tensor_data<int32_t>(x, 1, zero, 99);
            if (get_tensor_data<int32_t>(x, 1, zero) != 0 || !outs.empty())
                rt_report_fatal(PTO2_ERROR_SCOPE_TASKS_OVERFLOW, "another one, which comes too late");
            rt_report_fatal(PTO2_ERROR_SCOPE_DEADLOCK, "the first one counts");
        }
    }
}

/// Outputs of a task that was not submitted: nobody may ask for them, but their size is 0.
__attribute__((visibility("default"))) void outputs_after_the_end(const ChipTaskArgs &run)
{
    uint32_t shape[2] = {4, 4};
    TensorCreateInfo spec(shape, 2);
    rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "at once");
    for (int i = 0; i < 3; i++) {
        CoreTaskArgs args;
        args.add_input(run.tensor(0).ref());
        args.add_output(spec, spec);
        const TaskOutputTensors outs = i == 0   ? rt_submit_aiv_task(0, args)
                                       : i == 1 ? rt_submit_dummy_task(args)
                                                : alloc_tensors(spec, spec);
        if (outs.size() == 2 && outs.get_ref(1).numel() != 16)
            LOG_ERROR("outputs without a shape");
    }
}
}
