// SPDX-License-Identifier: Apache-2.0
// What the programs of this suite share.
#ifndef PTO_TEST_ONBOARD_TEST_HPP
#define PTO_TEST_ONBOARD_TEST_HPP

#include <csetjmp>
#include <cstdarg>
// cmocka defines macros with names of the standard library: its header comes last.
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

extern "C" {
#include <cmocka.h>
}

namespace pto::test {

inline void expect_text(const char *text, const char *part)
{
    if (std::strstr(text, part) == nullptr)
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

} // namespace pto::test

#endif
