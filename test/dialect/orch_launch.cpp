// SPDX-License-Identifier: Apache-2.0
// Tasks of many blocks on each kind of core. The spelling of their number is found out, as sources do that serve
// several chips. Tensor: out int32 [blocks * lanes, 4]. Scalars: kind, blocks, sync_start.
#include <cstdint>
#include <type_traits>
#include <utility>

#include "pto_orchestration_api.h"

namespace {

template <class Spec, class = void> struct HasCoreNum : std::false_type {
};
template <class Spec>
struct HasCoreNum<Spec, std::void_t<decltype(std::declval<Spec &>().set_core_num(1))>> : std::true_type {
};

template <class Spec> void set_blocks(Spec &spec, int16_t count)
{
    if constexpr (HasCoreNum<Spec>::value)
        spec.set_core_num(count);
    else
        spec.set_block_num(count);
}

enum Kind : uint64_t { AIV, AIC, MIX, PAIR, CUBE_AND_ONE };
constexpr int32_t ON_AIC = 0, ON_AIV = 1, ON_ONE_AIV = 2;

} // namespace

extern "C" __attribute__((visibility("default"))) void launch(const ChipTaskArgs &args)
{
    const ChipTensor &out = args.tensor(0).ref();
    const uint64_t kind = args.scalar(0);
    const uint64_t lanes[] = {1, 1, 3, 2, 2};
    CoreTaskArgs task;
    task.add_inout(out);
    task.add_scalar(lanes[kind]);
    set_blocks(task.launch_spec, static_cast<int16_t>(args.scalar(1)));
    task.launch_spec.set_require_sync_start(args.scalar(2) != 0);
    switch (kind) {
    case AIV: rt_submit_aiv_task(ON_ONE_AIV, task); break;
    case AIC: rt_submit_aic_task(ON_AIC, task); break;
    case MIX: rt_submit_task({ON_AIC, ON_AIV, ON_AIV}, task); break;
    case PAIR: rt_submit_task(MixedKernels{INVALID_KERNEL_ID, ON_AIV, ON_AIV}, task); break;
    default:
        MixedKernels mixed;
        mixed.aic_kernel_id = ON_AIC;
        mixed.aiv0_kernel_id = ON_AIV;
        rt_submit_task(mixed, task);
    }
}
