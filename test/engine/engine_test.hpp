// SPDX-License-Identifier: Apache-2.0
// What the unit tests of the engine's parts share.
#ifndef PTO_TEST_ENGINE_ENGINE_TEST_HPP
#define PTO_TEST_ENGINE_ENGINE_TEST_HPP

// cmocka's macro `fail` must not meet the standard library, so that comes first.
#include <algorithm>
#include <atomic>
#include <bitset>
#include <initializer_list>
#include <string>
#include <thread>
#include <vector>

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

extern "C" {
#include <cmocka.h>
}

#include "pto/tensor.h"

namespace pto::test {

/// Numbers that look random and are the same in every run (splitmix64).
class Random {
public:
    explicit Random(uint64_t seed) : state_(seed) {}

    uint64_t next()
    {
        uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
    }
    /// 0 .. bound-1
    uint64_t below(uint64_t bound) { return next() % bound; }
    uint32_t below32(uint32_t bound) { return static_cast<uint32_t>(next() % bound); }
    /// low .. high, both included
    uint32_t between(uint32_t low, uint32_t high) { return low + below32(high - low + 1); }
    bool one_in(uint32_t count) { return below(count) == 0; }

private:
    uint64_t state_;
};

/// Zeroed memory on a cache-line boundary.
class Arena {
public:
    explicit Arena(std::size_t bytes)
    {
        const std::size_t rounded = (bytes + kAlignment) / kAlignment * kAlignment;
        memory_ = std::aligned_alloc(kAlignment, rounded);
        if (memory_ == nullptr)
            std::abort();
        std::memset(memory_, 0, rounded);
    }
    ~Arena() { std::free(memory_); }
    Arena(const Arena &) = delete;
    Arena &operator=(const Arena &) = delete;

    void *get() const { return memory_; }
    uint64_t address() const { return reinterpret_cast<uint64_t>(memory_); }

private:
    static constexpr std::size_t kAlignment = 4096;
    void *memory_ = nullptr;
};

/// Calls body(0) .. body(count-1), each on a thread of its own, and all at the same time.
template <class Body> void on_threads(uint32_t count, Body &&body)
{
    std::atomic<uint32_t> missing{count};
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < count; i++) {
        threads.emplace_back([&body, &missing, i] {
            missing.fetch_sub(1);
            while (missing.load() != 0)
                std::this_thread::yield();
            body(i);
        });
    }
    for (std::thread &thread : threads)
        thread.join();
}

/// A row-major tensor without a buffer.
inline pto_tensor plain(pto_dtype dtype, std::initializer_list<uint32_t> shape)
{
    return pto_tensor_new(dtype, static_cast<uint32_t>(shape.size()), shape.begin());
}

} // namespace pto::test

#endif
