// SPDX-License-Identifier: Apache-2.0
// What the host and the executor's image on the control CPUs exchange, where a driver stands between them. The driver
// copies the address of a command to the control CPUs; everything else goes through device memory. Each side writes
// lines of its own: a cache that is written back must not undo what the other side wrote.
#ifndef PTO_ENGINE_WIRE_ONBOARD_BLOCKS_H
#define PTO_ENGINE_WIRE_ONBOARD_BLOCKS_H

#include "engine/wire/run_blocks.h"

namespace pto::wire {

inline constexpr uint32_t kCommandMagic = 0x444d4d43; // "CMMD"
inline constexpr uint32_t kAnswerMagic = 0x52575341;  // "ASWR"
inline constexpr uint32_t kOnboardVersion = 1;

inline constexpr uint32_t kMaxControlThreads = 32;
inline constexpr uint32_t kMaxIdentityBytes = 256;
inline constexpr uint32_t kMaxSymbolBytes = 256;
inline constexpr uint32_t kMaxLogLines = 128;

enum class Command : uint32_t {
    kProbe =
        1, ///< One thread: who are you, how much memory do you need, which CPU are you on? Needs setup, no addresses.
    kOpen = 2,   ///< One thread: lays the executor out in the state. Needs setup.
    kLoad = 3,   ///< One thread: an orchestration. Payload: OrchBlock.
    kUnload = 4, ///< One thread. Payload: OrchBlock, of which the id counts.
    kRun = 5,    ///< `block_count` threads, with the cores launched. Payload: LaunchBlock; the report is in the outbox.
    kClose = 6,  ///< One thread: unloads every orchestration. The state is the host's again.
};

/// What the driver copies, and the image's functions are called with.
struct CommandArgs {
    uint64_t command; ///< Device address of a CommandBlock.
};

/// Shape and memory of the device. Written by the host.
struct alignas(64) SetupBlock {
    uint32_t device_index;
    uint32_t cluster_count;
    uint32_t physical_core_count; ///< Entries of the register table.
    uint32_t control_cpu_count;   ///< Threads that take part in runs: one orchestrates, the others schedule.
    uint32_t max_tasks;
    uint32_t reserved;
    uint64_t stall_timeout_ns;
    uint64_t answer_timeout_ns;
    uint64_t state; ///< `state_bytes` of zero, as the answer to kProbe says.
    uint64_t state_bytes;
    uint64_t core_lines; ///< 3 * cluster_count lines, of 64 bytes each.
    uint64_t registers;  ///< u64 per physical core: where the control CPUs see its registers; 0: there is no such core.
    uint64_t heap_address;
    uint64_t heap_bytes;
    uint64_t memory_address; ///< What tensors may lie in, the heap included.
    uint64_t memory_bytes;
    int32_t allowed_cpus[kMaxControlThreads]; ///< By role: schedulers, then the orchestrator. -1: any.
};
static_assert(sizeof(SetupBlock) == 256);

struct alignas(64) OrchBlock {
    int32_t callable_id;
    uint32_t tensor_count;
    uint32_t scalar_count;
    uint32_t has_config;
    uint64_t image;
    uint64_t image_bytes;
    char entry[kMaxSymbolBytes];
    char config[kMaxSymbolBytes];
};

/// Written by the host, one per launch.
struct alignas(64) CommandBlock {
    uint32_t magic;
    uint32_t version;
    Command command;
    uint32_t block_count; ///< Threads that the launch starts.
    uint64_t session;     ///< Another number for every launch, from 1: threads of one launch meet by it.
    uint64_t setup;       ///< Address of the SetupBlock.
    uint64_t state;       ///< As in the setup; 0 for kProbe.
    uint64_t payload;
    uint64_t outbox; ///< Address of the Outbox, cleared by the host.
};
static_assert(sizeof(CommandBlock) == 64);

/// What came of a command. Written by the image, `magic` last: without it the command did not end.
struct alignas(64) AnswerBlock {
    uint32_t magic;
    uint32_t version;
    pto_status status;
    int32_t cpu;          ///< Where the command ran.
    uint64_t session;     ///< The command's.
    uint64_t state_bytes; ///< kProbe: what the executor needs.
    uint64_t cpu_mask;    ///< kProbe: CPUs that a launch's threads may run on, one bit each; 0: unknown.
    uint64_t orch_loads;  ///< Orchestrations loaded since kOpen.
    int64_t detail;
    char message[192];
    char arch[8];
    char identity[kMaxIdentityBytes]; ///< kProbe: what the image was built from.
};

struct LogLine {
    int32_t level;
    char text[188]; ///< Zero-terminated.
};

/// What lines the orchestration and the executor write during a command. Those beyond the last are counted.
struct alignas(64) LogArea {
    uint32_t count; ///< Lines that were written, those that found no room included.
    uint32_t reserved[15];
    LogLine lines[kMaxLogLines];
};

/// Written by the image only, between two commands by the host.
struct alignas(64) Outbox {
    AnswerBlock answer;
    alignas(64) ReportBlock report;
    LogArea log;
};

/// Argument of the cores' launch. Written by the host.
struct alignas(64) CoreLaunchBlock {
    uint64_t core_lines;
    uint32_t cluster_count;
    uint32_t reserved;
};

} // namespace pto::wire

#endif
