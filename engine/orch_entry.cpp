// SPDX-License-Identifier: Apache-2.0
#include "engine/orch_entry.h"

#include "engine/base/format.h"

namespace pto::inline PTO_ARCH::engine {
namespace {

constexpr pto_orch_entry kNoEntry{};

} // namespace

pto_status refuse_orch(pto_status status, char *message, std::size_t capacity, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    format_text(message, capacity, format, values);
    va_end(values);
    return status;
}

pto_status check_orch_entry(const void *symbol, const OrchPromise &promise, char *message, std::size_t capacity)
{
    const bool aligned = reinterpret_cast<uintptr_t>(symbol) % alignof(pto_orch_entry) == 0;
    const pto_orch_entry &entry = *static_cast<const pto_orch_entry *>(aligned ? symbol : &kNoEntry);
    if (entry.magic != PTO_ORCH_MAGIC || entry.run == nullptr)
        return refuse_orch(PTO_ERROR_MISSING_ENTRY, message, capacity, "symbol '%s' is not an orchestration",
                           promise.name);
    if (entry.abi_version != PTO_ABI_VERSION)
        return refuse_orch(PTO_ERROR_INCOMPATIBLE_IMAGE, message, capacity,
                           "orchestration '%s' was built for ABI version %u, this executor has %u", promise.name,
                           entry.abi_version, PTO_ABI_VERSION);
    if (entry.tensor_count != promise.tensor_count || entry.scalar_count != promise.scalar_count)
        return refuse_orch(PTO_ERROR_SIGNATURE_MISMATCH, message, capacity,
                           "orchestration '%s' takes %u tensors and %u scalars, the signature has %u and %u",
                           promise.name, entry.tensor_count, entry.scalar_count, promise.tensor_count,
                           promise.scalar_count);
    return PTO_OK;
}

} // namespace pto::inline PTO_ARCH::engine
