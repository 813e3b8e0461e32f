// SPDX-License-Identifier: Apache-2.0
// What control CPUs and cores say to each other: one word each way, a line of memory per core in which they meet, and
// two payloads per core.
//
//   control CPU                                         core
//                                                       line: physical id, type; then `done`
//   sees `done`, writes the line's payload address,
//   opens the registers, command := kControlIdle
//                                                       sees a command, condition := kCoreIdle, reads the address
//   payload[token & 1], command := token
//                                                       condition := token, runs it, condition := token | kFinished
//   command := kExit
//                                                       condition := kCoreExited
//   command := kControlIdle, closes the registers
//
// Tokens of a core go up by one and never repeat within two thousand million tasks, so an answer is always that to the
// last command or recognised as another one. Two payloads take turns: while the core still looks at one, the next may
// be written.
#ifndef PTO_AICPU_CORE_PROTOCOL_H
#define PTO_AICPU_CORE_PROTOCOL_H

#include "aicpu/core/completion_slab.h"
#include "pto/firmware.h"

namespace pto::inline PTO_ARCH::aicpu {

inline constexpr uint32_t kFinished = 1u << 31;      ///< Bit of the condition: the kernel has returned.
inline constexpr uint32_t kCoreIdle = 0x7fffffff;    ///< Condition: has met the control CPUs, has run nothing.
inline constexpr uint32_t kCoreExited = 0x7ffffffe;  ///< Condition: has left its loop.
inline constexpr uint32_t kControlIdle = 0x7ffffffd; ///< Command: nothing to do.
inline constexpr uint32_t kExit = 0x7ffffff0;        ///< Command: leave the loop.
inline constexpr uint32_t kLastToken = 0x7fffffef;

inline constexpr uint32_t kFastPathOpen = 0xe;
inline constexpr uint32_t kFastPathClose = 0xf;

/// The token after `token`, which may be 0. Their lowest bits take turns throughout.
constexpr uint32_t next_token(uint32_t token)
{
    return token == kLastToken ? 2 : token + 1;
}
static_assert(kLastToken % 2 == 1);

/// One kernel to run. What the two sides write is in lines of its own.
struct alignas(64) CorePayload {
    // Written by the control CPU before the token, read by the core.
    uint64_t entry;
    uint32_t tensor_count; ///< Descriptors that the first words of `args` point to, one behind the other.
    uint32_t reserved;
    int64_t args[PTO_KERNEL_ARG_WORDS];
    pto_local_context local;
    pto_global_context global;

    /// Written by the core, read by the control CPU when it has finished.
    alignas(64) CompletionSlab completions;

    /// Bytes that the control CPU writes.
    static constexpr uint64_t kControlBytes = 512;
};
static_assert(offsetof(CorePayload, completions) == CorePayload::kControlBytes && sizeof(CorePayload) % 64 == 0);
static_assert(sizeof(pto_core_line) == 64 && offsetof(pto_core_line, payload) == 16);

} // namespace pto::inline PTO_ARCH::aicpu

#endif
