// SPDX-License-Identifier: Apache-2.0
// The table through which orchestrations call the builder, and the calls that only talk: log, fatal, reject.
#include "engine/graph_builder.h"

namespace pto::inline PTO_ARCH::engine {

void GraphBuilder::log(int32_t level, const char *format, va_list values)
{
    char line[256];
    format_text(line, sizeof line, format, values);
    engine_.port.log(engine_.port.self, level, line);
}

void GraphBuilder::fatal(int32_t code, const char *format, va_list values)
{
    wire::ErrorRecord record = error_record(PTO_ERROR_ORCHESTRATION_FATAL);
    record.detail = code;
    engine_.error.set_text(record, format, values);
}

void GraphBuilder::reject(pto_status status, const char *format, va_list values)
{
    engine_.error.set_text(task_error(status < 0 ? status : PTO_ERROR_INVALID_ARGUMENT), format, values);
}

/// A call from the orchestration that is at the engine's state.
class GraphBuilder::Call {
public:
    explicit Call(pto_orch *orch) : builder_(of(orch)) { builder_.engine_.gate.close(); }
    ~Call() { builder_.engine_.gate.open(); }
    Call(const Call &) = delete;
    Call &operator=(const Call &) = delete;

    GraphBuilder *operator->() const { return &builder_; }

private:
    GraphBuilder &builder_;
};

const pto_orch_ops &orch_ops()
{
    using Builder = GraphBuilder;
    static constexpr pto_orch_ops kOps = {
        .struct_size = sizeof(pto_orch_ops),
        .abi_version = PTO_ABI_VERSION,
        .submit = [](pto_orch *orch, const pto_task *task) { return Builder::Call(orch)->submit(task); },
        .allocate = [](pto_orch *orch, pto_tensor *tensor) { return Builder::Call(orch)->allocate(tensor); },
        .discard = [](pto_orch *orch, const pto_tensor *tensor) { Builder::Call(orch)->discard(tensor); },
        .scope_begin = [](pto_orch *orch, uint32_t mode) { Builder::Call(orch)->scope_begin(mode); },
        .scope_end = [](pto_orch *orch) { Builder::Call(orch)->scope_end(); },
        .get_element = [](pto_orch *orch, const pto_tensor *tensor,
                          const uint32_t *index) { return Builder::Call(orch)->get_element(tensor, index); },
        .set_element = [](pto_orch *orch, const pto_tensor *tensor, const uint32_t *index,
                          uint64_t bits) { Builder::Call(orch)->set_element(tensor, index, bits); },
        .scalar = [](pto_orch *orch, uint32_t index) { return Builder::of(orch).scalar(index); },
        .log = [](pto_orch *orch, int32_t level, const char *format,
                  va_list values) { Builder::of(orch).log(level, format, values); },
        .fatal = [](pto_orch *orch, int32_t code, const char *format,
                    va_list values) { Builder::of(orch).fatal(code, format, values); },
        .reject = [](pto_orch *orch, pto_status status, const char *format,
                     va_list values) { Builder::of(orch).reject(status, format, values); },
        .status = [](const pto_orch *orch) { return Builder::of(const_cast<pto_orch *>(orch)).status(); },
        .scope_memory = [](pto_orch *orch, uint64_t size_bytes) { return Builder::of(orch).scope_memory(size_bytes); },
    };
    return kOps;
}

} // namespace pto::inline PTO_ARCH::engine
