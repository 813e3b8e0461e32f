// SPDX-License-Identifier: Apache-2.0
// The loop of a core, with control CPUs that a test plays from inside its port.
#include "engine_test.hpp"

#include "aicpu/core/core_loop.h"
#include "aicpu/core/core_protocol.h"

#include <functional>

namespace {

using namespace pto::test;
using namespace pto::aicpu;

/// What happened, in order.
struct Event {
    enum Kind { kCondition, kClean, kInvalidate, kKernel } kind;
    uint64_t what; ///< Value, or address.
    bool operator==(const Event &) const = default;
};

class Control;
Control *current = nullptr;

class Control {
public:
    explicit Control(uint32_t index) : index_(index)
    {
        current = this;
        port.struct_size = sizeof port;
        port.index = index;
        port.physical_id = 40 + index;
        port.core_type = index % 3 == 0 ? PTO_CORE_AIC : PTO_CORE_AIV;
        port.self = this;
        port.read_command = [](void *self) {
            auto &control = *static_cast<Control *>(self);
            control.reads++;
            return control.command;
        };
        port.write_condition = [](void *self, uint32_t value) { of(self).note(Event::kCondition, value); };
        port.clean = [](void *self, const void *address, uint64_t) { of(self).note(Event::kClean, address); };
        port.invalidate = [](void *self, const void *address, uint64_t) { of(self).note(Event::kInvalidate, address); };
        port.relax = [](void *self, uint32_t round) { of(self).relax(round); };
    }
    ~Control() { current = nullptr; }

    /// Answers each wait with the next of these.
    void run(std::vector<std::function<void()>> script)
    {
        script_ = std::move(script);
        next_ = 0;
        run_core(port, line);
        assert_int_equal(next_, script_.size());
    }
    void meet()
    {
        line.payload = reinterpret_cast<uint64_t>(payloads);
        command = kControlIdle;
    }
    void send(uint32_t token)
    {
        payloads[token & 1].entry = reinterpret_cast<uint64_t>(&kernel);
        command = token;
    }
    std::vector<uint64_t> conditions() const
    {
        std::vector<uint64_t> values;
        for (const Event &event : events)
            if (event.kind == Event::kCondition)
                values.push_back(event.what);
        return values;
    }
    static void kernel(int64_t *args)
    {
        current->note(Event::kKernel, args);
        current->on_kernel(args);
    }
    uint32_t at(Event::Kind kind, uint64_t what) const
    {
        for (uint32_t i = 0; i < events.size(); i++)
            if (events[i] == Event{kind, what})
                return i;
        fail_msg("event %d of 0x%llx did not happen", kind, static_cast<unsigned long long>(what));
        return 0;
    }
    uint32_t at(Event::Kind kind, const void *what) const { return at(kind, reinterpret_cast<uint64_t>(what)); }

    pto_core_port port{};
    pto_core_line line{};
    CorePayload payloads[2] = {};
    uint32_t command = 0;
    uint32_t reads = 0;
    uint32_t last_round = 0;
    std::vector<Event> events;
    std::function<void(int64_t *)> on_kernel = [](int64_t *) {};

private:
    static Control &of(void *self) { return *static_cast<Control *>(self); }
    void note(Event::Kind kind, uint64_t what) { events.push_back({kind, what}); }
    void note(Event::Kind kind, const void *what) { note(kind, reinterpret_cast<uint64_t>(what)); }
    void relax(uint32_t round)
    {
        last_round = round;
        if (next_ == script_.size())
            fail_msg("the core waits for a command that the test does not give");
        script_[next_++]();
    }

    uint32_t index_;
    std::vector<std::function<void()>> script_;
    std::size_t next_ = 0;
};

void a_core_reports_itself_before_anything_else(void **)
{
    Control control(4);
    control.run({[&] {
                     assert_int_equal(control.line.physical_id, 44);
                     assert_int_equal(control.line.core_type, PTO_CORE_AIV);
                     assert_int_equal(control.line.done, 5);
                     assert_true(control.conditions().empty());
                     assert_ptr_equal(control.events.back().what, &control.line);
                     control.meet();
                 },
                 [&] {
                     assert_int_equal(control.conditions().size(), 1);
                     assert_int_equal(control.conditions()[0], kCoreIdle);
                     control.command = kExit;
                 }});
    assert_int_equal(control.conditions().back(), kCoreExited);
    // The address of the payloads is read after the command, from memory.
    assert_true(control.at(Event::kInvalidate, &control.line) > control.at(Event::kCondition, kCoreIdle));
}

void a_core_that_is_not_wanted_leaves_without_a_payload(void **)
{
    Control control(0);
    control.run({[&] { control.command = kExit; }});
    assert_int_equal(control.conditions().size(), 1);
    assert_int_equal(control.conditions()[0], kCoreExited);
}

void a_token_is_acknowledged_run_and_finished_in_this_order(void **)
{
    Control control(3);
    alignas(64) pto_tensor tensors[2] = {};
    control.payloads[1].args[0] = reinterpret_cast<int64_t>(tensors);
    control.payloads[1].tensor_count = 2;
    control.run({[&] { control.meet(); }, [&] { control.send(1); }, [&] { control.command = kExit; }});
    const CorePayload &payload = control.payloads[1];
    const uint32_t seen = control.at(Event::kInvalidate, &payload);
    const uint32_t acknowledged = control.at(Event::kCondition, 1);
    const uint32_t descriptors = control.at(Event::kInvalidate, tensors);
    const uint32_t ran = control.at(Event::kKernel, payload.args);
    const uint32_t cleaned = control.at(Event::kClean, &payload.completions);
    const uint32_t finished = control.at(Event::kCondition, 1 | kFinished);
    assert_true(seen < acknowledged && acknowledged < ran && descriptors < ran && ran < cleaned && cleaned < finished);
}

void each_token_is_run_once_with_the_payload_of_its_lowest_bit(void **)
{
    Control control(0);
    std::vector<const void *> ran;
    control.on_kernel = [&](int64_t *args) { ran.push_back(args); };
    control.run({[&] { control.meet(); }, [&] { control.send(1); }, [] {}, [] {}, [&] { control.send(2); }, [] {},
                 [&] { control.send(3); }, [&] { control.command = kControlIdle; }, [] {},
                 [&] { control.command = kExit; }});
    assert_int_equal(ran.size(), 3);
    assert_ptr_equal(ran[0], control.payloads[1].args);
    assert_ptr_equal(ran[1], control.payloads[0].args);
    assert_ptr_equal(ran[2], control.payloads[1].args);
}

void rounds_of_a_wait_are_counted_from_its_begin(void **)
{
    Control control(0);
    std::vector<uint32_t> rounds;
    const auto wait = [&] { rounds.push_back(control.last_round); };
    control.run({wait, wait, [&] { control.meet(); }, wait, wait, [&] { control.send(1); }, wait,
                 [&] { control.command = kExit; }});
    const std::vector<uint32_t> expected = {0, 1, 0, 1, 0};
    assert_true(rounds == expected);
}

void what_a_kernel_registers_is_cleaned_and_the_next_begins_with_nothing(void **)
{
    Control control(0);
    CompletionSlab &slab = control.payloads[1].completions;
    uint32_t counts_at_begin = 0;
    control.on_kernel = [&](int64_t *) {
        counts_at_begin += slab.count + static_cast<uint32_t>(slab.error);
        slab.count = 2;
        slab.error = 1;
    };
    control.run({[&] { control.meet(); }, [&] { control.send(1); }, [&] { control.send(3); },
                 [&] { control.command = kExit; }});
    assert_int_equal(counts_at_begin, 0);
    assert_int_equal(slab.count, 2);
}

void a_port_may_call_kernels_itself(void **)
{
    Control control(0);
    control.port.call = [](void *self, void (*entry)(int64_t *), int64_t *args) {
        static_cast<Control *>(self)->events.push_back({Event::kClean, 0});
        entry(args);
        static_cast<Control *>(self)->events.push_back({Event::kClean, 1});
    };
    control.run({[&] { control.meet(); }, [&] { control.send(1); }, [&] { control.command = kExit; }});
    const uint32_t ran = control.at(Event::kKernel, control.payloads[1].args);
    assert_true(control.at(Event::kClean, uint64_t{0}) < ran && ran < control.at(Event::kClean, 1));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_core_reports_itself_before_anything_else),
        cmocka_unit_test(a_core_that_is_not_wanted_leaves_without_a_payload),
        cmocka_unit_test(a_token_is_acknowledged_run_and_finished_in_this_order),
        cmocka_unit_test(each_token_is_run_once_with_the_payload_of_its_lowest_bit),
        cmocka_unit_test(rounds_of_a_wait_are_counted_from_its_begin),
        cmocka_unit_test(what_a_kernel_registers_is_cleaned_and_the_next_begins_with_nothing),
        cmocka_unit_test(a_port_may_call_kernels_itself),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
