// SPDX-License-Identifier: Apache-2.0
// Shared objects that cannot be loaded, or that are not what the callable says: prepare refuses them, by name, and
// leaves nothing behind.
#include "host_test.hpp"

#include <cstring>
#include <elf.h>

using namespace pto::test;

namespace {

constexpr int32_t kId = 5;

struct Image {
    const void *bytes;
    std::size_t size;
};

Image image_of(const std::vector<char> &bytes)
{
    return {bytes.data(), bytes.size()};
}

pto_status prepare_kernel(const TestChip &chip, const Image &image)
{
    auto builder = combine_callable();
    pto_callable callable = *builder.get();
    // A good kernel comes first: what a prepare has sent before it fails is taken back.
    pto_kernel kernels[] = {callable.kernels[0], {3, PTO_CORE_AIC, "suspect", image.bytes, image.size}};
    callable.kernels = kernels;
    callable.kernel_count = 2;
    return pto_prepare(chip.get(), kId, &callable);
}

pto_status prepare_orch(const TestChip &chip, const Image &image, const char *entry = "combine")
{
    auto builder = combine_callable();
    pto_callable callable = *builder.get();
    callable.orch_image = image.bytes;
    callable.orch_image_bytes = image.size;
    callable.orch_entry = entry;
    return pto_prepare(chip.get(), kId, &callable);
}

/// Expects that the last prepare failed like this, that nothing of it is left, and that the id still works.
void expect_refused_and_usable(const TestChip &chip, pto_status status, pto_status given, const char *text,
                               const char *file, int line)
{
    expect_status(status, given, file, line);
    expect_message(text, file, line);
    assert_int_equal(pto_last_error()->callable_id, kId);
    const pto_stats stats = stats_of(chip.get());
    assert_int_equal(stats.resident_image_bytes, 0);
    assert_int_equal(stats.prepared_callables, 0);
    assert_int_equal(stats.prepares, stats.orch_loads);
    expect_usable(chip.get(), kId);
}
#define EXPECT_LOAD_REFUSED(chip, status, text, given)                                                                 \
    expect_refused_and_usable((chip), (status), (given), (text), __FILE__, __LINE__)

void bytes_that_are_no_elf_file_are_refused_by_name(void **)
{
    const TestChip chip;
    for (const std::size_t size : {std::size_t{1}, std::size_t{63}, std::size_t{64}, std::size_t{100'000}}) {
        const std::vector<char> zeros(size, '\0');
        EXPECT_LOAD_REFUSED(chip, PTO_ERROR_LOAD_FAILED, "kernel 3 'suspect'", prepare_kernel(chip, image_of(zeros)));
        EXPECT_LOAD_REFUSED(chip, PTO_ERROR_LOAD_FAILED, "orchestration", prepare_orch(chip, image_of(zeros)));
        std::vector<char> magic_only(size, '\0');
        std::memcpy(magic_only.data(), ELFMAG, size < SELFMAG ? size : SELFMAG);
        EXPECT_LOAD_REFUSED(chip, PTO_ERROR_LOAD_FAILED, "kernel 3", prepare_kernel(chip, image_of(magic_only)));
        EXPECT_LOAD_REFUSED(chip, PTO_ERROR_LOAD_FAILED, "orchestration", prepare_orch(chip, image_of(magic_only)));
    }
    const std::string text = "#!/bin/sh\necho this is a program of another kind, which is long enough for a header\n";
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_LOAD_FAILED, "not an ELF file",
                        prepare_kernel(chip, {text.data(), text.size()}));
}

void a_shared_object_cut_off_anywhere_is_refused_or_works(void **)
{
    const TestChip chip;
    const std::vector<char> &kernel = module_bytes("host_kernel_add");
    const std::size_t step = kSanitized ? 41 : 1;
    uint32_t refused = 0;
    uint32_t accepted = 0;
    for (std::size_t size = 1; size < kernel.size(); size += step) {
        const std::vector<char> cut(kernel.begin(), kernel.begin() + static_cast<std::ptrdiff_t>(size));
        auto builder = combine_callable();
        pto_callable callable = *builder.get();
        const pto_kernel only = {0, PTO_CORE_AIV, "cut", cut.data(), cut.size()};
        callable.kernels = &only;
        const pto_status status = pto_prepare(chip.get(), kId, &callable);
        if (status != PTO_OK) {
            EXPECT_STATUS(PTO_ERROR_LOAD_FAILED, status);
            EXPECT_MESSAGE("kernel 0 'cut'");
            refused++;
            continue;
        }
        assert_true(combines(chip.get(), kId)); // what is missing is not needed to run, such as debug information
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), kId));
        accepted++;
    }
    assert_true(refused > 0);
    assert_true(kSanitized || refused > accepted / 10);
    assert_int_equal(stats_of(chip.get()).resident_image_bytes, 0);
    expect_usable(chip.get(), kId);
}

void an_orchestration_cut_off_anywhere_is_refused_or_works(void **)
{
    const TestChip chip;
    const std::vector<char> &orch = module_bytes("host_orch");
    const std::size_t step = kSanitized ? 101 : 3;
    for (std::size_t size = 1; size < orch.size(); size += step) {
        const std::vector<char> cut(orch.begin(), orch.begin() + static_cast<std::ptrdiff_t>(size));
        const pto_status status = prepare_orch(chip, image_of(cut));
        if (status != PTO_OK) {
            EXPECT_STATUS(PTO_ERROR_LOAD_FAILED, status);
            continue;
        }
        assert_true(combines(chip.get(), kId));
        EXPECT_STATUS(PTO_OK, pto_release(chip.get(), kId));
    }
    expect_usable(chip.get(), kId);
}

void a_shared_object_that_is_linked_for_addresses_of_its_own_works(void **)
{
    const TestChip chip;
    auto builder = combine_callable("host_kernel_placed");
    EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), kId, builder.get()));
    assert_true(combines(chip.get(), kId));
}

void programs_are_refused(void **)
{
    const TestChip chip;
    for (const char *program : {"host_program_fixed", "host_program_movable"}) {
        const Image image = image_of(module_bytes(program));
        EXPECT_LOAD_REFUSED(chip, PTO_ERROR_LOAD_FAILED, "kernel 3 'suspect'", prepare_kernel(chip, image));
        EXPECT_LOAD_REFUSED(chip, PTO_ERROR_LOAD_FAILED, "orchestration", prepare_orch(chip, image));
    }
}

void an_object_of_another_machine_is_refused(void **)
{
    const TestChip chip;
    std::vector<char> foreign = module_bytes("host_kernel_add");
    Elf64_Ehdr header;
    std::memcpy(&header, foreign.data(), sizeof header);
    header.e_machine = EM_SPARCV9;
    std::memcpy(foreign.data(), &header, sizeof header);
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_LOAD_FAILED, "kernel 3 'suspect'", prepare_kernel(chip, image_of(foreign)));
    header.e_machine = EM_X86_64;
    header.e_ident[EI_CLASS] = ELFCLASS32;
    std::memcpy(foreign.data(), &header, sizeof header);
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_LOAD_FAILED, "kernel 3 'suspect'", prepare_kernel(chip, image_of(foreign)));
}

void an_unresolved_symbol_is_refused_by_its_name(void **)
{
    const TestChip chip;
    const Image image = image_of(module_bytes("host_kernel_unresolved"));
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_LOAD_FAILED, "function_that_nobody_has", prepare_kernel(chip, image));
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_LOAD_FAILED, "kernel 3 'suspect'", prepare_kernel(chip, image));
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_LOAD_FAILED, "function_that_nobody_has", prepare_orch(chip, image));
}

void a_kernel_without_an_entry_is_refused(void **)
{
    const TestChip chip;
    const Image image = image_of(module_bytes("host_kernel_none"));
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_MISSING_ENTRY, "kernel 3 'suspect'", prepare_kernel(chip, image));
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_MISSING_ENTRY, "kernel_entry", prepare_kernel(chip, image));
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_MISSING_ENTRY, "kernel 3 'suspect'",
                        prepare_kernel(chip, image_of(module_bytes("host_orch"))));
}

/// PTO_ERROR_MISSING_ENTRY is also for what "exports something else under that name".
void a_kernel_whose_entry_is_no_function_is_refused(void **)
{
    const TestChip chip;
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_MISSING_ENTRY, "kernel 3 'suspect'",
                        prepare_kernel(chip, image_of(module_bytes("host_kernel_data"))));
}

void an_orchestration_without_its_entry_is_refused_by_the_name_of_it(void **)
{
    const TestChip chip;
    const Image image = image_of(module_bytes("host_orch"));
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_MISSING_ENTRY, "'combine_thrice'", prepare_orch(chip, image, "combine_thrice"));
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_MISSING_ENTRY, "'combin'", prepare_orch(chip, image, "combin"));
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_MISSING_ENTRY, "'combine'",
                        prepare_orch(chip, image_of(module_bytes("host_kernel_add"))));
}

void an_entry_that_is_another_symbol_is_refused(void **)
{
    const TestChip chip;
    const Image image = image_of(module_bytes("host_orch"));
    for (const char *symbol : {"a_function", "a_variable", "a_text"})
        EXPECT_LOAD_REFUSED(chip, PTO_ERROR_MISSING_ENTRY, (std::string("'") + symbol + "'").c_str(),
                            prepare_orch(chip, image, symbol));
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_MISSING_ENTRY, "'kernel_entry'",
                        prepare_orch(chip, image_of(module_bytes("host_kernel_add")), "kernel_entry"));
}

void an_orchestration_of_another_abi_is_refused_by_its_version(void **)
{
    const TestChip chip;
    auto builder = CallableBuilder("host_orch", "other_version");
    const std::string text = "ABI version " + std::to_string(PTO_ABI_VERSION + 1);
    EXPECT_LOAD_REFUSED(chip, PTO_ERROR_INCOMPATIBLE_IMAGE, text.c_str(), pto_prepare(chip.get(), kId, builder.get()));
}

void a_failed_prepare_gives_device_memory_back(void **)
{
    const TestChip chip;
    const uint64_t largest = largest_allocation(chip.get());
    for (int i = 0; i < 50; i++) {
        EXPECT_STATUS(PTO_ERROR_MISSING_ENTRY, prepare_kernel(chip, image_of(module_bytes("host_kernel_none"))));
        EXPECT_STATUS(PTO_ERROR_MISSING_ENTRY, prepare_orch(chip, image_of(module_bytes("host_orch")), "nobody"));
        EXPECT_STATUS(PTO_ERROR_LOAD_FAILED, prepare_orch(chip, image_of(module_bytes("host_program_movable"))));
    }
    assert_int_equal(largest_allocation(chip.get()), largest);
}

/// As long as device memory does not suffice for a callable, nothing of it is there.
void a_prepare_without_device_memory_leaves_nothing(void **)
{
    pto_open_options options = TestChip::default_options();
    options.cluster_count = 1;
    options.device_memory_bytes = uint64_t{64} << 20;
    options.heap_bytes = 1 << 20;
    options.max_tasks = 64;
    const TestChip chip(options);
    const uint64_t largest = largest_allocation(chip.get());
    auto callable = combine_callable();
    uint32_t failures = 0;
    for (uint64_t left = 0;; left += 1024) {
        uint64_t rest = 0;
        EXPECT_STATUS(PTO_OK, pto_malloc(chip.get(), largest - left, &rest));
        const pto_status status = pto_prepare(chip.get(), kId, callable.get());
        EXPECT_STATUS(PTO_OK, pto_free(chip.get(), rest));
        if (status == PTO_OK)
            break;
        EXPECT_STATUS(PTO_ERROR_OUT_OF_DEVICE_MEMORY, status);
        EXPECT_MESSAGE("bytes of device memory");
        assert_int_equal(stats_of(chip.get()).resident_image_bytes, 0);
        assert_int_equal(largest_allocation(chip.get()), largest);
        failures++;
    }
    assert_true(failures > 2);
    assert_true(combines(chip.get(), kId));
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(bytes_that_are_no_elf_file_are_refused_by_name),
        cmocka_unit_test(a_shared_object_cut_off_anywhere_is_refused_or_works),
        cmocka_unit_test(an_orchestration_cut_off_anywhere_is_refused_or_works),
        cmocka_unit_test(a_shared_object_that_is_linked_for_addresses_of_its_own_works),
        cmocka_unit_test(programs_are_refused),
        cmocka_unit_test(an_object_of_another_machine_is_refused),
        cmocka_unit_test(an_unresolved_symbol_is_refused_by_its_name),
        cmocka_unit_test(a_kernel_without_an_entry_is_refused),
        cmocka_unit_test(a_kernel_whose_entry_is_no_function_is_refused),
        cmocka_unit_test(an_orchestration_without_its_entry_is_refused_by_the_name_of_it),
        cmocka_unit_test(an_entry_that_is_another_symbol_is_refused),
        cmocka_unit_test(an_orchestration_of_another_abi_is_refused_by_its_version),
        cmocka_unit_test(a_failed_prepare_gives_device_memory_back),
        cmocka_unit_test(a_prepare_without_device_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
