// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor_map.h"

namespace pto::inline PTO_ARCH::engine {

void TensorMap::layout(Carver &carver, uint32_t max_buffers, uint32_t max_nodes, uint32_t max_readers)
{
    buffers_.layout(carver, max_buffers + 1);
    nodes_.layout(carver, max_nodes);
    readers_.layout(carver, max_readers);
}

void TensorMap::reset()
{
    buffers_.reset();
    nodes_.reset();
    readers_.reset();
    buffers_.allocate(); // index 0 stays unused
    external_head_ = kNone;
}

uint32_t TensorMap::add_external(uint64_t base, uint64_t size_bytes)
{
    const uint32_t index = buffers_.allocate();
    if (index == kNone)
        return kNone;
    Buffer &buffer = buffers_[index];
    buffer.base = base;
    buffer.size_bytes = size_bytes;
    buffer.refs = 0;
    buffer.heap_block = kNone;
    buffer.scope_serial = 0;
    buffer.scope_depth = 0;
    buffer.next_in_scope = external_head_;
    buffer.prev_in_scope = 0;
    buffer.begin_accesses(TaskId::none());
    external_head_ = index;
    return index;
}

void TensorMap::remove(uint32_t index)
{
    Buffer &buffer = buffers_[index];
    drop_readers(buffer.whole);
    BoxTree(nodes_, buffer.root, buffer.frame.rank).clear([&](uint32_t leaf) { drop_readers(nodes_[leaf].record); });
    buffer.owner = TaskId::none(); // no descriptor names an owner of none and a heap block: the index is stale now
    buffer.heap_block = 0;
    buffers_.release(index);
}

uint32_t TensorMap::find_external(uint64_t address, uint64_t size_bytes) const
{
    for (uint32_t i = external_head_; i != kNone; i = buffers_[i].next_in_scope) {
        if (buffers_[i].contains(address, size_bytes))
            return i;
    }
    return kNone;
}

uint32_t TensorMap::find_external_overlap(uint64_t address, uint64_t size_bytes) const
{
    for (uint32_t i = external_head_; i != kNone; i = buffers_[i].next_in_scope) {
        const Buffer &buffer = buffers_[i];
        if (address < buffer.base + buffer.size_bytes && buffer.base < address + size_bytes)
            return i;
    }
    return kNone;
}

void TensorMap::forget_accesses()
{
    nodes_.clear();
    readers_.clear();
    for (uint32_t i = 1; buffers_.ever_used(i); i++) {
        buffers_[i].root = kNone;
        buffers_[i].frame = kByteFrame;
        buffers_[i].whole = AccessRecord::of(TaskId::none());
    }
}

/// The view as a box of the buffer's frame, which is refined first if the view needs it.
Box TensorMap::place(Buffer &buffer, const ByteView &view)
{
    const Frame old_frame = buffer.frame;
    if (view.rank > 1 && refine_frame(&buffer.frame, view) && buffer.frame.rank != old_frame.rank &&
        buffer.root != kNone)
        rebuild(buffer, old_frame);
    return box_of(view, buffer.frame);
}

/// Expresses every leaf in the new frame. Each leaf that is taken out gives back the nodes that it needs again.
void TensorMap::rebuild(Buffer &buffer, const Frame &old_frame)
{
    uint32_t fresh_root = kNone;
    BoxTree fresh(nodes_, fresh_root, buffer.frame.rank);
    BoxTree old(nodes_, buffer.root, old_frame.rank);
    while (buffer.root != kNone) {
        uint32_t leaf = buffer.root;
        while (!nodes_[leaf].is_leaf())
            leaf = nodes_[leaf].left;
        const Box box = box_of(view_of(nodes_[leaf].box, old_frame), buffer.frame);
        const AccessRecord record = nodes_[leaf].record;
        old.remove(leaf);
        nodes_[fresh.insert(box)].record = record;
    }
    buffer.root = fresh_root;
}

void TensorMap::append_reader(AccessRecord &record, uint32_t index)
{
    readers_[index].next = kNone;
    if (record.reader_head == kNone)
        record.reader_head = index;
    else
        readers_[record.reader_tail].next = index;
    record.reader_tail = index;
}

void TensorMap::drop_readers(AccessRecord &record)
{
    while (record.reader_head != kNone) {
        const uint32_t index = record.reader_head;
        record.reader_head = readers_[index].next;
        readers_.release(index);
    }
    record.reader = TaskId::none();
}

} // namespace pto::inline PTO_ARCH::engine
