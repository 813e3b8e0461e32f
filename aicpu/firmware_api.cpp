// SPDX-License-Identifier: Apache-2.0
// The functions of firmware.h but those of cores and of the loader.
#include "aicpu/linked_executor.h"
#include "engine/base/memory.h"
#include "engine/orch_entry.h"
#include "engine/wire/args_image.h"

namespace {

using namespace pto;

constexpr uint32_t kMaxKernels = 1024;

aicpu::LinkedExecutor &of(pto_firmware *firmware)
{
    return *reinterpret_cast<aicpu::LinkedExecutor *>(firmware);
}

const char *defect_of(const pto_firmware_config *config)
{
    if (config == nullptr || config->struct_size != sizeof *config)
        return "config is NULL or its struct_size is wrong";
    return aicpu::LinkedExecutor::defect_of(*config);
}

constexpr const char *kNoFirmware = "firmware is NULL";

const char *defect_of_memory(const pto_firmware_config &config)
{
    if (config.lines == nullptr || reinterpret_cast<uintptr_t>(config.lines) % alignof(pto_core_line) != 0)
        return "lines is NULL or not 64-byte aligned";
    if (config.memory == nullptr || reinterpret_cast<uintptr_t>(config.memory) % 64 != 0)
        return "memory is NULL or not 64-byte aligned";
    if (config.memory_bytes < aicpu::LinkedExecutor::memory_bytes(config))
        return "memory_bytes is less than pto_firmware_memory_bytes says";
    return nullptr;
}

const char *defect_of(const pto_firmware_port *port)
{
    if (port == nullptr || port->struct_size != sizeof *port)
        return "port is NULL or its struct_size is wrong";
    const bool is_complete = port->now != nullptr && port->relax != nullptr && port->notify != nullptr &&
                             port->log != nullptr && port->panic != nullptr && port->read_register != nullptr &&
                             port->write_register != nullptr && port->clean != nullptr && port->invalidate != nullptr &&
                             port->loader.load != nullptr && port->loader.find != nullptr &&
                             port->loader.unload != nullptr;
    return is_complete ? nullptr : "a hook of the port is NULL";
}

pto_status answer(const wire::ErrorRecord &record, engine::MessageBuffer message)
{
    if (record.status == PTO_OK)
        return PTO_OK;
    return engine::refuse_orch(record.status, message, "%s", record.message);
}

const char *defect_of(const pto_firmware_call &call)
{
    if (call.struct_size != sizeof call)
        return "the call's struct_size is wrong";
    if (call.kernel_count > kMaxKernels || (call.kernel_count != 0 && call.kernels == nullptr))
        return "kernels is NULL or kernel_count is more than 1024";
    if (call.tensor_count > PTO_MAX_RUN_TENSORS || (call.tensor_count != 0 && call.tensors == nullptr))
        return "tensors is NULL or there are too many";
    if (call.scalar_count > PTO_MAX_RUN_SCALARS || (call.scalar_count != 0 && call.scalars == nullptr))
        return "scalars is NULL or there are too many";
    return nullptr;
}

void fill_result(const wire::ReportBlock &report, pto_firmware_result *result)
{
    const wire::ErrorRecord &error = report.error;
    *result = {};
    result->struct_size = sizeof *result;
    result->status = error.status;
    result->tasks = report.tasks;
    result->kernels = report.kernels;
    result->skipped = report.skipped;
    result->edges = report.edges;
    result->peak_heap_bytes = report.peak_heap_bytes;
    result->peak_tasks = report.peak_tasks;
    result->peak_edges = report.peak_edges;
    result->error_task = UINT64_MAX;
    result->error_func_id = -1;
    result->error_core = -1;
    if (error.status == PTO_OK)
        return;
    result->error_task = error.task;
    result->error_func_id = error.func_id;
    result->error_core = error.core;
    result->error_detail = error.detail;
    result->error_stall = static_cast<uint32_t>(error.stall);
    static_assert(sizeof result->message == sizeof error.message);
    memcpy(result->message, error.message, sizeof error.message);
}

__attribute__((noinline)) void refuse(const char *defect, wire::ReportBlock *report)
{
    report->error = engine::error_record(PTO_ERROR_INVALID_ARGUMENT);
    engine::print_message(&report->error, "%s", defect);
}

void run(aicpu::LinkedExecutor &executor, const wire::LaunchBlock &launch, wire::ReportBlock *report)
{
    if (!executor.begin(launch, report))
        return;
    executor.run(launch, report);
    executor.end(report);
}

static_assert(sizeof(pto_firmware_kernel) == sizeof(wire::KernelEntry) &&
              offsetof(pto_firmware_kernel, entry) == offsetof(wire::KernelEntry, entry) &&
              offsetof(pto_firmware_kernel, core_types) == offsetof(wire::KernelEntry, core_types));

wire::LaunchBlock launch_of(const pto_firmware_call &call, void *args_block)
{
    const wire::ArgsView args = wire::begin_args_image(args_block, call.tensor_count, call.scalar_count);
    for (uint32_t i = 0; i < call.tensor_count; i++)
        args.tensors[i] = call.tensors[i];
    for (uint32_t i = 0; i < call.scalar_count; i++)
        args.scalars[i] = call.scalars[i];
    wire::LaunchBlock launch{};
    launch.magic = wire::kLaunchMagic;
    launch.version = wire::kBlockVersion;
    launch.callable_id = call.callable_id;
    launch.kernel_count = call.kernel_count;
    launch.kernels = reinterpret_cast<uint64_t>(call.kernels);
    launch.args = reinterpret_cast<uint64_t>(args_block);
    launch.args_bytes = wire::args_image_bytes(call.tensor_count, call.scalar_count);
    launch.timeout_ns = call.timeout_ns;
    return launch;
}

} // namespace

uint64_t pto_firmware_memory_bytes(const pto_firmware_config *config)
{
    return defect_of(config) == nullptr ? aicpu::LinkedExecutor::memory_bytes(*config) : 0;
}

pto_status pto_firmware_open(const pto_firmware_config *config, const pto_firmware_port *port, pto_firmware **out,
                             char *message, size_t message_capacity)
{
    const char *defect = defect_of(config);
    if (defect == nullptr)
        defect = defect_of_memory(*config);
    if (defect == nullptr)
        defect = defect_of(port);
    if (defect == nullptr && out == nullptr)
        defect = "out is NULL";
    if (defect != nullptr)
        return engine::refuse_orch(PTO_ERROR_INVALID_ARGUMENT, {message, message_capacity}, "%s", defect);
    *out = reinterpret_cast<pto_firmware *>(aicpu::LinkedExecutor::create(*config, *port));
    return PTO_OK;
}

void pto_firmware_close(pto_firmware *firmware)
{
    if (firmware == nullptr)
        return;
    of(firmware).stop();
    of(firmware).destroy();
}

pto_status pto_firmware_connect(pto_firmware *firmware, char *message, size_t message_capacity)
{
    if (firmware == nullptr)
        return engine::refuse_orch(PTO_ERROR_INVALID_ARGUMENT, {message, message_capacity}, "%s", kNoFirmware);
    return answer(of(firmware).connect(), {message, message_capacity});
}

pto_status pto_firmware_disconnect(pto_firmware *firmware, char *message, size_t message_capacity)
{
    if (firmware == nullptr)
        return engine::refuse_orch(PTO_ERROR_INVALID_ARGUMENT, {message, message_capacity}, "%s", kNoFirmware);
    return answer(of(firmware).disconnect(), {message, message_capacity});
}

pto_status pto_firmware_load(pto_firmware *firmware, const pto_firmware_orch *orch, char *message,
                             size_t message_capacity)
{
    if (firmware == nullptr)
        return engine::refuse_orch(PTO_ERROR_INVALID_ARGUMENT, {message, message_capacity}, "%s", kNoFirmware);
    if (orch == nullptr || orch->struct_size != sizeof *orch || orch->image == nullptr || orch->entry == nullptr)
        return engine::refuse_orch(PTO_ERROR_INVALID_ARGUMENT, {message, message_capacity},
                                   "orch, its image or its entry is NULL, or its struct_size is wrong");
    const aicpu::OrchImage image{orch->callable_id,
                                 {orch->entry, orch->config, orch->tensor_count, orch->scalar_count},
                                 orch->image,
                                 orch->image_bytes};
    return of(firmware).orchs().load(image, message, message_capacity);
}

void pto_firmware_unload(pto_firmware *firmware, int32_t callable_id)
{
    if (firmware != nullptr)
        of(firmware).orchs().unload(callable_id);
}

pto_status pto_firmware_run(pto_firmware *firmware, const pto_firmware_call *call, pto_firmware_result *result)
{
    if (firmware == nullptr || call == nullptr || result == nullptr || result->struct_size != sizeof *result)
        return PTO_ERROR_INVALID_ARGUMENT;
    aicpu::LinkedExecutor &executor = of(firmware);
    wire::ReportBlock report;
    wire::begin_report(&report);
    if (const char *defect = defect_of(*call); defect != nullptr)
        refuse(defect, &report);
    else
        run(executor, launch_of(*call, executor.args_block()), &report);
    fill_result(report, result);
    return result->status;
}

pto_status pto_firmware_launch(pto_firmware *firmware, const void *launch, void *report)
{
    if (firmware == nullptr || launch == nullptr || report == nullptr)
        return PTO_ERROR_INVALID_ARGUMENT;
    const auto &in = *static_cast<const wire::LaunchBlock *>(launch);
    auto *out = static_cast<wire::ReportBlock *>(report);
    of(firmware).see_launch(in);
    run(of(firmware), in, out);
    of(firmware).show_report(*out);
    return out->error.status;
}

void pto_firmware_serve(pto_firmware *firmware, uint32_t cpu)
{
    if (firmware != nullptr && of(firmware).may_serve(cpu))
        of(firmware).serve(cpu);
}

const char *pto_firmware_arch(void)
{
    return kArch.name;
}
