// SPDX-License-Identifier: Apache-2.0
// The tree of boxes against a linear list.
#include "engine_test.hpp"

#include "engine/box_tree.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace {

using namespace pto::engine;
using pto::Carver;
using pto::test::Arena;
using pto::test::Random;

struct Fixture {
    Fixture(uint32_t capacity, uint32_t tree_rank) : rank(tree_rank), arena(capacity * sizeof(BoxNode))
    {
        Carver carver(arena.get());
        nodes.layout(carver, capacity);
        nodes.reset();
    }
    BoxTree tree() { return BoxTree(nodes, root, rank); }

    uint32_t rank;
    Arena arena;
    IndexPool<BoxNode> nodes;
    uint32_t root = kNone;
};

Box random_box(Random &random, uint32_t rank, uint64_t limit)
{
    Box box{};
    for (uint32_t i = 0; i < rank; i++) {
        box.low[i] = random.below(limit);
        box.high[i] = box.low[i] + 1 + random.below(random.one_in(8) ? limit : limit / 16 + 1);
    }
    return box;
}

/// Links, hulls and heights are true, and siblings differ by at most one in height. Returns the leaves below.
uint32_t check_node(const Fixture &fixture, uint32_t index, uint32_t parent)
{
    const BoxNode &node = fixture.nodes[index];
    assert_int_equal(node.parent, parent);
    if (node.is_leaf()) {
        assert_int_equal(node.height, 0);
        return 1;
    }
    const BoxNode &left = fixture.nodes[node.left];
    const BoxNode &right = fixture.nodes[node.right];
    const auto [low, high] = std::minmax(left.height, right.height);
    assert_true(high - low <= 1);
    assert_int_equal(node.height, high + 1);
    for (uint32_t i = 0; i < fixture.rank; i++) {
        assert_true(node.box.low[i] == std::min(left.box.low[i], right.box.low[i]));
        assert_true(node.box.high[i] == std::max(left.box.high[i], right.box.high[i]));
    }
    return check_node(fixture, node.left, index) + check_node(fixture, node.right, index);
}

void check_tree(const Fixture &fixture, std::size_t leaves)
{
    if (fixture.root == kNone) {
        assert_int_equal(leaves, 0);
        return assert_int_equal(fixture.nodes.used(), 0);
    }
    assert_int_equal(check_node(fixture, fixture.root, kNone), leaves);
    assert_int_equal(fixture.nodes.used(), 2 * leaves - 1);
}

struct Leaf {
    uint32_t index;
    Box box;
};

void check_query(Fixture &fixture, const std::vector<Leaf> &list, const Box &box)
{
    std::vector<uint32_t> expected;
    for (const Leaf &leaf : list)
        if (overlap(leaf.box, box, fixture.rank))
            expected.push_back(leaf.index);
    std::vector<uint32_t> found;
    fixture.tree().for_overlapping(box, [&](uint32_t leaf) { found.push_back(leaf); });
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    assert_true(found == expected);
}

void run_against_the_list(uint32_t rank, uint64_t seed, uint64_t limit)
{
    Fixture fixture(600, rank);
    Random random(seed);
    std::vector<Leaf> list;
    for (int i = 0; i < 4000; i++) {
        const bool grow = i / 500 % 2 == 0;
        if (list.size() < 300 && (list.empty() || random.one_in(grow ? 2 : 4))) {
            const Box box = random_box(random, rank, limit);
            list.push_back({fixture.tree().insert(box), box});
            assert_true(fixture.nodes[list.back().index].record.writer == TaskId::none());
        } else if (!list.empty() && random.one_in(2)) {
            const std::size_t at = random.below(list.size());
            fixture.tree().remove(list[at].index);
            list[at] = list.back();
            list.pop_back();
        }
        check_query(fixture, list, random_box(random, rank, limit));
        if (i % 16 == 0)
            check_tree(fixture, list.size());
    }
    for (const Leaf &leaf : list)
        fixture.tree().remove(leaf.index);
    check_tree(fixture, 0);
}

void it_finds_what_a_list_finds(void **)
{
    for (uint32_t rank = 1; rank <= kMaxFrameRank; rank++) {
        run_against_the_list(rank, rank, 64);
        run_against_the_list(rank, 100 + rank, uint64_t{1} << 40);
    }
}

void an_empty_tree_finds_nothing(void **)
{
    Fixture fixture(4, 2);
    const Box everything{{0, 0}, {UINT64_MAX, UINT64_MAX}};
    fixture.tree().for_overlapping(everything, [](uint32_t) { fail(); });
    fixture.tree().clear([](uint32_t) { fail(); });
}

void boxes_that_only_touch_do_not_overlap(void **)
{
    Fixture fixture(4, 2);
    fixture.tree().insert(Box{{10, 10}, {20, 20}});
    for (const Box &box : {Box{{0, 10}, {10, 20}}, Box{{20, 10}, {30, 20}}, Box{{10, 20}, {20, 30}}})
        fixture.tree().for_overlapping(box, [](uint32_t) { fail(); });
}

void many_equal_boxes_can_live_in_one_tree(void **)
{
    Fixture fixture(2000, 2);
    const Box box{{3, 4}, {5, 6}};
    for (int i = 0; i < 1000; i++)
        fixture.tree().insert(box);
    check_tree(fixture, 1000);
    int found = 0;
    fixture.tree().for_overlapping(box, [&](uint32_t) { found++; });
    assert_int_equal(found, 1000);
}

void clearing_visits_every_leaf_once_and_gives_all_nodes_back(void **)
{
    Fixture fixture(1024, 2);
    Random random(5);
    std::vector<uint32_t> inserted;
    for (int i = 0; i < 500; i++)
        inserted.push_back(fixture.tree().insert(random_box(random, 2, 1000)));
    std::vector<uint32_t> visited;
    fixture.tree().clear([&](uint32_t leaf) { visited.push_back(leaf); });
    std::sort(inserted.begin(), inserted.end());
    std::sort(visited.begin(), visited.end());
    assert_true(visited == inserted);
    assert_int_equal(fixture.nodes.used(), 0);
    assert_int_equal(fixture.root, kNone);
}

/// Nodes that a query has to look at.
uint32_t visits(const Fixture &fixture, uint32_t index, const Box &box)
{
    const BoxNode &node = fixture.nodes[index];
    if (!overlap(node.box, box, fixture.rank) || node.is_leaf())
        return 1;
    return 1 + visits(fixture, node.left, box) + visits(fixture, node.right, box);
}

constexpr uint32_t kSide = 316;
constexpr uint32_t kTiles = kSide * kSide;

Box tile(uint32_t number)
{
    const uint64_t row = number / kSide;
    const uint64_t column = number % kSide;
    return {{row * 64, column * 256}, {row * 64 + 64, column * 256 + 256}};
}

void check_grid(const std::vector<uint32_t> &order)
{
    Fixture fixture(2 * kTiles, 2);
    for (const uint32_t number : order)
        fixture.tree().insert(tile(number));
    check_tree(fixture, order.size());
    const double log = std::log2(static_cast<double>(order.size()));
    const uint32_t height = fixture.nodes[fixture.root].height;
    assert_true(height <= 2 * log + 2);
    Random random(6);
    uint64_t total = 0;
    constexpr uint32_t kQueries = 2000;
    for (uint32_t i = 0; i < kQueries; i++) {
        const Box box = tile(random.below32(kTiles));
        uint32_t found = 0;
        fixture.tree().for_overlapping(box, [&](uint32_t) { found++; });
        assert_int_equal(found, 1);
        total += visits(fixture, fixture.root, box);
    }
    print_message("# %zu tiles: height %u, %.1f nodes looked at per tile\n", order.size(), height,
                  static_cast<double>(total) / kQueries);
    assert_true(total <= kQueries * static_cast<uint64_t>(20 * log));
}

void a_grid_of_tiles_stays_shallow_in_the_order_of_its_rows(void **)
{
    std::vector<uint32_t> order(kTiles);
    for (uint32_t i = 0; i < kTiles; i++)
        order[i] = i;
    check_grid(order);
}

void a_grid_of_tiles_stays_shallow_in_the_order_of_its_columns(void **)
{
    std::vector<uint32_t> order(kTiles);
    for (uint32_t i = 0; i < kTiles; i++)
        order[i] = i % kSide * kSide + i / kSide;
    check_grid(order);
}

void a_grid_of_tiles_stays_shallow_in_any_order(void **)
{
    std::vector<uint32_t> order(kTiles);
    Random random(7);
    for (uint32_t i = 0; i < kTiles; i++) {
        order[i] = i;
        std::swap(order[i], order[random.below(i + 1)]);
    }
    check_grid(order);
}

void it_stays_balanced_while_the_older_half_goes_away(void **)
{
    Fixture fixture(2 * kTiles, 2);
    std::vector<uint32_t> leaves;
    for (uint32_t i = 0; i < kTiles; i++)
        leaves.push_back(fixture.tree().insert(tile(i)));
    for (uint32_t i = 0; i < kTiles / 2; i++)
        fixture.tree().remove(leaves[i]);
    check_tree(fixture, kTiles - kTiles / 2);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(it_finds_what_a_list_finds),
        cmocka_unit_test(an_empty_tree_finds_nothing),
        cmocka_unit_test(boxes_that_only_touch_do_not_overlap),
        cmocka_unit_test(many_equal_boxes_can_live_in_one_tree),
        cmocka_unit_test(clearing_visits_every_leaf_once_and_gives_all_nodes_back),
        cmocka_unit_test(a_grid_of_tiles_stays_shallow_in_the_order_of_its_rows),
        cmocka_unit_test(a_grid_of_tiles_stays_shallow_in_the_order_of_its_columns),
        cmocka_unit_test(a_grid_of_tiles_stays_shallow_in_any_order),
        cmocka_unit_test(it_stays_balanced_while_the_older_half_goes_away),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
