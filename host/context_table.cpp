// SPDX-License-Identifier: Apache-2.0
#include "host/context_table.h"

#include "engine/base/atomics.h"

#include <chrono>
#include <thread>

namespace pto::host {
namespace {

/// A slot's word: generation in the upper 32 bits, then whether it is open, then the number of calls inside.
constexpr uint64_t kOpen = uint64_t{1} << 31;
constexpr uint64_t kUsers = kOpen - 1;

struct alignas(64) Slot {
    std::atomic<uint64_t> word{0};
    std::atomic<bool> taken{false};
    Context *context = nullptr;
};

Slot slots[kMaxContexts];

constexpr uint32_t generation_of(uint64_t word)
{
    return static_cast<uint32_t>(word >> 32);
}

/// Handles are odd, so that no aligned pointer is one, and never NULL.
pto_context *handle_of(uint32_t slot, uint32_t generation)
{
    return reinterpret_cast<pto_context *>((uint64_t{generation} << 12 | slot) << 1 | 1);
}

/// The slot that a handle would be in, and its generation; kMaxContexts for what cannot be a handle.
uint32_t slot_of(const pto_context *handle, uint32_t *generation)
{
    const auto bits = reinterpret_cast<uint64_t>(handle);
    *generation = static_cast<uint32_t>(bits >> 13);
    const uint32_t slot = bits >> 1 & 0xfff;
    return (bits & 1) != 0 && bits >> 45 == 0 && slot < kMaxContexts ? slot : kMaxContexts;
}

/// Enters a slot if it is open under this generation.
bool enter(Slot &slot, uint32_t generation)
{
    uint64_t word = load_relaxed(slot.word);
    do {
        if (generation_of(word) != generation || (word & kOpen) == 0)
            return false;
    } while (!cas_acquire(slot.word, word, word + 1)); // H1: pairs with publish
    return true;
}

} // namespace

pto_context *publish(Context *context)
{
    for (uint32_t i = 0; i < kMaxContexts; i++) {
        Slot &slot = slots[i];
        bool taken = false;
        if (!cas_strong_acq_rel(slot.taken, taken, true))
            continue;
        const uint32_t generation = generation_of(load_relaxed(slot.word)) + 1;
        slot.context = context;
        store_release(slot.word, uint64_t{generation} << 32 | kOpen); // H1
        return handle_of(i, generation);
    }
    return nullptr;
}

Context *withdraw(pto_context *handle)
{
    uint32_t generation = 0;
    const uint32_t index = slot_of(handle, &generation);
    if (index == kMaxContexts)
        return nullptr;
    Slot &slot = slots[index];
    uint64_t word = load_relaxed(slot.word);
    do {
        if (generation_of(word) != generation || (word & kOpen) == 0)
            return nullptr;
    } while (!cas_acquire(slot.word, word, word & ~kOpen));
    // New calls are refused from here on; those inside end with their runs.
    while ((load_acquire(slot.word) & kUsers) != 0) // H2: pairs with ~ContextUse
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    Context *context = slot.context;
    slot.context = nullptr;
    store_release(slot.taken, false);
    return context;
}

ContextUse::ContextUse(pto_context *handle) : slot_(kMaxContexts), context_(nullptr)
{
    uint32_t generation = 0;
    const uint32_t index = slot_of(handle, &generation);
    if (index == kMaxContexts || !enter(slots[index], generation))
        return;
    slot_ = index;
    context_ = slots[index].context;
}

ContextUse::~ContextUse()
{
    if (context_ != nullptr)
        slots[slot_].word.fetch_sub(1, std::memory_order_release); // H2
}

} // namespace pto::host
