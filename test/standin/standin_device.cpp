// SPDX-License-Identifier: Apache-2.0
#include "standin_device.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace standin {
namespace {

/// The folder of this library, where the device processes' programs are too. Absolute, because a process that joins a
/// mount namespace begins at its root.
std::string own_folder()
{
    Dl_info info{};
    dladdr(reinterpret_cast<const void *>(&own_folder), &info);
    const std::unique_ptr<char, void (*)(void *)> path(realpath(info.dli_fname, nullptr), std::free);
    const std::string text = path != nullptr ? path.get() : "";
    return text.substr(0, text.rfind('/'));
}

int make_file(const char *name, uint64_t bytes)
{
    const int file = memfd_create(name, MFD_CLOEXEC);
    if (file >= 0 && ftruncate(file, static_cast<off_t>(bytes)) != 0) {
        ::close(file);
        return -1;
    }
    return file;
}

} // namespace

Device::~Device()
{
    for (const int file : {memory_, registers_})
        if (file >= 0)
            ::close(file);
}

std::string Device::open(std::unique_lock<std::mutex> &lock)
{
    World &all = world();
    memory_bytes_ = all.memory_bytes;
    has_cache_model_ = all.cache_model && arch_ == Arch::kA2a3;
    memory_ = make_file("standin-memory", memory_bytes_);
    registers_ = make_file("standin-registers", kRegisterBytes);
    if (memory_ < 0 || registers_ < 0)
        return std::string("memfd_create: ") + std::strerror(errno);
    is_open_ = true;
    all.device_was_opened = true;
    const std::string failed = start_processes(lock);
    if (!failed.empty())
        close(lock, false);
    return failed;
}

std::string Device::start_processes(std::unique_lock<std::mutex> &lock)
{
    World &all = world();
    const std::string folder = own_folder();
    const std::string arch = arch_ == Arch::kA2a3 ? "a2a3" : "a5";
    const std::string id = std::to_string(id_);
    Inheritance inheritance{memory_, registers_, all.filesystem};
    cores_ = std::make_shared<DeviceLink>(
        std::vector<std::string>{folder + "/pto_standin_cores", arch, id, std::to_string(memory_bytes_), "cores"});
    const std::string cores_failed = cores_->start(lock, {memory_, registers_, -1});
    if (!cores_failed.empty())
        return cores_failed;
    const char *filesystem = all.filesystem >= 0 ? "join" : all.root_folder_is_ours ? "root" : "new";
    control_ = std::make_shared<DeviceLink>(std::vector<std::string>{
        folder + "/pto_standin_launcher", filesystem, "qemu-aarch64", "-L", "/usr/aarch64-linux-gnu",
        folder + "/pto_standin_control", arch, id, std::to_string(memory_bytes_),
        has_cache_model_ ? "cached" : "coherent", latch_is_closed && all.latch_survives ? "latched" : "open",
        all.cpus_are_told ? "told" : "untold", "control CPUs"});
    const std::string control_failed = control_->start(lock, inheritance);
    if (!control_failed.empty())
        return control_failed;
    watch();
    return pin_filesystem();
}

/// Files that the control CPUs have written are there after a reset, and for other devices.
std::string Device::pin_filesystem()
{
    World &all = world();
    if (control_->greeting().result == 0)
        all.root_folder_is_ours = true;
    if (all.filesystem >= 0 || all.root_folder_is_ours)
        return {};
    const std::string path = "/proc/" + std::to_string(control_->pid()) + "/ns/mnt";
    all.filesystem = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    return all.filesystem >= 0 ? std::string() : path + ": " + std::strerror(errno);
}

void Device::watch()
{
    const std::weak_ptr<Device> weak = weak_from_this();
    for (const auto &link : {control_, cores_})
        link->on_message = [weak](const Message &message) {
            const auto self = weak.lock();
            if (self == nullptr)
                return;
            World &all = world();
            if (message.verb == Verb::kGone) {
                all.last_fault = message.text;
            } else if (message.verb == Verb::kFault) {
                all.last_fault = message.text;
            } else if (message.verb == Verb::kNote) {
                if (message.flags != 0)
                    all.violate("%s", message.text);
                else
                    all.totals[message.text] += static_cast<int64_t>(message.value);
            }
        };
}

void Device::close(std::unique_lock<std::mutex> &lock, bool is_soft)
{
    World &all = world();
    const auto self = shared_from_this();
    int64_t left = static_cast<int64_t>(allocations_.size());
    for (auto it = all.streams.begin(); it != all.streams.end();) {
        if (it->second->device() == self) {
            it->second->stop();
            it = all.streams.erase(it);
            left++;
        } else {
            ++it;
        }
    }
    left += static_cast<int64_t>(std::erase_if(all.binaries, [&](const auto &e) { return e.second->device == id_; }));
    if (is_soft)
        all.totals["leaked"] += left;
    allocations_.clear();
    is_open_ = false;
    life_ = ++all.reset_count;
    for (const auto &link : {control_, cores_})
        if (link != nullptr)
            link->stop(lock);
    for (int *file : {&memory_, &registers_}) {
        if (*file >= 0)
            ::close(*file);
        *file = -1;
    }
}

void Device::poison(int cause)
{
    if (first_error_ == 0)
        first_error_ = cause;
    world().changed.notify_all();
}

void Device::heal()
{
    first_error_ = 0;
    drain_works_ = false;
}

} // namespace standin
