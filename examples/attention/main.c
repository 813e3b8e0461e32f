/* SPDX-License-Identifier: Apache-2.0 */
/* Attention of 16 sequences of different lengths over a paged cache, as one decoding step of a language model does it.
 * The cache lives in device memory; pages and tokens that no sequence owns hold not-a-number, so that reading one
 * shows in the result. */
#include "example.h"

#include <math.h>
#include <string.h>

enum { SEQUENCES = 16, HEADS = 4, WIDTH = 64, PAGE = 16, MAX_PAGES = 16, POOL = 192 };

typedef float page[HEADS][PAGE][WIDTH];

static int32_t lengths[SEQUENCES] = {1, 15, 16, 17, 256, 100, 3, 240, 64, 31, 199, 255, 128, 2, 160, 77};
static int32_t block_table[SEQUENCES][MAX_PAGES];
static float queries[SEQUENCES][HEADS][WIDTH], output[SEQUENCES][HEADS][WIDTH];
static double golden[SEQUENCES][HEADS][WIDTH];
static page keys[POOL], values[POOL];

/* A number in [-1, 1), the same in every program run. */
static float next_number(void)
{
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / 8388608.0f - 1.0f;
}

static void fill_token(int32_t block, int token)
{
    for (int h = 0; h < HEADS; h++)
        for (int i = 0; i < WIDTH; i++) {
            keys[block][h][token][i] = next_number();
            values[block][h][token][i] = next_number();
        }
}

static void make_inputs(void)
{
    int32_t pages = 0;
    memset(block_table, 0xff, sizeof(block_table));
    memset(keys, 0xff, sizeof(keys));
    memset(values, 0xff, sizeof(values));
    for (int s = 0; s < SEQUENCES; s++)
        for (int t = 0; t < lengths[s]; t++) {
            if (t % PAGE == 0) /* 71 and POOL have no common factor: the pages are all over the pool. */
                block_table[s][t / PAGE] = pages++ * 71 % POOL;
            fill_token(block_table[s][t / PAGE], t % PAGE);
        }
    for (int s = 0; s < SEQUENCES; s++)
        for (int h = 0; h < HEADS; h++)
            for (int i = 0; i < WIDTH; i++)
                queries[s][h][i] = 4 * next_number();
}

/* Softmax of the scores times the values, in double and with two passes. */
static void attend(int s, int h, double scale)
{
    double scores[MAX_PAGES * PAGE], largest = -INFINITY, total = 0;
    for (int t = 0; t < lengths[s]; t++) {
        const float *key = keys[block_table[s][t / PAGE]][h][t % PAGE];
        scores[t] = 0;
        for (int i = 0; i < WIDTH; i++)
            scores[t] += scale * (double)queries[s][h][i] * (double)key[i];
        largest = fmax(largest, scores[t]);
    }
    for (int t = 0; t < lengths[s]; t++)
        total += exp(scores[t] - largest);
    for (int t = 0; t < lengths[s]; t++)
        for (int i = 0; i < WIDTH; i++)
            golden[s][h][i] +=
                exp(scores[t] - largest) / total * (double)values[block_table[s][t / PAGE]][h][t % PAGE][i];
}

static double largest_error(void)
{
    double error = 0;
    for (int s = 0; s < SEQUENCES; s++)
        for (int h = 0; h < HEADS; h++)
            for (int i = 0; i < WIDTH; i++)
                error = example_worse(error, fabs((double)output[s][h][i] - golden[s][h][i]));
    return error;
}

static pto_tensor cache_on_device(pto_context *context, const void *cache)
{
    uint64_t address = 0;
    EXAMPLE_CHECK(pto_malloc(context, sizeof(page) * POOL, &address));
    EXAMPLE_CHECK(pto_copy_to_device(context, address, cache, sizeof(page) * POOL));
    return pto_device_tensor(address, PTO_FLOAT32, PTO_SHAPE(POOL, HEADS, PAGE, WIDTH));
}

int main(int argc, char **argv)
{
    const example_options options = example_parse(argc, argv, 1, "attention.pto");
    pto_open_options open = PTO_OPEN_OPTIONS_INIT;
    pto_context *context = NULL;
    open.arch = options.arch;
    EXAMPLE_CHECK(pto_open(&open, &context));

    pto_image *image = example_image(options.files[0]);
    pto_callable callable = *pto_image_callable(image);
    callable.builder = options.builder;
    EXAMPLE_CHECK(pto_prepare(context, 0, &callable));
    pto_image_close(image);

    const float scale = 1.0f / sqrtf(WIDTH);
    make_inputs();
    for (int s = 0; s < SEQUENCES; s++)
        for (int h = 0; h < HEADS; h++)
            attend(s, h, (double)scale);

    const pto_tensor tensors[] = {pto_host_tensor(queries, PTO_FLOAT32, PTO_SHAPE(SEQUENCES, HEADS, WIDTH)),
                                  cache_on_device(context, keys),
                                  cache_on_device(context, values),
                                  pto_host_tensor(block_table, PTO_INT32, PTO_SHAPE(SEQUENCES, MAX_PAGES)),
                                  pto_host_tensor(lengths, PTO_INT32, PTO_SHAPE(SEQUENCES)),
                                  pto_host_tensor(output, PTO_FLOAT32, PTO_SHAPE(SEQUENCES, HEADS, WIDTH))};
    const uint64_t scalars[] = {pto_bits_f32(scale)};
    pto_args args = PTO_ARGS_INIT;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    example_times times = PTO_ZERO;
    double error = 0;
    args.tensors = tensors, args.tensor_count = 6;
    args.scalars = scalars, args.scalar_count = 1;
    do {
        memset(output, 0xff, sizeof(output));
        EXAMPLE_CHECK(pto_run(context, 0, &args, NULL, &result));
        error = example_worse(error, largest_error());
        example_record(&times, &result);
        example_result(&times, output, sizeof(output));
    } while (example_again(&times));

    EXAMPLE_CHECK(pto_free(context, tensors[1].addr));
    EXAMPLE_CHECK(pto_free(context, tensors[2].addr));
    pto_close(context);
    return example_report("attention: 16 sequences of 1 to 256 tokens, 4 heads of 64, pages of 16 tokens", error, 1e-5,
                          &times);
}
