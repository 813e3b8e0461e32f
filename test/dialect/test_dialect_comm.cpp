// SPDX-License-Identifier: Apache-2.0
// Chips that compute together through windows, by kernels of the dialect.
#include "dialect_test.hpp"
#include "pto/comm.h"

#include <array>
#include <memory>

namespace {

using namespace pto::test;

constexpr uint32_t kRanks = 4, kCount = 100;

pto_open_options chip_number(uint32_t index)
{
    pto_open_options options = TestChip::default_options();
    options.device_index = index;
    return options;
}

struct Rank {
    explicit Rank(uint32_t index) : chip(chip_number(index)), x(values(kCount, index)) {}

    TestChip chip;
    std::vector<float> x;
    std::vector<float> ranks = {kRanks};
    uint64_t context = 0;
};

/// The chips, members of one communicator, with the all-reduce prepared under id 0.
class Group {
public:
    Group()
    {
        std::vector<pto_context *> contexts;
        for (uint32_t i = 0; i < kRanks; i++) {
            members.push_back(std::make_unique<Rank>(i));
            contexts.push_back(members.back()->chip.get());
            CallableBuilder builder("orch_allreduce", "aicpu_orchestration_entry");
            builder.aiv(0, "kernel_allreduce").aiv(1, "kernel_divide_rows").aiv(2, "kernel_add_scalar");
            builder.inout("x").in("ranks").scalar("context").scalar("first").scalar("rounds");
            members.back()->chip.prepare(0, builder);
        }
        pto_comm_options options = PTO_COMM_OPTIONS_INIT;
        options.rank_count = kRanks;
        options.contexts = contexts.data();
        options.window_bytes = 64 * sizeof(uint32_t) + 2 * 1024 * sizeof(float);
        EXPECT_STATUS(PTO_OK, pto_comm_create(&options, &comm_));
        for (uint32_t i = 0; i < kRanks; i++) {
            pto_comm_rank rank = PTO_COMM_RANK_INIT;
            EXPECT_STATUS(PTO_OK, pto_comm_get_rank(comm_, i, &rank));
            members[i]->context = rank.context_address;
        }
    }
    ~Group() { pto_comm_destroy(comm_); }
    Group(const Group &) = delete;
    Group &operator=(const Group &) = delete;

    /// All at once; each waits for the others in every round.
    void run(uint64_t first, uint64_t rounds)
    {
        std::array<pto_run_handle *, kRanks> handles = {};
        for (uint32_t i = 0; i < kRanks; i++) {
            Rank &rank = *members[i];
            const pto_tensor tensors[] = {floats(rank.x), floats(rank.ranks)};
            const uint64_t scalars[] = {rank.context, first, rounds};
            pto_args args = PTO_ARGS_INIT;
            args.tensors = tensors;
            args.tensor_count = 2;
            args.scalars = scalars;
            args.scalar_count = 3;
            EXPECT_STATUS(PTO_OK, pto_submit(rank.chip.get(), 0, &args, nullptr, &handles[i]));
        }
        for (pto_run_handle *handle : handles)
            EXPECT_STATUS(PTO_OK, pto_wait(handle, -1, nullptr));
    }

    std::vector<std::unique_ptr<Rank>> members;

private:
    pto_comm *comm_ = nullptr;
};

void four_chips_reduce_through_windows(void **)
{
    Group group;
    uint64_t first = 0;
    for (const uint64_t rounds : {1U, 1U, 7U, 20U}) {
        // What every rank has after the rounds: the mean before the first, plus one for each.
        std::vector<float> expected(kCount, static_cast<float>(rounds));
        for (std::size_t i = 0; i < kCount; i++)
            for (const std::unique_ptr<Rank> &rank : group.members)
                expected[i] += rank->x[i] / kRanks;
        group.run(first, rounds);
        for (const std::unique_ptr<Rank> &rank : group.members)
            expect_close(expected, rank->x, "x");
        first += rounds;
        for (uint32_t i = 0; i < kRanks; i++)
            group.members[i]->x = values(kCount, static_cast<uint32_t>(first) + i);
    }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {cmocka_unit_test(four_chips_reduce_through_windows)};
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
