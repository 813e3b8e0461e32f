/* SPDX-License-Identifier: Apache-2.0 */
#include "example.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_LIMIT_NS 500000000u
#define LEAST_RUNS    3

static PTO_PRINTF(1, 2) void fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)vfprintf(stderr, format, values);
    va_end(values);
    (void)fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

example_options example_parse(int argc, char **argv, int file_count, const char *usage)
{
    example_options options = PTO_ZERO;
    int files = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--arch") == 0 && i + 1 < argc)
            options.arch = argv[++i];
        else if (strcmp(argv[i], "--host-built") == 0)
            options.builder = PTO_HOST_BUILT;
        else if (strcmp(argv[i], "--image") == 0)
            continue; /* The file that follows is taken like any other. */
        else if (argv[i][0] != '-' && files < file_count)
            options.files[files++] = argv[i];
        else
            fail("usage: %s [--arch NAME] [--host-built] %s", argv[0], usage);
    }
    if (files != file_count)
        fail("usage: %s [--arch NAME] [--host-built] %s", argv[0], usage);
    return options;
}

pto_image *example_image(const char *path)
{
    pto_image *image = NULL;
    pto_image_error error = PTO_ZERO;
    const pto_status status = pto_image_open_file(path, &image, &error);
    if (status != PTO_OK)
        fail("%s: %s: %s", path, pto_status_name(status), error.message);
    return image;
}

void example_check(pto_status status, const char *call)
{
    if (status != PTO_OK)
        fail("%s: %s: %s", call, pto_status_name(status), pto_last_error()->message);
}

void example_record(example_times *times, const pto_run_result *result)
{
    times->tasks = result->tasks;
    times->recorded += result->graph_source == PTO_GRAPH_RECORDED;
    times->replayed += result->graph_source == PTO_GRAPH_REPLAYED;
    if (times->count < EXAMPLE_MAX_RUNS)
        times->total_ns[times->count++] = result->total_ns;
}

/* 64-bit FNV-1a. */
static uint64_t digest_of(const unsigned char *bytes, size_t size_bytes)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size_bytes; i++)
        digest = (digest ^ bytes[i]) * UINT64_C(0x100000001b3);
    return digest;
}

void example_result(example_times *times, const void *bytes, size_t size_bytes)
{
    const uint64_t digest = digest_of((const unsigned char *)bytes, size_bytes);
    if (times->results++ == 0)
        times->digest = digest;
    times->results_differ |= digest != times->digest;
}

int example_again(const example_times *times)
{
    uint64_t spent_ns = 0;
    for (uint32_t i = 0; i < times->count; i++)
        spent_ns += times->total_ns[i];
    return times->count < LEAST_RUNS || (times->count < EXAMPLE_MAX_RUNS && spent_ns < TIME_LIMIT_NS);
}

double example_worse(double error, double other)
{
    return other > error || other != other ? other : error;
}

static int compare_ns(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left;
    const uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static double median_us(const uint64_t *total_ns, uint32_t count)
{
    uint64_t sorted[EXAMPLE_MAX_RUNS];
    memcpy(sorted, total_ns, count * sizeof(sorted[0]));
    qsort(sorted, count, sizeof(sorted[0]), compare_ns);
    return (double)sorted[count / 2] / 1000.0;
}

static void print_times(const example_times *times)
{
    printf("    tasks %llu", (unsigned long long)times->tasks);
    if (times->count > 1) {
        const double first_us = (double)times->total_ns[0] / 1000.0;
        const double repeat_us = median_us(times->total_ns + 1, times->count - 1);
        printf(", first run %.1f us, median of %u repeats %.1f us, first/repeat %.1f", first_us, times->count - 1,
               repeat_us, first_us / repeat_us);
    }
    if (times->recorded + times->replayed > 0)
        printf("\n    built on the host: %u recorded, %u replayed", times->recorded, times->replayed);
    printf("\n");
}

int example_report(const char *what, double error, double allowed, const example_times *times)
{
    const int equal = error <= allowed;
    /* One graph per callable: a second one would mean that a run could not use what an earlier one had built. */
    const int rebuilt = times->recorded > EXAMPLE_MAX_FILES;
    printf("%s\n    %s: error %.3g, allowed %.3g, digest %016llx\n", what,
           equal ? "equals the golden result" : "WRONG RESULT", error, allowed, (unsigned long long)times->digest);
    print_times(times);
    if (times->results_differ)
        printf("    WRONG: runs have computed different bits\n");
    if (rebuilt)
        printf("    WRONG: the host has built the same graph again\n");
    return equal && !times->results_differ && !rebuilt ? EXIT_SUCCESS : EXIT_FAILURE;
}
