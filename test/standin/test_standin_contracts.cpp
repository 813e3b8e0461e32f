// SPDX-License-Identifier: Apache-2.0
// What callers must not do: each fails with a text that names it.
#include "image_blocks.hpp"
#include "standin_test.hpp"

#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace standin_test;

namespace {

constexpr int kBadParameter = 107000;
constexpr int kBadDevice = 107001;
constexpr int kPoisoned = 507899;

/// One violation more than before, which names this.
void expect_one_more(const char *part)
{
    static uint32_t seen = 0;
    if (standin_violation_count() == 1)
        seen = 0;
    assert_int_equal(standin_violation_count(), seen + 1);
    expect_violation(seen++, part);
}

#define EXPECT_VIOLATION(part, call)                                                                                   \
    do {                                                                                                               \
        assert_int_equal(call, kBadParameter);                                                                         \
        expect_one_more(part);                                                                                         \
    } while (0)

void a_thread_has_to_be_bound(void **)
{
    Card card(arch_name);
    int result = 0;
    std::thread other([&] {
        void *address = nullptr;
        result = vendor().aclrtMalloc(&address, 64, 0);
    });
    other.join();
    EXPECT_VIOLATION("not bound", result);
    std::thread bound([&] {
        void *address = nullptr;
        result = vendor().aclrtSetDevice(0);
        if (result == 0)
            result = vendor().aclrtMalloc(&address, 64, 0);
        if (result == 0)
            result = vendor().aclrtFree(address);
    });
    bound.join();
    EXPECT_OK(result);
    card.abandon();
}

void a_reset_unbinds_all_threads(void **)
{
    Card card(arch_name);
    void *address = nullptr;
    EXPECT_OK(vendor().aclrtResetDevice(0));
    EXPECT_VIOLATION("not bound", vendor().aclrtMalloc(&address, 64, 0));
    // Another thread opens it again: that binds nobody else.
    int result = -1;
    std::thread other([&] { result = vendor().aclrtSetDevice(0); });
    other.join();
    EXPECT_OK(result);
    EXPECT_VIOLATION("not bound", vendor().aclrtMalloc(&address, 64, 0));
    card.abandon();
}

void nothing_is_called_before_init_or_after_finalize(void **)
{
    EXPECT_VIOLATION("before aclInit", vendor().aclrtSetDevice(0));
    Card card(arch_name);
    EXPECT_VIOLATION("while device 0 is open", vendor().aclFinalize());
    EXPECT_OK(vendor().aclrtResetDevice(0));
    EXPECT_OK(vendor().aclFinalize());
    EXPECT_VIOLATION("after aclFinalize", vendor().aclrtSetDevice(0));
}

void ids_are_of_two_kinds(void **)
{
    standin_visible_devices("2,3");
    Card card(arch_name, 1);
    assert_int_equal(vendor().aclrtSetDevice(2), kBadDevice);
    uint32_t in[2] = {2, 1};
    uint64_t out[2];
    size_t bytes = 0;
    int32_t info[5] = {};
    unsigned long window = 0;
    unsigned length = 0;
    const auto map = [&](uint32_t id) {
        in[1] = id;
        return std::strcmp(arch_name, "a5") == 0 ? vendor().halResMap(id, info, &window, &length)
                                                 : vendor().halMemCtl(0, in, sizeof in, out, &bytes);
    };
    // Logical 1 is the driver's 3.
    assert_int_equal(map(1), 3);
    expect_one_more("logical id");
    EXPECT_OK(map(3));
    assert_int_equal(map(2), 62);
    int64_t value = 0;
    EXPECT_OK(vendor().halGetDeviceInfo(3, 0, 19, &value));
    assert_int_equal(value, 1);
    assert_int_equal(vendor().halGetDeviceInfo(1, 0, 19, &value), 3);
    card.abandon();
}

void copies_stay_within_what_they_name(void **)
{
    Card card(arch_name);
    char host[64] = {};
    void *const address = card.allocate(64);
    EXPECT_VIOLATION("destination of 32", vendor().aclrtMemcpy(address, 32, host, 64, 1));
    EXPECT_VIOLATION("no 1024 bytes", vendor().aclrtMemcpy(address, 1024, host, 64, 1));
    EXPECT_VIOLATION("not a device address", vendor().aclrtMemcpy(host, 64, host, 64, 1));
    EXPECT_VIOLATION("not a host address", vendor().aclrtMemcpy(address, 64, address, 64, 1));
    EXPECT_VIOLATION("not 64 bytes of memory",
                     vendor().aclrtMemcpy(address, 64, reinterpret_cast<void *>(uintptr_t{16}), 64, 1));
    EXPECT_VIOLATION("no kind 7", vendor().aclrtMemcpy(address, 64, host, 64, 7));
    EXPECT_VIOLATION("destination of 8", vendor().aclrtMemset(address, 8, 0, 64));
    card.abandon();
}

void memory_is_freed_once_and_where_it_was_allocated(void **)
{
    Card card(arch_name);
    void *address = nullptr;
    EXPECT_OK(vendor().aclrtMalloc(&address, 64, 0));
    EXPECT_VIOLATION("nothing of this device", vendor().aclrtFree(static_cast<char *>(address) + 8));
    EXPECT_OK(vendor().aclrtFree(address));
    EXPECT_VIOLATION("nothing of this device", vendor().aclrtFree(address));
    EXPECT_OK(vendor().aclrtMalloc(&address, 64, 0));
    EXPECT_OK(vendor().aclrtSetDevice(1));
    EXPECT_VIOLATION("nothing of this device", vendor().aclrtFree(address));
    EXPECT_VIOLATION("another device", vendor().aclrtDestroyStream(card.core_stream));
    EXPECT_OK(vendor().aclrtResetDeviceForce(1));
    card.abandon();
}

void what_a_reset_still_finds_has_leaked(void **)
{
    Card card(arch_name);
    card.allocate(64);
    EXPECT_OK(vendor().aclrtResetDevice(0));
    assert_int_equal(standin_count("leaked"), 3);
    EXPECT_OK(vendor().aclFinalize());
}

void single_resources_of_a_poisoned_card_are_left_alone(void **)
{
    Card card(arch_name);
    void *const address = card.allocate(64);
    standin_poison(0, 0);
    EXPECT_VIOLATION("poisoned", vendor().aclrtFree(address));
    EXPECT_VIOLATION("poisoned", vendor().aclrtDestroyStream(card.core_stream));
    EXPECT_VIOLATION("poisoned", vendor().rtsBinaryUnload(address));
    assert_int_equal(vendor().aclrtMemset(address, 64, 0, 64), kPoisoned);
    card.abandon();
}

int register_bytes(const std::vector<char> &bytes, uint32_t magic, void **out)
{
    const uint64_t binary[3] = {magic, reinterpret_cast<uint64_t>(bytes.data()), bytes.size()};
    return vendor().rtRegisterAllKernel(binary, out);
}

void a_core_image_is_registered_once(void **)
{
    Card card(arch_name);
    card.register_cores();
    void *again = nullptr;
    EXPECT_VIOLATION("registered already", register_bytes(read_file(images.core), 0x43554245, &again));
    // Not even after a reset, which it outlives.
    EXPECT_OK(vendor().aclrtResetDevice(0));
    EXPECT_OK(vendor().aclrtSetDevice(0));
    EXPECT_VIOLATION("registered already", register_bytes(read_file(images.core), 0x43554245, &again));
    assert_int_equal(standin_count("registrations"), 1);
    card.abandon();
}

void entries_of_a_core_image_have_suffixes(void **)
{
    Card card(arch_name);
    std::vector<char> bytes = read_file(images.core);
    void *handle = nullptr;
    EXPECT_VIOLATION("magic", register_bytes(bytes, 0x41415246, &handle));
    // The name of the entry loses its end.
    const char entry[] = "image_core_0_mix_aic";
    for (size_t i = 0; i + sizeof entry <= bytes.size(); i++)
        if (std::memcmp(bytes.data() + i, entry, sizeof entry) == 0)
            bytes[i + std::strlen("image_core")] = '\0';
    EXPECT_VIOLATION("_0_mix_aic", register_bytes(bytes, 0x43554245, &handle));
    bytes.resize(32);
    EXPECT_VIOLATION("not an ELF file", register_bytes(bytes, 0x43554245, &handle));
    card.abandon();
}

void cores_are_launched_first(void **)
{
    Card card(arch_name);
    EXPECT_OK(card.bootstrap());
    card.load_functions();
    card.register_cores();
    void *const block = card.allocate(sizeof(ControlBlock));
    EXPECT_OK(vendor().aclrtMemset(block, sizeof(ControlBlock), 0, sizeof(ControlBlock)));
    EXPECT_OK(card.launch("image_hang", block, 2));
    EXPECT_OK(card.launch_cores(block, 1));
    expect_one_more("before the cores");
    card.abandon();
}

void launches_name_a_stream_of_the_host_and_memory_of_the_device(void **)
{
    Card card(arch_name);
    card.register_cores();
    const uint64_t host_value = 0;
    EXPECT_VIOLATION("no address of this device's memory", card.launch_cores(&host_value, 1));
    void *const block = card.allocate(sizeof(CoreBlock));
    EXPECT_VIOLATION("100 blocks", card.launch_cores(block, 100));
    void *const usual = card.core_stream;
    EXPECT_OK(vendor().aclrtCreateStreamWithConfig(&card.core_stream, 0, 0x20));
    EXPECT_VIOLATION("device only", card.launch_cores(block, 1));
    EXPECT_OK(vendor().aclrtDestroyStream(card.core_stream));
    EXPECT_VIOLATION("there is no stream", card.launch_cores(block, 1));
    card.core_stream = usual;
    card.abandon();
}

int load_description(const char *json)
{
    char path[] = "/tmp/standin-description-XXXXXX";
    const int file = mkstemp(path);
    assert_int_equal(write(file, json, std::strlen(json)), std::strlen(json));
    close(file);
    uint32_t option[5] = {3, 0};
    uint64_t config[2] = {reinterpret_cast<uint64_t>(option), 1};
    void *binary = nullptr;
    const int result = vendor().rtsBinaryLoadFromFile(path, config, &binary);
    unlink(path);
    return result;
}

std::string description_of(const std::string &so, const std::string &function)
{
    return R"({"op": {"opInfo": {"functionName": ")" + function + R"(", "kernelSo": ")" + so +
           R"(", "opKernelLib": "AICPUKernel", "userDefined": "False"}}})";
}

void names_are_those_that_the_loader_takes(void **)
{
    Card card(arch_name);
    EXPECT_OK(load_description(description_of(std::string(100, 'a'), std::string(200, 'f')).c_str()));
    EXPECT_VIOLATION("1 to 100", load_description(description_of(std::string(101, 'a'), "f").c_str()));
    EXPECT_VIOLATION("1 to 200", load_description(description_of("a", std::string(201, 'f')).c_str()));
    EXPECT_VIOLATION("'../a'", load_description(description_of("../a", "f").c_str()));
    EXPECT_VIOLATION("no object opInfo", load_description(R"({"op": {}})"));
    EXPECT_VIOLATION("lacks", load_description(R"({"op": {"opInfo": {"functionName": "f"}}})"));
    EXPECT_VIOLATION("not a JSON object", load_description(R"({"op": )"));
    card.abandon();
}

void the_dispatcher_is_loaded_one_way(void **)
{
    Card card(arch_name);
    uint64_t args[16] = {};
    EXPECT_VIOLATION("0 bytes of arguments", vendor().rtAicpuKernelLaunchExWithArgs(5, "AST_DYN_AICPU", 1, args,
                                                                                    nullptr, card.control_stream, 0));
    char content[304] = {};
    args[0] = reinterpret_cast<uint64_t>(content);
    args[3] = sizeof content;
    EXPECT_VIOLATION("kernel type 4", vendor().rtAicpuKernelLaunchExWithArgs(4, "AST_DYN_AICPU", 1, args, nullptr,
                                                                             card.control_stream, 0));
    EXPECT_VIOLATION("no kernel ''", vendor().rtAicpuKernelLaunchExWithArgs(5, "AST_DYN_AICPU", 1, args, nullptr,
                                                                            card.control_stream, 0));
    card.abandon();
}

void registers_are_written_by_32_bits(void **)
{
    Card card(arch_name);
    EXPECT_OK(card.bootstrap());
    card.load_functions();
    ControlBlock block{};
    block.a = 10000;
    block.registers = card.registers();
    block.command_offset = 0xA0;
    void *const address = card.allocate(sizeof block);
    card.upload(address, &block, sizeof block);
    EXPECT_OK(card.launch("image_tear", address, 2));
    EXPECT_OK(card.wait_control());
    card.download(&block, address, sizeof block);
    assert_int_not_equal(block.sum, 0);
    assert_true(block.sum >> 32 != (block.sum & 0xffffffff));
    assert_true(standin_violation_count() > 0);
    expect_violation(0, "64 bits to a register");
    card.abandon();
}

} // namespace

int main(int argc, char **argv)
{
    if (!take_arguments(argc, argv))
        return 2;
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const CMUnitTest tests[] = {
        TEST(a_thread_has_to_be_bound),
        TEST(a_reset_unbinds_all_threads),
        TEST(nothing_is_called_before_init_or_after_finalize),
        TEST(ids_are_of_two_kinds),
        TEST(copies_stay_within_what_they_name),
        TEST(memory_is_freed_once_and_where_it_was_allocated),
        TEST(what_a_reset_still_finds_has_leaked),
        TEST(single_resources_of_a_poisoned_card_are_left_alone),
        TEST(a_core_image_is_registered_once),
        TEST(entries_of_a_core_image_have_suffixes),
        TEST(cores_are_launched_first),
        TEST(launches_name_a_stream_of_the_host_and_memory_of_the_device),
        TEST(names_are_those_that_the_loader_takes),
        TEST(the_dispatcher_is_loaded_one_way),
        TEST(registers_are_written_by_32_bits),
    };
#undef TEST
    return cmocka_run_group_tests_name(arch_name, tests, nullptr, nullptr);
}
