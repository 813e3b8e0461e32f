/* SPDX-License-Identifier: Apache-2.0 */
/* Computes f = (a + b + 1)(a + b + 2) + (a + b) with a = 2 and b = 3: every element of f is 47. */
#include "example.h"

#include <math.h>
#include <string.h>

#define ROWS    128
#define COLUMNS 128
#define COUNT   (ROWS * COLUMNS)

static float a[COUNT], b[COUNT], f[COUNT];

static double largest_error(void)
{
    double error = 0;
    for (int i = 0; i < COUNT; i++)
        error = example_worse(error, fabs((double)f[i] - 47.0));
    return error;
}

int main(int argc, char **argv)
{
    const example_options options = example_parse(argc, argv, 1, "vector.pto");
    pto_open_options open = PTO_OPEN_OPTIONS_INIT;
    pto_context *context = NULL;
    open.arch = options.arch;
    EXAMPLE_CHECK(pto_open(&open, &context));

    pto_image *image = example_image(options.files[0]);
    pto_callable callable = *pto_image_callable(image);
    callable.builder = options.builder;
    EXAMPLE_CHECK(pto_prepare(context, 0, &callable));
    pto_image_close(image);

    for (int i = 0; i < COUNT; i++)
        a[i] = 2, b[i] = 3;
    const pto_tensor tensors[] = {pto_host_tensor(a, PTO_FLOAT32, PTO_SHAPE(ROWS, COLUMNS)),
                                  pto_host_tensor(b, PTO_FLOAT32, PTO_SHAPE(ROWS, COLUMNS)),
                                  pto_host_tensor(f, PTO_FLOAT32, PTO_SHAPE(ROWS, COLUMNS))};
    pto_args args = PTO_ARGS_INIT;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    example_times times = PTO_ZERO;
    double error = 0;
    args.tensors = tensors, args.tensor_count = 3;
    do {
        memset(f, 0xff, sizeof(f)); /* Not-a-number: what no run writes is an error. */
        EXAMPLE_CHECK(pto_run(context, 0, &args, NULL, &result));
        error = example_worse(error, largest_error());
        example_record(&times, &result);
        example_result(&times, f, sizeof(f));
    } while (example_again(&times));

    pto_close(context);
    return example_report("vector: (a+b+1)(a+b+2)+(a+b) = 47 on 128x128 floats", error, 0, &times);
}
