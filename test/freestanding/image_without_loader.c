/* SPDX-License-Identifier: Apache-2.0 */
/* A firmware image that has a loader of its own: it uses all of firmware.h but the loader of shared objects there. It
 * is not run; what it links of the archive is measured. */
#include "pto/firmware.h"

typedef void (*function)(void);

void _start(void);

const function volatile used[] = {
    (function)pto_core_run,        (function)pto_firmware_memory_bytes, (function)pto_firmware_open,
    (function)pto_firmware_close,  (function)pto_firmware_connect,      (function)pto_firmware_disconnect,
    (function)pto_firmware_load,   (function)pto_firmware_unload,       (function)pto_firmware_run,
    (function)pto_firmware_launch, (function)pto_firmware_serve,        (function)pto_firmware_arch,
};

void _start(void)
{
    unsigned i;
    for (i = 0; i < sizeof used / sizeof used[0]; i++)
        used[i]();
}
