// SPDX-License-Identifier: Apache-2.0
// Packed ChipCallables, put together byte by byte from the numbers of their layout and not from the library's structs.
#ifndef PTO_TEST_HOST_PACKED_CALLABLE_HPP
#define PTO_TEST_HOST_PACKED_CALLABLE_HPP

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace pto::test {

/// Where the fields are.
enum PackedOffset : std::size_t {
    kAtSignature = 0,
    kAtSigCount = 1024,
    kAtOrchSize = 1028,
    kAtFuncName = 1032,
    kAtFuncNameLength = 1096,
    kAtChildIds = 1100,
    kAtChildOffsets = 5196,
    kAtChildCount = 9292,
    kAtConfigName = 9296,
    kAtConfigNameLength = 9360,
    kAtStorage = 9376,
    kInChildSigCount = 128,
    kInChildBinarySize = 132,
    kInChildBinary = 192,
};

struct PackedChild {
    int32_t func_id;
    std::vector<int32_t> signature;
    std::string binary;
};

struct PackedParts {
    std::vector<int32_t> signature;
    std::string entry;
    std::string config;
    std::string orchestration;
    std::vector<PackedChild> children;
};

template <class Number> void put(std::vector<char> *bytes, std::size_t offset, Number number)
{
    std::memcpy(bytes->data() + offset, &number, sizeof number);
}

template <class Number> Number get(const std::vector<char> &bytes, std::size_t offset)
{
    Number number;
    std::memcpy(&number, bytes.data() + offset, sizeof number);
    return number;
}

inline void put_text(std::vector<char> *bytes, std::size_t offset, const std::string &text)
{
    std::memcpy(bytes->data() + offset, text.data(), text.size());
}

inline void put_signature(std::vector<char> *bytes, std::size_t offset, const std::vector<int32_t> &signature)
{
    for (std::size_t i = 0; i < signature.size(); i++)
        put(bytes, offset + 4 * i, signature[i]);
}

inline std::vector<char> pack_chip_callable(const PackedParts &parts)
{
    std::vector<char> bytes(kAtStorage + parts.orchestration.size());
    put_signature(&bytes, kAtSignature, parts.signature);
    put(&bytes, kAtSigCount, static_cast<uint32_t>(parts.signature.size()));
    put(&bytes, kAtOrchSize, static_cast<uint32_t>(parts.orchestration.size()));
    put_text(&bytes, kAtFuncName, parts.entry);
    put(&bytes, kAtFuncNameLength, static_cast<uint32_t>(parts.entry.size()));
    put_text(&bytes, kAtConfigName, parts.config);
    put(&bytes, kAtConfigNameLength, static_cast<uint32_t>(parts.config.size()));
    put(&bytes, kAtChildCount, static_cast<uint32_t>(parts.children.size()));
    put_text(&bytes, kAtStorage, parts.orchestration);
    for (std::size_t i = 0; i < parts.children.size(); i++) {
        const PackedChild &child = parts.children[i];
        const std::size_t offset = (bytes.size() - kAtStorage + 63) / 64 * 64;
        const std::size_t at = kAtStorage + offset;
        put(&bytes, kAtChildIds + 4 * i, child.func_id);
        put(&bytes, kAtChildOffsets + 4 * i, static_cast<uint32_t>(offset));
        bytes.resize(at + kInChildBinary + child.binary.size());
        put_signature(&bytes, at, child.signature);
        put(&bytes, at + kInChildSigCount, static_cast<uint32_t>(child.signature.size()));
        put(&bytes, at + kInChildBinarySize, static_cast<uint32_t>(child.binary.size()));
        put(&bytes, at + 136, uint64_t{0xfeedfacecafe}); // resolved in the process that packed it
        put_text(&bytes, at + kInChildBinary, child.binary);
    }
    return bytes;
}

} // namespace pto::test

#endif
