// SPDX-License-Identifier: Apache-2.0
// What few sources use: dumps of arguments and slots for times. Neither changes a result.
#include <cstdint>

#include "pto_orchestration_api.h"

extern "C" {

__attribute__((visibility("default"))) void dumps_and_slots(const ChipTaskArgs &run)
{
    const ChipTensor &x = run.tensor(0).ref();
    for (int32_t slot = 0; slot < 16; slot++) {
        CoreTaskArgs args;
        args.add_inout(x);
        args.add_scalar(3, slot, 0);
        args.set_task_timing_slot(slot);
        if (slot % 3 == 0)
            args.dump();
        if (slot % 3 == 1)
            args.dump(x);
        if (args.task_timing_slot() != slot || args.has_error)
            rt_report_fatal(PTO2_ERROR_INVALID_ARGS, "slot %d", slot);
        rt_submit_aiv_task(0, args);
    }
}

__attribute__((visibility("default"))) void slot_out_of_range(const ChipTaskArgs &run)
{
    CoreTaskArgs args;
    args.add_inout(run.tensor(0).ref());
    args.add_scalar(3, 1, 0);
    args.set_task_timing_slot(static_cast<int32_t>(run.scalar(0)));
    rt_submit_aiv_task(0, args);
}
}
