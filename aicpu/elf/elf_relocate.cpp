// SPDX-License-Identifier: Apache-2.0
// Four kinds of relocations remain in an object that needs no other one: a place of the image, moved; the address of a
// symbol; the same plus an addend; nothing at all. Everything else is refused by what it would take.
#include "aicpu/elf/elf_relocate.h"

namespace pto::inline PTO_ARCH::aicpu::elf {
namespace {

enum class Kind { kNone, kRelative, kSymbol, kSymbolPlusAddend, kCopy, kThreadLocal, kIndirect, kUnknown };

Kind kind_on_x86_64(uint32_t type)
{
    switch (type) {
    case 0: return Kind::kNone;
    case 1: return Kind::kSymbolPlusAddend; // R_X86_64_64
    case 5: return Kind::kCopy;
    case 6: return Kind::kSymbol; // GLOB_DAT
    case 7: return Kind::kSymbol; // JUMP_SLOT
    case 8: return Kind::kRelative;
    case 16:
    case 17:
    case 18:
    case 36: return Kind::kThreadLocal; // DTPMOD64, DTPOFF64, TPOFF64, TLSDESC
    case 37: return Kind::kIndirect;
    default: return Kind::kUnknown;
    }
}

Kind kind_on_aarch64(uint32_t type)
{
    switch (type) {
    case 0:
    case 256: return Kind::kNone;
    case 257: return Kind::kSymbolPlusAddend; // R_AARCH64_ABS64
    case 1024: return Kind::kCopy;
    case 1025: return Kind::kSymbolPlusAddend; // GLOB_DAT
    case 1026: return Kind::kSymbolPlusAddend; // JUMP_SLOT
    case 1027: return Kind::kRelative;
    case 1028:
    case 1029:
    case 1030:
    case 1031: return Kind::kThreadLocal; // DTPMOD, DTPREL, TPREL, TLSDESC
    case 1032: return Kind::kIndirect;
    default: return Kind::kUnknown;
    }
}

/// Of a machine that is not known, only that 0 is nothing: so it is on all machines.
Kind kind_of(Machine machine, uint32_t type)
{
    switch (machine) {
    case Machine::kAarch64: return kind_on_aarch64(type);
    case Machine::kX86_64: return kind_on_x86_64(type);
    }
    return type == 0 ? Kind::kNone : Kind::kUnknown;
}

const char *obstacle_of(Kind kind)
{
    switch (kind) {
    case Kind::kCopy: return "copies a symbol of another object";
    case Kind::kThreadLocal: return "is thread-local";
    case Kind::kIndirect: return "asks a function of the image, which would have to run";
    default: return "is unknown";
    }
}

/// One relocation, for messages by its table and place in it.
struct Place {
    const char *table;
    uint64_t index;
    uint64_t address;
};

class Relocator {
public:
    Relocator(const Binding &binding, MessageBuffer message) : binding_(binding), message_(message) {}

    pto_status apply_table(const char *name, const AddressRange &table)
    {
        const uint64_t count = (table.end - table.begin) / sizeof(Relocation);
        for (uint64_t i = 0; i < count; i++) {
            const auto relocation = image().read<Relocation>(table.begin + i * sizeof(Relocation));
            if (const pto_status status = apply({name, i, relocation.offset}, relocation); status != PTO_OK)
                return status;
        }
        return PTO_OK;
    }

    /// DT_RELR: an even word is the address of a place; an odd one has a bit for each of the 63 words behind the last
    /// place that a word stood for. What is to be moved lies in the places.
    pto_status apply_packed(const AddressRange &table)
    {
        const uint64_t count = (table.end - table.begin) / sizeof(uint64_t);
        uint64_t next = 0;
        for (uint64_t i = 0; i < count; i++) {
            const auto word = image().read<uint64_t>(table.begin + i * sizeof(uint64_t));
            if ((word & 1) == 0) {
                if (const pto_status status = apply_moved({kPacked, i, word}); status != PTO_OK)
                    return status;
                next = word + sizeof(uint64_t);
                continue;
            }
            if (next == 0)
                return refuse_orch(PTO_ERROR_INVALID_IMAGE, message_, "%s entry 0 has bits, but no address", kPacked);
            for (uint32_t bit = 1; bit < 64; bit++) {
                if ((word >> bit & 1) == 0)
                    continue;
                const Place place{kPacked, i, next + (bit - 1) * sizeof(uint64_t)};
                if (const pto_status status = apply_moved(place); status != PTO_OK)
                    return status;
            }
            next += 63 * sizeof(uint64_t);
        }
        return PTO_OK;
    }

private:
    static constexpr const char *kPacked = "DT_RELR";

    const Image &image() const { return binding_.image; }

    pto_status apply_moved(const Place &place)
    {
        if (const pto_status status = check_place(place); status != PTO_OK)
            return status;
        return move(place, image().read<uint64_t>(place.address));
    }

    pto_status apply(const Place &place, const Relocation &relocation)
    {
        const Kind kind = kind_of(binding_.machine, relocation.type());
        if (kind == Kind::kNone)
            return PTO_OK;
        if (kind != Kind::kRelative && kind != Kind::kSymbol && kind != Kind::kSymbolPlusAddend)
            return refuse_orch(PTO_ERROR_LOAD_FAILED, message_, "%s entry %llu: relocation type %u %s", place.table,
                               Printed{place.index}, relocation.type(), obstacle_of(kind));
        if (const pto_status status = check_place(place); status != PTO_OK)
            return status;
        if (kind != Kind::kRelative)
            return bind(place, relocation.symbol(), kind == Kind::kSymbol ? 0 : relocation.addend);
        if (relocation.symbol() != 0)
            return refuse_orch(PTO_ERROR_INVALID_IMAGE, message_, "%s entry %llu: moves a place, but names symbol %u",
                               place.table, Printed{place.index}, relocation.symbol());
        return move(place, relocation.addend);
    }

    pto_status check_place(const Place &place)
    {
        const Segment *segment = image().layout().segment_of(place.address, sizeof(uint64_t));
        if (segment == nullptr)
            return refuse_orch(PTO_ERROR_INVALID_IMAGE, message_, "%s entry %llu: address 0x%llx lies in no segment",
                               place.table, Printed{place.index}, Printed{place.address});
        if (segment->is_writable())
            return PTO_OK;
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message_,
                           "%s entry %llu: address 0x%llx lies in code or constants, which stay as they are",
                           place.table, Printed{place.index}, Printed{place.address});
    }

    /// The place gets an address of the image, where that is loaded.
    pto_status move(const Place &place, uint64_t address)
    {
        if (!image().layout().is_near(address))
            return refuse_orch(PTO_ERROR_INVALID_IMAGE, message_, "%s entry %llu: 0x%llx is no address of the image",
                               place.table, Printed{place.index}, Printed{address});
        write(place, image().loaded_address(address));
        return PTO_OK;
    }

    pto_status bind(const Place &place, uint32_t index, uint64_t addend)
    {
        if (index >= binding_.symbols.count())
            return refuse_orch(PTO_ERROR_INVALID_IMAGE, message_, "%s entry %llu: there is no symbol %u, only %u",
                               place.table, Printed{place.index}, index, binding_.symbols.count());
        const Symbol symbol = binding_.symbols.at(index);
        const bool is_undefined = index == 0 || symbol.section == kSectionUndefined;
        if (is_undefined && (index == 0 || symbol.binding() != kBindingWeak))
            return refuse_orch(PTO_ERROR_INVALID_IMAGE, message_, "%s entry %llu: symbol %u has no address",
                               place.table, Printed{place.index}, index);
        if (is_undefined || symbol.section == kSectionAbsolute) {
            write(place, (is_undefined ? 0 : symbol.address) + addend);
            return PTO_OK;
        }
        return move(place, symbol.address + addend);
    }

    void write(const Place &place, uint64_t value) { memcpy(image().at(place.address), &value, sizeof value); }

    const Binding &binding_;
    MessageBuffer message_;
};

} // namespace

pto_status relocate(const Binding &binding, MessageBuffer message)
{
    Relocator relocator(binding, message);
    // Words that only move keep their addresses in place, so they come before anything writes there.
    pto_status status = relocator.apply_packed(binding.tables.relr);
    if (status == PTO_OK)
        status = relocator.apply_table("DT_RELA", binding.tables.rela);
    if (status == PTO_OK)
        status = relocator.apply_table("DT_JMPREL", binding.tables.plt_rela);
    return status;
}

} // namespace pto::inline PTO_ARCH::aicpu::elf
