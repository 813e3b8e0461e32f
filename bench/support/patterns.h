/* SPDX-License-Identifier: Apache-2.0 */
/* Who depends on whom in a grid of steps and points, as Task Bench defines its patterns. Orchestrations and peers share
 * these functions; freestanding C99. */
#ifndef BENCH_SUPPORT_PATTERNS_H
#define BENCH_SUPPORT_PATTERNS_H

#include <stdint.h>

#define BENCH_MAX_INPUTS 5u  /* Of one task. */
#define BENCH_MAX_WIDTH  64u /* Points of one step. */
#define BENCH_RADIX      5u  /* Inputs of a task in `nearest` and `spread`, if the grid is as wide. */
#define BENCH_PERIOD     3u  /* Steps after which `spread` repeats itself. */

enum bench_pattern {
    BENCH_TRIVIAL = 0, /* No inputs. */
    BENCH_STENCIL = 1, /* The point itself and its two neighbours. */
    BENCH_FFT = 2,     /* The point itself and those at distance 2^k, k cycling through the levels of a butterfly. */
    BENCH_TREE = 3, /* Point p reads point p / 2; each step is twice as wide as the last until all points are there. */
    BENCH_NEAREST = 4, /* The radix nearest points. */
    BENCH_SPREAD = 5,  /* Radix points spread evenly over the grid, shifted from step to step. */
    BENCH_PATTERN_COUNT = 6
};

static inline uint32_t bench_smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Points of step `step`. */
static inline uint32_t bench_points(uint32_t pattern, uint32_t width, uint32_t step)
{
    return pattern == BENCH_TREE && step < 31 ? bench_smaller(width, UINT32_C(1) << step) : width;
}

/* Levels of a butterfly over `width` points, at least one. */
static inline uint32_t bench_levels(uint32_t width)
{
    uint32_t levels = 1;
    while ((UINT32_C(1) << levels) < width)
        levels++;
    return levels;
}

static inline uint32_t bench_range(uint32_t first, uint32_t last, uint32_t *inputs)
{
    uint32_t count = 0;
    for (uint32_t point = first; point <= last; point++)
        inputs[count++] = point;
    return count;
}

static inline uint32_t bench_butterfly(uint32_t width, uint32_t step, uint32_t point, uint32_t *inputs)
{
    const uint32_t distance = UINT32_C(1) << (step % bench_levels(width));
    uint32_t count = 0;
    if (point >= distance)
        inputs[count++] = point - distance;
    inputs[count++] = point;
    if (point + distance < width)
        inputs[count++] = point + distance;
    return count;
}

static inline uint32_t bench_spread(uint32_t width, uint32_t step, uint32_t point, uint32_t *inputs)
{
    const uint32_t radix = bench_smaller(BENCH_RADIX, width);
    uint32_t count = 0;
    for (uint32_t i = 0; i < radix; i++) {
        const uint32_t input = (point + i * width / radix + (i > 0 ? step % BENCH_PERIOD : 0)) % width;
        uint32_t seen = 0;
        while (seen < count && inputs[seen] != input)
            seen++;
        if (seen == count)
            inputs[count++] = input;
    }
    return count;
}

/* The points of the step before that `point` of `step` reads, each once: their number; none in step 0. */
static inline uint32_t bench_inputs(uint32_t pattern, uint32_t width, uint32_t step, uint32_t point, uint32_t *inputs)
{
    const uint32_t radix = bench_smaller(BENCH_RADIX, width);
    const uint32_t left = (radix - 1) / 2;
    if (step == 0)
        return 0;
    switch (pattern) {
    case BENCH_STENCIL: return bench_range(point > 0 ? point - 1 : 0, bench_smaller(point + 1, width - 1), inputs);
    case BENCH_FFT: return bench_butterfly(width, step, point, inputs);
    case BENCH_TREE: inputs[0] = point / 2; return 1;
    case BENCH_NEAREST:
        return bench_range(point > left ? point - left : 0, bench_smaller(point + radix / 2, width - 1), inputs);
    case BENCH_SPREAD: return bench_spread(width, step, point, inputs);
    default: return 0;
    }
}

#endif
