// SPDX-License-Identifier: Apache-2.0
#include "sim/hooks/pipe_states.h"

#include "posix/user_code.h"

#include <new>
#include <sys/mman.h>

namespace pto::hooks {
namespace {

constexpr std::size_t kPageBytes = 4096;

std::size_t chain_of(uint32_t cluster, uint64_t key, std::size_t chains)
{
    const uint64_t mixed = (key ^ uint64_t{cluster} << 48) * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(mixed >> 32) % chains;
}

} // namespace

PipeStates::~PipeStates()
{
    for (const std::atomic<const Block *> &chain : chains_) {
        const Block *block = chain.load(std::memory_order_acquire); // P1
        while (block != nullptr) {
            const Block *next = block->next;
            munmap(block->memory, block->capacity_bytes);
            delete block;
            block = next;
        }
    }
}

const PipeStates::Block *PipeStates::find(const Block *chain, uint32_t cluster, uint64_t key)
{
    while (chain != nullptr && (chain->key != key || chain->cluster != cluster))
        chain = chain->next;
    return chain;
}

PipeStates::Block *PipeStates::create(uint32_t cluster, uint64_t key, std::size_t size_bytes)
{
    std::size_t capacity = kLeastCapacityBytes;
    if (size_bytes > capacity && __builtin_add_overflow(size_bytes, kPageBytes - 1, &capacity))
        return nullptr;
    capacity = capacity / kPageBytes * kPageBytes;
    auto *block = new (std::nothrow) Block{key, cluster, capacity, nullptr, nullptr};
    if (block == nullptr)
        return nullptr;
    block->memory = mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (block->memory != MAP_FAILED)
        return block;
    delete block;
    return nullptr;
}

void *PipeStates::get(uint32_t cluster, uint64_t key, std::size_t size_bytes)
{
    if (size_bytes == 0)
        return nullptr;
    std::atomic<const Block *> &chain = chains_[chain_of(cluster, key, kChains)];
    const Block *block = find(chain.load(std::memory_order_acquire), cluster, key); // P1
    if (block == nullptr) {
        const pto::posix::UserCodeGuard::Shield shield;
        const std::lock_guard lock(mutex_);
        block = find(chain.load(std::memory_order_relaxed), cluster, key);
        if (block == nullptr) {
            Block *created = create(cluster, key, size_bytes);
            if (created == nullptr)
                return nullptr;
            created->next = chain.load(std::memory_order_relaxed);
            chain.store(created, std::memory_order_release); // P1
            block = created;
        }
    }
    return size_bytes <= block->capacity_bytes ? block->memory : nullptr;
}

} // namespace pto::hooks
