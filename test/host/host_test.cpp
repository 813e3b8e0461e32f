// SPDX-License-Identifier: Apache-2.0
#include "host_test.hpp"

#include <cstdlib>
#include <cstring>

namespace pto::test {

CallableBuilder combine_callable(const std::string &kernel)
{
    return CallableBuilder("host_orch", "combine").aiv(0, kernel).in("a").in("b").out("out");
}

bool combines(pto_context *context, int32_t callable_id, float sign)
{
    static thread_local float round = 0;
    round += 1;
    std::vector<float> a = {round, 2, 3, 4, 5, 6, 7};
    std::vector<float> b = {10, 20, 30, 40, 50, 60, 70};
    std::vector<float> out(a.size(), -1);
    const pto_tensor tensors[] = {floats(a), floats(b), floats(out)};
    pto_args args = PTO_ARGS_INIT;
    args.tensors = tensors;
    args.tensor_count = 3;
    if (pto_run(context, callable_id, &args, nullptr, nullptr) != PTO_OK)
        return false;
    for (std::size_t i = 0; i < out.size(); i++)
        if (out[i] != a[i] + sign * b[i])
            return false;
    return true;
}

void expect_usable(pto_context *context, int32_t callable_id)
{
    EXPECT_STATUS(PTO_OK, pto_prepare(context, callable_id, combine_callable().get()));
    assert_true(combines(context, callable_id));
    EXPECT_STATUS(PTO_OK, pto_release(context, callable_id));
}

void expect_refused(pto_context *context, pto_status status, const char *text, const std::function<pto_status()> &call,
                    const char *file, int line)
{
    const pto_stats before = stats_of(context);
    const pto_status given = call();
    expect_status(status, given, file, line);
    expect_message(text, file, line);
    const pto_status told = pto_last_error()->status;
    const pto_stats after = stats_of(context);
    if (told == status && std::memcmp(&before, &after, sizeof before) == 0)
        return;
    print_error("%s: a refused call has moved a counter, or is not the last error\n", text);
    _fail(file, line);
}

CallableBuilder gate_callable()
{
    return CallableBuilder("host_orch", "wait_at_gate")
        .aiv(7, "host_kernel_gate")
        .out("out")
        .scalar("started")
        .scalar("open");
}

pto_run_handle *submit(const TestChip &chip, int32_t callable_id, const std::vector<pto_tensor> &tensors,
                       const std::vector<uint64_t> &scalars)
{
    pto_args args = PTO_ARGS_INIT;
    args.tensors = tensors.data();
    args.tensor_count = static_cast<uint32_t>(tensors.size());
    args.scalars = scalars.data();
    args.scalar_count = static_cast<uint32_t>(scalars.size());
    pto_run_handle *run = nullptr;
    EXPECT_STATUS(PTO_OK, pto_submit(chip.get(), callable_id, &args, nullptr, &run));
    assert_non_null(run);
    return run;
}

void expect_end(pto_status status, pto_run_handle *run, const char *file, int line)
{
    expect_status(status, pto_wait(run, -1, nullptr), file, line);
}

std::vector<pto_context *> wrong_handles(pto_context *open)
{
    int on_stack = 0;
    const auto bits = reinterpret_cast<uintptr_t>(open);
    std::vector<uintptr_t> numbers = {0,
                                      1,
                                      2,
                                      3,
                                      UINTPTR_MAX,
                                      UINTPTR_MAX - 1,
                                      UINTPTR_MAX / 2,
                                      0x5bd1e995'9e3779b9,
                                      0xdeadbeef,
                                      reinterpret_cast<uintptr_t>(&on_stack),
                                      reinterpret_cast<uintptr_t>(&on_stack) + 1};
    for (uint32_t bit = 0; bit < 64; bit++)
        numbers.push_back(bits ^ uintptr_t{1} << bit);
    std::vector<pto_context *> handles;
    for (const uintptr_t number : numbers)
        handles.push_back(reinterpret_cast<pto_context *>(number));
    return handles;
}

uint64_t largest_allocation(pto_context *context)
{
    uint64_t fits = 0;
    uint64_t too_large = uint64_t{1} << 40;
    while (too_large - fits > 1024) {
        const uint64_t middle = fits + (too_large - fits) / 2;
        uint64_t address = 0;
        const bool given = pto_malloc(context, middle, &address) == PTO_OK;
        if (given)
            EXPECT_STATUS(PTO_OK, pto_free(context, address));
        (given ? fits : too_large) = middle;
    }
    return fits / 1024 * 1024;
}

void CountingAllocator::fail_at(uint64_t number)
{
    const std::lock_guard lock(mutex_);
    until_failure_ = number;
}

uint64_t CountingAllocator::allocations() const
{
    const std::lock_guard lock(mutex_);
    return allocations_;
}

uint64_t CountingAllocator::live_blocks() const
{
    const std::lock_guard lock(mutex_);
    return blocks_.size();
}

uint64_t CountingAllocator::live_bytes() const
{
    const std::lock_guard lock(mutex_);
    return live_bytes_;
}

uint64_t CountingAllocator::mistakes() const
{
    const std::lock_guard lock(mutex_);
    return mistakes_;
}

void *CountingAllocator::allocate(void *self, std::size_t size, std::size_t alignment)
{
    auto &allocator = *static_cast<CountingAllocator *>(self);
    const std::lock_guard lock(allocator.mutex_);
    if (size == 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
        allocator.mistakes_++;
    if (allocator.until_failure_ > 0 && --allocator.until_failure_ == 0)
        return nullptr;
    const std::size_t least = alignment < sizeof(void *) ? sizeof(void *) : alignment;
    void *block = std::aligned_alloc(least, (size + least - 1) / least * least);
    allocator.allocations_++;
    allocator.live_bytes_ += size;
    allocator.blocks_[block] = {size, alignment};
    return block;
}

void CountingAllocator::release(void *self, void *block, std::size_t size, std::size_t alignment)
{
    auto &allocator = *static_cast<CountingAllocator *>(self);
    const std::lock_guard lock(allocator.mutex_);
    const auto found = allocator.blocks_.find(block);
    if (found == allocator.blocks_.end() || found->second.size != size || found->second.alignment != alignment) {
        allocator.mistakes_++;
        return;
    }
    allocator.live_bytes_ -= size;
    allocator.blocks_.erase(found);
    std::free(block);
}

} // namespace pto::test
