// SPDX-License-Identifier: Apache-2.0
// Why a task is refused: checks once more, slowly, and says what is wrong. All of these return false.
#include "engine/graph_builder.h"

namespace pto::inline PTO_ARCH::engine {

namespace {

const char *argument_defect(const pto_arg &arg)
{
    if (arg.access > PTO_ACCESS_RUN_SCALAR)
        return "an unknown access";
    return arg.access >= PTO_ACCESS_SCALAR ? "no such scalar of the run" : "no tensor";
}

/// "argument 3: " or "", for the head of a message.
struct Where {
    explicit Where(uint32_t argument)
    {
        if (argument == kNoArgument) {
            text[0] = '\0';
            return;
        }
        format("argument %u: ", argument);
    }
    __attribute__((format(printf, 2, 3))) void format(const char *pattern, ...)
    {
        va_list values;
        va_start(values, pattern);
        format_text(text, sizeof text, pattern, values);
        va_end(values);
    }
    char text[32];
};

} // namespace

bool GraphBuilder::refuse_null()
{
    engine_.error.set(task_error(PTO_ERROR_INVALID_TASK), "task %llu: the task is NULL", ordinal());
    return false;
}

bool GraphBuilder::refuse_size(const pto_task &task)
{
    engine_.error.set(task_error(PTO_ERROR_INVALID_TASK), "task %llu: struct_size is %u, not %zu", ordinal(),
                      task.struct_size, sizeof(pto_task));
    return false;
}

bool GraphBuilder::refuse_kernel(int32_t func_id, uint32_t lane)
{
    const char *wanted = lane == kLaneAic ? "AIC" : "AIV";
    wire::ErrorRecord record = task_error(PTO_ERROR_UNKNOWN_KERNEL);
    record.func_id = func_id;
    if (has_kernel(func_id, PTO_CORE_AIC) || has_kernel(func_id, PTO_CORE_AIV))
        engine_.error.set(record, "task %llu: kernel %d is for an %s core, the task wants it on an %s core",
                          static_cast<unsigned long long>(record.task), func_id, lane == kLaneAic ? "AIV" : "AIC",
                          wanted);
    else
        engine_.error.set(record, "task %llu: the callable has no kernel with func id %d",
                          static_cast<unsigned long long>(record.task), func_id);
    return false;
}

bool GraphBuilder::refuse_arguments(const pto_task &task)
{
    const unsigned long long number = ordinal();
    const wire::ErrorRecord record = task_error(PTO_ERROR_INVALID_TASK);
    const bool listed =
        (task.args != nullptr || task.arg_count == 0) && (task.dependencies != nullptr || task.dependency_count == 0);
    uint32_t read = 0;
    for (; listed && read < task.arg_count && read < kMaxArguments; read++) {
        const pto_arg &arg = task.args[read];
        const bool is_scalar = arg.access >= PTO_ACCESS_SCALAR;
        if (arg.access > PTO_ACCESS_RUN_SCALAR || (!is_scalar && arg.value.tensor == nullptr))
            break;
        if (arg.access == PTO_ACCESS_RUN_SCALAR && arg.value.scalar >= bridge_.orch.scalar_count)
            break;
    }
    if (!listed)
        engine_.error.set(record, "task %llu: NULL list of %u arguments or %u dependencies", number, task.arg_count,
                          task.dependency_count);
    else if (read < task.arg_count && read < kMaxArguments)
        engine_.error.set(record, "task %llu: argument %u has %s", number, read, argument_defect(task.args[read]));
    else
        engine_.error.set(record, "task %llu: %u arguments; a task takes at most %u tensors and %u scalars", number,
                          task.arg_count, PTO_KERNEL_MAX_TENSORS, PTO_KERNEL_MAX_SCALARS);
    return false;
}

bool GraphBuilder::refuse_predicate(const pto_predicate &predicate)
{
    engine_.error.set(task_error(PTO_ERROR_INVALID_TASK), "task %llu: predicate with comparison %u of dtype %u",
                      ordinal(), predicate.op, unsigned{predicate.tensor->dtype});
    return false;
}

bool GraphBuilder::refuse_view(ViewDefect defect, const pto_tensor &tensor, uint32_t argument)
{
    static constexpr const char *kWhat[] = {"",
                                            "its rank is not 1..5",
                                            "its dtype is unknown",
                                            "an extent is zero",
                                            "a stride is zero",
                                            "its elements overlap each other",
                                            "it reaches beyond its buffer"};
    engine_.error.set(task_error(PTO_ERROR_INVALID_TENSOR), "task %llu: %stensor of rank %u, dtype %u: %s", ordinal(),
                      Where(argument).text, tensor.ndims, unsigned{tensor.dtype}, kWhat[static_cast<uint32_t>(defect)]);
    return false;
}

bool GraphBuilder::refuse_handle(const pto_tensor &tensor, uint32_t argument)
{
    engine_.error.set(task_error(PTO_ERROR_STALE_HANDLE), "task %llu: %sthe tensor %s", ordinal(), Where(argument).text,
                      tensor.addr == 0 ? "was never allocated"
                                       : "is used after the scope that held it has ended, or after it was discarded");
    return false;
}

bool GraphBuilder::refuse_memory(const pto_tensor &tensor, uint32_t argument, const char *defect)
{
    engine_.error.set(task_error(PTO_ERROR_NOT_DEVICE_MEMORY), "task %llu: %s%llu bytes at 0x%llx: the tensor %s",
                      ordinal(), Where(argument).text, static_cast<unsigned long long>(tensor.size_bytes),
                      static_cast<unsigned long long>(tensor.addr), defect);
    return false;
}

} // namespace pto::inline PTO_ARCH::engine
