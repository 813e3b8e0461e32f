// SPDX-License-Identifier: Apache-2.0
/** @file orch.hpp
 *  The orchestration API for C++17: argument lists, tasks put together piece by piece, and scopes that clean up after
 *  themselves. Everything else of orch.h is used as it is. Header-only and freestanding. */
#ifndef PTO_ORCH_HPP
#define PTO_ORCH_HPP

#include "pto/orch.h"

namespace pto {

/** Func ids of the kernels of a MIX task. */
struct Mix {
    int32_t aic = PTO_NO_KERNEL;  /**< For the matrix core. */
    int32_t aiv0 = PTO_NO_KERNEL; /**< For a vector core. */
    int32_t aiv1 = PTO_NO_KERNEL; /**< For the other vector core. */
};

/** A shape: `Shape{128, 128}`. */
struct Shape {
    /** One extent per dimension, outermost first. */
    template <class... Extent>
    constexpr Shape(Extent... extents) : ndims(sizeof...(Extent)), extent{static_cast<uint32_t>(extents)...}
    {
        static_assert(sizeof...(Extent) >= 1 && sizeof...(Extent) <= PTO_MAX_RANK, "rank must be 1..5");
    }
    uint32_t ndims;                /**< Rank. */
    uint32_t extent[PTO_MAX_RANK]; /**< Extents, zeros beyond the rank. */
};

/** `pto_tensor_new`. */
inline pto_tensor tensor(pto_dtype dtype, const Shape &shape)
{
    return pto_tensor_new(dtype, shape.ndims, shape.extent);
}

/** PTO_IN */
inline pto_arg in(const pto_tensor &tensor)
{
    return pto_arg_of_tensor(PTO_ACCESS_INPUT, &tensor);
}
/** PTO_OUT */
inline pto_arg out(pto_tensor &tensor)
{
    return pto_arg_of_output(&tensor);
}
/** PTO_INOUT */
inline pto_arg inout(const pto_tensor &tensor)
{
    return pto_arg_of_tensor(PTO_ACCESS_INOUT, &tensor);
}
/** PTO_WRITE */
inline pto_arg write(const pto_tensor &tensor)
{
    return pto_arg_of_tensor(PTO_ACCESS_OUTPUT_EXISTING, &tensor);
}
/** PTO_NO_DEP */
inline pto_arg no_dep(const pto_tensor &tensor)
{
    return pto_arg_of_tensor(PTO_ACCESS_NO_DEP, &tensor);
}
/** PTO_SCALAR */
inline pto_arg scalar(uint64_t bits)
{
    return pto_arg_of_scalar(bits);
}
/** PTO_F32 */
inline pto_arg scalar(float value)
{
    return pto_arg_of_scalar(pto_bits_f32(value));
}
/** PTO_F64 */
inline pto_arg scalar(double value)
{
    return pto_arg_of_scalar(pto_bits_f64(value));
}

/** PTO_RUN_SCALAR */
inline pto_arg run_scalar(uint32_t index)
{
    return pto_arg_of_run_scalar(index);
}

/** Submits a MIX task: `submit(orch, Mix{GEMM, SOFTMAX}, in(a), out(b))`. */
template <class... Args> pto_task_id submit(pto_orch *orch, const Mix &kernels, const Args &...args)
{
    const pto_arg list[] = {args...};
    return pto_submit_kernels(orch, kernels.aic, kernels.aiv0, kernels.aiv1, list, sizeof...(Args));
}

/** Submits one kernel on a matrix core. */
template <class... Args> pto_task_id submit_aic(pto_orch *orch, int32_t func_id, const Args &...args)
{
    return submit(orch, Mix{func_id, PTO_NO_KERNEL, PTO_NO_KERNEL}, args...);
}

/** Submits one kernel on a vector core. */
template <class... Args> pto_task_id submit_aiv(pto_orch *orch, int32_t func_id, const Args &...args)
{
    return submit(orch, Mix{PTO_NO_KERNEL, func_id, PTO_NO_KERNEL}, args...);
}

/** A scope that ends with the block: `pto::Scope scope(orch);` */
class Scope {
public:
    /** Begins it. */
    explicit Scope(pto_orch *orch) : orch_(orch) { pto_scope_begin(orch_); }
    /** Ends it. */
    ~Scope() { pto_scope_end(orch_); }
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;

private:
    pto_orch *orch_;
};

/** A scope without inferred dependencies that ends with the block: `pto::ManualScope scope(orch);` */
class ManualScope {
public:
    /** Begins it. */
    explicit ManualScope(pto_orch *orch) : orch_(orch) { pto_scope_begin_manual(orch_); }
    /** Ends it. */
    ~ManualScope() { pto_scope_end(orch_); }
    ManualScope(const ManualScope &) = delete;
    ManualScope &operator=(const ManualScope &) = delete;

private:
    pto_orch *orch_;
};

/** The bits, zero-extended, of a value that is as large as an element. */
template <class T> uint64_t bits_of(T value)
{
    static_assert(sizeof(T) <= sizeof(uint64_t), "an element has at most 8 bytes");
    uint64_t bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    return bits;
}

/** A condition on one element, for `Task::only_if`: `when(flag, Shape{0}, PTO_PREDICATE_NE, int32_t{0})`. The value has
 *  the type of the elements; the tensor must outlive the submit. */
template <class T> pto_predicate when(const pto_tensor &tensor, const Shape &index, pto_predicate_code op, T value)
{
    pto_predicate predicate{};
    predicate.op = op;
    for (uint32_t i = 0; i < index.ndims; i++)
        predicate.index[i] = index.extent[i];
    predicate.tensor = &tensor;
    predicate.value = bits_of(value);
    return predicate;
}

/** A task with more to it than kernels and arguments:
 *  `Task(Mix{GEMM}).blocks(16).after(first).submit(orch, in(a), out(b))`. What it is given by reference is borrowed
 *  until the submit. */
class Task {
public:
    /** A task of these kernels. */
    explicit Task(const Mix &kernels)
    {
        task_.aic = kernels.aic;
        task_.aiv0 = kernels.aiv0;
        task_.aiv1 = kernels.aiv1;
    }
    /** One kernel on a matrix core. */
    static Task aic(int32_t func_id) { return Task(Mix{func_id, PTO_NO_KERNEL, PTO_NO_KERNEL}); }
    /** One kernel on a vector core. */
    static Task aiv(int32_t func_id) { return Task(Mix{PTO_NO_KERNEL, func_id, PTO_NO_KERNEL}); }
    /** No kernel: joins what it depends on. */
    static Task join() { return Task(Mix{}); }

    /** Instances, each told its index. */
    Task &blocks(uint32_t count)
    {
        task_.block_num = count;
        return *this;
    }
    /** The blocks start together. */
    Task &sync_start()
    {
        task_.flags |= PTO_TASK_SYNC_START;
        return *this;
    }
    /** Tasks to wait for beside the inferred ones. Replaces what an earlier call said. */
    Task &after(const pto_task_id *ids, uint32_t count)
    {
        task_.dependencies = ids;
        task_.dependency_count = count;
        return *this;
    }
    /** The same for an array. */
    template <size_t count> Task &after(const pto_task_id (&ids)[count])
    {
        return after(ids, static_cast<uint32_t>(count));
    }
    /** The same for one task. */
    Task &after(const pto_task_id &id) { return after(&id, 1); }
    /** The task runs if the condition holds, else it completes without running. */
    Task &only_if(const pto_predicate &predicate)
    {
        task_.predicate = &predicate;
        return *this;
    }

    /** Submits it with these arguments. */
    template <class... Args> pto_task_id submit(pto_orch *orch, const Args &...args) const
    {
        const pto_arg list[sizeof...(Args) + 1] = {args..., pto_arg{}}; // an array has at least one element
        pto_task task = task_;
        task.args = list;
        task.arg_count = sizeof...(Args);
        return pto_submit_task(orch, &task);
    }

private:
    pto_task task_ = PTO_TASK_INIT;
};

/** One element as a value of type T, which must be as large as the dtype. */
template <class T> T get(pto_orch *orch, const pto_tensor &tensor, const Shape &index)
{
    static_assert(sizeof(T) <= sizeof(uint64_t), "an element has at most 8 bytes");
    const uint64_t bits = pto_get_element(orch, &tensor, index.extent);
    T value;
    __builtin_memcpy(&value, &bits, sizeof(T));
    return value;
}

/** Writes one element. */
template <class T> void set(pto_orch *orch, const pto_tensor &tensor, const Shape &index, T value)
{
    pto_set_element(orch, &tensor, index.extent, bits_of(value));
}

} // namespace pto

#endif
