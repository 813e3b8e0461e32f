// SPDX-License-Identifier: Apache-2.0
#ifndef STREAM_POOL_H
#define STREAM_POOL_H

#include <cstdint>

/// Creates one stream; false when that fails.
using CreateStream = bool (*)(uint32_t channel);

/// Creates as many streams as the headers of pto-isa have channels, as the host must that lets kernels use them.
/// Returns how many there are.
uint32_t open_streams(CreateStream create);

/// Opens the channels of the library, which knows the number by its build identity. Returns how many streams it
/// created.
uint32_t open_channels();

#endif
