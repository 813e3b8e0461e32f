// SPDX-License-Identifier: Apache-2.0
// Callables on a device of the stand-in: images, registers, launches and copies, through the C API.
#include "onboard_test.hpp"

namespace {

using namespace pto::test;

void a_device_opens_and_closes(void **)
{
    const StandIn standin;
    OnboardChip chip;
    EXPECT_STATUS(PTO_OK, pto_health(chip.get()));
}

void a_callable_runs_again_and_again(void **)
{
    const StandIn standin;
    OnboardChip chip;
    CallableBuilder callable = sum_callable();
    chip.prepare(3, callable);
    for (int i = 0; i < 5; i++)
        expect_sum(chip, 3);
    assert_int_equal(stats_of(chip.get()).orch_loads, 1);
}

} // namespace

int main(int argc, char **argv)
{
    set_up_onboard(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_device_opens_and_closes),
        cmocka_unit_test(a_callable_runs_again_and_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
