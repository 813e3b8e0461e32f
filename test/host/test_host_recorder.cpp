// SPDX-License-Identifier: Apache-2.0
// The graph builder on the host by itself: what it writes, and the largest graph that it writes.
#include "engine/engine_test.hpp"

#include "engine/wire/graph_image.h"
#include "host/graph/recorder.h"

namespace {

using namespace pto::test;
namespace wire = pto::wire;
namespace host = pto::host;
using pto::hostgraph::Recorder;

constexpr uint64_t kHeap = 0x1'0000'0000u; ///< Nothing is there: the recorder never touches device memory.
constexpr uint64_t kArgument = 0x2'0000'0000u;

void chain(pto_orch *orch)
{
    for (uint64_t i = 0; i < pto_scalar_arg(orch, 0); i++) {
        pto_tensor held = plain(PTO_UINT8, {16});
        const pto_arg args[] = {pto_arg_of_tensor(PTO_ACCESS_INOUT, pto_tensor_arg(orch, 0)), pto_arg_of_output(&held)};
        pto_submit_kernels(orch, PTO_NO_KERNEL, 0, PTO_NO_KERNEL, args, 2);
    }
}

void stores(pto_orch *orch)
{
    for (uint32_t i = 0; i < pto_scalar_arg(orch, 0); i++)
        pto_set_element(orch, pto_tensor_arg(orch, 0), &i, i);
}

void guards(pto_orch *orch)
{
    for (uint32_t i = 0; i < pto_scalar_arg(orch, 0); i++)
        pto_get_element(orch, pto_tensor_arg(orch, 0), &i);
}

/// A recorder with a run that only keeps books.
class Fixture final : public host::RecordingRun {
public:
    explicit Fixture(uint64_t max_graph_bytes = wire::kMaxGraphBytes, uint32_t max_tasks = 64)
        : recording(std::pmr::get_default_resource()),
          recorder_(Recorder::create({0x1000, uint64_t{1} << 40, kHeap, 1 << 20, max_tasks, 2},
                                     std::pmr::get_default_resource(), max_graph_bytes))
    {
        argument_ = plain(PTO_INT32, {100'000});
        argument_.addr = kArgument;
        argument_.address_space = PTO_DEVICE_MEMORY;
    }
    ~Fixture() { Recorder::destroy(recorder_); }
    Fixture(const Fixture &) = delete;
    Fixture &operator=(const Fixture &) = delete;

    /// Records; the status.
    pto_status record(void (*orchestration)(pto_orch *), uint64_t count)
    {
        const pto_orch_entry entry{PTO_ORCH_MAGIC, PTO_ABI_VERSION, 1, 1, "entry", orchestration};
        const wire::KernelEntry kernel{0x100, wire::core_type_mask(PTO_CORE_AIV), 0};
        scalar_ = count;
        parts.clear();
        recording = host::Recording(std::pmr::get_default_resource());
        const host::RecordRequest request{{&entry, nullptr, nullptr, nullptr, 1, 1},
                                          {&argument_, &scalar_, 1, 1},
                                          &kernel,
                                          1,
                                          nullptr,
                                          0,
                                          10'000'000'000u,
                                          0};
        executed = recorder_->record(request, this, &recording, &error);
        return error.status;
    }

    bool run_from(const host::Recording &, std::size_t begin, wire::ErrorRecord *) override
    {
        parts.push_back(begin);
        return true;
    }
    bool read(uint64_t address, uint32_t, uint64_t *bits, wire::ErrorRecord *) override
    {
        *bits = address - kArgument;
        return true;
    }
    void log(int32_t, const char *) override {}

    host::Recording recording;
    wire::ErrorRecord error{};
    std::vector<std::size_t> parts; ///< Where each run of a part began.
    std::size_t executed = 0;

private:
    pto_tensor argument_;
    uint64_t scalar_ = 0;
    host::GraphRecorder *recorder_;
};

void a_graph_larger_than_the_limit_is_an_error_with_its_name(void **)
{
    for (const auto orchestration : {chain, stores, guards}) {
        Fixture fixture(8192, 4);
        assert_int_equal(fixture.record(orchestration, 10), PTO_OK);
        assert_true(fixture.recording.size_bytes() < 8192);
        assert_int_equal(fixture.record(orchestration, 2'000), PTO_ERROR_CAPACITY);
        assert_int_equal(static_cast<uint32_t>(fixture.error.resource),
                         static_cast<uint32_t>(wire::Resource::kTaskGraph));
        assert_int_equal(fixture.error.available, 8192);
        assert_true(fixture.error.needed > 8192 && fixture.error.needed < 16384); // it stops then and there
        assert_non_null(std::strstr(fixture.error.message, "the task graph has more than 8192 bytes"));
        assert_int_equal(fixture.record(orchestration, 10), PTO_OK);
    }
}

void the_last_byte_of_the_limit_can_be_used(void **)
{
    Fixture fixture;
    assert_int_equal(fixture.record(chain, 50), PTO_OK);
    const uint64_t bytes = fixture.recording.size_bytes();
    assert_int_equal(Fixture(bytes).record(chain, 50), PTO_OK);
    assert_int_equal(Fixture(bytes - 1).record(chain, 50), PTO_ERROR_CAPACITY);
}

void equal_arguments_give_equal_images(void **)
{
    Fixture one;
    Fixture other;
    assert_int_equal(one.record(chain, 200), PTO_OK);
    assert_int_equal(other.record(guards, 5), PTO_OK); // what was recorded before does not matter
    assert_int_equal(other.record(chain, 200), PTO_OK);
    assert_true(one.recording.image == other.recording.image);
    assert_int_equal(one.executed, sizeof(wire::GraphHeader)); // nothing had to be run for it
    assert_true(one.parts.empty());
}

void elements_that_need_no_task_run_nothing(void **)
{
    Fixture fixture;
    assert_int_equal(fixture.record(guards, 5), PTO_OK);
    assert_true(fixture.parts.empty());
    assert_int_equal(fixture.recording.guards.size(), 5);
    assert_int_equal(fixture.recording.guards[3].bits, 12);
    assert_int_equal(fixture.executed, fixture.recording.size_bytes());
}

// ---- instances

/// Sizes of the graph; the image says the same.
wire::GraphSizes sizes_of(const Fixture &fixture)
{
    wire::GraphHeader header;
    std::memcpy(&header, fixture.recording.image.data(), sizeof header);
    assert_true(wire::is_graph(header, fixture.recording.size_bytes()));
    assert_memory_equal(&header.sizes, &fixture.recording.header.sizes, sizeof header.sizes);
    if (header.sizes.tasks != 0) { // the whole header, then
        assert_memory_equal(&header, &fixture.recording.header, sizeof header);
        assert_int_equal(header.tensor_count, 1);
        assert_int_equal(header.scalar_count, 1);
    }
    return header.sizes;
}

void assert_sizes(const Fixture &fixture, const wire::GraphSizes &expected)
{
    const wire::GraphSizes sizes = sizes_of(fixture);
    assert_int_equal(sizes.tasks, expected.tasks);
    assert_int_equal(sizes.edges, expected.edges);
    assert_int_equal(sizes.payload_lines, expected.payload_lines);
    assert_int_equal(sizes.places, expected.places);
}

void sizes_are_those_of_what_an_instance_holds(void **)
{
    Fixture fixture;
    for (const uint32_t count : {1u, 2u, 50u}) {
        assert_int_equal(fixture.record(chain, count), PTO_OK);
        assert_sizes(fixture, {count, count - 1, 4 * count, 2 * count}); // two tensors each
    }
    // A predicate and scalars, one of them of the run; then a join of a manual scope.
    assert_int_equal(
        fixture.record(
            [](pto_orch *orch) {
                const pto_tensor *tensor = pto_tensor_arg(orch, 0);
                const pto_arg args[] = {pto_arg_of_tensor(PTO_ACCESS_INPUT, tensor), PTO_SCALAR(5), PTO_RUN_SCALAR(0)};
                const pto_predicate predicate = {PTO_PREDICATE_GT, {0}, tensor, 3};
                pto_task task = PTO_TASK_INIT;
                task.aiv0 = 0;
                task.args = args;
                task.arg_count = 3;
                task.predicate = &predicate;
                pto_submit_task(orch, &task); // 128 + 16 + 24 bytes
                PTO_MANUAL_SCOPE(orch)
                {
                    pto_submit_kernels(orch, PTO_NO_KERNEL, 0, PTO_NO_KERNEL, args, 3);
                }
            },
            0),
        PTO_OK);
    assert_sizes(fixture, {3, 1, 6, 4 + 3});
}

void graphs_with_elements_or_barriers_have_no_instance(void **)
{
    for (const auto orchestration : {stores, guards}) {
        Fixture fixture;
        assert_int_equal(fixture.record(orchestration, 3), PTO_OK);
        assert_sizes(fixture, {});
        assert_int_equal(fixture.record(chain, 3), PTO_OK); // what was recorded before does not matter
        assert_int_equal(sizes_of(fixture).tasks, 3);
    }
    Fixture small(wire::kMaxGraphBytes, 4);
    assert_int_equal(small.record(chain, 4), PTO_OK);
    assert_int_equal(sizes_of(small).tasks, 4);
    assert_int_equal(small.record(chain, 5), PTO_OK); // the fifth waits
    assert_sizes(small, {});
    for (const uint32_t what : {0u, 1u}) { // one element among tasks
        Fixture fixture;
        const auto mixed = what == 0 ? +[](pto_orch *orch) {
            const uint32_t at = 0;
            chain(orch);
            pto_set_element(orch, pto_tensor_arg(orch, 0), &at, 1);
        } : +[](pto_orch *orch) {
            const uint32_t at = 0;
            pto_get_element(orch, pto_tensor_arg(orch, 0), &at);
            chain(orch);
        };
        assert_int_equal(fixture.record(mixed, 3), PTO_OK);
        assert_sizes(fixture, {});
    }
}

void a_graph_without_tasks_has_no_instance(void **)
{
    Fixture fixture;
    assert_int_equal(fixture.record(chain, 0), PTO_OK);
    assert_sizes(fixture, {});
}

void addresses_matter_only_if_one_is_named(void **)
{
    Fixture fixture;
    assert_int_equal(fixture.record(chain, 5), PTO_OK);
    assert_true(fixture.recording.addresses.empty());
    assert_int_equal(fixture.record(
                         [](pto_orch *orch) {
                             pto_tensor named = plain(PTO_UINT8, {16});
                             named.addr = 0x3'0000'0000u;
                             const pto_arg arg = pto_arg_of_tensor(PTO_ACCESS_INOUT, &named);
                             pto_submit_kernels(orch, PTO_NO_KERNEL, 0, PTO_NO_KERNEL, &arg, 1);
                         },
                         0),
                     PTO_OK);
    assert_int_equal(fixture.recording.addresses.size(), 1);
    assert_true(fixture.recording.addresses[0] == kArgument);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_graph_larger_than_the_limit_is_an_error_with_its_name),
        cmocka_unit_test(the_last_byte_of_the_limit_can_be_used),
        cmocka_unit_test(equal_arguments_give_equal_images),
        cmocka_unit_test(elements_that_need_no_task_run_nothing),
        cmocka_unit_test(sizes_are_those_of_what_an_instance_holds),
        cmocka_unit_test(graphs_with_elements_or_barriers_have_no_instance),
        cmocka_unit_test(a_graph_without_tasks_has_no_instance),
        cmocka_unit_test(addresses_matter_only_if_one_is_named),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
