/* SPDX-License-Identifier: Apache-2.0 */
/** @file base.h
 *  Linkage and compiler words that the other headers use. Freestanding: needs no C library. */
#ifndef PTO_BASE_H
#define PTO_BASE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

#define PTO_EXPORT                            __attribute__((visibility("default")))
#define PTO_ALIGNED(bytes)                    __attribute__((aligned(bytes)))
#define PTO_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#define PTO_UNUSED                            __attribute__((unused))

#endif
