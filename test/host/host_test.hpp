// SPDX-License-Identifier: Apache-2.0
// What the host tests share beside the test chip.
#ifndef PTO_TEST_HOST_HOST_TEST_HPP
#define PTO_TEST_HOST_HOST_TEST_HPP

#include "support/test_chip.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace pto::test {

/// out = a . b with a kernel on func id 0: parameters 'a', 'b' and 'out'.
CallableBuilder combine_callable(const std::string &kernel = "host_kernel_add");

/// Runs a prepared `combine` with the kernel add (`sign` 1) or subtract (-1) on fresh values; false when the run fails
/// or a result is wrong.
bool combines(pto_context *context, int32_t callable_id, float sign = 1.0f);

/// Expects that a good callable can be prepared under the id, gives right results and can be released.
void expect_usable(pto_context *context, int32_t callable_id = 0);

/// Expects this status, a message that contains `text`, and that no counter has moved.
void expect_refused(pto_context *context, pto_status status, const char *text, const std::function<pto_status()> &call,
                    const char *file, int line);
#define EXPECT_REFUSED(context, status, text, ...)                                                                     \
    pto::test::expect_refused((context), (status), (text), [&] { return __VA_ARGS__; }, __FILE__, __LINE__)

/// Threads that are joined; what they found is judged afterwards, on the thread of the test.
class Threads {
public:
    ~Threads() { join(); }
    template <class Body> void start(Body &&body) { threads_.emplace_back(static_cast<Body &&>(body)); }
    void join()
    {
        for (std::thread &thread : threads_)
            thread.join();
        threads_.clear();
    }

private:
    std::vector<std::thread> threads_;
};

/// Two flags that a kernel and this program share.
struct Gate {
    std::atomic<int32_t> started{0};
    std::atomic<int32_t> open{0};

    void wait_until_started() const
    {
        while (started.load() == 0)
            std::this_thread::yield();
    }
    std::vector<uint64_t> scalars()
    {
        return {reinterpret_cast<uint64_t>(&started), reinterpret_cast<uint64_t>(&open)};
    }
};
static_assert(sizeof(std::atomic<int32_t>) == sizeof(int32_t));

/// Waits inside its kernel until the gate that it is given is open, then writes 42.
CallableBuilder gate_callable();

/// Submits a run; the test fails unless that succeeds.
pto_run_handle *submit(const TestChip &chip, int32_t callable_id, const std::vector<pto_tensor> &tensors,
                       const std::vector<uint64_t> &scalars = {});
/// Waits for a run as long as it takes; the test fails unless it ends with this status.
void expect_end(pto_status status, pto_run_handle *run, const char *file, int line);
#define EXPECT_END(status, run) pto::test::expect_end((status), (run), __FILE__, __LINE__)

/// The handles that a caller may pass by mistake while `open` is open.
std::vector<pto_context *> wrong_handles(pto_context *open);

/// Bytes that pto_malloc can give in one piece.
uint64_t largest_allocation(pto_context *context);

/// An allocator that keeps books, and fails when it is told to.
class CountingAllocator {
public:
    CountingAllocator() : callbacks_{this, allocate, release} {}
    CountingAllocator(const CountingAllocator &) = delete;
    CountingAllocator &operator=(const CountingAllocator &) = delete;

    const pto_allocator *callbacks() const { return &callbacks_; }

    /// The `number`-th allocation from now, 1-based, fails; 0: none does.
    void fail_at(uint64_t number);
    uint64_t allocations() const;
    uint64_t live_blocks() const;
    uint64_t live_bytes() const;
    /// Releases of what was not allocated or with another size or alignment, and allocations of no possible kind.
    uint64_t mistakes() const;

private:
    struct Block {
        std::size_t size;
        std::size_t alignment;
    };

    static void *allocate(void *self, std::size_t size, std::size_t alignment);
    static void release(void *self, void *block, std::size_t size, std::size_t alignment);

    pto_allocator callbacks_;
    mutable std::mutex mutex_;
    std::map<void *, Block> blocks_;
    uint64_t allocations_ = 0;
    uint64_t until_failure_ = 0;
    uint64_t live_bytes_ = 0;
    uint64_t mistakes_ = 0;
};

} // namespace pto::test

#endif
