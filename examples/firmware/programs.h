/* SPDX-License-Identifier: Apache-2.0 */
/* What the image runs: callables of the other examples, as shared objects in the image, and their arguments. */
#ifndef PROGRAMS_H
#define PROGRAMS_H

#include "pto/firmware.h"

/** A file in the image. */
typedef struct blob {
    const uint8_t *begin;
    const uint8_t *end;
} blob;

/** Symbols that embed.py defines for the file NAME, and a blob of them. */
#define EMBEDDED(name) extern const uint8_t embedded_##name[], embedded_##name##_end[]
#define BLOB(name)                                                                                                     \
    {                                                                                                                  \
        embedded_##name, embedded_##name##_end                                                                         \
    }

enum { PROGRAM_MAX_KERNELS = 6, PROGRAM_MAX_TENSORS = 6, PROGRAM_MAX_SCALARS = 1 };

typedef struct program_kernel {
    const char *name;
    blob image;
    uint32_t core_types;
} program_kernel;

typedef struct program_tensor {
    const char *name;
    pto_dtype dtype;
    uint32_t ndims;
    uint32_t shape[4];
    blob input;        /**< What it begins with; none: all bits set, so that what no kernel writes is seen. */
    int32_t is_result; /**< Printed after the runs, and the same after every one of them. */
} program_tensor;

typedef struct program {
    const char *name;
    const char *entry; /**< Symbol of the orchestration. */
    blob orch;
    uint32_t kernel_count, tensor_count, scalar_count;
    program_kernel kernels[PROGRAM_MAX_KERNELS]; /**< By func id. */
    program_tensor tensors[PROGRAM_MAX_TENSORS];
    uint64_t scalars[PROGRAM_MAX_SCALARS];
} program;

enum { PROGRAM_COUNT = 6 };
extern const program programs[PROGRAM_COUNT];

#endif
