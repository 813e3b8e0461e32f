// SPDX-License-Identifier: Apache-2.0
#include "control_cache.hpp"

namespace standin {

void open_cache(bool) {}
void age_cache(uint64_t, uint64_t) {}
void refresh_cache(uint64_t, uint64_t) {}
void write_cache_back() {}
void watch_image(void *) {}

} // namespace standin
