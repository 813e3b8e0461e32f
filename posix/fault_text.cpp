// SPDX-License-Identifier: Apache-2.0
#include "posix/fault_text.h"

#include <cstdio>

namespace pto::posix {
namespace {

const char *kind_of(const Fault &fault)
{
    switch (fault.signal) {
    case SIGSEGV:
        if (fault.is_overflow)
            return "stack overflow at";
        return fault.code == SEGV_ACCERR ? "forbidden access to" : "bad address";
    case SIGBUS: return fault.code == BUS_ADRALN ? "misaligned address" : "no memory behind address";
    case SIGFPE: return fault.code == FPE_INTDIV ? "division by zero at" : "arithmetic fault at";
    default: return "illegal instruction at";
    }
}

const char *name_of(int signal)
{
    switch (signal) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    default: return "SIGILL";
    }
}

} // namespace

void describe_fault(const Fault &fault, char *out, std::size_t capacity)
{
    std::snprintf(out, capacity, "%s 0x%llx (%s)", kind_of(fault), static_cast<unsigned long long>(fault.address),
                  name_of(fault.signal));
}

} // namespace pto::posix
