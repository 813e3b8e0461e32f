// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_GATE_H
#define PTO_ENGINE_GATE_H

#include "engine/base/atomics.h"

#include <cstdint>

namespace pto::inline PTO_ARCH::engine {

/// Tells the owner thread whether it is alone with the engine: locked instructions are most of what a small task costs,
/// and as long as nobody else is at it, plain ones will do.
///
/// The owner closes the gate whenever it comes back from user code (an orchestration, a kernel) and opens it before it
/// goes there, so a visitor waits for a few hundred instructions at most. Both announce themselves and then look
/// whether the other has: the owner with plain instructions, the visitor with a barrier that takes effect on all
/// threads, which only some systems have. Without one the owner is given no gate, and is never alone.
///
/// Whoever runs on the owner's behalf on the owner's thread is the owner.
struct Gate {
    alignas(64) std::atomic<bool> closed{false};   ///< E1: the owner opens with release, a visitor acquires.
    alignas(64) std::atomic<uint32_t> visitors{0}; ///< E2: a visitor leaves with release, the owner acquires.
};

/// The owner's side of a gate, which may be none.
class GateKeeper {
public:
    void use(Gate *gate) { gate_ = gate; }

    /// What the owner has to reckon with until it opens the gate.
    Sharing sharing() const { return sharing_; }

    void close()
    {
        if (gate_ == nullptr)
            return;
        store_relaxed(gate_->closed, true);
        // The visitor's barrier orders the store and the load below; compilers must not exchange them.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        if (load_acquire(gate_->visitors) == 0) { // E2
            sharing_ = Sharing::kAlone;
            return;
        }
        store_release(gate_->closed, false);
    }

    void open()
    {
        if (sharing_ == Sharing::kShared)
            return;
        sharing_ = Sharing::kShared;
        store_release(gate_->closed, false); // E1
    }

    /// The owner has left whatever it did by a jump.
    void reset()
    {
        sharing_ = Sharing::kShared;
        if (gate_ != nullptr)
            store_release(gate_->closed, false);
    }

private:
    Gate *gate_ = nullptr;
    Sharing sharing_ = Sharing::kShared;
};

} // namespace pto::inline PTO_ARCH::engine

#endif
