// SPDX-License-Identifier: Apache-2.0
// A chip whose callables are built on the host, and which counts how often their orchestrations run.
#ifndef PTO_TEST_HOST_GRAPH_TEST_HPP
#define PTO_TEST_HOST_GRAPH_TEST_HPP

#include "host_graph_funcs.h"
#include "host_test.hpp"

#include <cstring>

namespace pto::test {

using Numbers = std::vector<int32_t>;

inline CallableBuilder graph_callable(const char *entry)
{
    CallableBuilder builder("host_graph_orch", entry);
    builder.aiv(AFFINE, "kernel_affine").aiv(COPY, "kernel_copy").aiv(FILL, "kernel_fill");
    builder.aiv(LATE_FILL, "kernel_late_fill").aiv(DEFER, "kernel_defer").aiv(GATE, "host_kernel_gate");
    return builder;
}

class GraphChip {
public:
    explicit GraphChip(pto_open_options options = TestChip::default_options())
        : chip_((options.log = count, options.log_user = this, options.log_level = PTO_LOG_INFO, options))
    {
    }

    void prepare(int32_t callable_id, CallableBuilder builder, uint32_t graph_limit = 0)
    {
        pto_callable *callable = builder.get();
        callable->builder = PTO_HOST_BUILT;
        callable->graph_limit = graph_limit;
        EXPECT_STATUS(PTO_OK, pto_prepare(get(), callable_id, callable));
    }
    pto_status run(int32_t callable_id, const std::vector<pto_tensor> &tensors,
                   const std::vector<uint64_t> &scalars = {})
    {
        result = PTO_RUN_RESULT_INIT;
        return chip_.run(callable_id, tensors, scalars, &result);
    }
    /// Runs and tells how the run came by its graph, which the counters and the orchestration itself confirm.
    uint32_t source_of(int32_t callable_id, const std::vector<pto_tensor> &tensors,
                       const std::vector<uint64_t> &scalars = {})
    {
        const pto_stats before = stats_of(get());
        const uint64_t said = orchestrated;
        EXPECT_STATUS(PTO_OK, run(callable_id, tensors, scalars));
        const pto_stats after = stats_of(get());
        const bool is_recorded = result.graph_source == PTO_GRAPH_RECORDED;
        assert_true(is_recorded || result.graph_source == PTO_GRAPH_REPLAYED);
        assert_int_equal(after.graph_records - before.graph_records, is_recorded ? 1 : 0);
        assert_int_equal(after.graph_replays - before.graph_replays, is_recorded ? 0 : 1);
        assert_int_equal(orchestrated - said, is_recorded ? 1 : 0);
        assert_true(is_recorded == (result.build_ns > 0));
        return result.graph_source;
    }
    pto_context *get() const { return chip_.get(); }
    const TestChip &chip() const { return chip_; }

    pto_run_result result = PTO_RUN_RESULT_INIT; ///< Of the last run.
    std::atomic<uint64_t> orchestrated{0};       ///< Orchestrations that have run.

private:
    static void count(void *self, int32_t, const char *message)
    {
        if (std::strcmp(message, "orchestrated") == 0)
            static_cast<GraphChip *>(self)->orchestrated++;
    }

    TestChip chip_;
};

#define EXPECT_RECORDED(...) assert_int_equal((__VA_ARGS__), PTO_GRAPH_RECORDED)
#define EXPECT_REPLAYED(...) assert_int_equal((__VA_ARGS__), PTO_GRAPH_REPLAYED)

/// Device memory for a test, all zero, read and written as numbers.
class DeviceNumbers {
public:
    DeviceNumbers(pto_context *context, uint32_t count) : context_(context), count_(count)
    {
        EXPECT_STATUS(PTO_OK, pto_malloc(context, count * sizeof(int32_t), &address_));
        fill(0);
    }
    ~DeviceNumbers() { pto_free(context_, address_); }
    DeviceNumbers(const DeviceNumbers &) = delete;
    DeviceNumbers &operator=(const DeviceNumbers &) = delete;

    uint64_t address(uint32_t index = 0) const { return address_ + index * sizeof(int32_t); }
    pto_tensor at(uint32_t index, uint32_t count) const
    {
        return pto_device_tensor(address(index), PTO_INT32, 1, &count);
    }
    void fill(int32_t value)
    {
        const Numbers numbers(count_, value);
        EXPECT_STATUS(PTO_OK, pto_copy_to_device(context_, address_, numbers.data(), count_ * sizeof(int32_t)));
    }
    int32_t operator[](uint32_t index) const
    {
        int32_t value = 0;
        EXPECT_STATUS(PTO_OK, pto_copy_from_device(context_, &value, address(index), sizeof value));
        return value;
    }

private:
    pto_context *context_;
    const uint32_t count_;
    uint64_t address_ = 0;
};

} // namespace pto::test

#endif
