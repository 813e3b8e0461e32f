// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_ELF_ELF_RELOCATE_H
#define PTO_AICPU_ELF_ELF_RELOCATE_H

#include "aicpu/elf/elf_symbols.h"

namespace pto::inline PTO_ARCH::aicpu::elf {

/// All that says how an image is bound to the place where it lies.
struct Binding {
    const Image &image;
    const DynamicTables &tables;
    const SymbolTable &symbols;
    Machine machine;
};

/// Applies every relocation, those of the PLT included: nothing is bound later. Writes to writable segments only. A
/// weak symbol that is undefined has the address 0.
pto_status relocate(const Binding &binding, MessageBuffer message);

} // namespace pto::inline PTO_ARCH::aicpu::elf

#endif
