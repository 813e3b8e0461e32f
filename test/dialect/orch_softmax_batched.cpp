// SPDX-License-Identifier: Apache-2.0
// Softmax of each row of x [batch, rows, cols], hand-written with lambdas: exp and sums by one task, division by
// another.
#include <cstdint>
#include <vector>

#include "pto_orchestration_api.h"
#include "tensor.h"

namespace {
struct Kernels {
    static constexpr int32_t kExp = 10;
    static constexpr int32_t kDivide = 1000;
};
} // namespace

extern "C" __attribute__((visibility("default"))) void softmax_entry(const ChipTaskArgs &args)
{
    const ChipTensor &x = args.tensor(0).ref();
    const ChipTensor &y = args.tensor(1).ref();
    const uint32_t rows = x.shapes[1], cols = x.shapes[2];
    const auto batch_of = [&](const ChipTensor &t, uint32_t b) {
        const uint32_t flat[] = {rows, cols};
        return t.slice(0, b, b + 1).reshape(flat, 2);
    };
    const uint32_t shape[] = {rows, cols}, column[] = {rows, 1};
    std::vector<ChipTensor> done;

    for (uint32_t b = 0; b < x.shapes[0]; b++) {
        PTO2_SCOPE_GUARD();
        const TensorCreateInfo specs[] = {TensorCreateInfo(shape, 2), TensorCreateInfo(column, 2),
                                          TensorCreateInfo(column, 2)};
        const TaskOutputTensors parts = alloc_tensors(specs, 3);
        const ChipTensor source = batch_of(x, b);
        const auto exponentials = [&] {
            CoreTaskArgs task;
            task.add_input(source);
            for (uint32_t i = 0; i < parts.size(); i++)
                task.add_output(parts.get_ref(i));
            task.add_scalar(1.0f);
            return rt_submit_aiv_task(Kernels::kExp, task);
        };
        if (!exponentials().empty())
            rt_report_fatal(PTO2_ERROR_INVALID_ARGS, "batch %u: outputs out of nowhere", b);
        CoreTaskArgs task;
        done.push_back(batch_of(y, b));
        task.add_input(parts.get_ref(0), parts.get_ref(2));
        task.add_output(done.back());
        rt_submit_aiv_task(Kernels::kDivide, task);
    }
    always_assert(done.size() == x.shapes[0]);
}
