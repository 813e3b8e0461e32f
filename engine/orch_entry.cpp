// SPDX-License-Identifier: Apache-2.0
#include "engine/orch_entry.h"

#include "engine/base/format.h"

namespace pto::inline PTO_ARCH::engine {
namespace {

/// What lies under a symbol, if it can be read as a T at all; else something that no check lets pass.
template <class T> const T &object_at(const OrchSymbol &symbol)
{
    static constexpr T kNothing{};
    const bool readable = !symbol.is_function && reinterpret_cast<uintptr_t>(symbol.address) % alignof(T) == 0;
    return *static_cast<const T *>(readable ? symbol.address : &kNothing);
}

pto_orch_function function_at(const OrchSymbol &symbol)
{
    return reinterpret_cast<pto_orch_function>(reinterpret_cast<uintptr_t>(symbol.address));
}

pto_status check_abi(const char *entry, uint32_t abi_version, MessageBuffer message)
{
    if (abi_version == PTO_ABI_VERSION)
        return PTO_OK;
    return refuse_orch(PTO_ERROR_INCOMPATIBLE_IMAGE, message,
                       "orchestration '%s' was built for ABI version %u, this executor has %u", entry, abi_version,
                       PTO_ABI_VERSION);
}

pto_status read_object(const OrchSymbol &symbol, const OrchPromise &promise, OrchProgram *out, MessageBuffer message)
{
    const auto &entry = object_at<pto_orch_entry>(symbol);
    if (entry.magic != PTO_ORCH_MAGIC || entry.run == nullptr)
        return refuse_orch(PTO_ERROR_MISSING_ENTRY, message, "symbol '%s' is not an orchestration", promise.entry);
    if (const pto_status status = check_abi(promise.entry, entry.abi_version, message); status != PTO_OK)
        return status;
    if (entry.tensor_count != promise.tensor_count || entry.scalar_count != promise.scalar_count)
        return refuse_orch(PTO_ERROR_SIGNATURE_MISMATCH, message,
                           "orchestration '%s' takes %u tensors and %u scalars, the signature has %u and %u",
                           promise.entry, entry.tensor_count, entry.scalar_count, promise.tensor_count,
                           promise.scalar_count);
    if (promise.config != nullptr)
        return refuse_orch(PTO_ERROR_SIGNATURE_MISMATCH, message,
                           "orchestration '%s' has its own signature: it takes no configuration '%s'", promise.entry,
                           promise.config);
    out->entry = &entry;
    return PTO_OK;
}

pto_status read_function(const OrchSymbols &symbols, const OrchSymbol &symbol, const OrchPromise &promise,
                         OrchProgram *out, MessageBuffer message)
{
    OrchSymbol found{};
    if (!symbols.find(PTO_ORCH_ADAPTER_SYMBOL, &found))
        return refuse_orch(PTO_ERROR_MISSING_ENTRY, message,
                           "symbol '%s' is a function, and the image has no adapter for such entries", promise.entry);
    const auto &adapter = object_at<pto_orch_adapter>(found);
    if (adapter.magic != PTO_ORCH_ADAPTER_MAGIC || adapter.run == nullptr)
        return refuse_orch(PTO_ERROR_MISSING_ENTRY, message, "symbol '%s' is not an adapter", PTO_ORCH_ADAPTER_SYMBOL);
    if (const pto_status status = check_abi(promise.entry, adapter.abi_version, message); status != PTO_OK)
        return status;
    OrchSymbol config{};
    if (promise.config != nullptr && !(symbols.find(promise.config, &config) && config.is_function))
        return refuse_orch(PTO_ERROR_MISSING_ENTRY, message, "the image has no function '%s' to configure '%s'",
                           promise.config, promise.entry);
    out->adapter = &adapter;
    out->function = function_at(symbol);
    out->config = function_at(config);
    return PTO_OK;
}

} // namespace

pto_status refuse_orch(pto_status status, MessageBuffer message, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    format_text(message.text, message.capacity, format, values);
    va_end(values);
    return status;
}

pto_status find_orchestration(const OrchSymbols &symbols, const OrchPromise &promise, OrchProgram *out,
                              MessageBuffer message)
{
    *out = {};
    OrchSymbol symbol{};
    if (!symbols.find(promise.entry, &symbol))
        return refuse_orch(PTO_ERROR_MISSING_ENTRY, message, "the image has no symbol '%s'", promise.entry);
    const pto_status status = symbol.is_function ? read_function(symbols, symbol, promise, out, message)
                                                 : read_object(symbol, promise, out, message);
    if (status != PTO_OK)
        return status;
    out->tensor_count = promise.tensor_count;
    out->scalar_count = promise.scalar_count;
    return PTO_OK;
}

} // namespace pto::inline PTO_ARCH::engine
