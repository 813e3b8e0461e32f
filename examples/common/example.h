/* SPDX-License-Identifier: Apache-2.0 */
/* What the examples share: the command line, failing loudly, the times and results of the runs, the report. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include "pto/pto.h"

#define EXAMPLE_MAX_FILES 2
#define EXAMPLE_MAX_RUNS  201 /* The first one and 200 more. */

typedef struct example_options {
    const char *arch; /* NULL: the library's first. */
    uint32_t builder; /* For pto_callable.builder. */
    const char *files[EXAMPLE_MAX_FILES];
} example_options;

typedef struct example_times {
    uint32_t count;
    uint32_t recorded; /* Runs that built their graph on the host, */
    uint32_t replayed; /* and those that used one built before. */
    uint32_t results;
    int results_differ;
    uint64_t digest; /* Of the first result. */
    uint64_t tasks;
    uint64_t total_ns[EXAMPLE_MAX_RUNS];
} example_times;

PTO_BEGIN_DECLS

/* Reads `[--arch NAME] [--host-built] [--image] FILE...`; `usage` names the `file_count` files. Exits with a message
 * when they are not there. */
example_options example_parse(int argc, char **argv, int file_count, const char *usage);

/* The image in a file, for pto_image_close; exits with a message when it is none. */
pto_image *example_image(const char *path);

/* Ends the program with the library's message when a call has failed. */
#define EXAMPLE_CHECK(call) example_check((call), #call)
void example_check(pto_status status, const char *call);

/* Takes down a run's time and tasks, and where its graph came from. */
void example_record(example_times *times, const pto_run_result *result);

/* Takes down what a run has computed: every run must compute the same bits. */
void example_result(example_times *times, const void *bytes, size_t size_bytes);

/* Whether to run again: 0 after 200 repetitions or half a second, but not before the third run. */
int example_again(const example_times *times);

/* The larger error; not-a-number is the worst of all. */
double example_worse(double error, double other);

/* Prints the verdict, the digest of the results and the times; returns the exit code of the program. */
int example_report(const char *what, double error, double allowed, const example_times *times);

PTO_END_DECLS

#endif
