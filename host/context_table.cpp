// SPDX-License-Identifier: Apache-2.0
#include "host/context_table.h"

#include "engine/base/atomics.h"
#include "host/handle.h"
#include "posix/process_barrier.h"

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

pto_context *handle_of(uint32_t slot, uint32_t generation)
{
    return reinterpret_cast<pto_context *>(ContextHandle::encode(slot, generation));
}

/// The slot that a handle would be in, and its generation; kMaxContexts for what cannot be a handle.
uint32_t slot_of(const pto_context *handle, uint32_t *generation)
{
    uint32_t slot = 0;
    uint64_t number = 0;
    const bool is_handle = ContextHandle::decode(reinterpret_cast<uint64_t>(handle), &slot, &number);
    *generation = static_cast<uint32_t>(number);
    return is_handle && slot < kMaxContexts ? slot : kMaxContexts;
}

/// Whether this word lets in who has this generation; nullptr: any will do.
bool lets_in(uint64_t word, const uint32_t *generation)
{
    return (word & kOpen) != 0 && (generation == nullptr || generation_of(word) == *generation);
}

bool is_in_use(uint32_t index)
{
    return (load_acquire(slots[index].word) & kUsers) != 0 || Visitor::any_in(index); // H2: pairs with ~ContextUse
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
    if (pto::posix::has_process_barrier())
        pto::posix::process_barrier();
    while (is_in_use(index))
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    Context *context = slot.context;
    slot.context = nullptr;
    store_release(slot.taken, false);
    return context;
}

ContextUse::ContextUse(pto_context *handle)
{
    uint32_t generation = 0;
    const uint32_t index = slot_of(handle, &generation);
    if (index < kMaxContexts)
        enter(index, &generation);
}

ContextUse::ContextUse(const RunName &run)
{
    // Whichever context is open there now: it knows which numbers are its runs'.
    if (run.context_slot < kMaxContexts)
        enter(run.context_slot, nullptr);
}

/// A call from inside another one, which callbacks may make, is counted.
void ContextUse::enter(uint32_t index, const uint32_t *generation)
{
    Slot &slot = slots[index];
    Visitor *visitor = Visitor::own();
    if (visitor != nullptr && !visitor->is_inside()) {
        visitor->enter(index);
        if (!lets_in(load_acquire(slot.word), generation)) // H1: pairs with publish
            return visitor->leave();
        visitor_ = visitor;
    } else {
        uint64_t word = load_relaxed(slot.word);
        do {
            if (!lets_in(word, generation))
                return;
        } while (!cas_acquire(slot.word, word, word + 1)); // H1
    }
    slot_ = index;
    context_ = slot.context;
}

ContextUse::~ContextUse()
{
    if (visitor_ != nullptr)
        visitor_->leave();
    else if (context_ != nullptr)
        slots[slot_].word.fetch_sub(1, std::memory_order_release); // H2
}

RunName run_name_in(const pto_context *context)
{
    uint32_t generation = 0;
    return {slot_of(context, &generation), 0, 0};
}

pto_run_handle *run_handle(const RunName &name)
{
    const uint64_t slot = uint64_t{name.context_slot} << kRunSlotBits | name.slot;
    return reinterpret_cast<pto_run_handle *>(RunHandle::encode(slot, name.serial));
}

RunName run_name(const pto_run_handle *handle)
{
    uint32_t slot = 0;
    RunName name{};
    if (!RunHandle::decode(reinterpret_cast<uint64_t>(handle), &slot, &name.serial))
        return {kMaxContexts, 0, 0};
    name.context_slot = slot >> kRunSlotBits;
    name.slot = slot & ((1u << kRunSlotBits) - 1);
    return name;
}

} // namespace pto::host
