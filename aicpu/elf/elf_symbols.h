// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_AICPU_ELF_ELF_SYMBOLS_H
#define PTO_AICPU_ELF_ELF_SYMBOLS_H

#include "aicpu/elf/elf_dynamic.h"

namespace pto::inline PTO_ARCH::aicpu::elf {

/// The dynamic symbols of an image and the hash table that finds them, where they lie in memory. They lie in segments
/// that are not writable, so what held when they were opened still does.
class SymbolTable {
public:
    /// Checks both tables and every symbol: nothing is undefined but what is weak, and all that is defined lies in the
    /// image.
    pto_status open(const Image &image, const DynamicTables &tables, MessageBuffer message);

    uint32_t count() const { return count_; }
    /// `index` is below count().
    Symbol at(uint32_t index) const { return read<Symbol>(symbols_, index); }
    const char *name_of(const Symbol &symbol) const { return strings_ + symbol.name; }

    /// A symbol that the image exports: index 0 when there is none. Ends, whatever the tables hold.
    uint32_t find(const char *name) const;

private:
    template <class T> static T read(const std::byte *table, uint64_t index)
    {
        T value;
        memcpy(&value, table + index * sizeof(T), sizeof value);
        return value;
    }
    uint32_t bucket(uint32_t hash) const { return read<uint32_t>(buckets_, hash % bucket_count_); }
    uint32_t chain(uint32_t index) const { return read<uint32_t>(chains_, index - first_); }
    bool is_export(uint32_t index, const char *name) const;
    uint32_t find_by_gnu_hash(const char *name) const;
    uint32_t find_by_hash(const char *name) const;

    pto_status open_hash(const Image &image, uint64_t address, MessageBuffer message);
    pto_status open_gnu_hash(const Image &image, uint64_t address, MessageBuffer message);
    pto_status count_gnu_hash(const Image &image, uint64_t chains, MessageBuffer message);
    pto_status check_symbol(const Image &image, const AddressRange &strings, uint32_t index,
                            MessageBuffer message) const;

    const std::byte *symbols_ = nullptr;
    const char *strings_ = nullptr;
    const std::byte *buckets_ = nullptr;
    const std::byte *chains_ = nullptr;
    uint32_t count_ = 0;
    uint32_t bucket_count_ = 0;
    uint32_t first_ = 0; ///< The first symbol that has a chain.
    bool is_gnu_ = false;
};

} // namespace pto::inline PTO_ARCH::aicpu::elf

#endif
