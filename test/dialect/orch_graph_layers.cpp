// SPDX-License-Identifier: Apache-2.0
// A layer that is submitted again and again as a graph, with other tensors each time: y = (x + w0) * w1, through a
// temporary of the layer's own. Tensors: x [n], weights [layers, 2, n], out [n], bodies int32 [1]: how often the
// function of the layer ran. Scalar: layers.
#include <cstdint>

#include "pto_orchestration_api.h"

namespace {

enum { ADD = 0, MUL = 1 };
int32_t bodies;

void layer(const GraphTaskArgs &args)
{
    bodies++;
    const ChipTensor &x = args.tensor(0).ref();
    const ChipTensor &w0 = args.tensor(1).ref();
    const ChipTensor &w1 = args.tensor(2).ref();
    const ChipTensor &y = args.tensor(3).ref();
    PTO2_SCOPE()
    {
        TensorCreateInfo spec(x.shapes, x.ndims, x.dtype);
        CoreTaskArgs add;
        add.add_input(x, w0);
        add.add_output(spec);
        const TaskOutputTensors sum = rt_submit_aiv_task(ADD, add);
        CoreTaskArgs mul;
        mul.add_input(sum.get_ref(0), w1);
        mul.add_output(y);
        rt_submit_aiv_task(MUL, mul);
    }
}

ChipTensor weight(const ChipTensor &weights, uint32_t layer_index, uint32_t which)
{
    const uint32_t count = weights.shapes[2];
    const uint32_t flat[1] = {weights.shapes[0] * weights.shapes[1] * count};
    const uint32_t row[1] = {count}, at[1] = {(layer_index * weights.shapes[1] + which) * count};
    return weights.reshape(flat, 1).view(row, at);
}

} // namespace

extern "C" __attribute__((visibility("default"))) void layers(const ChipTaskArgs &run)
{
    const ChipTensor &x = run.tensor(0).ref();
    const ChipTensor &weights = run.tensor(1).ref();
    const ChipTensor &out = run.tensor(2).ref();
    const uint32_t count = static_cast<uint32_t>(run.scalar(0));
    TensorCreateInfo spec(x.shapes, x.ndims, x.dtype);
    const TaskOutputTensors pair = alloc_tensors(spec, spec);
    const int32_t before = bodies;
    const ChipTensor *from = &x;
    for (uint32_t i = 0; i < count; i++) {
        const ChipTensor w0 = weight(weights, i, 0), w1 = weight(weights, i, 1);
        const ChipTensor *to = i + 1 == count ? &out : &pair.get_ref(i % 2);
        GraphTaskArgs args;
        args.add_input(*from, w0, w1);
        args.add_output(*to);
        rt_submit_graph(uint64_t{42}, layer, args);
        from = to;
    }
    uint32_t zero[1] = {0};
    set_tensor_data<int32_t>(run.tensor(3).ref(), 1, zero, bodies - before);
}
