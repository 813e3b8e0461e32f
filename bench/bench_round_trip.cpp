// SPDX-License-Identifier: Apache-2.0
// What does a run of one task cost?
#include "bench/support/chip.hpp"
#include "bench/support/clock.hpp"

using namespace pto::bench;

namespace {

constexpr unsigned kWarmUpRuns = 100;
constexpr uint64_t kIdleNs = 200'000;
constexpr uint32_t kLargeBytes = 64 * 1024;

enum { kAccumulate = 0, kAccumulateToo = 1, kHostBuilt = 2, kTransfer = 3 };

class RoundTrip {
public:
    RoundTrip(Program &program, Modules &modules)
        : program_(program), chip_(program.options()), one_(chip_.value()), count_(chip_.value())
    {
        const uint64_t one = 1;
        check(pto_copy_to_device(chip_.context(), one_.addr, &one, sizeof one));
        CallableParts parts{"bench_orch_single", "bench_accumulate", {"bench_kernel_accumulate"}, parameters(2, 0)};
        parts.params[1].direction = PTO_DIR_INOUT;
        chip_.prepare(kAccumulate, modules, parts);
        chip_.prepare(kAccumulateToo, modules, parts);
        parts.builder = PTO_HOST_BUILT;
        chip_.prepare(kHostBuilt, modules, parts);
        parts.builder = PTO_DEVICE_BUILT;
        parts.entry = "bench_transfer";
        parts.kernels = {"bench_kernel_increment"};
        parts.params[1].direction = PTO_DIR_OUT;
        chip_.prepare(kTransfer, modules, parts);
    }

    void measure_device_tensors()
    {
        Runner run = runner(kAccumulate);
        Runner other = runner(kAccumulateToo);
        Runner replay = runner(kHostBuilt);
        measure("device tensors", [&] { return run.run_ns(); });
        bool first = false;
        measure("alternating callables", [&] { return (first = !first) ? run.run_ns() : other.run_ns(); });
        measure("device tensors, replay", [&] { return replay.run_ns(); });
        measure("submit and wait", [&] { return run.submit_and_wait_ns(); });
        expect_equal("runs", count(), runs_);
    }

    void measure_host_tensors(const char *name, uint32_t bytes)
    {
        const uint32_t shape[] = {bytes / static_cast<uint32_t>(sizeof(uint64_t))};
        std::vector<uint64_t> input(shape[0]);
        std::vector<uint64_t> output(shape[0]);
        Runner run(
            chip_, kTransfer,
            {pto_host_tensor(input.data(), PTO_UINT64, 1, shape), pto_host_tensor(output.data(), PTO_UINT64, 1, shape)},
            {});
        measure(name, [&] {
            input[0]++;
            const double elapsed = run.run_ns();
            expect_equal("output of a run", output[0], input[0] + 1);
            return elapsed;
        });
    }

private:
    Runner runner(int32_t callable_id) { return {chip_, callable_id, {one_, count_}, {}}; }

    uint64_t count()
    {
        uint64_t count = 0;
        check(pto_copy_from_device(chip_.context(), &count, count_.addr, sizeof count));
        return count;
    }

    template <class Run> void measure(const char *name, Run &&run)
    {
        const auto counted = [&] {
            runs_++;
            return run();
        };
        sample_times(kWarmUpRuns, counted);
        chip_.pin_helpers();
        program_.add(name, "back to back", "ns", steady_samples(program_.options().samples(20'000, 5'000), counted));
        program_.add(name, "after 200 us idle", "ns", steady_samples(program_.options().samples(2'000, 500), [&] {
                         spin_ns(kIdleNs);
                         return counted();
                     }));
    }

    Program &program_;
    Chip chip_;
    pto_tensor one_;
    pto_tensor count_;
    uint64_t runs_ = 0;
};

} // namespace

int main(int argc, char **argv)
{
    Program program("bench_round_trip", "What does a run of one task cost?", argc, argv);
    Modules modules(program.options().modules);
    RoundTrip bench(program, modules);
    if (program.options().wants("device"))
        bench.measure_device_tensors();
    if (program.options().wants("host")) {
        bench.measure_host_tensors("host tensors of 8 B", sizeof(uint64_t));
        bench.measure_host_tensors("host tensors of 64 KiB", kLargeBytes);
    }
    return program.finish();
}
