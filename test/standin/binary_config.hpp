// SPDX-License-Identifier: Apache-2.0
// The JSON text that describes functions of the control CPUs to rtsBinaryLoadFromFile.
#ifndef PTO_TEST_STANDIN_BINARY_CONFIG_HPP
#define PTO_TEST_STANDIN_BINARY_CONFIG_HPP

#include "standin_world.hpp"

namespace standin {

/// Reads { "opType": { "opInfo": { "functionName": ..., "kernelSo": ..., "opKernelLib": "AICPUKernel",
/// "userDefined": "False" } } }; returns what is wrong with it, or nothing.
std::string parse_config(const std::string &text, std::deque<CpuFunction> *out);

/// What is wrong with a name that the vendor's loader gets, or nothing.
std::string so_name_defect(const std::string &name);
std::string kernel_name_defect(const std::string &name);

} // namespace standin

#endif
