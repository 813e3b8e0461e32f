// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files as tensors, and back.
#ifndef PTO_TOOL_NPY_HPP
#define PTO_TOOL_NPY_HPP

#include "pto/tensor.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pto::tool {

/// A row-major tensor that owns its elements.
struct Array {
    pto_dtype dtype = PTO_FLOAT32;
    std::vector<uint32_t> shape;  ///< Outermost first; 1 to PTO_MAX_RANK extents, none of them 0.
    std::vector<std::byte> bytes; ///< As many as shape and dtype say.
};

/// Bytes of a row-major tensor; throws Error(`what`, ...) for a rank, an extent or a product that no tensor can have.
uint64_t checked_size_bytes(const std::string &what, pto_dtype dtype, std::span<const uint32_t> shape);

/// That many zero bytes; throws Error(`what`, ...) instead of asking for more than the machine has.
std::vector<std::byte> zeroed_bytes(const std::string &what, uint64_t size_bytes);

/// Reads a file of `numpy.save`. Column-major (Fortran) files are reordered. Throws Error, which names the file and
/// what is wrong with it; the memory that is allocated never exceeds twice the size of the file.
Array read_npy(const std::string &path);

/// Writes a file for `numpy.load`, all or nothing. Throws Error; dtypes that NumPy does not have are an error too.
void write_npy(const std::string &path, pto_dtype dtype, std::span<const uint32_t> shape,
               std::span<const std::byte> bytes);

} // namespace pto::tool

#endif
