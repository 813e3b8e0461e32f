/* SPDX-License-Identifier: Apache-2.0 */
/* A program on its way: loaded, run, compared with its earlier runs, printed. */
#ifndef RUNNER_H
#define RUNNER_H

#include "programs.h"

typedef struct loaded_program {
    const program *what;
    pto_firmware_kernel kernels[PROGRAM_MAX_KERNELS];
    void *handles[PROGRAM_MAX_KERNELS];
    pto_tensor tensors[PROGRAM_MAX_TENSORS];
    uint64_t digest; /* Of the results of the first run. */
    uint32_t runs;
    pto_firmware_result last;
} loaded_program;

/** Device memory, handed out once. */
typedef struct memory_range {
    uint8_t *begin;
    uint8_t *end;
} memory_range;

/** Loads the kernels and the orchestration, the latter under `id`, and takes memory for the tensors. 1: done; else what
 * is wrong has been printed. */
int runner_load(pto_firmware *firmware, const pto_loader *kernel_loader, memory_range *memory, int32_t id,
                loaded_program *out);

/** Runs it once, on fresh inputs. 1: it succeeded, with the bits of the first run. */
int runner_run(pto_firmware *firmware, int32_t id, loaded_program *loaded);

/** Prints all results of the last run, every bit of them. */
void runner_print(const loaded_program *loaded);

/** Undoes the load. */
void runner_unload(pto_firmware *firmware, const pto_loader *kernel_loader, int32_t id, loaded_program *loaded);

#endif
