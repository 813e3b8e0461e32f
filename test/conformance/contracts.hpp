// SPDX-License-Identifier: Apache-2.0
// What the tests of contracts share: two callables that differ in their orchestrations alone, and counters that do not
// ask the library.
#ifndef PTO_TEST_CONFORMANCE_CONTRACTS_HPP
#define PTO_TEST_CONFORMANCE_CONTRACTS_HPP

#include "conformance.hpp"

#include <cmath>
#include <link.h>

namespace pto::test {

/// c = a + b, or a - b: both have the same kernels, the same name of the entry and orchestrations of their own.
inline CallableBuilder binary(const char *orchestration)
{
    return CallableBuilder(orchestration, "binary").aiv(0, "kernel_add").aiv(1, "kernel_subtract").in().in().out();
}
inline CallableBuilder sum()
{
    return binary("orch_sum");
}
inline CallableBuilder difference()
{
    return binary("orch_difference");
}

/// c of one run of a callable like those above; NaN when the run fails or the elements of c differ. For any thread.
inline float run_binary(pto_context *context, int32_t callable_id, float a, float b)
{
    std::vector<float> left(5, a);
    std::vector<float> right(5, b);
    std::vector<float> out(5, NAN);
    const pto_tensor tensors[] = {floats(left), floats(right), floats(out)};
    pto_args args = PTO_ARGS_INIT;
    args.tensors = tensors;
    args.tensor_count = 3;
    if (pto_run(context, callable_id, &args, nullptr, nullptr) != PTO_OK)
        return NAN;
    for (const float value : out)
        if (!(value == out[0]))
            return NAN;
    return out[0];
}

/// Expects exactly this number.
#define EXPECT_VALUE(value, expected) assert_true((value) == static_cast<float>(expected))

/// f = (a+b) + (a-b) of two runs with fresh values: 2a, so neither callable ran in place of the other.
inline bool both_run(pto_context *context, int32_t sum_id, int32_t difference_id, float a = 2, float b = 3)
{
    return run_binary(context, sum_id, a, b) + run_binary(context, difference_id, a, b) == 2 * a;
}

/// Orchestrations loaded so far by whoever orchestrates the callables under test, the executor or the host; the other
/// one has loaded none.
inline uint64_t orchestration_loads(pto_context *context)
{
    const pto_stats stats = stats_of(context);
    const bool host = builder() == PTO_HOST_BUILT;
    assert_int_equal(host ? stats.orch_loads : stats.host_orch_loads, 0);
    return host ? stats.host_orch_loads : stats.orch_loads;
}

/// Shared objects that the dynamic linker has added to this process and taken from it.
struct LinkerCounts {
    unsigned long long added;
    unsigned long long taken;
    bool operator==(const LinkerCounts &) const = default;
};
inline LinkerCounts linker_counts()
{
    LinkerCounts counts{};
    dl_iterate_phdr(
        [](dl_phdr_info *info, std::size_t, void *out) {
            *static_cast<LinkerCounts *>(out) = {info->dlpi_adds, info->dlpi_subs};
            return 1;
        },
        &counts);
    return counts;
}
/// Shared objects in this process now.
inline unsigned long long objects_loaded()
{
    const LinkerCounts counts = linker_counts();
    return counts.added - counts.taken;
}

/// Whether orchestrations, or kernels, are loaded into this process.
inline bool orchestrations_are_here()
{
    return !is_onboard() || builder() == PTO_HOST_BUILT;
}
inline bool kernels_are_here()
{
    return !is_onboard();
}

/// What comes of a file that is none: the system's loader does not tell why it refuses one.
inline pto_status refused_file(bool is_here)
{
    return is_here ? PTO_ERROR_LOAD_FAILED : PTO_ERROR_INVALID_IMAGE;
}

} // namespace pto::test

#endif
