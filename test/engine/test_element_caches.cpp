// SPDX-License-Identifier: Apache-2.0
// Single elements on a machine whose caches do not know of each other: what cores have written is there only once it
// was invalidated, and what the control CPU writes is looked at when it is cleaned.
#include "machine.hpp"

namespace {

using namespace pto::test;

struct Caches {
    explicit Caches(Engine &engine)
    {
        current = this;
        engine.port.invalidate = [](void *, uint64_t address, uint64_t size) { current->on_invalidate(address, size); };
        engine.port.clean = [](void *, uint64_t address, uint64_t size) { current->on_clean(address, size); };
    }
    ~Caches() { current = nullptr; }

    std::function<void(uint64_t, uint64_t)> on_invalidate = [](uint64_t, uint64_t) { fail_msg("nothing is read"); };
    std::function<void(uint64_t, uint64_t)> on_clean = [](uint64_t, uint64_t) { fail_msg("nothing is written"); };

    static Caches *current;
};
Caches *Caches::current = nullptr;

template <class T> T &at(uint64_t address)
{
    return *reinterpret_cast<T *>(address);
}

void an_element_is_invalidated_before_it_is_read(void **)
{
    Graph graph({.tensor_count = 1});
    Caches caches(graph.engine);
    const pto_tensor tensor = graph.args.tensors[0];
    at<uint32_t>(tensor.addr + 8) = 1;
    caches.on_invalidate = [&](uint64_t address, uint64_t size) {
        assert_int_equal(address, tensor.addr + 8);
        assert_int_equal(size, 4);
        at<uint32_t>(address) = 2;
    };
    const uint32_t index[] = {2};
    assert_int_equal(pto_get_element(graph.orch, &tensor, index), 2);
    graph.finish_well();
}

void an_element_is_cleaned_after_it_was_written(void **)
{
    Graph graph({.tensor_count = 1});
    Caches caches(graph.engine);
    const pto_tensor tensor = graph.args.tensors[0];
    uint32_t cleaned = 0;
    caches.on_clean = [&](uint64_t address, uint64_t size) {
        assert_int_equal(address, tensor.addr + 12);
        assert_int_equal(size, 4);
        cleaned = at<uint32_t>(address);
    };
    const uint32_t index[] = {3};
    pto_set_element(graph.orch, &tensor, index, 77);
    assert_int_equal(cleaned, 77);
    graph.finish_well();
}

void a_first_value_is_cleaned_throughout(void **)
{
    Graph graph;
    Caches caches(graph.engine);
    uint64_t bytes = 0;
    caches.on_clean = [&](uint64_t address, uint64_t size) {
        bytes += size;
        for (uint64_t i = 0; i < size; i += 4)
            assert_int_equal(at<uint32_t>(address + i), 9);
    };
    pto_tensor output = plain(PTO_UINT32, {100});
    pto_tensor_fill(&output, 9);
    graph.submit({out(output)});
    assert_int_equal(bytes, 400);
    graph.run_all();
    graph.finish_well();
}

void a_predicates_element_is_invalidated_before_it_is_looked_at(void **)
{
    for (const uint32_t value : {0u, 5u}) {
        Machine machine(true, {.tensor_count = 1});
        Caches caches(machine.graph.engine);
        const pto_tensor tensor = machine.graph.args.tensors[0];
        at<float>(tensor.addr) = value == 0 ? 5.0F : 0.0F;
        caches.on_invalidate = [&](uint64_t address, uint64_t) {
            assert_int_equal(address, tensor.addr);
            at<float>(address) = static_cast<float>(value);
        };
        const pto_predicate predicate = {PTO_PREDICATE_EQ, {0}, &tensor, 0};
        pto_task task = Graph::aiv_task();
        task.predicate = &predicate;
        pto_submit_task(machine.graph.orch, &task);
        machine.finish();
        assert_int_equal(machine.started.size(), value == 0 ? 1 : 0);
    }
}

void a_counter_is_invalidated_before_it_is_looked_at(void **)
{
    Machine machine(false, {.tensor_count = 1});
    Caches caches(machine.graph.engine);
    const uint64_t counter = machine.graph.outside();
    at<uint32_t>(counter) = 0;
    machine.on_end = [&](uint32_t worker, const LaneRun &run) {
        const pto_completion completion = {counter, 0, 1, 0, PTO_COMPLETION_COUNTER, 0};
        machine.scheduler.lane_deferred(worker, run, &completion, 1);
    };
    uint32_t looks = 0;
    caches.on_invalidate = [&](uint64_t address, uint64_t size) {
        assert_int_equal(address, counter);
        assert_int_equal(size, 4);
        at<uint32_t>(address) = ++looks == 3 ? 1 : 0;
    };
    machine.submit_aiv();
    machine.start_all();
    machine.end_one();
    while (machine.graph.engine.outstanding() != 0)
        machine.scheduler.step(0);
    assert_int_equal(looks, 3);
    machine.finish();
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_element_is_invalidated_before_it_is_read),
        cmocka_unit_test(an_element_is_cleaned_after_it_was_written),
        cmocka_unit_test(a_first_value_is_cleaned_throughout),
        cmocka_unit_test(a_predicates_element_is_invalidated_before_it_is_looked_at),
        cmocka_unit_test(a_counter_is_invalidated_before_it_is_looked_at),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
