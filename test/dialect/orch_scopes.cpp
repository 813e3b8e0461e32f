// SPDX-License-Identifier: Apache-2.0
// Scopes of both modes, and what orders tasks in them: x = x * a + b tells. Scalar: how long a step takes.
#include <cstdint>

#include "pto_orchestration_api.h"

static const int32_t AFFINE = 0;

static PTO2TaskId step(const ChipTensor &x, uint64_t a, uint64_t b, uint64_t wait, const PTO2TaskId *deps = nullptr,
                       uint32_t count = 0)
{
    CoreTaskArgs args;
    args.add_inout(x);
    args.add_scalar(a, b, wait);
    if (count > 0)
        args.set_dependencies(deps, count);
    return rt_submit_aiv_task(AFFINE, args).task_id();
}

extern "C" {

/// Nested AUTO scopes: inferred order, through all of them.
__attribute__((visibility("default"))) void nested_auto(const ChipTaskArgs &args)
{
    const ChipTensor &x = args.tensor(0).ref();
    const uint64_t wait = args.scalar(0);
    step(x, 3, 1, wait);
    PTO2_SCOPE()
    {
        step(x, 3, 2, wait);
        PTO2_SCOPE(PTO2ScopeMode::AUTO)
        {
            step(x, 3, 3, wait);
        }
        for (int i = 4; i < 8; i++)
            PTO2_SCOPE()
            {
                step(x, 3, i, wait);
            }
    }
    step(x, 3, 8, 0);
}

/// A MANUAL scope: only what is listed orders; two chains on two halves, joined by ids, then AUTO again.
__attribute__((visibility("default"))) void manual_chains(const ChipTaskArgs &args)
{
    const ChipTensor &x = args.tensor(0).ref();
    const uint64_t wait = args.scalar(0);
    const uint32_t half = x.shapes[0] / 2;
    ChipTensor low = x.slice(0, 0, half), high = x.slice(0, half, 2 * half);
    step(x, 5, 1, wait);
    PTO2TaskId before = step(x, 5, 2, wait);
    PTO2_SCOPE(PTO2ScopeMode::MANUAL)
    {
        PTO2TaskId last_low = before, last_high = before;
        for (uint32_t i = 3; i < 9; i++) {
            last_low = step(low, 5, i, wait * (i % 2), &last_low, 1);
            last_high = step(high, 7, i, wait * (i % 3), &last_high, 1);
        }
        PTO2TaskId both[2] = {last_low, last_high};
        PTO2_SCOPE(PTO2ScopeMode::MANUAL)
        {
            step(x, 5, 9, 0, both, 2);
        }
    }
    step(x, 5, 10, 0);
}

/// AUTO in MANUAL: invalid arguments.
__attribute__((visibility("default"))) void auto_in_manual(const ChipTaskArgs &args)
{
    PTO2_SCOPE(PTO2ScopeMode::MANUAL)
    {
        step(args.tensor(0).ref(), 1, 1, 0);
        PTO2_SCOPE()
        {
            step(args.tensor(0).ref(), 1, 1, 0);
        }
    }
}

/// Scopes that end by hand.
__attribute__((visibility("default"))) void scopes_by_hand(const ChipTaskArgs &args)
{
    const ChipTensor &x = args.tensor(0).ref();
    rt_scope_begin();
    PTO2TaskId id = step(x, 2, 1, args.scalar(0));
    rt_scope_begin(PTO2ScopeMode::MANUAL);
    for (uint32_t i = 0; i < 5; i++)
        id = step(x, 3, i, 0, &id, id.is_valid() ? 1 : 0);
    rt_scope_end();
    step(x, 2, 2, 0);
    rt_scope_end();
    step(x, 2, 3, 0);
}
}
