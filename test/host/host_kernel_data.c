/* SPDX-License-Identifier: Apache-2.0 */
/* Exports something else under the name of a kernel's entry. */
#include "pto/base.h"

extern PTO_EXPORT const int64_t kernel_entry[4];
const int64_t kernel_entry[4] = {1, 2, 3, 4};
