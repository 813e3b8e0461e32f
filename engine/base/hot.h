// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_BASE_HOT_H
#define PTO_ENGINE_BASE_HOT_H

/// Marks a step of the path that every task takes. Such steps are small, are called from one place or two, and saving
/// registers around a call costs about as much as one of them does. Where code is to be small, each is there once.
#ifdef __OPTIMIZE_SIZE__
#define PTO_HOT inline
#define PTO_INLINED
#else
#define PTO_HOT     inline PTO_INLINED
#define PTO_INLINED __attribute__((always_inline)) // for lambdas
#endif

#endif
