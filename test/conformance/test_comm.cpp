// SPDX-License-Identifier: Apache-2.0
// Communicators: windows that kernels of several chips write, who owns them, and what is left when something fails.
#include "comm_window.h"
#include "conformance.hpp"
#include "pto/comm.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <sys/mman.h>

namespace {

using namespace pto::test;

constexpr uint32_t kRanks = 4;

pto_open_options small(uint32_t device)
{
    pto_open_options options = TestChip::default_options();
    options.device_index = device;
    options.helper_threads = 1;
    options.max_tasks = 1024;
    options.device_memory_bytes = 256 << 20;
    options.heap_bytes = 32 << 20;
    return options;
}

/// Four chips and what their runs need.
struct Chips {
    explicit Chips(uint64_t stall_timeout_ns = 60'000'000'000)
    {
        for (uint32_t rank = 0; rank < kRanks; rank++) {
            pto_open_options options = small(rank);
            options.stall_timeout_ns = stall_timeout_ns;
            chips.push_back(std::make_unique<TestChip>(options));
            contexts.push_back(chips.back()->get());
        }
    }

    pto_comm_options options() const
    {
        pto_comm_options options = PTO_COMM_OPTIONS_INIT;
        options.rank_count = kRanks;
        options.contexts = contexts.data();
        options.window_bytes = WINDOW_BYTES;
        return options;
    }

    pto_comm *create() const
    {
        const pto_comm_options given = options();
        pto_comm *comm = nullptr;
        EXPECT_STATUS(PTO_OK, pto_comm_create(&given, &comm));
        return comm;
    }

    std::vector<std::unique_ptr<TestChip>> chips;
    std::vector<pto_context *> contexts;
};

pto_comm_rank rank_of(pto_comm *comm, uint32_t rank)
{
    pto_comm_rank view = PTO_COMM_RANK_INIT;
    EXPECT_STATUS(PTO_OK, pto_comm_get_rank(comm, rank, &view));
    return view;
}

CallableBuilder comm_callable(const char *entry)
{
    CallableBuilder builder = callable("orch_comm", entry);
    builder.aiv(ALL_REDUCE, "kernel_all_reduce").aiv(SEND, "kernel_send");
    return builder;
}

CallableBuilder all_reduce()
{
    return comm_callable("all_reduce").in().out().scalar().scalar();
}

/// One rank's arguments of an all-reduce, and whether it came out right. For any thread.
struct Reduction {
    Reduction(uint32_t rank, uint64_t view, uint32_t round) : part(WINDOW_COUNT), sum(WINDOW_COUNT, -1)
    {
        for (uint32_t i = 0; i < WINDOW_COUNT; i++) {
            part[i] = static_cast<int32_t>(i * (rank + 1) + round);
            expected.push_back(static_cast<int32_t>(i * kRanks * (kRanks + 1) / 2 + kRanks * round));
        }
        tensors[0] = integers(part);
        tensors[1] = integers(sum);
        scalars[0] = view;
        scalars[1] = round;
        args.tensors = tensors;
        args.tensor_count = 2;
        args.scalars = scalars;
        args.scalar_count = 2;
    }
    Reduction(const Reduction &) = delete;
    Reduction &operator=(const Reduction &) = delete;

    bool is_right() const { return sum == expected; }

    std::vector<int32_t> part;
    std::vector<int32_t> sum;
    std::vector<int32_t> expected;
    pto_tensor tensors[2];
    uint64_t scalars[2];
    pto_args args = PTO_ARGS_INIT;
};

void four_chips_reduce_in_runs_that_one_thread_submits(void **)
{
    Chips chips;
    CallableBuilder builder = all_reduce();
    for (const auto &chip : chips.chips)
        chip->prepare(0, builder);
    pto_comm *comm = chips.create();
    for (uint32_t round = 1; round <= 10; round++) {
        std::vector<std::unique_ptr<Reduction>> reductions;
        pto_run_handle *runs[kRanks];
        for (uint32_t rank = 0; rank < kRanks; rank++) {
            reductions.push_back(std::make_unique<Reduction>(rank, rank_of(comm, rank).context_address, round));
            EXPECT_STATUS(PTO_OK, pto_submit(chips.contexts[rank], 0, &reductions[rank]->args, nullptr, &runs[rank]));
        }
        for (uint32_t rank = 0; rank < kRanks; rank++)
            EXPECT_STATUS(PTO_OK, pto_wait(runs[rank], -1, nullptr));
        for (const auto &reduction : reductions)
            assert_true(reduction->is_right());
    }
    pto_comm_destroy(comm);
}

void four_chips_reduce_in_runs_of_four_threads(void **)
{
    Chips chips;
    CallableBuilder builder = all_reduce();
    for (const auto &chip : chips.chips)
        chip->prepare(0, builder);
    pto_comm *comm = chips.create();
    std::atomic<uint32_t> right{0};
    std::vector<std::thread> threads;
    for (uint32_t rank = 0; rank < kRanks; rank++)
        threads.emplace_back([&, rank, view = rank_of(comm, rank).context_address] {
            for (uint32_t round = 1; round <= 20; round++) {
                Reduction reduction(rank, view, round);
                if (pto_run(chips.contexts[rank], 0, &reduction.args, nullptr, nullptr) == PTO_OK)
                    right += reduction.is_right() ? 1 : 0;
            }
        });
    for (std::thread &thread : threads)
        thread.join();
    assert_int_equal(right, 20 * kRanks);
    pto_comm_destroy(comm);
}

void a_peer_that_does_not_come_is_a_timeout(void **)
{
    Chips chips(300'000'000);
    CallableBuilder builder = all_reduce();
    for (const auto &chip : chips.chips)
        chip->prepare(0, builder);
    pto_comm *comm = chips.create();
    std::vector<std::unique_ptr<Reduction>> reductions;
    pto_run_handle *runs[kRanks];
    for (uint32_t rank = 0; rank + 1 < kRanks; rank++) {
        reductions.push_back(std::make_unique<Reduction>(rank, rank_of(comm, rank).context_address, 1));
        EXPECT_STATUS(PTO_OK, pto_submit(chips.contexts[rank], 0, &reductions[rank]->args, nullptr, &runs[rank]));
    }
    for (uint32_t rank = 0; rank + 1 < kRanks; rank++) {
        EXPECT_STATUS(PTO_ERROR_TIMEOUT, pto_wait(runs[rank], -1, nullptr));
        EXPECT_MESSAGE("[kernel kernel_all_reduce]");
        assert_int_equal(pto_last_error()->device, rank);
    }
    EXPECT_STATUS(PTO_OK, pto_health(chips.contexts[kRanks - 1]));
    pto_comm_destroy(comm);
}

void a_task_completes_when_a_peer_has_counted(void **)
{
    Chips chips;
    CallableBuilder receive = comm_callable("receives").inout().inout().out().scalar();
    CallableBuilder send = comm_callable("sends").inout().scalar().scalar().scalar().scalar();
    chips.chips[0]->prepare(0, receive);
    chips.chips[1]->prepare(0, send);
    pto_comm *comm = chips.create();
    const pto_comm_rank own = rank_of(comm, 0);
    pto_comm_context view{};
    EXPECT_STATUS(PTO_OK, pto_copy_from_device(chips.contexts[0], &view, own.context_address, sizeof view));
    const uint32_t count = WINDOW_COUNT;
    const uint32_t one = 1;
    // Tensors in the receiver's own window: what the sender puts there, and its flag.
    const auto data = reinterpret_cast<uint64_t>(window_part(&view, 0, 1, 0));
    const auto flag = reinterpret_cast<uint64_t>(window_flag(&view, 0, 1));
    for (uint32_t round = 1; round <= 5; round++) {
        std::vector<int32_t> copy(WINDOW_COUNT, -1);
        const pto_tensor tensors[] = {pto_device_tensor(data, PTO_INT32, 1, &count),
                                      pto_device_tensor(flag, PTO_INT32, 1, &one), integers(copy)};
        const uint64_t scalars[] = {round};
        pto_args args = PTO_ARGS_INIT;
        args.tensors = tensors;
        args.tensor_count = 3;
        args.scalars = scalars;
        args.scalar_count = 1;
        pto_run_handle *run = nullptr;
        EXPECT_STATUS(PTO_OK, pto_submit(chips.contexts[0], 0, &args, nullptr, &run));
        std::vector<int32_t> unused(1, 0);
        EXPECT_STATUS(PTO_OK, chips.chips[1]->run(0, {integers(unused)},
                                                  {rank_of(comm, 1).context_address, 0, 70 + round, 2000}));
        EXPECT_STATUS(PTO_OK, pto_wait(run, -1, nullptr));
        for (const int32_t value : copy)
            assert_int_equal(value, 70 + round);
    }
    pto_comm_destroy(comm);
}

void a_counter_in_a_window_that_no_peer_counts_is_a_timeout(void **)
{
    Chips chips(300'000'000);
    CallableBuilder receive = comm_callable("receives").inout().inout().out().scalar();
    chips.chips[0]->prepare(0, receive);
    pto_comm *comm = chips.create();
    const uint64_t window = rank_of(comm, 0).window_in;
    const uint32_t one = 1;
    std::vector<int32_t> copy(1, -1);
    EXPECT_STATUS(PTO_ERROR_TIMEOUT,
                  chips.chips[0]->run(0,
                                      {pto_device_tensor(window + 64, PTO_INT32, 1, &one),
                                       pto_device_tensor(window, PTO_INT32, 1, &one), integers(copy)},
                                      {1}));
    assert_int_equal(pto_last_error()->stall, PTO_STALL_COMPLETION);
    pto_comm_destroy(comm);
}

/// What a rank can see of a window of its own chip.
std::vector<char> bytes_at(pto_context *context, uint64_t address, uint64_t size)
{
    std::vector<char> bytes(size, 'x');
    EXPECT_STATUS(PTO_OK, pto_copy_from_device(context, bytes.data(), address, size));
    return bytes;
}

void every_rank_is_told_about_all(void **)
{
    Chips chips;
    pto_comm_options options = chips.options();
    for (const bool separate : {false, true}) {
        options.has_out_windows = separate ? 1 : 0;
        options.workspace_bytes = separate ? 5000 : 0;
        pto_comm *comm = nullptr;
        EXPECT_STATUS(PTO_OK, pto_comm_create(&options, &comm));
        for (uint32_t rank = 0; rank < kRanks; rank++) {
            const pto_comm_rank own = rank_of(comm, rank);
            pto_comm_context view{};
            EXPECT_STATUS(PTO_OK, pto_copy_from_device(chips.contexts[rank], &view, own.context_address, sizeof view));
            assert_int_equal(view.rank, rank);
            assert_int_equal(own.rank, rank);
            assert_int_equal(view.rank_count, kRanks);
            assert_int_equal(view.window_bytes, WINDOW_BYTES);
            assert_int_equal(view.workspace, own.workspace);
            assert_int_equal(view.workspace != 0, separate);
            assert_int_equal(view.workspace_bytes, options.workspace_bytes);
            for (uint32_t other = 0; other < PTO_COMM_MAX_RANKS; other++) {
                assert_int_equal(view.windows_in[other], other < kRanks ? rank_of(comm, other).window_in : 0);
                assert_int_equal(view.windows_out[other], other < kRanks ? rank_of(comm, other).window_out : 0);
            }
            assert_int_equal(own.window_in != own.window_out, separate);
        }
        pto_comm_destroy(comm);
    }
}

void windows_are_zero_whatever_was_there_before(void **)
{
    for (const uint64_t size : {uint64_t{10'000}, (uint64_t{3} << 20) + 1000}) {
        Chips chips;
        std::vector<uint64_t> blocks;
        const std::vector<char> dirt(size, 'd');
        for (int i = 0; i < 3; i++) {
            blocks.push_back(0);
            EXPECT_STATUS(PTO_OK, pto_malloc(chips.contexts[0], size, &blocks.back()));
            EXPECT_STATUS(PTO_OK, pto_copy_to_device(chips.contexts[0], blocks.back(), dirt.data(), size));
        }
        for (const uint64_t block : blocks)
            EXPECT_STATUS(PTO_OK, pto_free(chips.contexts[0], block));
        pto_comm_options options = chips.options();
        options.window_bytes = size;
        options.has_out_windows = 1;
        options.workspace_bytes = size;
        pto_comm *comm = nullptr;
        EXPECT_STATUS(PTO_OK, pto_comm_create(&options, &comm));
        const pto_comm_rank own = rank_of(comm, 0);
        for (const uint64_t address : {own.window_in, own.window_out, own.workspace})
            for (const char byte : bytes_at(chips.contexts[0], address, size))
                assert_int_equal(byte, 0);
        pto_comm_destroy(comm);
    }
}

/// A host program that locks its memory gets no pages back.
void windows_are_zero_in_memory_that_is_locked(void **)
{
    Chips chips;
    pto_comm_options options = chips.options();
    options.window_bytes = uint64_t{3} << 20;
    const std::vector<char> dirt(options.window_bytes, 'd');
    pto_comm *comm = nullptr;
    EXPECT_STATUS(PTO_OK, pto_comm_create(&options, &comm));
    const uint64_t window = rank_of(comm, 0).window_in;
    EXPECT_STATUS(PTO_OK, pto_copy_to_device(chips.contexts[0], window, dirt.data(), dirt.size()));
    // On the simulated chip addresses are those of the program.
    void *page = reinterpret_cast<void *>((window + (uint64_t{1} << 20)) / 4096 * 4096);
    assert_int_equal(mlock(page, 4096), 0);
    pto_comm_destroy(comm);
    EXPECT_STATUS(PTO_OK, pto_comm_create(&options, &comm));
    assert_true(rank_of(comm, 0).window_in == window);
    for (const char byte : bytes_at(chips.contexts[0], window, dirt.size()))
        assert_int_equal(byte, 0);
    pto_comm_destroy(comm);
    munlock(page, 4096);
}

uint64_t device_bytes(const Chips &chips)
{
    uint64_t sum = 0;
    for (pto_context *context : chips.contexts)
        sum += stats_of(context).device_bytes;
    return sum;
}

void a_window_is_not_the_callers_to_free(void **)
{
    Chips chips;
    pto_comm *comm = chips.create();
    EXPECT_STATUS(PTO_ERROR_NOT_DEVICE_MEMORY, pto_free(chips.contexts[1], rank_of(comm, 1).window_in));
    EXPECT_MESSAGE("pto_comm_destroy frees it");
    assert_int_not_equal(device_bytes(chips), 0);
    pto_comm_destroy(comm);
    assert_int_equal(device_bytes(chips), 0);
}

void a_rank_that_fails_undoes_all_and_is_named(void **)
{
    Chips chips;
    uint64_t block = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(chips.contexts[2], 150 << 20, &block));
    const uint64_t before = device_bytes(chips);
    pto_comm_options options = chips.options();
    options.window_bytes = 100 << 20;
    pto_comm *comm = reinterpret_cast<pto_comm *>(&options);
    EXPECT_STATUS(PTO_ERROR_OUT_OF_DEVICE_MEMORY, pto_comm_create(&options, &comm));
    EXPECT_MESSAGE("rank 2: no 104857600 bytes of device memory");
    assert_int_equal(pto_last_error()->device, 2);
    assert_null(comm);
    assert_int_equal(device_bytes(chips), before);
    EXPECT_STATUS(PTO_OK, pto_free(chips.contexts[2], block));
    EXPECT_STATUS(PTO_OK, pto_comm_create(&options, &comm));
    pto_comm_destroy(comm);
}

void what_is_wrong_is_told(void **)
{
    Chips chips;
    const auto refused = [&](pto_status status, const char *message, const pto_comm_options &options) {
        pto_comm *comm = nullptr;
        EXPECT_STATUS(status, pto_comm_create(&options, &comm));
        EXPECT_MESSAGE(message);
        assert_null(comm);
    };
    const pto_comm_options good = chips.options();
    pto_comm_options options = good;
    options.struct_size--;
    refused(PTO_ERROR_INVALID_ARGUMENT, "pto_comm_options.struct_size", options);
    options = good;
    options.rank_count = 1;
    refused(PTO_ERROR_INVALID_ARGUMENT, "rank_count is 1", options);
    options.rank_count = PTO_COMM_MAX_RANKS + 1;
    refused(PTO_ERROR_INVALID_ARGUMENT, "rank_count is 65", options);
    options = good;
    options.window_bytes = 0;
    refused(PTO_ERROR_INVALID_ARGUMENT, "window_bytes is 0", options);
    options.window_bytes = UINT64_MAX;
    refused(PTO_ERROR_OUT_OF_DEVICE_MEMORY, "rank 0: ", options);
    options = good;
    options.contexts = nullptr;
    refused(PTO_ERROR_INVALID_ARGUMENT, "contexts is NULL", options);
    pto_context *contexts[] = {chips.contexts[0], chips.contexts[1], chips.contexts[0], nullptr};
    options.contexts = contexts;
    refused(PTO_ERROR_INVALID_ARGUMENT, "ranks 0 and 2 are the same context", options);
    contexts[2] = chips.contexts[2];
    refused(PTO_ERROR_INVALID_HANDLE, "rank 3: the context is NULL", options);
    contexts[3] = reinterpret_cast<pto_context *>(&options);
    refused(PTO_ERROR_INVALID_HANDLE, "rank 3: the context is closed, or not a context", options);
    EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, pto_comm_create(&good, nullptr));
    pto_comm *comm = nullptr;
    EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, pto_comm_create(nullptr, &comm));
    comm = chips.create();
    pto_comm_rank rank = PTO_COMM_RANK_INIT;
    EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, pto_comm_get_rank(comm, kRanks, &rank));
    EXPECT_MESSAGE("rank 4: there are 4");
    EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, pto_comm_get_rank(comm, 0, nullptr));
    rank.struct_size = 0;
    EXPECT_STATUS(PTO_ERROR_INVALID_ARGUMENT, pto_comm_get_rank(comm, 0, &rank));
    pto_comm_destroy(comm);
}

void expect_ended(pto_comm *comm)
{
    pto_comm_rank rank = PTO_COMM_RANK_INIT;
    EXPECT_STATUS(PTO_ERROR_INVALID_HANDLE, pto_comm_get_rank(comm, 0, &rank));
}

void a_communicator_that_has_ended_is_recognised(void **)
{
    Chips chips;
    pto_comm *first = chips.create();
    pto_comm_destroy(first);
    pto_comm *second = chips.create();
    assert_ptr_not_equal(first, second);
    expect_ended(first);
    pto_comm_destroy(first);
    rank_of(second, 0);
    expect_ended(nullptr);
    expect_ended(reinterpret_cast<pto_comm *>(chips.contexts[0]));
    expect_ended(reinterpret_cast<pto_comm *>(&chips));
    pto_comm_destroy(nullptr);
    pto_comm_destroy(reinterpret_cast<pto_comm *>(chips.contexts[0]));
    pto_comm_destroy(second);
}

void closing_a_member_ends_its_communicators(void **)
{
    Chips chips;
    pto_comm *of_all = chips.create();
    pto_comm_options options = chips.options();
    options.rank_count = 2;
    options.contexts = &chips.contexts[2];
    pto_comm *of_others = nullptr;
    EXPECT_STATUS(PTO_OK, pto_comm_create(&options, &of_others));
    chips.chips[0].reset();
    expect_ended(of_all);
    rank_of(of_others, 1);
    assert_int_equal(stats_of(chips.contexts[1]).device_bytes, 0);
    chips.chips[3].reset();
    expect_ended(of_others);
    assert_int_equal(stats_of(chips.contexts[2]).device_bytes, 0);
}

void ending_waits_for_the_runs_of_all_members(void **)
{
    Chips chips;
    CallableBuilder send = comm_callable("sends").inout().scalar().scalar().scalar().scalar();
    chips.chips[1]->prepare(0, send);
    pto_comm *comm = chips.create();
    const uint64_t view = rank_of(comm, 1).context_address;
    std::vector<int32_t> unused(1, 0);
    const pto_tensor tensor = integers(unused);
    const uint64_t scalars[] = {view, 0, 1, 50'000};
    pto_args args = PTO_ARGS_INIT;
    args.tensors = &tensor;
    args.tensor_count = 1;
    args.scalars = scalars;
    args.scalar_count = 4;
    pto_run_handle *run = nullptr;
    EXPECT_STATUS(PTO_OK, pto_submit(chips.contexts[1], 0, &args, nullptr, &run));
    chips.chips[0].reset(); // the run writes to its window
    EXPECT_STATUS(PTO_OK, pto_poll(run));
    EXPECT_STATUS(PTO_OK, pto_wait(run, -1, nullptr));
    expect_ended(comm);
}

void members_may_be_closed_by_all_at_once(void **)
{
    for (int round = 0; round < 10; round++) {
        Chips chips;
        pto_comm *comms[] = {chips.create(), chips.create()};
        std::vector<std::thread> threads;
        for (auto &chip : chips.chips)
            threads.emplace_back([&chip] { chip.reset(); });
        threads.emplace_back([&comms] { pto_comm_destroy(comms[0]); });
        for (std::thread &thread : threads)
            thread.join();
        for (pto_comm *comm : comms)
            expect_ended(comm);
    }
}

void there_are_as_many_communicators_as_promised(void **)
{
    Chips chips;
    std::vector<pto_comm *> comms;
    for (int i = 0; i < PTO_MAX_COMMUNICATORS; i++)
        comms.push_back(chips.create());
    const pto_comm_options options = chips.options();
    pto_comm *another = nullptr;
    EXPECT_STATUS(PTO_ERROR_UNSUPPORTED, pto_comm_create(&options, &another));
    EXPECT_MESSAGE("PTO_MAX_COMMUNICATORS");
    for (pto_comm *comm : comms)
        pto_comm_destroy(comm);
    for (int i = 0; i < 1000; i++)
        pto_comm_destroy(chips.create());
    assert_int_equal(device_bytes(chips), 0);
}

void a_window_of_another_chip_is_no_tensor(void **)
{
    Chips chips;
    CallableBuilder builder = comm_callable("names_address").out().scalar();
    chips.chips[0]->prepare(0, builder);
    pto_comm *comm = chips.create();
    std::vector<int32_t> copy(16, -1);
    EXPECT_STATUS(PTO_OK, chips.chips[0]->run(0, {integers(copy)}, {rank_of(comm, 0).window_in}));
    assert_int_equal(copy[15], 0);
    assert_int_not_equal(chips.chips[0]->run(0, {integers(copy)}, {rank_of(comm, 1).window_in}), PTO_OK);
    EXPECT_MESSAGE("is not in device memory that the run may name");
    pto_comm_destroy(comm);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(four_chips_reduce_in_runs_that_one_thread_submits),
        cmocka_unit_test(four_chips_reduce_in_runs_of_four_threads),
        cmocka_unit_test(a_peer_that_does_not_come_is_a_timeout),
        cmocka_unit_test(a_task_completes_when_a_peer_has_counted),
        cmocka_unit_test(a_counter_in_a_window_that_no_peer_counts_is_a_timeout),
        cmocka_unit_test(every_rank_is_told_about_all),
        cmocka_unit_test(windows_are_zero_whatever_was_there_before),
        cmocka_unit_test(windows_are_zero_in_memory_that_is_locked),
        cmocka_unit_test(a_window_is_not_the_callers_to_free),
        cmocka_unit_test(a_rank_that_fails_undoes_all_and_is_named),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(a_communicator_that_has_ended_is_recognised),
        cmocka_unit_test(closing_a_member_ends_its_communicators),
        cmocka_unit_test(ending_waits_for_the_runs_of_all_members),
        cmocka_unit_test(members_may_be_closed_by_all_at_once),
        cmocka_unit_test(there_are_as_many_communicators_as_promised),
        cmocka_unit_test(a_window_of_another_chip_is_no_tensor),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
