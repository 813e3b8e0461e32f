/* SPDX-License-Identifier: Apache-2.0 */
/* What orchestrations for firmware and the program that runs them agree on. */
#ifndef PTO_TEST_FIRMWARE_FUNCS_H
#define PTO_TEST_FIRMWARE_FUNCS_H

/* Kernels by func id. */
enum {
    FUNC_AFFINE,        /* AIV: out = in * scalar 0 + scalar 1 */
    FUNC_AFFINE_MATRIX, /* AIC: the same */
    FUNC_SUM,           /* AIV: out[0] = sum of in */
    FUNC_ADD,           /* AIV: out[0] = a[0] + b[0] */
    FUNC_TWICE,         /* AIC lane of a MIX task: second tensor = twice the first */
    FUNC_SQUARE,        /* AIV lane of a MIX task: third tensor = square of the first */
    FUNC_COUNT
};

#define WIDE_REAL 12345.678L

enum { TREE_LEAVES = 64, FATAL_CODE = 42 };

#endif
