// SPDX-License-Identifier: Apache-2.0
// A device's memory as the host gets to it: allocations, and copies through the file behind it.
#include "standin_device.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace standin {
namespace {

constexpr uint64_t kAlignment = 512;
constexpr uint64_t kPage = 4096;
constexpr uint64_t kGuard = 4096; ///< Between two allocations, so that one is not taken for the other.
constexpr uint64_t kCachedWrite = uint64_t{1} << 20; ///< Larger ones are tensors, which control CPUs do not read.
constexpr uint64_t kDirtyBytes = 64 * 1024;
constexpr uint8_t kDirt = 0xA5;

bool write_all(int file, const void *from, uint64_t bytes, off_t offset)
{
    const auto *at = static_cast<const char *>(from);
    while (bytes > 0) {
        const ssize_t written = pwrite(file, at, bytes, offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        offset += written;
        bytes -= static_cast<uint64_t>(written);
    }
    return true;
}

bool read_all(int file, void *to, uint64_t bytes, off_t offset)
{
    auto *at = static_cast<char *>(to);
    while (bytes > 0) {
        const ssize_t got = pread(file, at, bytes, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        offset += got;
        bytes -= static_cast<uint64_t>(got);
    }
    return true;
}

bool fill_all(int file, uint8_t value, uint64_t bytes, off_t offset)
{
    const std::vector<char> chunk(static_cast<std::size_t>(std::min<uint64_t>(bytes, 1 << 20)),
                                  static_cast<char>(value));
    while (bytes > 0) {
        const uint64_t part = std::min<uint64_t>(bytes, chunk.size());
        if (!write_all(file, chunk.data(), part, offset))
            return false;
        offset += static_cast<off_t>(part);
        bytes -= part;
    }
    return true;
}

} // namespace

/// First fit. What is handed out is aligned to 512 bytes and to no more, and is not zero.
uint64_t Device::allocate(uint64_t bytes)
{
    const uint64_t size = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    uint64_t at = memory_base(id_) + kAlignment;
    for (const auto &[address, length] : allocations_) {
        if (at + size + kGuard <= address)
            break;
        at = address + length + kGuard;
    }
    if (size > memory_bytes_ || at + size + kGuard > memory_base(id_) + memory_bytes_)
        return 0;
    allocations_[at] = size;
    fill_all(memory_, kDirt, std::min(size, kDirtyBytes), offset_of(at));
    return at;
}

bool Device::free(uint64_t address)
{
    const auto found = allocations_.find(address);
    if (found == allocations_.end())
        return false;
    const uint64_t begin = (address + kPage - 1) / kPage * kPage;
    const uint64_t end = (address + found->second) / kPage * kPage;
    if (begin < end)
        fallocate(memory_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset_of(begin),
                  static_cast<off_t>(end - begin));
    allocations_.erase(found);
    return true;
}

uint64_t Device::bytes_from(uint64_t address) const
{
    auto next = allocations_.upper_bound(address);
    if (next == allocations_.begin())
        return 0;
    --next;
    const uint64_t end = next->first + next->second;
    return address < end ? end - address : 0;
}

uint64_t Device::allocated_bytes() const
{
    uint64_t sum = 0;
    for (const auto &[address, length] : allocations_)
        sum += length;
    return sum;
}

void Device::announce_write(std::unique_lock<std::mutex> &lock, uint64_t address, uint64_t bytes)
{
    if (!has_cache_model_ || bytes == 0 || bytes > kCachedWrite || !control_->is_alive())
        return;
    Message message{};
    message.verb = Verb::kSnapshot;
    message.address = address;
    message.bytes = bytes;
    control_->call(lock, message);
}

bool Device::write(std::unique_lock<std::mutex> &lock, uint64_t address, const void *from, uint64_t bytes)
{
    announce_write(lock, address, bytes);
    return write_all(memory_, from, bytes, offset_of(address));
}

bool Device::read(uint64_t address, void *to, uint64_t bytes) const
{
    return read_all(memory_, to, bytes, offset_of(address));
}

bool Device::copy(std::unique_lock<std::mutex> &lock, uint64_t to, uint64_t from, uint64_t bytes)
{
    announce_write(lock, to, bytes);
    std::vector<char> data(bytes);
    return read_all(memory_, data.data(), bytes, offset_of(from)) &&
           write_all(memory_, data.data(), bytes, offset_of(to));
}

/// Zero where whole pages are is a hole: memory that nobody touched is not committed.
bool Device::fill(std::unique_lock<std::mutex> &lock, uint64_t address, uint8_t value, uint64_t bytes)
{
    announce_write(lock, address, bytes);
    const uint64_t begin = (address + kPage - 1) / kPage * kPage;
    const uint64_t end = (address + bytes) / kPage * kPage;
    if (value != 0 || begin >= end)
        return fill_all(memory_, value, bytes, offset_of(address));
    return fill_all(memory_, 0, begin - address, offset_of(address)) &&
           fallocate(memory_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset_of(begin),
                     static_cast<off_t>(end - begin)) == 0 &&
           fill_all(memory_, 0, address + bytes - end, offset_of(end));
}

} // namespace standin
