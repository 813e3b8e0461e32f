// SPDX-License-Identifier: Apache-2.0
/** @file pto_arg_with_deps.h
 *  Arguments of a task together with room for its dependencies. */
#ifndef PTO_COMPAT_ARG_WITH_DEPS_H
#define PTO_COMPAT_ARG_WITH_DEPS_H

#include "pto/compat/pto_orchestration_api.h"

/** CoreTaskArgs that collect dependencies one by one, `capacity` at most. */
template <size_t capacity = 16> class CoreTaskArgsWithDeps : private CoreTaskArgs {
public:
    using CoreTaskArgs::add_inout;
    using CoreTaskArgs::add_input;
    using CoreTaskArgs::add_no_dep;
    using CoreTaskArgs::add_output;
    using CoreTaskArgs::add_scalar;
    using CoreTaskArgs::add_scalars;
    using CoreTaskArgs::add_scalars_i32;
    using CoreTaskArgs::allow_early_resolve;
    using CoreTaskArgs::copy_scalars_from;
    using CoreTaskArgs::dump;
    using CoreTaskArgs::error_msg;
    using CoreTaskArgs::has_error;
    using CoreTaskArgs::launch_spec;
    using CoreTaskArgs::predicate;
    using CoreTaskArgs::scalar;
    using CoreTaskArgs::scalar_count;
    using CoreTaskArgs::set_allow_early_resolve;
    using CoreTaskArgs::set_error;
    using CoreTaskArgs::set_predicate;
    using CoreTaskArgs::set_task_timing_slot;
    using CoreTaskArgs::task_timing_slot;
    using CoreTaskArgs::tensor;
    using CoreTaskArgs::tensor_count;

    /** Tasks to wait for. */
    template <class... Ids> void add_dep(Ids... ids) { (put(ids), ...); }
    /** The same: what tasks use is kept for them anyway. */
    template <class... Ids> void add_dep_wait(Ids... ids) { (put(ids), ...); }
    /** Forgets the arguments, but not the dependencies. */
    void clear() { CoreTaskArgs::clear(); }
    /** Forgets arguments, dependencies and an error. */
    void reset()
    {
        CoreTaskArgs::reset();
        count_ = 0;
    }
    /** The arguments, with the dependencies set. */
    CoreTaskArgs &finalize_for_submit()
    {
        CoreTaskArgs::set_dependencies(nullptr, 0);
        CoreTaskArgs::set_dependencies(ids_, count_);
        return *this;
    }

private:
    void put(PTO2TaskId id)
    {
        if (count_ == capacity)
            set_error("too many dependencies");
        else
            ids_[count_++] = id;
    }

    PTO2TaskId ids_[capacity];
    uint32_t count_ = 0;
};

/** rt_submit_task of pto_orchestration_api.h. */
template <size_t capacity>
static inline TaskOutputTensors rt_submit_task(const MixedKernels &kernels, CoreTaskArgsWithDeps<capacity> &args)
{
    return rt_submit_task(kernels, args.finalize_for_submit());
}
/** rt_submit_aic_task. */
template <size_t capacity>
static inline TaskOutputTensors rt_submit_aic_task(int32_t kernel_id, CoreTaskArgsWithDeps<capacity> &args)
{
    return rt_submit_aic_task(kernel_id, args.finalize_for_submit());
}
/** rt_submit_aiv_task. */
template <size_t capacity>
static inline TaskOutputTensors rt_submit_aiv_task(int32_t kernel_id, CoreTaskArgsWithDeps<capacity> &args)
{
    return rt_submit_aiv_task(kernel_id, args.finalize_for_submit());
}
/** rt_submit_dummy_task. */
template <size_t capacity> static inline TaskOutputTensors rt_submit_dummy_task(CoreTaskArgsWithDeps<capacity> &args)
{
    return rt_submit_dummy_task(args.finalize_for_submit());
}

#endif
