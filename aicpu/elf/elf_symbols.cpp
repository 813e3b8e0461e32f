// SPDX-License-Identifier: Apache-2.0
// Only hash tables say how many symbols there are. DT_HASH has their number. In DT_GNU_HASH the symbols of a bucket
// stand one after the other up to a mark, buckets in order: behind the last bucket's mark there are none.
#include "aicpu/elf/elf_symbols.h"

namespace pto::inline PTO_ARCH::aicpu::elf {
namespace {

struct HashHeader {
    uint32_t bucket_count;
    uint32_t chain_count; ///< One per symbol.
};

struct GnuHashHeader {
    uint32_t bucket_count;
    uint32_t first;       ///< The symbols before are not in it.
    uint32_t bloom_words; ///< A filter of 64-bit words, which the loader skips.
    uint32_t bloom_shift;
};

uint32_t hash_of(const char *name)
{
    uint32_t hash = 0;
    for (; *name != '\0'; name++) {
        hash = (hash << 4) + static_cast<uint8_t>(*name);
        const uint32_t high = hash & 0xf0000000;
        hash = (hash ^ high >> 24) & ~high;
    }
    return hash;
}

uint32_t gnu_hash_of(const char *name)
{
    uint32_t hash = 5381;
    for (; *name != '\0'; name++)
        hash = hash * 33 + static_cast<uint8_t>(*name);
    return hash;
}

bool are_equal(const char *a, const char *b)
{
    for (; *a == *b; a++, b++) {
        if (*a == '\0')
            return true;
    }
    return false;
}

pto_status refuse_hash(const char *name, uint64_t address, MessageBuffer message)
{
    return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                       "%s: the table at address 0x%llx does not lie in one segment that is not writable", name,
                       Printed{address});
}

/// A function has at least one byte in code, an object lies in one segment. Symbols of other types are marks, such as
/// the end of the image.
bool is_in_place(const Layout &layout, const Symbol &symbol)
{
    switch (symbol.type()) {
    case kTypeFunction: {
        const Segment *segment = layout.segment_of(symbol.address, symbol.size_bytes == 0 ? 1 : symbol.size_bytes);
        return segment != nullptr && segment->is_executable();
    }
    case kTypeObject: return layout.segment_of(symbol.address, symbol.size_bytes) != nullptr;
    default: return layout.is_near(symbol.address);
    }
}

} // namespace

pto_status SymbolTable::open(const Image &image, const DynamicTables &tables, MessageBuffer message)
{
    strings_ = reinterpret_cast<const char *>(image.at(tables.strings.begin));
    if (tables.gnu_hash != 0) {
        if (const pto_status status = open_gnu_hash(image, tables.gnu_hash, message); status != PTO_OK)
            return status;
    }
    if (tables.hash != 0) {
        if (const pto_status status = open_hash(image, tables.hash, message); status != PTO_OK)
            return status;
    }
    if (count_ == 0)
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message, "the image exports nothing that could be found");
    if (!image.is_constant(tables.symbols, uint64_t{count_} * sizeof(Symbol)))
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "DT_SYMTAB: %u symbols at address 0x%llx do not lie in one segment that is not writable",
                           count_, Printed{tables.symbols});
    symbols_ = image.at(tables.symbols);
    static constexpr Symbol kNone{};
    if (memcmp(symbols_, &kNone, sizeof kNone) != 0)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "symbol 0 is not empty");
    for (uint32_t i = 1; i < count_; i++) {
        if (const pto_status status = check_symbol(image, tables.strings, i, message); status != PTO_OK)
            return status;
    }
    return PTO_OK;
}

/// Behind open_gnu_hash(): its table stays the one that finds symbols, this one says how many there are.
pto_status SymbolTable::open_hash(const Image &image, uint64_t address, MessageBuffer message)
{
    if (!image.is_constant(address, sizeof(HashHeader)))
        return refuse_hash("DT_HASH", address, message);
    const auto header = image.read<HashHeader>(address);
    const uint64_t words = uint64_t{header.bucket_count} + header.chain_count;
    if (!image.is_constant(address, sizeof header + words * sizeof(uint32_t)))
        return refuse_hash("DT_HASH", address, message);
    if (header.bucket_count == 0 || header.chain_count == 0 || header.chain_count < count_)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "DT_HASH: %u buckets and %u symbols cannot be right, at least %u are needed",
                           header.bucket_count, header.chain_count, count_ == 0 ? 1 : count_);
    const std::byte *table = image.at(address + sizeof header);
    for (uint64_t i = 0; i < words; i++) {
        if (const auto index = read<uint32_t>(table, i); index >= header.chain_count)
            return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "DT_HASH: word %llu names symbol %u of %u",
                               Printed{i + 2}, index, header.chain_count);
    }
    count_ = header.chain_count;
    if (!is_gnu_) {
        bucket_count_ = header.bucket_count;
        buckets_ = table;
        chains_ = table + header.bucket_count * sizeof(uint32_t);
        first_ = 0;
    }
    return PTO_OK;
}

pto_status SymbolTable::open_gnu_hash(const Image &image, uint64_t address, MessageBuffer message)
{
    if (!image.is_constant(address, sizeof(GnuHashHeader)))
        return refuse_hash("DT_GNU_HASH", address, message);
    const auto header = image.read<GnuHashHeader>(address);
    const uint64_t buckets = sizeof header + header.bloom_words * sizeof(uint64_t);
    const uint64_t chains = buckets + header.bucket_count * sizeof(uint32_t);
    if (!image.is_constant(address, chains))
        return refuse_hash("DT_GNU_HASH", address, message);
    if (header.bucket_count == 0 || header.first == 0)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                           "DT_GNU_HASH: %u buckets from symbol %u on cannot be right", header.bucket_count,
                           header.first);
    is_gnu_ = true;
    bucket_count_ = header.bucket_count;
    first_ = header.first;
    buckets_ = image.at(address + buckets);
    chains_ = buckets_ + header.bucket_count * sizeof(uint32_t);
    return count_gnu_hash(image, address + chains, message);
}

pto_status SymbolTable::count_gnu_hash(const Image &image, uint64_t chains, MessageBuffer message)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < bucket_count_; i++) {
        const auto index = read<uint32_t>(buckets_, i);
        if (index != 0 && index < first_)
            return refuse_orch(PTO_ERROR_INVALID_IMAGE, message,
                               "DT_GNU_HASH: bucket %u begins with symbol %u, the table with %u", i, index, first_);
        last = index > last ? index : last;
    }
    if (last == 0)
        return PTO_OK; // Nothing is exported, and nothing is said about the number of symbols.
    for (uint64_t i = last;; i++) {
        const uint64_t size_bytes = (i - first_ + 1) * sizeof(uint32_t);
        if (i == UINT32_MAX || !image.is_constant(chains, size_bytes))
            return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "DT_GNU_HASH: the chain of symbol %u has no end",
                               last);
        if ((read<uint32_t>(chains_, i - first_) & 1) != 0) {
            count_ = static_cast<uint32_t>(i + 1);
            return PTO_OK;
        }
    }
}

pto_status SymbolTable::check_symbol(const Image &image, const AddressRange &strings, uint32_t index,
                                     MessageBuffer message) const
{
    const Symbol symbol = at(index);
    if (symbol.name >= strings.end - strings.begin)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "symbol %u: its name, at %u, lies outside the strings",
                           index, symbol.name);
    const char *name = name_of(symbol);
    if (symbol.type() == kTypeTls)
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message, "symbol %u '%s' is thread-local", index, name);
    if (symbol.type() == kTypeIndirect)
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message,
                           "symbol %u '%s' is found by a function that would have to run", index, name);
    if (symbol.section == kSectionUndefined) {
        if (symbol.binding() == kBindingLocal || symbol.binding() == kBindingWeak)
            return PTO_OK;
        return refuse_orch(PTO_ERROR_LOAD_FAILED, message, "symbol %u '%s' is undefined", index, name);
    }
    if (symbol.section == kSectionAbsolute)
        return PTO_OK;
    if (symbol.section >= kSectionsReserved || symbol.type() == kTypeCommon)
        return refuse_orch(PTO_ERROR_INVALID_IMAGE, message, "symbol %u '%s': section 0x%x is none", index, name,
                           uint32_t{symbol.section});
    if (is_in_place(image.layout(), symbol))
        return PTO_OK;
    return refuse_orch(
        PTO_ERROR_INVALID_IMAGE, message, "symbol %u '%s': %llu bytes at address 0x%llx are no %s of the image", index,
        name, Printed{symbol.size_bytes}, Printed{symbol.address}, symbol.type() == kTypeFunction ? "code" : "part");
}

bool SymbolTable::is_export(uint32_t index, const char *name) const
{
    const Symbol symbol = at(index);
    const bool is_typed = symbol.type() == kTypeFunction || symbol.type() == kTypeObject;
    const bool is_defined = symbol.section != kSectionUndefined && symbol.section < kSectionsReserved;
    const bool is_visible = symbol.binding() != kBindingLocal &&
                            (symbol.visibility() == kVisibilityDefault || symbol.visibility() == kVisibilityProtected);
    return is_typed && is_defined && is_visible && are_equal(name_of(symbol), name);
}

uint32_t SymbolTable::find(const char *name) const
{
    return is_gnu_ ? find_by_gnu_hash(name) : find_by_hash(name);
}

uint32_t SymbolTable::find_by_gnu_hash(const char *name) const
{
    const uint32_t hash = gnu_hash_of(name);
    uint32_t index = bucket(hash);
    if (index == 0)
        return 0;
    for (; index < count_; index++) {
        const uint32_t link = chain(index);
        if ((link | 1) == (hash | 1) && is_export(index, name))
            return index;
        if ((link & 1) != 0)
            return 0;
    }
    return 0;
}

uint32_t SymbolTable::find_by_hash(const char *name) const
{
    uint32_t index = bucket(hash_of(name));
    for (uint32_t steps = 0; index != 0 && steps < count_; steps++) { // A chain may be a circle.
        if (is_export(index, name))
            return index;
        index = chain(index);
    }
    return 0;
}

} // namespace pto::inline PTO_ARCH::aicpu::elf
