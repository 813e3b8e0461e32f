// SPDX-License-Identifier: Apache-2.0
#include "host/callable_check.h"

#include "host/stated_identity.h"

#include <bitset>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace pto::host {
namespace {

/// Images beyond this are mistakes: the largest kernels of this family have a few MiB.
constexpr std::size_t kMaxImageBytes = std::size_t{1} << 30;

bool is_name(const char *name)
{
    return name == nullptr || strnlen(name, PTO_MAX_NAME + 1) <= PTO_MAX_NAME;
}

pto_status check_params(const pto_callable &callable, pto_image_error *error)
{
    uint32_t tensors = 0;
    uint32_t scalars = 0;
    if (callable.param_count > PTO_MAX_RUN_TENSORS + PTO_MAX_RUN_SCALARS ||
        (callable.param_count > 0 && callable.params == nullptr))
        return image_error(error, PTO_ERROR_INVALID_IMAGE, "%u parameters%s", callable.param_count,
                           callable.params == nullptr ? ", but their list is NULL" : " are too many");
    for (uint32_t i = 0; i < callable.param_count; i++) {
        const pto_param &param = callable.params[i];
        if (param.direction > PTO_DIR_INOUT)
            return image_error(error, PTO_ERROR_INVALID_IMAGE, "parameter %u: unknown direction %u", i,
                               unsigned{param.direction});
        const bool is_scalar = param.direction == PTO_SCALAR_ARG;
        if (!is_scalar && param.dtype != PTO_ANY_DTYPE && pto_dtype_size(param.dtype) == 0)
            return image_error(error, PTO_ERROR_INVALID_IMAGE, "parameter %u: unknown dtype %u", i,
                               unsigned{param.dtype});
        if (param.ndims > PTO_MAX_RANK)
            return image_error(error, PTO_ERROR_INVALID_IMAGE, "parameter %u: rank %u is above %u", i,
                               unsigned{param.ndims}, PTO_MAX_RANK);
        if (!is_name(param.name))
            return image_error(error, PTO_ERROR_INVALID_IMAGE, "parameter %u: its name is longer than %u bytes", i,
                               PTO_MAX_NAME);
        tensors += is_scalar ? 0 : 1;
        scalars += is_scalar ? 1 : 0;
    }
    if (tensors > PTO_MAX_RUN_TENSORS || scalars > PTO_MAX_RUN_SCALARS)
        return image_error(error, PTO_ERROR_INVALID_IMAGE, "%u tensors and %u scalars; at most %u and %u", tensors,
                           scalars, PTO_MAX_RUN_TENSORS, PTO_MAX_RUN_SCALARS);
    return PTO_OK;
}

pto_status check_kernels(const pto_callable &callable, pto_image_error *error)
{
    if (callable.kernel_count > PTO_MAX_FUNC_IDS || (callable.kernel_count > 0 && callable.kernels == nullptr))
        return image_error(error, PTO_ERROR_INVALID_IMAGE, "%u kernels%s", callable.kernel_count,
                           callable.kernels == nullptr ? ", but their list is NULL" : " are too many");
    std::bitset<PTO_MAX_FUNC_IDS> seen;
    for (uint32_t i = 0; i < callable.kernel_count; i++) {
        const pto_kernel &kernel = callable.kernels[i];
        if (kernel.func_id >= PTO_MAX_FUNC_IDS)
            return image_error(error, PTO_ERROR_INVALID_IMAGE, "kernel %u: func id %u is not in 0..%u", i,
                               kernel.func_id, PTO_MAX_FUNC_IDS - 1);
        if (seen.test(kernel.func_id))
            return image_error(error, PTO_ERROR_INVALID_IMAGE, "kernel %u: func id %u is used twice", i,
                               kernel.func_id);
        seen.set(kernel.func_id);
        if (kernel.core_type > PTO_CORE_ANY)
            return image_error(error, PTO_ERROR_INVALID_IMAGE, "kernel %u: unknown core type %u", i, kernel.core_type);
        if (kernel.image == nullptr || kernel.image_bytes == 0 || kernel.image_bytes > kMaxImageBytes)
            return image_error(error, PTO_ERROR_INVALID_IMAGE, "kernel %u: no image, or one of %zu bytes", i,
                               kernel.image_bytes);
        if (!is_name(kernel.name))
            return image_error(error, PTO_ERROR_INVALID_IMAGE, "kernel %u: its name is longer than %u bytes", i,
                               PTO_MAX_NAME);
    }
    return PTO_OK;
}

} // namespace

void clear_error(pto_image_error *error)
{
    if (error != nullptr)
        error->message[0] = '\0';
}

pto_status image_error(pto_image_error *error, pto_status status, const char *format, ...)
{
    if (error == nullptr)
        return status;
    va_list values;
    va_start(values, format);
    std::vsnprintf(error->message, sizeof error->message, format, values);
    va_end(values);
    return status;
}

pto_status check_callable(const pto_callable *callable, pto_image_error *error)
{
    if (callable == nullptr || callable->struct_size != sizeof(pto_callable))
        return image_error(error, PTO_ERROR_INVALID_ARGUMENT, "the callable is NULL or its struct_size is not %zu",
                           sizeof(pto_callable));
    if (!is_name(callable->name) || !is_name(callable->arch))
        return image_error(error, PTO_ERROR_INVALID_IMAGE, "name or arch is longer than %u bytes", PTO_MAX_NAME);
    if (callable->orch_entry == nullptr || callable->orch_entry[0] == '\0' || !is_name(callable->orch_entry))
        return image_error(error, PTO_ERROR_INVALID_IMAGE, "the orchestration's entry needs a name of 1..%u bytes",
                           PTO_MAX_NAME);
    if (callable->orch_config != nullptr && (callable->orch_config[0] == '\0' || !is_name(callable->orch_config)))
        return image_error(error, PTO_ERROR_INVALID_IMAGE,
                           "the orchestration's configuration needs a name of 1..%u bytes, or NULL", PTO_MAX_NAME);
    if (callable->orch_image == nullptr || callable->orch_image_bytes == 0 ||
        callable->orch_image_bytes > kMaxImageBytes)
        return image_error(error, PTO_ERROR_INVALID_IMAGE, "no orchestration image, or one of %zu bytes",
                           callable->orch_image_bytes);
    if (callable->build_identity != nullptr &&
        !is_identity({callable->build_identity, strnlen(callable->build_identity, PTO_MAX_BUILD_IDENTITY + 1)}))
        return image_error(error, PTO_ERROR_INVALID_IMAGE, "build_identity is not NULL or 1..%u printable characters",
                           PTO_MAX_BUILD_IDENTITY);
    if (callable->builder > PTO_HOST_BUILT)
        return image_error(error, PTO_ERROR_INVALID_ARGUMENT, "builder %u is neither device nor host",
                           callable->builder);
    const pto_status status = check_params(*callable, error);
    return status != PTO_OK ? status : check_kernels(*callable, error);
}

} // namespace pto::host
