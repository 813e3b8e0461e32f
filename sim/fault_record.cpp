// SPDX-License-Identifier: Apache-2.0
#include "sim/fault_record.h"

#include "posix/fault_text.h"

namespace pto::inline PTO_ARCH::sim {

wire::ErrorRecord fault_record(const pto::posix::Fault &fault, const aicpu::RunningKernel *kernel,
                               const engine::Engine &engine)
{
    wire::ErrorRecord record = engine::error_record(PTO_ERROR_KERNEL_FAULT);
    record.raw = fault.signal;
    record.detail = static_cast<int64_t>(fault.address);
    char what[96];
    pto::posix::describe_fault(fault, what, sizeof what);
    if (kernel == nullptr) {
        engine::print_message(&record, "the orchestration faulted after %llu tasks: %s",
                              static_cast<unsigned long long>(load_relaxed(engine.submitted)), what);
        return record;
    }
    record.task = kernel->task;
    record.func_id = kernel->func_id;
    record.core = kernel->core;
    engine::print_message(&record, "task %u (kernel %d on core %d) faulted: %s", kernel->task, record.func_id,
                          record.core, what);
    return record;
}

} // namespace pto::inline PTO_ARCH::sim
