// SPDX-License-Identifier: Apache-2.0
/** @file pto_task_args.h
 *  Arguments in the dialect: those that a run was given, and those that a task gets. What a task gets is kept as the
 *  list that the engine reads, so a submit copies nothing but the specifications of its outputs. */
#ifndef PTO_COMPAT_TASK_ARGS_H
#define PTO_COMPAT_TASK_ARGS_H

#include "pto/compat/tensor.h"

/** Func id of a core that a task leaves alone. */
inline constexpr int32_t INVALID_KERNEL_ID = PTO_NO_KERNEL;
/** Most arguments of a task, and of a run. */
inline constexpr int CORE_MAX_TENSOR_ARGS = PTO_KERNEL_MAX_TENSORS;
inline constexpr int CORE_MAX_SCALAR_ARGS = PTO_KERNEL_MAX_SCALARS;
inline constexpr int CHIP_MAX_TENSOR_ARGS = PTO_MAX_RUN_TENSORS;
inline constexpr int CHIP_MAX_SCALAR_ARGS = PTO_MAX_RUN_SCALARS;
#define MAX_TENSOR_ARGS CORE_MAX_TENSOR_ARGS /**< Tensors of a task. */
#define MAX_SCALAR_ARGS CORE_MAX_SCALAR_ARGS /**< Scalars of a task. */

/** Slots of task timing. */
inline constexpr int32_t TASK_TIMING_SLOTS = 16;

/** What a scope does for the tasks in it. */
enum class PTO2ScopeMode : uint8_t { AUTO = PTO_SCOPE_AUTO, MANUAL = PTO_SCOPE_MANUAL };

/** How a predicate compares an element with its target. */
enum class PredicateOp : uint8_t {
    NONE = 0,
    EQ = PTO_PREDICATE_EQ,
    NE = PTO_PREDICATE_NE,
    GT = PTO_PREDICATE_GT,
    LT = PTO_PREDICATE_LT,
    GE = PTO_PREDICATE_GE,
    LE = PTO_PREDICATE_LE
};

/** What a dependency is for. Here every one is waited for, and what tasks use is kept for them without being asked. */
enum DepFlags : uint8_t { DEP_NONE = 0, DEP_WAIT = 1, DEP_RETAIN = 2 };

/** Both. */
constexpr DepFlags operator|(DepFlags a, DepFlags b)
{
    return static_cast<DepFlags>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}

/** What a tensor is to be that a task allocates. The descriptor of the engine with nothing but that filled in. */
class TensorCreateInfo : private ChipTensor {
public:
    /** Of nothing. */
    TensorCreateInfo() : ChipTensor{} { owner_task_id = PTO2TaskId::invalid(); }
    /** Row-major. What cannot be right is refused when it is submitted. */
    TensorCreateInfo(const uint32_t shape[], uint32_t count, DataType type = DataType::FLOAT32, bool manual = false)
        : TensorCreateInfo()
    {
        dtype = type;
        manual_dep = manual;
        ndims = count;
        for (uint32_t i = 0; i < count && i < PTO_MAX_RANK; i++)
            shapes[i] = shape[i];
    }

    /** Every element begins with this value, given in the type of the elements. */
    template <class T> void set_initial_value(T value) { pto_tensor_fill(native(), to_u64(value)); }
    /** Bytes of its elements. */
    uint64_t buffer_size_bytes() const { return nbytes(); }

    using ChipTensor::dtype;
    using ChipTensor::has_initial_value;
    using ChipTensor::initial_value;
    using ChipTensor::manual_dep;
    using ChipTensor::ndims;
    using ChipTensor::shapes;

    /** @cond */
    const ChipTensor &specification() const { return *this; }
    /** @endcond */
};
static_assert(sizeof(TensorCreateInfo) == sizeof(pto_tensor));

/** An element that a predicate reads. */
struct CorePredicateOperand {
    const ChipTensor *tensor = nullptr;     /**< Borrowed until the submit. */
    uint32_t ndims = 0;                     /**< Entries of `indices`. */
    uint32_t indices[MAX_TENSOR_DIMS] = {}; /**< The element. */
};

/** A condition under which a task runs. */
struct CoreTaskPredicate {
    CorePredicateOperand operand;       /**< What is compared, */
    PredicateOp op = PredicateOp::NONE; /**< how, */
    int64_t target = 0;                 /**< and with which number. */
};

/** How a task is launched. Both spellings of the number of blocks are the same. */
class PTO2LaunchSpec {
public:
    /** Blocks. */
    int16_t block_num() const { return block_num_; }
    /** Blocks. */
    int16_t core_num() const { return block_num_; }
    /** Blocks. */
    void set_block_num(int16_t count) { block_num_ = count; }
    /** Blocks. */
    void set_core_num(int16_t count) { block_num_ = count; }
    /** Whether they start together. */
    bool require_sync_start() const { return sync_start_; }
    /** Whether they start together. */
    void set_require_sync_start(bool together) { sync_start_ = together; }

private:
    int16_t block_num_ = 1;
    bool sync_start_ = false;
};

/** Kernels of a MIX task. */
struct MixedKernels {
    int32_t aic_kernel_id = INVALID_KERNEL_ID;  /**< For the matrix core. */
    int32_t aiv0_kernel_id = INVALID_KERNEL_ID; /**< For the first vector core. */
    int32_t aiv1_kernel_id = INVALID_KERNEL_ID; /**< For the second one. */
};

/** An argument that is a tensor or will be one. */
class TensorRef {
public:
    /** @cond */
    explicit TensorRef(const ChipTensor *tensor) : tensor_(tensor) {}
    explicit TensorRef(const TensorCreateInfo *info) : info_(info) {}
    /** @endcond */

    /** The tensor. */
    const ChipTensor &ref() const { return *tensor_; }
    /** What is to be allocated. */
    const TensorCreateInfo &create_info() const { return *info_; }

private:
    const ChipTensor *tensor_ = nullptr;
    const TensorCreateInfo *info_ = nullptr;
};

/** Arguments of a task, or of a graph. Tensors are held by address until the submit; they come before the scalars. */
template <size_t max_tensors, size_t max_scalars> struct Arg {
    Arg() = default;
    Arg(const Arg &) = delete;
    Arg &operator=(const Arg &) = delete;

    bool has_error = false;          /**< Whether one of the calls cannot be right; the submit fails then. */
    const char *error_msg = nullptr; /**< Which. */
    PTO2LaunchSpec launch_spec;      /**< Blocks. */

    /** Tensors that the task reads. */
    template <class... Tensors> void add_input(Tensors &&...tensors)
    {
        static_assert((std::is_lvalue_reference_v<Tensors> && ...), "tensors are borrowed until the submit: name them");
        add<PTO_ACCESS_INPUT>(tensors...);
    }
    /** Tensors that it reads and writes. */
    template <class... Tensors> void add_inout(Tensors &&...tensors)
    {
        static_assert((std::is_lvalue_reference_v<Tensors> && ...), "tensors are borrowed until the submit: name them");
        add<PTO_ACCESS_INOUT>(tensors...);
    }
    /** Tensors that it is given without a dependency but the one on whoever allocates them. */
    template <class... Tensors> void add_no_dep(Tensors &&...tensors)
    {
        static_assert((std::is_lvalue_reference_v<Tensors> && ...), "tensors are borrowed until the submit: name them");
        add<PTO_ACCESS_NO_DEP>(tensors...);
    }
    /** Tensors that it writes, and specifications of those that it allocates. */
    template <class... Tensors> void add_output(Tensors &&...tensors)
    {
        static_assert((std::is_lvalue_reference_v<Tensors> && ...), "tensors are borrowed until the submit: name them");
        add<PTO_ACCESS_OUTPUT_EXISTING>(tensors...);
    }
    /** add_input */
    void push_tensor(const ChipTensor &tensor) { add<PTO_ACCESS_INPUT>(tensor); }
    /** Numbers of any type of at most 8 bytes. */
    template <class... Values> void add_scalar(Values... values) { (push_scalar(to_u64(values)), ...); }
    /** Bits of numbers. */
    void add_scalars(const uint64_t *values, int count)
    {
        for (int i = 0; i < count; i++)
            push_scalar(values[i]);
    }
    /** Numbers of 32 bits. */
    void add_scalars_i32(const int32_t *values, int count)
    {
        for (int i = 0; i < count; i++)
            push_scalar(static_cast<uint32_t>(values[i]));
    }
    /** Scalars of others. */
    template <class Source> void copy_scalars_from(const Source &source, int first, int count)
    {
        for (int i = 0; i < count; i++)
            push_scalar(source.scalar(first + i));
    }

    /** Tasks to wait for. The list is borrowed until the submit, and given at most once. */
    void set_dependencies(const PTO2TaskId *ids, uint32_t count) { set_dependencies_with_kinds(ids, nullptr, count); }
    /** The same, saying what for. */
    void set_dependencies_with_kinds(const PTO2TaskId *ids, const DepFlags *, uint32_t count)
    {
        if (count != 0 && dependency_count_ != 0)
            return set_error("the dependencies are set twice");
        if (count != 0 && ids == nullptr)
            return set_error("the list of dependencies is NULL");
        dependencies_ = ids;
        dependency_count_ = count;
    }
    /** Number of dependencies that were set. */
    uint32_t explicit_dep_count() const { return dependency_count_; }
    /** One of them. */
    PTO2TaskId explicit_dep(uint32_t index) const { return dependencies_[index]; }

    /** A hint: tasks after this one may be prepared before it is complete. They are, whatever is said here. */
    void set_allow_early_resolve(bool allowed = true) { early_resolve_ = allowed; }
    /** What was said. */
    bool allow_early_resolve() const { return early_resolve_; }
    /** The task runs if this holds, else it completes without running. */
    void set_predicate(const CoreTaskPredicate &predicate) { predicate_ = predicate; }
    /** What was set. */
    const CoreTaskPredicate &predicate() const { return predicate_; }
    /** A number under which a profiler would find the task. */
    void set_task_timing_slot(int32_t slot)
    {
        if (slot < 0 || slot >= TASK_TIMING_SLOTS)
            set_error("the timing slot is not in 0..15");
        else
            timing_slot_ = slot;
    }
    /** What was set, -1 if nothing was. */
    int32_t task_timing_slot() const { return timing_slot_; }
    /** A hint for a debugger, which nobody takes here. */
    template <class... Tensors> void dump(Tensors &&...) {}

    /** Makes the submit fail. The first message stays. */
    void set_error(const char *message)
    {
        error_msg = has_error ? error_msg : message;
        has_error = true;
    }
    /** Forgets the arguments, and neither the blocks nor an error. */
    void clear()
    {
        tensor_count_ = 0;
        scalar_count_ = 0;
        outputs_ = 0;
        output_count_ = 0;
        dependencies_ = nullptr;
        dependency_count_ = 0;
        early_resolve_ = false;
        predicate_ = {};
        timing_slot_ = -1;
    }
    /** Forgets an error as well. */
    void reset()
    {
        clear();
        has_error = false;
        error_msg = nullptr;
    }

    /** Tensor argument `index`. */
    TensorRef tensor(int32_t index) const
    {
        if (static_cast<uint32_t>(index) >= tensor_count_)
            return TensorRef(pto_compat::no_tensor(index, tensor_count_));
        const pto_arg &arg = args_[index];
        if (arg.access == PTO_ACCESS_OUTPUT)
            return TensorRef(infos_[index]);
        return TensorRef(reinterpret_cast<const ChipTensor *>(arg.value.tensor));
    }
    /** How it is used. */
    TensorArgType tag(int32_t index) const { return static_cast<TensorArgType>(args_[index].access); }
    /** Scalar argument `index`. */
    uint64_t scalar(int32_t index) const { return args_[tensor_count_ + static_cast<uint32_t>(index)].value.scalar; }
    /** The same, to change. */
    uint64_t &scalar(int32_t index) { return args_[tensor_count_ + static_cast<uint32_t>(index)].value.scalar; }
    /** All of them, until the next change. */
    const uint64_t *scalars() const
    {
        for (uint32_t i = 0; i < scalar_count_; i++)
            scalar_list_[i] = args_[tensor_count_ + i].value.scalar;
        return scalar_list_;
    }
    /** Tensors. */
    int32_t tensor_count() const { return static_cast<int32_t>(tensor_count_); }
    /** Scalars. */
    int32_t scalar_count() const { return static_cast<int32_t>(scalar_count_); }

    /** @cond */
    /// The list for the engine, with `slots` for what is allocated: one for each output, holding its specification.
    const pto_arg *bind(pto_tensor *slots) const
    {
        for (uint64_t left = outputs_; left != 0; left &= left - 1) {
            const auto index = static_cast<uint32_t>(__builtin_ctzll(left));
            *slots = *infos_[index]->specification().native();
            args_[index].value.output = slots++;
        }
        return args_;
    }
    uint32_t output_count() const { return output_count_; }
    uint32_t arg_count() const { return tensor_count_ + scalar_count_; }
    const pto_task_id *dependencies() const { return reinterpret_cast<const pto_task_id *>(dependencies_); }
    /** @endcond */

private:
    template <uint32_t access, class... Tensors> void add(Tensors &...tensors)
    {
        if (scalar_count_ != 0)
            return set_error("tensors must be added before scalars");
        if (tensor_count_ + sizeof...(Tensors) > max_tensors)
            return set_error("too many tensors");
        (push<access>(tensors), ...);
    }
    template <uint32_t access> void push(const ChipTensor &tensor)
    {
        pto_arg &arg = args_[tensor_count_++];
        arg.access = access;
        arg.reserved = 0;
        arg.value.tensor = tensor.native();
    }
    template <uint32_t access> void push(const TensorCreateInfo &info)
    {
        static_assert(access == PTO_ACCESS_OUTPUT_EXISTING, "only an output can be allocated");
        static_assert(max_tensors <= 64, "only tasks allocate tensors");
        pto_arg &arg = args_[tensor_count_];
        arg.access = PTO_ACCESS_OUTPUT;
        arg.reserved = 0;
        infos_[tensor_count_] = &info;
        outputs_ |= uint64_t{1} << tensor_count_++;
        output_count_++;
    }
    void push_scalar(uint64_t bits)
    {
        if (scalar_count_ == max_scalars)
            return set_error("too many scalars");
        pto_arg &arg = args_[tensor_count_ + scalar_count_++];
        arg.access = PTO_ACCESS_SCALAR;
        arg.reserved = 0;
        arg.value.scalar = bits;
    }

    uint32_t tensor_count_ = 0;
    uint32_t scalar_count_ = 0;
    uint64_t outputs_ = 0; // set of arguments that are to be allocated
    uint32_t output_count_ = 0;
    const PTO2TaskId *dependencies_ = nullptr;
    uint32_t dependency_count_ = 0;
    int32_t timing_slot_ = -1;
    bool early_resolve_ = false;
    CoreTaskPredicate predicate_;
    mutable pto_arg args_[max_tensors + max_scalars]; // as the engine reads it, but for the outputs
    const TensorCreateInfo *infos_[max_tensors];      // of the outputs
    mutable uint64_t scalar_list_[max_scalars];       // for those who ask for a list
};

/** Arguments of a task. */
using CoreTaskArgs = Arg<MAX_TENSOR_ARGS, MAX_SCALAR_ARGS>;

/** Arguments of the run. */
class ChipTaskArgs {
public:
    /** @cond */
    explicit ChipTaskArgs(pto_orch *orch) : orch_(orch) {}
    /** @endcond */

    /** Tensor argument `index`; one that was not given ends the run with code 5. */
    TensorRef tensor(int32_t index) const
    {
        return TensorRef(reinterpret_cast<const ChipTensor *>(pto_tensor_arg(orch_, static_cast<uint32_t>(index))));
    }
    /** The bits of scalar argument `index`; likewise. */
    uint64_t scalar(int32_t index) const { return pto_scalar_arg(orch_, static_cast<uint32_t>(index)); }
    /** Tensors that the run was given. */
    int32_t tensor_count() const { return static_cast<int32_t>(orch_->tensor_count); }
    /** Scalars that it was given. */
    int32_t scalar_count() const { return static_cast<int32_t>(orch_->scalar_count); }

private:
    pto_orch *orch_;
};

/** What an orchestration wants to know of its arguments before it is called. */
struct PTO2OrchestrationConfig {
    int expected_arg_count; /**< Fewer tensors and scalars than this, taken together, end the run with code 5. */
};

#endif
