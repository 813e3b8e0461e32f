// SPDX-License-Identifier: Apache-2.0
#include "engine/heap.h"

#include <bit>

namespace pto::inline PTO_ARCH::engine {

void Heap::reset(uint64_t base, uint64_t size_bytes)
{
    blocks_.reset();
    base_ = base;
    capacity_ = static_cast<uint32_t>(size_bytes / kGranuleBytes);
    used_ = 0;
    peak_ = 0;
    for (; first_bitmap_ != 0; first_bitmap_ &= first_bitmap_ - 1)
        second_bitmap_[std::countr_zero(first_bitmap_)] = 0; // those of other classes are
    top_ = 0;
    last_ = kNone;
}

Heap::Class Heap::class_of(uint32_t size)
{
    if (size < kSubCount)
        return {0, size};
    const uint32_t log = static_cast<uint32_t>(std::bit_width(size)) - 1;
    return {log - kSubBits + 1, (size >> (log - kSubBits)) - kSubCount};
}

/// A block from the smallest class whose every block is large enough: no search. When there is none, the request's own
/// class may still hold one that fits; looking through it keeps "there is no room" exact.
uint32_t Heap::find_free(uint32_t size) const
{
    const Class own = class_of(size);
    const uint32_t slack = size < kSubCount ? 0 : (1u << (std::bit_width(size) - 1 - kSubBits)) - 1;
    const bool all_fit = (size & slack) == 0; // the request is the smallest size of its class
    const uint32_t found = first_at_or_above(all_fit ? own : next_class(own));
    if (found != kNone || all_fit || (second_bitmap_[own.first] >> own.second & 1) == 0)
        return found;
    uint32_t index = heads_[own.first][own.second];
    while (index != kNone && blocks_[index].size < size)
        index = blocks_[index].next_free;
    return index;
}

uint32_t Heap::first_at_or_above(Class from) const
{
    if (from.first == kClassCount)
        return kNone;
    uint32_t first = from.first;
    uint32_t seconds = second_bitmap_[first] & (~0u << from.second);
    if (seconds == 0) {
        const uint32_t firsts = first + 1 < kClassCount ? first_bitmap_ & (~0u << (first + 1)) : 0;
        if (firsts == 0)
            return kNone;
        first = static_cast<uint32_t>(std::countr_zero(firsts));
        seconds = second_bitmap_[first];
    }
    return heads_[first][std::countr_zero(seconds)];
}

void Heap::link(uint32_t index)
{
    Block &block = blocks_[index];
    const Class at = class_of(block.size);
    const bool empty = (second_bitmap_[at.first] >> at.second & 1) == 0;
    const uint32_t head = empty ? kNone : heads_[at.first][at.second];
    block.is_free = true;
    block.prev_free = kNone;
    block.next_free = head;
    if (head != kNone)
        blocks_[head].prev_free = index;
    heads_[at.first][at.second] = index;
    first_bitmap_ |= 1u << at.first;
    second_bitmap_[at.first] = static_cast<uint8_t>(second_bitmap_[at.first] | 1u << at.second);
}

void Heap::unlink(uint32_t index)
{
    Block &block = blocks_[index];
    const Class at = class_of(block.size);
    if (block.next_free != kNone)
        blocks_[block.next_free].prev_free = block.prev_free;
    if (block.prev_free != kNone) {
        blocks_[block.prev_free].next_free = block.next_free;
    } else {
        heads_[at.first][at.second] = block.next_free;
        if (block.next_free == kNone) {
            second_bitmap_[at.first] = static_cast<uint8_t>(second_bitmap_[at.first] & ~(1u << at.second));
            if (second_bitmap_[at.first] == 0)
                first_bitmap_ &= ~(1u << at.first);
        }
    }
    block.is_free = false;
}

/// Joins a block with the one behind it; neither is in a list.
void Heap::absorb_next(uint32_t index)
{
    Block &block = blocks_[index];
    const uint32_t next = block.next_address;
    block.size += blocks_[next].size;
    block.next_address = blocks_[next].next_address;
    if (block.next_address != kNone)
        blocks_[block.next_address].prev_address = index;
    else
        last_ = index;
    blocks_.release(next);
}

/// Cuts the tail off a block and frees it. Without a record for the tail the block stays whole, which only wastes
/// memory.
void Heap::split(uint32_t index, uint32_t size)
{
    if (blocks_[index].size == size)
        return;
    const uint32_t tail = blocks_.allocate();
    if (tail == kNone)
        return;
    Block &block = blocks_[index];
    blocks_[tail] = {block.start + size, block.size - size, index, block.next_address, kNone, kNone, true};
    blocks_[block.next_address].prev_address = tail; // there is one: a free block is never the last in memory
    block.next_address = tail;
    block.size = size;
    link(tail);
}

/// A block from memory that was given back, or a new one when none of those is large enough.
uint32_t Heap::reuse(uint32_t size)
{
    const uint32_t index = find_free(size);
    if (index == kNone)
        return extend(size);
    unlink(index);
    split(index, size);
    return index;
}

void Heap::release(uint32_t index)
{
    used_ -= blocks_[index].size;
    const uint32_t next = blocks_[index].next_address;
    if (next != kNone && blocks_[next].is_free) {
        unlink(next);
        absorb_next(index);
    }
    const uint32_t previous = blocks_[index].prev_address;
    if (previous != kNone && blocks_[previous].is_free) {
        unlink(previous);
        absorb_next(previous);
        index = previous;
    }
    if (index != last_)
        return link(index);
    last_ = blocks_[index].prev_address;
    top_ = blocks_[index].start;
    if (last_ != kNone)
        blocks_[last_].next_address = kNone;
    blocks_.release(index);
}

} // namespace pto::inline PTO_ARCH::engine
