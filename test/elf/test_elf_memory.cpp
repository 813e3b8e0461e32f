// SPDX-License-Identifier: Apache-2.0
// Where images lie, what their pages may be used for, and what is left when something is refused.
#include <iterator>
#include <pthread.h>

#include "elf_test.hpp"

#include "elf_builder.hpp"

#include "aicpu/elf/elf_loader.h"

namespace {

using namespace pto::test;
using elf::FileBytes;
using elf::LoadedImage;
using elf::Loader;
using elf::Machine;
using Call = PageMemory::Call;

constexpr uint64_t kPage = PageMemory::kPageBytes;
constexpr uint64_t kImagePages = 4; ///< Of an image of the builder.

/// A loader for images of the builder, which are never run.
struct Fixture {
    explicit Fixture(uint64_t pages) : memory(pages * kPage), loader(memory.config(), Machine::kX86_64) {}
    explicit Fixture(const pto_elf_config &config, uint64_t pages)
        : memory(pages * kPage), loader(with_memory(config), Machine::kX86_64)
    {
    }

    LoadedImage *load(const ElfBuilder &builder = ElfBuilder())
    {
        const std::vector<char> bytes = builder.bytes();
        LoadedImage *image = nullptr;
        message[0] = '\0';
        memory.calls.clear();
        status = loader.load({reinterpret_cast<const std::byte *>(bytes.data()), bytes.size()}, &image,
                             {message, sizeof message});
        if ((status == PTO_OK) != (image != nullptr))
            fail_msg("%d, %s", status, message);
        return image;
    }
    LoadedImage *must_load(const ElfBuilder &builder = ElfBuilder())
    {
        LoadedImage *image = load(builder);
        if (image == nullptr)
            fail_msg("%s", message);
        return image;
    }
    void expect_refusal(const char *text, const ElfBuilder &builder = ElfBuilder())
    {
        assert_null(load(builder));
        assert_int_equal(status, PTO_ERROR_LOAD_FAILED);
        if (std::strstr(message, text) == nullptr)
            fail_msg("'%s' instead of '%s'", message, text);
    }
    void expect_all_writable()
    {
        for (const uint8_t protection : memory.current)
            assert_int_equal(protection, PTO_ELF_READ_WRITE);
    }
    const void *find(const LoadedImage *image, const char *symbol)
    {
        bool is_function = false;
        return loader.find(image, symbol, &is_function);
    }

    PageMemory memory;
    Loader loader;
    pto_status status = PTO_OK;
    char message[192] = "";

private:
    pto_elf_config with_memory(pto_elf_config config)
    {
        config.memory = memory.get();
        config.memory_bytes = memory.size_bytes();
        return config;
    }
};

/// An object with more zeros behind its data.
ElfBuilder larger(uint64_t pages)
{
    ElfBuilder builder;
    builder.programs[kBuiltWritable].memory_bytes += pages * kPage;
    return builder;
}

// ---- where images lie

void images_lie_one_behind_the_other(void **)
{
    Fixture fixture(32);
    for (uint64_t i = 0; i < 8; i++)
        assert_int_equal(fixture.must_load()->offset, i * kImagePages * kPage);
    assert_int_equal(fixture.loader.used_bytes(), 32 * kPage);
    fixture.expect_refusal("there is no room for 16384 bytes aligned to 4096: 131072 of 131072 bytes are taken");
}

void what_was_given_back_is_used_first(void **)
{
    Fixture fixture(20);
    LoadedImage *images[4];
    for (LoadedImage *&image : images)
        image = fixture.must_load();
    fixture.loader.unload(images[1]);
    assert_int_equal(fixture.must_load()->offset, kImagePages * kPage);
    fixture.loader.unload(images[3]);
    fixture.loader.unload(images[0]);
    assert_int_equal(fixture.must_load(larger(2))->offset, 3 * kImagePages * kPage);
    assert_int_equal(fixture.must_load()->offset, 0);
}

void neighbours_that_are_free_are_one_piece(void **)
{
    for (const auto &order : {std::pair<int, int>{1, 2}, {2, 1}}) {
        Fixture fixture(16);
        LoadedImage *images[4];
        for (LoadedImage *&image : images)
            image = fixture.must_load();
        fixture.loader.unload(images[order.first]);
        fixture.expect_refusal("there is no room for 32768 bytes", larger(4));
        fixture.loader.unload(images[order.second]);
        assert_int_equal(fixture.must_load(larger(4))->offset, kImagePages * kPage);
        fixture.expect_refusal("no room");
    }
}

void an_image_may_fill_all_memory(void **)
{
    Fixture fixture(64);
    for (int i = 0; i < 3; i++) {
        LoadedImage *image = fixture.must_load(larger(60));
        assert_int_equal(fixture.loader.used_bytes(), 64 * kPage);
        fixture.loader.unload(image);
        assert_int_equal(fixture.loader.used_bytes(), 0);
    }
    fixture.expect_refusal("no room for 266240 bytes", larger(61));
}

void no_more_than_the_limit_are_loaded(void **)
{
    Fixture fixture(uint64_t{PTO_ELF_MAX_IMAGES + 2} * kImagePages);
    std::vector<LoadedImage *> images;
    for (uint32_t i = 0; i < PTO_ELF_MAX_IMAGES; i++)
        images.push_back(fixture.must_load());
    fixture.expect_refusal("64 images are loaded");
    fixture.loader.unload(images[17]);
    assert_ptr_equal(fixture.must_load(), images[17]);
}

void an_image_lies_at_the_alignment_that_it_was_linked_with(void **)
{
    for (const uint64_t alignment : {uint64_t{0x1000}, uint64_t{0x4000}, uint64_t{0x10000}, uint64_t{0x40000}}) {
        Fixture fixture(300);
        ElfBuilder builder;
        builder.programs[kBuiltConstants].alignment = alignment;
        for (int i = 0; i < 3; i++) {
            const LoadedImage *image = fixture.must_load(builder);
            assert_int_equal(reinterpret_cast<uint64_t>(image->origin) % alignment, 0);
            assert_true(fixture.memory.holds(image->origin));
            fixture.must_load();
            if (alignment == 0x40000)
                break; // There is room for one, somewhere.
        }
    }
}

void an_image_whose_first_address_is_none_of_its_alignment_lies_right(void **)
{
    ElfBuilder builder;
    builder.move_to(0x5000);
    builder.programs.push_back({1, 4, 0, 0x10000, 0, 8, 8, 0x10000});
    Fixture fixture(64);
    for (int i = 0; i < 2; i++) {
        const LoadedImage *image = fixture.must_load(builder);
        assert_int_equal(reinterpret_cast<uint64_t>(image->origin) % 0x10000, 0);
        const auto *first = reinterpret_cast<const char *>(image->origin) + 0x5000;
        assert_ptr_equal(first, fixture.memory.get() + image->offset);
        assert_memory_equal(first, elf::kMagic, sizeof elf::kMagic);
        assert_memory_equal(first + 0xb000, elf::kMagic, sizeof elf::kMagic);
    }
}

void code_lies_at_pages_of_4096_bytes_whatever_segments_say(void **)
{
    ElfBuilder builder;
    for (int i = kBuiltConstants; i <= kBuiltWritable; i++)
        builder.programs[static_cast<std::size_t>(i)].alignment = 64;
    Fixture fixture(16);
    pto_elf_config config = fixture.memory.config();
    config.page_bytes = 64;
    config.memory = fixture.memory.get() + 64;
    config.memory_bytes -= 64;
    config.protect = nullptr;
    Loader loader(config, Machine::kX86_64);
    const std::vector<char> bytes = builder.bytes();
    for (int i = 0; i < 2; i++) {
        LoadedImage *image = nullptr;
        assert_int_equal(loader.load({reinterpret_cast<const std::byte *>(bytes.data()), bytes.size()}, &image,
                                     {fixture.message, sizeof fixture.message}),
                         PTO_OK);
        assert_int_equal(reinterpret_cast<uint64_t>(image->origin) % 4096, 0);
        assert_int_equal(image->size_bytes, kBuiltMemoryEnd);
    }
}

void memory_that_begins_anywhere_holds_images_of_any_alignment(void **)
{
    PageMemory memory(64 * kPage);
    for (uint64_t skipped = 1; skipped < 16; skipped++) {
        pto_elf_config config = memory.config();
        config.memory = memory.get() + skipped * kPage;
        config.memory_bytes = (32 + 4) * kPage;
        config.protect = nullptr;
        Loader loader(config, Machine::kX86_64);
        ElfBuilder builder;
        builder.programs[kBuiltConstants].alignment = 0x10000;
        const std::vector<char> bytes = builder.bytes();
        char message[192];
        uint32_t count = 0;
        LoadedImage *image = nullptr;
        while (loader.load({reinterpret_cast<const std::byte *>(bytes.data()), bytes.size()}, &image,
                           {message, sizeof message}) == PTO_OK) {
            count++;
            assert_int_equal(reinterpret_cast<uint64_t>(image->origin) % 0x10000, 0);
            assert_true(image->origin >= config.memory);
            assert_true(image->offset + image->size_bytes <= config.memory_bytes);
        }
        assert_in_range(count, 2, 3);
    }
}

// ---- pages

void pages_are_protected_by_what_lies_in_them(void **)
{
    Fixture fixture(8);
    LoadedImage *image = fixture.must_load();
    const std::vector<Call> expected = {{0, kPage, PTO_ELF_READ_ONLY},
                                        {kBuiltCode, kPage, PTO_ELF_EXECUTE},
                                        {kBuiltData, kPage, PTO_ELF_READ_ONLY}}; // RELRO; what is left is writable.
    assert_true(fixture.memory.calls == expected);
    fixture.memory.calls.clear();
    fixture.loader.unload(image);
    assert_true(fixture.memory.calls == std::vector<Call>({{0, kImagePages * kPage, PTO_ELF_READ_WRITE}}));
    fixture.expect_all_writable();
}

void only_whole_pages_become_constant_after_relocation(void **)
{
    struct Range {
        uint64_t begin;
        uint64_t size_bytes;
        std::vector<Call> expected;
    };
    constexpr uint64_t kZeros = 4 * kPage; // Data of 0x2000 .. 0x7400.
    const Range ranges[] = {
        {0x2000, 0x0fff, {}},
        {0x2000, 0x1fff, {{0x2000, kPage, PTO_ELF_READ_ONLY}}},
        {0x2001, 0x2fff, {{0x3000, 2 * kPage, PTO_ELF_READ_ONLY}}},
        {0x3000, 0x1000, {{0x3000, kPage, PTO_ELF_READ_ONLY}}},
        {0x2fff, 0x1000, {}},
        {0x2000, 0x5400, {{0x2000, 6 * kPage, PTO_ELF_READ_ONLY}}}, // Nothing else is in the last page.
        {0x2000, 0x9000, {{0x2000, 6 * kPage, PTO_ELF_READ_ONLY}}}, // Linkers round up.
        {0x7000, 0x0400, {{0x7000, kPage, PTO_ELF_READ_ONLY}}},
    };
    for (const Range &range : ranges) {
        Fixture fixture(16);
        ElfBuilder builder;
        builder.programs[kBuiltWritable].memory_bytes += kZeros;
        builder.programs[kBuiltRelro].address = range.begin;
        builder.programs[kBuiltRelro].offset = 0;
        builder.programs[kBuiltRelro].file_bytes = 0;
        builder.programs[kBuiltRelro].memory_bytes = range.size_bytes;
        fixture.must_load(builder);
        const std::vector<Call> &calls = fixture.memory.calls;
        if (std::vector<Call>(calls.begin() + 2, calls.end()) != range.expected)
            fail_msg("0x%llx, 0x%llx bytes", static_cast<unsigned long long>(range.begin),
                     static_cast<unsigned long long>(range.size_bytes));
    }
}

void a_page_that_other_data_shares_stays_writable_after_relocation(void **)
{
    // Data, what becomes constant, and data again: they share the pages at 0x2000 and 0x4000.
    ElfBuilder builder;
    builder.programs[kBuiltWritable].memory_bytes = 0x300;
    builder.programs[kBuiltRelro] = {elf::kProgramRelro, 4, 0, 0x2400, 0, 0, 0x1c80, 1};
    builder.programs.push_back({1, 6, 0, 0x2400, 0, 0, 0x1c80, 64});
    builder.programs.push_back({1, 6, 0, 0x4100, 0, 0, 0x100, 64});
    builder.symbols[kBuiltDatum].address = 0x4100;
    Fixture fixture(8);
    fixture.must_load(builder);
    assert_int_equal(fixture.memory.calls.size(), 3);
    assert_true(fixture.memory.calls[2] == Call({0x3000, kPage, PTO_ELF_READ_ONLY}));
}

void holes_between_segments_are_constant_zeros(void **)
{
    Fixture fixture(16);
    std::memset(fixture.memory.get(), 0x77, 16 * kPage);
    ElfBuilder builder;
    builder.programs.push_back({1, 4, kBuiltData, 0x8000, 0, 8, 8, 0x1000});
    fixture.must_load(builder);
    assert_true(fixture.memory.calls.back() == Call({0x8000, kPage, PTO_ELF_READ_ONLY}));
    assert_true(fixture.memory.calls[3] == Call({0x4000, 4 * kPage, PTO_ELF_READ_ONLY}));
    for (uint64_t i = kBuiltMemoryEnd; i < 0x8000; i++)
        assert_int_equal(fixture.memory.get()[i], 0);
    assert_int_equal(fixture.memory.get()[9 * kPage], 0x77);
}

void segments_of_one_kind_may_share_a_page_and_others_need_their_own(void **)
{
    ElfBuilder builder;
    builder.programs.insert(builder.programs.begin() + 1, {1, 4, 0x700, 0x700, 0, 8, 8, 0x100});
    Fixture fixture(8);
    fixture.must_load(builder);
    assert_true(fixture.memory.calls[0] == Call({0, kPage, PTO_ELF_READ_ONLY}));
    assert_true(fixture.memory.calls[1] == Call({kBuiltCode, kPage, PTO_ELF_EXECUTE}));

    pto_elf_config large = fixture.memory.config();
    large.page_bytes = 0x2000;
    Fixture two(large, 16);
    two.expect_refusal("segments 0 and 1 share a page of 8192 bytes at address 0x0");
    assert_int_equal(two.loader.used_bytes(), 0);
    // Without protection it does not matter.
    large.protect = nullptr;
    Fixture three(large, 16);
    assert_int_equal(three.must_load()->size_bytes, 0x4000);
    assert_true(three.memory.calls.empty());
}

// ---- refusals of the machine

void a_protection_that_is_refused_undoes_the_load(void **)
{
    static constexpr const char *kTexts[] = {
        "4096 bytes at address 0x0 of the image cannot be made read-only: the answer is -7",
        "at address 0x1000 of the image cannot be made executable",
        "at address 0x2000 of the image cannot be made read-only"};
    Fixture fixture(8);
    for (uint32_t i = 0; i < 3; i++) {
        fixture.memory.refused_calls = {i};
        fixture.expect_refusal(kTexts[i]);
        assert_int_equal(fixture.memory.calls.size(), i + 2);
        const Call undo = {0, (i + 1) * kPage, PTO_ELF_READ_WRITE};
        assert_true(fixture.memory.calls.back() == undo);
        fixture.expect_all_writable();
        assert_int_equal(fixture.loader.used_bytes(), 0);
    }
    fixture.memory.refused_calls = {};
    assert_int_equal(fixture.must_load()->offset, 0);
}

void memory_that_does_not_become_writable_is_not_used_again(void **)
{
    Fixture fixture(8);
    fixture.memory.refused_calls = {1, 2}; // The code, and the undoing.
    fixture.expect_refusal("cannot be made executable");
    assert_int_equal(fixture.loader.used_bytes(), kImagePages * kPage);
    fixture.memory.refused_calls = {};
    LoadedImage *image = fixture.must_load();
    assert_int_equal(image->offset, kImagePages * kPage);
    fixture.memory.calls.clear();
    fixture.memory.refused_calls = {0};
    fixture.loader.unload(image);
    assert_null(fixture.find(image, "answer"));
    fixture.memory.refused_calls = {};
    fixture.expect_refusal("32768 of 32768 bytes are taken");
}

// ---- handles and configurations

void a_handle_that_is_none_is_ignored(void **)
{
    Fixture fixture(8);
    LoadedImage *image = fixture.must_load();
    assert_non_null(fixture.find(image, "answer"));
    fixture.loader.unload(image);
    assert_null(fixture.find(image, "answer"));
    LoadedImage foreign = *image;
    fixture.memory.calls.clear();
    for (LoadedImage *handle : {image, &foreign, static_cast<LoadedImage *>(nullptr)}) {
        fixture.loader.unload(handle);
        assert_null(fixture.find(handle, "answer"));
    }
    assert_true(fixture.memory.calls.empty());
}

void only_sound_configurations_make_a_loader(void **)
{
    PageMemory memory(4 * kPage);
    const pto_elf_config sound = memory.config();
    pto_elf_loader loader;
    assert_int_equal(pto_elf_loader_init(&loader, &sound), PTO_OK);
    assert_int_equal(pto_elf_loader_init(nullptr, &sound), PTO_ERROR_INVALID_ARGUMENT);
    assert_int_equal(pto_elf_loader_init(&loader, nullptr), PTO_ERROR_INVALID_ARGUMENT);
    static constexpr void (*kWrong[])(pto_elf_config &) = {
        [](pto_elf_config &config) { config.struct_size--; },
        [](pto_elf_config &config) { config.struct_size = 0; },
        [](pto_elf_config &config) { config.page_bytes = 32; },
        [](pto_elf_config &config) { config.page_bytes = 4095; },
        [](pto_elf_config &config) { config.memory = nullptr; },
        [](pto_elf_config &config) { config.memory = static_cast<char *>(config.memory) + 64; },
        [](pto_elf_config &config) { config.memory_bytes = 0; },
        [](pto_elf_config &config) { config.memory_bytes -= 64; },
        [](pto_elf_config &config) { config.memory_bytes = UINT64_MAX - 4095; },
    };
    for (std::size_t i = 0; i < std::size(kWrong); i++) {
        pto_elf_config config = sound;
        kWrong[i](config);
        if (pto_elf_loader_init(&loader, &config) != PTO_ERROR_INVALID_ARGUMENT)
            fail_msg("case %zu", i);
    }
    pto_elf_config small = sound;
    small.page_bytes = 64;
    small.memory = memory.get() + 64;
    small.memory_bytes -= 64;
    assert_int_equal(pto_elf_loader_init(&loader, &small), PTO_OK);
}

void a_message_that_does_not_fit_is_cut(void **)
{
    PageMemory memory(4 * kPage);
    LoaderUser user(memory.config());
    char message[8] = "xxxxxxx";
    void *handle = &user;
    assert_int_equal(user.hooks.load(user.hooks.self, "ELF", 3, &handle, message, 6), PTO_ERROR_INVALID_IMAGE);
    assert_null(handle);
    assert_string_equal(message, "3 byt");
    assert_int_equal(message[6], 'x');
    assert_int_equal(user.hooks.load(user.hooks.self, "ELF", 3, &handle, nullptr, 0), PTO_ERROR_INVALID_IMAGE);
    assert_int_equal(user.hooks.load(user.hooks.self, nullptr, 0, &handle, message, 6), PTO_ERROR_INVALID_IMAGE);
}

// ---- stack

constexpr std::size_t kStackBytes = 256 * 1024;

#if defined(__OPTIMIZE__) && !defined(PTO_TEST_SANITIZER)
constexpr bool kIsMeasurable = true;
#else
constexpr bool kIsMeasurable = false;
#endif

struct StackUse {
    Loader *loader;
    const std::vector<char> *bytes;
};

void *load_on_stack(void *argument)
{
    const auto &use = *static_cast<StackUse *>(argument);
    char message[1];
    LoadedImage *image = nullptr;
    if (use.bytes != nullptr)
        use.loader->load({reinterpret_cast<const std::byte *>(use.bytes->data()), use.bytes->size()}, &image,
                         {message, sizeof message});
    if (image != nullptr)
        use.loader->unload(image);
    return nullptr;
}

/// Bytes of the stack of a thread that are touched.
std::size_t touched_bytes(StackUse use)
{
    PageMemory stack(kStackBytes);
    std::memset(stack.get(), 0x5c, kStackBytes);
    pthread_attr_t attributes;
    pthread_t thread;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack.get(), kStackBytes), 0);
    assert_int_equal(pthread_create(&thread, &attributes, load_on_stack, &use), 0);
    assert_int_equal(pthread_join(thread, nullptr), 0);
    pthread_attr_destroy(&attributes);
    std::size_t untouched = 0;
    while (stack.get()[untouched] == 0x5c)
        untouched++;
    return kStackBytes - untouched;
}

void a_load_takes_little_stack(void **)
{
    if (!kIsMeasurable) {
        print_message("# skipped: code that is not optimized, or instrumented, takes more\n");
        return;
    }
    Fixture fixture(16);
    const std::size_t base = touched_bytes({&fixture.loader, nullptr});
    std::vector<ElfBuilder> builders(6);
    builders[1].symbols[1].info = 0x10;
    builders[2].rela[0].offset = 1;
    builders[3].relr[0] = 1;
    builders[4].entry(8).value = 95;
    builders[5].programs[1].flags = 7;
    std::size_t most = 0;
    for (const ElfBuilder &builder : builders) {
        const std::vector<char> bytes = builder.bytes();
        touched_bytes({&fixture.loader, &bytes}); // Functions of libraries are bound when they are first called.
        const std::size_t touched = touched_bytes({&fixture.loader, &bytes}) - base;
        most = touched > most ? touched : most;
    }
    print_message("# %zu bytes of stack\n", most);
    assert_in_range(most, 500, 1800);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(images_lie_one_behind_the_other),
        cmocka_unit_test(what_was_given_back_is_used_first),
        cmocka_unit_test(neighbours_that_are_free_are_one_piece),
        cmocka_unit_test(an_image_may_fill_all_memory),
        cmocka_unit_test(no_more_than_the_limit_are_loaded),
        cmocka_unit_test(an_image_lies_at_the_alignment_that_it_was_linked_with),
        cmocka_unit_test(an_image_whose_first_address_is_none_of_its_alignment_lies_right),
        cmocka_unit_test(code_lies_at_pages_of_4096_bytes_whatever_segments_say),
        cmocka_unit_test(memory_that_begins_anywhere_holds_images_of_any_alignment),
        cmocka_unit_test(pages_are_protected_by_what_lies_in_them),
        cmocka_unit_test(only_whole_pages_become_constant_after_relocation),
        cmocka_unit_test(a_page_that_other_data_shares_stays_writable_after_relocation),
        cmocka_unit_test(holes_between_segments_are_constant_zeros),
        cmocka_unit_test(segments_of_one_kind_may_share_a_page_and_others_need_their_own),
        cmocka_unit_test(a_protection_that_is_refused_undoes_the_load),
        cmocka_unit_test(memory_that_does_not_become_writable_is_not_used_again),
        cmocka_unit_test(a_handle_that_is_none_is_ignored),
        cmocka_unit_test(only_sound_configurations_make_a_loader),
        cmocka_unit_test(a_message_that_does_not_fit_is_cut),
        cmocka_unit_test(a_load_takes_little_stack),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
