// SPDX-License-Identifier: Apache-2.0
// The blocks that host and executor exchange: one goes in with each run, one comes out. Fixed-width types and device
// addresses only; magic and version are checked by whoever reads.
#ifndef PTO_ENGINE_WIRE_RUN_BLOCKS_H
#define PTO_ENGINE_WIRE_RUN_BLOCKS_H

#include "pto/kernel.h"
#include "pto/status.h"

#include <cstddef>
#include <cstdint>

namespace pto::wire {

inline constexpr uint32_t kLaunchMagic = 0x4e55414c; // "LAUN"
inline constexpr uint32_t kReportMagic = 0x4f504552; // "REPO"
inline constexpr uint32_t kBlockVersion = 6;

/// One entry of a callable's kernel table, which is indexed by func id.
struct KernelEntry {
    uint64_t entry;      ///< Device address of the code; 0: the callable has no such kernel.
    uint32_t core_types; ///< Where it runs, as `core_type_mask` says; 0: the callable has no such kernel.
    uint32_t reserved;
};
static_assert(sizeof(KernelEntry) == 16);

/// One bit per core type, so that a task's lane is checked by one test.
constexpr uint32_t core_type_mask(uint32_t core_type)
{
    return core_type == PTO_CORE_ANY ? 1u << PTO_CORE_AIC | 1u << PTO_CORE_AIV : 1u << core_type;
}

/// In: what to run.
struct LaunchBlock {
    uint32_t magic;
    uint32_t version;
    int32_t callable_id;
    uint32_t kernel_count; ///< Entries of the kernel table.
    uint64_t kernels;      ///< Address of the kernel table.
    uint64_t args;         ///< Address of the args image.
    uint64_t args_bytes;
    uint64_t graph;          ///< Address of a host-built graph; 0: run the orchestration.
    uint64_t graph_bytes;    ///< Of it that are there.
    uint64_t graph_begin;    ///< Offset of the first item to run.
    uint64_t graph_ids;      ///< Address of scratch memory for the replay.
    uint64_t first_task;     ///< Ordinal of the first task: the launches of one run count on.
    uint64_t graph_instance; ///< Address of memory for an instance of the graph; 0: none.
    uint64_t graph_instance_bytes;
    uint64_t timeout_ns; ///< Longest time of the launch; 0: only the stall timeout applies.
};
static_assert(sizeof(LaunchBlock) == 104 && offsetof(LaunchBlock, graph) == 40);

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
    kCores,
    kCompletions,
    kTaskGraph,
    kScopeMemory,
};

/// What a run that makes no progress waits for; the first that applies. The numbers of enum pto_stall_code.
enum class Stall : uint32_t { kNone, kRunning, kReady, kCompletion, kDependency, kOrchestration };

/// The first error of a run, as far as the device knows it.
struct ErrorRecord {
    pto_status status;
    int32_t func_id; ///< -1: none
    int32_t core;    ///< -1: none
    Resource resource;
    int64_t detail; ///< Code of an explicit fatal; address of a fault.
    int64_t raw;    ///< Number of the system or vendor: the signal of a fault; 0: none
    uint64_t task;  ///< Ordinal in the run; UINT64_MAX: none
    uint64_t needed;
    uint64_t available;
    uint64_t held;  ///< Bytes of heap that the scope `holder` holds.
    int32_t holder; ///< Depth of the scope that holds most of what is missing; -1: none
    Stall stall;
    char message[192];
};
static_assert(sizeof(ErrorRecord) == 264 && offsetof(ErrorRecord, message) == 72);

/// A record that involves nothing yet.
inline ErrorRecord error_record(pto_status status)
{
    return {status, -1, -1, Resource::kNone, 0, 0, UINT64_MAX, 0, 0, 0, -1, Stall::kNone, {}};
}

/// Out: what came of it.
struct ReportBlock {
    uint32_t magic;
    uint32_t version;
    uint64_t tasks;
    uint64_t kernels;
    uint64_t skipped; ///< Tasks whose predicate did not hold.
    uint64_t edges;
    uint64_t peak_heap_bytes;
    uint32_t peak_tasks;
    uint32_t peak_edges;
    uint32_t peak_map_entries;
    uint32_t peak_scope_depth;
    uint64_t graph_end;     ///< Where a replay stopped: the end, or a guard that did not hold.
    uint64_t graph_element; ///< What that guard read.
    ErrorRecord error;      ///< status PTO_OK: none, and nothing else of it is valid
};
static_assert(sizeof(ReportBlock) == 344 && offsetof(ReportBlock, error) == 80);

/// Makes a block the report of nothing. Of the error only the status is written: the rest, most of the block, is there
/// when the status says so.
inline void begin_report(ReportBlock *report)
{
    report->magic = kReportMagic;
    report->version = kBlockVersion;
    report->tasks = 0;
    report->kernels = 0;
    report->skipped = 0;
    report->edges = 0;
    report->peak_heap_bytes = 0;
    report->peak_tasks = 0;
    report->peak_edges = 0;
    report->peak_map_entries = 0;
    report->peak_scope_depth = 0;
    report->graph_end = 0;
    report->graph_element = 0;
    report->error.status = PTO_OK;
}

} // namespace pto::wire

#endif
