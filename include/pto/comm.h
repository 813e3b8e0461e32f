/* SPDX-License-Identifier: Apache-2.0 */
/** @file comm.h
 *  Communication between chips of one process: memory of each that kernels of all can address. */
#ifndef PTO_COMM_H
#define PTO_COMM_H

#include "pto/comm_context.h"
#include "pto/pto.h"

#define PTO_MAX_COMMUNICATORS 64 /**< Communicators of one process at once. */

/** A communicator. A handle, never a pointer to memory: it is recognised as invalid once it has ended. */
typedef struct pto_comm pto_comm;

/** What a communicator is made of. */
typedef struct pto_comm_options {
    uint32_t struct_size;         /**< sizeof(pto_comm_options) */
    uint32_t rank_count;          /**< Entries of `contexts`: 2 .. PTO_COMM_MAX_RANKS. */
    pto_context *const *contexts; /**< Rank i is the i-th; each context once. Borrowed during the call. */
    uint64_t window_bytes;        /**< Size of each window, not 0. */
    uint64_t workspace_bytes;     /**< Size of each rank's workspace; 0: there is none. */
    uint32_t has_out_windows;     /**< Not 0: `windows_out` are windows of their own. Else they are `windows_in`. */
    uint32_t reserved;
} pto_comm_options;

/** No ranks; to be filled in. */
#define PTO_COMM_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(pto_comm_options), 0, NULL, 0, 0, 0, 0                                                                  \
    }

/** What one rank has of a communicator: addresses in the memory of its chip, of live allocations that the communicator
 *  owns. A tensor of a run may lie in them; `pto_free` refuses them. */
typedef struct pto_comm_rank {
    uint32_t struct_size;     /**< sizeof(pto_comm_rank), set by the caller. */
    uint32_t rank;            /**< Which it is. */
    uint64_t context_address; /**< Of its `pto_comm_context`: a scalar for kernels. */
    uint64_t window_in;       /**< Of its window. */
    uint64_t window_out;      /**< Of its second window, or again of its first. */
    uint64_t window_bytes;    /**< Size of each. */
    uint64_t workspace;       /**< Of its workspace; 0 without one. */
} pto_comm_rank;

/** A rank to fill in. */
#define PTO_COMM_RANK_INIT                                                                                             \
    {                                                                                                                  \
        sizeof(pto_comm_rank), 0, 0, 0, 0, 0, 0                                                                        \
    }

PTO_BEGIN_DECLS

/** Makes open chips ranks of a communicator: allocates in each of them what `pto_comm_rank` lists, all of it zero, and
 *  tells each of them about all. All ranks or none: when one fails, nothing is left on the others, and the last error
 *  names the rank and the cause. The chips go on being independent otherwise, and may be members of several
 *  communicators. Any thread; does not wait for runs.
 *  @param out_comm receives the communicator, the caller's until `pto_comm_destroy` or until `pto_close` of one of its
 *  members; NULL on failure.
 *  @return PTO_ERROR_INVALID_ARGUMENT (counts, sizes, a context twice), PTO_ERROR_INVALID_HANDLE (a context is not
 *  open), PTO_ERROR_DEVICE_FAULTED, PTO_ERROR_OUT_OF_DEVICE_MEMORY, PTO_ERROR_OUT_OF_HOST_MEMORY, PTO_ERROR_SYSTEM,
 *  PTO_ERROR_UNSUPPORTED (there are PTO_MAX_COMMUNICATORS; a context of the target "onboard"). */
PTO_EXPORT pto_status pto_comm_create(const pto_comm_options *options, pto_comm **out_comm);

/** Where a rank's memory is. Any thread; does not block.
 *  @param out_rank `struct_size` must be set.
 *  @return PTO_ERROR_INVALID_HANDLE, PTO_ERROR_INVALID_ARGUMENT (there is no such rank). */
PTO_EXPORT pto_status pto_comm_get_rank(pto_comm *comm, uint32_t rank, pto_comm_rank *out_rank);

/** Ends a communicator and frees its memory on all chips, after all runs that were submitted to any of them before: a
 *  kernel of one may use the windows of all. A run that comes later must not use them. `pto_close` of a member does the
 *  same first, so closing waits for the runs of the other members too. Any thread. NULL and handles that have ended do
 *  nothing. */
PTO_EXPORT void pto_comm_destroy(pto_comm *comm);

PTO_END_DECLS

#endif
