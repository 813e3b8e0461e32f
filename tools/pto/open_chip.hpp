// SPDX-License-Identifier: Apache-2.0
// An open chip with one prepared callable.
#ifndef PTO_TOOL_OPEN_CHIP_HPP
#define PTO_TOOL_OPEN_CHIP_HPP

#include "pto/pto.h"

#include <memory>
#include <string>
#include <vector>

namespace pto::tool {

/// Opens in the constructor, closes in the destructor. Every function throws Error with the exit code that fits.
class Chip {
public:
    /// @param arch empty: the library's default.
    /// @param timeout_ns longest time of a run; 0: the library's watchdog decides.
    Chip(const std::string &arch, uint64_t timeout_ns);

    void prepare(const pto_callable &callable);
    pto_run_result run(const std::vector<pto_tensor> &tensors, const std::vector<uint64_t> &scalars);
    pto_stats stats();

private:
    struct Close {
        void operator()(pto_context *context) const { pto_close(context); }
    };

    std::unique_ptr<pto_context, Close> context_;
    uint64_t timeout_ns_;
};

/// The archs that the library can open, each after a space: " a2a3 a5".
std::string arch_names();

} // namespace pto::tool

#endif
