// SPDX-License-Identifier: Apache-2.0
// One of the vendor's libraries with functions that do nothing: PICK_<library> says which, and a macro with the name of
// a function renames it, which makes it a missing one.
#include "host/onboard/vendor/vendor_api.h"

#define EXPORTED(name)                                                                                                 \
    extern "C" __attribute__((visibility("default"))) int name()                                                       \
    {                                                                                                                  \
        return 0;                                                                                                      \
    }
#define LEFT_OUT(name)

#ifndef PICK_kAcl
#define PICK_kAcl LEFT_OUT
#endif
#ifndef PICK_kRuntime
#define PICK_kRuntime LEFT_OUT
#endif
#ifndef PICK_kHal
#define PICK_kHal LEFT_OUT
#endif
#ifndef PICK_kLog
#define PICK_kLog LEFT_OUT
#endif

#define ROW(library, need, name, type, parameters) PICK_##library(name)
PTO_VENDOR_FUNCTIONS(ROW)
