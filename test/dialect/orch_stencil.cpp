// SPDX-License-Identifier: Apache-2.0
// Some steps of a stencil over a row in tiles that read one element of their neighbours, to and fro between two rows
// whose borders stay zero. The second row is the runtime's, filled with zeros.
#include <cstdint>
#include <utility>

#include "pto_orchestration_api.h"

struct Row {
    const ChipTensor *tensor;

    ChipTensor inner(uint32_t first, uint32_t count) const { return part(first + 1, count); }
    ChipTensor with_halo(uint32_t first, uint32_t count) const { return part(first, count + 2); }

private:
    ChipTensor part(uint32_t first, uint32_t count) const
    {
        const uint32_t shape[1] = {count}, offset[1] = {first};
        return tensor->view(shape, offset);
    }
};

extern "C" __attribute__((visibility("default"))) PTO2OrchestrationConfig stencil_config(const ChipTaskArgs &)
{
    PTO2OrchestrationConfig config;
    config.expected_arg_count = 3;
    return config;
}

extern "C" __attribute__((visibility("default"))) void stencil(const ChipTaskArgs &orch_args)
{
    const ChipTensor &x = orch_args.tensor(0).ref();
    const uint32_t tile = static_cast<uint32_t>(orch_args.scalar(0));
    const uint32_t steps = static_cast<uint32_t>(orch_args.scalar(1));
    const uint32_t count = x.shapes[0] - 2;

    TensorCreateInfo zeros(x.shapes, 1, x.dtype);
    zeros.set_initial_value(0.0f);
    CoreTaskArgs one;
    one.add_output(zeros);
    TaskOutputTensors other = alloc_tensors(one);
    Row from{&x}, to{&other.get_ref(0)};
    for (uint32_t step = 0; step < steps; step++, std::swap(from, to)) {
        for (uint32_t at = 0; at < count; at += tile) {
            const uint32_t width = count - at < tile ? count - at : tile;
            ChipTensor src = from.with_halo(at, width), dst = to.inner(at, width);
            CoreTaskArgs args;
            args.add_input(src);
            args.add_output(dst);
            rt_submit_aiv_task(0, args);
        }
    }
    if (steps % 2 == 1)
        rt_report_fatal(PTO2_ERROR_EXPLICIT_ORCH_FATAL, "%u steps end in the other row", steps);
}
