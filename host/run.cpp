// SPDX-License-Identifier: Apache-2.0
#include "host/run.h"

#include "engine/wire/args_image.h"
#include "host/last_error.h"

#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace pto::host {
namespace {

uint64_t now_ns()
{
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

/// Bytes of a contiguous tensor that was checked.
uint64_t content_bytes(const pto_tensor &tensor)
{
    return pto_tensor_count(&tensor) * pto_dtype_size(tensor.dtype);
}

/// Why a descriptor cannot be an argument; nullptr when it can.
const char *tensor_defect(const pto_tensor &tensor)
{
    const uint64_t element = pto_dtype_size(tensor.dtype);
    if (tensor.ndims == 0 || tensor.ndims > PTO_MAX_RANK)
        return "its rank is not 1..5";
    if (element == 0)
        return "its dtype is unknown";
    if (tensor.address_space > PTO_DEVICE_MEMORY)
        return "its address space is unknown";
    if (tensor.addr == 0)
        return "its address is NULL";
    uint64_t reach = tensor.start_offset;
    uint64_t row_major = 1;
    bool contiguous = tensor.start_offset == 0;
    for (uint32_t i = tensor.ndims; i-- > 0;) {
        if (tensor.shape[i] == 0 || tensor.strides[i] == 0)
            return "an extent or stride is zero";
        if (__builtin_add_overflow(reach, uint64_t{tensor.shape[i] - 1} * tensor.strides[i], &reach))
            return "its size overflows";
        contiguous = contiguous && (tensor.shape[i] == 1 || tensor.strides[i] == row_major);
        if (__builtin_mul_overflow(row_major, tensor.shape[i], &row_major))
            return "its size overflows";
    }
    if (reach >= UINT64_MAX / element || (reach + 1) * element > tensor.size_bytes)
        return "it reaches beyond its size_bytes";
    if (tensor.address_space == PTO_HOST_MEMORY && !contiguous)
        return "a host tensor must be contiguous";
    if (tensor.addr > UINT64_MAX - tensor.size_bytes)
        return "its size overflows";
    return nullptr;
}

} // namespace

pto_status Run::refuse(pto_status status, uint32_t index, const char *format, ...)
{
    char text[160];
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof text, format, values);
    va_end(values);
    return fail_callable(status, callable_id_, "tensor argument %u '%s': %s", index,
                         callable_.tensors()[index].name.c_str(), text);
}

pto_status Run::check()
{
    const auto tensors = static_cast<uint32_t>(callable_.tensors().size());
    if (args_.tensor_count != tensors || args_.scalar_count != callable_.scalar_count())
        return fail_callable(PTO_ERROR_SIGNATURE_MISMATCH, callable_id_,
                             "%u tensors and %u scalars given; the signature has %u and %u", args_.tensor_count,
                             args_.scalar_count, tensors, callable_.scalar_count());
    if ((tensors > 0 && args_.tensors == nullptr) || (args_.scalar_count > 0 && args_.scalars == nullptr))
        return fail_callable(PTO_ERROR_INVALID_ARGUMENT, callable_id_, "the %s are NULL",
                             tensors > 0 && args_.tensors == nullptr ? "tensors" : "scalars");
    for (uint32_t i = 0; i < tensors; i++) {
        const pto_status status = check_tensor(i);
        if (status != PTO_OK)
            return status;
    }
    return PTO_OK;
}

pto_status Run::check_tensor(uint32_t index)
{
    const pto_tensor &tensor = args_.tensors[index];
    const PreparedCallable::Param &param = callable_.tensors()[index];
    if (const char *defect = tensor_defect(tensor); defect != nullptr)
        return refuse(PTO_ERROR_INVALID_ARGUMENT, index, "%s", defect);
    if (param.dtype != PTO_ANY_DTYPE && param.dtype != tensor.dtype)
        return refuse(PTO_ERROR_SIGNATURE_MISMATCH, index, "dtype %u, the signature says %u", unsigned{tensor.dtype},
                      unsigned{param.dtype});
    if (param.ndims != 0 && param.ndims != tensor.ndims)
        return refuse(PTO_ERROR_SIGNATURE_MISMATCH, index, "rank %u, the signature says %u", tensor.ndims,
                      unsigned{param.ndims});
    return check_memory(index);
}

pto_status Run::check_memory(uint32_t index)
{
    const pto_tensor &tensor = args_.tensors[index];
    const auto address = static_cast<unsigned long long>(tensor.addr);
    if (is_host(index)) {
        if (context_.device_.owns_address(context_.handle_, tensor.addr))
            return refuse(PTO_ERROR_NOT_DEVICE_MEMORY, index, "0x%llx is device memory passed as host memory", address);
        return check_host_overlap(index);
    }
    if (context_.is_allocated(tensor.addr, tensor.size_bytes))
        return PTO_OK;
    return refuse(PTO_ERROR_NOT_DEVICE_MEMORY, index, "%llu bytes at 0x%llx are not inside one live allocation%s",
                  static_cast<unsigned long long>(tensor.size_bytes), address,
                  context_.device_.owns_address(context_.handle_, tensor.addr) ? "" : "; is it a host pointer?");
}

/// Host tensors travel one by one: if two share bytes and one is written, no order of copies would be right.
pto_status Run::check_host_overlap(uint32_t index)
{
    const pto_tensor &tensor = args_.tensors[index];
    for (uint32_t i = 0; i < index; i++) {
        const pto_tensor &other = args_.tensors[i];
        if (!is_host(i) || (!is_written(i) && !is_written(index)))
            continue;
        if (tensor.addr < other.addr + content_bytes(other) && other.addr < tensor.addr + content_bytes(tensor))
            return refuse(PTO_ERROR_INVALID_ARGUMENT, index, "it shares host memory with tensor argument %u", i);
    }
    return PTO_OK;
}

pto_status Run::reserve()
{
    for (uint32_t i = 0; i < args_.tensor_count; i++) {
        if (!is_host(i))
            continue;
        DeviceFailure failure{};
        const pto_status status = callable_.tensors()[i].staging.grow(content_bytes(args_.tensors[i]), &failure);
        if (status != PTO_OK)
            return refuse(status, i, "%s", failure.message);
    }
    return PTO_OK;
}

pto_status Run::stage_in()
{
    for (uint32_t i = 0; i < args_.tensor_count; i++) {
        if (!is_host(i) || (callable_.tensors()[i].direction & PTO_DIR_IN) == 0)
            continue;
        const pto_tensor &tensor = args_.tensors[i];
        const pto_status status =
            context_.device_.copy_to(context_.handle_, callable_.tensors()[i].staging.address(),
                                     reinterpret_cast<const void *>(tensor.addr), content_bytes(tensor));
        if (status != PTO_OK)
            return refuse(status, i, "the copy to the device failed");
        result_.bytes_to_device += content_bytes(tensor);
    }
    return PTO_OK;
}

pto_status Run::stage_out()
{
    for (uint32_t i = 0; i < args_.tensor_count; i++) {
        if (!is_host(i) || !is_written(i))
            continue;
        const pto_tensor &tensor = args_.tensors[i];
        const pto_status status =
            context_.device_.copy_from(context_.handle_, reinterpret_cast<void *>(tensor.addr),
                                       callable_.tensors()[i].staging.address(), content_bytes(tensor));
        if (status != PTO_OK)
            return refuse(status, i, "the copy from the device failed");
        result_.bytes_from_device += content_bytes(tensor);
    }
    return PTO_OK;
}

void Run::encode_args()
{
    const wire::ArgsView view = wire::begin_args_image(context_.args_scratch_, args_.tensor_count, args_.scalar_count);
    for (uint32_t i = 0; i < args_.tensor_count; i++) {
        view.tensors[i] = args_.tensors[i];
        if (is_host(i)) {
            view.tensors[i].addr = callable_.tensors()[i].staging.address();
            view.tensors[i].size_bytes = content_bytes(args_.tensors[i]);
        }
        view.tensors[i].address_space = PTO_DEVICE_MEMORY;
        view.tensors[i].owner = PTO_NO_TASK;
        view.tensors[i].buffer = 0;
    }
    if (args_.scalar_count > 0)
        std::memcpy(view.scalars, args_.scalars, args_.scalar_count * sizeof(uint64_t));
}

pto_status Run::execute(uint64_t timeout_ns)
{
    pto_status status = stage_in();
    if (status != PTO_OK)
        return status;
    encode_args();
    const std::size_t args_bytes = wire::args_image_bytes(args_.tensor_count, args_.scalar_count);
    status = context_.device_.copy_to(context_.handle_, callable_.args_address(), context_.args_scratch_, args_bytes);
    if (status != PTO_OK)
        return fail_callable(status, callable_id_, "the copy of the arguments failed");
    const wire::LaunchBlock launch{wire::kLaunchMagic,
                                   wire::kBlockVersion,
                                   callable_id_,
                                   callable_.kernel_count(),
                                   callable_.kernel_table(),
                                   callable_.args_address(),
                                   args_bytes,
                                   0,
                                   0,
                                   0,
                                   0};
    wire::ReportBlock block{};
    const uint64_t begin_ns = now_ns();
    context_.device_.run(context_.handle_, launch, timeout_ns, &block);
    result_.device_ns = now_ns() - begin_ns;
    report(block);
    if (block.error.status != PTO_OK)
        return fail_run(callable_id_, block.error, callable_.kernel_name(block.error.func_id));
    return stage_out();
}

void Run::report(const wire::ReportBlock &block)
{
    result_.tasks = block.tasks;
    result_.kernels = block.kernels;
    result_.skipped = block.skipped;
    result_.edges = block.edges;
    result_.peak_tasks = block.peak_tasks;
    result_.peak_edges = block.peak_edges;
    result_.peak_map_entries = block.peak_map_entries;
    result_.peak_scope_depth = block.peak_scope_depth;
    result_.peak_heap_bytes = block.peak_heap_bytes;
}

pto_status Context::run(int32_t callable_id, const pto_args &args, const pto_run_options &options,
                        pto_run_result *result)
{
    const uint64_t begin_ns = now_ns();
    const std::lock_guard lock(mutex_);
    pto_status status = check_id(callable_id);
    if (status != PTO_OK)
        return status;
    if (callables_[callable_id] == nullptr)
        return fail_callable(PTO_ERROR_NOT_PREPARED, callable_id, "callable id %d is not prepared", callable_id);
    if (!device_.is_healthy(handle_))
        return fail_callable(PTO_ERROR_DEVICE_FAULTED, callable_id,
                             "an earlier run faulted the device: close the context");
    Run run(*this, callable_id, args, *result);
    status = run.check();
    if (status == PTO_OK)
        status = run.reserve();
    if (status == PTO_OK) {
        status = run.execute(options.timeout_ns);
        runs_++;
        failed_runs_ += status == PTO_OK ? 0 : 1;
    }
    result->total_ns = now_ns() - begin_ns;
    return status;
}

} // namespace pto::host
