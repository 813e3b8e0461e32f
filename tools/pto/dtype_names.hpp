// SPDX-License-Identifier: Apache-2.0
// What the dtypes are called, on the command line and in .npy files.
#ifndef PTO_TOOL_DTYPE_NAMES_HPP
#define PTO_TOOL_DTYPE_NAMES_HPP

#include "pto/tensor.h"

#include <optional>
#include <string>
#include <string_view>

namespace pto::tool {

/// "float32"; "dtype 77" for a number that is no dtype.
std::string dtype_name(pto_dtype dtype);

/// Accepts "float32" and the short form "f32".
std::optional<pto_dtype> parse_dtype(std::string_view text);

/// All names, for messages: "float32, float16, ...".
std::string all_dtype_names();

/// The type string of NumPy, such as "<f4"; empty when NumPy has no such dtype.
std::string_view npy_typestring(pto_dtype dtype);

/// The dtype of a NumPy type string; empty when PTO has no such dtype.
std::optional<pto_dtype> dtype_of_typestring(std::string_view typestring);

/// The unsigned integer dtype that carries the bits of a dtype that NumPy does not have; `dtype` itself otherwise.
pto_dtype carrier_of(pto_dtype dtype);

} // namespace pto::tool

#endif
