// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_BOX_TREE_H
#define PTO_ENGINE_BOX_TREE_H

#include "engine/box.h"
#include "engine/index_pool.h"

namespace pto::inline PTO_ARCH::engine {

/// Who touched a region last: the writer, and everyone who has read it since.
struct AccessRecord {
    TaskId writer;
    TaskId reader;        ///< One reader in place: most regions have no more at a time.
    uint32_t reader_head; ///< Further ones, oldest first, in the reader pool.
    uint32_t reader_tail;

    static constexpr AccessRecord of(TaskId writer) { return {writer, TaskId::none(), kNone, kNone}; }
};

/// A node of a box tree. Leaves carry a record; inner nodes the hull of their children.
struct alignas(64) BoxNode {
    Box box;
    uint32_t parent;
    uint32_t left; ///< kNone in a leaf.
    uint32_t right;
    uint32_t height; ///< 0 in a leaf.
    AccessRecord record;

    bool is_leaf() const { return left == kNone; }
    uint32_t &pool_next() { return parent; }
};
static_assert(sizeof(BoxNode) == 128);

/// A balanced tree of boxes over nodes of a shared pool: finds the leaves that overlap a box without looking at the
/// others, in logarithmic time while leaves do not pile up on each other. Each tree is one root index.
class BoxTree {
public:
    BoxTree(IndexPool<BoxNode> &nodes, uint32_t &root, uint32_t rank) : nodes_(nodes), root_(root), rank_(rank) {}

    /// Adds an empty leaf. Needs two free nodes: the caller makes sure of them.
    uint32_t insert(const Box &box);

    /// Takes a leaf out and gives its node back.
    void remove(uint32_t leaf);

    /// Gives all nodes back after calling visit(leaf) on each leaf.
    template <class Visit> void clear(Visit &&visit)
    {
        while (root_ != kNone) {
            uint32_t at = root_;
            while (!nodes_[at].is_leaf())
                at = nodes_[at].left;
            visit(at);
            remove(at);
        }
    }

    /// Calls visit(leaf) for every leaf that overlaps `box`. The visitor must not change the tree.
    template <class Visit> void for_overlapping(const Box &box, Visit &&visit) const
    {
        if (root_ == kNone)
            return;
        uint32_t stack[kMaxHeight];
        uint32_t depth = 0;
        stack[depth++] = root_;
        while (depth > 0) {
            const uint32_t index = stack[--depth];
            const BoxNode &node = nodes_[index];
            if (!overlap(node.box, box, rank_))
                continue;
            if (node.is_leaf()) {
                visit(index);
            } else {
                stack[depth++] = node.right;
                stack[depth++] = node.left;
            }
        }
    }

private:
    /// A tree whose siblings differ by at most one in height has fewer than 2^32 nodes below this one.
    static constexpr uint32_t kMaxHeight = 64;

    uint64_t growth(const Box &hull, const Box &box) const;
    uint32_t best_sibling(const Box &box) const;
    void set_hull(uint32_t index);
    void refit_upwards(uint32_t index);
    uint32_t balance(uint32_t index);
    uint32_t rotate(uint32_t index, bool right_is_higher);
    void replace_child(uint32_t parent, uint32_t old_child, uint32_t new_child);

    IndexPool<BoxNode> &nodes_;
    uint32_t &root_;
    uint32_t rank_;
};

} // namespace pto::inline PTO_ARCH::engine

#endif
