// SPDX-License-Identifier: Apache-2.0
// Programs by number: what the orchestration submits and what the host computes are made of the same list of
// operations.
#ifndef PTO_TEST_DIALECT_RANDOM_PROGRAM_HPP
#define PTO_TEST_DIALECT_RANDOM_PROGRAM_HPP

#include <cstdint>
#include <vector>

namespace random_program {

constexpr uint32_t kCount = 48;

enum Kind : uint32_t {
    kAffine,      ///< View a: x = x * m + b.
    kThrough,     ///< View b becomes view a * m + b, by way of a temporary.
    kConditional, ///< As kAffine, if element `index` is at least `target`.
    kSet,         ///< Element `index` becomes b.
    kGet,         ///< As kAffine, with element `index` in place of b.
    kJoin,        ///< Nothing, between what has view a before and after.
    kFilled,      ///< View a becomes b, by way of a tensor that begins so.
    kGraph,       ///< Twice kAffine, as a graph.
    kOpen,        ///< A scope begins,
    kClose,       ///< and ends.
    kKinds
};

struct View {
    uint32_t begin, count, step;
};

struct Operation {
    Kind kind;
    View a, b; ///< As many elements each.
    uint32_t m, addend, index;
    int32_t target;
};

class Numbers {
public:
    explicit Numbers(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15U + 1) {}
    uint32_t below(uint32_t limit)
    {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<uint32_t>(state_ >> 33) % limit;
    }

private:
    uint64_t state_;
};

inline View view(Numbers &numbers, uint32_t count)
{
    const uint32_t step = 1 + numbers.below((kCount - 1) / count < 3 ? (kCount - 1) / count : 3);
    const uint32_t span = (count - 1) * step + 1;
    return {numbers.below(kCount - span + 1), count, step};
}

inline std::vector<Operation> program(uint64_t seed, uint32_t length)
{
    Numbers numbers(seed);
    std::vector<Operation> operations;
    uint32_t depth = 0;
    while (operations.size() < length || depth > 0) {
        Operation op = {};
        op.kind = static_cast<Kind>(operations.size() < length ? numbers.below(kKinds) : uint32_t{kClose});
        if ((op.kind == kOpen && depth == 6) || (op.kind == kClose && depth == 0))
            continue;
        depth += op.kind == kOpen ? 1 : op.kind == kClose ? ~0u : 0;
        const uint32_t count = 1 + numbers.below(kCount / 2);
        op.a = view(numbers, count);
        op.b = view(numbers, count);
        op.m = 1 + numbers.below(5);
        op.addend = numbers.below(100);
        op.index = numbers.below(kCount);
        op.target = static_cast<int32_t>(numbers.below(2000)) - 1000;
        operations.push_back(op);
    }
    return operations;
}

} // namespace random_program

#endif
