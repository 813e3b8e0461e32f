// SPDX-License-Identifier: Apache-2.0
// A device: its memory, its two processes, its health.
#ifndef PTO_TEST_STANDIN_STANDIN_DEVICE_HPP
#define PTO_TEST_STANDIN_STANDIN_DEVICE_HPP

#include "device_link.hpp"
#include "device_stream.hpp"

namespace standin {

class Device : public std::enable_shared_from_this<Device> {
public:
    Device(uint32_t id, Arch arch) : id_(id), arch_(arch), chip_(chip_of(arch)) {}
    Device(const Device &) = delete;
    Device &operator=(const Device &) = delete;
    ~Device();

    /// Starts both processes; empty, or what went wrong.
    std::string open(std::unique_lock<std::mutex> &lock);
    /// Ends both processes and forgets streams and memory. What was still there is counted as leaked when `is_soft`.
    void close(std::unique_lock<std::mutex> &lock, bool is_soft);
    bool is_open() const { return is_open_; }
    /// Another number after every close: threads that were bound before are not bound any more.
    uint64_t life() const { return life_; }

    // ---- memory

    uint64_t allocate(uint64_t bytes);
    /// False if nothing begins there.
    bool free(uint64_t address);
    /// Bytes from the address to the end of the allocation that holds it; 0: none does.
    uint64_t bytes_from(uint64_t address) const;
    std::size_t allocation_count() const { return allocations_.size(); }
    uint64_t allocated_bytes() const;
    /// False if the host's range cannot be read or written. They lie in one allocation.
    bool write(std::unique_lock<std::mutex> &lock, uint64_t address, const void *from, uint64_t bytes);
    bool read(uint64_t address, void *to, uint64_t bytes) const;
    bool copy(std::unique_lock<std::mutex> &lock, uint64_t to, uint64_t from, uint64_t bytes);
    bool fill(std::unique_lock<std::mutex> &lock, uint64_t address, uint8_t value, uint64_t bytes);

    // ---- health

    void poison(int cause);
    bool is_poisoned() const { return first_error_ != 0; }
    bool drain_works() const { return drain_works_ && is_poisoned(); }
    void heal();
    void set_drain_works(bool works) { drain_works_ = works; }

    DeviceLink &control() { return *control_; }
    DeviceLink &cores() { return *cores_; }
    uint32_t id() const { return id_; }
    const Chip &chip() const { return chip_; }
    Arch arch() const { return arch_; }

    uint32_t failing_resets = 0;
    uint32_t useless_resets = 0;
    bool was_forced = false;
    bool latch_is_closed = false;
    uint32_t stream_number = 0;

private:
    std::string start_processes(std::unique_lock<std::mutex> &lock);
    std::string pin_filesystem();
    void watch();
    /// Before the host writes: control CPUs keep what they have in their caches.
    void announce_write(std::unique_lock<std::mutex> &lock, uint64_t address, uint64_t bytes);
    off_t offset_of(uint64_t address) const { return static_cast<off_t>(address - memory_base(id_)); }

    uint32_t id_;
    Arch arch_;
    Chip chip_;
    bool is_open_ = false;
    bool has_cache_model_ = false;
    uint64_t life_ = 0;
    int memory_ = -1;
    int registers_ = -1;
    uint64_t memory_bytes_ = 0;
    std::map<uint64_t, uint64_t> allocations_;
    int first_error_ = 0;
    bool drain_works_ = false;
    std::shared_ptr<DeviceLink> control_;
    std::shared_ptr<DeviceLink> cores_;
};

} // namespace standin

#endif
