// SPDX-License-Identifier: Apache-2.0
// The C functions: find the context, check what is the same for all, keep exceptions inside.
#include "host/communicator.h"
#include "host/context_table.h"
#include "host/last_error.h"

#include <cstring>

namespace {

using pto::host::Context;
using pto::host::ContextUse;
using pto::host::ErrorDevice;
using pto::host::fail;
using pto::host::RunName;

/// Calls `body(context)` for an open handle; turns a lack of host memory into its status.
template <class Body> pto_status with_context(pto_context *handle, Body &&body)
{
    const ContextUse use(handle);
    if (use.context() == nullptr)
        return fail(PTO_ERROR_INVALID_HANDLE, "the context is %s",
                    handle == nullptr ? "NULL" : "closed, or not a context");
    const ErrorDevice error_device(use.context()->device_index());
    try {
        return body(*use.context());
    } catch (const std::bad_alloc &) {
        return fail(PTO_ERROR_OUT_OF_HOST_MEMORY, "host memory ran out");
    }
}

/// Calls `body(context, name)` for a run whose context is open.
template <class Body> pto_status with_run(pto_run_handle *handle, Body &&body)
{
    const RunName name = pto::host::run_name(handle);
    const ContextUse use(name);
    if (use.context() == nullptr)
        return fail(PTO_ERROR_INVALID_HANDLE, "the run is %s",
                    handle == nullptr ? "NULL" : "none, or its context is closed");
    const ErrorDevice error_device(use.context()->device_index());
    return body(*use.context(), name);
}

/// Whether a caller's struct is the one that this library knows.
template <class Struct> bool has_size(const Struct &object)
{
    return object.struct_size == sizeof(Struct);
}

pto_status refuse_size(const char *what, uint32_t given, size_t expected)
{
    return fail(PTO_ERROR_INVALID_ARGUMENT, "%s.struct_size is %u, not %zu", what, given, expected);
}

constexpr pto_args kNoArgs = PTO_ARGS_INIT;
constexpr pto_run_options kDefaults = PTO_RUN_OPTIONS_INIT;

pto_status check_sizes(const pto_args &args, const pto_run_options &options, const pto_run_result *result)
{
    if (!has_size(args))
        return refuse_size("pto_args", args.struct_size, sizeof args);
    if (!has_size(options))
        return refuse_size("pto_run_options", options.struct_size, sizeof options);
    if (result != nullptr && !has_size(*result))
        return refuse_size("pto_run_result", result->struct_size, sizeof *result);
    return PTO_OK;
}

} // namespace

pto_status pto_open(const pto_open_options *options, pto_context **out_context)
{
    if (out_context == nullptr)
        return fail(PTO_ERROR_INVALID_ARGUMENT, "out_context is NULL");
    *out_context = nullptr;
    Context *context = nullptr;
    try {
        const pto_status status = Context::open(options, &context);
        if (status != PTO_OK)
            return status;
    } catch (const std::bad_alloc &) {
        return fail(PTO_ERROR_OUT_OF_HOST_MEMORY, "host memory ran out");
    }
    *out_context = pto::host::publish(context);
    if (*out_context != nullptr)
        return PTO_OK;
    Context::close(context);
    return fail(PTO_ERROR_UNSUPPORTED, "%u contexts are open, which is the most", pto::host::kMaxContexts);
}

void pto_close(pto_context *context)
{
    Context *withdrawn = pto::host::withdraw(context);
    if (withdrawn == nullptr)
        return;
    pto::host::end_communicators_of(withdrawn);
    Context::close(withdrawn);
}

pto_status pto_malloc(pto_context *context, size_t size_bytes, uint64_t *out_device_address)
{
    if (out_device_address != nullptr)
        *out_device_address = 0;
    return with_context(context, [&](Context &open) {
        if (out_device_address == nullptr)
            return fail(PTO_ERROR_INVALID_ARGUMENT, "out_device_address is NULL");
        return size_bytes == 0 ? fail(PTO_ERROR_INVALID_ARGUMENT, "size_bytes is 0")
                               : open.malloc(size_bytes, out_device_address);
    });
}

pto_status pto_free(pto_context *context, uint64_t device_address)
{
    return with_context(
        context, [&](Context &open) { return device_address == 0 ? pto_status{PTO_OK} : open.free(device_address); });
}

pto_status pto_copy_to_device(pto_context *context, uint64_t destination, const void *source, size_t size_bytes)
{
    return with_context(context, [&](Context &open) {
        if (size_bytes == 0)
            return pto_status{PTO_OK};
        return source == nullptr ? fail(PTO_ERROR_INVALID_ARGUMENT, "source is NULL")
                                 : open.copy_to_device(destination, source, size_bytes);
    });
}

pto_status pto_copy_from_device(pto_context *context, void *destination, uint64_t source, size_t size_bytes)
{
    return with_context(context, [&](Context &open) {
        if (size_bytes == 0)
            return pto_status{PTO_OK};
        return destination == nullptr ? fail(PTO_ERROR_INVALID_ARGUMENT, "destination is NULL")
                                      : open.copy_from_device(destination, source, size_bytes);
    });
}

pto_status pto_prepare(pto_context *context, int32_t callable_id, const pto_callable *callable)
{
    return with_context(context, [&](Context &open) { return open.prepare(callable_id, callable); });
}

pto_status pto_run(pto_context *context, int32_t callable_id, const pto_args *args, const pto_run_options *options,
                   pto_run_result *out_result)
{
    const pto_args &given = args == nullptr ? kNoArgs : *args;
    const pto_run_options &chosen = options == nullptr ? kDefaults : *options;
    const bool is_wanted = out_result != nullptr && has_size(*out_result);
    pto_run_result unwanted;
    pto_run_result &result = is_wanted ? *out_result : unwanted;
    result = PTO_RUN_RESULT_INIT;
    result.status = with_context(context, [&](Context &open) {
        const pto_status checked = check_sizes(given, chosen, out_result);
        return checked != PTO_OK ? checked : open.run(callable_id, given, chosen, result, is_wanted);
    });
    return result.status;
}

pto_status pto_submit(pto_context *context, int32_t callable_id, const pto_args *args, const pto_run_options *options,
                      pto_run_handle **out_run)
{
    if (out_run == nullptr)
        return fail(PTO_ERROR_INVALID_ARGUMENT, "out_run is NULL");
    *out_run = nullptr;
    const pto_args &given = args == nullptr ? kNoArgs : *args;
    const pto_run_options &chosen = options == nullptr ? kDefaults : *options;
    return with_context(context, [&](Context &open) {
        RunName name = pto::host::run_name_in(context);
        pto_status status = check_sizes(given, chosen, nullptr);
        if (status == PTO_OK)
            status = open.submit(callable_id, given, chosen, &name);
        if (status == PTO_OK)
            *out_run = pto::host::run_handle(name);
        return status;
    });
}

pto_status pto_poll(pto_run_handle *run)
{
    return with_run(run, [](Context &open, const RunName &name) { return open.poll(name); });
}

pto_status pto_wait(pto_run_handle *run, int64_t timeout_ns, pto_run_result *out_result)
{
    if (out_result != nullptr && !has_size(*out_result))
        return refuse_size("pto_run_result", out_result->struct_size, sizeof *out_result);
    pto_run_result result = PTO_RUN_RESULT_INIT;
    result.status =
        with_run(run, [&](Context &open, const RunName &name) { return open.wait(name, timeout_ns, &result); });
    if (out_result != nullptr)
        *out_result = result;
    return result.status;
}

pto_status pto_cancel(pto_run_handle *run)
{
    return with_run(run, [](Context &open, const RunName &name) { return open.cancel(name); });
}

pto_status pto_release(pto_context *context, int32_t callable_id)
{
    return with_context(context, [&](Context &open) { return open.release(callable_id); });
}

pto_status pto_get_stats(pto_context *context, pto_stats *out_stats)
{
    return with_context(context, [&](Context &open) {
        if (out_stats == nullptr)
            return fail(PTO_ERROR_INVALID_ARGUMENT, "out_stats is NULL");
        if (!has_size(*out_stats))
            return refuse_size("pto_stats", out_stats->struct_size, sizeof *out_stats);
        open.get_stats(out_stats);
        return pto_status{PTO_OK};
    });
}

pto_status pto_health(pto_context *context)
{
    return with_context(context, [&](Context &open) { return open.health(); });
}

const pto_error *pto_last_error(void)
{
    return &pto::host::last_error();
}

namespace {

/// The name number `index` of those that devices have, each counted once.
const char *distinct_name(uint32_t index, const char *pto::host::DeviceInterface::*name)
{
    const pto::host::DeviceList list = pto::host::device_list();
    for (size_t i = 0; i < list.count; i++) {
        const char *here = list.begin[i]->*name;
        bool is_first = true;
        for (size_t earlier = 0; earlier < i; earlier++)
            is_first = is_first && std::strcmp(list.begin[earlier]->*name, here) != 0;
        if (is_first && index-- == 0)
            return here;
    }
    return nullptr;
}

} // namespace

const char *pto_arch_name(uint32_t index)
{
    return distinct_name(index, &pto::host::DeviceInterface::arch);
}

const char *pto_target_name(uint32_t index)
{
    return distinct_name(index, &pto::host::DeviceInterface::target);
}
