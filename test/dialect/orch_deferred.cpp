// SPDX-License-Identifier: Apache-2.0
// Tasks whose kernels have returned long before they are complete: others deliver their data and count.
#include <cstdint>

#include "pto_orchestration_api.h"

namespace {

constexpr int32_t DEFER = 0, NOTIFY = 1, COPY = 2;

void notify(const ChipTensor &cell, const ChipTensor &counters, uint64_t value, uint64_t wait)
{
    CoreTaskArgs args;
    args.add_no_dep(cell, counters);
    args.add_scalar(value, wait);
    rt_submit_aiv_task(NOTIFY, args);
}

} // namespace

extern "C" {

/// Each cell of x int32 [n] gets its pieces late; the copy to out waits for all of them. Tensors: x, counters int32
/// [n], out. Scalars: pieces, how long each takes.
__attribute__((visibility("default"))) void delivered_later(const ChipTaskArgs &run)
{
    const ChipTensor &x = run.tensor(0).ref();
    const ChipTensor &out = run.tensor(2).ref();
    const uint64_t pieces = run.scalar(0);
    for (uint32_t i = 0; i < x.shapes[0]; i++) {
        ChipTensor cell = x.slice(0, i, i + 1), counter = run.tensor(1).ref().slice(0, i, i + 1);
        ChipTensor result = out.slice(0, i, i + 1);
        CoreTaskArgs defer;
        defer.add_inout(cell);
        defer.add_no_dep(counter);
        defer.add_scalar(uint64_t{1}, pieces, uint64_t{0});
        rt_submit_aiv_task(DEFER, defer);
        for (uint64_t piece = 1; piece <= pieces; piece++)
            notify(cell, counter, piece * i, run.scalar(1));
        CoreTaskArgs copy;
        copy.add_input(cell);
        copy.add_output(result);
        rt_submit_aiv_task(COPY, copy);
    }
}

/// A task that defers to what its scalars say: count, expected, bytes added to the address. Tensors: x, counters, out.
__attribute__((visibility("default"))) void one_deferral(const ChipTaskArgs &run)
{
    CoreTaskArgs defer;
    defer.add_inout(run.tensor(0).ref());
    defer.add_no_dep(run.tensor(1).ref());
    defer.add_scalar(run.scalar(0), run.scalar(1), run.scalar(2));
    rt_submit_aiv_task(DEFER, defer);
}
}
