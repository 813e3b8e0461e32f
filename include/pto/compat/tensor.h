// SPDX-License-Identifier: Apache-2.0
/** @file tensor.h
 *  The dialect's tensor descriptor, for orchestrations and kernels: `pto_tensor` of pto/tensor.h, byte for byte, under
 *  the dialect's names. */
#ifndef PTO_COMPAT_TENSOR_H
#define PTO_COMPAT_TENSOR_H

#include "pto/compat/current_orchestration.h"
#include "pto/tensor.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#ifndef __gm__
#define __gm__ /**< Device memory: an address space of the chip's compiler. */
#endif
#ifndef __aicore__
#define __aicore__ /**< Code for a core: an attribute of the chip's compiler. */
#endif

#ifndef always_assert
/** Ends the run when the condition does not hold. */
#define always_assert(condition)                                                                                       \
    ((condition) ? static_cast<void>(0) : pto_compat::fail_assertion(#condition, __FILE__, __LINE__))
#endif
#ifndef debug_assert
/** The same: it costs next to nothing. */
#define debug_assert(condition) always_assert(condition)
#endif

/** Highest rank of a tensor. */
inline constexpr int MAX_TENSOR_DIMS = PTO_MAX_RANK;

/** Element types. */
enum class DataType : uint8_t {
    FLOAT32 = PTO_FLOAT32,
    FLOAT16 = PTO_FLOAT16,
    INT32 = PTO_INT32,
    INT16 = PTO_INT16,
    INT8 = PTO_INT8,
    UINT8 = PTO_UINT8,
    BFLOAT16 = PTO_BFLOAT16,
    INT64 = PTO_INT64,
    UINT64 = PTO_UINT64,
    UINT16 = PTO_UINT16,
    UINT32 = PTO_UINT32,
    BOOL = PTO_BOOL,
    FP8E4M3FN = PTO_FLOAT8_E4M3FN,
    FP8E8M0 = PTO_FLOAT8_E8M0,
    FP4E2M1 = PTO_FLOAT4_E2M1,
    DATA_TYPE_NUM = PTO_DTYPE_COUNT
};

/** Bytes of an element, 0 for no dtype. */
static inline uint64_t get_element_size(DataType dtype)
{
    return pto_dtype_size(static_cast<pto_dtype>(dtype));
}

/** Name of a dtype, "UNKNOWN" for none. */
static inline const char *get_dtype_name(DataType dtype)
{
    switch (dtype) {
    case DataType::FLOAT32: return "FLOAT32";
    case DataType::FLOAT16: return "FLOAT16";
    case DataType::INT32: return "INT32";
    case DataType::INT16: return "INT16";
    case DataType::INT8: return "INT8";
    case DataType::UINT8: return "UINT8";
    case DataType::BFLOAT16: return "BFLOAT16";
    case DataType::INT64: return "INT64";
    case DataType::UINT64: return "UINT64";
    case DataType::UINT16: return "UINT16";
    case DataType::UINT32: return "UINT32";
    case DataType::BOOL: return "BOOL";
    case DataType::FP8E4M3FN: return "FP8E4M3FN";
    case DataType::FP8E8M0: return "FP8E8M0";
    case DataType::FP4E2M1: return "FP4E2M1";
    default: return "UNKNOWN";
    }
}

/** The bits of a value, zero-extended. */
template <class T> static inline uint64_t to_u64(T value)
{
    static_assert(sizeof(T) <= sizeof(uint64_t) && std::is_trivially_copyable_v<T>, "a scalar has at most 8 bytes");
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
}

/** The value in the low bits. */
template <class T> static inline T from_u64(uint64_t bits)
{
    static_assert(sizeof(T) <= sizeof(uint64_t) && std::is_trivially_copyable_v<T>, "a scalar has at most 8 bytes");
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
}

/** Where a tensor's bytes are. */
enum class AddressSpace : uint8_t { HOST = PTO_HOST_MEMORY, DEVICE = PTO_DEVICE_MEMORY };

/** How a task uses an argument. */
enum class TensorArgType : int32_t {
    INPUT = PTO_ACCESS_INPUT,
    OUTPUT = PTO_ACCESS_OUTPUT,
    INOUT = PTO_ACCESS_INOUT,
    OUTPUT_EXISTING = PTO_ACCESS_OUTPUT_EXISTING,
    NO_DEP = PTO_ACCESS_NO_DEP
};

/** Names a task. What the halves of the number mean is the engine's. */
struct PTO2TaskId {
    uint64_t raw; /**< pto_task_id */

    /** An id from its halves. */
    static constexpr PTO2TaskId make(uint8_t ring, uint32_t local) { return {uint64_t{ring} << 32 | local}; }
    /** Of no task. */
    static constexpr PTO2TaskId invalid() { return {PTO_NO_TASK}; }
    /** Bits 32 to 39. */
    constexpr uint8_t ring() const { return static_cast<uint8_t>(raw >> 32); }
    /** Bits 0 to 31. */
    constexpr uint32_t local() const { return static_cast<uint32_t>(raw); }
    /** Whether it is of a task. */
    constexpr bool is_valid() const { return raw != PTO_NO_TASK; }
    /** Whether it is not. */
    constexpr bool is_invalid() const { return !is_valid(); }
    /** Of the same task. */
    constexpr bool operator==(const PTO2TaskId &other) const { return raw == other.raw; }
    /** Of another. */
    constexpr bool operator!=(const PTO2TaskId &other) const { return raw != other.raw; }
};

/** A tensor's memory. */
struct PTOBufferHandle {
    uint64_t addr; /**< First byte. */
    uint64_t size; /**< Bytes. */
};

/** A strided box of elements in one buffer. Plain data, like `pto_tensor`, which says what the fields mean. Views that
 *  cannot be right end the run with PTO_ERROR_INVALID_TENSOR (code 5 of the dialect). The engine reads and writes it as
 *  a `pto_tensor`, so it may alias one. */
struct alignas(64) [[gnu::may_alias]] ChipTensor {
    /** @cond */
    PTOBufferHandle buffer;
    PTO2TaskId owner_task_id;
    uint64_t start_offset;
    int32_t version;
    uint32_t ndims;
    DataType dtype;
    bool manual_dep;
    bool is_contiguous;
    AddressSpace address_space;
    uint32_t shapes[PTO_MAX_RANK];
    uint64_t extent_elem_cache;
    uint32_t strides[PTO_MAX_RANK];
    uint32_t engine_buffer;
    uint64_t initial_value;
    uint32_t has_initial_value;
    uint32_t reserved[5];
    /** @endcond */

    /** The same descriptor for the engine. */
    const pto_tensor *native() const { return reinterpret_cast<const pto_tensor *>(this); }
    /** The same descriptor for the engine, to fill in. */
    pto_tensor *native() { return reinterpret_cast<pto_tensor *>(this); }

    /** Elements of the view. */
    uint64_t numel() const
    {
        uint64_t count = 1;
        for (uint32_t i = 0; i < rank(); i++)
            count *= shapes[i];
        return count;
    }
    /** Their bytes. */
    uint64_t nbytes() const { return numel() * get_element_size(dtype); }
    /** Elements from the first to the last of the view. */
    uint64_t extent_elem() const { return is_contiguous ? numel() : extent_elem_cache; }
    /** Whether its bytes are on the chip. */
    bool is_device_memory() const { return address_space == AddressSpace::DEVICE; }
    /** First element of the buffer, which need not be the view's. */
    template <class T> T *data_as() const { return reinterpret_cast<T *>(static_cast<uintptr_t>(buffer.addr)); }
    /** Where an element is in the buffer, in elements. */
    uint64_t compute_flat_offset(const uint32_t indices[], uint32_t count) const
    {
        uint64_t offset = start_offset;
        for (uint32_t i = 0; i < count && i < PTO_MAX_RANK; i++)
            offset += uint64_t{indices[i]} * strides[i];
        return offset;
    }

    /** A box of it. Extents of 0 make a view without elements, which no task waits for. */
    ChipTensor view(const uint32_t shape[], const uint32_t offset[], bool manual = false) const
    {
        ChipTensor result = *this;
        bool is_empty = false;
        for (uint32_t i = 0; i < rank(); i++)
            is_empty = is_empty || shape[i] == 0;
        for (uint32_t i = 0; i < rank(); i++) {
            if (!is_empty && uint64_t{offset[i]} + shape[i] > shapes[i]) {
                pto_compat::refuse(PTO_ERROR_INVALID_TENSOR, "view: dimension %u: %u elements from %u do not fit in %u",
                                   i, shape[i], offset[i], shapes[i]);
                return *this;
            }
            result.shapes[i] = shape[i];
            result.start_offset += is_empty ? 0 : uint64_t{offset[i]} * strides[i];
        }
        return result.derived(manual);
    }

    /** With two dimensions exchanged. */
    ChipTensor transpose(uint32_t dim_a, uint32_t dim_b, bool manual = false) const
    {
        ChipTensor result = *this;
        if (dim_a >= rank() || dim_b >= rank()) {
            pto_compat::refuse(PTO_ERROR_INVALID_TENSOR, "transpose: dimensions %u and %u of a tensor of rank %u",
                               dim_a, dim_b, ndims);
            return result;
        }
        std::swap(result.shapes[dim_a], result.shapes[dim_b]);
        std::swap(result.strides[dim_a], result.strides[dim_b]);
        return result.derived(manual);
    }

    /** With dimension `order[i]` in place `i`. */
    ChipTensor permute(const uint32_t order[], bool manual = false) const
    {
        ChipTensor result = *this;
        uint32_t seen = 0;
        for (uint32_t i = 0; i < rank(); i++) {
            if (order[i] >= rank() || (seen >> order[i] & 1) != 0) {
                pto_compat::refuse(PTO_ERROR_INVALID_TENSOR, "permute: dimension %u twice or not in rank %u", order[i],
                                   ndims);
                return *this;
            }
            seen |= 1u << order[i];
            result.shapes[i] = shapes[order[i]];
            result.strides[i] = strides[order[i]];
        }
        return result.derived(manual);
    }

    /** Elements `begin` to `end`-1 of a dimension, every `step`th. */
    ChipTensor slice(uint32_t dim, uint32_t begin, uint32_t end, uint32_t step = 1, bool manual = false) const
    {
        ChipTensor result = *this;
        if (dim >= rank() || begin > end || end > shapes[dim] || step == 0 ||
            uint64_t{strides[dim]} * step > UINT32_MAX) {
            pto_compat::refuse(PTO_ERROR_INVALID_TENSOR, "slice: [%u:%u:%u] of dimension %u of a tensor of rank %u",
                               begin, end, step, dim, ndims);
            return result;
        }
        const uint32_t count = begin == end ? 0 : (end - begin - 1) / step + 1;
        result.start_offset += count == 0 ? 0 : uint64_t{begin} * strides[dim];
        result.shapes[dim] = count;
        result.strides[dim] = strides[dim] * step;
        return result.derived(manual);
    }

    /** The same elements, which must be contiguous, in another shape. */
    ChipTensor reshape(const uint32_t shape[], uint32_t count, bool manual = false) const
    {
        ChipTensor result = *this;
        result.set_contiguous(shape, count);
        if (!is_contiguous || count == 0 || count > PTO_MAX_RANK || result.extent_elem_cache != numel()) {
            pto_compat::refuse(PTO_ERROR_INVALID_TENSOR, "reshape: a %s tensor of %llu elements to rank %u with %llu",
                               is_contiguous ? "contiguous" : "strided", static_cast<unsigned long long>(numel()),
                               count, static_cast<unsigned long long>(result.extent_elem_cache));
            return *this;
        }
        result.manual_dep = manual;
        return result;
    }

    /** Gives it a row-major shape without gaps. */
    void set_contiguous(const uint32_t shape[], uint32_t count)
    {
        const pto_tensor row_major = pto_tensor_new(static_cast<pto_dtype>(dtype), count, shape);
        ndims = count;
        for (uint32_t i = 0; i < PTO_MAX_RANK; i++) {
            shapes[i] = row_major.shape[i];
            strides[i] = row_major.strides[i];
        }
        extent_elem_cache = count <= PTO_MAX_RANK ? row_major.extent : 0;
        is_contiguous = true;
    }
    /** Makes `is_contiguous` and the extent true again after shapes or strides were written. */
    void recompute() { *this = derived(manual_dep); }
    /** Becomes a copy. */
    void copy(const ChipTensor &other) { *this = other; }

private:
    uint32_t rank() const { return ndims <= PTO_MAX_RANK ? ndims : 0; }

    ChipTensor derived(bool manual) const
    {
        ChipTensor result = *this;
        result.manual_dep = manual;
        bool contiguous = true;
        uint64_t row_major = 1;
        uint64_t extent = 1;
        for (uint32_t i = rank(); i-- > 0;) {
            contiguous = contiguous && strides[i] == row_major;
            extent += shapes[i] == 0 ? 0 : uint64_t{shapes[i] - 1} * strides[i];
            row_major *= shapes[i];
        }
        result.is_contiguous = contiguous || row_major == 0;
        result.extent_elem_cache = row_major == 0 ? 0 : extent;
        return result;
    }
};

static_assert(sizeof(ChipTensor) == sizeof(pto_tensor) && alignof(ChipTensor) == alignof(pto_tensor));
static_assert(std::is_trivially_copyable_v<ChipTensor> && std::is_trivially_default_constructible_v<ChipTensor>);
static_assert(offsetof(ChipTensor, owner_task_id) == offsetof(pto_tensor, owner));
static_assert(offsetof(ChipTensor, start_offset) == offsetof(pto_tensor, start_offset));
static_assert(offsetof(ChipTensor, version) == offsetof(pto_tensor, version));
static_assert(offsetof(ChipTensor, ndims) == offsetof(pto_tensor, ndims));
static_assert(offsetof(ChipTensor, dtype) == offsetof(pto_tensor, dtype));
static_assert(offsetof(ChipTensor, manual_dep) == offsetof(pto_tensor, manual_dep));
static_assert(offsetof(ChipTensor, is_contiguous) == offsetof(pto_tensor, is_contiguous));
static_assert(offsetof(ChipTensor, address_space) == offsetof(pto_tensor, address_space));
static_assert(offsetof(ChipTensor, shapes) == offsetof(pto_tensor, shape));
static_assert(offsetof(ChipTensor, extent_elem_cache) == offsetof(pto_tensor, extent));
static_assert(offsetof(ChipTensor, strides) == offsetof(pto_tensor, strides));
static_assert(offsetof(ChipTensor, engine_buffer) == offsetof(pto_tensor, buffer));
static_assert(offsetof(ChipTensor, initial_value) == offsetof(pto_tensor, initial));
static_assert(offsetof(ChipTensor, has_initial_value) == offsetof(pto_tensor, has_initial));

/** @cond */
namespace pto_compat {

inline __attribute__((visibility("hidden"))) const ChipTensor kNoTensor = {};

/// For one that is not there: no call accepts it.
static inline const ChipTensor *no_tensor(int32_t index, uint32_t count)
{
    refuse(PTO_ERROR_INVALID_ARGUMENT, "tensor %d of %u", index, count);
    return &kNoTensor;
}

/// For one whose scope is over.
static inline const ChipTensor *gone_tensor(uint32_t index)
{
    refuse(PTO_ERROR_STALE_HANDLE, "output %u of a task is used after the end of the scope of the task", index);
    return &kNoTensor;
}

} // namespace pto_compat
/** @endcond */

/** A row-major tensor at a device address that the orchestration knows from elsewhere: inside an argument of the run,
 *  or in memory of `pto_malloc`. */
static inline ChipTensor make_tensor_external(void *address, const uint32_t shape[], uint32_t count,
                                              DataType dtype = DataType::FLOAT32, bool manual = false,
                                              int32_t version = 0, AddressSpace space = AddressSpace::HOST)
{
    ChipTensor tensor{};
    tensor.dtype = dtype;
    tensor.set_contiguous(shape, count);
    tensor.buffer = {reinterpret_cast<uint64_t>(address), tensor.extent_elem_cache * get_element_size(dtype)};
    tensor.owner_task_id = PTO2TaskId::invalid();
    tensor.manual_dep = manual;
    tensor.version = version;
    tensor.address_space = space;
    return tensor;
}

#endif
