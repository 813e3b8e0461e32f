// SPDX-License-Identifier: Apache-2.0
// A core image in the process of the cores.
#ifndef PTO_TEST_STANDIN_CORE_IMAGE_HPP
#define PTO_TEST_STANDIN_CORE_IMAGE_HPP

#include <cstdint>
#include <string>

namespace standin {

struct CoreImage {
    void (*matrix)(uint64_t) = nullptr; ///< `<name>_0_mix_aic`
    void (*vector)(uint64_t) = nullptr; ///< `<name>_0_mix_aiv`
};

/// Loads an ELF file from memory and finds its two entries; returns what is wrong with it, or nothing.
std::string load_core_image(const void *bytes, uint64_t size, CoreImage *out);

} // namespace standin

#endif
