// SPDX-License-Identifier: Apache-2.0
// What tests of the driver's parts share.
#ifndef PTO_TEST_ONBOARD_VENDOR_TEST_HPP
#define PTO_TEST_ONBOARD_VENDOR_TEST_HPP

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

extern "C" {
#include <cmocka.h>
}

#endif
