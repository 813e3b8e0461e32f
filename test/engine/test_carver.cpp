// SPDX-License-Identifier: Apache-2.0
#include "engine_test.hpp"

#include "engine/base/carver.h"

namespace {

using pto::Carver;
using pto::test::Arena;

struct alignas(64) Line {
    char bytes[64];
};

void measuring_without_memory_gives_the_size_of_the_layout(void **)
{
    const auto lay_out = [](Carver &carver) {
        carver.take<char>(3);
        carver.take<uint64_t>(9);
        carver.take<Line>(2);
        carver.take<char>(0);
        carver.take<uint16_t>(1);
        return carver.used_bytes();
    };
    Carver measure(nullptr);
    const std::size_t size = lay_out(measure);
    Arena arena(size);
    Carver real(arena.get());
    assert_int_equal(lay_out(real), size);
    assert_int_equal(size, 64 + 128 + 128 + 2);
}

void measuring_hands_out_nothing(void **)
{
    Carver carver(nullptr);
    assert_null(carver.take<char>(1));
    assert_null(carver.take<Line>(1000));
}

void every_array_begins_on_a_line_of_its_own(void **)
{
    Arena arena(4096);
    Carver carver(arena.get());
    const auto *begin = static_cast<const char *>(arena.get());
    assert_ptr_equal(carver.take<char>(1), begin);
    assert_ptr_equal(carver.take<uint64_t>(8), begin + 64);
    assert_ptr_equal(carver.take<uint64_t>(9), begin + 128);
    assert_ptr_equal(carver.take<Line>(1), begin + 256);
    assert_int_equal(carver.used_bytes(), 320);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(measuring_without_memory_gives_the_size_of_the_layout),
        cmocka_unit_test(measuring_hands_out_nothing),
        cmocka_unit_test(every_array_begins_on_a_line_of_its_own),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
