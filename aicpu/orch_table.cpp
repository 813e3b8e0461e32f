// SPDX-License-Identifier: Apache-2.0
#include "aicpu/orch_table.h"

#include "engine/orch_entry.h"

namespace pto::inline PTO_ARCH::aicpu {

OrchTable::~OrchTable()
{
    for (uint32_t i = 0; i < kOrchSlots; i++)
        unload(static_cast<int32_t>(i));
}

pto_status OrchTable::load(const OrchImage &image, char *message, std::size_t message_capacity)
{
    if (!is_id(image.callable_id))
        return engine::refuse_orch(PTO_ERROR_INVALID_CALLABLE_ID, {message, message_capacity},
                                   "callable id %d is not in 0..%u", image.callable_id, kOrchSlots - 1);
    Slot &slot = slots_[image.callable_id];
    if (slot.program.exists())
        return engine::refuse_orch(PTO_ERROR_ALREADY_PREPARED, {message, message_capacity}, "slot %d is loaded",
                                   image.callable_id);
    LoadedOrch loaded{};
    pto_status status = port_.load(port_.self, image.bytes, image.size, &loaded, message, message_capacity);
    if (status != PTO_OK)
        return status;
    struct Search {
        const ExecutorPort &port;
        const LoadedOrch &loaded;
    } search{port_, loaded};
    const engine::OrchSymbols symbols(&search, [](void *self, const char *symbol, OrchSymbol *out) {
        const auto &in = *static_cast<Search *>(self);
        return in.port.find(in.port.self, &in.loaded, symbol, out);
    });
    OrchProgram program;
    status = engine::find_orchestration(symbols, image.promise, &program, {message, message_capacity});
    if (status != PTO_OK) {
        port_.unload(port_.self, &loaded);
        return status;
    }
    slot = {loaded, program};
    store_relaxed(loads_, load_relaxed(loads_) + 1);
    return PTO_OK;
}

void OrchTable::unload(int32_t callable_id)
{
    if (!is_id(callable_id) || !slots_[callable_id].program.exists())
        return;
    slots_[callable_id].program = {};
    port_.unload(port_.self, &slots_[callable_id].loaded);
}

const OrchProgram *OrchTable::find(int32_t callable_id) const
{
    return is_id(callable_id) && slots_[callable_id].program.exists() ? &slots_[callable_id].program : nullptr;
}

} // namespace pto::inline PTO_ARCH::aicpu
