// SPDX-License-Identifier: Apache-2.0
// The store of images on a device, with a device that only keeps books and a hash that a test can make collide.
#include "host/image_store.h"

#include <csetjmp>
#include <cstdarg>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>

extern "C" {
#include <cmocka.h>
}

using pto::host::Allocator;
using pto::host::Device;
using pto::host::DeviceFailure;
using pto::host::DeviceInterface;
using pto::host::DeviceKernel;
using pto::host::ImageStore;

namespace {

/// What the device holds: kernels by entry and memory by address, both with their bytes.
std::map<uint64_t, std::string> kernels;
std::map<uint64_t, std::string> memory;
uint64_t next_number = 1024;
pto_status next_status = PTO_OK;
int64_t allocations_left = INT64_MAX;

pto_status fake_kernel_load(Device *, const void *image, std::size_t size, DeviceKernel *out, DeviceFailure *failure)
{
    if (next_status != PTO_OK) {
        std::strcpy(failure->message, "the device refuses");
        return next_status;
    }
    out->entry = next_number++;
    out->handle = nullptr;
    kernels[out->entry] = std::string(static_cast<const char *>(image), size);
    return PTO_OK;
}

void fake_kernel_unload(Device *, const DeviceKernel &kernel)
{
    assert_int_equal(kernels.erase(kernel.entry), 1);
}

pto_status fake_mem_alloc(Device *, uint64_t size, uint64_t *out_address, DeviceFailure *failure)
{
    if (next_status != PTO_OK) {
        std::strcpy(failure->message, "the device is full");
        return next_status;
    }
    *out_address = next_number++;
    memory[*out_address] = std::string(size, '?');
    return PTO_OK;
}

void fake_mem_free(Device *, uint64_t address)
{
    assert_int_equal(memory.erase(address), 1);
}

pto_status copy_status = PTO_OK;

pto_status fake_copy_to(Device *, uint64_t destination, const void *source, std::size_t size, DeviceFailure *)
{
    memory.at(destination) = std::string(static_cast<const char *>(source), size);
    return copy_status;
}

constexpr DeviceInterface make_device()
{
    DeviceInterface device{};
    device.mem_alloc = fake_mem_alloc;
    device.mem_free = fake_mem_free;
    device.copy_to = fake_copy_to;
    device.kernel_load = fake_kernel_load;
    device.kernel_unload = fake_kernel_unload;
    return device;
}
constexpr DeviceInterface kDevice = make_device();

void *limited_allocate(void *, std::size_t size, std::size_t alignment)
{
    return allocations_left-- > 0 ? ::operator new(size, std::align_val_t(alignment)) : nullptr;
}

void limited_release(void *, void *block, std::size_t, std::size_t alignment)
{
    ::operator delete(block, std::align_val_t(alignment));
}

uint64_t same_hash(const void *, std::size_t)
{
    return 42;
}

struct Fixture {
    explicit Fixture(ImageStore::Hash hash = same_hash) : store(allocator, kDevice, handle, hash)
    {
        kernels.clear();
        memory.clear();
        next_status = PTO_OK;
        copy_status = PTO_OK;
        allocations_left = INT64_MAX;
    }

    ImageStore::Ref acquire(ImageStore::Kind kind, const std::string &bytes, pto_status expected = PTO_OK)
    {
        ImageStore::Ref ref;
        failure = {};
        assert_int_equal(store.acquire(kind, bytes.data(), bytes.size(), &ref, &failure), expected);
        return ref;
    }
    ImageStore::Ref kernel(const std::string &bytes) { return acquire(ImageStore::Kind::kKernel, bytes); }
    ImageStore::Ref orch(const std::string &bytes) { return acquire(ImageStore::Kind::kOrchestration, bytes); }

    const pto_allocator callbacks = {nullptr, limited_allocate, limited_release};
    Allocator allocator{&callbacks};
    Device *handle = nullptr;
    DeviceFailure failure{};
    ImageStore store;
};

void different_images_with_equal_hashes_stay_two(void **)
{
    Fixture fixture;
    ImageStore::Ref add = fixture.kernel("add");
    ImageStore::Ref sub = fixture.kernel("sub");
    ImageStore::Ref longer = fixture.kernel("add, but longer");
    assert_true(add->kernel.entry != sub->kernel.entry);
    assert_string_equal(kernels.at(add->kernel.entry).c_str(), "add");
    assert_string_equal(kernels.at(sub->kernel.entry).c_str(), "sub");
    assert_string_equal(kernels.at(longer->kernel.entry).c_str(), "add, but longer");
    assert_int_equal(fixture.store.kernel_uploads(), 3);
    assert_int_equal(fixture.store.dedup_hits(), 0);
    ImageStore::Ref one = fixture.orch("one");
    ImageStore::Ref two = fixture.orch("two");
    assert_string_equal(memory.at(one->address).c_str(), "one");
    assert_string_equal(memory.at(two->address).c_str(), "two");
    assert_int_equal(fixture.store.orch_uploads(), 2);
    assert_int_equal(fixture.store.resident_bytes(), 3 + 3 + 15 + 3 + 3);
}

void equal_images_are_one_among_many_with_equal_hashes(void **)
{
    Fixture fixture;
    ImageStore::Ref refs[3][4];
    static const char *const kBytes[4] = {"add", "sub", "mul", "div"};
    for (auto &round : refs)
        for (int i = 0; i < 4; i++)
            round[i] = fixture.kernel(kBytes[i]);
    for (int i = 0; i < 4; i++)
        assert_true(refs[0][i]->kernel.entry == refs[2][i]->kernel.entry);
    assert_int_equal(kernels.size(), 4);
    assert_int_equal(fixture.store.dedup_hits(), 8);
    assert_int_equal(fixture.store.resident_bytes(), 12);
}

void the_last_user_of_one_of_many_with_equal_hashes_frees_that_one(void **)
{
    Fixture fixture;
    ImageStore::Ref first = fixture.kernel("first");
    ImageStore::Ref middle = fixture.kernel("middle");
    ImageStore::Ref sharer = fixture.kernel("middle");
    ImageStore::Ref last = fixture.kernel("last");
    const uint64_t entry = middle->kernel.entry;
    middle.reset();
    assert_int_equal(kernels.count(entry), 1);
    sharer.reset();
    assert_int_equal(kernels.count(entry), 0);
    assert_int_equal(kernels.size(), 2);
    assert_int_equal(fixture.store.resident_bytes(), 9);
    assert_true(fixture.kernel("first")->kernel.entry == first->kernel.entry);
    ImageStore::Ref again = fixture.kernel("middle");
    assert_string_equal(kernels.at(again->kernel.entry).c_str(), "middle");
    assert_int_equal(fixture.store.kernel_uploads(), 4);
}

void a_kernel_and_an_orchestration_of_equal_bytes_are_two(void **)
{
    Fixture fixture(ImageStore::content_hash);
    ImageStore::Ref kernel = fixture.kernel("the same bytes");
    ImageStore::Ref orch = fixture.orch("the same bytes");
    assert_int_equal(kernels.size(), 1);
    assert_int_equal(memory.size(), 1);
    assert_int_equal(fixture.store.dedup_hits(), 0);
    kernel.reset();
    assert_int_equal(kernels.size(), 0);
    assert_string_equal(memory.at(orch->address).c_str(), "the same bytes");
}

void a_use_that_moves_is_still_one_use(void **)
{
    Fixture fixture;
    ImageStore::Ref first = fixture.kernel("add");
    ImageStore::Ref second(std::move(first));
    ImageStore::Ref third = fixture.kernel("sub");
    third = std::move(second);
    assert_int_equal(kernels.size(), 1);
    first.reset();
    second.reset();
    assert_int_equal(kernels.size(), 1);
    third.reset();
    third.reset();
    assert_int_equal(kernels.size(), 0);
    assert_int_equal(fixture.store.resident_bytes(), 0);
}

void the_store_keeps_no_pointer_to_the_callers_bytes(void **)
{
    Fixture fixture;
    std::string bytes = "add";
    const ImageStore::Ref first = fixture.kernel(bytes);
    bytes = "sub";
    const ImageStore::Ref second = fixture.kernel(bytes);
    assert_int_equal(kernels.size(), 2);
    const ImageStore::Ref third = fixture.kernel("add");
    assert_true(third->kernel.entry == first->kernel.entry);
}

void a_failed_upload_leaves_nothing_and_can_be_repeated(void **)
{
    Fixture fixture;
    const ImageStore::Ref kept = fixture.kernel("kept");
    next_status = PTO_ERROR_LOAD_FAILED;
    fixture.acquire(ImageStore::Kind::kKernel, "bad", PTO_ERROR_LOAD_FAILED);
    assert_string_equal(fixture.failure.message, "the device refuses");
    next_status = PTO_ERROR_OUT_OF_DEVICE_MEMORY;
    fixture.acquire(ImageStore::Kind::kOrchestration, "bad", PTO_ERROR_OUT_OF_DEVICE_MEMORY);
    next_status = PTO_OK;
    copy_status = PTO_ERROR_SYSTEM;
    fixture.acquire(ImageStore::Kind::kOrchestration, "bad", PTO_ERROR_SYSTEM);
    copy_status = PTO_OK;
    assert_int_equal(memory.size(), 0);
    assert_int_equal(fixture.store.resident_bytes(), 4);
    assert_int_equal(fixture.store.kernel_uploads(), 1);
    assert_int_equal(fixture.store.orch_uploads(), 0);
    const ImageStore::Ref good = fixture.kernel("bad");
    assert_int_equal(fixture.store.dedup_hits(), 0);
    assert_string_equal(kernels.at(good->kernel.entry).c_str(), "bad");
}

void a_lack_of_host_memory_leaves_nothing(void **)
{
    Fixture fixture;
    uint32_t failures = 0;
    for (int64_t left = 0;; left++) {
        allocations_left = left;
        try {
            const ImageStore::Ref ref = fixture.orch("bytes");
            assert_int_equal(memory.size(), 1);
            break;
        } catch (const std::bad_alloc &) {
            failures++;
            assert_int_equal(memory.size(), 0);
            assert_int_equal(fixture.store.resident_bytes(), 0);
            assert_int_equal(fixture.store.orch_uploads(), 0);
        }
    }
    assert_true(failures > 0);
    assert_int_equal(memory.size(), 0);
}

void the_hash_is_of_the_content(void **)
{
    const std::string one = "some bytes of an image";
    const std::string same = one;
    std::string other = one;
    other.back()++;
    const auto hash = [](const std::string &bytes) { return ImageStore::content_hash(bytes.data(), bytes.size()); };
    assert_true(hash(one) == hash(same));
    assert_true(hash(one) != hash(other));
    assert_true(hash(one) != hash(one + '\0'));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(different_images_with_equal_hashes_stay_two),
        cmocka_unit_test(equal_images_are_one_among_many_with_equal_hashes),
        cmocka_unit_test(the_last_user_of_one_of_many_with_equal_hashes_frees_that_one),
        cmocka_unit_test(a_kernel_and_an_orchestration_of_equal_bytes_are_two),
        cmocka_unit_test(a_use_that_moves_is_still_one_use),
        cmocka_unit_test(the_store_keeps_no_pointer_to_the_callers_bytes),
        cmocka_unit_test(a_failed_upload_leaves_nothing_and_can_be_repeated),
        cmocka_unit_test(a_lack_of_host_memory_leaves_nothing),
        cmocka_unit_test(the_hash_is_of_the_content),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
