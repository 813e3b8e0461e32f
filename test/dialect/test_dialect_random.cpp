// SPDX-License-Identifier: Apache-2.0
// Programs by number, of all that the dialect has for one tensor: what comes out is what the host computes, one
// operation after the other.
#include "dialect_test.hpp"
#include "random_program.hpp"

namespace {

using namespace pto::test;
using namespace random_program;

std::vector<int32_t> computed(std::vector<int32_t> x, uint64_t seed, uint32_t length)
{
    for (const Operation &op : program(seed, length)) {
        const auto a = [&](uint32_t i) -> int32_t & { return x[op.a.begin + i * op.a.step]; };
        const auto all = [&](uint32_t addend) {
            for (uint32_t i = 0; i < op.a.count; i++)
                a(i) = affine(a(i), op.m, addend);
        };
        std::vector<int32_t> temporary;
        switch (op.kind) {
        case kAffine: all(op.addend); break;
        case kThrough:
            for (uint32_t i = 0; i < op.a.count; i++)
                temporary.push_back(affine(a(i), op.m, op.addend));
            for (uint32_t i = 0; i < op.b.count; i++)
                x[op.b.begin + i * op.b.step] = temporary[i];
            break;
        case kConditional:
            if (x[op.index] >= op.target)
                all(op.addend);
            break;
        case kSet: x[op.index] = static_cast<int32_t>(op.addend); break;
        case kGet: all(static_cast<uint32_t>(x[op.index])); break;
        case kFilled:
            for (uint32_t i = 0; i < op.a.count; i++)
                a(i) = static_cast<int32_t>(op.addend);
            break;
        case kGraph:
            all(op.addend);
            all(op.addend);
            break;
        default: break;
        }
    }
    return x;
}

void programs_by_number_compute_what_their_operations_say(void **)
{
    TestChip chip;
    CallableBuilder builder("orch_random_program", "random_entry");
    builder.aiv(0, "kernel_affine").aiv(1, "kernel_copy_strided").inout("x").scalar("seed").scalar("length");
    builder.scalar("wait");
    chip.prepare(0, builder);
    for (uint64_t seed = 0; seed < (kSanitized ? 8 : 40); seed++)
        for (const uint32_t length : {5U, 60U})
            for (int32_t first : {1, -9}) {
                std::vector<int32_t> x(kCount);
                for (int32_t &value : x)
                    value = first++;
                const std::vector<int32_t> expected = computed(x, seed, length);
                EXPECT_STATUS(PTO_OK, chip.run(0, {integers(x)}, {seed, length, seed % 3 == 0 ? 200U : 0U}));
                if (x != expected)
                    print_error("program %u of %u operations\n", static_cast<uint32_t>(seed), length);
                expect_equal(expected, x, "x");
            }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {cmocka_unit_test(programs_by_number_compute_what_their_operations_say)};
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
