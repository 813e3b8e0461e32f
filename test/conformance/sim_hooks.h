/* SPDX-License-Identifier: Apache-2.0 */
/* How kernels find the functions of the simulated chip: by name, as those of other projects do. */
#ifndef PTO_TEST_CONFORMANCE_SIM_HOOKS_H
#define PTO_TEST_CONFORMANCE_SIM_HOOKS_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t (*subblock_hook)(void);
typedef void *(*state_hook)(uint64_t key, size_t size);

static inline subblock_hook find_subblock_hook(void)
{
    return (subblock_hook)(uintptr_t)dlsym(RTLD_DEFAULT, "pto_sim_get_subblock_id");
}

static inline state_hook find_state_hook(void)
{
    return (state_hook)(uintptr_t)dlsym(RTLD_DEFAULT, "pto_sim_get_pipe_shared_state");
}

/* Under the race detector threads that spin on one word starve each other, and one that never calls the system gets no
 * signals. Everywhere else these kernels spin without any call. */
#ifdef PTO_TEST_THREAD_SANITIZER
#include <unistd.h>
#define SPIN_PAUSE() usleep(10)
#else
#define SPIN_PAUSE() ((void)0)
#endif

#endif
