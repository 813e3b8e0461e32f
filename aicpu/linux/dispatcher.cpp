// SPDX-License-Identifier: Apache-2.0
// What the vendor's software loads to get at the executor: writes the executor image into the folder from which it
// loads kernels. Nothing that is mapped is ever written to: a file is written under another name and then gets its own.
#include "aicpu/linux/dispatcher_blocks.h"
#include "aicpu/linux/image_name.h"
#include "aicpu/linux/processor.h"

/// Tests have one of their own.
#ifndef PTO_KERNEL_FOLDER
#define PTO_KERNEL_FOLDER "/usr/lib64/aicpu_kernels/0/aicpu_kernels_device"
#endif

namespace pto::dispatcher {
namespace {

/// Another thread or process may be about to write the same file.
Name temporary_name(const Name &name)
{
    Name temporary;
    temporary.add(".");
    temporary.add_number(static_cast<uint64_t>(linux_calls::current_thread()));
    temporary.add("_");
    temporary.add(name.text());
    return temporary;
}

bool write_all(int file, const uint8_t *bytes, uint64_t size)
{
    for (uint64_t done = 0; done < size;) {
        const long count = linux_calls::write(file, bytes + done, size - done);
        if (count == linux_calls::kErrorInterrupted)
            continue;
        if (count <= 0)
            return false;
        done += static_cast<uint64_t>(count);
    }
    return true;
}

/// A new file; one of this name can only be the rest of a process that did not get to its end.
long create(int folder, const char *name)
{
    using namespace linux_calls;
    constexpr int kFlags = kOpenWrite | kOpenCreate | kOpenExclusive;
    const long file = openat(folder, name, kFlags, 0755);
    if (file != kErrorExists)
        return file;
    unlinkat(folder, name);
    return openat(folder, name, kFlags, 0755);
}

bool write_file(int folder, const Name &name, const uint8_t *bytes, uint64_t size)
{
    const Name temporary = temporary_name(name);
    if (!temporary.is_valid())
        return false;
    const long file = create(folder, temporary.text());
    if (file < 0)
        return false;
    bool is_written = write_all(static_cast<int>(file), bytes, size);
    is_written = linux_calls::close(static_cast<int>(file)) == 0 && is_written;
    if (is_written && linux_calls::renameat(folder, temporary.text(), name.text()) == 0)
        return true;
    linux_calls::unlinkat(folder, temporary.text());
    return false;
}

Value write_inner(const DeviceArgs &device_args)
{
    const auto *image = reinterpret_cast<const uint8_t *>(device_args.inner);
    if (image == nullptr)
        return kNoArguments;
    processor::flush_lines(image, device_args.inner_bytes);
    Name name;
    if (!name_image(image, device_args.inner_bytes, device_args.device, &name))
        return kNotAnImage;
    const long folder =
        linux_calls::openat(linux_calls::kCurrentFolder, PTO_KERNEL_FOLDER, linux_calls::kOpenDirectory, 0);
    if (folder < 0)
        return kNoFolder;
    const bool is_written = write_file(static_cast<int>(folder), name, image, device_args.inner_bytes);
    linux_calls::close(static_cast<int>(folder));
    return is_written ? kDone : kNotWritten;
}

} // namespace
} // namespace pto::dispatcher

uint32_t DynTileFwkBackendKernelServerInit(void *args)
{
    using namespace pto;
    if (args == nullptr)
        return dispatcher::kNoArguments;
    const auto *device_args =
        reinterpret_cast<const dispatcher::DeviceArgs *>(static_cast<const dispatcher::Args *>(args)->device_args);
    if (device_args == nullptr)
        return dispatcher::kNoArguments;
    // Where caches are coherent this is not needed, and it happens once.
    processor::flush_lines(device_args, sizeof *device_args);
    return dispatcher::write_inner(*device_args);
}

uint32_t DynTileFwkBackendKernelServer(void *)
{
    return pto::dispatcher::kNotServed;
}

uint32_t StaticTileFwkBackendKernelServer(void *)
{
    return pto::dispatcher::kNotServed;
}
