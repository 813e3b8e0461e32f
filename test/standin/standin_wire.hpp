// SPDX-License-Identifier: Apache-2.0
// What the stand-in's library in the host process and its two device processes say to each other, and where memory and
// registers lie. Compiled for the host's processor and for aarch64: layouts are the same on both.
#ifndef PTO_TEST_STANDIN_STANDIN_WIRE_HPP
#define PTO_TEST_STANDIN_STANDIN_WIRE_HPP

#include <cstddef>
#include <cstdint>

namespace standin {

enum class Arch : uint32_t { kA2a3 = 0, kA5 = 1 };

// ---- addresses: those of the device processes. In the host process nothing is there.

inline constexpr uint32_t kMaxDevices = 8;
inline constexpr uint64_t kMemoryBase = 0x124080000000;
inline constexpr uint64_t kMemoryStride = uint64_t{64} << 30; ///< From one device's memory to the next one's.
inline constexpr uint64_t kRegisterBase = 0x1f0000000000;
inline constexpr uint64_t kRegisterStride = uint64_t{4} << 30;
inline constexpr uint64_t kControlWindow = 0; ///< Offsets in a device's registers.
inline constexpr uint64_t kCounterWindow = uint64_t{1} << 30;
inline constexpr uint64_t kSyncWindow = uint64_t{2} << 30;
inline constexpr uint64_t kRegisterBytes = uint64_t{3} << 30;

inline uint64_t memory_base(uint32_t device)
{
    return kMemoryBase + device * kMemoryStride;
}
inline uint64_t register_base(uint32_t device)
{
    return kRegisterBase + device * kRegisterStride;
}

// ---- cores

inline constexpr uint32_t kLanes = 3; ///< AIC, AIV, AIV.
inline constexpr uint64_t kLaneBytes = uint64_t{1} << 20;

struct Chip {
    uint32_t physical_clusters;
    uint32_t usable_clusters;
    uint32_t absent_cluster; ///< A physical one that is not there.
    uint32_t physical_cores;
    uint64_t cluster_bytes; ///< Of registers.
    uint32_t command_offset;
    uint32_t condition_offset;
    uint32_t gate_offset;     ///< Of the register that opens the others; kNone: they are always open.
    uint32_t control_workers; ///< User CPUs, of which each has one thread of the vendor's pool.
    uint64_t control_cpus;    ///< Which they are.
    uint64_t told_cpus;       ///< What the host is told about them.
};

inline constexpr uint32_t kNone = 0xffffffff;
inline constexpr uint32_t kGateOpen = 0xE;

inline Chip chip_of(Arch arch)
{
    if (arch == Arch::kA2a3)
        return {25, 24, 7, 75, uint64_t{8} << 20, 0xA0, 0x4C8, 0x18, 6, 0xfc, 0xfc};
    return {36, 36, kNone, 108, kLanes * kLaneBytes, 0xD0, 0x5108, kNone, 14, 0xfffc, 0x3};
}

inline uint32_t physical_id(Arch arch, uint32_t cluster, uint32_t lane)
{
    if (arch == Arch::kA2a3)
        return lane == 0 ? cluster : 25 + 2 * cluster + (lane - 1);
    const uint32_t die = cluster / 18;
    const uint32_t place = cluster % 18;
    return 54 * die + (lane == 0 ? place : 18 + 2 * place + (lane - 1));
}

/// Where in the control window the registers of a core begin.
inline uint64_t register_offset(const Chip &chip, uint32_t cluster, uint32_t lane)
{
    return cluster * chip.cluster_bytes + lane * kLaneBytes;
}

/// Physical cluster that runs a block of a launch. Not the identity, so that nobody takes one for the other.
inline uint32_t cluster_of_block(const Chip &chip, uint32_t block)
{
    uint32_t cluster = chip.physical_clusters - 1 - block;
    if (chip.absent_cluster != kNone && cluster <= chip.absent_cluster)
        cluster--;
    return cluster;
}

// ---- messages

/// Descriptors that a device process finds open.
enum File : int { kLinkFile = 3, kMemoryFile = 4, kRegisterFile = 5, kFilesystemFile = 6 };

enum class Verb : uint32_t {
    kReady = 1,    ///< Device: it serves. `result`: 1: its filesystem is its own.
    kLaunch = 2,   ///< Host: run `kernel` of `so`, or the image `value`, in `blocks` blocks.
    kDone = 3,     ///< Device: what the host asked for under this ticket is over.
    kFault = 4,    ///< Cores: the launch of this ticket ran into a fault, `text` says where.
    kSnapshot = 5, ///< Host: it is going to write `bytes` at `address`.
    kRegister = 6, ///< Host: `bytes` of a core image lie at `address`. The answer's `value` is its number.
    kHang = 7,     ///< Host: the core of block `blocks`, lane `value`, hangs from its next launch on.
    kRestart = 8,  ///< Host: the one-image latch was closed by an earlier process.
    kGone = 9,     ///< The link itself: the process has ended, `text` says how.
    kNote = 10,    ///< Device: adds `value` to the total `text`, or, with `flags`, `text` is a violation.
};

enum : uint32_t {
    kBootstrap = 1,    ///< A launch of the vendor's own kernel that loads the dispatcher.
    kArgsOnDevice = 2, ///< The arguments are where `address` says.
};

inline constexpr uint32_t kMaxArgBytes = 4096;
inline constexpr uint32_t kMaxSoName = 100;
inline constexpr uint32_t kMaxKernelName = 200;

struct Message {
    Verb verb;
    uint32_t ticket;
    int32_t result;
    uint32_t blocks;
    uint64_t address;
    uint64_t bytes;
    uint64_t value;
    uint32_t flags;
    uint32_t arg_bytes;
    char so[128];
    char kernel[256];
    char text[256];
    uint8_t args[kMaxArgBytes];
};

} // namespace standin

#endif
