// SPDX-License-Identifier: Apache-2.0
// Which file and which number is which parameter of a callable.
#ifndef PTO_TOOL_RUN_BINDING_HPP
#define PTO_TOOL_RUN_BINDING_HPP

#include "pto/callable.h"

#include "npy.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pto::tool {

/// The command line's arguments for parameters, in their order there.
struct RunArguments {
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;
    std::vector<std::string> inouts;
    std::vector<std::string> scalars;
    std::vector<std::string> goldens; ///< For outputs and inouts in the signature's order; "-" passes one over.
};

/// A file that an output is compared with.
struct Golden {
    std::string path;
    Array array;
};

struct TensorBinding {
    uint32_t param = 0; ///< Its index in the signature.
    std::string label;  ///< Its name, or "parameter 2".
    Array array;        ///< What the run reads and writes.
    bool is_read = false;
    std::string result_path; ///< Where it is written; empty for an input.
    std::optional<Golden> golden;
};

struct RunBinding {
    std::vector<TensorBinding> tensors; ///< In the signature's order.
    std::vector<uint64_t> scalars;
};

/// Assigns arguments to parameters by direction, in order, reads the files and makes the outputs. Throws Error: the
/// first parameter that has no argument, an argument too many, or a file that does not fit its parameter.
RunBinding bind_arguments(const pto_callable &callable, const RunArguments &arguments);

} // namespace pto::tool

#endif
