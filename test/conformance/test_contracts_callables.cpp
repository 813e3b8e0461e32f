// SPDX-License-Identifier: Apache-2.0
// Prepare, run and release: what they need of each other, when something is loaded, and that they are the same for
// every kind of callable.
#include <random>

#include "contracts.hpp"

namespace {

using namespace pto::test;

// ---- the three verbs

void a_run_of_an_id_that_is_not_prepared_is_refused(void **)
{
    const TestChip chip;
    for (const int32_t id : {0, 5, 63}) {
        EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_run(chip.get(), id, nullptr, nullptr, nullptr));
        EXPECT_MESSAGE(("callable id " + std::to_string(id)).c_str());
        assert_int_equal(pto_last_error()->callable_id, id);
        EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(chip.get(), id));
    }
    assert_int_equal(stats_of(chip.get()).runs, 0);
}

void a_second_prepare_of_a_live_id_is_refused_and_the_first_stays(void **)
{
    TestChip chip;
    CallableBuilder first = sum();
    CallableBuilder second = difference();
    chip.prepare(5, first);
    EXPECT_STATUS(PTO_ERROR_ALREADY_PREPARED, pto_prepare(chip.get(), 5, second.get()));
    EXPECT_MESSAGE("callable id 5");
    EXPECT_STATUS(PTO_ERROR_ALREADY_PREPARED, pto_prepare(chip.get(), 5, first.get()));
    EXPECT_VALUE(run_binary(chip.get(), 5, 2, 3), 5);
    assert_int_equal(orchestration_loads(chip.get()), 1);
    assert_int_equal(stats_of(chip.get()).prepares, 1);
}

void a_released_id_is_free_for_any_callable(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    for (int round = 0; round < 5; round++) {
        chip.prepare(5, add);
        EXPECT_VALUE(run_binary(chip.get(), 5, 2, 3), 5);
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 5));
        EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_run(chip.get(), 5, nullptr, nullptr, nullptr));
        EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(chip.get(), 5));
        chip.prepare(5, subtract);
        EXPECT_VALUE(run_binary(chip.get(), 5, 2, 3), -1);
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 5));
    }
}

void a_thousand_launches_load_and_unload_nothing(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    chip.prepare(0, add);
    chip.prepare(1, subtract);
    assert_true(both_run(chip.get(), 0, 1));
    const pto_stats before = stats_of(chip.get());
    const LinkerCounts linker = linker_counts();
    const int times = rounds(500);
    for (int i = 0; i < times; i++)
        assert_true(both_run(chip.get(), 0, 1, static_cast<float>(i), 1));
    const pto_stats after = stats_of(chip.get());
    assert_true(linker_counts() == linker);
    assert_int_equal(after.runs, before.runs + 2 * static_cast<uint64_t>(times));
    assert_int_equal(after.orch_loads + after.host_orch_loads, before.orch_loads + before.host_orch_loads);
    assert_int_equal(after.kernel_uploads, before.kernel_uploads);
    assert_int_equal(after.orch_uploads, before.orch_uploads);
    assert_int_equal(after.staging_bytes, before.staging_bytes);
}

// ---- ids

void ids_outside_0_to_63_are_refused_by_every_verb(void **)
{
    const TestChip chip;
    CallableBuilder add = sum();
    const pto_callable &callable = *add.get();
    for (const int32_t id : {-1, 64, 65, 128, 4096, INT32_MAX, INT32_MIN}) {
        const std::string text = "callable id " + std::to_string(id) + " is not in 0..63";
        EXPECT_STATUS(PTO_ERROR_INVALID_CALLABLE_ID, pto_prepare(chip.get(), id, &callable));
        EXPECT_MESSAGE(text.c_str());
        EXPECT_STATUS(PTO_ERROR_INVALID_CALLABLE_ID, pto_run(chip.get(), id, nullptr, nullptr, nullptr));
        EXPECT_MESSAGE(text.c_str());
        EXPECT_STATUS(PTO_ERROR_INVALID_CALLABLE_ID, pto_release(chip.get(), id));
        EXPECT_MESSAGE(text.c_str());
    }
    assert_int_equal(orchestration_loads(chip.get()), 0);
}

void all_sixty_four_ids_are_live_at_once_each_with_its_own_callable(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    for (int32_t id = 0; id < PTO_MAX_CALLABLES; id++)
        chip.prepare(id, id % 3 == 0 ? add : subtract);
    assert_int_equal(stats_of(chip.get()).prepared_callables, 64);
    assert_int_equal(orchestration_loads(chip.get()), 64);
    for (int32_t id = PTO_MAX_CALLABLES - 1; id >= 0; id--)
        EXPECT_VALUE(run_binary(chip.get(), id, 2, 3), id % 3 == 0 ? 5 : -1);
    assert_int_equal(orchestration_loads(chip.get()), 64);
}

// ---- loading

void preparing_loads_and_the_first_run_does_not(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    const unsigned long long objects = objects_loaded();
    chip.prepare(7, add);
    assert_int_equal(objects_loaded(), objects + (kernels_are_here() ? 2 : 0) + (orchestrations_are_here() ? 1 : 0));
    assert_int_equal(orchestration_loads(chip.get()), 1);
    const LinkerCounts linker = linker_counts();
    std::vector<float> a = {2};
    std::vector<float> b = {3};
    std::vector<float> c = {0};
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, chip.run(7, {floats(a), floats(b), floats(c)}, {}, &result));
    EXPECT_VALUE(c[0], 5);
    assert_true(linker_counts() == linker);
    assert_int_equal(result.loads, 0);
    assert_int_equal(orchestration_loads(chip.get()), 1);
}

/// Spoils a copy of the callable; the prepare has to fail and to leave nothing.
void expect_failed_load(TestChip &chip, pto_status status, void (*spoil)(pto_callable *callable, pto_kernel *kernels))
{
    CallableBuilder builder = sum();
    pto_callable bad = *builder.get();
    pto_kernel kernels[] = {bad.kernels[0], bad.kernels[1]};
    bad.kernels = kernels;
    spoil(&bad, kernels);
    pto_stats before = stats_of(chip.get());
    const unsigned long long objects = objects_loaded();
    EXPECT_STATUS(status, pto_prepare(chip.get(), 7, &bad));
    EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_run(chip.get(), 7, nullptr, nullptr, nullptr));
    EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(chip.get(), 7));
    const pto_stats after = stats_of(chip.get());
    assert_int_equal(after.prepares, before.prepares);
    assert_int_equal(after.prepared_callables, before.prepared_callables);
    assert_int_equal(after.resident_image_bytes, before.resident_image_bytes);
    assert_int_equal(after.orch_loads, before.orch_loads);
    assert_int_equal(after.host_orch_loads, before.host_orch_loads);
    assert_int_equal(objects_loaded(), objects);
    // The id is free on the executor's side too.
    EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 7, builder.get()));
    EXPECT_VALUE(run_binary(chip.get(), 7, 2, 3), 5);
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 7));
}

void a_failed_load_leaves_the_id_unprepared_on_both_sides(void **)
{
    TestChip chip;
    CallableBuilder other = difference();
    chip.prepare(6, other);
    expect_failed_load(chip, PTO_ERROR_MISSING_ENTRY,
                       [](pto_callable *callable, pto_kernel *) { callable->orch_entry = "ternary"; });
    expect_failed_load(chip, refused_file(orchestrations_are_here()),
                       [](pto_callable *callable, pto_kernel *) { callable->orch_image_bytes = 100; });
    expect_failed_load(chip, PTO_ERROR_SIGNATURE_MISMATCH,
                       [](pto_callable *callable, pto_kernel *) { callable->param_count = 2; });
    expect_failed_load(chip, refused_file(kernels_are_here()),
                       [](pto_callable *, pto_kernel *kernels) { kernels[1].image_bytes = 100; });
    const pto_status other_kind = orchestrations_are_here() ? PTO_ERROR_MISSING_ENTRY : PTO_ERROR_INCOMPATIBLE_IMAGE;
    expect_failed_load(chip, other_kind, [](pto_callable *callable, pto_kernel *kernels) {
        kernels[1].image =
            callable->orch_image; // a shared object, but no kernel, and behind a driver for another machine
        kernels[1].image_bytes = callable->orch_image_bytes;
    });
    EXPECT_VALUE(run_binary(chip.get(), 6, 2, 3), -1);
}

// ---- counters

void one_id_that_runs_many_times_is_loaded_once(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    assert_int_equal(orchestration_loads(chip.get()), 0);
    chip.prepare(3, add);
    for (int i = 0; i < 20; i++)
        EXPECT_VALUE(run_binary(chip.get(), 3, 2, 3), 5);
    assert_int_equal(orchestration_loads(chip.get()), 1);
}

void two_ids_in_turns_are_loaded_twice_in_all(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    CallableBuilder subtract = difference();
    chip.prepare(0, add);
    chip.prepare(1, subtract);
    for (int i = 0; i < 20; i++)
        assert_true(both_run(chip.get(), 0, 1));
    assert_int_equal(orchestration_loads(chip.get()), 2);
}

void release_and_prepare_again_is_a_second_load(void **)
{
    TestChip chip;
    CallableBuilder add = sum();
    chip.prepare(0, add);
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
    assert_int_equal(orchestration_loads(chip.get()), 1);
    chip.prepare(0, add);
    EXPECT_VALUE(run_binary(chip.get(), 0, 2, 3), 5);
    assert_int_equal(orchestration_loads(chip.get()), 2);
}

void counters_only_grow_and_always_add_up(void **)
{
    TestChip chip;
    CallableBuilder callables[] = {sum(), difference()};
    std::mt19937 random(4711);
    bool live[PTO_MAX_CALLABLES] = {};
    uint64_t prepares = 0;
    uint64_t releases = 0;
    uint64_t runs = 0;
    for (int step = 0; step < 300; step++) {
        const auto id = static_cast<int32_t>(random() % 8);
        const bool prepared = live[id];
        if (!prepared) {
            chip.prepare(id, callables[id % 2]);
            prepares++;
        } else if (random() % 3 == 0) {
            EXPECT_STATUS(PTO_OK, pto_release(chip.get(), id));
            releases++;
        } else {
            EXPECT_VALUE(run_binary(chip.get(), id, 2, 3), id % 2 == 0 ? 5 : -1);
            runs++;
            continue;
        }
        live[id] = !prepared;
        const pto_stats stats = stats_of(chip.get());
        assert_int_equal(stats.prepares, prepares);
        assert_int_equal(stats.releases, releases);
        assert_int_equal(stats.runs, runs);
        assert_int_equal(stats.failed_runs, 0);
        assert_int_equal(stats.prepared_callables, prepares - releases);
        assert_int_equal(orchestration_loads(chip.get()), prepares);
    }
}

// ---- one set of verbs

void callables_of_every_kind_share_one_set_of_verbs_and_one_space_of_ids(void **)
{
    static const char *const kKinds[] = {"kind_orchestration_only", "kind_aic", "kind_aiv", "kind_mix", "kind_dummy"};
    TestChip chip;
    CallableBuilder empty("orch_contracts", "kind_empty");
    chip.prepare(0, empty);
    EXPECT_STATUS(PTO_OK, chip.run(0));
    int32_t id = 1;
    for (const char *kind : kKinds) {
        CallableBuilder builder = callable("orch_contracts", kind).inout();
        if (id == 1) // needs no kernel at all
            builder = CallableBuilder("orch_contracts", kind).inout();
        EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(chip.get(), id));
        chip.prepare(id, builder);
        EXPECT_STATUS(PTO_ERROR_ALREADY_PREPARED, pto_prepare(chip.get(), id, empty.get()));
        std::vector<int32_t> x = {0};
        EXPECT_STATUS(PTO_OK, chip.run(id, {integers(x)}));
        assert_int_equal(x[0], 7);
        id++;
    }
    // From an image as from memory; the image is gone before the run.
    CallableBuilder add = sum();
    void *bytes = nullptr;
    std::size_t size = 0;
    pto_image *image = nullptr;
    EXPECT_STATUS(PTO_OK, pto_image_pack(add.get(), &bytes, &size, nullptr));
    EXPECT_STATUS(PTO_OK, pto_image_open(bytes, size, &image, nullptr));
    pto_callable opened = *pto_image_callable(image);
    opened.builder = builder();
    EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), id, &opened));
    pto_image_close(image);
    pto_image_free_bytes(bytes);
    EXPECT_VALUE(run_binary(chip.get(), id, 2, 3), 5);
    for (; id >= 0; id--)
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), id));
    assert_int_equal(stats_of(chip.get()).resident_image_bytes, 0);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_run_of_an_id_that_is_not_prepared_is_refused),
        cmocka_unit_test(a_second_prepare_of_a_live_id_is_refused_and_the_first_stays),
        cmocka_unit_test(a_released_id_is_free_for_any_callable),
        cmocka_unit_test(a_thousand_launches_load_and_unload_nothing),
        cmocka_unit_test(ids_outside_0_to_63_are_refused_by_every_verb),
        cmocka_unit_test(all_sixty_four_ids_are_live_at_once_each_with_its_own_callable),
        cmocka_unit_test(preparing_loads_and_the_first_run_does_not),
        cmocka_unit_test(a_failed_load_leaves_the_id_unprepared_on_both_sides),
        cmocka_unit_test(one_id_that_runs_many_times_is_loaded_once),
        cmocka_unit_test(two_ids_in_turns_are_loaded_twice_in_all),
        cmocka_unit_test(release_and_prepare_again_is_a_second_load),
        cmocka_unit_test(counters_only_grow_and_always_add_up),
        cmocka_unit_test(callables_of_every_kind_share_one_set_of_verbs_and_one_space_of_ids),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
