// SPDX-License-Identifier: Apache-2.0
// The blocks that host and executor exchange: one goes in with each run, one comes out. Fixed-width types and device
// addresses only; magic and version are checked by whoever reads.
#ifndef PTO_ENGINE_WIRE_RUN_BLOCKS_H
#define PTO_ENGINE_WIRE_RUN_BLOCKS_H

#include "pto/status.h"

#include <cstddef>
#include <cstdint>

namespace pto::wire {

inline constexpr uint32_t kLaunchMagic = 0x4e55414c; // "LAUN"
inline constexpr uint32_t kReportMagic = 0x4f504552; // "REPO"
inline constexpr uint32_t kBlockVersion = 1;

/// One entry of a callable's kernel table, which is indexed by func id.
struct KernelEntry {
    uint64_t entry;     ///< Device address of the code; 0: the callable has no such kernel.
    uint32_t core_type; ///< enum pto_core_type_code
    uint32_t reserved;
};
static_assert(sizeof(KernelEntry) == 16);

/// In: what to run.
struct LaunchBlock {
    uint32_t magic;
    uint32_t version;
    int32_t callable_id;
    uint32_t kernel_count; ///< Entries of the kernel table.
    uint64_t kernels;      ///< Address of the kernel table.
    uint64_t args;         ///< Address of the args image.
    uint64_t args_bytes;
};
static_assert(sizeof(LaunchBlock) == 40 && offsetof(LaunchBlock, kernels) == 16);

/// Limits that a run can reach, named in errors.
enum class Resource : uint32_t {
    kNone,
    kTaskSlots,
    kTaskPayload,
    kHeap,
    kBuffers,
    kMapNodes,
    kReaders,
    kEdges,
    kScopes,
};

/// The first error of a run, as far as the device knows it.
struct ErrorRecord {
    pto_status status;
    int32_t func_id; ///< -1: none
    int32_t core;    ///< -1: none
    Resource resource;
    int64_t detail; ///< Code of an explicit fatal.
    uint64_t task;  ///< Ordinal in the run; UINT64_MAX: none
    uint64_t needed;
    uint64_t available;
    char message[192];
};
static_assert(sizeof(ErrorRecord) == 240 && offsetof(ErrorRecord, message) == 48);

/// Out: what came of it.
struct ReportBlock {
    uint32_t magic;
    uint32_t version;
    uint64_t tasks;
    uint64_t kernels;
    uint64_t edges;
    uint64_t peak_heap_bytes;
    uint32_t peak_tasks;
    uint32_t peak_edges;
    uint32_t peak_map_entries;
    uint32_t peak_scope_depth;
    ErrorRecord error; ///< status PTO_OK: none
};
static_assert(sizeof(ReportBlock) == 296 && offsetof(ReportBlock, error) == 56);

} // namespace pto::wire

#endif
