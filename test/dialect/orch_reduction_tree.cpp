// SPDX-License-Identifier: Apache-2.0
// The sum of a vector by a tree: leaves by a recursive helper, pairs by macros. An entry of another name without
// attributes, and no configuration.
#include "pto_orchestration_api.h"

enum { SUM = 3, ADD = 5 };

#define SUBMIT2(FUNC, IN, OUT)                                                                                         \
    do {                                                                                                               \
        CoreTaskArgs args_;                                                                                            \
        args_.add_input(IN);                                                                                           \
        args_.add_output(OUT);                                                                                         \
        rt_submit_aiv_task(FUNC, args_);                                                                               \
    } while (0)

#define SUBMIT3(FUNC, A, B, OUT)                                                                                       \
    do {                                                                                                               \
        CoreTaskArgs args_;                                                                                            \
        args_.add_input(A, B);                                                                                         \
        args_.add_output(OUT);                                                                                         \
        rt_submit_aiv_task(FUNC, args_);                                                                               \
    } while (0)

static void reduce(const ChipTensor &part, const ChipTensor &out, uint32_t leaf)
{
    const uint32_t count = part.shapes[0];
    if (count <= leaf) {
        SUBMIT2(SUM, part, out);
        return;
    }
    PTO2_SCOPE()
    {
        uint32_t one[1] = {1};
        TensorCreateInfo partial(one, 1);
        TaskOutputTensors both = alloc_tensors(partial, partial);
        reduce(part.slice(0, 0, count / 2), both.get_ref(0), leaf);
        reduce(part.slice(0, count / 2, count), both.get_ref(1), leaf);
        SUBMIT3(ADD, both.get_ref(0), both.get_ref(1), out);
    }
}

extern "C" void reduce_all(const ChipTaskArgs &orch)
{
    reduce(orch.tensor(0).ref(), orch.tensor(1).ref(), (uint32_t)orch.scalar(0));
}
