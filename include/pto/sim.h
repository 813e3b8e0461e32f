/* SPDX-License-Identifier: Apache-2.0 */
/** @file sim.h
 *  What kernels that are written against a CPU simulation of the vector and matrix instructions ask of the simulated
 *  chip that they run on. They look both functions up by name, with `dlsym(RTLD_DEFAULT, ...)`; `pto_open` sees to it
 *  that they are found, however the library was loaded. A program that holds the static library has to export them:
 *  link it with `-rdynamic`, as the library's pkg-config file says.
 *
 *  Both answer for the kernel that the calling thread runs. On a thread that runs none - the orchestration's, the host
 *  program's, one that a kernel has started itself - the answer is 0 and NULL. */
#ifndef PTO_SIM_H
#define PTO_SIM_H

#include "pto/base.h"

PTO_BEGIN_DECLS

/** `pto_global_context.sub_block_id` of the kernel on this thread; 0 outside of kernels. */
PTO_EXPORT uint32_t pto_sim_get_subblock_id(void);

/** Memory that the cores of one cluster share under a key, such as the state of a pipe between them. It is zero when a
 *  kernel of the cluster first asks for the key, keeps its address and its content from then on, from one kernel and
 * one run to the next, and is freed by `pto_close`. 4096-byte aligned. Any kernel may call this at any time, all at
 * once.
 *  @param size_bytes a later call for the same key may ask for less, or for more up to 1 MiB or what the first one
 *  asked for, whichever is larger: the address is the same, and what no call has asked for before is zero.
 *  @return NULL outside of kernels, for 0 bytes, for more than the key can have, and when host memory runs out. */
PTO_EXPORT void *pto_sim_get_pipe_shared_state(uint64_t key, size_t size_bytes);

PTO_END_DECLS

#endif
