// SPDX-License-Identifier: Apache-2.0
// The cores as threads, and what their loop asks of the hardware. A core without a command sleeps; one thread looks at
// the command registers of all that do.
#ifndef PTO_TEST_STANDIN_CORE_THREADS_HPP
#define PTO_TEST_STANDIN_CORE_THREADS_HPP

#include "core_image.hpp"
#include "standin_wire.hpp"

namespace standin {

void open_cores(Arch arch, uint64_t registers);

/// Starts three cores per block; the last that returns sends the answer.
void launch_cores(uint32_t ticket, const CoreImage &image, uint32_t blocks, uint64_t argument);

/// From the next launch on the core does nothing.
void hang_core(uint32_t block, uint32_t lane);

} // namespace standin

#endif
