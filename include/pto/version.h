/* SPDX-License-Identifier: Apache-2.0 */
/** @file version.h
 *  Version of the headers. `pto_version()` gives that of the library, which may differ when it is a shared one. */
#ifndef PTO_VERSION_H
#define PTO_VERSION_H

#define PTO_VERSION_MAJOR  0       /**< Counts incompatible changes. */
#define PTO_VERSION_MINOR  1       /**< Counts additions. */
#define PTO_VERSION_PATCH  0       /**< Counts corrections. */
#define PTO_VERSION_STRING "0.1.0" /**< All three. */

/** Version of everything that an orchestration or a kernel sees: descriptors, tables, contexts. Images built for
 *  another number are refused by name. */
#define PTO_ABI_VERSION 3u

#endif
