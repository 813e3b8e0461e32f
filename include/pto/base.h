/* SPDX-License-Identifier: Apache-2.0 */
/** @file base.h
 *  Linkage and compiler words that the other headers use. Freestanding: needs no C library. */
#ifndef PTO_BASE_H
#define PTO_BASE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/** @def PTO_EXTERN_C
 *  Begins a declaration with C linkage. */
/** @def PTO_BEGIN_DECLS
 *  Opens a block of declarations with C linkage. */
/** @def PTO_END_DECLS
 *  Closes the block. */
/** @def PTO_ZERO
 *  Initializer that zeroes a struct. */
#ifdef __cplusplus
#define PTO_EXTERN_C    extern "C"
#define PTO_BEGIN_DECLS extern "C" {
#define PTO_END_DECLS   }
#define PTO_ZERO                                                                                                       \
    {                                                                                                                  \
    }
#else
#define PTO_EXTERN_C extern
#define PTO_BEGIN_DECLS
#define PTO_END_DECLS
#define PTO_ZERO                                                                                                       \
    {                                                                                                                  \
        0                                                                                                              \
    }
#endif

/** Visible outside of the shared object. */
#define PTO_EXPORT __attribute__((visibility("default")))
/** Alignment of a type or an object. */
#define PTO_ALIGNED(bytes) __attribute__((aligned(bytes)))
/** Lets the compiler check a format against its values; indices from 1. */
#define PTO_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
/** Need not be used. */
#define PTO_UNUSED __attribute__((unused))

#endif
