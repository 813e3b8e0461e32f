/* SPDX-License-Identifier: Apache-2.0 */
/** @file callable.h
 *  Callables: one orchestration and its kernels, in memory or as a `.pto` image. */
#ifndef PTO_CALLABLE_H
#define PTO_CALLABLE_H

#include "pto/kernel.h"
#include "pto/orch.h"
#include "pto/status.h"

/** Where an argument of a run travels, when it is in host memory. Device-resident tensors pass through. */
enum pto_direction_code {
    PTO_SCALAR_ARG = 0, /**< A 64-bit value. */
    PTO_DIR_IN = 1,     /**< Copied to the device before the run. */
    PTO_DIR_OUT = 2,    /**< Copied to the host after the run. */
    PTO_DIR_INOUT = 3   /**< Both. */
};

#define PTO_ANY_DTYPE 255u /**< `pto_param.dtype`: every dtype is accepted. */
#define PTO_MAX_NAME  63u  /**< Bytes of a name in an image, the final zero not counted. */

/** Who builds the task graphs of a callable. Results are the same. */
enum pto_graph_builder_code {
    /** The executor, while the graph runs: every run orchestrates. */
    PTO_DEVICE_BUILT = 0,
    /** The host, ahead of the run: a run with the shapes and values of an earlier one replays its graph and does not
     *  orchestrate; `pto_log` lines then do not appear. The orchestration must not depend on addresses or on anything
     *  but its arguments. */
    PTO_HOST_BUILT = 1
};

/** One parameter of the signature. */
typedef struct pto_param {
    uint8_t direction; /**< One of `enum pto_direction_code`. */
    pto_dtype dtype;   /**< Of a tensor; PTO_ANY_DTYPE accepts all. */
    uint8_t ndims;     /**< Rank of a tensor; 0 accepts all. */
    uint8_t reserved;
    const char *name; /**< For messages and tools; NULL is fine. */
} pto_param;

/** One kernel. */
typedef struct pto_kernel {
    uint32_t func_id;   /**< What tasks call it, 0..PTO_MAX_FUNC_IDS-1, unique in the callable. */
    uint32_t core_type; /**< One of `enum pto_core_type_code`. */
    const char *name;   /**< For messages and tools; NULL is fine. */
    const void *image;  /**< Shared object with `kernel_entry`. */
    size_t image_bytes; /**< Size of `image`. */
} pto_kernel;

/** A callable, all of it borrowed: nothing of it is needed after `pto_prepare` or `pto_image_pack` returns. */
typedef struct pto_callable {
    uint32_t struct_size;  /**< sizeof(pto_callable) */
    uint32_t param_count;  /**< At most PTO_MAX_RUN_TENSORS tensors and PTO_MAX_RUN_SCALARS scalars. */
    uint32_t kernel_count; /**< Entries of `kernels`. */
    uint32_t builder;      /**< One of `enum pto_graph_builder_code`; not part of an image. */
    uint32_t graph_limit;  /**< Host-built graphs to keep; the least recently used one leaves. 0: 16. */
    uint32_t reserved;
    const char *name;          /**< For messages and tools; NULL is fine. */
    const char *arch;          /**< Arch that the images are for, such as "a2a3"; NULL: the context's. */
    const char *orch_entry;    /**< Symbol of the orchestration: what PTO_ORCHESTRATION exports, or a function in the
                                    dialect of pto/compat. */
    const char *orch_config;   /**< Symbol of the function that configures an entry in that dialect; NULL: its default
                                    name, if there is such a function. */
    const void *orch_image;    /**< Shared object of the orchestration. */
    size_t orch_image_bytes;   /**< Size of `orch_image`. */
    const pto_param *params;   /**< The signature. */
    const pto_kernel *kernels; /**< In any order. */
    /** What the images were built with, as pto/build_identity.h has it; NULL: what they state themselves. They and the
     *  library have to agree as far as they state anything. */
    const char *build_identity;
} pto_callable;

/** A callable of nothing, with its size. */
#define PTO_CALLABLE_INIT                                                                                              \
    {                                                                                                                  \
        sizeof(pto_callable), 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL                         \
    }

/** A callable that was read from an image. */
typedef struct pto_image pto_image;

/** What went wrong with an image. */
typedef struct pto_image_error {
    char message[192]; /**< Names the offset or field; always zero-terminated. */
} pto_image_error;

/** What a packed ChipCallable does not say of itself; borrowed for the call. */
typedef struct pto_import_options {
    uint32_t struct_size; /**< sizeof(pto_import_options) */
    uint32_t reserved;
    const char *name; /**< Of the callable; NULL: that of its entry. */
    const char *arch; /**< Arch that its shared objects are for; NULL: any. */
} pto_import_options;

/** Options that say nothing, with their size. */
#define PTO_IMPORT_OPTIONS_INIT                                                                                        \
    {                                                                                                                  \
        sizeof(pto_import_options), 0, NULL, NULL                                                                      \
    }

PTO_BEGIN_DECLS

/** Serializes a callable.
 *  @param out_bytes receives a block of `*out_size` bytes, the caller's: release it with `pto_image_free_bytes`.
 *  @param error may be NULL.
 *  @return PTO_ERROR_INVALID_ARGUMENT, PTO_ERROR_INVALID_IMAGE (a contradiction in the callable),
 *  PTO_ERROR_INCOMPATIBLE_IMAGE (its parts were built with different headers), PTO_ERROR_OUT_OF_HOST_MEMORY.
 *  On failure the outputs are NULL and 0. Thread-safe. */
PTO_EXPORT pto_status pto_image_pack(const pto_callable *callable, void **out_bytes, size_t *out_size,
                                     pto_image_error *error);

/** Releases what `pto_image_pack` made; NULL is fine. */
PTO_EXPORT void pto_image_free_bytes(void *bytes);

/** Parses an image. Every offset, size and count is checked before anything is used; the bytes are copied, so they stay
 *  the caller's. `*out_image` is the caller's: `pto_image_close`. PTO_ERROR_INVALID_IMAGE, PTO_ERROR_INCOMPATIBLE_IMAGE
 *  (another format or ABI version, parts that were built with different headers), PTO_ERROR_OUT_OF_HOST_MEMORY.
 * Thread-safe. */
PTO_EXPORT pto_status pto_image_open(const void *bytes, size_t size, pto_image **out_image, pto_image_error *error);

/** `pto_image_open` on the content of a file. Also PTO_ERROR_SYSTEM. */
PTO_EXPORT pto_status pto_image_open_file(const char *path, pto_image **out_image, pto_image_error *error);

/** Makes an image of a packed ChipCallable, the form in which other tools of this family of chips hand over an
 *  orchestration and its kernels. Parameters accept every dtype and rank, kernels are of PTO_CORE_ANY, the function
 * name is the entry and the configuration's name `orch_config`. Every offset, size and count is checked before anything
 * is used; the bytes are copied, so they stay the caller's.
 *  @param options may be NULL.
 *  @param out_image receives the image, the caller's: `pto_image_close`. NULL on failure.
 *  @param error may be NULL.
 *  @return PTO_ERROR_INVALID_ARGUMENT, PTO_ERROR_INVALID_IMAGE, PTO_ERROR_INCOMPATIBLE_IMAGE (parts that were built
 * with different headers), PTO_ERROR_OUT_OF_HOST_MEMORY. Thread-safe. */
PTO_EXPORT pto_status pto_image_import(const void *bytes, size_t size, const pto_import_options *options,
                                       pto_image **out_image, pto_image_error *error);

/** The callable in an image; valid until the image is closed. */
PTO_EXPORT const pto_callable *pto_image_callable(const pto_image *image);

/** Text of the build identity that the image carries: format, ABI, arch, compiler and, if it
 *  states any, the headers that it was built with, one "name: value" per line.
 *  Valid until the image is closed. */
PTO_EXPORT const char *pto_image_identity(const pto_image *image);

/** Releases an image; NULL is fine. Callables prepared from it are not touched. */
PTO_EXPORT void pto_image_close(pto_image *image);

PTO_END_DECLS

#endif
