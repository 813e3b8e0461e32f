// SPDX-License-Identifier: Apache-2.0
#include "aicpu/orch_table.h"

#include "engine/base/format.h"

namespace pto::inline PTO_ARCH::aicpu {
namespace {

constexpr pto_orch_entry kNoEntry{};

__attribute__((format(printf, 4, 5))) pto_status refuse(pto_status status, char *message, std::size_t capacity,
                                                        const char *format, ...)
{
    va_list values;
    va_start(values, format);
    format_text(message, capacity, format, values);
    va_end(values);
    return status;
}

/// `symbol` is whatever the loader found: it is not an entry before it has been checked.
pto_status check_entry(const void *symbol, const OrchImage &image, char *message, std::size_t capacity)
{
    const bool aligned = reinterpret_cast<uintptr_t>(symbol) % alignof(pto_orch_entry) == 0;
    const pto_orch_entry &entry = *static_cast<const pto_orch_entry *>(aligned ? symbol : &kNoEntry);
    if (entry.magic != PTO_ORCH_MAGIC || entry.run == nullptr)
        return refuse(PTO_ERROR_MISSING_ENTRY, message, capacity, "symbol '%s' is not an orchestration", image.entry);
    if (entry.abi_version != PTO_ABI_VERSION)
        return refuse(PTO_ERROR_INCOMPATIBLE_IMAGE, message, capacity,
                      "orchestration '%s' was built for ABI version %u, this executor has %u", image.entry,
                      entry.abi_version, PTO_ABI_VERSION);
    if (entry.tensor_count != image.tensor_count || entry.scalar_count != image.scalar_count)
        return refuse(PTO_ERROR_SIGNATURE_MISMATCH, message, capacity,
                      "orchestration '%s' takes %u tensors and %u scalars, the signature has %u and %u", image.entry,
                      entry.tensor_count, entry.scalar_count, image.tensor_count, image.scalar_count);
    return PTO_OK;
}

} // namespace

OrchTable::~OrchTable()
{
    for (uint32_t i = 0; i < kOrchSlots; i++)
        unload(static_cast<int32_t>(i));
}

pto_status OrchTable::load(const OrchImage &image, char *message, std::size_t message_capacity)
{
    if (!is_id(image.callable_id))
        return refuse(PTO_ERROR_INVALID_CALLABLE_ID, message, message_capacity, "callable id %d is not in 0..%u",
                      image.callable_id, kOrchSlots - 1);
    Slot &slot = slots_[image.callable_id];
    if (slot.entry != nullptr)
        return refuse(PTO_ERROR_ALREADY_PREPARED, message, message_capacity, "slot %d is loaded", image.callable_id);
    LoadedOrch loaded{};
    pto_status status =
        port_.load(port_.self, image.bytes, image.size, image.entry, &loaded, message, message_capacity);
    if (status != PTO_OK)
        return status;
    status = check_entry(loaded.entry, image, message, message_capacity);
    if (status != PTO_OK) {
        port_.unload(port_.self, &loaded);
        return status;
    }
    slot = {loaded, static_cast<const pto_orch_entry *>(loaded.entry)};
    store_relaxed(loads_, load_relaxed(loads_) + 1);
    return PTO_OK;
}

void OrchTable::unload(int32_t callable_id)
{
    if (!is_id(callable_id) || slots_[callable_id].entry == nullptr)
        return;
    slots_[callable_id].entry = nullptr;
    port_.unload(port_.self, &slots_[callable_id].loaded);
}

const pto_orch_entry *OrchTable::find(int32_t callable_id) const
{
    return is_id(callable_id) ? slots_[callable_id].entry : nullptr;
}

} // namespace pto::inline PTO_ARCH::aicpu
