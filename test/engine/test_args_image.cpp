// SPDX-License-Identifier: Apache-2.0
// The arguments of a run on their way: whatever stands in a descriptor arrives, byte for byte, and what is not an
// image is not taken for one.
#include <cstring>
#include <memory>

#include "engine_test.hpp"

#include "engine/wire/args_image.h"

namespace {

using namespace pto::wire;

constexpr uint32_t kCounts[][2] = {{0, 0}, {1, 0}, {0, 1}, {3, 2}, {PTO_MAX_RUN_TENSORS, PTO_MAX_RUN_SCALARS}};

struct alignas(64) Block {
    unsigned char bytes[kMaxArgsImageBytes];
};

unsigned char pattern(std::size_t tensor, std::size_t byte)
{
    return static_cast<unsigned char>(tensor * 131 + byte * 7 + 1);
}

void every_byte_of_every_tensor_and_scalar_arrives(void **)
{
    const auto sent = std::make_unique<Block>();
    const auto received = std::make_unique<Block>();
    for (const auto &[tensors, scalars] : kCounts) {
        const ArgsView out = begin_args_image(sent->bytes, tensors, scalars);
        for (uint32_t i = 0; i < tensors; i++)
            for (std::size_t byte = 0; byte < sizeof(pto_tensor); byte++)
                reinterpret_cast<unsigned char *>(&out.tensors[i])[byte] = pattern(i, byte);
        for (uint32_t i = 0; i < scalars; i++)
            out.scalars[i] = UINT64_MAX - i;
        const std::size_t size = args_image_bytes(tensors, scalars);
        std::memset(received->bytes, 0xee, sizeof received->bytes);
        std::memcpy(received->bytes, sent->bytes, size);
        ArgsView in{};
        assert_true(decode_args_image(received->bytes, size, &in));
        assert_int_equal(in.tensor_count, tensors);
        assert_int_equal(in.scalar_count, scalars);
        for (uint32_t i = 0; i < tensors; i++)
            for (std::size_t byte = 0; byte < sizeof(pto_tensor); byte++)
                assert_int_equal(reinterpret_cast<unsigned char *>(&in.tensors[i])[byte], pattern(i, byte));
        for (uint32_t i = 0; i < scalars; i++)
            assert_true(in.scalars[i] == UINT64_MAX - i);
    }
}

void the_address_space_of_each_tensor_arrives(void **)
{
    const auto block = std::make_unique<Block>();
    const ArgsView out = begin_args_image(block->bytes, 64, 0);
    for (uint32_t i = 0; i < 64; i++) {
        out.tensors[i] = pto_tensor{};
        out.tensors[i].address_space = i % 3 == 0 ? PTO_HOST_MEMORY : PTO_DEVICE_MEMORY;
    }
    ArgsView in{};
    assert_true(decode_args_image(block->bytes, args_image_bytes(64, 0), &in));
    for (uint32_t i = 0; i < 64; i++)
        assert_int_equal(in.tensors[i].address_space, i % 3 == 0 ? PTO_HOST_MEMORY : PTO_DEVICE_MEMORY);
}

void an_image_that_is_cut_or_changed_is_refused(void **)
{
    const auto block = std::make_unique<Block>();
    ArgsView in{};
    for (const auto &[tensors, scalars] : kCounts) {
        begin_args_image(block->bytes, tensors, scalars);
        auto *header = reinterpret_cast<ArgsHeader *>(block->bytes);
        const ArgsHeader good = *header;
        const std::size_t size = args_image_bytes(tensors, scalars);
        assert_true(decode_args_image(block->bytes, size, &in));
        assert_true(decode_args_image(block->bytes, size + 100, &in));
        assert_false(decode_args_image(block->bytes, size - 1, &in));
        assert_false(decode_args_image(block->bytes, 0, &in));
        const auto refused = [&] {
            const bool taken = decode_args_image(block->bytes, size, &in);
            *header = good;
            return !taken;
        };
        header->magic ^= 1;
        assert_true(refused());
        header->abi_version++;
        assert_true(refused());
        header->tensor_count++;
        assert_true(refused());
        header->scalar_count++;
        assert_true(refused());
        header->tensor_count = UINT32_MAX;
        header->size_bytes = args_image_bytes(UINT32_MAX, scalars);
        assert_true(refused());
        header->size_bytes--;
        assert_true(refused());
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_of_every_tensor_and_scalar_arrives),
        cmocka_unit_test(the_address_space_of_each_tensor_arrives),
        cmocka_unit_test(an_image_that_is_cut_or_changed_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
