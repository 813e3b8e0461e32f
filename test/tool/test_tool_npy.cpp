// SPDX-License-Identifier: Apache-2.0
#include "npy.hpp"

#include "dtype_names.hpp"
#include "file_bytes.hpp"
#include "tool_test.hpp"

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <numeric>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace pto::tool;
using namespace pto::tool::test;

namespace {

const TemporaryFolder *folder;

/// A file with this content, the same one again and again. In memory: some cases need thousands of contents.
std::string write_raw(const std::string &content)
{
    static const int descriptor = ::memfd_create("raw.npy", 0);
    const auto size = static_cast<ssize_t>(content.size());
    if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, content.data(), content.size(), 0) != size)
        std::abort();
    return "/proc/self/fd/" + std::to_string(descriptor);
}

std::string prologue(char version, size_t length)
{
    std::string text = "\x93NUMPY";
    text += {version, '\0', static_cast<char>(length & 0xff), static_cast<char>(length >> 8 & 0xff)};
    return version == 1 ? text : text + static_cast<char>(length >> 16 & 0xff) + static_cast<char>(length >> 24 & 0xff);
}

/// A file as NumPy writes it, down to the padding to 64 bytes.
std::string npy_content(const std::string &dictionary, const std::string &data, char version = 1, size_t padding = 0)
{
    const size_t before = version == 1 ? 10 : 12;
    std::string header = dictionary + std::string(padding, ' ');
    header += std::string(63 - (before + header.size()) % 64, ' ') + "\n";
    return prologue(version, header.size()) + header + data;
}

std::string dictionary_of(const std::string &typestring, const std::string &shape, const std::string &order = "False")
{
    return "{'descr': '" + typestring + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

/// The failure to read such a file, which must name it.
std::string refusal_of(const std::string &content)
{
    const std::string path = write_raw(content);
    const std::string message = message_of([&] { read_npy(path); });
    if (!message.empty())
        assert_int_equal(message.rfind(path + ": ", 0), 0);
    return message;
}

void every_dtype_that_numpy_has_survives_a_round_trip(void **)
{
    for (pto_dtype dtype = 0; dtype < PTO_DTYPE_COUNT; dtype++) {
        if (npy_typestring(dtype).empty())
            continue;
        const std::vector<uint32_t> shape = {3, 5};
        std::vector<std::byte> bytes(size_t{15} * pto_dtype_size(dtype));
        for (size_t i = 0; i < bytes.size(); i++)
            bytes[i] = static_cast<std::byte>(dtype == PTO_BOOL ? i % 2 : i * 7 + 1);
        const std::string path = folder->file("round.npy");
        write_npy(path, dtype, shape, bytes);
        const Array array = read_npy(path);
        assert_int_equal(array.dtype, dtype);
        assert_true(array.shape == shape);
        assert_true(array.bytes == bytes);
    }
}

void every_rank_survives_a_round_trip(void **)
{
    std::vector<uint32_t> shape;
    for (const uint32_t extent : {2u, 3u, 1u, 4u, 5u}) {
        shape.push_back(extent);
        const size_t count = std::accumulate(shape.begin(), shape.end(), size_t{1}, std::multiplies<>());
        std::vector<int16_t> elements(count);
        std::iota(elements.begin(), elements.end(), int16_t{-7});
        const std::string path = folder->file("rank.npy");
        write_npy(path, PTO_INT16, shape, bytes_of(elements));
        const Array array = read_npy(path);
        assert_true(array.shape == shape);
        assert_true(array.bytes == bytes_of(elements));
    }
}

void a_file_is_written_as_numpy_writes_it(void **)
{
    const std::string path = folder->file("exact.npy");
    write_npy(path, PTO_FLOAT32, std::vector<uint32_t>{2}, bytes_of(std::vector<float>{1.5f, -2.0f}));
    std::ifstream stream(path, std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    assert_int_equal(content.size(), 128 + 8);
    assert_int_equal(content.rfind(prologue(1, 118) + dictionary_of("<f4", "(2,)"), 0), 0);
    assert_int_equal(content[127], '\n');
}

void a_header_of_more_than_127_bytes_is_read(void **)
{
    for (const size_t padding : {64u, 128u, 192u, 256u, 2000u}) {
        const std::string path = write_raw(npy_content(dictionary_of("|u1", "(3,)"), "abc", 1, padding));
        assert_int_equal(read_npy(path).bytes.size(), 3);
    }
}

void format_versions_two_and_three_are_read(void **)
{
    for (const char version : {'\2', '\3'}) {
        const std::string path = write_raw(npy_content(dictionary_of("|u1", "(3,)"), "abc", version));
        assert_int_equal(read_npy(path).bytes.size(), 3);
    }
    assert_contains(refusal_of(npy_content(dictionary_of("|u1", "(3,)"), "abc", 4)), "version 4 is unknown");
}

void the_keys_of_a_header_may_have_any_order(void **)
{
    const std::string path =
        write_raw(npy_content("{'shape': (2, 3), 'fortran_order': False, 'descr': '<i2'}", std::string(12, 'x')));
    const Array array = read_npy(path);
    assert_true((array.shape == std::vector<uint32_t>{2, 3}));
    assert_int_equal(array.dtype, PTO_INT16);
}

template <class Element> void check_column_major(const std::string &typestring)
{
    std::vector<Element> column_major;
    std::vector<Element> row_major(24);
    for (unsigned k = 0; k < 4; k++)
        for (unsigned j = 0; j < 3; j++)
            for (unsigned i = 0; i < 2; i++) {
                column_major.push_back(static_cast<Element>(i * 100 + j * 10 + k));
                row_major[(i * 3 + j) * 4 + k] = column_major.back();
            }
    const auto *data = reinterpret_cast<const char *>(column_major.data());
    const std::string path = write_raw(npy_content(dictionary_of(typestring, "(2, 3, 4)", "True"),
                                                   std::string(data, column_major.size() * sizeof(Element))));
    assert_true(read_npy(path).bytes == bytes_of(row_major));
}

void a_column_major_file_becomes_row_major(void **)
{
    check_column_major<uint8_t>("|u1");
    check_column_major<uint16_t>("<u2");
    check_column_major<uint32_t>("<u4");
    check_column_major<uint64_t>("<u8");
    const std::string path = write_raw(npy_content(dictionary_of("|u1", "(3,)", "True"), "abc"));
    assert_int_equal(read_npy(path).bytes[0], 'a');
}

void a_big_endian_file_is_refused(void **)
{
    assert_contains(refusal_of(npy_content(dictionary_of(">f4", "(1,)"), "abcd")), "big-endian (>f4)");
}

void one_byte_elements_have_no_byte_order(void **)
{
    for (const char *typestring : {">u1", "<u1", "|u1"})
        assert_string_equal(refusal_of(npy_content(dictionary_of(typestring, "(1,)"), "a")).c_str(), "");
}

void a_file_cut_anywhere_is_refused(void **)
{
    const std::string content = npy_content(dictionary_of("<f4", "(2, 2)"), std::string(16, 'x'));
    assert_string_equal(refusal_of(content).c_str(), "");
    for (size_t size = 0; size < content.size(); size++)
        assert_string_not_equal(refusal_of(content.substr(0, size)).c_str(), "");
    assert_contains(refusal_of(content.substr(0, content.size() - 1)),
                    "is truncated: its header promises 16 bytes of elements, the file holds 15");
    assert_contains(refusal_of(content.substr(0, 60)), "is truncated: it ends in its header");
}

void a_header_that_promises_more_than_the_file_holds_is_refused(void **)
{
    assert_contains(refusal_of(npy_content(dictionary_of("<f4", "(1000000, 1000000)"), "abcd")),
                    "its header promises 4000000000000 bytes");
    assert_contains(refusal_of(npy_content(dictionary_of("<f4", "(4294967295, 4294967295, 4294967295)"), "abcd")),
                    "more elements");
    assert_contains(refusal_of(npy_content(dictionary_of("<f4", "(4294967296,)"), "abcd")), "4294967295");
    assert_contains(refusal_of(npy_content(dictionary_of("<f4", "(99999999999999999999999,)"), "abcd")), "4294967295");
    assert_contains(refusal_of(prologue(2, 0xfffffff0) + "{"), "is truncated: it ends in its header");
    assert_contains(refusal_of(prologue(1, 5000) + std::string(6000, ' ')), "header longer than");
}

void a_file_that_goes_on_after_its_elements_is_refused(void **)
{
    assert_contains(refusal_of(npy_content(dictionary_of("|u1", "(3,)"), "abcd")), "goes on after its elements");
}

void a_shape_that_no_tensor_has_is_refused(void **)
{
    assert_contains(refusal_of(npy_content(dictionary_of("|u1", "()"), "a")), "has rank 0");
    assert_contains(refusal_of(npy_content(dictionary_of("|u1", "(1, 1, 1, 1, 1, 1)"), "a")), "has rank 6");
    assert_contains(refusal_of(npy_content(dictionary_of("|u1", "(0,)"), "")), "has no elements");
    assert_contains(refusal_of(npy_content(dictionary_of("|u1", "(3, 0)"), "")), "has no elements");
}

void a_dtype_that_no_tensor_has_is_refused_by_name(void **)
{
    for (const char *typestring : {"<f8", "<c8", "<U7", "|S4", "|O", "<M8", "|V2", "<f16", "<i3"})
        assert_contains(refusal_of(npy_content(dictionary_of(typestring, "(1,)"), "abcdefgh")),
                        std::string(typestring).size() < 3 ? "no plain numbers" : typestring);
    const std::string structured = "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (1,), }";
    assert_contains(refusal_of(npy_content(structured, "abcdefgh")), "no plain numbers");
}

void a_malformed_header_is_refused(void **)
{
    for (const char *dictionary : {
             "",
             "{",
             "}",
             "{}",
             "nonsense",
             "{'descr': '|u1', 'fortran_order': False}",
             "{'descr': '|u1', 'fortran_order': False, 'shape': }",
             "{'descr': '|u1', 'fortran_order': False, 'shape': (}",
             "{'descr': '|u1', 'fortran_order': False, 'shape': )}",
             "{'descr': '|u1', 'fortran_order': False, 'shape': (1,}",
             "{'descr': '|u1', 'fortran_order': False, 'shape': (,1)}",
             "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}",
             "{'descr': '|u1', 'fortran_order': False, 'shape': (1.0,)}",
             "{'descr': '|u1', 'fortran_order': False, 'shape': 1}",
             "{'descr': '|u1', 'fortran_order': Maybe, 'shape': (1,)}",
             "{'descr': '|u1', 'fortran_order': , 'shape': (1,)}",
             "{'descr': , 'fortran_order': False, 'shape': (1,)}",
             "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}",
             "{'other': 1, 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}",
             "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'other': 1}",
             "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} \x1b[31m",
             "{'descr': '\x1b[m', 'fortran_order': False, 'shape': (1,)}",
         })
        assert_string_not_equal(refusal_of(npy_content(dictionary, "a")).c_str(), "");
}

/// Reads every file that differs from a good one in one byte of its header: an Error or a tensor, and nothing else.
void no_single_wrong_byte_of_a_header_does_harm(void **)
{
    const std::string content = npy_content(dictionary_of("<f4", "(2, 2)"), std::string(16, 'x'));
    for (size_t i = 0; i < 80; i++)
        for (unsigned value = 0; value < 256; value += 3) {
            std::string changed = content;
            changed[i] = static_cast<char>(value);
            refusal_of(changed);
        }
}

void what_is_no_npy_file_is_refused(void **)
{
    assert_contains(refusal_of(""), "too short");
    assert_contains(refusal_of("just some text, quite long"), "is not an .npy file");
    assert_contains(refusal_of("PK\x03\x04 an archive of numpy.savez"), "is not an .npy file");
}

void what_is_no_regular_file_is_not_read(void **)
{
    const TemporaryFolder own;
    const std::string missing = own.file("missing.npy");
    const std::string pipe = own.file("pipe.npy");
    assert_int_equal(::mkfifo(pipe.c_str(), 0600), 0);
    assert_contains(message_of([&] { read_npy(missing); }), missing + ": cannot be opened");
    assert_contains(message_of([&] { read_npy(own.file("")); }), "is a folder");
    assert_contains(message_of([&] { read_npy(pipe); }), pipe + ": is not a regular file");
}

void a_dtype_that_numpy_lacks_is_not_written(void **)
{
    for (const pto_dtype dtype : {PTO_BFLOAT16, PTO_FLOAT8_E4M3FN, PTO_FLOAT8_E8M0, PTO_FLOAT4_E2M1}) {
        const std::vector<std::byte> bytes(pto_dtype_size(dtype));
        const std::string path = folder->file("lacking.npy");
        const std::string message = message_of([&] { write_npy(path, dtype, std::vector<uint32_t>{1}, bytes); });
        assert_contains(message, path + ": cannot be written: NumPy has no dtype for " + dtype_name(dtype));
        assert_false(std::filesystem::exists(path));
    }
}

void bytes_that_are_not_the_elements_of_the_shape_are_not_written(void **)
{
    const std::string path = folder->file("mismatch.npy");
    const std::vector<std::byte> bytes(7);
    assert_contains(message_of([&] { write_npy(path, PTO_FLOAT32, std::vector<uint32_t>{2}, bytes); }), "7 bytes");
    assert_contains(message_of([&] { write_npy(path, PTO_FLOAT32, std::vector<uint32_t>{}, {}); }), "rank 0");
}

/// A write that fails half way leaves the old content and no temporary file.
void a_write_that_fails_changes_nothing(void **)
{
    const TemporaryFolder own;
    const std::string path = own.file("kept.npy");
    write_npy(path, PTO_UINT8, std::vector<uint32_t>{3}, bytes_of(std::vector<uint8_t>{1, 2, 3}));

    struct rlimit limit = {};
    assert_int_equal(::getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlim_t usual = limit.rlim_cur;
    std::signal(SIGXFSZ, SIG_IGN);
    limit.rlim_cur = 4096;
    assert_int_equal(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    const std::vector<std::byte> large(100000);
    const std::string message = message_of([&] { write_npy(path, PTO_UINT8, std::vector<uint32_t>{100000}, large); });
    limit.rlim_cur = usual;
    assert_int_equal(::setrlimit(RLIMIT_FSIZE, &limit), 0);

    assert_contains(message, path + ": cannot be written: ");
    assert_int_equal(own.entries(), 1);
    assert_int_equal(read_npy(path).bytes.size(), 3);
}

void a_replaced_file_keeps_its_permissions_and_its_links(void **)
{
    const TemporaryFolder own;
    const std::string path = own.file("real.npy");
    const std::string link = own.file("link.npy");
    const auto bytes = bytes_of(std::vector<uint8_t>{1, 2, 3});
    write_npy(path, PTO_UINT8, std::vector<uint32_t>{1}, std::span(bytes).first(1));
    assert_int_equal(::chmod(path.c_str(), 0640), 0);
    assert_int_equal(::symlink("real.npy", link.c_str()), 0);
    write_npy(link, PTO_UINT8, std::vector<uint32_t>{3}, bytes);
    struct stat status = {};
    assert_int_equal(::lstat(link.c_str(), &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(::stat(path.c_str(), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    assert_int_equal(read_npy(path).bytes.size(), 3);
    assert_int_equal(own.entries(), 2);
}

void a_place_that_cannot_be_written_is_refused_beforehand(void **)
{
    const TemporaryFolder own;
    const std::string nowhere = own.file("nowhere/c.npy");
    assert_contains(message_of([&] { check_writable(nowhere); }), nowhere + ": cannot be written");
    assert_contains(message_of([&] { check_writable(own.file("")); }), "is a folder");
    check_writable(own.file("new.npy"));
    assert_int_equal(own.entries(), 0);
}

void what_is_no_regular_file_is_written_to_and_not_replaced(void **)
{
    const TemporaryFolder own;
    const std::string pipe = own.file("pipe.npy");
    assert_int_equal(::mkfifo(pipe.c_str(), 0600), 0);
    const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
    write_npy(pipe, PTO_UINT8, std::vector<uint32_t>{1}, std::vector<std::byte>(1));
    char content[256];
    const ssize_t size = ::read(reader, content, sizeof(content));
    ::close(reader);
    assert_int_equal(size, 129);
    assert_true(std::filesystem::is_fifo(pipe));
    assert_int_equal(own.entries(), 1);
}

} // namespace

int main()
{
    const TemporaryFolder own;
    folder = &own;
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_dtype_that_numpy_has_survives_a_round_trip),
        cmocka_unit_test(every_rank_survives_a_round_trip),
        cmocka_unit_test(a_file_is_written_as_numpy_writes_it),
        cmocka_unit_test(a_header_of_more_than_127_bytes_is_read),
        cmocka_unit_test(format_versions_two_and_three_are_read),
        cmocka_unit_test(the_keys_of_a_header_may_have_any_order),
        cmocka_unit_test(a_column_major_file_becomes_row_major),
        cmocka_unit_test(a_big_endian_file_is_refused),
        cmocka_unit_test(one_byte_elements_have_no_byte_order),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_header_that_promises_more_than_the_file_holds_is_refused),
        cmocka_unit_test(a_file_that_goes_on_after_its_elements_is_refused),
        cmocka_unit_test(a_shape_that_no_tensor_has_is_refused),
        cmocka_unit_test(a_dtype_that_no_tensor_has_is_refused_by_name),
        cmocka_unit_test(a_malformed_header_is_refused),
        cmocka_unit_test(no_single_wrong_byte_of_a_header_does_harm),
        cmocka_unit_test(what_is_no_npy_file_is_refused),
        cmocka_unit_test(what_is_no_regular_file_is_not_read),
        cmocka_unit_test(a_dtype_that_numpy_lacks_is_not_written),
        cmocka_unit_test(bytes_that_are_not_the_elements_of_the_shape_are_not_written),
        cmocka_unit_test(a_write_that_fails_changes_nothing),
        cmocka_unit_test(a_replaced_file_keeps_its_permissions_and_its_links),
        cmocka_unit_test(a_place_that_cannot_be_written_is_refused_beforehand),
        cmocka_unit_test(what_is_no_regular_file_is_written_to_and_not_replaced),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
