/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrations of the host tests, and symbols that are none. */
#include "pto/orch.h"

enum { FIRST = 0, GATE = 7 };

/* The kernel on func id 0 of two tensors into a third. */
PTO_ORCHESTRATION(combine, 3, 0)
{
    pto_submit_aiv(orch, FIRST, PTO_IN(pto_tensor_arg(orch, 0)), PTO_IN(pto_tensor_arg(orch, 1)),
                   PTO_WRITE(pto_tensor_arg(orch, 2)));
}

/* The same twice: (a . b) . b, through a tensor of the heap. */
PTO_ORCHESTRATION(combine_twice, 3, 0)
{
    const pto_tensor *b = pto_tensor_arg(orch, 1);
    pto_tensor middle = pto_tensor_like(b);
    pto_submit_aiv(orch, FIRST, PTO_IN(pto_tensor_arg(orch, 0)), PTO_IN(b), PTO_OUT(&middle));
    pto_submit_aiv(orch, FIRST, PTO_IN(&middle), PTO_IN(b), PTO_WRITE(pto_tensor_arg(orch, 2)));
}

/* One tensor is both read and written: a = a . a. */
PTO_ORCHESTRATION(double_in_place, 1, 0)
{
    const pto_tensor *a = pto_tensor_arg(orch, 0);
    pto_submit_aiv(orch, FIRST, PTO_NO_DEP(a), PTO_NO_DEP(a), PTO_INOUT(a));
}

/* Two floats as scalars, their sum in element 0 of the tensor. */
PTO_ORCHESTRATION(add_scalars, 1, 2)
{
    const uint32_t first = 0;
    const float sum = pto_f32_of(pto_scalar_arg(orch, 0)) + pto_f32_of(pto_scalar_arg(orch, 1));
    pto_set_element(orch, pto_tensor_arg(orch, 0), &first, pto_bits_f32(sum));
}

/* Tells through scalar 0 that it runs, waits for scalar 1, then writes the tensor: both are addresses of the host. */
PTO_ORCHESTRATION(wait_at_gate, 1, 2)
{
    pto_submit_aiv(orch, GATE, PTO_WRITE(pto_tensor_arg(orch, 0)), PTO_SCALAR(pto_scalar_arg(orch, 0)),
                   PTO_SCALAR(pto_scalar_arg(orch, 1)));
}

/* One line on each level. */
PTO_ORCHESTRATION(talk, 0, 1)
{
    const uint32_t number = (uint32_t)pto_scalar_arg(orch, 0);
    pto_log(orch, PTO_LOG_ERROR, "an error, number %u", number);
    pto_log(orch, PTO_LOG_WARN, "a warning, number %u", number);
    pto_log(orch, PTO_LOG_INFO, "an information, number %u", number);
    pto_log(orch, PTO_LOG_DEBUG, "a detail of '%s', number %u", "talk", number);
}

PTO_ORCHESTRATION(give_up, 0, 1)
{
    pto_fatal(orch, (int32_t)pto_scalar_arg(orch, 0), "this is not my day");
}

/* Never returns. */
PTO_ORCHESTRATION(hang, 0, 0)
{
    const volatile int forever = 1;
    while (forever) {}
}

PTO_ORCHESTRATION(nothing, 0, 0) {}

/* An entry that another version of the headers made. */
static void other_version_run(PTO_UNUSED pto_orch *orch) {}
extern PTO_EXPORT const pto_orch_entry other_version;
const pto_orch_entry other_version = {PTO_ORCH_MAGIC, PTO_ABI_VERSION + 1, 0, 0, "other_version", other_version_run};

extern PTO_EXPORT int a_function(void);
int a_function(void)
{
    return 0;
}

extern PTO_EXPORT const uint64_t a_variable[8];
const uint64_t a_variable[8] = {1, 2, 3, 4, 5, 6, 7, 8};

extern PTO_EXPORT const char a_text[41];
const char a_text[41] = "As many bytes as there are in an entry..";
