// SPDX-License-Identifier: Apache-2.0
#include "aicpu/core/core_loop.h"

void pto_core_run(const pto_core_port *port, pto_core_line *line)
{
    pto::aicpu::run_core(*port, *line);
}
