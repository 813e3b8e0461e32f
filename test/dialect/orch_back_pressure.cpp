// SPDX-License-Identifier: Apache-2.0
// More than a small chip has room for at once: some of it fits if it is given back in time, some never does.
#include <cstdint>

#include "pto_orchestration_api.h"

static const int32_t AFFINE = 0, COPY = 1;

static void affine(const ChipTensor &x, uint64_t a, uint64_t b)
{
    CoreTaskArgs args;
    args.add_inout(x);
    args.add_scalar(a, b, 0);
    rt_submit_aiv_task(AFFINE, args);
}

extern "C" {

/// Many rounds through a temporary of the given number of elements, each in a scope of its own. Scalars: rounds,
/// elements.
__attribute__((visibility("default"))) void rounds(const ChipTaskArgs &run)
{
    const ChipTensor &x = run.tensor(0).ref();
    const uint32_t large[1] = {static_cast<uint32_t>(run.scalar(1))};
    for (uint32_t i = 0; i < run.scalar(0); i++) {
        PTO2_SCOPE()
        {
            TensorCreateInfo spec(large, 1, DataType::INT32);
            TaskOutputTensors outs = alloc_tensors(spec);
            ChipTensor temporary = outs.get_ref(0).slice(0, 0, x.shapes[0]);
            CoreTaskArgs copy;
            copy.add_input(x);
            copy.add_output(temporary);
            rt_submit_aiv_task(COPY, copy);
            affine(temporary, 3, i);
            CoreTaskArgs back;
            back.add_input(temporary);
            back.add_output(x);
            rt_submit_aiv_task(COPY, back);
        }
    }
}

/// As many outputs in one scope as the scalar says, each of so many elements.
__attribute__((visibility("default"))) void one_scope(const ChipTaskArgs &run)
{
    const uint32_t large[1] = {static_cast<uint32_t>(run.scalar(1))};
    TensorCreateInfo spec(large, 1, DataType::INT32);
    PTO2_SCOPE()
    {
        for (uint32_t i = 0; i < run.scalar(0); i++) {
            CoreTaskArgs args;
            args.add_output(spec);
            args.add_scalar(i);
            rt_submit_aiv_task(2, args);
        }
    }
    affine(run.tensor(0).ref(), 2, 1);
}

/// Many tasks in one scope, without outputs.
__attribute__((visibility("default"))) void many_tasks(const ChipTaskArgs &run)
{
    for (uint32_t i = 0; i < run.scalar(0); i++)
        affine(run.tensor(0).ref(), 3, i);
}
}
