// SPDX-License-Identifier: Apache-2.0
// What the tests' images and the tests say to each other.
#ifndef PTO_TEST_STANDIN_IMAGE_BLOCKS_HPP
#define PTO_TEST_STANDIN_IMAGE_BLOCKS_HPP

#include <cstdint>

namespace standin_test {

inline constexpr uint32_t kLeave = 0x7ffffff0;

struct alignas(64) ControlBlock {
    uint64_t a;
    uint64_t b;
    uint64_t sum;
    uint32_t arrived;
    uint32_t wanted;
    uint32_t core_count;
    uint32_t command_offset;
    uint32_t condition_offset;
    uint32_t gate_offset; ///< 0: there is none.
    uint64_t lines;       ///< Of CoreLine.
    uint64_t registers;   ///< Of the place 0,
    uint64_t stride;      ///< and from one place to the next.
};

/// Written by a core.
struct alignas(64) CoreLine {
    uint32_t physical;
    uint32_t place; ///< Of its registers, in windows of 1 MiB.
    uint32_t done;
    uint32_t value; ///< What its kernel was told.
};

enum : uint32_t { kCoreRuns = 0, kCoreFaults = 1, kCoreStays = 2, kCoreForgets = 3, kCoreHides = 4 };

struct alignas(64) CoreBlock {
    uint64_t lines;
    uint32_t arch; ///< 0: a2a3, 1: a5.
    uint32_t mode; ///< What the last core does.
    uint32_t core_count;
};

} // namespace standin_test

#endif
