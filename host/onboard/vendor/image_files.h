// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ONBOARD_VENDOR_IMAGE_FILES_H
#define PTO_HOST_ONBOARD_VENDOR_IMAGE_FILES_H

#include "host/device_failure.h"
#include "pto/status.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pto::vendor {

using FileContent = std::vector<std::byte>;

/// Where the device's images are: the folder that was chosen, or `pto/` beside this library if that is empty.
std::string image_folder(const char *chosen);

/// PTO_ERROR_SYSTEM with the path and the system's reason.
pto_status read_image_file(const std::string &path, FileContent *out, host::DeviceFailure *failure);

/// Field `e_machine` of an ELF file; 0: it is none.
uint16_t machine_of(const FileContent &file);

/// The first 8 bytes of the GNU build id, as 16 digits: what tells two builds of an image apart. Empty: there is none.
std::string build_id_of(const FileContent &file);

/// Library and image, if both say which headers of pto-isa they were built with, have to agree on them; "none" and ""
/// say nothing. PTO_ERROR_INCOMPATIBLE_IMAGE with both.
pto_status compare_identities(const char *library, const char *image, host::DeviceFailure *failure);

} // namespace pto::vendor

#endif
