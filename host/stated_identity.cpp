// SPDX-License-Identifier: Apache-2.0
#include "host/stated_identity.h"

#include "host/build_identity.h"
#include "host/callable_check.h"

#include "pto/build_identity.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <elf.h>

namespace pto::host {
namespace {

static_assert(kMaxIdentityBytes == PTO_MAX_BUILD_IDENTITY);

constexpr unsigned char kByteOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
constexpr std::string_view kPrefix = PTO_BUILD_IDENTITY_PREFIX;

/// A file, of which parts are asked for that may not be there.
class File {
public:
    File(const void *bytes, std::size_t size) : bytes_(static_cast<const char *>(bytes), size) {}

    /// Empty when the file does not hold all of it.
    std::string_view part(uint64_t offset, uint64_t size) const
    {
        if (offset > bytes_.size() || size > bytes_.size() - offset)
            return {};
        return bytes_.substr(offset, size);
    }

private:
    std::string_view bytes_;
};

/// Entry `index` of a table, at whatever address; false past its end.
template <class Entry> bool read_entry(std::string_view table, uint64_t index, Entry *out)
{
    if (index >= table.size() / sizeof(Entry))
        return false;
    std::memcpy(out, table.data() + index * sizeof(Entry), sizeof(Entry));
    return true;
}

/// Whether a zero-terminated name stands there.
bool is_name_at(std::string_view strings, uint64_t offset, std::string_view name)
{
    return offset < strings.size() && strings.size() - offset > name.size() &&
           strings.substr(offset, name.size()) == name && strings[offset + name.size()] == '\0';
}

std::string_view section_table(const File &file)
{
    Elf64_Ehdr header;
    if (!read_entry(file.part(0, sizeof header), 0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != kByteOrder ||
        header.e_shentsize != sizeof(Elf64_Shdr))
        return {};
    return file.part(header.e_shoff, uint64_t{header.e_shnum} * sizeof(Elf64_Shdr));
}

/// The bytes of a symbol: from its value to the end of what its section has in the file.
std::string_view bytes_of(const File &file, std::string_view sections, const Elf64_Sym &symbol)
{
    Elf64_Shdr section;
    if (symbol.st_shndx >= SHN_LORESERVE || !read_entry(sections, symbol.st_shndx, &section) ||
        section.sh_type != SHT_PROGBITS || symbol.st_value < section.sh_addr)
        return {};
    const std::string_view content = file.part(section.sh_offset, section.sh_size);
    const uint64_t begin = symbol.st_value - section.sh_addr;
    return begin < content.size() ? content.substr(begin) : std::string_view();
}

Statement statement_in(std::string_view bytes)
{
    const std::size_t end = bytes.substr(0, kPrefix.size() + kMaxIdentityBytes + 1).find('\0');
    if (end == std::string_view::npos || !bytes.starts_with(kPrefix) ||
        !is_identity(bytes.substr(kPrefix.size(), end - kPrefix.size())))
        return {Statement::Kind::kDamaged, {}};
    return {Statement::Kind::kText, bytes.substr(kPrefix.size(), end - kPrefix.size())};
}

/// Looks for the symbol in one table of symbols.
Statement find_statement(const File &file, std::string_view sections, const Elf64_Shdr &table)
{
    Elf64_Shdr names;
    if (!read_entry(sections, table.sh_link, &names))
        return {Statement::Kind::kNone, {}};
    const std::string_view strings = file.part(names.sh_offset, names.sh_size);
    const std::string_view symbols = file.part(table.sh_offset, table.sh_size);
    Elf64_Sym symbol;
    for (uint64_t i = 0; read_entry(symbols, i, &symbol); i++)
        if (symbol.st_shndx != SHN_UNDEF && is_name_at(strings, symbol.st_name, PTO_BUILD_IDENTITY_SYMBOL))
            return statement_in(bytes_of(file, sections, symbol));
    return {Statement::Kind::kNone, {}};
}

/// Without the first word, which goes to `word`; words that git gave are passed over.
std::string_view next_word(std::string_view text, std::string_view *word)
{
    do {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        *word = text.substr(0, text.find(' '));
        text.remove_prefix(word->size());
    } while (word->starts_with("git:"));
    return text;
}

/// The first part of a callable that states an identity, for messages and to compare others with.
class Agreement {
public:
    explicit Agreement(pto_image_error *error) : error_(error) {}

    pto_status add_text(const char *part, std::string_view text)
    {
        if (text.empty() || text == kNoIdentity)
            return PTO_OK;
        if (text_.empty()) {
            std::snprintf(part_, sizeof part_, "%s", part);
            text_ = text;
            return PTO_OK;
        }
        if (are_same_headers(text, text_))
            return PTO_OK;
        // Both have to be named in one message.
        return image_error(error_, PTO_ERROR_INCOMPATIBLE_IMAGE, "%s was built with '%.64s', %s with '%.64s'", part,
                           text.data(), part_, text_.data());
    }

    pto_status add_image(const char *part, const void *image, std::size_t size)
    {
        const Statement statement = read_statement(image, size);
        if (statement.kind == Statement::Kind::kDamaged)
            return image_error(error_, PTO_ERROR_INVALID_IMAGE, "%s: its symbol '%s' states no build identity", part,
                               PTO_BUILD_IDENTITY_SYMBOL);
        return add_text(part, statement.text);
    }

    std::string_view text() const { return text_; }

private:
    pto_image_error *error_;
    std::string_view text_;
    char part_[32] = "";
};

} // namespace

Statement read_statement(const void *file, std::size_t size)
{
    const File bytes(file, size);
    const std::string_view sections = section_table(bytes);
    Elf64_Shdr section;
    for (uint64_t i = 0; read_entry(sections, i, &section); i++) {
        if (section.sh_type != SHT_DYNSYM && section.sh_type != SHT_SYMTAB)
            continue;
        const Statement statement = find_statement(bytes, sections, section);
        if (statement.kind != Statement::Kind::kNone)
            return statement;
    }
    return {Statement::Kind::kNone, {}};
}

bool is_identity(std::string_view text)
{
    return !text.empty() && text.size() <= kMaxIdentityBytes &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool are_same_headers(std::string_view one, std::string_view other)
{
    std::string_view word_of_one;
    std::string_view word_of_other;
    do {
        one = next_word(one, &word_of_one);
        other = next_word(other, &word_of_other);
        if (word_of_one != word_of_other)
            return false;
    } while (!word_of_one.empty());
    return true;
}

pto_status agree_on_identity(const pto_callable &callable, std::string_view *out, pto_image_error *error)
{
    Agreement agreement(error);
    pto_status status =
        agreement.add_text("the callable", callable.build_identity == nullptr ? "" : callable.build_identity);
    if (status == PTO_OK)
        status = agreement.add_image("the orchestration", callable.orch_image, callable.orch_image_bytes);
    for (uint32_t i = 0; i < callable.kernel_count && status == PTO_OK; i++) {
        char part[32];
        std::snprintf(part, sizeof part, "kernel %u", callable.kernels[i].func_id);
        status = agreement.add_image(part, callable.kernels[i].image, callable.kernels[i].image_bytes);
    }
    *out = status == PTO_OK ? agreement.text() : std::string_view();
    return status;
}

} // namespace pto::host
