// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_RUN_H
#define PTO_HOST_RUN_H

#include "host/context.h"

namespace pto::host {

/// One run of a prepared callable: check the arguments, stage host tensors in, launch, stage out. The context's lock is
/// held.
class Run {
public:
    Run(Context &context, int32_t callable_id, const pto_args &args, pto_run_result &result)
        : context_(context), callable_id_(callable_id), args_(args), result_(result),
          callable_(*context.callables_[callable_id])
    {
    }

    /// Everything that can be refused without touching the device's state.
    pto_status check();
    /// Device copies for host tensors. Allocates only when a tensor is larger than in every run before.
    pto_status reserve();
    pto_status execute(uint64_t timeout_ns);

private:
    pto_status check_tensor(uint32_t index);
    pto_status check_memory(uint32_t index);
    pto_status check_host_overlap(uint32_t index);
    pto_status stage_in();
    pto_status stage_out();
    void encode_args();
    void report(const wire::ReportBlock &block);
    pto_status refuse(pto_status status, uint32_t index, const char *format, ...) __attribute__((format(printf, 4, 5)));

    bool is_host(uint32_t index) const { return args_.tensors[index].address_space == PTO_HOST_MEMORY; }
    bool is_written(uint32_t index) const { return (callable_.tensors()[index].direction & PTO_DIR_OUT) != 0; }

    Context &context_;
    const int32_t callable_id_;
    const pto_args &args_;
    pto_run_result &result_;
    PreparedCallable &callable_;
};

} // namespace pto::host

#endif
