// SPDX-License-Identifier: Apache-2.0
#include "host/run.h"

#include "engine/wire/args_image.h"
#include "host/context.h"
#include "host/last_error.h"

#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace pto::host {
namespace {

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

bool overlap(const pto_tensor &one, const pto_tensor &other)
{
    return one.addr < other.addr + content_bytes(other) && other.addr < one.addr + content_bytes(one);
}

} // namespace

Run::Run(Context &context, const RunRequest &request, pto_run_result &result)
    : context_(context), request_(request), result_(result)
{
    turn.run = this;
}

// ---- checks --------------------------------------------------------------------------------------------------------

pto_status Run::refuse(pto_status status, uint32_t index, const char *format, ...)
{
    char text[160];
    va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof text, format, values);
    va_end(values);
    return fail_callable(status, request_.callable_id, "tensor argument %u '%s': %s", index,
                         request_.callable->tensors()[index].name.c_str(), text);
}

pto_status Run::check()
{
    const auto tensors = static_cast<uint32_t>(request_.callable->tensors().size());
    if (request_.tensor_count != tensors || request_.scalar_count != request_.callable->scalar_count())
        return fail_callable(PTO_ERROR_SIGNATURE_MISMATCH, request_.callable_id,
                             "%u tensors and %u scalars given; the signature has %u and %u", request_.tensor_count,
                             request_.scalar_count, tensors, request_.callable->scalar_count());
    if ((tensors > 0 && request_.tensors == nullptr) || (request_.scalar_count > 0 && request_.scalars == nullptr))
        return fail_callable(PTO_ERROR_INVALID_ARGUMENT, request_.callable_id, "the %s are NULL",
                             tensors > 0 && request_.tensors == nullptr ? "tensors" : "scalars");
    for (uint32_t i = 0; i < tensors; i++) {
        const pto_status status = check_tensor(i);
        if (status != PTO_OK)
            return status;
    }
    return PTO_OK;
}

pto_status Run::check_tensor(uint32_t index)
{
    const pto_tensor &tensor = request_.tensors[index];
    const PreparedCallable::Param &param = request_.callable->tensors()[index];
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
    const pto_tensor &tensor = request_.tensors[index];
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
    const pto_tensor &tensor = request_.tensors[index];
    for (uint32_t i = 0; i < index; i++) {
        const pto_tensor &other = request_.tensors[i];
        if (!is_host(i) || (!is_written(i) && !is_written(index)))
            continue;
        if (overlap(tensor, other))
            return refuse(PTO_ERROR_INVALID_ARGUMENT, index, "it shares host memory with tensor argument %u", i);
    }
    return PTO_OK;
}

bool Run::reads_what_is_written_by(const Run &earlier) const
{
    for (uint32_t i = 0; i < earlier.request_.tensor_count; i++) {
        if (!earlier.is_host(i) || !earlier.is_written(i))
            continue;
        for (uint32_t j = 0; j < request_.tensor_count; j++)
            if (is_host(j) && is_read(j) && overlap(request_.tensors[j], earlier.request_.tensors[i]))
                return true;
    }
    return false;
}

bool Run::has_tensor_in(uint64_t address, uint64_t size_bytes) const
{
    for (uint32_t i = 0; i < request_.tensor_count; i++)
        if (!is_host(i) && request_.tensors[i].addr - address < size_bytes)
            return true;
    return false;
}

// ---- staging -------------------------------------------------------------------------------------------------------

void Run::take_set()
{
    set_ = request_.callable->take_set();
}

void Run::give_back_set()
{
    if (set_ != nullptr)
        set_->is_taken = false;
    set_ = nullptr;
}

pto_status Run::stage()
{
    pto_status status = reserve();
    if (status != PTO_OK)
        return status;
    is_accepted_ = true;
    status = stage_in();
    if (status != PTO_OK)
        return status;
    encode_args();
    DeviceFailure failure;
    clear(&failure);
    status =
        context_.device_.copy_to(context_.handle_, set_->args_address(), set_->args_scratch(), args_bytes(), &failure);
    if (status != PTO_OK)
        return add_cause(fail_callable(status, request_.callable_id, "the copy of the arguments failed"), failure);
    is_staged_ = true;
    return PTO_OK;
}

bool Run::stage_ahead()
{
    const LastErrorScope scope;
    const pto_status status = stage();
    waits_since_ns_ = time_ns();
    return status == PTO_OK;
}

pto_status Run::reserve()
{
    DeviceFailure failure;
    clear(&failure);
    pto_status status = set_->reserve_args(&failure);
    if (status != PTO_OK)
        return fail_callable(status, request_.callable_id, "the arguments: %s", failure.message);
    for (uint32_t i = 0; i < request_.tensor_count; i++) {
        if (!is_host(i))
            continue;
        has_host_tensors_ = true;
        status = set_->reserve_tensor(i, content_bytes(request_.tensors[i]), &failure);
        if (status != PTO_OK)
            return refuse(status, i, "%s", failure.message);
    }
    return PTO_OK;
}

/// Reads the clock only if there is something to copy: that takes longer than a small kernel.
pto_status Run::stage_in()
{
    result_.bytes_to_device = 0;
    if (!has_host_tensors_)
        return PTO_OK;
    uint64_t begin_ns = 0;
    for (uint32_t i = 0; i < request_.tensor_count; i++) {
        if (!is_host(i) || !is_read(i))
            continue;
        if (begin_ns == 0)
            begin_ns = time_ns();
        const pto_tensor &tensor = request_.tensors[i];
        DeviceFailure failure;
        clear(&failure);
        const pto_status status =
            context_.device_.copy_to(context_.handle_, set_->tensor_address(i),
                                     reinterpret_cast<const void *>(tensor.addr), content_bytes(tensor), &failure);
        if (status != PTO_OK)
            return add_cause(refuse(status, i, "the copy to the device failed"), failure);
        result_.bytes_to_device += content_bytes(tensor);
    }
    if (begin_ns != 0)
        result_.stage_in_ns = now_ns() - begin_ns;
    return PTO_OK;
}

pto_status Run::stage_out()
{
    if (!has_host_tensors_)
        return PTO_OK;
    const uint64_t begin_ns = last_ns_;
    for (uint32_t i = 0; i < request_.tensor_count; i++) {
        if (!is_host(i) || !is_written(i))
            continue;
        const pto_tensor &tensor = request_.tensors[i];
        DeviceFailure failure;
        clear(&failure);
        const pto_status status = context_.device_.copy_from(context_.handle_, reinterpret_cast<void *>(tensor.addr),
                                                             set_->tensor_address(i), content_bytes(tensor), &failure);
        if (status != PTO_OK)
            return add_cause(refuse(status, i, "the copy from the device failed"), failure);
        result_.bytes_from_device += content_bytes(tensor);
    }
    if (result_.bytes_from_device > 0) {
        last_ns_ = time_ns();
        result_.stage_out_ns = last_ns_ - begin_ns;
    }
    return PTO_OK;
}

std::size_t Run::args_bytes() const
{
    return wire::args_image_bytes(request_.tensor_count, request_.scalar_count);
}

void Run::encode_args()
{
    const wire::ArgsView view =
        wire::begin_args_image(set_->args_scratch(), request_.tensor_count, request_.scalar_count);
    for (uint32_t i = 0; i < request_.tensor_count; i++) {
        view.tensors[i] = request_.tensors[i];
        if (is_host(i)) {
            view.tensors[i].addr = set_->tensor_address(i);
            view.tensors[i].size_bytes = content_bytes(request_.tensors[i]);
        }
        view.tensors[i].address_space = PTO_DEVICE_MEMORY;
        view.tensors[i].owner = PTO_NO_TASK;
        view.tensors[i].buffer = 0;
    }
    if (request_.scalar_count > 0)
        std::memcpy(view.scalars, request_.scalars, request_.scalar_count * sizeof(uint64_t));
}

// ---- on the device -------------------------------------------------------------------------------------------------

void Run::end_waiting()
{
    result_.queue_ns = time_ns() - (waits_since_ns_ != 0 ? waits_since_ns_ : request_.begin_ns);
}

pto_status Run::execute()
{
    const uint32_t loads = pto::posix::loads_of_this_thread();
    const pto_status status = launch();
    result_.loads = pto::posix::loads_of_this_thread() - loads;
    return status != PTO_OK ? status : stage_out();
}

pto_status Run::launch()
{
    const PreparedCallable &callable = *request_.callable;
    const wire::LaunchBlock block{wire::kLaunchMagic,
                                  wire::kBlockVersion,
                                  request_.callable_id,
                                  callable.kernel_count(),
                                  callable.kernel_table(),
                                  set_->args_address(),
                                  args_bytes(),
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0,
                                  0};
    wire::ReportBlock report;
    wire::begin_report(&report);
    if (HostOrchestration *host = callable.host_orchestration(); host != nullptr)
        run_graph(*host, block, &report);
    else
        run_device(block, &report);
    note(report);
    if (report.error.status == PTO_OK)
        return PTO_OK;
    return fail_run(request_.callable_id, report.error, callable.kernel_name(report.error.func_id));
}

void Run::run_device(const wire::LaunchBlock &launch, wire::ReportBlock *report)
{
    const uint64_t begin_ns = time_ns();
    const uint64_t limit_ns = request_.timeout_ns;
    const uint64_t left_ns = limit_ns > result_.device_ns ? limit_ns - result_.device_ns : 1;
    wire::LaunchBlock block = launch;
    block.timeout_ns = limit_ns == 0 ? 0 : left_ns;
    context_.device_.run(context_.handle_, block, report);
    last_ns_ = time_ns();
    result_.device_ns += last_ns_ - begin_ns;
}

void Run::run_graph(HostOrchestration &host, const wire::LaunchBlock &block, wire::ReportBlock *report)
{
    wire::ArgsView args{};
    wire::decode_args_image(set_->args_scratch(), args_bytes(), &args); // it has just been encoded
    GraphRun graph(host, context_.device_, context_.handle_, *this, block, args, *report);
    graph.run(*context_.recorder_, {context_.stall_timeout_ns_, request_.timeout_ns});
    if (graph.has_faulted())
        store_release(context_.host_faulted_, true);
    if (graph.has_recorded())
        last_ns_ = time_ns(); // a replay ends with its last launch
    result_.build_ns = graph.build_ns();
    result_.graph_source = graph.has_recorded() ? PTO_GRAPH_RECORDED : PTO_GRAPH_REPLAYED;
    context_.count_graph(graph.has_kept(), !graph.has_recorded() && report->error.status == PTO_OK);
}

/// The time limit is for the launches of a run together.
void Run::launch_graph(const wire::LaunchBlock &block, wire::ReportBlock *report)
{
    run_device(block, report);
}

void Run::log(int32_t level, const char *message)
{
    Context::log(&context_, level, message);
}

void Run::note(const wire::ReportBlock &report)
{
    result_.tasks = report.tasks;
    result_.kernels = report.kernels;
    result_.skipped = report.skipped;
    result_.edges = report.edges;
    result_.peak_tasks = report.peak_tasks;
    result_.peak_edges = report.peak_edges;
    result_.peak_map_entries = report.peak_map_entries;
    result_.peak_scope_depth = report.peak_scope_depth;
    result_.peak_heap_bytes = report.peak_heap_bytes;
}

void Run::end(pto_status status)
{
    result_.status = status;
    result_.total_ns = (status == PTO_OK ? last_ns_ : time_ns()) - request_.begin_ns;
}

} // namespace pto::host
