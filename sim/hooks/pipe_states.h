// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_SIM_HOOKS_PIPE_STATES_H
#define PTO_SIM_HOOKS_PIPE_STATES_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace pto::hooks {

/// The memory that kernels of a chip share per cluster and key. Blocks are there once asked for and never move, because
/// other cores hold their addresses; the destructor frees them. Any thread; a block that is there is found without a
/// lock.
class PipeStates {
public:
    /// What each block may grow to, whatever was asked for first. Its pages are there once they are touched.
    static constexpr std::size_t kLeastCapacityBytes = std::size_t{1} << 20;

    PipeStates() = default;
    ~PipeStates();
    PipeStates(const PipeStates &) = delete;
    PipeStates &operator=(const PipeStates &) = delete;

    /// nullptr: 0 bytes, more than the block can have, or no memory.
    void *get(uint32_t cluster, uint64_t key, std::size_t size_bytes);

private:
    struct Block {
        uint64_t key;
        uint32_t cluster;
        std::size_t capacity_bytes;
        void *memory;
        const Block *next;
    };
    static constexpr std::size_t kChains = 64;

    static const Block *find(const Block *chain, uint32_t cluster, uint64_t key);
    static Block *create(uint32_t cluster, uint64_t key, std::size_t size_bytes);

    std::mutex mutex_;                             ///< Who adds a block.
    std::atomic<const Block *> chains_[kChains]{}; ///< P1: whoever sees a block sees what is in it.
};

} // namespace pto::hooks

#endif
