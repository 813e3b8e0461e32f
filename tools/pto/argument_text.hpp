// SPDX-License-Identifier: Apache-2.0
// The small languages inside command-line arguments: kernels, parameters, outputs, scalars.
#ifndef PTO_TOOL_ARGUMENT_TEXT_HPP
#define PTO_TOOL_ARGUMENT_TEXT_HPP

#include "pto/callable.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pto::tool {

/// FUNC_ID:aic|aiv|any:FILE.so[:NAME]
struct KernelSpec {
    uint32_t func_id = 0;
    uint32_t core_type = PTO_CORE_AIV;
    std::string path;
    std::string name; ///< That of the file when none is given.
};

/// in|out|inout|scalar[:DTYPE[:RANK[:NAME]]]
struct ParamSpec {
    uint8_t direction = PTO_SCALAR_ARG;
    pto_dtype dtype = PTO_ANY_DTYPE;
    uint8_t ndims = 0;
    std::string name;
};

/// FILE.npy[:DTYPE][:SHAPE]
struct OutputSpec {
    std::string path;
    std::optional<pto_dtype> dtype;
    std::vector<uint32_t> shape; ///< Empty: not given.
};

/// FILE.npy[:RESULT.npy]
struct InoutSpec {
    std::string path;
    std::string result_path;
};

/// All of them throw Error, which repeats the argument and says what is wrong with it.
KernelSpec parse_kernel_spec(const std::string &text);
ParamSpec parse_param_spec(const std::string &text);
OutputSpec parse_output_spec(const std::string &text);
InoutSpec parse_inout_spec(const std::string &text);

/// The 64 bits of [i64:|u64:|f32:|f64:]VALUE; without a type it is an integer.
uint64_t parse_scalar(const std::string &text);

/// "in", "out", "inout", "scalar"; "direction 9" for a number that is none.
std::string direction_name(uint8_t direction);

/// "aic", "aiv", "any"; "core type 9" for a number that is none.
std::string core_type_name(uint32_t core_type);

/// "libadd.so" of "build/libadd.so" without its last extension: "libadd".
std::string stem_of(const std::string &path);

} // namespace pto::tool

#endif
