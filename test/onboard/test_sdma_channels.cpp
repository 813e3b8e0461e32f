// SPDX-License-Identifier: Apache-2.0
// Channels for DMA that kernels start, with a driver that counts what it is asked for.
#include "vendor_test.hpp"

#include "host/onboard/vendor/sdma_channels.h"

namespace {

using namespace pto::vendor;

/// What the driver has given away, and which call it refuses.
struct Driver {
    uint32_t streams = 0; ///< Live.
    uint32_t created = 0;
    uint32_t blocks = 0; ///< Live.
    uint32_t refused_stream = UINT32_MAX;
    int memset_result = 0;
    std::vector<uint64_t> sizes;
    std::vector<uint32_t> records; ///< As copied to the device.
    std::vector<int> memory = std::vector<int>(64 * 1024);
};
Driver driver;

int create_stream(Handle *out, uint32_t, uint32_t flags)
{
    assert_int_equal(flags, 0x20);
    if (driver.created == driver.refused_stream)
        return kObjectFailed;
    driver.streams++;
    *out = reinterpret_cast<Handle>(uintptr_t{++driver.created});
    return kOk;
}

int destroy_stream(Handle)
{
    driver.streams--;
    return kOk;
}

int submission_queue(const void *stream, uint32_t *id)
{
    *id = 100 + static_cast<uint32_t>(reinterpret_cast<uintptr_t>(stream));
    return kOk;
}

int completion_queue(const void *stream, uint32_t *id, uint32_t *logical_id)
{
    *id = 200 + static_cast<uint32_t>(reinterpret_cast<uintptr_t>(stream));
    *logical_id = 300 + static_cast<uint32_t>(reinterpret_cast<uintptr_t>(stream));
    return kOk;
}

int allocate(void **address, std::size_t size_bytes, int)
{
    driver.blocks++;
    driver.sizes.push_back(size_bytes);
    *address = driver.memory.data();
    return kOk;
}

int release(void *)
{
    driver.blocks--;
    return kOk;
}

int copy(void *, std::size_t room, const void *source, std::size_t size_bytes, int kind)
{
    assert_int_equal(kind, 1);
    assert_int_equal(room, size_bytes);
    driver.records.resize(size_bytes / sizeof(uint32_t));
    std::memcpy(driver.records.data(), source, size_bytes);
    return kOk;
}

int fill(void *, std::size_t, int32_t value, std::size_t)
{
    assert_int_equal(value, 0);
    return driver.memset_result;
}

std::string lines;

void write_line(void *, int32_t, const char *message)
{
    lines += message;
}

struct Fixture {
    Fixture() : session(0, 0, write_line, nullptr), channels(session)
    {
        driver = {};
        lines.clear();
        session.f.aclrtCreateStreamWithConfig = create_stream;
        session.f.aclrtDestroyStream = destroy_stream;
        session.f.rtStreamGetSqid = submission_queue;
        session.f.rtStreamGetCqid = completion_queue;
        session.f.aclrtMalloc = allocate;
        session.f.aclrtFree = release;
        session.f.aclrtMemcpy = copy;
        session.f.aclrtMemset = fill;
    }

    Session session;
    SdmaChannels channels;
    pto::host::DeviceFailure failure{};
};

void there_are_as_many_channels_as_kernels_expect(void **)
{
    for (const uint32_t count : {40u, 48u}) {
        Fixture fixture;
        assert_int_equal(fixture.channels.open(count, &fixture.failure), PTO_OK);
        assert_int_equal(driver.streams, count);
        assert_int_equal(fixture.channels.count(), count);
        assert_string_equal(lines.c_str(), (std::to_string(count) + " SDMA channels").c_str());
        assert_int_equal(driver.sizes.size(), 2);
        assert_int_equal(driver.sizes[0], count * 64);
        assert_int_equal(driver.sizes[1], 16 * 1024 + count * 512);
        assert_int_equal(driver.records.size(), count * 16);
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t expected[] = {101 + i, 201 + i, 301 + i, i};
            assert_memory_equal(&driver.records[16 * i], expected, sizeof expected);
        }
        fixture.channels.close();
        assert_int_equal(driver.streams, 0);
        assert_int_equal(driver.blocks, 0);
    }
}

void a_library_without_the_headers_has_none(void **)
{
    Fixture fixture;
    assert_int_equal(fixture.channels.open(0, &fixture.failure), PTO_ERROR_UNSUPPORTED);
    assert_non_null(std::strstr(fixture.failure.message, "without the headers of pto-isa"));
    assert_int_equal(driver.created, 0);
}

void fewer_channels_are_a_failure_and_leave_nothing(void **)
{
    {
        Fixture fixture;
        driver.refused_stream = 47;
        assert_int_equal(fixture.channels.open(48, &fixture.failure), PTO_ERROR_DRIVER);
        assert_int_equal(fixture.failure.raw, 207001);
        assert_non_null(std::strstr(fixture.failure.message, "SDMA channels: aclrtCreateStreamWithConfig"));
        assert_int_equal(driver.streams, 47);
    }
    assert_int_equal(driver.streams, 0);
    {
        Fixture fixture;
        driver.memset_result = 107000;
        assert_int_equal(fixture.channels.open(48, &fixture.failure), PTO_ERROR_DRIVER);
    }
    assert_int_equal(driver.streams, 0);
    assert_int_equal(driver.blocks, 0);
}

void nothing_is_given_back_to_a_device_that_is_not_to_be_used(void **)
{
    {
        Fixture fixture;
        assert_int_equal(fixture.channels.open(40, &fixture.failure), PTO_OK);
        fixture.session.set_unusable();
    }
    assert_int_equal(driver.streams, 40);
    assert_int_equal(driver.blocks, 2);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(there_are_as_many_channels_as_kernels_expect),
        cmocka_unit_test(a_library_without_the_headers_has_none),
        cmocka_unit_test(fewer_channels_are_a_failure_and_leave_nothing),
        cmocka_unit_test(nothing_is_given_back_to_a_device_that_is_not_to_be_used),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
