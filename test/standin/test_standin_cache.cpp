// SPDX-License-Identifier: Apache-2.0
// The caches of a2a3's control CPUs: an image that does not invalidate reads what was there before.
#include "standin_test.hpp"

using namespace standin_test;

namespace {

/// Lets the function add twice, with other numbers the second time; the second sum.
uint64_t second_sum(Card &card, const char *function)
{
    EXPECT_OK(card.bootstrap());
    card.load_functions();
    void *const address = card.allocate(sizeof(ControlBlock));
    ControlBlock block{};
    for (uint64_t a : {uint64_t{1}, uint64_t{100}}) {
        block.a = a;
        block.b = 2 * a;
        block.sum = 0;
        card.upload(address, &block, sizeof block);
        EXPECT_OK(card.launch(function, address));
        EXPECT_OK(card.wait_control());
    }
    card.download(&block, address, sizeof block);
    return block.sum;
}

void an_image_that_invalidates_reads_what_the_host_has_written(void **)
{
    Card card(arch_name);
    assert_int_equal(second_sum(card, "image_add"), 300);
    assert_true(standin_count("stale pages") > 0);
    assert_true(standin_count("refreshed pages") > 0);
    card.close();
}

void an_image_that_leaves_out_the_invalidation_reads_stale_data(void **)
{
    Card card(arch_name);
    assert_int_equal(second_sum(card, "image_add_stale"), 3);
    card.close();
}

void without_the_model_memory_is_what_it_is(void **)
{
    standin_cache_model(0);
    Card card(arch_name);
    assert_int_equal(second_sum(card, "image_add_stale"), 300);
    assert_int_equal(standin_count("stale pages"), 0);
    card.close();
}

/// Two threads of an image write to one page while it is replaced under them.
void writes_to_a_page_that_is_being_refreshed_are_not_lost(void **)
{
    Card card(arch_name);
    EXPECT_OK(card.bootstrap());
    card.load_functions();
    void *const address = card.allocate(4096);
    for (int round = 0; round < 50; round++) {
        std::vector<ControlBlock> blocks(32);
        blocks[0].wanted = 4;
        card.upload(address, blocks.data(), blocks.size() * sizeof blocks[0]);
        EXPECT_OK(card.launch("image_count", address, 4));
        EXPECT_OK(card.wait_control());
        card.download(blocks.data(), address, blocks.size() * sizeof blocks[0]);
        for (int i = 1; i <= 4; i++)
            assert_int_equal(blocks[static_cast<size_t>(i)].sum, 200);
    }
    card.close();
}

} // namespace

int main(int argc, char **argv)
{
    if (!take_arguments(argc, argv))
        return 2;
    const CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_image_that_invalidates_reads_what_the_host_has_written, begin, end),
        cmocka_unit_test_setup_teardown(an_image_that_leaves_out_the_invalidation_reads_stale_data, begin, end),
        cmocka_unit_test_setup_teardown(without_the_model_memory_is_what_it_is, begin, end),
        cmocka_unit_test_setup_teardown(writes_to_a_page_that_is_being_refreshed_are_not_lost, begin, end),
    };
    return cmocka_run_group_tests_name(arch_name, tests, nullptr, nullptr);
}
