// SPDX-License-Identifier: Apache-2.0
// What callables share and what they do not: images of equal bytes once, orchestrations and func ids each its own, and
// nothing left when the last user has gone.
#include <random>
#include <set>

#include "contracts.hpp"

namespace {

using namespace pto::test;

// ---- two orchestrations on one chip

void two_orchestrations_in_turns_give_four_and_not_minus_two(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    chip.prepare(0, add);
    chip.prepare(1, subtract);
    for (int round = 0; round < 100; round++) {
        const float s = run_binary(chip.get(), 0, 2, 3);
        const float d = run_binary(chip.get(), 1, 2, 3);
        EXPECT_VALUE(s, 5);
        EXPECT_VALUE(d, -1);
        EXPECT_VALUE(s + d, 4);
    }
}

void many_orchestrations_run_right_in_any_order(void **)
{
    constexpr int32_t kIds[] = {0, 1, 17, 31, 62, 63};
    TestChip chip;
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    std::mt19937 random(42);
    for (const int32_t id : kIds)
        chip.prepare(id, id % 2 == 0 ? add : subtract);
    for (int round = 0; round < 500; round++) {
        const int32_t id = kIds[random() % std::size(kIds)];
        const auto a = static_cast<float>(random() % 1000);
        const auto b = static_cast<float>(random() % 1000);
        EXPECT_VALUE(run_binary(chip.get(), id, a, b), id % 2 == 0 ? a + b : a - b);
    }
}

// ---- images

uint64_t bytes_of(const char *module)
{
    return module_bytes(module).size();
}

void identical_orchestrations_are_uploaded_once_and_loaded_for_each_id(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    for (int32_t id = 0; id < 5; id++)
        chip.prepare(id, add);
    const pto_stats stats = stats_of(chip.get());
    assert_int_equal(orchestration_loads(chip.get()), 5);
    assert_int_equal(stats.kernel_uploads, 2);
    if (builder() == PTO_DEVICE_BUILT) {
        assert_int_equal(stats.orch_uploads, 1);
        assert_int_equal(stats.dedup_hits, 4 * 3);
        assert_int_equal(stats.resident_image_bytes,
                         bytes_of("orch_sum") + bytes_of("kernel_add") + bytes_of("kernel_subtract"));
    }
}

void the_last_user_of_an_image_frees_it_and_no_one_before(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    for (int32_t id = 0; id < 4; id++)
        chip.prepare(id, add);
    const uint64_t resident = stats_of(chip.get()).resident_image_bytes;
    assert_true(resident >= bytes_of("kernel_add") + bytes_of("kernel_subtract"));
    for (const int32_t id : {2, 0, 3}) {
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), id));
        assert_int_equal(stats_of(chip.get()).resident_image_bytes, resident);
        EXPECT_VALUE(run_binary(chip.get(), 1, 2, 3), 5);
    }
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 1));
    assert_int_equal(stats_of(chip.get()).resident_image_bytes, 0);
    chip.prepare(0, add); // what was freed is sent again
    assert_int_equal(stats_of(chip.get()).kernel_uploads, 4);
    EXPECT_VALUE(run_binary(chip.get(), 0, 2, 3), 5);
}

/// Modules of the callables below.
struct Recipe {
    const char *orchestration;
    const char *kernels[2];
};
constexpr Recipe kRecipes[] = {
    {"orch_sum", {"kernel_add", "kernel_subtract"}},        {"orch_difference", {"kernel_add", "kernel_subtract"}},
    {"orch_sum", {"kernel_subtract", "kernel_subtract"}},   {"orch_difference", {"kernel_subtract", "kernel_add"}},
    {"orch_difference", {"kernel_nop", "kernel_subtract"}},
};

CallableBuilder cook(const Recipe &recipe)
{
    CallableBuilder made(recipe.orchestration, "binary");
    return made.aiv(0, recipe.kernels[0]).aiv(1, recipe.kernels[1]).in().in().out();
}

void resident_bytes_are_those_of_the_live_callables(void **)
{
    TestChip chip;
    std::mt19937 random(7);
    const Recipe *live[12] = {};
    for (int step = 0; step < 400; step++) {
        const std::size_t id = random() % std::size(live);
        if (live[id] == nullptr) {
            live[id] = &kRecipes[random() % std::size(kRecipes)];
            CallableBuilder made = cook(*live[id]);
            chip.prepare(static_cast<int32_t>(id), made);
        } else {
            live[id] = nullptr;
            EXPECT_STATUS(PTO_OK, pto_release(chip.get(), static_cast<int32_t>(id)));
        }
        std::set<std::string> modules;
        for (const Recipe *recipe : live) {
            if (recipe == nullptr)
                continue;
            modules.insert({recipe->kernels[0], recipe->kernels[1]});
            if (builder() == PTO_DEVICE_BUILT)
                modules.insert(recipe->orchestration);
        }
        uint64_t expected = 0;
        for (const std::string &module : modules)
            expected += bytes_of(module.c_str());
        const uint64_t resident = stats_of(chip.get()).resident_image_bytes;
        if (builder() == PTO_DEVICE_BUILT || modules.empty())
            assert_int_equal(resident, expected);
        else
            assert_true(resident >= expected);
    }
    for (std::size_t id = 0; id < std::size(live); id++)
        if (live[id] != nullptr)
            EXPECT_STATUS(PTO_OK, pto_release(chip.get(), static_cast<int32_t>(id)));
    assert_int_equal(stats_of(chip.get()).resident_image_bytes, 0);
    assert_int_equal(stats_of(chip.get()).staging_bytes, 0);
}

/// Whether this much device memory can be had in one piece.
bool has_room(const TestChip &chip, uint64_t size_bytes)
{
    uint64_t address = 0;
    if (pto_malloc(chip.get(), size_bytes, &address) != PTO_OK)
        return false;
    EXPECT_STATUS(PTO_OK, pto_free(chip.get(), address));
    return true;
}

void release_gives_all_device_memory_back(void **)
{
    pto_open_options options = TestChip::default_options();
    options.device_memory_bytes = uint64_t{512} << 20;
    options.heap_bytes = uint64_t{16} << 20;
    options.max_tasks = 1024;
    TestChip chip(options);
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    uint64_t largest = 0;
    for (uint64_t step = uint64_t{256} << 20; step >= 1024; step /= 2)
        largest += has_room(chip, largest + step) ? step : 0;
    assert_true(largest > uint64_t{64} << 20);
    for (int round = 0; round < 10; round++) {
        chip.prepare(round, add);
        chip.prepare(63, subtract);
        assert_true(both_run(chip.get(), round, 63));
        assert_false(has_room(chip, largest));
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), round));
        EXPECT_VALUE(run_binary(chip.get(), 63, 2, 3), -1);
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 63));
        assert_true(has_room(chip, largest));
    }
}

// ---- func ids

/// The same orchestration, entry and func id, and another kernel.
CallableBuilder with_kernel(const char *kernel)
{
    return CallableBuilder("orch_sum", "binary").aiv(0, kernel).in().in().out();
}

void a_func_id_that_is_used_again_is_each_callables_own_kernel(void **)
{
    TestChip chip;
    CallableBuilder add = with_kernel("kernel_add");
    CallableBuilder subtract = with_kernel("kernel_subtract");
    chip.prepare(0, add);
    EXPECT_VALUE(run_binary(chip.get(), 0, 2, 3), 5);
    chip.prepare(1, subtract);
    assert_int_equal(stats_of(chip.get()).kernel_uploads, 2);
    for (int round = 0; round < 10; round++)
        assert_true(both_run(chip.get(), 0, 1));
    // The one that came first goes, and comes back after the other.
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
    EXPECT_VALUE(run_binary(chip.get(), 1, 2, 3), -1);
    chip.prepare(0, add);
    assert_true(both_run(chip.get(), 0, 1));
}

void another_kernel_under_the_same_id_and_func_id_is_the_one_that_runs(void **)
{
    TestChip chip;
    for (int round = 0; round < 20; round++) {
        CallableBuilder made = with_kernel(round % 2 == 0 ? "kernel_add" : "kernel_subtract");
        chip.prepare(0, made);
        EXPECT_VALUE(run_binary(chip.get(), 0, 2, 3), round % 2 == 0 ? 5 : -1);
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
    }
}

void a_func_id_without_a_kernel_is_refused_by_its_number(void **)
{
    TestChip chip;
    CallableBuilder builder = callable("orch_cores", "second_is").inout().scalar();
    chip.prepare(0, builder);
    std::vector<int32_t> x = {1};
    // In a gap of the table, behind its end, behind the end of all func ids.
    for (const uint64_t func_id : {16u, 18u, 19u, 500u, 1023u, 1024u, 70000u, 0x7fffffffu}) {
        pto_run_result result = PTO_RUN_RESULT_INIT;
        EXPECT_STATUS(PTO_ERROR_UNKNOWN_KERNEL, chip.run(0, {integers(x)}, {func_id}, &result));
        EXPECT_MESSAGE("task 1");
        EXPECT_MESSAGE(("func id " + std::to_string(func_id)).c_str());
        assert_int_equal(pto_last_error()->func_id, func_id);
        assert_int_equal(pto_last_error()->task, 1);
        EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {NOP}));
    }
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
}

void a_kernel_of_another_live_callable_is_not_reached(void **)
{
    TestChip chip;
    CallableBuilder rich = callable("orch_cores", "second_is").inout().scalar();
    CallableBuilder poor = CallableBuilder("orch_cores", "second_is").aiv(NOP, "kernel_nop").inout().scalar();
    chip.prepare(0, rich);
    chip.prepare(1, poor);
    std::vector<int32_t> x = {1};
    EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {NOP}));
    EXPECT_STATUS(PTO_ERROR_UNKNOWN_KERNEL, chip.run(1, {integers(x)}, {SLEEP}));
    EXPECT_STATUS(PTO_OK, chip.run(1, {integers(x)}, {NOP}));
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(two_orchestrations_in_turns_give_four_and_not_minus_two),
        cmocka_unit_test(many_orchestrations_run_right_in_any_order),
        cmocka_unit_test(identical_orchestrations_are_uploaded_once_and_loaded_for_each_id),
        cmocka_unit_test(the_last_user_of_an_image_frees_it_and_no_one_before),
        cmocka_unit_test(resident_bytes_are_those_of_the_live_callables),
        cmocka_unit_test(release_gives_all_device_memory_back),
        cmocka_unit_test(a_func_id_that_is_used_again_is_each_callables_own_kernel),
        cmocka_unit_test(another_kernel_under_the_same_id_and_func_id_is_the_one_that_runs),
        cmocka_unit_test(a_func_id_without_a_kernel_is_refused_by_its_number),
        cmocka_unit_test(a_kernel_of_another_live_callable_is_not_reached),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
