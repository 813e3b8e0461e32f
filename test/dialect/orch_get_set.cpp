// SPDX-License-Identifier: Apache-2.0
// Elements that the orchestration reads and writes between tasks.
#include <cstdint>

#include "pto_orchestration_api.h"

enum Funcs : int32_t { AFFINE = 0, COPY = 1 };

extern "C" {

/// Counts x[0] down to 0 with a task per step, as a loop whose end only data knows. Writes how many there were.
__attribute__((visibility("default"))) void until_zero(const ChipTaskArgs &args)
{
    const ChipTensor &x = args.tensor(0).ref();
    const ChipTensor &count = args.tensor(1).ref();
    uint32_t zero[1] = {0};
    int32_t steps = 0;
    while (get_tensor_data<int32_t>(x, 1, zero) > 0 && !rt_is_fatal()) {
        CoreTaskArgs task;
        task.add_inout(x);
        task.add_scalar(1, -1, 100);
        rt_submit_aiv_task(AFFINE, task);
        steps++;
    }
    set_tensor_data<int32_t>(count, 1, zero, steps);
}

/// An element is overwritten again and again while tasks that are submitted before still have to read it: each copies
/// what was there at its turn. Tensors: slot int32 [1], out int32 [n]. Scalar: how long a writer takes.
__attribute__((visibility("default"))) void write_after_read(const ChipTaskArgs &args)
{
    const ChipTensor &slot = args.tensor(0).ref();
    const ChipTensor &out = args.tensor(1).ref();
    uint32_t zero[1] = {0};
    for (uint32_t i = 0; i < out.shapes[0]; i++) {
        ChipTensor cell = out.slice(0, i, i + 1);
        set_tensor_data(slot, 1, zero, static_cast<int32_t>(100 + i));
        if (i % 2 == 1) {
            CoreTaskArgs slow;
            slow.add_inout(slot);
            slow.add_scalar(uint64_t{2}, uint64_t{i}, args.scalar(0));
            rt_submit_aiv_task(AFFINE, slow);
        }
        CoreTaskArgs copy;
        copy.add_input(slot);
        copy.add_output(cell);
        rt_submit_aiv_task(COPY, copy);
    }
}

/// Every dtype that the orchestration knows: it moves one element of each of the tensors to its neighbour, and a float
/// doubled.
__attribute__((visibility("default"))) void elements_of_all_sizes(const ChipTaskArgs &args)
{
    uint32_t from[2] = {1, 2}, to[2] = {0, 1};
    const ChipTensor &f32 = args.tensor(0).ref();
    set_tensor_data<float>(f32, 2, to, 2.0f * get_tensor_data<float>(f32, 2, from));
    const ChipTensor &i64 = args.tensor(1).ref();
    set_tensor_data<int64_t>(i64, 2, to, get_tensor_data<int64_t>(i64, 2, from));
    const ChipTensor &u16 = args.tensor(2).ref();
    set_tensor_data<uint16_t>(u16, 2, to, get_tensor_data<uint16_t>(u16, 2, from));
    const ChipTensor &i8 = args.tensor(3).ref();
    set_tensor_data<int8_t>(i8, 2, to, get_tensor_data<int8_t>(i8, 2, from));
    const ChipTensor turned = i64.transpose(0, 1);
    uint32_t corner[2] = {0, 0}, other[2] = {2, 1};
    set_tensor_data(turned, 2, other, get_tensor_data(turned, 2, corner));
}

} // extern "C"
