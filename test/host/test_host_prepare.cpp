// SPDX-License-Identifier: Apache-2.0
// pto_prepare: which callables it refuses, that a refusal leaves the id free and nothing behind, and what it counts.
#include "host_test.hpp"

#include <algorithm>

using namespace pto::test;

namespace {

/// A good callable, all of whose parts can be spoiled.
struct Parts {
    Parts()
    {
        callable = *builder.get();
        kernels.assign(callable.kernels, callable.kernels + callable.kernel_count);
        kernels.push_back(kernels[0]);
        kernels[1].func_id = 1023;
        kernels[1].name = "second";
        params.assign(callable.params, callable.params + callable.param_count);
        update();
    }

    void update()
    {
        callable.kernels = kernels.data();
        callable.kernel_count = static_cast<uint32_t>(kernels.size());
        callable.params = params.data();
        callable.param_count = static_cast<uint32_t>(params.size());
    }

    CallableBuilder builder = combine_callable();
    pto_callable callable;
    std::vector<pto_kernel> kernels;
    std::vector<pto_param> params;
};

/// What a failed prepare may not change: all but the counters of what was sent and shared on the way.
void expect_nothing_kept(const pto_stats &before, const pto_stats &after)
{
    pto_stats expected = before;
    expected.kernel_uploads = after.kernel_uploads;
    expected.orch_uploads = after.orch_uploads;
    expected.dedup_hits = after.dedup_hits;
    assert_memory_equal(&expected, &after, sizeof after);
}

/// Expects that this callable is refused under id 5, that the id stays free, and that a good callable then works.
void expect_prepare_refused(const TestChip &chip, pto_status status, const char *text, const pto_callable *callable,
                            const char *file, int line)
{
    const pto_stats before = stats_of(chip.get());
    expect_status(status, pto_prepare(chip.get(), 5, callable), file, line);
    expect_message(text, file, line);
    assert_int_equal(pto_last_error()->status, status);
    assert_int_equal(pto_last_error()->callable_id, 5);
    expect_nothing_kept(before, stats_of(chip.get()));
    EXPECT_STATUS(PTO_ERROR_NOT_PREPARED, pto_release(chip.get(), 5));
    expect_usable(chip.get(), 5);
}
#define EXPECT_PREPARE_REFUSED(chip, status, text, callable)                                                           \
    expect_prepare_refused((chip), (status), (text), (callable), __FILE__, __LINE__)

// ---- callables that contradict themselves

struct BadCallable {
    pto_status status;
    const char *text;
    void (*spoil)(Parts *parts);
};

const std::string kLongestName(PTO_MAX_NAME, 'n');
const std::string kTooLongName(PTO_MAX_NAME + 1, 'n');

const BadCallable kBadCallables[] = {
    {PTO_ERROR_INVALID_ARGUMENT, "struct_size", [](Parts *parts) { parts->callable.struct_size = 0; }},
    {PTO_ERROR_INVALID_ARGUMENT, "struct_size", [](Parts *parts) { parts->callable.struct_size++; }},
    {PTO_ERROR_INVALID_ARGUMENT, "struct_size", [](Parts *parts) { parts->callable.struct_size = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "name", [](Parts *parts) { parts->callable.name = kTooLongName.c_str(); }},
    {PTO_ERROR_INVALID_IMAGE, "arch", [](Parts *parts) { parts->callable.arch = kTooLongName.c_str(); }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "arch 'a9'", [](Parts *parts) { parts->callable.arch = "a9"; }},
    {PTO_ERROR_INCOMPATIBLE_IMAGE, "arch ''", [](Parts *parts) { parts->callable.arch = ""; }},
    {PTO_ERROR_INVALID_IMAGE, "entry", [](Parts *parts) { parts->callable.orch_entry = nullptr; }},
    {PTO_ERROR_INVALID_IMAGE, "entry", [](Parts *parts) { parts->callable.orch_entry = ""; }},
    {PTO_ERROR_INVALID_IMAGE, "entry", [](Parts *parts) { parts->callable.orch_entry = kTooLongName.c_str(); }},
    {PTO_ERROR_INVALID_IMAGE, "configuration needs a name", [](Parts *parts) { parts->callable.orch_config = ""; }},
    {PTO_ERROR_INVALID_IMAGE, "configuration needs a name",
     [](Parts *parts) { parts->callable.orch_config = kTooLongName.c_str(); }},
    {PTO_ERROR_INVALID_IMAGE, "orchestration image", [](Parts *parts) { parts->callable.orch_image = nullptr; }},
    {PTO_ERROR_INVALID_IMAGE, "orchestration image", [](Parts *parts) { parts->callable.orch_image_bytes = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "18446744073709551615",
     [](Parts *parts) { parts->callable.orch_image_bytes = SIZE_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "kernel 1: func id 1024", [](Parts *parts) { parts->kernels[1].func_id = 1024; }},
    {PTO_ERROR_INVALID_IMAGE, "kernel 0: func id 4294967295",
     [](Parts *parts) { parts->kernels[0].func_id = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "kernel 1: func id 0 is used twice", [](Parts *parts) { parts->kernels[1].func_id = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "kernel 1: unknown core type 3", [](Parts *parts) { parts->kernels[1].core_type = 3; }},
    {PTO_ERROR_INVALID_IMAGE, "kernel 0: unknown core type 4294967295",
     [](Parts *parts) { parts->kernels[0].core_type = UINT32_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "kernel 1", [](Parts *parts) { parts->kernels[1].image = nullptr; }},
    {PTO_ERROR_INVALID_IMAGE, "kernel 1", [](Parts *parts) { parts->kernels[1].image_bytes = 0; }},
    {PTO_ERROR_INVALID_IMAGE, "kernel 1", [](Parts *parts) { parts->kernels[1].image_bytes = SIZE_MAX; }},
    {PTO_ERROR_INVALID_IMAGE, "kernel 0: its name",
     [](Parts *parts) { parts->kernels[0].name = kTooLongName.c_str(); }},
    {PTO_ERROR_INVALID_IMAGE, "parameter 0: unknown direction 4", [](Parts *parts) { parts->params[0].direction = 4; }},
    {PTO_ERROR_INVALID_IMAGE, "parameter 2: unknown direction 255",
     [](Parts *parts) { parts->params[2].direction = 255; }},
    {PTO_ERROR_INVALID_IMAGE, "parameter 1: unknown dtype 15",
     [](Parts *parts) { parts->params[1].dtype = PTO_DTYPE_COUNT; }},
    {PTO_ERROR_INVALID_IMAGE, "parameter 1: unknown dtype 254", [](Parts *parts) { parts->params[1].dtype = 254; }},
    {PTO_ERROR_INVALID_IMAGE, "parameter 1: rank 6", [](Parts *parts) { parts->params[1].ndims = 6; }},
    {PTO_ERROR_INVALID_IMAGE, "parameter 1: rank 255", [](Parts *parts) { parts->params[1].ndims = 255; }},
    {PTO_ERROR_INVALID_IMAGE, "parameter 2: its name",
     [](Parts *parts) { parts->params[2].name = kTooLongName.c_str(); }},
    {PTO_ERROR_SIGNATURE_MISMATCH, "takes 3 tensors and 0 scalars, the signature has 2 and 0",
     [](Parts *parts) { parts->params.pop_back(); }},
    {PTO_ERROR_SIGNATURE_MISMATCH, "the signature has 4 and 0",
     [](Parts *parts) { parts->params.push_back(parts->params[0]); }},
    {PTO_ERROR_SIGNATURE_MISMATCH, "the signature has 2 and 1",
     [](Parts *parts) { parts->params[2].direction = PTO_SCALAR_ARG; }},
    {PTO_ERROR_SIGNATURE_MISMATCH, "the signature has 0 and 0", [](Parts *parts) { parts->params.clear(); }},
    {PTO_ERROR_SIGNATURE_MISMATCH, "the signature has 256 and 128",
     [](Parts *parts) {
         parts->params.assign(PTO_MAX_RUN_TENSORS, parts->params[0]);
         parts->params.resize(PTO_MAX_RUN_TENSORS + PTO_MAX_RUN_SCALARS);
     }},
    {PTO_ERROR_INVALID_IMAGE, "257 tensors",
     [](Parts *parts) { parts->params.assign(PTO_MAX_RUN_TENSORS + 1, parts->params[0]); }},
    {PTO_ERROR_INVALID_IMAGE, "129 scalars", [](Parts *parts) { parts->params.assign(129, pto_param{}); }},
    {PTO_ERROR_INVALID_IMAGE, "385 parameters are too many",
     [](Parts *parts) { parts->params.assign(385, pto_param{}); }},
    {PTO_ERROR_INVALID_IMAGE, "1025 kernels are too many",
     [](Parts *parts) { parts->kernels.assign(1025, parts->kernels[0]); }},
};

void callables_that_contradict_themselves_are_refused(void **)
{
    const TestChip chip;
    for (const BadCallable &bad : kBadCallables) {
        Parts parts;
        bad.spoil(&parts);
        parts.update();
        EXPECT_PREPARE_REFUSED(chip, bad.status, bad.text, &parts.callable);
    }
    EXPECT_PREPARE_REFUSED(chip, PTO_ERROR_INVALID_ARGUMENT, "NULL", nullptr);
}

void counts_without_lists_are_refused(void **)
{
    const TestChip chip;
    for (const uint32_t count : {1u, 3u, 1024u, UINT32_MAX}) {
        Parts parts;
        parts.callable.kernel_count = count;
        parts.callable.kernels = nullptr;
        EXPECT_PREPARE_REFUSED(chip, PTO_ERROR_INVALID_IMAGE, "kernels, but their list is NULL", &parts.callable);
        parts.update();
        parts.callable.param_count = count;
        parts.callable.params = nullptr;
        EXPECT_PREPARE_REFUSED(chip, PTO_ERROR_INVALID_IMAGE, "parameters, but their list is NULL", &parts.callable);
    }
}

void the_limits_themselves_are_accepted(void **)
{
    TestChip chip;
    Parts parts;
    parts.callable.name = kLongestName.c_str();
    parts.callable.arch = arch();
    parts.kernels.assign(1024, parts.kernels[0]);
    for (uint32_t i = 0; i < 1024; i++)
        parts.kernels[i].func_id = 1023 - i;
    parts.kernels[7].name = kLongestName.c_str();
    parts.kernels[8].name = nullptr;
    parts.params[0].name = kLongestName.c_str();
    parts.params[1].name = nullptr;
    parts.update();
    EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 63, &parts.callable));
    assert_true(combines(chip.get(), 63));
    assert_int_equal(stats_of(chip.get()).kernel_uploads, 1);
    assert_int_equal(stats_of(chip.get()).dedup_hits, 1023);
    parts.callable.name = nullptr;
    parts.callable.arch = nullptr;
    EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 0, &parts.callable));
    assert_true(combines(chip.get(), 0));
}

void a_live_id_is_refused_and_stays_what_it_is(void **)
{
    TestChip chip;
    auto add = combine_callable();
    auto subtract = combine_callable("host_kernel_subtract");
    chip.prepare(5, add);
    EXPECT_REFUSED(chip.get(), PTO_ERROR_ALREADY_PREPARED, "callable id 5 is prepared",
                   pto_prepare(chip.get(), 5, subtract.get()));
    EXPECT_REFUSED(chip.get(), PTO_ERROR_ALREADY_PREPARED, "callable id 5", pto_prepare(chip.get(), 5, nullptr));
    assert_true(combines(chip.get(), 5));
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 5));
    chip.prepare(5, subtract);
    assert_true(combines(chip.get(), 5, -1));
}

// ---- counters

void counters_tell_what_was_sent_and_what_was_shared(void **)
{
    TestChip chip;
    auto callable = combine_callable();
    const uint64_t bytes = module_bytes("host_orch").size() + module_bytes("host_kernel_add").size();
    const pto_stats empty = stats_of(chip.get());
    assert_int_equal(empty.resident_image_bytes, 0);
    assert_int_equal(empty.orch_loads, 0);
    chip.prepare(0, callable);
    chip.prepare(9, callable);
    pto_stats stats = stats_of(chip.get());
    assert_int_equal(stats.prepared_callables, 2);
    assert_int_equal(stats.prepares, 2);
    assert_int_equal(stats.orch_loads, 2);
    assert_int_equal(stats.kernel_uploads, 1);
    assert_int_equal(stats.orch_uploads, 1);
    assert_int_equal(stats.dedup_hits, 2);
    assert_int_equal(stats.resident_image_bytes, bytes);
    for (int i = 0; i < 20; i++)
        assert_true(combines(chip.get(), i % 2 * 9));
    stats = stats_of(chip.get());
    assert_int_equal(stats.orch_loads, 2);
    assert_int_equal(stats.runs, 20);
    assert_int_equal(stats.failed_runs, 0);
    assert_int_equal(stats.kernel_uploads, 1);
}

void releasing_one_of_two_sharers_keeps_the_images(void **)
{
    TestChip chip;
    auto callable = combine_callable();
    chip.prepare(0, callable);
    const pto_stats one = stats_of(chip.get());
    chip.prepare(1, callable);
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
    pto_stats stats = stats_of(chip.get());
    assert_int_equal(stats.resident_image_bytes, one.resident_image_bytes);
    assert_int_equal(stats.prepared_callables, 1);
    assert_int_equal(stats.releases, 1);
    assert_true(combines(chip.get(), 1));
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 1));
    stats = stats_of(chip.get());
    assert_int_equal(stats.resident_image_bytes, 0);
    assert_int_equal(stats.staging_bytes, 0);
    assert_int_equal(stats.prepared_callables, 0);
    assert_int_equal(stats.orch_loads, 2);
    chip.prepare(0, callable);
    stats = stats_of(chip.get());
    assert_int_equal(stats.orch_loads, 3);
    assert_int_equal(stats.kernel_uploads, 2);
    assert_int_equal(stats.orch_uploads, 2);
    assert_int_equal(stats.dedup_hits, 2);
}

void one_func_id_in_two_callables_is_two_kernels(void **)
{
    TestChip chip;
    auto add = combine_callable();
    auto subtract = combine_callable("host_kernel_subtract");
    chip.prepare(0, add);
    chip.prepare(1, subtract);
    assert_int_equal(stats_of(chip.get()).kernel_uploads, 2);
    assert_int_equal(stats_of(chip.get()).orch_uploads, 1);
    for (int i = 0; i < 10; i++) {
        assert_true(combines(chip.get(), 0));
        assert_true(combines(chip.get(), 1, -1));
    }
    EXPECT_STATUS(PTO_OK, pto_release(chip.get(), 0));
    assert_true(combines(chip.get(), 1, -1));
}

void all_ids_can_be_prepared_at_once_and_give_all_back(void **)
{
    TestChip chip;
    const uint64_t largest = largest_allocation(chip.get());
    auto add = combine_callable();
    auto subtract = combine_callable("host_kernel_subtract");
    for (int round = 0; round < 3; round++) {
        for (int32_t id = 0; id < PTO_MAX_CALLABLES; id++)
            chip.prepare(id, id % 2 == 0 ? add : subtract);
        for (int32_t id = PTO_MAX_CALLABLES; id-- > 0;)
            assert_true(combines(chip.get(), id, id % 2 == 0 ? 1.0f : -1.0f));
        for (int32_t id = 0; id < PTO_MAX_CALLABLES; id++)
            EXPECT_STATUS(PTO_OK, pto_release(chip.get(), id * 37 % PTO_MAX_CALLABLES));
        assert_int_equal(stats_of(chip.get()).resident_image_bytes, 0);
        assert_int_equal(stats_of(chip.get()).orch_loads, (round + 1) * PTO_MAX_CALLABLES);
    }
    assert_int_equal(largest_allocation(chip.get()), largest);
}

void nothing_of_a_callable_is_needed_after_prepare(void **)
{
    TestChip chip;
    std::vector<char> orch = module_bytes("host_orch");
    std::vector<char> kernel = module_bytes("host_kernel_add");
    std::string entry = "combine";
    {
        Parts parts;
        parts.kernels.resize(1);
        parts.kernels[0].image = kernel.data();
        parts.update();
        parts.callable.orch_image = orch.data();
        parts.callable.orch_entry = entry.c_str();
        EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 0, &parts.callable));
    }
    std::fill(orch.begin(), orch.end(), 'x');
    std::fill(kernel.begin(), kernel.end(), 'x');
    entry.assign("xxxxxxx");
    assert_true(combines(chip.get(), 0));
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(callables_that_contradict_themselves_are_refused),
        cmocka_unit_test(counts_without_lists_are_refused),
        cmocka_unit_test(the_limits_themselves_are_accepted),
        cmocka_unit_test(a_live_id_is_refused_and_stays_what_it_is),
        cmocka_unit_test(counters_tell_what_was_sent_and_what_was_shared),
        cmocka_unit_test(releasing_one_of_two_sharers_keeps_the_images),
        cmocka_unit_test(one_func_id_in_two_callables_is_two_kernels),
        cmocka_unit_test(all_ids_can_be_prepared_at_once_and_give_all_back),
        cmocka_unit_test(nothing_of_a_callable_is_needed_after_prepare),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
