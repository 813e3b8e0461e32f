// SPDX-License-Identifier: Apache-2.0
// A graph that the executor builds, one that the host builds, and its replay compute the same, bit for bit.
#include "conformance.hpp"

#include <cstdlib>

namespace {

using namespace pto::test;

using Numbers = std::vector<int32_t>;

/// One orchestration with its arguments.
struct Case {
    const char *module;
    const char *entry;
    std::vector<std::vector<uint32_t>> shapes;
    std::vector<uint64_t> scalars;
};

/// What a run leaves behind.
struct Outcome {
    std::vector<Numbers> tensors;
    pto_run_result result;
};

void prepare(TestChip &chip, const Case &of, uint32_t graph_builder)
{
    CallableBuilder builder = callable(of.module, of.entry).built_by(graph_builder);
    for (std::size_t i = 0; i < of.shapes.size(); i++)
        builder.inout();
    for (std::size_t i = 0; i < of.scalars.size(); i++)
        builder.scalar();
    chip.prepare(0, builder);
}

Outcome run(TestChip &chip, const Case &of, std::vector<Numbers> tensors)
{
    Outcome outcome{std::move(tensors), PTO_RUN_RESULT_INIT};
    std::vector<pto_tensor> args;
    for (std::size_t i = 0; i < of.shapes.size(); i++)
        args.push_back(pto_host_tensor(outcome.tensors[i].data(), PTO_INT32, static_cast<uint32_t>(of.shapes[i].size()),
                                       of.shapes[i].data()));
    EXPECT_STATUS(PTO_OK, chip.run(0, args, of.scalars, &outcome.result));
    return outcome;
}

std::vector<Numbers> zeros(const Case &of)
{
    std::vector<Numbers> tensors;
    for (const std::vector<uint32_t> &shape : of.shapes) {
        std::size_t count = 1;
        for (const uint32_t extent : shape)
            count *= extent;
        tensors.emplace_back(count, 0);
    }
    return tensors;
}

void expect_same(const Outcome &outcome, const Outcome &reference, uint32_t source, const char *what)
{
    if (outcome.tensors != reference.tensors)
        fail_msg("%s: other results", what);
    if (outcome.result.tasks != reference.result.tasks || outcome.result.kernels != reference.result.kernels ||
        outcome.result.skipped != reference.result.skipped)
        fail_msg("%s: other counts", what);
    if (outcome.result.graph_source != source)
        fail_msg("%s: graph source %u, not %u", what, outcome.result.graph_source, source);
}

void every_kind_of_graph_gives_the_same_whoever_builds_it(void **)
{
    const Case cases[] = {
        {"orch_graphs", "chain", {{1}}, {500}},
        {"orch_graphs", "wide", {{300}}, {300}},
        {"orch_graphs", "write_after_read", {{16}, {40, 16}}, {20}},
        {"orch_graphs", "tiles", {{32, 32}, {32, 32}}, {8}},
        {"orch_graphs", "strided", {{8, 16}}, {}},
        {"orch_graphs", "many_outputs", {{1}}, {300, 1}},
        {"orch_graphs", "scoped_outputs", {{4}}, {100, 4096}},
        {"orch_graphs", "data_dependent", {{6}}, {}},
        {"orch_graphs", "nested", {{3}}, {63}},
        {"orch_graphs", "explicit_order", {{9}}, {}},
        {"orch_manual", "conflicting_tasks_meet", {{1}, {1}}, {6}},
        {"orch_manual", "named_chain", {{2}}, {100}},
        {"orch_manual", "copy_after_the_scope", {{32}, {32}}, {}},
        {"orch_manual", "before_and_after", {{8}, {8}}, {}},
        {"orch_manual", "elements_inside", {{8}, {8}}, {}},
        {"orch_manual", "fan_in", {{200}, {200}}, {}},
        {"orch_manual", "delivered_later", {{6}, {4}, {6}}, {2, 2, 3}},
        {"orch_manual", "loop_in_one_scope", {{4}}, {50, 1}},
        {"orch_manual", "many_scopes", {{4}}, {10, 10}},
        {"orch_model", "cohorts", {{5}}, {0, 6, 3}},
        {"orch_model", "cohorts", {{5}}, {1, 4, 3}},
        {"orch_model", "cohorts", {{5}}, {2, 4, 3}},
        {"orch_model", "cohorts", {{5}}, {3, 4, 3}},
        {"orch_model", "cohort_chain", {{6}, {4}}, {2, 4}},
        {"orch_model", "comparisons", {{10}, {60}}, {0}},
        {"orch_model", "flag_in_turn", {{1}, {24}}, {}},
        {"orch_model", "skipped_chain", {{4}}, {}},
        {"orch_model", "scalars_travel", {{3}}, {1, 2, 3}},
        {"orch_cores", "mix_meets", {{4}}, {4}},
        {"orch_cores", "all_cores_meet", {{1}}, {}},
        {"orch_cores", "core_counts", {{3}}, {}},
    };
    TestChip device;
    TestChip host;
    for (const Case &of : cases) {
        prepare(device, of, PTO_DEVICE_BUILT);
        prepare(host, of, PTO_HOST_BUILT);
        const Outcome reference = run(device, of, zeros(of));
        expect_same(reference, reference, PTO_GRAPH_ORCHESTRATED, of.entry);
        expect_same(run(host, of, zeros(of)), reference, PTO_GRAPH_RECORDED, of.entry);
        for (int round = 0; round < 3; round++)
            expect_same(run(host, of, zeros(of)), reference, PTO_GRAPH_REPLAYED, of.entry);
        EXPECT_STATUS(PTO_OK, pto_release(device.get(), 0));
        EXPECT_STATUS(PTO_OK, pto_release(host.get(), 0));
    }
}

/// Numbers that look random and are small enough for predicates to go both ways.
std::vector<Numbers> random_data(uint64_t seed)
{
    std::vector<Numbers> tensors(4, Numbers(64));
    uint64_t state = seed * 2 + 1;
    for (Numbers &tensor : tensors)
        for (int32_t &value : tensor) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            value = static_cast<int32_t>(state >> 56);
        }
    return tensors;
}

void compare_random_programs(const pto_open_options &host_options, uint64_t first_seed, int seeds)
{
    TestChip device;
    TestChip host(host_options);
    Case of{"orch_random", "random_program", {{64}, {64}, {64}, {8, 8}}, {0, 0, 0}};
    prepare(device, of, PTO_DEVICE_BUILT);
    prepare(host, of, PTO_HOST_BUILT);
    for (uint64_t seed = first_seed; seed < first_seed + static_cast<uint64_t>(seeds); seed++) {
        char what[32];
        std::snprintf(what, sizeof what, "seed %u", static_cast<unsigned>(seed));
        for (uint64_t round = 0; round < 6; round++) {
            // The same data twice, other data, which may lead elsewhere, and both again with another factor.
            const std::vector<Numbers> data = random_data(seed * 10 + (round < 2 ? 0 : round % 3));
            of.scalars = {seed, 20 + seed % 7 * 20, round / 3 + 3};
            const Outcome reference = run(device, of, data);
            const Outcome outcome = run(host, of, data);
            const bool is_known = round == 1;
            const uint32_t source = is_known ? uint32_t{PTO_GRAPH_REPLAYED} : outcome.result.graph_source;
            expect_same(outcome, reference, round == 0 ? uint32_t{PTO_GRAPH_RECORDED} : source, what);
        }
    }
    const auto least = static_cast<uint64_t>(seeds);
    assert_true(stats_of(host.get()).graph_replays > least);
    assert_true(stats_of(host.get()).graph_records > least);
}

void random_programs_give_the_same_whoever_builds_them(void **)
{
    compare_random_programs(TestChip::default_options(), 1, rounds(kSanitized ? 25 : 150));
}

void random_programs_give_the_same_through_barriers(void **)
{
    for (const uint32_t slots : {4u, 7u}) {
        pto_open_options options = TestChip::default_options();
        options.max_tasks = slots;
        options.heap_bytes = 8 << 10;
        compare_random_programs(options, slots * 1000, rounds(kSanitized ? 10 : 60));
    }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_graph_gives_the_same_whoever_builds_it),
        cmocka_unit_test(random_programs_give_the_same_whoever_builds_them),
        cmocka_unit_test(random_programs_give_the_same_through_barriers),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
