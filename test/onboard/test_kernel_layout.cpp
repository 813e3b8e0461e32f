// SPDX-License-Identifier: Apache-2.0
// Kernels laid out for an address where they do not lie.
#include <elf.h>
#include <fstream>
#include <iterator>
#include <sys/mman.h>

#include "vendor_test.hpp"

#include "host/onboard/kernel_layout.h"

namespace {

using pto::onboard::KernelLayout;

constexpr uint64_t kFar = 0x124080000400; // Of nobody's in this process, and not page aligned.
constexpr uint16_t kCoreMachine = 0x1029; // Not known to the loader.

std::string folder;

std::vector<char> read_file(const std::string &name)
{
    std::ifstream file(folder + "/" + name, std::ios::binary);
    std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
    assert_true(!bytes.empty());
    return bytes;
}

uint16_t machine_of(const std::vector<char> &bytes)
{
    Elf64_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    return header.e_machine;
}

void set_machine(std::vector<char> *bytes, uint16_t machine)
{
    std::memcpy(bytes->data() + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof machine);
}

struct Fixture {
    Fixture(std::vector<char> image, uint16_t machine) : bytes(std::move(image))
    {
        status = layout.open(bytes.data(), bytes.size(), machine, &failure);
    }
    explicit Fixture(const std::string &name) : Fixture(read_file(name), machine_of(read_file(name))) {}

    std::vector<char> bytes;
    KernelLayout layout;
    pto::host::DeviceFailure failure{};
    pto_status status;
    uint64_t entry = 0;
};

void a_kernel_runs_where_it_was_laid_out_for(void **)
{
    Fixture fixture("layout_kernel_pointer.so");
    assert_int_equal(fixture.status, PTO_OK);
    const uint64_t size = fixture.layout.size_bytes();
    void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    const auto address = reinterpret_cast<uint64_t>(memory);
    assert_int_equal(fixture.layout.lay_out(address, &fixture.entry, &fixture.failure), PTO_OK);
    assert_true(fixture.layout.target() >= address);
    assert_true(fixture.layout.target() + fixture.layout.content().size() <= address + size);
    std::memcpy(reinterpret_cast<void *>(fixture.layout.target()), fixture.layout.content().data(),
                fixture.layout.content().size());
    int64_t args[1] = {0};
    reinterpret_cast<void (*)(int64_t *)>(fixture.entry)(args);
    const auto place = static_cast<uint64_t>(args[0]) - 42;
    assert_true(place >= address && place < address + size);
    munmap(memory, size);
}

void only_pointers_depend_on_the_address(void **)
{
    Fixture near("layout_kernel_pointer.so");
    Fixture far("layout_kernel_pointer.so");
    constexpr uint64_t kDistance = 0x10000000;
    assert_int_equal(near.layout.lay_out(kFar, &near.entry, &near.failure), PTO_OK);
    assert_int_equal(far.layout.lay_out(kFar + kDistance, &far.entry, &far.failure), PTO_OK);
    assert_true(far.entry - near.entry == kDistance);
    assert_true(near.layout.target() % 4096 == 0 && near.layout.target() >= kFar);
    const std::size_t words = near.layout.content().size() / sizeof(uint64_t);
    std::size_t moved = 0;
    for (std::size_t i = 0; i < words; i++) {
        uint64_t one;
        uint64_t other;
        std::memcpy(&one, near.layout.content().data() + i * sizeof one, sizeof one);
        std::memcpy(&other, far.layout.content().data() + i * sizeof other, sizeof other);
        assert_true(other == one || other - one == kDistance);
        moved += other != one ? 1 : 0;
    }
    assert_true(moved >= 1);
}

void a_kernel_for_another_machine_is_refused(void **)
{
    const Fixture fixture(read_file("layout_kernel_plain.so"), kCoreMachine);
    assert_int_equal(fixture.status, PTO_ERROR_INCOMPATIBLE_IMAGE);
    assert_non_null(std::strstr(fixture.failure.message, "4137"));
}

void cores_of_an_unknown_machine_get_kernels_that_need_no_relocation(void **)
{
    std::vector<char> bytes = read_file("layout_kernel_plain.so");
    set_machine(&bytes, kCoreMachine);
    Fixture fixture(bytes, kCoreMachine);
    assert_int_equal(fixture.status, PTO_OK);
    assert_int_equal(fixture.layout.lay_out(kFar, &fixture.entry, &fixture.failure), PTO_OK);
    assert_true(fixture.entry > kFar && fixture.entry < kFar + fixture.layout.size_bytes());
}

void relocations_of_an_unknown_machine_are_refused(void **)
{
    std::vector<char> bytes = read_file("layout_kernel_pointer.so");
    set_machine(&bytes, kCoreMachine);
    Fixture fixture(bytes, kCoreMachine);
    assert_int_equal(fixture.status, PTO_OK);
    assert_int_equal(fixture.layout.lay_out(kFar, &fixture.entry, &fixture.failure), PTO_ERROR_LOAD_FAILED);
    assert_non_null(std::strstr(fixture.failure.message, "relocation type"));
}

void a_kernel_without_its_entry_is_refused(void **)
{
    Fixture fixture("layout_kernel_nameless.so");
    assert_int_equal(fixture.status, PTO_OK);
    assert_int_equal(fixture.layout.lay_out(kFar, &fixture.entry, &fixture.failure), PTO_ERROR_MISSING_ENTRY);
    assert_non_null(std::strstr(fixture.failure.message, "kernel_entry"));
}

} // namespace

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : ".";
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_runs_where_it_was_laid_out_for),
        cmocka_unit_test(only_pointers_depend_on_the_address),
        cmocka_unit_test(a_kernel_for_another_machine_is_refused),
        cmocka_unit_test(cores_of_an_unknown_machine_get_kernels_that_need_no_relocation),
        cmocka_unit_test(relocations_of_an_unknown_machine_are_refused),
        cmocka_unit_test(a_kernel_without_its_entry_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
