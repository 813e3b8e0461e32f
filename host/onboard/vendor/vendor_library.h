// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_VENDOR_LIBRARY_H
#define PTO_HOST_ONBOARD_VENDOR_VENDOR_LIBRARY_H

#include "host/device_failure.h"
#include "host/onboard/vendor/vendor_api.h"
#include "pto/status.h"

namespace pto::vendor {

/// What a device needs beside what all of them do.
struct Needs {
    bool one_map;
    bool windows;
    bool sdma;
};

/// Resolves the functions, all or none: PTO_ERROR_UNSUPPORTED names the library or the symbol that is missing.
/// Libraries stay loaded, because threads of theirs may outlive any use. `folder` is put before their names: "" leaves
/// it to the dynamic linker where they are.
pto_status load_functions(const Needs &needs, const char *folder, Functions *out, host::DeviceFailure *failure);

} // namespace pto::vendor

#endif
