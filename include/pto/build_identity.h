/* SPDX-License-Identifier: Apache-2.0 */
/** @file build_identity.h
 *  What a kernel or an orchestration was built with. It may include headers of pto-isa, which change on their own, and
 *  has to agree on some of their numbers with the library that runs it.
 *
 *  pto-isa-compile and `pto build` define PTO_BUILD_IDENTITY, as text such as
 *  "pto-isa sha256:93c4be0bb1a3a8c2 git:e19897e70c4f sdma:48". Each shared object that includes this header exports it
 *  then, and `pto_prepare`, `pto build` and `pto pack` refuse what does not fit together. kernel.h and orch.h include
 *  it. Freestanding. */
#ifndef PTO_BUILD_IDENTITY_H
#define PTO_BUILD_IDENTITY_H

#include "pto/base.h"

/** Name of the symbol that a shared object states its build identity with. */
#define PTO_BUILD_IDENTITY_SYMBOL "pto_build_identity"
/** What the symbol's bytes begin with; the identity follows, of at most PTO_MAX_BUILD_IDENTITY bytes, and a zero. */
#define PTO_BUILD_IDENTITY_PREFIX "PTO_BUILD_IDENTITY="
/** Bytes of a build identity, the final zero not counted. */
#define PTO_MAX_BUILD_IDENTITY 255u

/* Weak, because an object may be made of several sources. Programs of the host, which are given the same macro, define
 * PTO_NO_BUILD_IDENTITY_SYMBOL: what they export is theirs. */
#if defined(PTO_BUILD_IDENTITY) && !defined(PTO_NO_BUILD_IDENTITY_SYMBOL)
/** The statement of this object. */
PTO_EXTERN_C PTO_EXPORT __attribute__((weak)) const char pto_build_identity[];
const char pto_build_identity[] = PTO_BUILD_IDENTITY_PREFIX PTO_BUILD_IDENTITY;
#endif

#endif
