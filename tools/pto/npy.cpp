// SPDX-License-Identifier: Apache-2.0
// The header's text goes through xtensor. xtensor trusts it, so what it would trip over is refused before: a length
// beyond the file, missing values, characters that belong in no header.
#include "npy.hpp"

#include "dtype_names.hpp"
#include "file_bytes.hpp"
#include "text_format.hpp"
#include "tool_error.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <sstream>
#include <string_view>
#include <unistd.h>
#include <xtensor/xadapt.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xnpy.hpp>

namespace pto::tool {
namespace {

/// Far above what a tensor of rank 5 needs, and NumPy itself distrusts headers above 10000 bytes.
constexpr uint64_t kMaxHeaderBytes = 4096;

/// Magic, version, and the shorter form of the length.
constexpr uint64_t kPrologueBytes = 10;

constexpr std::string_view kMagic = "\x93NUMPY";

struct NpyHeader {
    pto_dtype dtype = PTO_FLOAT32;
    bool is_column_major = false;
    std::vector<size_t> shape;
    uint64_t data_offset = 0;
};

unsigned byte_at(std::span<const std::byte> bytes, size_t index)
{
    return std::to_integer<unsigned>(bytes[index]);
}

/// Reads up to the end of the header; `*data_offset` receives where the elements begin.
std::string read_header_text(InputFile &file, uint64_t *data_offset)
{
    std::array<std::byte, kPrologueBytes + 2> prologue = {};
    if (file.size_bytes() < kPrologueBytes)
        throw Error(file.path(), "is not an .npy file: it is too short to have a header");
    file.read(std::span(prologue).first(kPrologueBytes));
    if (!std::equal(kMagic.begin(), kMagic.end(), prologue.begin(),
                    [](char expected, std::byte found) { return static_cast<std::byte>(expected) == found; }))
        throw Error(file.path(), "is not an .npy file: write it with numpy.save");

    const unsigned version = byte_at(prologue, 6);
    if (version < 1 || version > 3)
        throw Error(file.path(), format(".npy format version %u is unknown: save it with version 1.0", version));
    uint64_t length = byte_at(prologue, 8) | byte_at(prologue, 9) << 8;
    *data_offset = kPrologueBytes;
    if (version > 1) {
        if (file.size_bytes() < prologue.size())
            throw Error(file.path(), "is truncated: it ends in its header");
        file.read(std::span(prologue).last(2));
        length |= uint64_t{byte_at(prologue, 10)} << 16 | uint64_t{byte_at(prologue, 11)} << 24;
        *data_offset = prologue.size();
    }
    if (length > file.size_bytes() - *data_offset)
        throw Error(file.path(), "is truncated: it ends in its header");
    if (length > kMaxHeaderBytes)
        throw Error(file.path(), "has a header longer than any plain array needs");
    std::string text(length, '\0');
    file.read(std::as_writable_bytes(std::span(text)));
    *data_offset += length;
    return text;
}

[[noreturn]] void fail_header(const std::string &path, const std::string &why)
{
    throw Error(path, "has a malformed .npy header: " + why);
}

/// The values of the header's dictionary, in any order there.
struct HeaderValues {
    std::string descr;
    std::string fortran_order;
    std::string shape;
};

/// What follows `key` in `text` up to the next of `keys` or the end.
std::string value_of(const std::string &path, const std::string &text, std::string_view key,
                     std::span<const std::string_view> keys)
{
    const size_t begin = text.find(key);
    if (begin == std::string::npos || text.find(key, begin + 1) != std::string::npos)
        fail_header(path, "it must have one " + std::string(key));
    size_t end = text.size();
    for (const std::string_view other : keys)
        end = std::min(end, text.find(other, begin + key.size()));
    std::string value = text.substr(begin + key.size(), end - begin - key.size());
    if (!value.empty() && value.back() == ',')
        value.pop_back();
    if (value.empty())
        fail_header(path, std::string(key) + " has no value");
    return value;
}

HeaderValues parse_dictionary(const std::string &path, std::string text)
{
    static constexpr std::array<std::string_view, 3> kKeys = {"'descr':", "'fortran_order':", "'shape':"};
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }))
        fail_header(path, "it is not text");
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    if (text.size() < 2 || text.front() != '{' || text.back() != '}')
        fail_header(path, "it is not a dictionary");
    text.pop_back();
    HeaderValues values;
    values.descr = value_of(path, text, kKeys[0], kKeys);
    values.fortran_order = value_of(path, text, kKeys[1], kKeys);
    values.shape = value_of(path, text, kKeys[2], kKeys);
    if (std::none_of(kKeys.begin(), kKeys.end(), [&](std::string_view key) { return text.find(key) == 1; }))
        fail_header(path, "it has an unknown key");
    if (values.shape.find_first_not_of("(),0123456789") != std::string::npos)
        fail_header(path, "the shape " + values.shape.substr(0, 40) + " is not a tuple of extents");
    return values;
}

/// `descr` is the value as it stands in the header, with its quotes.
pto_dtype checked_dtype(const std::string &path, const std::string &descr)
{
    if (descr.size() < 5 || descr.front() != '\'' || descr.back() != '\'' || descr.size() > 12)
        throw Error(path, "holds " + descr.substr(0, 40) + ", which are no plain numbers: save one plain array");
    std::string typestring = descr.substr(1, descr.size() - 2);
    if (typestring.substr(2) == "1")
        typestring[0] = '|';
    if (typestring[0] == '>')
        throw Error(path, "is big-endian (" + typestring + "): convert it with a.astype(a.dtype.newbyteorder('<'))");
    const auto dtype = dtype_of_typestring(typestring);
    if (!dtype)
        throw Error(path, "has the NumPy dtype " + typestring + ", which no tensor can have: convert it with " +
                              "a.astype(...) to a dtype that both have, such as float32");
    return *dtype;
}

NpyHeader read_header(InputFile &file)
{
    NpyHeader header;
    const HeaderValues values = parse_dictionary(file.path(), read_header_text(file, &header.data_offset));
    header.dtype = checked_dtype(file.path(), values.descr);
    const std::string canonical =
        "{'descr':" + values.descr + ",'fortran_order':" + values.fortran_order + ",'shape':" + values.shape + "}\n";
    std::string typestring;
    try {
        xt::detail::parse_header(canonical, typestring, &header.is_column_major, header.shape);
    } catch (const std::runtime_error &error) {
        fail_header(file.path(), error.what());
    }
    return header;
}

std::vector<uint32_t> checked_shape(const std::string &path, const std::vector<size_t> &shape)
{
    std::vector<uint32_t> result;
    for (const size_t extent : shape) {
        if (extent > UINT32_MAX)
            throw Error(path, "has a dimension of more than 4294967295 elements");
        result.push_back(static_cast<uint32_t>(extent));
    }
    return result;
}

template <class Element> void make_row_major(std::vector<std::byte> &bytes, const std::vector<size_t> &shape)
{
    const size_t count = bytes.size() / sizeof(Element);
    std::vector<std::byte> reordered(bytes.size());
    const auto *from = reinterpret_cast<const Element *>(bytes.data());
    auto *to = reinterpret_cast<Element *>(reordered.data());
    const auto source = xt::adapt<xt::layout_type::column_major>(from, count, xt::no_ownership(), shape);
    auto target = xt::adapt<xt::layout_type::row_major>(to, count, xt::no_ownership(), shape);
    xt::noalias(target) = source;
    bytes = std::move(reordered);
}

void make_row_major(Array &array, const std::vector<size_t> &shape)
{
    switch (pto_dtype_size(array.dtype)) {
    case 1: return make_row_major<uint8_t>(array.bytes, shape);
    case 2: return make_row_major<uint16_t>(array.bytes, shape);
    case 4: return make_row_major<uint32_t>(array.bytes, shape);
    default: return make_row_major<uint64_t>(array.bytes, shape);
    }
}

} // namespace

uint64_t checked_size_bytes(const std::string &what, pto_dtype dtype, std::span<const uint32_t> shape)
{
    if (shape.empty() || shape.size() > PTO_MAX_RANK)
        throw Error(what, format("has rank %zu, a tensor has rank 1 to %u: reshape it", shape.size(), PTO_MAX_RANK));
    uint64_t size_bytes = pto_dtype_size(dtype);
    for (const uint32_t extent : shape) {
        if (extent == 0)
            throw Error(what, "has no elements (shape " + shape_text(shape) + "): every extent must be at least 1");
        if (__builtin_mul_overflow(size_bytes, extent, &size_bytes))
            throw Error(what, "has more elements (shape " + shape_text(shape) + ") than any memory can hold");
    }
    return size_bytes;
}

std::vector<std::byte> zeroed_bytes(const std::string &what, uint64_t size_bytes)
{
    const auto pages = static_cast<uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L));
    const auto page_bytes = static_cast<uint64_t>(std::max(::sysconf(_SC_PAGESIZE), 1L));
    try {
        if (size_bytes / page_bytes < pages)
            return std::vector<std::byte>(size_bytes);
    } catch (const std::bad_alloc &) {
    }
    throw Error(what, "needs " + size_text(size_bytes) + " of memory, more than there is");
}

Array read_npy(const std::string &path)
{
    InputFile file(path);
    const NpyHeader header = read_header(file);
    Array array;
    array.dtype = header.dtype;
    array.shape = checked_shape(path, header.shape);
    const uint64_t promised = checked_size_bytes(path, array.dtype, array.shape);
    const uint64_t present = file.size_bytes() - header.data_offset;
    if (promised != present)
        throw Error(path, format("%s: its header promises %llu bytes of elements, the file holds %llu",
                                 present < promised ? "is truncated" : "goes on after its elements",
                                 static_cast<unsigned long long>(promised), static_cast<unsigned long long>(present)));
    array.bytes = zeroed_bytes(path, promised);
    file.read(array.bytes);
    if (header.is_column_major && array.shape.size() > 1)
        make_row_major(array, header.shape);
    return array;
}

void write_npy(const std::string &path, pto_dtype dtype, std::span<const uint32_t> shape,
               std::span<const std::byte> bytes)
{
    const std::string_view typestring = npy_typestring(dtype);
    if (typestring.empty())
        throw Error(path, "cannot be written: NumPy has no dtype for " + dtype_name(dtype));
    if (checked_size_bytes(path, dtype, shape) != bytes.size())
        throw Error(path, format("cannot be written: %zu bytes are not the elements of a %s %s", bytes.size(),
                                 shape_text(shape).c_str(), dtype_name(dtype).c_str()));
    std::ostringstream stream;
    xt::detail::write_header(stream, std::string(typestring), false, std::vector<size_t>(shape.begin(), shape.end()));
    const std::string header = stream.str();
    write_file(path, {std::as_bytes(std::span(header)), bytes});
}

} // namespace pto::tool
