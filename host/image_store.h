// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_IMAGE_STORE_H
#define PTO_HOST_IMAGE_STORE_H

#include "engine/base/atomics.h"
#include "host/allocator.h"
#include "host/device.h"

#include <unordered_map>
#include <vector>

namespace pto::host {

/// Images on the device, each of them once: users of equal bytes share one, and the last one to leave frees it. Equal
/// means that the bytes are, not only their hash. Used by one thread at a time, except the counters, which any thread
/// may read.
class ImageStore {
public:
    enum class Kind { kKernel, kOrchestration };

    /// 64 bits to find candidates by. Replaceable, so that a test can make different images collide.
    using Hash = uint64_t (*)(const void *bytes, std::size_t size);
    static uint64_t content_hash(const void *bytes, std::size_t size);

    struct Image {
        Kind kind;
        uint32_t users;
        std::pmr::vector<std::byte> bytes;
        DeviceKernel kernel; ///< Of a kernel.
        uint64_t address;    ///< Of an orchestration: its bytes in device memory.
    };

    /// One use of an image. Gives it up when destroyed.
    class Ref {
    public:
        Ref() = default;
        Ref(ImageStore *store, uint64_t hash, Image *image) : store_(store), hash_(hash), image_(image) {}
        Ref(Ref &&other) noexcept : store_(other.store_), hash_(other.hash_), image_(other.image_)
        {
            other.image_ = nullptr;
        }
        Ref &operator=(Ref &&other) noexcept;
        ~Ref() { reset(); }

        const Image *operator->() const { return image_; }
        void reset();

    private:
        ImageStore *store_ = nullptr;
        uint64_t hash_ = 0;
        Image *image_ = nullptr;
    };

    /// `handle` is read when an image is uploaded, so the device may be opened later.
    ImageStore(Allocator &allocator, const DeviceInterface &device, Device *const &handle, Hash hash)
        : device_(device), handle_(handle), hash_(hash), images_(&allocator)
    {
    }
    ImageStore(const ImageStore &) = delete;
    ImageStore &operator=(const ImageStore &) = delete;

    /// Finds or uploads an image. Nothing has changed when it fails, or throws std::bad_alloc.
    pto_status acquire(Kind kind, const void *bytes, std::size_t size, Ref *out, DeviceFailure *failure);

    uint64_t kernel_uploads() const { return load_relaxed(kernel_uploads_); }
    uint64_t orch_uploads() const { return load_relaxed(orch_uploads_); }
    uint64_t dedup_hits() const { return load_relaxed(dedup_hits_); }
    uint64_t resident_bytes() const { return load_relaxed(resident_bytes_); }

private:
    pto_status upload(Image *image, DeviceFailure *failure);
    void give_up(uint64_t hash, Image *image);

    const DeviceInterface &device_;
    Device *const &handle_;
    Hash hash_;
    std::pmr::unordered_multimap<uint64_t, Image> images_;
    std::atomic<uint64_t> kernel_uploads_{0};
    std::atomic<uint64_t> orch_uploads_{0};
    std::atomic<uint64_t> dedup_hits_{0};
    std::atomic<uint64_t> resident_bytes_{0};
};

} // namespace pto::host

#endif
