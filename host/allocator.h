// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_HOST_ALLOCATOR_H
#define PTO_HOST_ALLOCATOR_H

#include "pto/pto.h"

#include <memory>
#include <memory_resource>
#include <new>

namespace pto::host {

/// The user's allocator as a memory resource; malloc and free when there is none. Out of memory is std::bad_alloc,
/// which the C functions turn into PTO_ERROR_OUT_OF_HOST_MEMORY.
class Allocator final : public std::pmr::memory_resource {
public:
    explicit Allocator(const pto_allocator *callbacks);

    template <class T, class... Args> T *create(Args &&...args)
    {
        void *block = allocate(sizeof(T), alignof(T));
        try {
            return new (block) T(static_cast<Args &&>(args)...);
        } catch (...) {
            deallocate(block, sizeof(T), alignof(T));
            throw;
        }
    }

    template <class T> void destroy(T *object)
    {
        object->~T();
        deallocate(object, sizeof(T), alignof(T));
    }

private:
    void *do_allocate(std::size_t size, std::size_t alignment) override;
    void do_deallocate(void *block, std::size_t size, std::size_t alignment) override;
    bool do_is_equal(const std::pmr::memory_resource &other) const noexcept override { return this == &other; }

    pto_allocator callbacks_;
};

} // namespace pto::host

#endif
