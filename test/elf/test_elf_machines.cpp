// SPDX-License-Identifier: Apache-2.0
// What relocations write, on both machines: in an object made by hand, word by word, and in objects of a compiler for
// aarch64, where every place that its tables name is compared with what the specification says.
#include <map>

#include "elf_test.hpp"

#include "elf_builder.hpp"

#include "aicpu/elf/elf_loader.h"

namespace {

using namespace pto::test;
using elf::LoadedImage;
using elf::Loader;
using elf::Machine;

constexpr uint64_t kMemoryBytes = 1 << 20;

struct Fixture {
    explicit Fixture(Machine machine) : memory(kMemoryBytes), loader(memory.config(), machine) {}

    LoadedImage *load(const std::vector<char> &bytes)
    {
        LoadedImage *image = nullptr;
        if (loader.load({reinterpret_cast<const std::byte *>(bytes.data()), bytes.size()}, &image,
                        {message, sizeof message}) != PTO_OK)
            fail_msg("%s", message);
        return image;
    }

    PageMemory memory;
    Loader loader;
    char message[192] = "";
};

template <class T> T read(const LoadedImage *image, uint64_t address)
{
    T value;
    std::memcpy(&value, reinterpret_cast<const void *>(reinterpret_cast<uint64_t>(image->origin) + address),
                sizeof value);
    return value;
}

void every_kind_of_relocation_writes_its_value(void **)
{
    for (const Machine machine : {Machine::kX86_64, Machine::kAarch64}) {
        for (int round = 0; round < 2; round++) {
            Fixture fixture(machine);
            const std::vector<char> bytes = ElfBuilder(machine).bytes();
            if (round == 1)
                fixture.load(bytes); // The next one lies elsewhere.
            const LoadedImage *image = fixture.load(bytes);
            const auto origin = reinterpret_cast<uint64_t>(image->origin);
            const uint64_t expected[] = {origin + kBuiltCode, origin + kBuiltCode + 2,    origin + 0x3010,     5,
                                         origin + kBuiltCode, origin + kBuiltData + 0x10, origin + kBuiltCode, 1234};
            for (uint64_t i = 0; i < 8; i++)
                assert_int_equal(read<uint64_t>(image, kBuiltData + 8 * i), expected[i]);
        }
    }
}

void addends_of_symbols_count_where_the_machine_says_so(void **)
{
    for (const Machine machine : {Machine::kX86_64, Machine::kAarch64}) {
        ElfBuilder builder(machine);
        builder.rela[2].addend = 8;     // GLOB_DAT
        builder.plt_rela[0].addend = 4; // JUMP_SLOT
        Fixture fixture(machine);
        const LoadedImage *image = fixture.load(builder.bytes());
        const auto origin = reinterpret_cast<uint64_t>(image->origin);
        const bool counts = machine == Machine::kAarch64;
        assert_int_equal(read<uint64_t>(image, kBuiltData + 16), origin + 0x3010 + (counts ? 8 : 0));
        assert_int_equal(read<uint64_t>(image, kBuiltData + 32), origin + kBuiltCode + (counts ? 4 : 0));
    }
}

void an_absolute_symbol_does_not_move(void **)
{
    ElfBuilder builder;
    builder.symbols[kBuiltDatum].section = 0xfff1;
    builder.symbols[kBuiltDatum].address = 0xabcdef;
    Fixture fixture(Machine::kX86_64);
    const LoadedImage *image = fixture.load(builder.bytes());
    assert_int_equal(read<uint64_t>(image, kBuiltData + 16), 0xabcdef);
    bool is_function = false;
    assert_null(fixture.loader.find(image, "data", &is_function)); // It is no address.
}

void packed_relocations_move_every_word_that_has_a_bit(void **)
{
    constexpr uint32_t kWords = 150; // More than two words of bits, in what is zero else.
    constexpr uint64_t kFirst = 0x2400;
    ElfBuilder builder;
    uint64_t bits[3] = {1, 1, 1};
    const auto is_moved = [](uint32_t word) { return word % 63 == 0 || word % 3 == 1 || word % 7 == 2; };
    for (uint32_t word = 1; word < kWords; word++) {
        if (is_moved(word))
            bits[(word - 1) / 63] |= uint64_t{2} << (word - 1) % 63;
    }
    builder.relr = {kFirst, bits[0], bits[1], bits[2]};
    builder.entry(35).value = 4 * 8;
    Fixture fixture(Machine::kX86_64);
    const LoadedImage *image = fixture.load(builder.bytes());
    for (uint32_t word = 0; word < kWords + 40; word++) {
        const bool expected = word < kWords && is_moved(word);
        assert_int_equal(read<uint64_t>(image, kFirst + 8 * word),
                         expected ? reinterpret_cast<uint64_t>(image->origin) : 0);
    }
}

// ---- objects of a compiler for aarch64

template <class T> T at(const std::vector<char> &bytes, uint64_t offset)
{
    T value;
    assert_true(offset + sizeof value <= bytes.size());
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

/// A reader of its own for sound objects, which goes by section headers: nothing of the loader is in it.
class ObjectFile {
public:
    struct Section {
        uint32_t name;
        uint32_t type;
        uint64_t flags;
        uint64_t address;
        uint64_t offset;
        uint64_t size_bytes;
        uint32_t link;
        uint32_t info;
        uint64_t alignment;
        uint64_t entry_bytes;
    };
    static_assert(sizeof(Section) == 64);

    explicit ObjectFile(const std::vector<char> &bytes) : bytes_(bytes)
    {
        const auto header = at<elf::FileHeader>(bytes, 0);
        for (uint32_t i = 0; i < header.section_count; i++)
            sections.push_back(at<Section>(bytes, header.sections + i * sizeof(Section)));
    }
    /// The first section of a type, nullptr if there is none.
    const Section *find(uint32_t type) const
    {
        for (const Section &section : sections) {
            if (section.type == type)
                return &section;
        }
        return nullptr;
    }
    template <class T> std::vector<T> entries(const Section &section) const
    {
        std::vector<T> all;
        for (uint64_t i = 0; i < section.size_bytes / sizeof(T); i++)
            all.push_back(at<T>(bytes_, section.offset + i * sizeof(T)));
        return all;
    }
    /// A word of the image as it is in the file.
    uint64_t word_at(uint64_t address) const
    {
        for (const Section &section : sections) {
            if (section.type != 8 && section.address != 0 && address >= section.address &&
                address < section.address + section.size_bytes)
                return at<uint64_t>(bytes_, section.offset + address - section.address);
        }
        fail_msg("0x%llx is in no section", static_cast<unsigned long long>(address));
        return 0;
    }

    std::vector<Section> sections;

private:
    const std::vector<char> &bytes_;
};

/// What each word that is relocated has to be, for an image at `origin`.
std::map<uint64_t, uint64_t> expected_words(const ObjectFile &file, uint64_t origin, std::map<uint32_t, int> *types)
{
    std::map<uint64_t, uint64_t> words;
    const auto symbols = file.entries<elf::Symbol>(*file.find(11)); // SHT_DYNSYM
    for (const ObjectFile::Section &section : file.sections) {
        if (section.type != 4) // SHT_RELA
            continue;
        for (const auto &relocation : file.entries<elf::Relocation>(section)) {
            const elf::Symbol &symbol = symbols[relocation.symbol()];
            const uint64_t base = relocation.type() == 1027 || symbol.section != 0 ? origin : 0;
            const uint64_t value = relocation.type() == 1027 ? 0 : symbol.address;
            words[relocation.offset] = base + value + relocation.addend;
            (*types)[relocation.type()]++;
        }
    }
    if (const ObjectFile::Section *packed = file.find(19)) { // SHT_RELR
        uint64_t next = 0;
        for (const uint64_t word : file.entries<uint64_t>(*packed)) {
            (*types)[0]++;
            if ((word & 1) == 0) {
                words[word] = origin + file.word_at(word);
                next = word + 8;
                continue;
            }
            for (uint64_t bit = 1, place = next; bit < 64; bit++, place += 8) {
                if ((word >> bit & 1) != 0)
                    words[place] = origin + file.word_at(place);
            }
            next += 63 * 8;
        }
    }
    return words;
}

void objects_of_aarch64_are_relocated_as_the_specification_says(void **)
{
    std::map<uint32_t, int> types;
    for (const std::string &name : objects("aarch64_")) {
        const std::vector<char> &bytes = object_bytes(name);
        Fixture fixture(Machine::kAarch64);
        fixture.load(bytes); // The next one does not begin with the memory.
        const LoadedImage *image = fixture.load(bytes);
        const ObjectFile file(bytes);
        const auto words = expected_words(file, reinterpret_cast<uint64_t>(image->origin), &types);
        assert_true(words.size() > 10);
        for (const auto &[address, value] : words)
            assert_int_equal(read<uint64_t>(image, address), value);
        for (const auto &section : file.sections) {
            // What is not relocated is as it was.
            for (uint64_t i = 0; (section.flags & 2) != 0 && section.type != 8 && i + 8 <= section.size_bytes; i += 8) {
                if (words.count(section.address + i) == 0)
                    assert_int_equal(read<uint64_t>(image, section.address + i),
                                     at<uint64_t>(bytes, section.offset + i));
            }
        }
    }
    for (const uint32_t type : {257u, 1025u, 1026u, 1027u, 0u}) {
        if (types[type] == 0 && (type != 0 || has_object("aarch64_lld_packed")))
            fail_msg("no object has relocations of type %u", type);
    }
}

void symbols_of_aarch64_are_found_where_they_are(void **)
{
    for (const std::string &name : objects("aarch64_")) {
        const std::vector<char> &bytes = object_bytes(name);
        Fixture fixture(Machine::kAarch64);
        const LoadedImage *image = fixture.load(bytes);
        const ObjectFile file(bytes);
        const auto &symbols = *file.find(11);
        const auto &strings = file.sections[symbols.link];
        uint32_t found = 0;
        for (const auto &symbol : file.entries<elf::Symbol>(symbols)) {
            if (symbol.section == 0 || symbol.binding() == 0)
                continue;
            bool is_function = false;
            const char *text = bytes.data() + strings.offset + symbol.name;
            const void *address = fixture.loader.find(image, text, &is_function);
            assert_ptr_equal(address, reinterpret_cast<uint64_t>(image->origin) + symbol.address);
            assert_int_equal(is_function, symbol.type() == 2);
            found++;
        }
        assert_true(found >= 14);
    }
}

void objects_of_another_machine_are_incompatible(void **)
{
    Fixture fixture(Machine::kX86_64);
    LoadedImage *image = nullptr;
    for (const std::string &name : objects("aarch64_")) {
        const std::vector<char> &bytes = object_bytes(name);
        assert_int_equal(fixture.loader.load({reinterpret_cast<const std::byte *>(bytes.data()), bytes.size()}, &image,
                                             {fixture.message, sizeof fixture.message}),
                         PTO_ERROR_INCOMPATIBLE_IMAGE);
        assert_non_null(std::strstr(fixture.message, "machine 183 (aarch64), not for 62 (x86-64)"));
    }
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest by_hand[] = {
        cmocka_unit_test(every_kind_of_relocation_writes_its_value),
        cmocka_unit_test(addends_of_symbols_count_where_the_machine_says_so),
        cmocka_unit_test(an_absolute_symbol_does_not_move),
        cmocka_unit_test(packed_relocations_move_every_word_that_has_a_bit),
    };
    const CMUnitTest compiled[] = {
        cmocka_unit_test(every_kind_of_relocation_writes_its_value),
        cmocka_unit_test(addends_of_symbols_count_where_the_machine_says_so),
        cmocka_unit_test(an_absolute_symbol_does_not_move),
        cmocka_unit_test(packed_relocations_move_every_word_that_has_a_bit),
        cmocka_unit_test(objects_of_aarch64_are_relocated_as_the_specification_says),
        cmocka_unit_test(symbols_of_aarch64_are_found_where_they_are),
        cmocka_unit_test(objects_of_another_machine_are_incompatible),
    };
    // Without a compiler for aarch64 the build has no such objects.
    return has_object("aarch64_O2") ? cmocka_run_group_tests(compiled, nullptr, nullptr)
                                    : cmocka_run_group_tests(by_hand, nullptr, nullptr);
}
