// SPDX-License-Identifier: Apache-2.0
// The loader's properties as a target for libFuzzer. Without it, a main that is linked in replays files.
#include "loader_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, std::size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, std::size_t size)
{
    pto::test::check_loader(data, size, pto::test::mode_of(data, size));
    return 0;
}
