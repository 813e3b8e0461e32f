// SPDX-License-Identifier: Apache-2.0
// The caches of the control CPUs: pages that the host has written show their old content until the image invalidates.
#ifndef PTO_TEST_STANDIN_CONTROL_CACHE_HPP
#define PTO_TEST_STANDIN_CONTROL_CACHE_HPP

#include <cstdint>

namespace standin {

/// Once, before other threads: without it the functions below do nothing.
void open_cache(bool is_modelled);

/// The host is going to write there: from now on the pages are copies of what they are.
void age_cache(uint64_t address, uint64_t bytes);

/// As an invalidation of every line of the range.
void refresh_cache(uint64_t address, uint64_t bytes);

/// Lines that were written since get to memory, as they do at some time without being asked to.
void write_cache_back();

/// Puts what models a cache in the place of the maintenance instructions of a loaded image.
void watch_image(void *handle);

} // namespace standin

#endif
