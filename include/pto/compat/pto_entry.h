// SPDX-License-Identifier: Apache-2.0
/** @file pto_entry.h
 *  How the executor calls an orchestration in the dialect: every shared object of such sources exports this adapter. */
#ifndef PTO_COMPAT_ENTRY_H
#define PTO_COMPAT_ENTRY_H

#include "pto/compat/error_codes.h"
#include "pto/compat/pto_task_args.h"

#include <exception>

/** @cond */
extern "C" {
/// The configuration under its default name, if the source has one.
__attribute__((weak)) PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &args);
}

namespace pto_compat {

using Entry = void (*)(const ChipTaskArgs &);
using Configure = PTO2OrchestrationConfig (*)(const ChipTaskArgs &);

static inline bool has_enough(pto_orch *orch, const ChipTaskArgs &args, Configure configure)
{
    const auto given = static_cast<int>(orch->tensor_count + orch->scalar_count);
    const int expected = configure == nullptr ? 0 : configure(args).expected_arg_count;
    if (given >= expected)
        return true;
    refuse(PTO_ERROR_INVALID_ARGUMENT, "the orchestration expects %d arguments, the run has %d", expected, given);
    return false;
}

static inline void call(pto_orch *orch, pto_orch_function entry, Configure configure)
{
    const ChipTaskArgs args(orch);
    if (has_enough(orch, args, configure))
        reinterpret_cast<Entry>(entry)(args);
}

/// The engine is no C++ to the orchestration: an exception that nobody catches ends the run here.
static inline void call_and_catch(pto_orch *orch, pto_orch_function entry, Configure configure)
{
#ifdef __cpp_exceptions
    try {
        call(orch, entry, configure);
    } catch (const AssertionFailed &) {
        // The run has its error.
    } catch (const std::exception &exception) {
        pto_fatal(orch, PTO2_ERROR_EXPLICIT_ORCH_FATAL, "the orchestration throws an exception: %s", exception.what());
    } catch (...) {
        pto_fatal(orch, PTO2_ERROR_EXPLICIT_ORCH_FATAL, "the orchestration throws something that is no std::exception");
    }
#else
    call(orch, entry, configure);
#endif
}

/// Leaves the object as it was: what it remembers is of one run.
static inline void run(pto_orch *orch, pto_orch_function entry, pto_orch_function config)
{
    current_orch = orch;
    current_run++;
    open_scopes = {};
    recording_graph = 0;
    call_and_catch(orch, entry, config == nullptr ? &aicpu_orchestration_config : reinterpret_cast<Configure>(config));
    current_orch = nullptr;
}

} // namespace pto_compat

extern "C" {
extern __attribute__((weak)) PTO_EXPORT const pto_orch_adapter pto_orch_adapter_symbol;
const pto_orch_adapter pto_orch_adapter_symbol = {PTO_ORCH_ADAPTER_MAGIC, PTO_ABI_VERSION, pto_compat::run};
}
/** @endcond */

#endif
