/* SPDX-License-Identifier: Apache-2.0 */
/** @file tensor.h
 *  The tensor descriptor that host, orchestration and kernels share, byte for byte. Freestanding. */
#ifndef PTO_TENSOR_H
#define PTO_TENSOR_H

#include "pto/base.h"

/** Highest rank of a tensor. */
#define PTO_MAX_RANK 5u

/** `pto_tensor.owner` of a tensor that no task allocated. */
#define PTO_NO_TASK UINT64_MAX

/** Element types. The numbers are part of the kernel ABI. */
enum pto_dtype_code {
    PTO_FLOAT32 = 0,
    PTO_FLOAT16 = 1,
    PTO_INT32 = 2,
    PTO_INT16 = 3,
    PTO_INT8 = 4,
    PTO_UINT8 = 5,
    PTO_BFLOAT16 = 6,
    PTO_INT64 = 7,
    PTO_UINT64 = 8,
    PTO_UINT16 = 9,
    PTO_UINT32 = 10,
    PTO_BOOL = 11,
    PTO_FLOAT8_E4M3FN = 12,
    PTO_FLOAT8_E8M0 = 13,
    PTO_FLOAT4_E2M1 = 14,
    PTO_DTYPE_COUNT = 15
};

/** One of `enum pto_dtype_code`. */
typedef uint8_t pto_dtype;

/** Where a tensor's bytes are. */
enum pto_address_space_code { PTO_HOST_MEMORY = 0, PTO_DEVICE_MEMORY = 1 };

/** Tensor descriptor: a strided box of elements in one buffer. 128 bytes, 64-byte aligned.
 *
 *  Element (i0, i1, ...) lies at `addr + (start_offset + i0 * strides[0] + i1 * strides[1] + ...) * element size`.
 *  Plain data: copy it freely; a copy names the same buffer. Use the functions below and those of orch.h to make
 *  one; they keep the derived fields (`is_contiguous`, `extent`) true. */
typedef struct PTO_ALIGNED(64) pto_tensor {
    uint64_t addr;                  /**< First byte of the buffer; 0 until something allocates it. */
    uint64_t size_bytes;            /**< Size of the buffer. */
    uint64_t owner;                 /**< Task that allocated the buffer, or PTO_NO_TASK. Set by the engine. */
    uint64_t start_offset;          /**< First element of the view, in elements. */
    int32_t version;                /**< Free for the user; kernels may read it. */
    uint32_t ndims;                 /**< Rank, 1..PTO_MAX_RANK. */
    pto_dtype dtype;                /**< Element type. */
    uint8_t manual_dep;             /**< Nonzero: no dependency but the one on the owner is inferred. */
    uint8_t is_contiguous;          /**< Nonzero: row-major without gaps. Derived. */
    uint8_t address_space;          /**< PTO_HOST_MEMORY or PTO_DEVICE_MEMORY. */
    uint32_t shape[PTO_MAX_RANK];   /**< Elements per dimension, outermost first. */
    uint64_t extent;                /**< Elements from the first to the last of the view, inclusive. Derived. */
    uint32_t strides[PTO_MAX_RANK]; /**< Elements from one index to the next, > 0. */
    uint32_t buffer;                /**< The engine's name for the buffer; 0: none. Set by the engine. */
    uint64_t initial;               /**< Of an output to allocate: bits of what every element is at first. */
    uint32_t has_initial;           /**< Of an output to allocate: whether `initial` counts. */
    uint32_t reserved[5];           /**< Zero. */
} pto_tensor;

/** Size of one element in bytes, 0 for a number that is no dtype. Four-bit elements are stored one per byte. */
static inline uint32_t pto_dtype_size(pto_dtype dtype)
{
    switch (dtype) {
    case PTO_INT64:
    case PTO_UINT64: return 8;
    case PTO_FLOAT32:
    case PTO_INT32:
    case PTO_UINT32: return 4;
    case PTO_FLOAT16:
    case PTO_BFLOAT16:
    case PTO_INT16:
    case PTO_UINT16: return 2;
    case PTO_INT8:
    case PTO_UINT8:
    case PTO_BOOL:
    case PTO_FLOAT8_E4M3FN:
    case PTO_FLOAT8_E8M0:
    case PTO_FLOAT4_E2M1: return 1;
    default: return 0;
    }
}

/** Number of elements of the view. */
static inline uint64_t pto_tensor_count(const pto_tensor *tensor)
{
    uint64_t count = 1;
    for (uint32_t i = 0; i < tensor->ndims && i < PTO_MAX_RANK; i++)
        count *= tensor->shape[i];
    return count;
}

/** Address of the view's first element. In a kernel it is what the core reads and writes. */
static inline void *pto_tensor_data(const pto_tensor *tensor)
{
    return (void *)(uintptr_t)(tensor->addr + tensor->start_offset * pto_dtype_size(tensor->dtype));
}

/** A row-major tensor without a buffer: the specification of an output, or the start of another descriptor.
 *  @param shape `ndims` extents, outermost first. A rank above PTO_MAX_RANK, a zero extent or more than 2^32-1
 *  elements below the outermost dimension leave a descriptor that every user of it refuses by name. */
static inline pto_tensor pto_tensor_new(pto_dtype dtype, uint32_t ndims, const uint32_t *shape)
{
    pto_tensor tensor = PTO_ZERO;
    uint64_t stride = 1;
    int representable = 1;
    tensor.owner = PTO_NO_TASK;
    tensor.ndims = ndims;
    tensor.dtype = dtype;
    tensor.is_contiguous = 1;
    for (uint32_t i = ndims <= PTO_MAX_RANK ? ndims : 0; i-- > 0;) {
        tensor.shape[i] = shape[i];
        representable = representable && stride <= UINT32_MAX;
        tensor.strides[i] = representable ? (uint32_t)stride : 0;
        stride = representable ? stride * shape[i] : 0;
    }
    tensor.extent = stride;
    tensor.size_bytes = stride * pto_dtype_size(dtype);
    return tensor;
}

/** Makes a tensor that is still to be allocated begin with every element at this value, the low bits of `bits`, instead
 *  of undefined bytes. The thread of the orchestration writes them when the tensor is allocated. */
static inline void pto_tensor_fill(pto_tensor *tensor, uint64_t bits)
{
    tensor->initial = bits;
    tensor->has_initial = 1;
}

/** A row-major tensor in host memory at `data`, which stays the caller's. */
static inline pto_tensor pto_host_tensor(void *data, pto_dtype dtype, uint32_t ndims, const uint32_t *shape)
{
    pto_tensor tensor = pto_tensor_new(dtype, ndims, shape);
    tensor.addr = (uint64_t)(uintptr_t)data;
    tensor.address_space = PTO_HOST_MEMORY;
    return tensor;
}

/** A row-major tensor in device memory at `address`, an address inside a live allocation of `pto_malloc`. */
static inline pto_tensor pto_device_tensor(uint64_t address, pto_dtype dtype, uint32_t ndims, const uint32_t *shape)
{
    pto_tensor tensor = pto_tensor_new(dtype, ndims, shape);
    tensor.addr = address;
    tensor.address_space = PTO_DEVICE_MEMORY;
    return tensor;
}

#ifndef __cplusplus
/** A shape literal for the functions above: `pto_tensor_new(PTO_FLOAT32, PTO_SHAPE(128, 128))`. C only. */
#define PTO_SHAPE(...)                                                                                                 \
    (uint32_t)(sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)), (const uint32_t[])                         \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#endif

#endif
