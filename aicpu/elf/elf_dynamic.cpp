// SPDX-License-Identifier: Apache-2.0
// The dynamic section: a list of tags and values in any order. Each tag that the loader knows has a rule; one that it
// does not know may ask for anything, relocations of another kind for example, so it is refused.
#include "aicpu/elf/elf_dynamic.h"

namespace pto::inline PTO_ARCH::aicpu::elf {
namespace {

/// Values that are kept.
enum Value : uint8_t {
    kSymbols,
    kSymbolBytes,
    kStrings,
    kStringBytes,
    kHash,
    kGnuHash,
    kRela,
    kRelaBytes,
    kRelaEntryBytes,
    kPltRela,
    kPltRelaBytes,
    kPltRelaKind,
    kRelr,
    kRelrBytes,
    kRelrEntryBytes,
    kFlags,
    kFlags1,
    kValueCount,
};

enum class Treatment : uint8_t { kKeep, kIgnore, kRefuse };

struct Rule {
    uint64_t tag;
    const char *name;
    Treatment treatment;
    Value value;
    const char *reason; ///< Of a refusal.
};

constexpr Rule keep(uint64_t tag, const char *name, Value value)
{
    return {tag, name, Treatment::kKeep, value, nullptr};
}
constexpr Rule ignore(uint64_t tag, const char *name)
{
    return {tag, name, Treatment::kIgnore, kValueCount, nullptr};
}
constexpr Rule refuse(uint64_t tag, const char *name, const char *reason)
{
    return {tag, name, Treatment::kRefuse, kValueCount, reason};
}

constexpr const char *kNeeds = "needs another object";
constexpr const char *kRunsEarly = "has code that wants to run before the entry";
constexpr const char *kRunsLate = "has code that wants to run at the end";
constexpr const char *kWithoutAddends = "has relocations without addends";
constexpr const char *kThreadLocal = "has thread-local storage";
constexpr const char *kTextRelocations = "has relocations in its code";

constexpr uint64_t kTagEnd = 0;
constexpr uint64_t kTagRela = 7; ///< Also a value: of what kind relocations of the PLT are.

constexpr Rule kRules[] = {
    keep(4, "DT_HASH", kHash),
    keep(5, "DT_STRTAB", kStrings),
    keep(6, "DT_SYMTAB", kSymbols),
    keep(kTagRela, "DT_RELA", kRela),
    keep(8, "DT_RELASZ", kRelaBytes),
    keep(9, "DT_RELAENT", kRelaEntryBytes),
    keep(10, "DT_STRSZ", kStringBytes),
    keep(11, "DT_SYMENT", kSymbolBytes),
    keep(2, "DT_PLTRELSZ", kPltRelaBytes),
    keep(20, "DT_PLTREL", kPltRelaKind),
    keep(23, "DT_JMPREL", kPltRela),
    keep(30, "DT_FLAGS", kFlags),
    keep(35, "DT_RELRSZ", kRelrBytes),
    keep(36, "DT_RELR", kRelr),
    keep(37, "DT_RELRENT", kRelrEntryBytes),
    keep(0x6ffffef5, "DT_GNU_HASH", kGnuHash),
    keep(0x6ffffffb, "DT_FLAGS_1", kFlags1),
    ignore(3, "DT_PLTGOT"),
    ignore(14, "DT_SONAME"),
    ignore(15, "DT_RPATH"),
    ignore(16, "DT_SYMBOLIC"), // The image's own symbols are the only ones.
    ignore(21, "DT_DEBUG"),
    ignore(24, "DT_BIND_NOW"),
    ignore(29, "DT_RUNPATH"),
    ignore(0x6ffffff0, "DT_VERSYM"), // Versions tell equal names apart; there is one of each.
    ignore(0x6ffffff9, "DT_RELACOUNT"),
    ignore(0x6ffffffc, "DT_VERDEF"),
    ignore(0x6ffffffd, "DT_VERDEFNUM"),
    ignore(0x70000000, "the machine's tag 0"), // Of the PLT, as are the next: how to bind late, and which hardening.
    ignore(0x70000001, "the machine's tag 1"),
    ignore(0x70000003, "the machine's tag 3"),
    ignore(0x70000005, "the machine's tag 5"),
    refuse(1, "DT_NEEDED", kNeeds),
    refuse(12, "DT_INIT", kRunsEarly),
    refuse(13, "DT_FINI", kRunsLate),
    refuse(17, "DT_REL", kWithoutAddends),
    refuse(18, "DT_RELSZ", kWithoutAddends),
    refuse(19, "DT_RELENT", kWithoutAddends),
    refuse(22, "DT_TEXTREL", kTextRelocations),
    refuse(25, "DT_INIT_ARRAY", kRunsEarly),
    refuse(26, "DT_FINI_ARRAY", kRunsLate),
    refuse(27, "DT_INIT_ARRAYSZ", kRunsEarly),
    refuse(28, "DT_FINI_ARRAYSZ", kRunsLate),
    refuse(32, "DT_PREINIT_ARRAY", kRunsEarly),
    refuse(33, "DT_PREINIT_ARRAYSZ", kRunsEarly),
    refuse(0x6ffffef6, "DT_TLSDESC_PLT", kThreadLocal),
    refuse(0x6ffffef7, "DT_TLSDESC_GOT", kThreadLocal),
    refuse(0x6ffffffe, "DT_VERNEED", kNeeds),
    refuse(0x6fffffff, "DT_VERNEEDNUM", kNeeds),
    refuse(0x7ffffffd, "DT_AUXILIARY", kNeeds),
    refuse(0x7fffffff, "DT_FILTER", kNeeds),
};

const Rule *rule_of(uint64_t tag)
{
    for (const Rule &rule : kRules) {
        if (rule.tag == tag)
            return &rule;
    }
    return nullptr;
}

class Values {
public:
    pto_status read(const Image &image, MessageBuffer message)
    {
        const AddressRange &range = image.layout().dynamic;
        const uint64_t count = (range.end - range.begin) / sizeof(DynamicEntry);
        for (uint64_t i = 0; i < count; i++) {
            const auto entry = image.read<DynamicEntry>(range.begin + i * sizeof(DynamicEntry));
            if (entry.tag == kTagEnd)
                return PTO_OK;
            if (const pto_status status = take(i, entry, message); status != PTO_OK)
                return status;
        }
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "the dynamic section of %llu entries has no end",
                           Printed{count});
    }

    bool has(Value value) const { return (seen_ >> value & 1) != 0; }
    /// 0 when there is none.
    uint64_t operator[](Value value) const { return values_[value]; }

private:
    pto_status take(uint64_t index, const DynamicEntry &entry, MessageBuffer message)
    {
        const Rule *rule = rule_of(entry.tag);
        if (rule == nullptr)
            return refuse_orch(PTO_ERROR_LOAD_FAILED, message,
                               "dynamic entry %llu has the tag 0x%llx, which this loader does not know", Printed{index},
                               Printed{entry.tag});
        if (rule->treatment == Treatment::kRefuse)
            return refuse_orch(PTO_ERROR_LOAD_FAILED, message, "the image %s: dynamic entry %llu is %s", rule->reason,
                               Printed{index}, rule->name);
        if (rule->treatment == Treatment::kIgnore)
            return PTO_OK;
        if (has(rule->value))
            return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "dynamic entry %llu is a second %s", Printed{index},
                               rule->name);
        seen_ |= 1u << rule->value;
        values_[rule->value] = entry.value;
        return PTO_OK;
    }

    uint32_t seen_ = 0;
    uint64_t values_[kValueCount] = {};
};

constexpr uint64_t kFlagTextRelocations = 4;
constexpr uint64_t kFlagStaticTls = 0x10;
constexpr uint64_t kFlag1Program = 0x08000000;

pto_status check_flags(const Values &values, MessageBuffer message)
{
    if ((values[kFlags] & kFlagTextRelocations) != 0)
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message, "the image %s: DT_FLAGS is 0x%llx", kTextRelocations,
                           Printed{values[kFlags]});
    if ((values[kFlags] & kFlagStaticTls) != 0)
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message, "the image %s: DT_FLAGS is 0x%llx", kThreadLocal,
                           Printed{values[kFlags]});
    if ((values[kFlags1] & kFlag1Program) != 0)
        return refuse_orch(PTO_ERROR_INCOMPATIBLE_IMAGE, message,
                           "the image is a program, no shared object: DT_FLAGS_1 is 0x%llx", Printed{values[kFlags1]});
    return PTO_OK;
}

/// A table whose entries have a fixed size. All that the file says about it has to agree.
struct TableRequest {
    const char *name;
    Value address;
    Value size;
    uint64_t entry_bytes;
};

pto_status read_table(const Image &image, const Values &values, const TableRequest &request, AddressRange *out,
                      MessageBuffer message)
{
    *out = {};
    const uint64_t address = values[request.address];
    const uint64_t size_bytes = values[request.size];
    if (size_bytes == 0)
        return PTO_OK;
    if (!values.has(request.address) || size_bytes % request.entry_bytes != 0)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "%s: %llu bytes are not entries of %llu bytes",
                           request.name, Printed{size_bytes}, Printed{request.entry_bytes});
    if (!image.is_constant(address, size_bytes))
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "%s: %llu bytes at address 0x%llx do not lie in one segment that is not writable",
                           request.name, Printed{size_bytes}, Printed{address});
    *out = {address, address + size_bytes};
    return PTO_OK;
}

pto_status expect(const Values &values, Value value, uint64_t expected, const char *name, MessageBuffer message)
{
    if (values[value] == expected)
        return PTO_OK;
    return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "%s is %llu instead of %llu", name, Printed{values[value]},
                       Printed{expected});
}

pto_status read_relocation_tables(const Image &image, const Values &values, DynamicTables *out, MessageBuffer message)
{
    static constexpr TableRequest rela{"DT_RELA", kRela, kRelaBytes, sizeof(Relocation)};
    static constexpr TableRequest plt_rela{"DT_JMPREL", kPltRela, kPltRelaBytes, sizeof(Relocation)};
    static constexpr TableRequest relr{"DT_RELR", kRelr, kRelrBytes, sizeof(uint64_t)};
    pto_status status = read_table(image, values, rela, &out->rela, message);
    if (status == PTO_OK)
        status = read_table(image, values, plt_rela, &out->plt_rela, message);
    if (status == PTO_OK)
        status = read_table(image, values, relr, &out->relr, message);
    if (status == PTO_OK && !out->rela.empty())
        status = expect(values, kRelaEntryBytes, sizeof(Relocation), "DT_RELAENT", message);
    if (status == PTO_OK && !out->plt_rela.empty())
        status = expect(values, kPltRelaKind, kTagRela, "DT_PLTREL", message);
    if (status == PTO_OK && !out->relr.empty())
        status = expect(values, kRelrEntryBytes, sizeof(uint64_t), "DT_RELRENT", message);
    return status;
}

} // namespace

pto_status read_dynamic(const Image &image, DynamicTables *out, MessageBuffer message)
{
    Values values;
    if (const pto_status status = values.read(image, message); status != PTO_OK)
        return status;
    if (const pto_status status = check_flags(values, message); status != PTO_OK)
        return status;
    const bool has_hash = values.has(kHash) || values.has(kGnuHash);
    if (!values.has(kSymbols) || !values.has(kStrings) || values[kStringBytes] == 0 || !has_hash)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "the dynamic section lacks %s",
                           !values.has(kSymbols)   ? "DT_SYMTAB"
                           : !values.has(kStrings) ? "DT_STRTAB"
                           : !has_hash             ? "DT_HASH and DT_GNU_HASH"
                                                   : "DT_STRSZ");
    if (const pto_status status = expect(values, kSymbolBytes, sizeof(Symbol), "DT_SYMENT", message); status != PTO_OK)
        return status;
    static constexpr TableRequest strings{"DT_STRTAB", kStrings, kStringBytes, 1};
    if (const pto_status status = read_table(image, values, strings, &out->strings, message); status != PTO_OK)
        return status;
    if (image.read<char>(out->strings.end - 1) != '\0')
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "DT_STRTAB: the last string has no end");
    out->symbols = values[kSymbols];
    out->hash = values[kHash];
    out->gnu_hash = values[kGnuHash];
    return read_relocation_tables(image, values, out, message);
}

} // namespace pto::inline PTO_ARCH::aicpu::elf
