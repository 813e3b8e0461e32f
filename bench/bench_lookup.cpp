// SPDX-License-Identifier: Apache-2.0
// What does a submit cost when many tiles of its buffer are live?
#include "bench/support/chip.hpp"
#include "bench/support/clock.hpp"

using namespace pto::bench;

namespace {

constexpr uint32_t kTile = 4;
constexpr uint32_t kTilesPerRow = 320;
constexpr uint64_t kSubmits = 1'000;

class Lookup {
public:
    Lookup(Program &program, Modules &modules)
        : program_(program), chip_(program.options()), gate_(chip_.allocate(sizeof(uint64_t))), result_(chip_.value()),
          unrelated_(chip_.value())
    {
        CallableParts parts{
            "bench_orch_lookup", "bench_lookup", {"bench_kernel_gate", "bench_kernel_empty"}, parameters(4, 5)};
        for (pto_param &param : parts.params)
            param.dtype = PTO_ANY_DTYPE;
        chip_.prepare(0, modules, parts);
        const uint32_t edge[] = {kTilesPerRow * kTile, kTilesPerRow * kTile};
        matrix_ = pto_device_tensor(chip_.allocate(size_t{edge[0]} * edge[1]), PTO_UINT8, 2, edge);
    }

    /// Reads of `edge` x `edge` tiles; of another buffer for 0.
    void measure(uint64_t tiles, uint32_t edge, const char *figure)
    {
        const std::string name = std::to_string(tiles) + " live tiles";
        const uint32_t one[] = {1};
        const pto_tensor gate = pto_device_tensor(gate_, PTO_UINT32, 1, one);
        Runner run(chip_, 0, {matrix_, gate, result_, unrelated_},
                   {reinterpret_cast<uint64_t>(&clock_of_chip), gate_, tiles, kSubmits, edge});
        program_.add(name.c_str(), figure, "ns per submit",
                     steady_samples(program_.options().samples(31, 9), [&] { return submit_ns(run, tiles); }));
    }

private:
    static uint64_t clock_of_chip() { return now_ns(); }

    double submit_ns(Runner &run, uint64_t tiles)
    {
        const uint64_t closed = 0;
        uint64_t elapsed_ns = 0;
        check(pto_copy_to_device(chip_.context(), gate_, &closed, sizeof closed));
        run.run_ns(1 + tiles + kSubmits, PTO_GRAPH_ORCHESTRATED);
        check(pto_copy_from_device(chip_.context(), &elapsed_ns, result_.addr, sizeof elapsed_ns));
        return static_cast<double>(elapsed_ns) / static_cast<double>(kSubmits);
    }

    Program &program_;
    Chip chip_;
    uint64_t gate_;
    pto_tensor matrix_{};
    pto_tensor result_;
    pto_tensor unrelated_;
};

} // namespace

int main(int argc, char **argv)
{
    Program program("bench_lookup", "What does a submit cost when many tiles are live?", argc, argv);
    Modules modules(program.options().modules);
    Lookup bench(program, modules);
    for (const uint64_t tiles : {10U, 1'000U, 100'000U}) {
        bench.measure(tiles, 0, "reads another buffer");
        bench.measure(tiles, 1, "reads one tile");
        bench.measure(tiles, 2, "reads 2 x 2 tiles");
    }
    return program.finish();
}
