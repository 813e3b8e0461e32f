/* SPDX-License-Identifier: Apache-2.0 */
/** @file orch.h
 *  The orchestration API: what an orchestration function may ask of the engine that runs it. C99, freestanding, and
 *  without link dependencies: every call goes through the table behind `pto_orch`, so the shared object needs nothing.
 *
 *  @code
 *  PTO_ORCHESTRATION(saxpy, 2, 1)                     // two tensors, one scalar
 *  {
 *      const pto_tensor *x = pto_tensor_arg(orch, 0);
 *      pto_tensor scaled = pto_tensor_like(x);
 *      pto_submit_aiv(orch, SCALE, PTO_IN(x), PTO_OUT(&scaled), PTO_SCALAR(pto_scalar_arg(orch, 0)));
 *      pto_submit_aiv(orch, ADD, PTO_IN(&scaled), PTO_INOUT(pto_tensor_arg(orch, 1)));
 *  }
 *  @endcode
 *
 *  Order and dependencies: a task runs after every earlier task whose accesses conflict with its own (read after
 *  write, write after read, write after write on overlapping elements), and not before. Errors latch: after the first
 *  one every call is a no-op that returns the same status, so an orchestration need not check, and the run reports it.
 *  An orchestration runs on one thread; none of these functions may be called from another. */
#ifndef PTO_ORCH_H
#define PTO_ORCH_H

#include "pto/kernel.h"
#include "pto/status.h"
#include "pto/tensor.h"
#include "pto/version.h"

#define PTO_MAX_RUN_TENSORS 256u  /**< Tensor arguments of one run. */
#define PTO_MAX_RUN_SCALARS 128u  /**< Scalar arguments of one run. */
#define PTO_MAX_FUNC_IDS    1024u /**< Func ids of one callable are 0..1023. */
#define PTO_MAX_SCOPE_DEPTH 64u   /**< Nested scopes, the implicit outermost one not counted. */
#define PTO_NO_KERNEL       (-1)  /**< Func id of a core that a task leaves alone. */

/** How a task uses one of its arguments. */
enum pto_access_code {
    PTO_ACCESS_INPUT = 0,           /**< Reads. */
    PTO_ACCESS_OUTPUT = 1,          /**< The engine allocates the buffer; it lives until the scope ends. */
    PTO_ACCESS_INOUT = 2,           /**< Reads and writes. */
    PTO_ACCESS_OUTPUT_EXISTING = 3, /**< Writes a buffer that exists. */
    PTO_ACCESS_NO_DEP = 4,          /**< Passed to the kernel; waits only for the task that allocated it. */
    PTO_ACCESS_SCALAR = 5,          /**< A 64-bit value. */
    PTO_ACCESS_RUN_SCALAR = 6       /**< A scalar argument of the run, handed on without a look at it. */
};

/** One argument of a task. Made by PTO_IN, PTO_OUT, ... below. */
typedef struct pto_arg {
    uint32_t access; /**< One of `enum pto_access_code`. */
    uint32_t reserved;
    union {
        const pto_tensor *tensor; /**< INPUT, INOUT, OUTPUT_EXISTING, NO_DEP: read during the submit. */
        pto_tensor *output;       /**< OUTPUT: shape and dtype in, the allocated tensor out. */
        uint64_t scalar;          /**< SCALAR: the bits. RUN_SCALAR: the index of the run's argument. */
    } value;                      /**< Which member it is, `access` says. */
} pto_arg;

/** Names one submitted task for ever: an id is never given to another task of the run. */
typedef uint64_t pto_task_id;

/** How a predicate compares an element with its value: by the element's dtype, as integers with or without sign or as
 *  floats. Every comparison with a NaN but NE is false. */
enum pto_predicate_code {
    PTO_PREDICATE_EQ = 1, /**< element == value */
    PTO_PREDICATE_NE = 2, /**< element != value */
    PTO_PREDICATE_GT = 3, /**< element > value */
    PTO_PREDICATE_LT = 4, /**< element < value */
    PTO_PREDICATE_GE = 5, /**< element >= value */
    PTO_PREDICATE_LE = 6  /**< element <= value */
};

/** A condition that is looked at when the task could start: the task runs if it holds, else it completes without
 *  running. The task reads the element, and waits for it as for an input. */
typedef struct pto_predicate {
    uint32_t op;                  /**< One of `enum pto_predicate_code`. */
    uint32_t index[PTO_MAX_RANK]; /**< The element. */
    const pto_tensor *tensor;     /**< Borrowed during the submit. Integers, bool, 16-bit and 32-bit floats. */
    uint64_t value;               /**< The bits of a value of the tensor's dtype, zero-extended. */
} pto_predicate;

/** The blocks of the task start together: none before there is a core for each of them. */
#define PTO_TASK_SYNC_START 1u

/** A task to submit: at least one kernel, or none for a task that only joins dependencies. */
typedef struct pto_task {
    uint32_t struct_size;      /**< sizeof(pto_task) */
    int32_t aic;               /**< Func id for the cluster's AIC, or PTO_NO_KERNEL. */
    int32_t aiv0;              /**< Func id for an AIV, or PTO_NO_KERNEL. */
    int32_t aiv1;              /**< Func id for a second AIV, or PTO_NO_KERNEL. Alone it is the same as aiv0. */
    uint32_t block_num;        /**< Instances (SPMD), each told its index; 0 counts as 1. */
    uint32_t arg_count;        /**< Entries of `args`. Tensors and scalars may alternate; each kind keeps its order. */
    const pto_arg *args;       /**< Borrowed during the submit. */
    uint32_t dependency_count; /**< Entries of `dependencies`. */
    uint32_t flags;            /**< PTO_TASK_SYNC_START or 0. */
    const pto_task_id *dependencies; /**< Tasks to wait for beside the inferred ones. Borrowed during the submit. */
    const pto_predicate *predicate;  /**< NULL: the task runs. Borrowed during the submit. */
} pto_task;

/** A task of one block without kernels and arguments. */
#define PTO_TASK_INIT                                                                                                  \
    {                                                                                                                  \
        sizeof(pto_task), PTO_NO_KERNEL, PTO_NO_KERNEL, PTO_NO_KERNEL, 1, 0, NULL, 0, 0, NULL, NULL                    \
    }

/** What a scope does for the tasks in it. */
enum pto_scope_mode_code {
    PTO_SCOPE_AUTO = 0,  /**< Dependencies are inferred from accesses. */
    PTO_SCOPE_MANUAL = 1 /**< A task waits for the dependencies that it lists, and for nothing else. */
};

/** Severity of a log line. */
enum pto_log_level_code { PTO_LOG_ERROR = 0, PTO_LOG_WARN = 1, PTO_LOG_INFO = 2, PTO_LOG_DEBUG = 3 };

/** What an orchestration function is given. */
typedef struct pto_orch pto_orch;

/** The engine's side of the calls below. Use the functions, not the table. */
typedef struct pto_orch_ops {
    /** @cond */
    uint32_t struct_size;
    uint32_t abi_version;
    pto_task_id (*submit)(pto_orch *orch, const pto_task *task);
    pto_status (*allocate)(pto_orch *orch, pto_tensor *tensor);
    void (*discard)(pto_orch *orch, const pto_tensor *tensor);
    void (*scope_begin)(pto_orch *orch, uint32_t mode);
    void (*scope_end)(pto_orch *orch);
    uint64_t (*get_element)(pto_orch *orch, const pto_tensor *tensor, const uint32_t *index);
    void (*set_element)(pto_orch *orch, const pto_tensor *tensor, const uint32_t *index, uint64_t bits);
    uint64_t (*scalar)(pto_orch *orch, uint32_t index);
    void (*log)(pto_orch *orch, int32_t level, const char *format, va_list values);
    void (*fatal)(pto_orch *orch, int32_t code, const char *format, va_list values);
    void (*reject)(pto_orch *orch, pto_status status, const char *format, va_list values);
    pto_status (*status)(const pto_orch *orch);
    void *(*scope_memory)(pto_orch *orch, uint64_t size_bytes);
    /** @endcond */
} pto_orch_ops;

/** What an orchestration function is given. Read-only for it. */
struct pto_orch {
    const pto_orch_ops *ops;   /**< For the functions below. */
    const pto_tensor *tensors; /**< The run's tensor arguments, in device memory. */
    uint32_t tensor_count;     /**< Entries of `tensors`. */
    uint32_t scalar_count;     /**< Scalar arguments of the run. */
    uint32_t cluster_count;    /**< Clusters of this chip; each has one AIC and two AIV. */
    uint32_t aic_count;        /**< Matrix cores. */
    uint32_t aiv_count;        /**< Vector cores. */
    uint32_t reserved;
};

#define PTO_ORCH_MAGIC 0x4f545050u /**< "PPTO" in the first bytes of an entry. */

/** What PTO_ORCHESTRATION exports; the executor checks it before it calls `run`. */
typedef struct pto_orch_entry {
    uint32_t magic;              /**< PTO_ORCH_MAGIC */
    uint32_t abi_version;        /**< PTO_ABI_VERSION of the headers that it was built with. */
    uint32_t tensor_count;       /**< Tensor arguments that it takes. */
    uint32_t scalar_count;       /**< Scalar arguments that it takes. */
    const char *name;            /**< As in PTO_ORCHESTRATION. */
    void (*run)(pto_orch *orch); /**< The body. */
} pto_orch_entry;

#define PTO_ORCH_ADAPTER_MAGIC 0x44415450u /**< "PTAD" in the first bytes of an adapter. */

/** Name of the symbol of an adapter. */
#define PTO_ORCH_ADAPTER_SYMBOL "pto_orch_adapter_symbol"

/** A function of another API. Its adapter knows the type. */
typedef void (*pto_orch_function)(void);

/** Runs entries that are functions of another API, such as the dialect of pto/compat: the shared object exports this
 *  beside them, under PTO_ORCH_ADAPTER_SYMBOL. Such entries take whatever arguments the callable's signature has. */
typedef struct pto_orch_adapter {
    uint32_t magic;       /**< PTO_ORCH_ADAPTER_MAGIC */
    uint32_t abi_version; /**< PTO_ABI_VERSION of the headers that it was built with. */
    /** Calls the entry. `config` is what `pto_callable.orch_config` names, NULL if it names nothing. */
    void (*run)(pto_orch *orch, pto_orch_function entry, pto_orch_function config);
} pto_orch_adapter;

/** Defines and exports the orchestration `name`, which takes this many tensors and scalars. The block that follows is
 *  its body and sees `pto_orch *orch`. */
#define PTO_ORCHESTRATION(entry_name, tensors, scalars)                                                                \
    static void entry_name##_run(pto_orch *orch);                                                                      \
    PTO_EXTERN_C PTO_EXPORT const pto_orch_entry entry_name;                                                           \
    const pto_orch_entry entry_name = {PTO_ORCH_MAGIC, PTO_ABI_VERSION, (tensors),                                     \
                                       (scalars),      #entry_name,     entry_name##_run};                             \
    static void entry_name##_run(PTO_UNUSED pto_orch *orch)

/* ---- errors and log ------------------------------------------------------------------------------------------ */

/** The first error of this run so far, PTO_OK if there is none. */
static inline pto_status pto_orch_status(const pto_orch *orch)
{
    return orch->ops->status(orch);
}

/** Ends the run with PTO_ERROR_ORCHESTRATION_FATAL, `code` and the message. The function returns; later calls are
 *  no-ops. Formats: d i u o x X p s c f e g F E G %, with - 0, width, precision, hh h l ll j t z L;
 *  messages are cut at 191 bytes. */
static inline PTO_PRINTF(3, 4) void pto_fatal(pto_orch *orch, int32_t code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    orch->ops->fatal(orch, code, format, values);
    va_end(values);
}

/** Sends one line to the host's log callback. Formats as in `pto_fatal`. */
static inline PTO_PRINTF(3, 4) void pto_log(pto_orch *orch, int32_t level, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    orch->ops->log(orch, level, format, values);
    va_end(values);
}

/** Ends the run with `status` because the orchestration misuses the API. For the helpers below. */
static inline PTO_PRINTF(3, 4) void pto_orch_reject(pto_orch *orch, pto_status status, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    orch->ops->reject(orch, status, format, values);
    va_end(values);
}

/* ---- arguments of the run ------------------------------------------------------------------------------------ */

/** Tensor argument `index`. An index that was not declared ends the run with PTO_ERROR_INVALID_ARGUMENT and gives
 *  argument storage that no task may use. */
static inline const pto_tensor *pto_tensor_arg(pto_orch *orch, uint32_t index)
{
    static const pto_tensor none = PTO_ZERO;
    if (index < orch->tensor_count)
        return &orch->tensors[index];
    pto_orch_reject(orch, PTO_ERROR_INVALID_ARGUMENT, "tensor argument %u: the orchestration has %u", index,
                    orch->tensor_count);
    return &none;
}

/** The 64 bits of scalar argument `index`; 0, and the run ends, for an index that was not declared. Where the value
 *  only travels on to tasks, PTO_RUN_SCALAR is better: a host-built graph is built anew for every other value that is
 *  read here. */
static inline uint64_t pto_scalar_arg(pto_orch *orch, uint32_t index)
{
    if (index < orch->scalar_count)
        return orch->ops->scalar(orch, index);
    pto_orch_reject(orch, PTO_ERROR_INVALID_ARGUMENT, "scalar argument %u: the orchestration has %u", index,
                    orch->scalar_count);
    return 0;
}

/* ---- tensors and views --------------------------------------------------------------------------------------- */

/** Recomputes the derived fields after shape or strides changed. */
static inline void pto_tensor_derive(pto_tensor *tensor)
{
    uint64_t row_major = 1;
    uint64_t extent = 1;
    uint8_t contiguous = 1;
    for (uint32_t i = tensor->ndims; i-- > 0;) {
        contiguous = (uint8_t)(contiguous && (tensor->shape[i] == 1 || tensor->strides[i] == row_major));
        extent += (uint64_t)(tensor->shape[i] - 1) * tensor->strides[i];
        row_major *= tensor->shape[i];
    }
    tensor->is_contiguous = contiguous;
    tensor->extent = extent;
}

/** A new tensor, not yet allocated, with the shape and dtype of another. */
static inline pto_tensor pto_tensor_like(const pto_tensor *tensor)
{
    return pto_tensor_new(tensor->dtype, tensor->ndims, tensor->shape);
}

/** A box of `tensor`: `shape[i]` elements from `offset[i]` in each dimension. Shares the buffer. Dimensions that do not
 *  fit, and empty ones, end the run with PTO_ERROR_INVALID_TENSOR. */
static inline pto_tensor pto_view(pto_orch *orch, const pto_tensor *tensor, const uint32_t *offset,
                                  const uint32_t *shape)
{
    pto_tensor view = *tensor;
    if (tensor->ndims > PTO_MAX_RANK) {
        pto_orch_reject(orch, PTO_ERROR_INVALID_TENSOR, "view: a tensor of rank %u", tensor->ndims);
        return view;
    }
    for (uint32_t i = 0; i < tensor->ndims; i++) {
        if (shape[i] == 0 || (uint64_t)offset[i] + shape[i] > tensor->shape[i]) {
            pto_orch_reject(orch, PTO_ERROR_INVALID_TENSOR, "view: dimension %u: %u elements from %u do not fit in %u",
                            i, shape[i], offset[i], tensor->shape[i]);
            return *tensor;
        }
        view.start_offset += (uint64_t)offset[i] * tensor->strides[i];
        view.shape[i] = shape[i];
    }
    pto_tensor_derive(&view);
    return view;
}

/** Elements `begin` to `end`-1 of dimension `dim`, every `step`th. Shares the buffer. */
static inline pto_tensor pto_slice(pto_orch *orch, const pto_tensor *tensor, uint32_t dim, uint32_t begin, uint32_t end,
                                   uint32_t step)
{
    pto_tensor view = *tensor;
    if (tensor->ndims > PTO_MAX_RANK || dim >= tensor->ndims || begin >= end || end > tensor->shape[dim] || step == 0 ||
        (uint64_t)tensor->strides[dim] * step > UINT32_MAX) {
        pto_orch_reject(orch, PTO_ERROR_INVALID_TENSOR, "slice: [%u:%u:%u] of dimension %u of a tensor of rank %u",
                        begin, end, step, dim, tensor->ndims);
        return view;
    }
    view.start_offset += (uint64_t)begin * tensor->strides[dim];
    view.shape[dim] = (end - begin - 1) / step + 1;
    view.strides[dim] = tensor->strides[dim] * step;
    pto_tensor_derive(&view);
    return view;
}

/** `tensor` with two dimensions exchanged. Shares the buffer. */
static inline pto_tensor pto_transpose(pto_orch *orch, const pto_tensor *tensor, uint32_t dim_a, uint32_t dim_b)
{
    pto_tensor view = *tensor;
    if (tensor->ndims > PTO_MAX_RANK || dim_a >= tensor->ndims || dim_b >= tensor->ndims) {
        pto_orch_reject(orch, PTO_ERROR_INVALID_TENSOR, "transpose: dimensions %u and %u of a tensor of rank %u", dim_a,
                        dim_b, tensor->ndims);
        return view;
    }
    view.shape[dim_a] = tensor->shape[dim_b];
    view.shape[dim_b] = tensor->shape[dim_a];
    view.strides[dim_a] = tensor->strides[dim_b];
    view.strides[dim_b] = tensor->strides[dim_a];
    pto_tensor_derive(&view);
    return view;
}

/** The elements of a contiguous `tensor` in another row-major shape of as many elements. Shares the buffer. */
static inline pto_tensor pto_reshape(pto_orch *orch, const pto_tensor *tensor, uint32_t ndims, const uint32_t *shape)
{
    pto_tensor view = pto_tensor_new(tensor->dtype, ndims, shape);
    if (!tensor->is_contiguous || ndims == 0 || ndims > PTO_MAX_RANK || view.extent != pto_tensor_count(tensor)) {
        pto_orch_reject(orch, PTO_ERROR_INVALID_TENSOR,
                        "reshape: a %s tensor of %llu elements to rank %u with %llu elements",
                        tensor->is_contiguous ? "contiguous" : "strided", (unsigned long long)pto_tensor_count(tensor),
                        ndims, (unsigned long long)(ndims > PTO_MAX_RANK ? 0 : pto_tensor_count(&view)));
        return *tensor;
    }
    view.addr = tensor->addr;
    view.size_bytes = tensor->size_bytes;
    view.owner = tensor->owner;
    view.start_offset = tensor->start_offset;
    view.version = tensor->version;
    view.manual_dep = tensor->manual_dep;
    view.address_space = tensor->address_space;
    view.buffer = tensor->buffer;
    return view;
}

/** Allocates `tensor`, made by `pto_tensor_new` or `pto_tensor_like`, in the current scope without a task. Its bytes
 *  are undefined until a task writes them. */
static inline pto_status pto_allocate(pto_orch *orch, pto_tensor *tensor)
{
    return orch->ops->allocate(orch, tensor);
}

/** Ends the life of a tensor that this run allocated before its scope ends: it may not be named any more, and its
 * memory is free once the tasks that use it are done. */
static inline void pto_discard(pto_orch *orch, const pto_tensor *tensor)
{
    orch->ops->discard(orch, tensor);
}

/** Memory for the orchestration itself: 64-byte aligned, undefined bytes, valid until the innermost scope ends. Tasks
 *  must not be given it. NULL after an error; more than there is ends the run with PTO_ERROR_CAPACITY. There are 256
 *  bytes for each of `pto_open_options.max_tasks`. */
static inline void *pto_scope_memory(pto_orch *orch, uint64_t size_bytes)
{
    return orch->ops->scope_memory(orch, size_bytes);
}

/* ---- elements ------------------------------------------------------------------------------------------------ */

/** The bits, zero-extended, of the element at `index` (one number per dimension). Waits for the tasks that write it. */
static inline uint64_t pto_get_element(pto_orch *orch, const pto_tensor *tensor, const uint32_t *index)
{
    return orch->ops->get_element(orch, tensor, index);
}

/** Writes the low bits of `bits` into the element at `index`. Waits for the tasks that write or read it. */
static inline void pto_set_element(pto_orch *orch, const pto_tensor *tensor, const uint32_t *index, uint64_t bits)
{
    orch->ops->set_element(orch, tensor, index, bits);
}

/** The bits of a 32-bit float, for scalars and elements. */
static inline uint64_t pto_bits_f32(float value)
{
    union {
        float value;
        uint32_t bits;
    } scalar;
    scalar.value = value;
    return scalar.bits;
}

/** The bits of a 64-bit float. */
static inline uint64_t pto_bits_f64(double value)
{
    union {
        double value;
        uint64_t bits;
    } scalar;
    scalar.value = value;
    return scalar.bits;
}

/** The 32-bit float in the low bits of a scalar or element. */
static inline float pto_f32_of(uint64_t bits)
{
    union {
        uint32_t bits;
        float value;
    } scalar;
    scalar.bits = (uint32_t)bits;
    return scalar.value;
}

/** The 64-bit float in a scalar or element. */
static inline double pto_f64_of(uint64_t bits)
{
    union {
        uint64_t bits;
        double value;
    } scalar;
    scalar.bits = bits;
    return scalar.value;
}

/* ---- scopes -------------------------------------------------------------------------------------------------- */

/** Begins a scope. Tensors allocated in it live until it ends; their bytes until the last task that uses them is done.
 */
static inline void pto_scope_begin(pto_orch *orch)
{
    orch->ops->scope_begin(orch, PTO_SCOPE_AUTO);
}

/** Begins a scope in which no dependency is inferred: its tasks wait for those that they list, and may run side by side
 *  although their accesses conflict. Tasks after the scope wait for all tasks in it that conflict with them, as usual.
 *  Scopes inside it must be manual too. */
static inline void pto_scope_begin_manual(pto_orch *orch)
{
    orch->ops->scope_begin(orch, PTO_SCOPE_MANUAL);
}

/** Ends the innermost scope: its tensors may not be named any more. Does not wait. */
static inline void pto_scope_end(pto_orch *orch)
{
    orch->ops->scope_end(orch);
}

/** `PTO_SCOPE(orch) { ... }` is a scope. Leaving the block by anything but its end leaves the scope open. */
#define PTO_SCOPE(orch) PTO_SCOPE_AT(orch, pto_scope_begin, __LINE__)
/** The same for a scope without inferred dependencies. */
#define PTO_MANUAL_SCOPE(orch) PTO_SCOPE_AT(orch, pto_scope_begin_manual, __LINE__)

/** @cond */
/* A name per line, so that a scope within a scope shadows nothing. The second step replaces the line by its number. */
#define PTO_SCOPE_AT(orch, begin, line) PTO_SCOPE_NAMED(orch, begin, line)
#define PTO_SCOPE_NAMED(orch, begin, line)                                                                             \
    for (int pto_scope_##line##_ = (begin(orch), 1); pto_scope_##line##_;                                              \
         pto_scope_##line##_ = (pto_scope_end(orch), 0))
/** @endcond */

/* ---- tasks --------------------------------------------------------------------------------------------------- */

/** An argument that reads or writes `tensor`; PTO_IN and its like are shorter. */
static inline pto_arg pto_arg_of_tensor(uint32_t access, const pto_tensor *tensor)
{
    pto_arg arg = PTO_ZERO;
    arg.access = access;
    arg.value.tensor = tensor;
    return arg;
}

/** An argument that allocates `tensor`; PTO_OUT is shorter. */
static inline pto_arg pto_arg_of_output(pto_tensor *tensor)
{
    pto_arg arg = PTO_ZERO;
    arg.access = PTO_ACCESS_OUTPUT;
    arg.value.output = tensor;
    return arg;
}

/** A scalar argument; PTO_SCALAR is shorter. */
static inline pto_arg pto_arg_of_scalar(uint64_t bits)
{
    pto_arg arg = PTO_ZERO;
    arg.access = PTO_ACCESS_SCALAR;
    arg.value.scalar = bits;
    return arg;
}

/** A scalar argument of the run as an argument; PTO_RUN_SCALAR is shorter. */
static inline pto_arg pto_arg_of_run_scalar(uint32_t index)
{
    pto_arg arg = PTO_ZERO;
    arg.access = PTO_ACCESS_RUN_SCALAR;
    arg.value.scalar = index;
    return arg;
}

#define PTO_IN(tensor)     pto_arg_of_tensor(PTO_ACCESS_INPUT, (tensor))           /**< The task reads it. */
#define PTO_OUT(tensor)    pto_arg_of_output(tensor)                               /**< Allocated by this submit. */
#define PTO_INOUT(tensor)  pto_arg_of_tensor(PTO_ACCESS_INOUT, (tensor))           /**< Read and written. */
#define PTO_WRITE(tensor)  pto_arg_of_tensor(PTO_ACCESS_OUTPUT_EXISTING, (tensor)) /**< Written, never read. */
#define PTO_NO_DEP(tensor) pto_arg_of_tensor(PTO_ACCESS_NO_DEP, (tensor))          /**< No dependency inferred. */
#define PTO_SCALAR(bits)   pto_arg_of_scalar((uint64_t)(bits))                     /**< An integer or bits. */
#define PTO_RUN_SCALAR(i)  pto_arg_of_run_scalar(i)                                /**< Scalar `i` of the run. */
#define PTO_F32(value)     pto_arg_of_scalar(pto_bits_f32(value))                  /**< A 32-bit float. */
#define PTO_F64(value)     pto_arg_of_scalar(pto_bits_f64(value))                  /**< A 64-bit float. */

/** Submits a task: it runs once all that it depends on is done. Returns its id, PTO_NO_TASK after an error. Blocks
 *  while the engine has no room for another task. */
static inline pto_task_id pto_submit_task(pto_orch *orch, const pto_task *task)
{
    return orch->ops->submit(orch, task);
}

/** Submits a task of these kernels and arguments. */
static inline pto_task_id pto_submit_kernels(pto_orch *orch, int32_t aic, int32_t aiv0, int32_t aiv1,
                                             const pto_arg *args, uint32_t arg_count)
{
    pto_task task = PTO_TASK_INIT;
    task.aic = aic;
    task.aiv0 = aiv0;
    task.aiv1 = aiv1;
    task.args = args;
    task.arg_count = arg_count;
    return orch->ops->submit(orch, &task);
}

#ifndef __cplusplus
/** An argument list for `pto_submit_kernels`. C only: C++ has orch.hpp. */
#define PTO_ARGS(...)                                                                                                  \
    (const pto_arg[]){__VA_ARGS__}, (uint32_t)(sizeof((const pto_arg[]){__VA_ARGS__}) / sizeof(pto_arg))

/** One kernel on a matrix core: `pto_submit_aic(orch, func_id, PTO_IN(&a), PTO_OUT(&b), ...)`. */
#define pto_submit_aic(orch, func_id, ...)                                                                             \
    pto_submit_kernels((orch), (func_id), PTO_NO_KERNEL, PTO_NO_KERNEL, PTO_ARGS(__VA_ARGS__))
/** One kernel on a vector core. */
#define pto_submit_aiv(orch, func_id, ...)                                                                             \
    pto_submit_kernels((orch), PTO_NO_KERNEL, (func_id), PTO_NO_KERNEL, PTO_ARGS(__VA_ARGS__))
/** A kernel on each core of a cluster at once (MIX); PTO_NO_KERNEL leaves a core out. */
#define pto_submit_mix(orch, aic, aiv0, aiv1, ...)                                                                     \
    pto_submit_kernels((orch), (aic), (aiv0), (aiv1), PTO_ARGS(__VA_ARGS__))
#endif

#endif
