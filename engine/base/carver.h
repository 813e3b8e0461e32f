// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_BASE_CARVER_H
#define PTO_ENGINE_BASE_CARVER_H

#include <cstddef>
#include <cstdint>

namespace pto {

/// Cuts typed arrays out of one block of memory, each on its own cache line. With a null block it only adds up sizes,
/// so one function both measures and lays out an arena.
class Carver {
public:
    explicit Carver(void *block) : base_(static_cast<std::byte *>(block)) {}

    template <class T> T *take(std::size_t count)
    {
        static_assert(alignof(T) <= kLine);
        used_ = (used_ + kLine - 1) / kLine * kLine;
        std::byte *at = base_ == nullptr ? nullptr : base_ + used_;
        used_ += sizeof(T) * count;
        return reinterpret_cast<T *>(at);
    }

    std::size_t used_bytes() const { return used_; }

private:
    static constexpr std::size_t kLine = 64;
    std::byte *base_;
    std::size_t used_ = 0;
};

} // namespace pto

#endif
