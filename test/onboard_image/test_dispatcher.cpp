// SPDX-License-Identifier: Apache-2.0
// What the dispatcher writes into the folder of kernels, which is one of the test's. test_dispatcher IMAGE OTHER, two
// shared objects with a name and a build id.
#include "aicpu/linux/dispatcher_blocks.h"
#include "aicpu/linux/image_name.h"

#include <algorithm>
#include <elf.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include "onboard_test.hpp"

namespace {

using namespace pto;
namespace fs = std::filesystem;

std::vector<char> images[2];
std::string image_names[2]; ///< Without ".so".

std::vector<char> read_file(const fs::path &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A folder for kernels, in a folder of its own that is the working one meanwhile.
class Folder {
public:
    explicit Folder(bool is_there = true)
    {
        assert_non_null(mkdtemp(path_));
        before_ = fs::current_path();
        fs::current_path(path_);
        if (is_there)
            fs::create_directory(PTO_KERNEL_FOLDER);
    }
    ~Folder()
    {
        fs::current_path(before_);
        fs::remove_all(path_);
    }
    std::vector<std::string> names() const
    {
        std::vector<std::string> names;
        for (const auto &entry : fs::directory_iterator(PTO_KERNEL_FOLDER))
            names.push_back(entry.path().filename());
        return names;
    }

private:
    char path_[64] = "/tmp/pto_dispatcher_XXXXXX";
    fs::path before_;
};

uint32_t dispatch(const std::vector<char> &image, uint64_t device)
{
    alignas(64) dispatcher::DeviceArgs device_args{};
    device_args.device = device;
    device_args.inner = reinterpret_cast<uint64_t>(image.data());
    device_args.inner_bytes = image.size();
    dispatcher::Args args{};
    args.device_args = reinterpret_cast<uint64_t>(&device_args);
    return DynTileFwkBackendKernelServerInit(&args);
}

/// The first 8 bytes of the build id, found in another way than the dispatcher does.
std::string build_id(const std::vector<char> &image)
{
    const char mark[] = {4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0};
    const auto at = std::search(image.begin(), image.end(), std::begin(mark), std::end(mark));
    std::string text;
    for (std::size_t i = 0; i < 8; i++) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x",
                      static_cast<unsigned char>(at[static_cast<long>(sizeof mark + i)]));
        text += digits;
    }
    return text;
}

std::string file_name(uint32_t image, uint64_t device)
{
    return image_names[image] + "_" + build_id(images[image]) + "_" + std::to_string(device) + ".so";
}

void an_image_gets_a_file_by_name_build_id_and_device(void **)
{
    const Folder folder;
    for (const uint64_t device : {uint64_t{0}, uint64_t{15}}) {
        assert_int_equal(dispatch(images[0], device), dispatcher::kDone);
        const fs::path path = fs::path(PTO_KERNEL_FOLDER) / file_name(0, device);
        assert_true(fs::exists(path));
        assert_true(read_file(path) == images[0]);
        assert_int_equal(access(path.c_str(), X_OK), 0);
    }
    assert_int_equal(folder.names().size(), 2);
}

void two_images_get_two_files(void **)
{
    const Folder folder;
    assert_int_equal(dispatch(images[0], 1), dispatcher::kDone);
    assert_int_equal(dispatch(images[1], 1), dispatcher::kDone);
    assert_int_equal(folder.names().size(), 2);
    assert_true(read_file(fs::path(PTO_KERNEL_FOLDER) / file_name(1, 1)) == images[1]);
}

void a_file_that_is_mapped_is_not_written_to(void **)
{
    const Folder folder;
    const fs::path path = fs::path(PTO_KERNEL_FOLDER) / file_name(0, 1);
    std::ofstream(path) << "another process has this";
    std::ifstream held(path);
    assert_int_equal(dispatch(images[0], 1), dispatcher::kDone);
    std::string text;
    std::getline(held, text);
    assert_string_equal(text.c_str(), "another process has this");
    assert_true(read_file(path) == images[0]);
}

void what_a_process_has_left_behind_is_in_nobody_s_way(void **)
{
    const Folder folder;
    const std::string rest = "." + std::to_string(gettid()) + "_" + file_name(0, 1);
    std::ofstream(fs::path(PTO_KERNEL_FOLDER) / rest) << "half of";
    assert_int_equal(dispatch(images[0], 1), dispatcher::kDone);
    assert_int_equal(folder.names().size(), 1);
    assert_string_equal(folder.names()[0].c_str(), file_name(0, 1).c_str());
}

void many_threads_write_one_file(void **)
{
    const Folder folder;
    std::vector<std::thread> threads;
    std::atomic<uint32_t> values{0};
    for (uint32_t i = 0; i < 8; i++)
        threads.emplace_back([&values] { values += dispatch(images[0], 1); });
    for (std::thread &thread : threads)
        thread.join();
    assert_int_equal(values, 0);
    assert_int_equal(folder.names().size(), 1);
    assert_true(read_file(fs::path(PTO_KERNEL_FOLDER) / file_name(0, 1)) == images[0]);
}

void a_folder_that_is_not_there_is_not_made(void **)
{
    const Folder folder(false);
    assert_int_equal(dispatch(images[0], 1), dispatcher::kNoFolder);
    assert_false(fs::exists(PTO_KERNEL_FOLDER));
}

void a_file_that_cannot_be_written_leaves_nothing(void **)
{
    const Folder folder;
    fs::create_directory(fs::path(PTO_KERNEL_FOLDER) / file_name(0, 1)); // A file does not replace a folder.
    assert_int_equal(dispatch(images[0], 1), dispatcher::kNotWritten);
    assert_int_equal(folder.names().size(), 1);
}

void what_is_no_image_is_refused_wherever_it_ends(void **)
{
    const Folder folder;
    for (std::size_t size = 0; size < images[0].size(); size += size < 4096 ? 1 : 997) {
        const std::vector<char> part(images[0].begin(), images[0].begin() + static_cast<long>(size));
        const uint32_t value = dispatch(part, 1);
        assert_true(value == dispatcher::kNotAnImage || value == dispatcher::kDone ||
                    (size == 0 && value == dispatcher::kNoArguments));
        if (size < sizeof(Elf64_Ehdr))
            assert_int_not_equal(value, dispatcher::kDone);
    }
    for (std::size_t at = 0; at < 4096; at++) {
        std::vector<char> image = images[0];
        image[at] = static_cast<char>(image[at] ^ 0xff);
        dispatch(image, 1); // Whatever it says, it reads nothing outside.
    }
}

void without_a_name_or_a_build_id_there_is_no_file(void **)
{
    const Folder folder;
    std::vector<char> image = images[0];
    auto *header = reinterpret_cast<Elf64_Ehdr *>(image.data());
    auto *programs = reinterpret_cast<Elf64_Phdr *>(image.data() + header->e_phoff);
    for (const uint32_t type : {uint32_t{PT_NOTE}, uint32_t{PT_DYNAMIC}}) {
        const std::vector<char> before = image;
        for (uint32_t i = 0; i < header->e_phnum; i++)
            if (programs[i].p_type == type)
                programs[i].p_type = PT_NULL;
        assert_int_equal(dispatch(image, 1), dispatcher::kNotAnImage);
        std::copy(before.begin(), before.end(), image.begin());
    }
    assert_int_equal(dispatch(image, 1), dispatcher::kDone);
}

void a_build_id_that_its_notes_do_not_hold_is_none(void **)
{
    const Folder folder;
    std::vector<char> image = images[0];
    auto *header = reinterpret_cast<Elf64_Ehdr *>(image.data());
    auto *programs = reinterpret_cast<Elf64_Phdr *>(image.data() + header->e_phoff);
    for (uint32_t i = 0; i < header->e_phnum; i++)
        if (programs[i].p_type == PT_NOTE)
            programs[i].p_filesz = std::min(programs[i].p_filesz, sizeof(Elf64_Nhdr) + sizeof "GNU" + 4);
    assert_int_equal(dispatch(image, 1), dispatcher::kNotAnImage);
}

void a_name_with_letters_that_the_vendor_does_not_take_is_refused(void **)
{
    const Folder folder;
    std::vector<char> image = images[0];
    const std::string name = image_names[0] + ".so";
    for (auto at = std::search(image.begin(), image.end(), name.begin(), name.end()); at != image.end();
         at = std::search(at + 1, image.end(), name.begin(), name.end()))
        *at = '/';
    assert_int_equal(dispatch(image, 1), dispatcher::kNotAnImage);
}

void no_arguments_are_no_reason_to_fault(void **)
{
    assert_int_equal(DynTileFwkBackendKernelServerInit(nullptr), dispatcher::kNoArguments);
    dispatcher::Args args{};
    assert_int_equal(DynTileFwkBackendKernelServerInit(&args), dispatcher::kNoArguments);
}

void the_other_functions_serve_nothing(void **)
{
    assert_int_equal(DynTileFwkBackendKernelServer(nullptr), dispatcher::kNotServed);
    assert_int_equal(StaticTileFwkBackendKernelServer(nullptr), dispatcher::kNotServed);
}

void names_are_numbers_and_letters(void **)
{
    dispatcher::Name name;
    name.add("a-_.Z9");
    name.add_number(0);
    name.add_number(UINT64_MAX);
    name.add_hex(0x0f);
    assert_true(name.is_valid());
    assert_string_equal(name.text(), "a-_.Z90184467440737095516150f");
    name.drop_end("0f");
    assert_string_equal(name.text(), "a-_.Z9018446744073709551615");
    name.drop_end("absent");
    assert_string_equal(name.text(), "a-_.Z9018446744073709551615");
    name.add(std::string(200, 'x').c_str());
    assert_false(name.is_valid());
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    for (int i = 0; i < 2; i++) {
        images[i] = read_file(argv[i + 1]);
        image_names[i] = fs::path(argv[i + 1]).stem();
    }
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_image_gets_a_file_by_name_build_id_and_device),
        cmocka_unit_test(two_images_get_two_files),
        cmocka_unit_test(a_file_that_is_mapped_is_not_written_to),
        cmocka_unit_test(what_a_process_has_left_behind_is_in_nobody_s_way),
        cmocka_unit_test(many_threads_write_one_file),
        cmocka_unit_test(a_folder_that_is_not_there_is_not_made),
        cmocka_unit_test(a_file_that_cannot_be_written_leaves_nothing),
        cmocka_unit_test(what_is_no_image_is_refused_wherever_it_ends),
        cmocka_unit_test(without_a_name_or_a_build_id_there_is_no_file),
        cmocka_unit_test(a_build_id_that_its_notes_do_not_hold_is_none),
        cmocka_unit_test(a_name_with_letters_that_the_vendor_does_not_take_is_refused),
        cmocka_unit_test(no_arguments_are_no_reason_to_fault),
        cmocka_unit_test(the_other_functions_serve_nothing),
        cmocka_unit_test(names_are_numbers_and_letters),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
