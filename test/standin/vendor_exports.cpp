// SPDX-License-Identifier: Apache-2.0
// One of the vendor's libraries: exports its own names and no other, each a jump to where the stand-in implements it.
// The implementations have other names, so that nobody finds a function in the wrong library.
#include "vendor_names.hpp"

#if defined(__x86_64__)
#define STANDIN_JUMP(name) "jmp standin_vendor_" #name "@PLT\n"
#elif defined(__aarch64__)
#define STANDIN_JUMP(name) "b standin_vendor_" #name "\n"
#else
#error "no jump for this processor"
#endif

#define STANDIN_EXPORT(name)                                                                                           \
    __asm__(".text\n.globl " #name "\n.type " #name ", %function\n" #name ":\n" STANDIN_JUMP(name) ".size " #name      \
                                                                                                   ", .-" #name "\n");

#define STANDIN_EXPAND(list) list(STANDIN_EXPORT)
#define STANDIN_JOIN(a, b)   a##b
#define STANDIN_LIST(name)   STANDIN_JOIN(STANDIN_NAMES_, name)

STANDIN_EXPAND(STANDIN_LIST(STANDIN_LIBRARY))
