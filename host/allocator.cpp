// SPDX-License-Identifier: Apache-2.0
#include "host/allocator.h"

namespace pto::host {
namespace {

void *allocate_default(void *, std::size_t size, std::size_t alignment)
{
    return ::operator new(size, std::align_val_t(alignment), std::nothrow);
}

void release_default(void *, void *block, std::size_t, std::size_t alignment)
{
    ::operator delete(block, std::align_val_t(alignment));
}

} // namespace

Allocator::Allocator(const pto_allocator *callbacks)
    : callbacks_(callbacks == nullptr ? pto_allocator{nullptr, allocate_default, release_default} : *callbacks)
{
}

void *Allocator::do_allocate(std::size_t size, std::size_t alignment)
{
    void *block = callbacks_.allocate(callbacks_.user, size == 0 ? 1 : size, alignment);
    if (block == nullptr)
        throw std::bad_alloc();
    return block;
}

void Allocator::do_deallocate(void *block, std::size_t size, std::size_t alignment)
{
    callbacks_.release(callbacks_.user, block, size == 0 ? 1 : size, alignment);
}

} // namespace pto::host
