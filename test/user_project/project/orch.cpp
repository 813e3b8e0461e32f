// SPDX-License-Identifier: Apache-2.0
#include <pto_orchestration_api.h>

extern "C" void affine(const ChipTaskArgs &args)
{
    const ChipTensor &x = args.tensor(0).ref();
    const ChipTensor &y = args.tensor(1).ref();
    CoreTaskArgs task;
    task.add_input(x);
    task.add_output(y);
    rt_submit_aiv_task(0, task);
}
