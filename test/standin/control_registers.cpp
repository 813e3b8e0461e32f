// SPDX-License-Identifier: Apache-2.0
#include "control_registers.hpp"

#include "process_link.hpp"

#include <ctime>

namespace standin {
namespace {

uint64_t registers_begin = 0;
uint8_t *writable = nullptr; ///< The same registers.

/// What an instruction stores.
struct Store {
    uint32_t bytes; ///< 0: it is no store of a general register, or one that nobody should use here.
    uint32_t source;
    uint32_t base;
    int64_t step; ///< Is added to the base.
};

Store decode(uint32_t instruction)
{
    const uint32_t source = instruction & 31;
    const uint32_t base = instruction >> 5 & 31;
    const uint32_t bytes = instruction >> 30 == 2 ? 4 : instruction >> 30 == 3 ? 8 : 0;
    if ((instruction & 0x3ffffc00) == 0x089ffc00) // stlr
        return {bytes, source, base, 0};
    if ((instruction & 0x3fc00000) == 0x39000000) // str, offset
        return {bytes, source, base, 0};
    if ((instruction & 0x3fe00c00) == 0x38200800) // str, register
        return {bytes, source, base, 0};
    if ((instruction & 0x3fe00000) != 0x38000000) // str, stur
        return {};
    const bool has_step = (instruction >> 10 & 1) != 0;
    const auto step = static_cast<int64_t>(instruction >> 12 & 0x1ff);
    return {bytes, source, base, has_step ? (step ^ 0x100) - 0x100 : 0};
}

void store(uint64_t offset, uint32_t value)
{
    __atomic_store_n(reinterpret_cast<uint32_t *>(writable + offset), value, __ATOMIC_SEQ_CST);
}

} // namespace

void open_registers(uint32_t device)
{
    registers_begin = register_base(device);
    map_or_die(registers_begin, kRegisterBytes, kRegisterFile, PROT_READ);
    void *const got =
        mmap(nullptr, kRegisterBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, kRegisterFile, 0);
    if (got == MAP_FAILED)
        std::_Exit(6);
    writable = static_cast<uint8_t *>(got);
}

bool store_to_register(uint64_t address, mcontext_t *machine)
{
    if (address < registers_begin || address - registers_begin >= kRegisterBytes)
        return false;
    uint32_t instruction;
    std::memcpy(&instruction, reinterpret_cast<const void *>(machine->pc), sizeof instruction);
    const Store what = decode(instruction);
    const uint64_t offset = address - registers_begin;
    if (what.bytes == 0 || offset % what.bytes != 0) {
        violate("instruction 0x%08x writes to a register", instruction);
        return false;
    }
    const uint64_t value = what.source == 31 ? 0 : machine->regs[what.source];
    store(offset, static_cast<uint32_t>(value));
    if (what.bytes == 8) {
        violate("a store of 64 bits to a register, which arrives in two halves");
        constexpr timespec kBetween{0, 1'000'000};
        nanosleep(&kBetween, nullptr);
        store(offset + 4, static_cast<uint32_t>(value >> 32));
    }
    if (what.step != 0)
        (what.base == 31 ? machine->sp : machine->regs[what.base]) += static_cast<uint64_t>(what.step);
    machine->pc += sizeof instruction;
    return true;
}

} // namespace standin
