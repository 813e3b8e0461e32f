/* SPDX-License-Identifier: Apache-2.0 */
/** @file comm_context.h
 *  What a kernel knows of the chips that it communicates with. It is given the device address of a `pto_comm_context`
 * as a scalar, and reads and writes the windows of all ranks by their addresses. Freestanding. */
#ifndef PTO_COMM_CONTEXT_H
#define PTO_COMM_CONTEXT_H

#include "pto/base.h"

#define PTO_COMM_MAX_RANKS 64u /**< Ranks of one communicator. */

/** One rank's view of a communicator, in its device memory. 1056 bytes. What other chips write at the same time is
 *  ordered by the kernels: who writes raises a flag with release, who waits for it reads it with acquire. */
typedef struct pto_comm_context {
    uint64_t workspace;                       /**< Device address of this rank's workspace; 0 without one. */
    uint64_t workspace_bytes;                 /**< Its size. */
    uint32_t rank;                            /**< This rank. */
    uint32_t rank_count;                      /**< Ranks that there are. */
    uint64_t window_bytes;                    /**< Size of each window. */
    uint64_t windows_in[PTO_COMM_MAX_RANKS];  /**< Address of each rank's window, 0 past the last. */
    uint64_t windows_out[PTO_COMM_MAX_RANKS]; /**< Address of each rank's second window, or again of its first. */
} pto_comm_context;

#endif
