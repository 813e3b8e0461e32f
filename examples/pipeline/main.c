/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of batches through one layer: while a batch is computed, the next two are already submitted, so the chip
 * never waits for the host to come back. Every batch has a scale of its own; with --host-built one graph serves them
 * all. */
#include "example.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BATCHES = 200, AHEAD = 2, ROWS = 64, DEPTH = 64, COLUMNS = 64 };

typedef struct batch {
    int8_t samples[ROWS][DEPTH];
    float scale;
} batch;

static batch batches[BATCHES];
static int8_t weights[DEPTH][COLUMNS];
static float results[BATCHES][ROWS][COLUMNS];
static pto_run_handle *runs[BATCHES];

static void fill(int8_t *bytes, int count)
{
    static uint32_t state = 1;
    for (int i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (int8_t)((int)(state >> 24) - 128);
    }
}

static void submit(pto_context *context, int index)
{
    const pto_tensor tensors[] = {pto_host_tensor(batches[index].samples, PTO_INT8, PTO_SHAPE(ROWS, DEPTH)),
                                  pto_host_tensor(weights, PTO_INT8, PTO_SHAPE(DEPTH, COLUMNS)),
                                  pto_host_tensor(results[index], PTO_FLOAT32, PTO_SHAPE(ROWS, COLUMNS))};
    const uint64_t scale = pto_bits_f32(batches[index].scale);
    pto_args args = PTO_ARGS_INIT;
    args.tensors = tensors, args.tensor_count = 3;
    args.scalars = &scale, args.scalar_count = 1;
    EXAMPLE_CHECK(pto_submit(context, 0, &args, NULL, &runs[index]));
}

/* All batches, AHEAD of them submitted before the first is waited for. */
static void stream(pto_context *context, example_times *times)
{
    for (int i = 0; i < BATCHES + AHEAD; i++) {
        if (i < BATCHES)
            submit(context, i);
        if (i >= AHEAD) {
            pto_run_result result = PTO_RUN_RESULT_INIT;
            EXAMPLE_CHECK(pto_wait(runs[i - AHEAD], -1, &result));
            example_record(times, &result);
        }
    }
}

/* The sums are exact in float and their products in double, so that both sides round once, and to the same float. */
static double largest_error(const batch *input, float (*result)[COLUMNS])
{
    double error = 0;
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++) {
            double sum = 0;
            for (int i = 0; i < DEPTH; i++)
                sum += (double)input->samples[row][i] * weights[i][column];
            const float golden = (float)fmax(0, sum * (double)input->scale);
            error = example_worse(error, fabs((double)result[row][column] - (double)golden));
        }
    return error;
}

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    const example_options options = example_parse(argc, argv, 1, "pipeline.pto");
    pto_open_options open = PTO_OPEN_OPTIONS_INIT;
    pto_context *context = NULL;
    open.arch = options.arch;
    EXAMPLE_CHECK(pto_open(&open, &context));

    pto_image *image = example_image(options.files[0]);
    pto_callable callable = *pto_image_callable(image);
    callable.builder = options.builder;
    EXAMPLE_CHECK(pto_prepare(context, 0, &callable));
    pto_image_close(image);

    fill(&weights[0][0], sizeof(weights));
    for (int i = 0; i < BATCHES; i++) {
        fill(&batches[i].samples[0][0], sizeof(batches[i].samples));
        batches[i].scale = 0.001f * (float)(i + 1);
    }
    memset(results, 0xff, sizeof(results));
    example_times times = PTO_ZERO;
    const double begin = seconds();
    stream(context, &times);
    const double elapsed = seconds() - begin;
    pto_close(context);

    double error = 0;
    for (int i = 0; i < BATCHES; i++)
        error = example_worse(error, largest_error(&batches[i], results[i]));
    example_result(&times, results, sizeof(results));
    char what[128];
    (void)snprintf(what, sizeof(what),
                   "pipeline: %d batches of 64 samples, two submitted ahead: %.0f batches per second", BATCHES,
                   BATCHES / elapsed);
    return example_report(what, error, 0, &times);
}
