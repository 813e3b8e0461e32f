// SPDX-License-Identifier: Apache-2.0
// What `pto run` says about runs.
#ifndef PTO_TOOL_RUN_REPORT_HPP
#define PTO_TOOL_RUN_REPORT_HPP

#include "pto/pto.h"

#include "compare.hpp"
#include "run_binding.hpp"

#include <string>
#include <vector>

namespace pto::tool {

/// Times of the first run, and median and fastest of the others if there are any.
std::string times_text(const std::vector<pto_run_result> &runs);

/// One line: equal, or how many elements differ, where first, and by how much at most.
std::string comparison_text(const TensorBinding &tensor, const Comparison &comparison);

/// What the first run did, the medians of the others if there are any, and the counters of the chip.
std::string stats_text(const std::vector<pto_run_result> &runs, const pto_stats &stats);

} // namespace pto::tool

#endif
