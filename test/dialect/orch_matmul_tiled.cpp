// SPDX-License-Identifier: Apache-2.0
// c = a * b in tiles with a loop over k: the accumulator of a tile is INOUT. Edge tiles are smaller.
#include <algorithm>
#include <cstdint>

#include "pto_orchestration_api.h"

namespace {

constexpr int32_t kMatmul = 4;

template <uint32_t M, uint32_t N, uint32_t K> class TiledMatmul {
public:
    TiledMatmul(const ChipTensor &a, const ChipTensor &b, const ChipTensor &c) : a_(a), b_(b), c_(c) {}

    void submit() const
    {
        for (uint32_t i = 0; i < c_.shapes[0]; i += M)
            for (uint32_t j = 0; j < c_.shapes[1]; j += N)
                tile(i, j);
    }

private:
    static ChipTensor box(const ChipTensor &t, uint32_t row, uint32_t col, uint32_t rows, uint32_t cols)
    {
        const uint32_t offset[] = {row, col};
        const uint32_t shape[] = {std::min(rows, t.shapes[0] - row), std::min(cols, t.shapes[1] - col)};
        return t.view(shape, offset);
    }
    void tile(uint32_t i, uint32_t j) const
    {
        PTO2_SCOPE()
        {
            ChipTensor c = box(c_, i, j, M, N);
            for (uint32_t k = 0; k < a_.shapes[1]; k += K) {
                ChipTensor a = box(a_, i, k, M, K);
                ChipTensor b = box(b_, k, j, K, N);
                CoreTaskArgs args;
                args.add_input(a, b);
                args.add_inout(c);
                args.add_scalar(uint64_t{k == 0});
                rt_submit_aic_task(kMatmul, args);
            }
        }
    }

    const ChipTensor &a_, &b_, &c_;
};

} // namespace

extern "C" {

__attribute__((visibility("default"))) PTO2OrchestrationConfig build_matmul_config(const ChipTaskArgs &)
{
    return PTO2OrchestrationConfig{3};
}

__attribute__((visibility("default"))) void build_matmul_graph(const ChipTaskArgs &args)
{
    TiledMatmul<16, 32, 16>(args.tensor(0).ref(), args.tensor(1).ref(), args.tensor(2).ref()).submit();
}
}
