// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_ELF_ELF_BIND_H
#define PTO_AICPU_ELF_ELF_BIND_H

#include "aicpu/elf/elf_symbols.h"

namespace pto::inline PTO_ARCH::aicpu::elf {

/// Copies what a file has of an image. The rest of its memory is zero before.
void copy_segments(const FileBytes &file, const Image &image);

/// Checks all that the headers do not say, and binds the image to its place.
pto_status bind_image(const Image &image, Machine machine, SymbolTable *out, MessageBuffer message);

} // namespace pto::inline PTO_ARCH::aicpu::elf

#endif
