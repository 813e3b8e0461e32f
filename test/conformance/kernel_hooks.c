/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for the functions of the simulated chip in every way. Writes to tensor 0, int64: words of hooks_report. Scalars:
 * key, size, size of a second call, address of a function of the test to call in between, or 0. */
#include "hooks_report.h"
#include "pto/kernel.h"
#include "sim_hooks.h"

#include <pthread.h>

static void *ask_elsewhere(void *found)
{
    int64_t *report = (int64_t *)found;
    const state_hook shared = find_state_hook();
    report[REPORT_THREAD_SUB_BLOCK] = find_subblock_hook()();
    report[REPORT_THREAD_STATE] = (int64_t)(intptr_t)shared(1, 64);
    return NULL;
}

PTO_KERNEL(args)
{
    int64_t *report = (int64_t *)pto_kernel_data(args, 0);
    const subblock_hook subblock = find_subblock_hook();
    const state_hook shared = find_state_hook();
    const uint64_t key = (uint64_t)args[1];
    pthread_t thread;
    unsigned char *first;
    unsigned char *second;
    size_t i;
    report[REPORT_FOUND] = subblock != NULL && shared != NULL;
    if (!report[REPORT_FOUND])
        return;
    first = (unsigned char *)shared(key, (size_t)args[2]);
    report[REPORT_FIRST] = (int64_t)(intptr_t)first;
    if (first != NULL)
        report[REPORT_COUNT] = ++first[0];
    second = (unsigned char *)shared(key, (size_t)args[3]);
    report[REPORT_SECOND] = (int64_t)(intptr_t)second;
    report[REPORT_REST] = 0;
    for (i = 1; second != NULL && i < (size_t)args[3]; i++)
        report[REPORT_REST] += second[i];
    if (args[4] != 0)
        ((void (*)(void))(uintptr_t)args[4])();
    report[REPORT_SUB_BLOCK] = subblock();
    report[REPORT_AGAIN] = (int64_t)(intptr_t)shared(key, (size_t)args[2]);
    if (args[4] == 0 && pthread_create(&thread, NULL, ask_elsewhere, report) == 0)
        pthread_join(thread, NULL);
}
