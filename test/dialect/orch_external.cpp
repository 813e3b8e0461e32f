// SPDX-License-Identifier: Apache-2.0
// Descriptors that the orchestration makes itself, from addresses in the run's arguments; and outputs with values in
// them. Tensors: x int32 [64], out int32 [64].
#include <cstdint>

#include "pto_orchestration_api.h"

enum Funcs { AFFINE, COPY };

extern "C" {

/// The second half of x by its own address, as a matrix; whole x orders with it although the descriptors differ.
__attribute__((visibility("default"))) void own_descriptors(const ChipTaskArgs &run)
{
    const ChipTensor &x = run.tensor(0).ref();
    const ChipTensor &out = run.tensor(1).ref();
    uint32_t half_shape[2] = {4, 8};
    uint32_t whole_shape[1] = {64};
    ChipTensor half = make_tensor_external(x.data_as<int32_t>() + 32, half_shape, 2, DataType::INT32);
    ChipTensor whole = make_tensor_external(x.data_as<void>(), whole_shape, 1, DataType::INT32, false, 3);
    ChipTensor target = make_tensor_external(out.data_as<void>(), whole_shape, 1, DataType::INT32);
    always_assert(half.numel() == 32 && half.nbytes() == 128 && half.strides[0] == 8 && whole.version == 3);
    for (uint32_t i = 0; i < 6; i++) {
        CoreTaskArgs args;
        args.add_inout(i % 3 == 0 ? x : i % 3 == 1 ? half : whole);
        args.add_scalar(uint64_t{3}, uint64_t{i}, run.scalar(0));
        rt_submit_aiv_task(AFFINE, args);
    }
    CoreTaskArgs copy;
    copy.add_input(whole);
    copy.add_output(target);
    rt_submit_aiv_task(COPY, copy);
}

/// An address that belongs to nobody.
__attribute__((visibility("default"))) void descriptor_of_nothing(const ChipTaskArgs &run)
{
    (void)run;
    uint32_t shape[1] = {8};
    ChipTensor nothing = make_tensor_external(reinterpret_cast<void *>(uintptr_t{64}), shape, 1, DataType::INT32);
    CoreTaskArgs args;
    args.add_inout(nothing);
    args.add_scalar(1, 1, 0);
    rt_submit_aiv_task(AFFINE, args);
}

/// Tensors that begin with a value: one read at once, one changed by a task before, one with two of them in a task.
__attribute__((visibility("default"))) void initial_values(const ChipTaskArgs &run)
{
    const ChipTensor &out = run.tensor(1).ref();
    uint32_t shape[1] = {16};
    for (uint32_t i = 0; i < 4; i++) {
        PTO2_SCOPE()
        {
            TensorCreateInfo spec(shape, 1, DataType::INT32);
            spec.set_initial_value(static_cast<int32_t>(run.scalar(0)) - static_cast<int32_t>(i));
            TaskOutputTensors outs = alloc_tensors(&spec, 1);
            const ChipTensor &filled = outs.get_ref(0);
            if (i % 2 == 1) {
                CoreTaskArgs args;
                args.add_inout(filled);
                args.add_scalar(10, 1, 100);
                rt_submit_aiv_task(AFFINE, args);
            }
            ChipTensor part = out.slice(0, 16 * i, 16 * i + 16);
            CoreTaskArgs copy;
            copy.add_input(filled);
            copy.add_output(part);
            rt_submit_aiv_task(COPY, copy);
        }
    }
}

/// Outputs of a task that begin with a value of each size: the kernel adds nothing to what it finds, so it is seen as
/// it was made. Tensors: f32 [8], i64 [8], u8 [8], bf16 [8].
__attribute__((visibility("default"))) void initial_values_of_all_sizes(const ChipTaskArgs &run)
{
    uint32_t shape[1] = {8};
    TensorCreateInfo f32(shape, 1, DataType::FLOAT32), i64(shape, 1, DataType::INT64), u8(shape, 1, DataType::UINT8),
        bf16(shape, 1, DataType::BFLOAT16);
    f32.set_initial_value(-1.25f);
    i64.set_initial_value(int64_t{-5000000000});
    u8.set_initial_value(uint8_t{250});
    bf16.set_initial_value(uint16_t{0x3fc0});
    const TaskOutputTensors outs = alloc_tensors(f32, i64, u8, bf16);
    for (uint32_t i = 0; i < 4; i++) {
        CoreTaskArgs copy;
        copy.add_input(outs.get_ref(i));
        copy.add_output(run.tensor(static_cast<int32_t>(i)).ref());
        rt_submit_aiv_task(COPY, copy);
    }
}
}
