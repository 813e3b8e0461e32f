// SPDX-License-Identifier: Apache-2.0
// The caches of the control CPUs, by pages: what the host has written shows its old content until the image executes
// `dc civac` on a line of the page, or writes to it. The instructions of a loaded image are replaced by undefined ones,
// whose signal does it.
#ifndef PTO_TEST_STANDIN_CONTROL_CACHE_HPP
#define PTO_TEST_STANDIN_CONTROL_CACHE_HPP

#include <cstdint>

namespace standin {

/// Once, before other threads. `is_modelled` false: memory is what it is, the functions below do nothing.
void open_cache(bool is_modelled, uint64_t memory, uint64_t memory_bytes);

/// Something is going to run, and may read everything. Called by the thread that calls age_cache().
void note_launch();

/// The host is going to write there: pages that it has written before the last launch are copies of what they are, from
/// now on.
void age_cache(uint64_t address, uint64_t bytes);

/// As an invalidation of every line of the range.
void refresh_cache(uint64_t address, uint64_t bytes);

/// A write has raised SIGSEGV: one to a copy is one to memory, where it can be tried again. False: it was none to a
/// copy.
bool write_through(uint64_t address);

/// Puts the model in the place of the maintenance instructions of a loaded image.
void watch_image(void *handle);

} // namespace standin

#endif
