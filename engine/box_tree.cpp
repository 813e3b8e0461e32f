// SPDX-License-Identifier: Apache-2.0
// An AVL-balanced hierarchy of bounding boxes. A new leaf descends to where hulls grow least, gets a common parent with
// the leaf it meets, and the way back up restores hulls and heights with single rotations.
#include "engine/box_tree.h"

namespace pto::inline PTO_ARCH::engine {
namespace {

uint64_t min_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}
uint64_t max_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

} // namespace

/// How much the hull's edges have to grow, summed.
uint64_t BoxTree::growth(const Box &hull, const Box &box) const
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < rank_; i++)
        sum += (max_of(hull.high[i], box.high[i]) - min_of(hull.low[i], box.low[i])) - (hull.high[i] - hull.low[i]);
    return sum;
}

uint32_t BoxTree::best_sibling(const Box &box) const
{
    uint32_t at = root_;
    while (!nodes_[at].is_leaf()) {
        const BoxNode &node = nodes_[at];
        const uint64_t left = growth(nodes_[node.left].box, box);
        const uint64_t right = growth(nodes_[node.right].box, box);
        const bool go_left = left != right ? left < right : nodes_[node.left].height <= nodes_[node.right].height;
        at = go_left ? node.left : node.right;
    }
    return at;
}

void BoxTree::set_hull(uint32_t index)
{
    BoxNode &node = nodes_[index];
    const BoxNode &left = nodes_[node.left];
    const BoxNode &right = nodes_[node.right];
    for (uint32_t i = 0; i < rank_; i++) {
        node.box.low[i] = min_of(left.box.low[i], right.box.low[i]);
        node.box.high[i] = max_of(left.box.high[i], right.box.high[i]);
    }
    node.height = (left.height > right.height ? left.height : right.height) + 1;
}

void BoxTree::replace_child(uint32_t parent, uint32_t old_child, uint32_t new_child)
{
    nodes_[new_child].parent = parent;
    if (parent == kNone)
        root_ = new_child;
    else if (nodes_[parent].left == old_child)
        nodes_[parent].left = new_child;
    else
        nodes_[parent].right = new_child;
}

/// Lifts the higher child above `index`; returns the new top.
uint32_t BoxTree::rotate(uint32_t index, bool right_is_higher)
{
    BoxNode &node = nodes_[index];
    const uint32_t top = right_is_higher ? node.right : node.left;
    BoxNode &lifted = nodes_[top];
    replace_child(node.parent, index, top);
    // The lifted node keeps its higher child and hands the other one down.
    const bool keep_left = nodes_[lifted.left].height > nodes_[lifted.right].height;
    const uint32_t handed = keep_left ? lifted.right : lifted.left;
    const uint32_t kept = keep_left ? lifted.left : lifted.right;
    lifted.left = index;
    lifted.right = kept;
    (right_is_higher ? node.right : node.left) = handed;
    nodes_[handed].parent = index;
    node.parent = top;
    set_hull(index);
    set_hull(top);
    return top;
}

uint32_t BoxTree::balance(uint32_t index)
{
    const BoxNode &node = nodes_[index];
    const uint32_t left = nodes_[node.left].height;
    const uint32_t right = nodes_[node.right].height;
    if (right > left + 1)
        return rotate(index, true);
    if (left > right + 1)
        return rotate(index, false);
    return index;
}

void BoxTree::refit_upwards(uint32_t index)
{
    while (index != kNone) {
        set_hull(index);
        index = nodes_[balance(index)].parent;
    }
}

uint32_t BoxTree::insert(const Box &box)
{
    const uint32_t leaf = nodes_.allocate();
    BoxNode &node = nodes_[leaf];
    for (uint32_t i = 0; i < rank_; i++) {
        node.box.low[i] = box.low[i];
        node.box.high[i] = box.high[i];
    }
    node.left = node.right = node.parent = kNone;
    node.height = 0;
    node.record = AccessRecord::of(TaskId::none());
    if (root_ == kNone) {
        root_ = leaf;
        return leaf;
    }
    const uint32_t sibling = best_sibling(box);
    const uint32_t parent = nodes_.allocate();
    replace_child(nodes_[sibling].parent, sibling, parent);
    nodes_[parent].left = sibling;
    nodes_[parent].right = leaf;
    nodes_[sibling].parent = parent;
    nodes_[leaf].parent = parent;
    refit_upwards(parent);
    return leaf;
}

void BoxTree::remove(uint32_t leaf)
{
    const uint32_t parent = nodes_[leaf].parent;
    if (parent == kNone) {
        root_ = kNone;
    } else {
        const uint32_t sibling = nodes_[parent].left == leaf ? nodes_[parent].right : nodes_[parent].left;
        const uint32_t grandparent = nodes_[parent].parent;
        replace_child(grandparent, parent, sibling);
        nodes_.release(parent);
        refit_upwards(grandparent);
    }
    nodes_.release(leaf);
}

} // namespace pto::inline PTO_ARCH::engine
