/* SPDX-License-Identifier: Apache-2.0 */
/* Counts itself in, then waits until `parties` kernels have: returns only if all of them run at the same time. */
#include "pauses.h"
#include "pto/kernel.h"

#ifdef PTO_TEST_THREAD_SANITIZER
/* Under the race detector every load takes a lock: dozens of threads that spin on one word starve each
 * other, and a thread that never calls the system gets no signals. */
#define MEET_PAUSE() pause_us(10)
#else
/* A chip has more cores than the machine has processors. */
#define MEET_PAUSE() pause_briefly()
#endif

PTO_KERNEL(args)
{
    int32_t *count = (int32_t *)pto_kernel_data(args, 0);
    const int32_t parties = (int32_t)args[1];
    __atomic_fetch_add(count, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < parties)
        MEET_PAUSE();
}
