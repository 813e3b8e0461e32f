// SPDX-License-Identifier: Apache-2.0
// What goes wrong below the library: every fault ends in its error, in time, and the next open works or says why not.
#include <chrono>
#include <unistd.h>

#include "onboard_test.hpp"

namespace {

using namespace pto::test;

/// A fault belongs to the child process of one test: the vendor's libraries do not forget. Nothing yet.
struct Run {
    explicit Run(const char *entry, bool has_scalar = false) : callable(onboard_callable(entry))
    {
        if (has_scalar)
            callable.scalar();
    }
    CallableBuilder callable;
};

} // namespace

int main(int argc, char **argv)
{
    return run_onboard_tests(argc, argv, {});
}
