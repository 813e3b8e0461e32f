// SPDX-License-Identifier: Apache-2.0
// What holds for the loader whatever file it is given, sound or not.
#ifndef PTO_TEST_ELF_LOADER_PROPERTIES_HPP
#define PTO_TEST_ELF_LOADER_PROPERTIES_HPP

#include "aicpu/elf/elf_loader.h"

#include <cstddef>
#include <cstdint>

namespace pto::test {

/// How a file is loaded.
struct LoadMode {
    aicpu::elf::Machine machine;
    uint32_t page_bytes;
    bool is_protected;      ///< There is a hook that changes protections.
    uint32_t refused_calls; ///< Bit n: the n-th call of it in a load is refused.
};

/// What came of it.
struct LoadOutcome {
    pto_status status;
    char message[192];
    uint32_t found; ///< Symbols of the image that were found by their names.
};

/// The mode that a file chooses by its machine and its last byte, which linkers leave zero.
LoadMode mode_of(const uint8_t *data, std::size_t size);

/// Loads, looks every symbol up and unloads, twice, into memory with different content, and ends the process with a
/// text when something does not hold:
/// - Nothing is written outside the loader's memory; the file stays as it is.
/// - Statuses are the documented ones; there is a message exactly when the load fails.
/// - After a failure, and after unloading, all memory is free and writable; if the hook refused that, it is kept.
/// - Constants and code are those of the file. No page is executable but those of code, no constant is writable.
/// - What is found lies in the image, functions in code. Names that are not there are not found.
/// - The second time everything is as the first time, whatever was in memory before.
LoadOutcome check_loader(const uint8_t *data, std::size_t size, const LoadMode &mode);

} // namespace pto::test

#endif
