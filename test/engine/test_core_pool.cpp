// SPDX-License-Identifier: Apache-2.0
#include "engine_test.hpp"

#include "aicpu/core_pool.h"

#include <set>

namespace {

using namespace pto::aicpu;
using pto::kCoresPerCluster;
using pto::kMaxClusters;
using pto::kMaxCores;
using pto::engine::Shape;
using namespace pto::test;

void an_aic_task_gets_an_aic_and_an_aiv_task_an_aiv(void **)
{
    CorePool pool;
    pool.reset(3);
    std::set<uint32_t> cores;
    for (int i = 0; i < 3; i++) {
        const uint32_t core = pool.claim_one(Shape::kAic, 0);
        assert_true(core < 9 && core % kCoresPerCluster == 0 && cores.insert(core).second);
    }
    assert_int_equal(pool.claim_one(Shape::kAic, 0), kNoCore);
    for (int i = 0; i < 6; i++) {
        const uint32_t core = pool.claim_one(Shape::kAiv, 0);
        assert_true(core < 9 && core % kCoresPerCluster != 0 && cores.insert(core).second);
    }
    assert_int_equal(pool.claim_one(Shape::kAiv, 0), kNoCore);
}

void the_home_cluster_is_looked_at_first(void **)
{
    CorePool pool;
    pool.reset(4);
    assert_int_equal(pool.claim_one(Shape::kAic, 2), core_id(2, 0));
    assert_int_equal(pool.claim_one(Shape::kAic, 2), core_id(3, 0));
    assert_int_equal(pool.claim_one(Shape::kAic, 2), core_id(0, 0));
    assert_int_equal(pool.claim_one(Shape::kAiv, 7), core_id(3, 1));
    assert_int_equal(pool.claim_lanes(7, 5), 1);
}

void a_core_that_is_given_back_is_taken_again(void **)
{
    CorePool pool;
    pool.reset(1);
    const uint32_t core = pool.claim_one(Shape::kAic, 0);
    assert_int_equal(pool.claim_one(Shape::kAic, 0), kNoCore);
    pool.release(core);
    assert_int_equal(pool.claim_one(Shape::kAic, 0), core);
}

void idle_cores_are_counted_as_a_block_could_have_them(void **)
{
    CorePool pool;
    pool.reset(2);
    assert_int_equal(pool.idle_for(Shape::kAic, 1), 2);
    assert_int_equal(pool.idle_for(Shape::kAiv, 2), 4); // either AIV serves
    assert_int_equal(pool.idle_for(Shape::kMix, 7), 3);
    pool.claim_one(Shape::kAic, 0);
    pool.claim_one(Shape::kAiv, 1);
    assert_int_equal(pool.idle_for(Shape::kAic, 1), 1);
    assert_int_equal(pool.idle_for(Shape::kAiv, 4), 3);
    assert_int_equal(pool.idle_for(Shape::kMix, 7), 2); // two in each cluster, but three in none
    assert_int_equal(pool.idle_for(Shape::kMix, 6), 2);
}

void the_lanes_of_a_block_come_from_one_cluster_or_not_at_all(void **)
{
    CorePool pool;
    pool.reset(2);
    assert_int_equal(pool.claim_one(Shape::kAiv, 0), core_id(0, 1));
    assert_int_equal(pool.claim_one(Shape::kAic, 1), core_id(1, 0));
    assert_int_equal(pool.claim_lanes(7, 0), kNoCore);
    assert_int_equal(pool.claim_lanes(3, 0), kNoCore);
    assert_int_equal(pool.claim_lanes(5, 0), 0); // the AIC and the second AIV of cluster 0
    assert_int_equal(pool.claim_lanes(6, 0), 1); // both AIV of cluster 1
    for (const Shape shape : {Shape::kAic, Shape::kAiv})
        assert_int_equal(pool.claim_one(shape, 0), kNoCore);
}

void a_claim_that_fails_takes_nothing(void **)
{
    CorePool pool;
    pool.reset(1);
    assert_int_equal(pool.claim_lanes(4, 0), 0);
    assert_int_equal(pool.claim_lanes(7, 0), kNoCore);
    assert_int_equal(pool.claim_lanes(3, 0), 0);
}

void a_reset_frees_every_core(void **)
{
    CorePool pool;
    pool.reset(kMaxClusters);
    for (uint32_t i = 0; i < kMaxClusters; i++)
        assert_int_not_equal(pool.claim_lanes(7, 0), kNoCore);
    assert_int_equal(pool.claim_lanes(7, 0), kNoCore);
    pool.reset(kMaxClusters);
    assert_int_equal(pool.cluster_count(), kMaxClusters);
    for (uint32_t i = 0; i < kMaxClusters; i++)
        assert_int_not_equal(pool.claim_lanes(7, 0), kNoCore);
}

/// What threads do to one pool, in plain memory: whoever holds a core is alone with its count.
struct Uses {
    CorePool pool;
    uint64_t of_core[kMaxCores] = {};
    std::atomic<uint64_t> total{0};

    void use_and_release(uint32_t core)
    {
        of_core[core]++;
        total.fetch_add(1, std::memory_order_relaxed);
        pool.release(core);
    }
};

void claim_often(Uses &uses, uint32_t thread)
{
    Random random(thread);
    for (int i = 0; i < 100000; i++) {
        if (random.one_in(3)) {
            const uint32_t mask = random.between(1, 7);
            const uint32_t cluster = uses.pool.claim_lanes(mask, thread);
            for (uint32_t lane = 0; cluster != kNoCore && lane < kCoresPerCluster; lane++)
                if ((mask >> lane & 1) != 0)
                    uses.use_and_release(core_id(cluster, lane));
        } else {
            const uint32_t core = uses.pool.claim_one(random.one_in(2) ? Shape::kAic : Shape::kAiv, thread);
            if (core != kNoCore)
                uses.use_and_release(core);
        }
    }
}

void no_core_is_held_by_two_threads(void **)
{
    constexpr uint32_t kClusters = 2;
    Uses uses;
    uses.pool.reset(kClusters);
    on_threads(4, [&](uint32_t thread) { claim_often(uses, thread); });
    uint64_t sum = 0;
    for (uint32_t core = 0; core < kMaxCores; core++) {
        assert_true(uses.of_core[core] == 0 || core < kClusters * kCoresPerCluster);
        sum += uses.of_core[core];
    }
    assert_true(sum == uses.total.load());
    for (uint32_t i = 0; i < kClusters; i++)
        assert_int_not_equal(uses.pool.claim_lanes(7, 0), kNoCore);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_aic_task_gets_an_aic_and_an_aiv_task_an_aiv),
        cmocka_unit_test(the_home_cluster_is_looked_at_first),
        cmocka_unit_test(a_core_that_is_given_back_is_taken_again),
        cmocka_unit_test(idle_cores_are_counted_as_a_block_could_have_them),
        cmocka_unit_test(the_lanes_of_a_block_come_from_one_cluster_or_not_at_all),
        cmocka_unit_test(a_claim_that_fails_takes_nothing),
        cmocka_unit_test(a_reset_frees_every_core),
        cmocka_unit_test(no_core_is_held_by_two_threads),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
