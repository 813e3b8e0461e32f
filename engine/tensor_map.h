// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_TENSOR_MAP_H
#define PTO_ENGINE_TENSOR_MAP_H

#include "engine/box_tree.h"

namespace pto::inline PTO_ARCH::engine {

/// One piece of memory that tensors name: an argument of the run, or an output that the engine allocated.
struct alignas(64) Buffer {
    uint64_t base;
    uint64_t size_bytes;
    TaskId owner;          ///< Task that allocated it; none for arguments of the run.
    uint32_t refs;         ///< The scope, and every task in flight that names it. Arguments are never released.
    uint32_t heap_block;   ///< kNone for arguments.
    uint32_t scope_serial; ///< Scope that holds it: stale once that serial has left the scope stack.
    uint32_t scope_depth;
    uint32_t next_in_scope;
    uint32_t prev_in_scope; ///< kNone for the first one.
    uint32_t root;          ///< Box tree of accesses to parts of the buffer.
    AccessRecord whole;     ///< Accesses to all of it, the usual case, need no tree.
    Frame frame;

    uint32_t &pool_next() { return next_in_scope; }
    bool is_external() const { return heap_block == kNone; }
    /// Nobody has touched it since `writer`.
    void begin_accesses(TaskId writer)
    {
        owner = writer;
        root = kNone;
        frame.rank = 1;
        frame.stride[0] = 1;
        whole = AccessRecord::of(writer);
    }
    bool contains(uint64_t address, uint64_t size) const
    {
        return address >= base && size <= size_bytes && address - base <= size_bytes - size;
    }
};
static_assert(sizeof(Buffer) == 128);

/// Finds what a tensor access has to wait for. Used by the owner thread alone.
///
/// `Sink` is `bool sink(TaskId)`, called with each task that conflicts, and `bool sink.is_live(TaskId)`; both tell
/// whether that task is still in flight. The answers prune the records: a region remembers hardly more tasks than are
/// live.
class TensorMap {
public:
    void layout(Carver &carver, uint32_t max_buffers, uint32_t max_nodes, uint32_t max_readers);
    void reset();

    /// A buffer that the engine did not allocate. kNone when there is no room. Indices start at 1: 0 in a descriptor
    /// means "no buffer".
    uint32_t add_external(uint64_t base, uint64_t size_bytes);
    /// Any other one, for the caller to fill in all of it.
    uint32_t allocate() { return buffers_.allocate(); }
    void remove(uint32_t index);

    /// nullptr for an index that names no buffer.
    Buffer *find(uint32_t index) { return index != 0 && buffers_.ever_used(index) ? &buffers_[index] : nullptr; }
    Buffer &operator[](uint32_t index) { return buffers_[index]; }

    /// The argument buffer that holds [address, address + size_bytes), kNone when none does.
    uint32_t find_external(uint64_t address, uint64_t size_bytes) const;
    /// An argument buffer with a byte in common with the range, kNone when there is none.
    uint32_t find_external_overlap(uint64_t address, uint64_t size_bytes) const;

    /// Whether a task with this many tensors can be recorded without running out.
    bool has_room(uint32_t tensors) const
    {
        return nodes_.available() >= 2 * tensors && readers_.available() >= tensors;
    }

    /// Forgets every access. Right only while no task is in flight.
    void forget_accesses();

    template <class Sink> void read(Buffer &buffer, const ByteView &view, TaskId task, Sink &&sink);
    template <class Sink> void write(Buffer &buffer, const ByteView &view, TaskId task, Sink &&sink);
    /// Calls sink for the writers of the region, and with `readers` for its readers, without recording anything.
    template <class Sink> void inspect(Buffer &buffer, const ByteView &view, bool readers, Sink &&sink);

    const IndexPool<Buffer> &buffers() const { return buffers_; }
    const IndexPool<BoxNode> &nodes() const { return nodes_; }
    uint32_t reader_capacity() const { return readers_.capacity(); }
    uint32_t peak_entries() const { return buffers_.peak() + nodes_.peak() + readers_.peak(); }

private:
    struct Reader {
        TaskId task;
        uint32_t next;

        uint32_t &pool_next() { return next; }
    };

    static bool is_whole(const Buffer &buffer, const ByteView &view)
    {
        return view.rank == 1 && view.offset == 0 && view.span == buffer.size_bytes;
    }

    Box place(Buffer &buffer, const ByteView &view);
    void rebuild(Buffer &buffer, const Frame &old_frame);
    void drop_readers(AccessRecord &record);
    void append_reader(AccessRecord &record, uint32_t index);
    template <class Sink> void sink_writers(Buffer &buffer, const ByteView &view, Sink &sink);
    template <class Sink> void read_part(Buffer &buffer, const ByteView &view, TaskId task, Sink &sink);
    template <class Sink> void write_part(Buffer &buffer, const ByteView &view, TaskId task, Sink &sink);
    template <class Sink> void add_reader(AccessRecord &record, TaskId task, Sink &&sink);
    template <class Sink> void sink_all(AccessRecord &record, Sink &&sink);

    IndexPool<Buffer> buffers_;
    IndexPool<BoxNode> nodes_;
    IndexPool<Reader> readers_;
    uint32_t external_head_ = kNone; ///< Buffers that the engine did not allocate, linked through next_in_scope.
};

/// Adds a reader. The place of one that has completed is taken; up to two of the oldest are looked at each time, until
/// one can go, and move to the end if they are live: so the list does not grow beyond the readers in flight.
template <class Sink> void TensorMap::add_reader(AccessRecord &record, TaskId task, Sink &&sink)
{
    if (record.reader == task)
        return;
    if (record.reader == TaskId::none() || !sink(record.reader)) {
        record.reader = task;
        return;
    }
    for (int i = 0; i < 2 && record.reader_head != kNone; i++) {
        const uint32_t oldest = record.reader_head;
        record.reader_head = readers_[oldest].next;
        if (!sink(readers_[oldest].task)) {
            readers_.release(oldest);
            break;
        }
        append_reader(record, oldest);
    }
    const uint32_t index = readers_.allocate();
    readers_[index].task = task;
    append_reader(record, index);
}

/// Sinks the readers, or the writer when no reader is live: a live reader waits for the writer itself.
template <class Sink> void TensorMap::sink_all(AccessRecord &record, Sink &&sink)
{
    bool any_live = record.reader != TaskId::none() && sink(record.reader);
    for (uint32_t at = record.reader_head; at != kNone; at = readers_[at].next)
        any_live = sink(readers_[at].task) || any_live;
    if (!any_live)
        sink(record.writer);
}

/// The usual case here: all of a buffer of which nobody has touched a part.
template <class Sink> PTO_HOT void TensorMap::read(Buffer &buffer, const ByteView &view, TaskId task, Sink &&sink)
{
    sink(buffer.whole.writer);
    if (!is_whole(buffer, view) || buffer.root != kNone)
        return read_part(buffer, view, task, sink);
    if (buffer.whole.reader == TaskId::none())
        buffer.whole.reader = task;
    else
        add_reader(buffer.whole, task, [&](TaskId id) { return sink.is_live(id); });
}

/// Apart from the rest of a read, because the stack that each visit of the tree takes would be there twice.
template <class Sink>
__attribute__((noinline)) void TensorMap::sink_writers(Buffer &buffer, const ByteView &view, Sink &sink)
{
    const Box box = place(buffer, view);
    BoxTree(nodes_, buffer.root, buffer.frame.rank).for_overlapping(box, [&](uint32_t leaf) {
        sink(nodes_[leaf].record.writer);
    });
}

template <class Sink>
__attribute__((noinline)) void TensorMap::read_part(Buffer &buffer, const ByteView &view, TaskId task, Sink &sink)
{
    const auto is_live = [&](TaskId id) { return sink.is_live(id); };
    if (is_whole(buffer, view)) {
        if (buffer.root != kNone)
            sink_writers(buffer, view, sink);
        return add_reader(buffer.whole, task, is_live);
    }
    const Box box = place(buffer, view);
    BoxTree tree(nodes_, buffer.root, buffer.frame.rank);
    uint32_t own = kNone;
    tree.for_overlapping(box, [&](uint32_t leaf) {
        sink(nodes_[leaf].record.writer);
        if (contains(box, nodes_[leaf].box, buffer.frame.rank) && contains(nodes_[leaf].box, box, buffer.frame.rank))
            own = leaf;
    });
    if (own == kNone)
        own = tree.insert(box);
    add_reader(nodes_[own].record, task, is_live);
}

template <class Sink> PTO_HOT void TensorMap::write(Buffer &buffer, const ByteView &view, TaskId task, Sink &&sink)
{
    sink_all(buffer.whole, sink);
    if (!is_whole(buffer, view) || buffer.root != kNone)
        return write_part(buffer, view, task, sink);
    if (buffer.whole.reader_head != kNone)
        drop_readers(buffer.whole);
    buffer.whole = AccessRecord::of(task);
}

template <class Sink>
__attribute__((noinline)) void TensorMap::write_part(Buffer &buffer, const ByteView &view, TaskId task, Sink &sink)
{
    if (is_whole(buffer, view)) {
        BoxTree(nodes_, buffer.root, buffer.frame.rank).clear([&](uint32_t leaf) {
            sink_all(nodes_[leaf].record, sink);
            drop_readers(nodes_[leaf].record);
        });
        drop_readers(buffer.whole);
        buffer.whole = AccessRecord::of(task);
        return;
    }
    const Box box = place(buffer, view);
    BoxTree tree(nodes_, buffer.root, buffer.frame.rank);
    uint32_t covered = kNone; // leaves that this write replaces, linked through their writers
    tree.for_overlapping(box, [&](uint32_t leaf) {
        sink_all(nodes_[leaf].record, sink);
        if (contains(box, nodes_[leaf].box, buffer.frame.rank)) {
            nodes_[leaf].record.writer = TaskId{covered};
            covered = leaf;
        }
    });
    while (covered != kNone) {
        const uint32_t next = static_cast<uint32_t>(nodes_[covered].record.writer.bits);
        drop_readers(nodes_[covered].record);
        tree.remove(covered);
        covered = next;
    }
    nodes_[tree.insert(box)].record = AccessRecord::of(task);
}

template <class Sink> void TensorMap::inspect(Buffer &buffer, const ByteView &view, bool readers, Sink &&sink)
{
    const auto visit = [&](AccessRecord &record) {
        if (readers)
            sink_all(record, sink);
        else
            sink(record.writer);
    };
    visit(buffer.whole);
    if (buffer.root == kNone)
        return;
    const Box box = place(buffer, view);
    BoxTree(nodes_, buffer.root, buffer.frame.rank).for_overlapping(box, [&](uint32_t leaf) {
        visit(nodes_[leaf].record);
    });
}

} // namespace pto::inline PTO_ARCH::engine

#endif
