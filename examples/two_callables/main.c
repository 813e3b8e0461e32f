/* SPDX-License-Identifier: Apache-2.0 */
/* Two callables side by side: add under id 0, subtract under id 1, in turns. They share the orchestration, and both
 * kernels have func id 0, so (a+b)+(a-b) is 2a only when each run finds the kernel of its own callable. */
#include "example.h"

#include <math.h>
#include <string.h>

#define COUNT 4096
#define RUNS  100

enum { ADD, SUBTRACT };

static float a[COUNT], b[COUNT], result_of[2][COUNT];

static double largest_error(void)
{
    double error = 0;
    for (int i = 0; i < COUNT; i++)
        error =
            example_worse(error, fabs((double)result_of[ADD][i] + (double)result_of[SUBTRACT][i] - 2.0 * (double)a[i]));
    return error;
}

int main(int argc, char **argv)
{
    const example_options options = example_parse(argc, argv, 2, "add.pto subtract.pto");
    pto_open_options open = PTO_OPEN_OPTIONS_INIT;
    pto_context *context = NULL;
    open.arch = options.arch;
    EXAMPLE_CHECK(pto_open(&open, &context));

    for (int32_t id = ADD; id <= SUBTRACT; id++) {
        pto_image *image = example_image(options.files[id]);
        pto_callable callable = *pto_image_callable(image);
        callable.builder = options.builder;
        EXAMPLE_CHECK(pto_prepare(context, id, &callable));
        pto_image_close(image);
    }

    for (int i = 0; i < COUNT; i++)
        a[i] = (float)(i % 100), b[i] = (float)(i % 7 + 1);
    memset(result_of, 0xff, sizeof(result_of));
    example_times times = PTO_ZERO;
    double error = 0;
    for (int run = 0; run < RUNS; run++) {
        const int32_t id = run % 2;
        const pto_tensor tensors[] = {pto_host_tensor(a, PTO_FLOAT32, PTO_SHAPE(COUNT)),
                                      pto_host_tensor(b, PTO_FLOAT32, PTO_SHAPE(COUNT)),
                                      pto_host_tensor(result_of[id], PTO_FLOAT32, PTO_SHAPE(COUNT))};
        pto_args args = PTO_ARGS_INIT;
        pto_run_result result = PTO_RUN_RESULT_INIT;
        args.tensors = tensors, args.tensor_count = 3;
        EXAMPLE_CHECK(pto_run(context, id, &args, NULL, &result));
        example_record(&times, &result);
        if (id == SUBTRACT) {
            error = example_worse(error, largest_error());
            example_result(&times, result_of, sizeof(result_of));
            memset(result_of, 0xff, sizeof(result_of));
        }
    }

    pto_close(context);
    return example_report("two_callables: (a+b)+(a-b) = 2a, add and subtract in turns under one func id", error, 0,
                          &times);
}
