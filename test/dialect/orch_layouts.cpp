// SPDX-License-Identifier: Apache-2.0
// Views of every kind, copied element by element by a kernel that walks strides. Tensors: x int32 [4, 6, 10] in, out
// int32 [n] whose parts are filled one after the other.
#include <cstdint>

#include "pto_orchestration_api.h"

namespace {

class Collector {
public:
    explicit Collector(const ChipTensor &out) : out_(out) {}

    /// Appends the elements of a view, in the order of its indices.
    void append(const ChipTensor &view)
    {
        const uint32_t count = static_cast<uint32_t>(view.numel());
        uint32_t shape[1] = {count}, offset[1] = {used_};
        ChipTensor part = out_.view(shape, offset);
        CoreTaskArgs args;
        args.add_input(view);
        args.add_output(part);
        rt_submit_aiv_task(0, args);
        used_ += count;
    }
    uint32_t used() const { return used_; }

private:
    const ChipTensor &out_;
    uint32_t used_ = 0;
};

} // namespace

extern "C" __attribute__((visibility("default"))) void layouts(const ChipTaskArgs &args)
{
    const ChipTensor &x = args.tensor(0).ref();
    Collector out(args.tensor(1).ref());

    const uint32_t shape[] = {2, 3, 5}, offset[] = {1, 2, 4};
    const ChipTensor box = x.view(shape, offset);
    out.append(box);
    out.append(box.transpose(0, 2));
    const uint32_t order[] = {2, 0, 1};
    out.append(box.permute(order));
    out.append(x.slice(2, 1, 10, 3));
    out.append(x.slice(0, 3, 4).slice(1, 0, 6, 2).transpose(1, 2));
    const uint32_t flat[] = {8, 30};
    const ChipTensor reshaped = x.reshape(flat, 2);
    out.append(reshaped.transpose(0, 1).slice(0, 7, 9));
    const uint32_t five[] = {2, 2, 3, 2, 10};
    const uint32_t five_order[] = {4, 2, 0, 3, 1};
    out.append(x.reshape(five, 5).permute(five_order));
    always_assert(box.numel() == 30 && reshaped.ndims == 2 && reshaped.shapes[1] == 30);
    always_assert(box.start_offset == x.start_offset + 1 * 60 + 2 * 10 + 4);
    always_assert(box.strides[0] == 60 && box.strides[1] == 10 && box.strides[2] == 1);
    if (out.used() != args.tensor(1).ref().numel())
        rt_report_fatal(PTO2_ERROR_INVALID_ARGS, "the views have %u elements", out.used());
}

/// A view without elements is an argument like others: no task waits for it, and its kernel finds an extent of zero.
extern "C" __attribute__((visibility("default"))) void empty_views(const ChipTaskArgs &args)
{
    const ChipTensor &x = args.tensor(0).ref();
    const ChipTensor &out = args.tensor(1).ref();
    for (uint32_t rows = 0; rows < 3; rows++) {
        const uint32_t shape[] = {rows, 6, 10}, zero[] = {0, 0, 0}, end[] = {4, 0, 0};
        ChipTensor some = x.view(shape, rows == 0 ? end : zero);
        ChipTensor target = out.view(shape, zero);
        CoreTaskArgs task;
        task.add_input(some);
        task.add_output(target);
        rt_submit_aiv_task(0, task);
    }
    const uint32_t none_shape[] = {4, 0, 10}, none_offset[] = {0, 3, 0};
    ChipTensor none = x.view(none_shape, none_offset);
    if (none.numel() != 0)
        rt_report_fatal(PTO2_ERROR_INVALID_ARGS, "an empty view of %llu elements", (unsigned long long)none.numel());
    CoreTaskArgs task;
    task.add_inout(none);
    task.add_inout(none);
    rt_submit_aiv_task(0, task);
}
