// SPDX-License-Identifier: Apache-2.0
// What people write at the beginning of an orchestration: checks of shapes that end the run, and lines for the log.
#include <cinttypes>
#include <cstdint>

#include "pto_orchestration_api.h"

#define CHECK_DIM(tensor, dim, multiple)                                                                               \
    do {                                                                                                               \
        if ((tensor).shapes[dim] % (multiple) != 0) {                                                                  \
            LOG_ERROR("dimension %d of %s is %u", (dim), #tensor, (tensor).shapes[dim]);                               \
            rt_report_fatal(PTO2_ERROR_INVALID_ARGS, "%s.shapes[%d] = %u is no multiple of %u", #tensor, (dim),        \
                            (tensor).shapes[dim], (unsigned)(multiple));                                               \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)

extern "C" __attribute__((visibility("default"))) void checked(const ChipTaskArgs &orch_args)
{
    const ChipTensor &x = orch_args.tensor(0).ref();
    LOG_INFO("x has %" PRIu64 " elements of %s", x.numel(), get_dtype_name(x.dtype));
    LOG_DEBUG("and %d clusters", (int)rt_available_cluster_count());
    CHECK_DIM(x, 0, 8);
    LOG_WARN("%5.2f %s %x", 1.5, "of everything", 255u);
    LOG_TIMING("in %lld ns", 12345678901LL);
    for (uint32_t i = 0; i < x.shapes[0]; i += 8) {
        ChipTensor part = x.slice(0, i, i + 8);
        CoreTaskArgs args;
        args.add_inout(part);
        args.add_scalar(7, i, 0);
        rt_submit_aiv_task(0, args);
    }
}
