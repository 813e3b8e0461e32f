// SPDX-License-Identifier: Apache-2.0
#include "standin_test.hpp"

#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

namespace standin_test {

Images images;
const char *arch_name = "a2a3";

bool take_arguments(int argc, char **argv)
{
    if (argc < 5)
        return false;
    arch_name = argv[1];
    images = {argv[2], argv[3], argv[4]};
    return true;
}

int begin(void **)
{
    return standin_reset(arch_name);
}

int end(void **)
{
    return standin_reset(arch_name);
}

namespace {

template <class T> void put(void *base, std::size_t offset, T value)
{
    std::memcpy(static_cast<char *>(base) + offset, &value, sizeof value);
}

void *library(const char *name)
{
    void *const handle = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
    if (handle == nullptr)
        fail_msg("%s", dlerror());
    return handle;
}

template <class T> void find(void *handle, const char *name, T *out)
{
    *out = reinterpret_cast<T>(dlsym(handle, name));
    if (*out == nullptr)
        fail_msg("%s", dlerror());
}

Vendor load_vendor()
{
    Vendor all;
    void *const acl = library("libascendcl.so");
    void *const runtime = library("libruntime.so");
    void *const hal = library("libascend_hal.so");
#define FIND(handle, name) find(handle, #name, &all.name)
    FIND(acl, aclInit);
    FIND(acl, aclFinalize);
    FIND(acl, aclrtSetDevice);
    FIND(acl, aclrtResetDevice);
    FIND(acl, aclrtResetDeviceForce);
    FIND(acl, aclrtCreateStream);
    FIND(acl, aclrtCreateStreamWithConfig);
    FIND(acl, aclrtDestroyStream);
    FIND(acl, aclrtStreamQuery);
    FIND(acl, aclrtSynchronizeStreamWithTimeout);
    FIND(acl, aclrtGetStreamResLimit);
    FIND(acl, aclrtSetOpExecuteTimeOutV2);
    FIND(acl, aclrtMalloc);
    FIND(acl, aclrtFree);
    FIND(acl, aclrtMemcpy);
    FIND(acl, aclrtMemset);
    FIND(acl, aclrtGetSocName);
    FIND(runtime, rtRegisterAllKernel);
    FIND(runtime, rtKernelLaunchWithHandleV2);
    FIND(runtime, rtAicpuKernelLaunchExWithArgs);
    FIND(runtime, rtsBinaryLoadFromFile);
    FIND(runtime, rtsFuncGetByName);
    FIND(runtime, rtsBinaryUnload);
    FIND(runtime, rtsLaunchCpuKernel);
    FIND(hal, halMemCtl);
    FIND(hal, halResMap);
    FIND(hal, halGetDeviceInfo);
#undef FIND
    return all;
}

/// {magic, version, bytes, length} of the vendor's binary.
int register_image(const std::vector<char> &bytes, uint32_t magic, void **out)
{
    uint64_t binary[3] = {};
    put(binary, 0, magic);
    put(binary, 8, reinterpret_cast<uint64_t>(bytes.data()));
    put(binary, 16, uint64_t{bytes.size()});
    return vendor().rtRegisterAllKernel(binary, out);
}

} // namespace

const Vendor &vendor()
{
    static const Vendor all = load_vendor();
    return all;
}

std::vector<char> read_file(const std::string &path)
{
    std::FILE *const file = std::fopen(path.c_str(), "rb");
    if (file == nullptr)
        fail_msg("%s cannot be read", path.c_str());
    std::vector<char> bytes;
    char part[4096];
    for (size_t got = std::fread(part, 1, sizeof part, file); got > 0; got = std::fread(part, 1, sizeof part, file))
        bytes.insert(bytes.end(), part, part + got);
    std::fclose(file);
    return bytes;
}

Card::Card(const char *name, int32_t logical_id) : arch(name), logical(logical_id)
{
    const int initialised = vendor().aclInit(nullptr);
    assert_true(initialised == 0 || initialised == 100002);
    EXPECT_OK(vendor().aclrtSetDevice(logical));
    EXPECT_OK(vendor().aclrtCreateStream(&control_stream));
    EXPECT_OK(vendor().aclrtCreateStream(&core_stream));
}

void Card::close()
{
    EXPECT_OK(vendor().aclrtDestroyStream(control_stream));
    EXPECT_OK(vendor().aclrtDestroyStream(core_stream));
    if (binary != nullptr)
        EXPECT_OK(vendor().rtsBinaryUnload(binary));
    for (void *address : memory)
        EXPECT_OK(vendor().aclrtFree(address));
    EXPECT_OK(vendor().aclrtResetDevice(logical));
    EXPECT_OK(vendor().aclFinalize());
    assert_int_equal(standin_count("leaked"), 0);
    assert_int_equal(standin_count("processes"), 0);
    expect_no_violations();
}

void Card::abandon()
{
    EXPECT_OK(vendor().aclrtResetDeviceForce(logical));
    EXPECT_OK(vendor().aclFinalize());
    assert_int_equal(standin_count("processes"), 0);
}

void *Card::allocate(size_t bytes)
{
    void *address = nullptr;
    EXPECT_OK(vendor().aclrtMalloc(&address, bytes, 0));
    memory.push_back(address);
    return address;
}

void Card::upload(void *to, const void *from, size_t bytes)
{
    EXPECT_OK(vendor().aclrtMemcpy(to, bytes, from, bytes, 1));
}

void Card::download(void *to, const void *from, size_t bytes)
{
    EXPECT_OK(vendor().aclrtMemcpy(to, bytes, from, bytes, 2));
}

int Card::bootstrap(uint64_t device)
{
    const std::vector<char> dispatcher = read_file(images.dispatcher);
    const std::vector<char> inner = read_file(images.control);
    char *const outer_bytes = static_cast<char *>(allocate(dispatcher.size()));
    char *const inner_bytes = static_cast<char *>(allocate(inner.size()));
    upload(outer_bytes, dispatcher.data(), dispatcher.size());
    upload(inner_bytes, inner.data(), inner.size());
    char block[160] = {};
    put(block, 96, reinterpret_cast<uint64_t>(outer_bytes));
    put(block, 104, uint64_t{dispatcher.size()});
    put(block, 112, device);
    put(block, 120, reinterpret_cast<uint64_t>(inner_bytes));
    put(block, 128, uint64_t{inner.size()});
    void *const block_address = allocate(sizeof block);
    upload(block_address, block, sizeof block);

    char args[208 + 3 * 32] = {};
    put(args, 40, reinterpret_cast<uint64_t>(block_address));
    std::strcpy(args + 208, "DynTileFwkKernelServerInit");
    std::strcpy(args + 240, "libaicpu_extend_kernels.so");
    uint64_t launch[12] = {};
    put(launch, 0, reinterpret_cast<uint64_t>(args));
    put(launch, 24, uint32_t{sizeof args});
    put(launch, 32, uint32_t{240});
    put(launch, 36, uint32_t{208});
    const int launched =
        vendor().rtAicpuKernelLaunchExWithArgs(5, "AST_DYN_AICPU", 1, launch, nullptr, control_stream, 0);
    std::memset(args, 0xff, sizeof args); // The caller's copy is free.
    return launched != 0 ? launched : wait_control();
}

void Card::load_functions(uint64_t device)
{
    std::string json = "{";
    for (const char *name : {"image_add", "image_add_stale", "image_meet", "image_fail", "image_crash", "image_hang",
                             "image_drive", "image_count", "image_tear", "image_missing"})
        json += std::string(json.size() > 1 ? "," : "") + "\"" + name + "_op\": {\"opInfo\": {\"functionName\": \"" +
                name + "\", \"kernelSo\": \"libimage_" + std::to_string(device) +
                ".so\", \"opKernelLib\": \"AICPUKernel\", \"userDefined\": \"False\"}}";
    json += "}";
    const int file = memfd_create("description", 0);
    assert_int_equal(write(file, json.data(), json.size()), json.size());
    const std::string path = "/proc/self/fd/" + std::to_string(file);
    uint32_t option[5] = {3, 0};
    uint64_t config[2] = {reinterpret_cast<uint64_t>(option), 1};
    EXPECT_OK(vendor().rtsBinaryLoadFromFile(path.c_str(), config, &binary));
    ::close(file);
}

int Card::launch(const char *function, const void *block, uint32_t blocks)
{
    void *handle = nullptr;
    EXPECT_OK(vendor().rtsFuncGetByName(binary, (std::string(function) + "_op").c_str(), &handle));
    uint64_t args = reinterpret_cast<uint64_t>(block);
    uint64_t launch_args[16] = {};
    put(launch_args, 0, reinterpret_cast<uint64_t>(&args));
    put(launch_args, 24, uint32_t{sizeof args});
    const int launched = vendor().rtsLaunchCpuKernel(handle, blocks, control_stream, nullptr, launch_args);
    args = 0;
    return launched;
}

void Card::register_cores()
{
    EXPECT_OK(register_image(read_file(images.core), 0x43554245, &core_image));
}

int Card::launch_cores(const void *block, uint32_t blocks)
{
    uint64_t argument = reinterpret_cast<uint64_t>(block);
    uint64_t args[5] = {};
    put(args, 0, reinterpret_cast<uint64_t>(&argument));
    put(args, 16, uint32_t{8});
    const int launched =
        vendor().rtKernelLaunchWithHandleV2(core_image, 0, blocks, args, nullptr, core_stream, nullptr);
    argument = 0;
    return launched;
}

int Card::wait_control(int32_t timeout_ms)
{
    return vendor().aclrtSynchronizeStreamWithTimeout(control_stream, timeout_ms);
}

int Card::wait_cores(int32_t timeout_ms)
{
    return vendor().aclrtSynchronizeStreamWithTimeout(core_stream, timeout_ms);
}

uint64_t Card::registers() const
{
    if (std::strcmp(arch, "a2a3") == 0) {
        uint32_t in[2] = {2, static_cast<uint32_t>(logical)};
        uint64_t out[2] = {};
        size_t out_bytes = 0;
        EXPECT_OK(vendor().halMemCtl(0, in, sizeof in, out, &out_bytes));
        assert_int_equal(out_bytes, 16);
        return out[0];
    }
    int32_t info[5] = {};
    unsigned long address = 0;
    unsigned length = 0;
    EXPECT_OK(vendor().halResMap(static_cast<unsigned>(logical), info, &address, &length));
    return address;
}

void expect_no_violations()
{
    for (uint32_t i = 0; i < standin_violation_count(); i++)
        print_error("violation: %s\n", standin_violation(i));
    assert_int_equal(standin_violation_count(), 0);
}

void expect_violation(uint32_t n, const char *part)
{
    const char *const text = standin_violation(n);
    assert_non_null(text);
    if (std::strstr(text, part) == nullptr)
        fail_msg("'%s' does not name '%s'", text, part);
}

} // namespace standin_test
