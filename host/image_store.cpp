// SPDX-License-Identifier: Apache-2.0
#include "host/image_store.h"

#include <cstdio>
#include <cstring>

namespace pto::host {
namespace {

/// One thread writes.
void add(std::atomic<uint64_t> &counter, uint64_t count)
{
    store_relaxed(counter, load_relaxed(counter) + count);
}

} // namespace

ImageStore::Ref &ImageStore::Ref::operator=(Ref &&other) noexcept
{
    reset();
    store_ = other.store_;
    hash_ = other.hash_;
    image_ = other.image_;
    other.image_ = nullptr;
    return *this;
}

void ImageStore::Ref::reset()
{
    if (image_ != nullptr)
        store_->give_up(hash_, image_);
    image_ = nullptr;
}

pto_status ImageStore::acquire(Kind kind, const void *bytes, std::size_t size, Ref *out, DeviceFailure *failure)
{
    const uint64_t hash = hash_(bytes, size);
    for (auto [at, end] = images_.equal_range(hash); at != end; ++at) {
        Image &image = at->second;
        if (image.kind != kind || image.bytes.size() != size || std::memcmp(image.bytes.data(), bytes, size) != 0)
            continue;
        image.users++;
        add(dedup_hits_, 1);
        *out = Ref(this, hash, &image);
        return PTO_OK;
    }
    const auto *first = static_cast<const std::byte *>(bytes);
    const auto at = images_.emplace(
        hash,
        Image{kind, 1, std::pmr::vector<std::byte>(first, first + size, images_.get_allocator().resource()), {}, 0});
    const pto_status status = upload(&at->second, failure);
    if (status != PTO_OK) {
        images_.erase(at);
        return status;
    }
    add(resident_bytes_, size);
    *out = Ref(this, hash, &at->second);
    return PTO_OK;
}

pto_status ImageStore::upload(Image *image, DeviceFailure *failure)
{
    const void *bytes = image->bytes.data();
    const std::size_t size = image->bytes.size();
    if (image->kind == Kind::kKernel) {
        const pto_status status = device_.kernel_load(handle_, bytes, size, &image->kernel, failure);
        add(kernel_uploads_, status == PTO_OK ? 1 : 0);
        return status;
    }
    pto_status status = device_.mem_alloc(handle_, size, &image->address, failure);
    if (status != PTO_OK)
        return status;
    status = device_.copy_to(handle_, image->address, bytes, size, failure);
    if (status != PTO_OK) {
        blame(failure, "the copy of the image failed");
        device_.mem_free(handle_, image->address);
    }
    add(orch_uploads_, status == PTO_OK ? 1 : 0);
    return status;
}

void ImageStore::give_up(uint64_t hash, Image *image)
{
    if (--image->users > 0)
        return;
    add(resident_bytes_, -image->bytes.size());
    if (image->kind == Kind::kKernel)
        device_.kernel_unload(handle_, image->kernel);
    else
        device_.mem_free(handle_, image->address);
    for (auto [at, end] = images_.equal_range(hash); at != end; ++at) {
        if (&at->second == image) {
            images_.erase(at);
            return;
        }
    }
}

} // namespace pto::host
