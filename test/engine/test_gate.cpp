// SPDX-License-Identifier: Apache-2.0
#include "engine_test.hpp"

#include "engine/gate.h"
#include "posix/process_barrier.h"

#include <csignal>
#include <mutex>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace pto;
using namespace pto::engine;
using namespace pto::test;

void assert_sharing(const GateKeeper &keeper, Sharing expected)
{
    assert_true(keeper.sharing() == expected);
}

// ---- states

void without_a_gate_the_owner_is_never_alone(void **)
{
    GateKeeper keeper;
    assert_sharing(keeper, Sharing::kShared);
    keeper.close();
    assert_sharing(keeper, Sharing::kShared);
    keeper.open();
    keeper.reset();
    assert_sharing(keeper, Sharing::kShared);
}

void behind_a_closed_gate_without_visitors_the_owner_is_alone(void **)
{
    Gate gate;
    GateKeeper keeper;
    keeper.use(&gate);
    assert_sharing(keeper, Sharing::kShared);
    assert_false(gate.closed.load());
    for (int round = 0; round < 3; round++) {
        keeper.close();
        assert_sharing(keeper, Sharing::kAlone);
        assert_true(gate.closed.load());
        keeper.open();
        assert_sharing(keeper, Sharing::kShared);
        assert_false(gate.closed.load());
    }
}

void with_a_visitor_the_gate_stays_open(void **)
{
    for (const uint32_t visitors : {1u, 2u, 71u}) {
        Gate gate;
        GateKeeper keeper;
        keeper.use(&gate);
        gate.visitors.store(visitors);
        keeper.close();
        assert_sharing(keeper, Sharing::kShared);
        assert_false(gate.closed.load());
        assert_int_equal(gate.visitors.load(), visitors);
        keeper.open();
        assert_sharing(keeper, Sharing::kShared);
        assert_false(gate.closed.load());
        gate.visitors.store(0);
        assert_sharing(keeper, Sharing::kShared); // until the owner comes back to the gate
        keeper.close();
        assert_sharing(keeper, Sharing::kAlone);
    }
}

void a_visitor_that_comes_to_a_closed_gate_does_not_end_the_owner_s_stay(void **)
{
    Gate gate;
    GateKeeper keeper;
    keeper.use(&gate);
    keeper.close();
    gate.visitors.store(1);
    assert_sharing(keeper, Sharing::kAlone);
    assert_true(gate.closed.load());
    keeper.open();
    assert_false(gate.closed.load());
    keeper.close();
    assert_sharing(keeper, Sharing::kShared);
    assert_false(gate.closed.load());
}

void an_owner_that_left_by_a_jump_lets_everyone_in(void **)
{
    Gate gate;
    GateKeeper keeper;
    keeper.use(&gate);
    keeper.close();
    keeper.reset();
    assert_sharing(keeper, Sharing::kShared);
    assert_false(gate.closed.load());
    // Out of the middle of close(): the gate is closed, and the owner does not know yet.
    gate.closed.store(true);
    keeper.reset();
    assert_sharing(keeper, Sharing::kShared);
    assert_false(gate.closed.load());
    keeper.close();
    assert_sharing(keeper, Sharing::kAlone);
}

// ---- order

/// A gate whose count of visitors is on a page that cannot be read at first: who comes there is caught, and what the
/// gate says then is kept. Threads show a wrong order too rarely.
class WatchedGate {
public:
    WatchedGate() : page_bytes_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE)))
    {
        void *pages = mmap(nullptr, 2 * page_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(pages != MAP_FAILED);
        pages_ = static_cast<std::byte *>(pages);
        static_assert(offsetof(Gate, visitors) == 64);
        gate_ = new (pages_ + page_bytes_ - offsetof(Gate, visitors)) Gate;
        watched_ = this;
        struct sigaction action = {};
        action.sa_handler = caught;
        assert_int_equal(sigaction(SIGSEGV, &action, &before_), 0);
    }
    ~WatchedGate()
    {
        sigaction(SIGSEGV, &before_, nullptr);
        munmap(pages_, 2 * page_bytes_);
    }
    WatchedGate(const WatchedGate &) = delete;
    WatchedGate &operator=(const WatchedGate &) = delete;

    Gate *gate() { return gate_; }
    void watch() { assert_int_equal(mprotect(pages_ + page_bytes_, page_bytes_, PROT_NONE), 0); }

    uint32_t looks = 0;      ///< For visitors.
    bool was_closed = false; ///< At the last one.

private:
    static void caught(int)
    {
        watched_->looks++;
        watched_->was_closed = watched_->gate_->closed.load(std::memory_order_relaxed);
        if (mprotect(watched_->pages_ + watched_->page_bytes_, watched_->page_bytes_, PROT_READ | PROT_WRITE) != 0)
            std::abort();
    }

    static inline WatchedGate *watched_ = nullptr;
    std::size_t page_bytes_;
    std::byte *pages_ = nullptr;
    Gate *gate_ = nullptr;
    struct sigaction before_ = {};
};

void the_gate_is_closed_before_the_owner_looks_for_visitors(void **)
{
    WatchedGate watched;
    GateKeeper keeper;
    keeper.use(watched.gate());
    for (uint32_t round = 1; round < 4; round++) {
        watched.watch();
        keeper.close();
        assert_int_equal(watched.looks, round);
        assert_true(watched.was_closed);
        assert_sharing(keeper, Sharing::kAlone);
        keeper.open();
    }
}

// ---- who is inside

/// What owner and visitors are at, as in the engine: the owner with plain instructions while it is alone.
struct House {
    static constexpr uint32_t kCells = 4;
    static constexpr uint32_t kFarLines = 4096;

    std::atomic<uint64_t> cells[kCells] = {};
    Gate gate;
    std::mutex mutex;      ///< Of the visitors.
    uint64_t unshared = 0; ///< Nobody's but the owner's while that is alone, and the visitors'.
    std::vector<std::atomic<uint64_t>> far = std::vector<std::atomic<uint64_t>>(kFarLines * 8);
};

/// One stay of the owner; the number of additions to each cell.
void stay(House &house, GateKeeper &keeper, Random &random, uint64_t *additions, uint64_t *unshared)
{
    // Stores to lines that are far away: those behind them take long to be seen by others.
    for (uint32_t i = 0; i < 8; i++)
        store_relaxed(house.far[random.below(House::kFarLines) * 8], i);
    keeper.close();
    for (uint32_t i = 0; i < 3; i++) {
        for (std::atomic<uint64_t> &cell : house.cells)
            fetch_sub_acq_rel(cell, UINT64_MAX, keeper.sharing()); // adds one
        *additions += 1;
    }
    if (keeper.sharing() == Sharing::kAlone) {
        house.unshared++;
        *unshared += 1;
    }
    keeper.open();
}

void visit(House &house, Random &random, uint64_t *additions, uint64_t *unshared)
{
    house.gate.visitors.fetch_add(1, std::memory_order_seq_cst);
    pto::posix::process_barrier();
    while (load_acquire(house.gate.closed)) // E1
        std::this_thread::yield();
    for (uint64_t i = random.between(1, 30); i > 0; i--) {
        for (std::atomic<uint64_t> &cell : house.cells)
            cell.fetch_add(1, std::memory_order_acq_rel);
        *additions += 1;
    }
    {
        const std::lock_guard lock(house.mutex);
        house.unshared++;
        *unshared += 1;
    }
    house.gate.visitors.fetch_sub(1, std::memory_order_seq_cst); // E2
    for (uint64_t i = random.below(1500); i > 0; i--)            // the owner is to be alone now and then
        store_relaxed(house.far[random.below(House::kFarLines) * 8], i);
}

void nothing_that_owner_and_visitors_do_is_lost(void **)
{
    if (!pto::posix::has_process_barrier())
        skip(); // owners have no gate then
    constexpr uint32_t kVisitors = 2;
    constexpr uint32_t kVisits = 15000;
    constexpr uint64_t kStaysAlone = 100;
    House house;
    uint64_t additions[kVisitors + 1] = {};
    uint64_t unshared[kVisitors + 1] = {};
    std::atomic<uint64_t> stays_alone{0};
    std::atomic<uint32_t> left{kVisitors};
    on_threads(kVisitors + 1, [&](uint32_t thread) {
        Random random(thread);
        uint64_t mine = 0;
        uint64_t mine_unshared = 0;
        if (thread == 0) {
            GateKeeper keeper;
            keeper.use(&house.gate);
            while (left.load() != 0) {
                stay(house, keeper, random, &mine, &mine_unshared);
                stays_alone.store(mine_unshared);
            }
        } else {
            // On a busy machine the owner may come late, and has to meet visitors.
            for (uint32_t i = 0; i < kVisits || stays_alone.load() < kStaysAlone; i++)
                visit(house, random, &mine, &mine_unshared);
            left.fetch_sub(1);
        }
        additions[thread] = mine;
        unshared[thread] = mine_unshared;
    });
    const uint64_t total = additions[0] + additions[1] + additions[2];
    for (const std::atomic<uint64_t> &cell : house.cells)
        assert_int_equal(cell.load(), total);
    assert_int_equal(house.unshared, unshared[0] + unshared[1] + unshared[2]);
    assert_true(stays_alone.load() >= kStaysAlone);
    assert_int_equal(house.gate.visitors.load(), 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(without_a_gate_the_owner_is_never_alone),
        cmocka_unit_test(behind_a_closed_gate_without_visitors_the_owner_is_alone),
        cmocka_unit_test(with_a_visitor_the_gate_stays_open),
        cmocka_unit_test(a_visitor_that_comes_to_a_closed_gate_does_not_end_the_owner_s_stay),
        cmocka_unit_test(an_owner_that_left_by_a_jump_lets_everyone_in),
        cmocka_unit_test(the_gate_is_closed_before_the_owner_looks_for_visitors),
        cmocka_unit_test(nothing_that_owner_and_visitors_do_is_lost),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
