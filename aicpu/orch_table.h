// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_ORCH_TABLE_H
#define PTO_AICPU_ORCH_TABLE_H

#include "aicpu/executor_port.h"
#include "engine/base/atomics.h"
#include "pto/orch.h"

namespace pto::inline PTO_ARCH::aicpu {

/// Same range as on the host, and checked again here.
inline constexpr uint32_t kOrchSlots = 64;

/// A request to fill a slot.
struct OrchImage {
    int32_t callable_id;
    OrchPromise promise; ///< The entry must agree with it.
    const void *bytes;
    std::size_t size;
};

/// The orchestrations that can be run, one slot per callable id, each loaded once and on its own: two ids never share
/// one. One thread at a time loads and unloads; another may find and run the orchestrations of other slots meanwhile.
class OrchTable {
public:
    explicit OrchTable(const ExecutorPort &port) : port_(port) {}
    ~OrchTable();
    OrchTable(const OrchTable &) = delete;
    OrchTable &operator=(const OrchTable &) = delete;

    /// Fills a slot, or leaves it empty and says why.
    pto_status load(const OrchImage &image, char *message, std::size_t message_capacity);
    void unload(int32_t callable_id);

    /// Loads that succeeded, ever. Any thread.
    uint64_t loads() const { return load_relaxed(loads_); }

    /// nullptr for an id outside the range or an empty slot.
    const OrchProgram *find(int32_t callable_id) const;

private:
    struct Slot {
        LoadedOrch loaded;
        OrchProgram program; ///< Does not exist: empty
    };

    static bool is_id(int32_t callable_id)
    {
        return callable_id >= 0 && static_cast<uint32_t>(callable_id) < kOrchSlots;
    }

    const ExecutorPort &port_;
    std::atomic<uint64_t> loads_{0}; ///< Written by the thread that loads.
    Slot slots_[kOrchSlots] = {};
};

} // namespace pto::inline PTO_ARCH::aicpu

#endif
