// SPDX-License-Identifier: Apache-2.0
#ifndef USER_OFFSET_H
#define USER_OFFSET_H

constexpr float kOffset = 1;

#endif
