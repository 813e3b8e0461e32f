// SPDX-License-Identifier: Apache-2.0
// What pto_run refuses before anything runs: ids, structs, counts, tensors. Nothing changes and nothing is copied.
#include "host_test.hpp"

#include <cstring>
#include <limits>

using namespace pto::test;

namespace {

constexpr uint32_t kCount = 8;

/// A chip with `combine` under id 3, typed as float vectors or as anything, and three tensors for it.
struct Fixture {
    explicit Fixture(bool typed = true)
    {
        CallableBuilder builder = combine_callable();
        pto_callable callable = *builder.get();
        std::vector<pto_param> params(callable.params, callable.params + 3);
        for (pto_param &param : params) {
            param.dtype = typed ? uint8_t{PTO_FLOAT32} : uint8_t{PTO_ANY_DTYPE};
            param.ndims = typed ? 1 : 0;
        }
        callable.params = params.data();
        EXPECT_STATUS(PTO_OK, pto_prepare(chip.get(), 3, &callable));
        tensors[0] = floats(a);
        tensors[1] = floats(b);
        tensors[2] = floats(out);
        args.tensors = tensors;
        args.tensor_count = 3;
    }

    pto_status run() { return pto_run(chip.get(), 3, &args, nullptr, nullptr); }

    void expect_good_run()
    {
        out.assign(kCount, -1);
        const pto_tensor good[] = {floats(a), floats(b), floats(out)};
        pto_args good_args = PTO_ARGS_INIT;
        good_args.tensors = good;
        good_args.tensor_count = 3;
        EXPECT_STATUS(PTO_OK, pto_run(chip.get(), 3, &good_args, nullptr, nullptr));
        for (uint32_t i = 0; i < kCount; i++)
            assert_true(out[i] == a[i] + b[i]);
        out.assign(kCount, -1);
    }

    /// Expects that the run is refused, that `out` is untouched, and that a good run still works.
    void expect_run_refused(pto_status status, const char *text, const char *file, int line)
    {
        expect_refused(
            chip.get(), status, text, [&] { return run(); }, file, line);
        if (pto_last_error()->callable_id != 3)
            fail_msg("%s: the last error is about callable %d", text, pto_last_error()->callable_id);
        for (const float value : out)
            assert_true(value == -1);
        expect_good_run();
    }

    TestChip chip;
    std::vector<float> a = {1, 2, 3, 4, 5, 6, 7, 8};
    std::vector<float> b = {10, 20, 30, 40, 50, 60, 70, 80};
    std::vector<float> out = std::vector<float>(kCount, -1);
    pto_tensor tensors[3];
    pto_args args = PTO_ARGS_INIT;
};
#define EXPECT_RUN_REFUSED(fixture, status, text) (fixture).expect_run_refused((status), (text), __FILE__, __LINE__)

void ids_outside_the_range_are_refused_by_name(void **)
{
    Fixture fixture;
    pto_context *context = fixture.chip.get();
    for (const int32_t id : {-1, 64, 65, 1024, INT32_MIN, INT32_MAX}) {
        const std::string text = "callable id " + std::to_string(id) + " is not in 0..63";
        EXPECT_REFUSED(context, PTO_ERROR_INVALID_CALLABLE_ID, text.c_str(),
                       pto_run(context, id, &fixture.args, nullptr, nullptr));
        assert_int_equal(pto_last_error()->callable_id, id);
        EXPECT_REFUSED(context, PTO_ERROR_INVALID_CALLABLE_ID, text.c_str(), pto_release(context, id));
        EXPECT_REFUSED(context, PTO_ERROR_INVALID_CALLABLE_ID, text.c_str(),
                       pto_prepare(context, id, combine_callable().get()));
    }
    fixture.expect_good_run();
}

void an_id_without_a_callable_is_refused_by_name(void **)
{
    Fixture fixture;
    pto_context *context = fixture.chip.get();
    for (const int32_t id : {0, 2, 4, 63}) {
        const std::string text = "callable id " + std::to_string(id) + " is not prepared";
        EXPECT_REFUSED(context, PTO_ERROR_NOT_PREPARED, text.c_str(),
                       pto_run(context, id, &fixture.args, nullptr, nullptr));
        assert_int_equal(pto_last_error()->callable_id, id);
        EXPECT_REFUSED(context, PTO_ERROR_NOT_PREPARED, text.c_str(), pto_release(context, id));
    }
    fixture.expect_good_run();
    EXPECT_STATUS(PTO_OK, pto_release(context, 3));
    EXPECT_REFUSED(context, PTO_ERROR_NOT_PREPARED, "callable id 3", fixture.run());
    EXPECT_REFUSED(context, PTO_ERROR_NOT_PREPARED, "callable id 3", pto_release(context, 3));
}

void structs_of_another_size_are_refused(void **)
{
    Fixture fixture;
    pto_context *context = fixture.chip.get();
    for (const uint32_t wrong : {0u, 1u, 8u, 4096u, UINT32_MAX}) {
        pto_args args = fixture.args;
        args.struct_size = wrong;
        EXPECT_REFUSED(context, PTO_ERROR_INVALID_ARGUMENT, "pto_args.struct_size",
                       pto_run(context, 3, &args, nullptr, nullptr));
        pto_run_options options = PTO_RUN_OPTIONS_INIT;
        options.struct_size = wrong;
        EXPECT_REFUSED(context, PTO_ERROR_INVALID_ARGUMENT, "pto_run_options.struct_size",
                       pto_run(context, 3, &fixture.args, &options, nullptr));
        pto_run_result result = PTO_RUN_RESULT_INIT;
        result.struct_size = wrong;
        result.tasks = 4711;
        EXPECT_REFUSED(context, PTO_ERROR_INVALID_ARGUMENT, "pto_run_result.struct_size",
                       pto_run(context, 3, &fixture.args, nullptr, &result));
        assert_int_equal(result.tasks, 4711);
    }
    fixture.expect_good_run();
}

void wrong_counts_are_refused(void **)
{
    Fixture fixture;
    for (const uint32_t count : {0u, 2u, 4u, 257u, UINT32_MAX}) {
        fixture.args.tensor_count = count;
        const std::string text = std::to_string(count) + " tensors and 0 scalars given; the signature has 3 and 0";
        EXPECT_RUN_REFUSED(fixture, PTO_ERROR_SIGNATURE_MISMATCH, text.c_str());
    }
    fixture.args.tensor_count = 3;
    const uint64_t scalar = 1;
    fixture.args.scalars = &scalar;
    for (const uint32_t count : {1u, 129u, UINT32_MAX}) {
        fixture.args.scalar_count = count;
        const std::string text = "3 tensors and " + std::to_string(count) + " scalars given";
        EXPECT_RUN_REFUSED(fixture, PTO_ERROR_SIGNATURE_MISMATCH, text.c_str());
    }
    EXPECT_REFUSED(fixture.chip.get(), PTO_ERROR_SIGNATURE_MISMATCH, "0 tensors",
                   pto_run(fixture.chip.get(), 3, nullptr, nullptr, nullptr));
}

void null_lists_are_refused(void **)
{
    Fixture fixture;
    fixture.args.tensors = nullptr;
    EXPECT_RUN_REFUSED(fixture, PTO_ERROR_INVALID_ARGUMENT, "the tensors are NULL");
    auto scalars = CallableBuilder("host_orch", "add_scalars").out("sum").scalar("x").scalar("y");
    fixture.chip.prepare(4, scalars);
    pto_args args = PTO_ARGS_INIT;
    args.tensors = fixture.tensors + 2;
    args.tensor_count = 1;
    args.scalar_count = 2;
    EXPECT_REFUSED(fixture.chip.get(), PTO_ERROR_INVALID_ARGUMENT, "the scalars are NULL",
                   pto_run(fixture.chip.get(), 4, &args, nullptr, nullptr));
    const uint64_t values[] = {pto_bits_f32(1.5f), pto_bits_f32(2.25f)};
    args.scalars = values;
    EXPECT_STATUS(PTO_OK, pto_run(fixture.chip.get(), 4, &args, nullptr, nullptr));
    assert_true(fixture.out[0] == 3.75f);
}

// ---- one tensor is wrong

struct BadTensor {
    pto_status status;
    const char *text;
    void (*spoil)(pto_tensor *tensor);
};

constexpr BadTensor kBadTensors[] = {
    {PTO_ERROR_INVALID_ARGUMENT, "rank", [](pto_tensor *tensor) { tensor->ndims = 0; }},
    {PTO_ERROR_INVALID_ARGUMENT, "rank", [](pto_tensor *tensor) { tensor->ndims = 6; }},
    {PTO_ERROR_INVALID_ARGUMENT, "rank", [](pto_tensor *tensor) { tensor->ndims = UINT32_MAX; }},
    {PTO_ERROR_INVALID_ARGUMENT, "dtype", [](pto_tensor *tensor) { tensor->dtype = PTO_DTYPE_COUNT; }},
    {PTO_ERROR_INVALID_ARGUMENT, "dtype", [](pto_tensor *tensor) { tensor->dtype = 255; }},
    {PTO_ERROR_INVALID_ARGUMENT, "address space", [](pto_tensor *tensor) { tensor->address_space = 2; }},
    {PTO_ERROR_INVALID_ARGUMENT, "address space", [](pto_tensor *tensor) { tensor->address_space = 255; }},
    {PTO_ERROR_INVALID_ARGUMENT, "NULL", [](pto_tensor *tensor) { tensor->addr = 0; }},
    {PTO_ERROR_INVALID_ARGUMENT, "extent", [](pto_tensor *tensor) { tensor->shape[0] = 0; }},
    {PTO_ERROR_INVALID_ARGUMENT, "stride", [](pto_tensor *tensor) { tensor->strides[0] = 0; }},
    {PTO_ERROR_INVALID_ARGUMENT, "size_bytes", [](pto_tensor *tensor) { tensor->size_bytes--; }},
    {PTO_ERROR_INVALID_ARGUMENT, "size_bytes", [](pto_tensor *tensor) { tensor->size_bytes = 0; }},
    {PTO_ERROR_INVALID_ARGUMENT, "size_bytes", [](pto_tensor *tensor) { tensor->shape[0]++; }},
    {PTO_ERROR_INVALID_ARGUMENT, "size_bytes", [](pto_tensor *tensor) { tensor->shape[0] = UINT32_MAX; }},
    {PTO_ERROR_INVALID_ARGUMENT, "size_bytes", [](pto_tensor *tensor) { tensor->start_offset = 1; }},
    {PTO_ERROR_INVALID_ARGUMENT, "tensor", [](pto_tensor *tensor) { tensor->start_offset = UINT64_MAX; }},
    {PTO_ERROR_INVALID_ARGUMENT, "tensor", [](pto_tensor *tensor) { tensor->start_offset = UINT64_MAX / 4; }},
    {PTO_ERROR_INVALID_ARGUMENT, "size_bytes", [](pto_tensor *tensor) { tensor->strides[0] = UINT32_MAX; }},
    {PTO_ERROR_INVALID_ARGUMENT, "overflows", [](pto_tensor *tensor) { tensor->size_bytes = UINT64_MAX; }},
    {PTO_ERROR_INVALID_ARGUMENT, "overflows", [](pto_tensor *tensor) { tensor->addr = UINT64_MAX - 8; }},
    {PTO_ERROR_INVALID_ARGUMENT, "contiguous",
     [](pto_tensor *tensor) {
         tensor->shape[0] = kCount / 2;
         tensor->strides[0] = 2;
     }},
    {PTO_ERROR_INVALID_ARGUMENT, "tensor",
     [](pto_tensor *tensor) {
         tensor->shape[0] = kCount / 2;
         tensor->start_offset = 2;
     }},
    {PTO_ERROR_SIGNATURE_MISMATCH, "dtype 2, the signature says 0",
     [](pto_tensor *tensor) { tensor->dtype = PTO_INT32; }},
    {PTO_ERROR_SIGNATURE_MISMATCH, "rank 2, the signature says 1",
     [](pto_tensor *tensor) {
         const uint32_t shape[] = {2, kCount / 2};
         *tensor = pto_host_tensor(reinterpret_cast<void *>(tensor->addr), PTO_FLOAT32, 2, shape);
     }},
};

void a_tensor_that_cannot_be_right_is_refused_by_its_index_and_name(void **)
{
    Fixture fixture;
    static const char *const kNames[] = {"tensor argument 0 'a'", "tensor argument 1 'b'", "tensor argument 2 'out'"};
    for (const BadTensor &bad : kBadTensors) {
        for (uint32_t index = 0; index < 3; index++) {
            const pto_tensor good = fixture.tensors[index];
            bad.spoil(&fixture.tensors[index]);
            EXPECT_REFUSED(fixture.chip.get(), bad.status, bad.text, fixture.run());
            EXPECT_RUN_REFUSED(fixture, bad.status, kNames[index]);
            fixture.tensors[index] = good;
        }
    }
}

void shape_products_that_overflow_are_refused(void **)
{
    Fixture fixture(false);
    constexpr uint32_t kMost = UINT32_MAX;
    static constexpr uint32_t kShapes[][PTO_MAX_RANK] = {
        {kMost, kMost, kMost, kMost, kMost},
        {1u << 31, 1u << 31, 4, 1, 1},
        {1u << 16, 1u << 16, 1u << 16, 1u << 16, 1},
        {1u << 16, 1u << 16, 1u << 16, 1u << 14, 1},
        {kMost, 1, 1, 1, kMost},
        {2, 1u << 31, 1u << 31, 1, 1},
        {1u << 31, 1u << 31, 1, 1, 1}, // as many bytes as a 64-bit number has values
    };
    for (const auto &shape : kShapes) {
        for (const uint8_t space : {uint8_t{PTO_HOST_MEMORY}, uint8_t{PTO_DEVICE_MEMORY}}) {
            for (const uint64_t size : {uint64_t{0}, uint64_t{32}, UINT64_MAX}) {
                pto_tensor &tensor = fixture.tensors[1];
                tensor = pto_host_tensor(fixture.b.data(), PTO_FLOAT32, PTO_MAX_RANK, shape);
                tensor.address_space = space;
                tensor.size_bytes = size;
                EXPECT_RUN_REFUSED(fixture, PTO_ERROR_INVALID_ARGUMENT, "tensor argument 1 'b'");
                for (uint32_t i = 0; i < PTO_MAX_RANK; i++)
                    tensor.strides[i] = kMost;
                EXPECT_RUN_REFUSED(fixture, PTO_ERROR_INVALID_ARGUMENT, "tensor argument 1 'b'");
            }
        }
    }
}

// ---- memory of the wrong kind

void memory_of_the_wrong_kind_is_refused(void **)
{
    Fixture fixture;
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(fixture.chip.get(), kCount * sizeof(float), &address));
    const pto_tensor good = fixture.tensors[1];
    fixture.tensors[1].address_space = PTO_DEVICE_MEMORY;
    EXPECT_RUN_REFUSED(fixture, PTO_ERROR_NOT_DEVICE_MEMORY, "'b': 32 bytes at 0x");
    EXPECT_REFUSED(fixture.chip.get(), PTO_ERROR_NOT_DEVICE_MEMORY, "is it a host pointer?", fixture.run());
    fixture.tensors[1].address_space = PTO_HOST_MEMORY;
    fixture.tensors[1].addr = address;
    EXPECT_RUN_REFUSED(fixture, PTO_ERROR_NOT_DEVICE_MEMORY, "'b': 0x");
    EXPECT_REFUSED(fixture.chip.get(), PTO_ERROR_NOT_DEVICE_MEMORY, "device memory passed as host memory",
                   fixture.run());
    fixture.tensors[1] = good;
    fixture.expect_good_run();
}

void device_tensors_outside_a_live_allocation_are_refused(void **)
{
    Fixture fixture;
    pto_context *context = fixture.chip.get();
    uint64_t address = 0;
    EXPECT_STATUS(PTO_OK, pto_malloc(context, kCount * sizeof(float), &address));
    const uint32_t shape[] = {kCount};
    for (const uint64_t shift : {uint64_t{4}, uint64_t{28}, uint64_t{32}, uint64_t{1024}, uint64_t{0} - 4}) {
        fixture.tensors[1] = pto_device_tensor(address + shift, PTO_FLOAT32, 1, shape);
        EXPECT_RUN_REFUSED(fixture, PTO_ERROR_NOT_DEVICE_MEMORY, "tensor argument 1 'b'");
    }
    fixture.tensors[1] = pto_device_tensor(address, PTO_FLOAT32, 1, shape);
    fixture.tensors[1].start_offset = (uint64_t{1} << 62) - kCount; // the end of the view is at byte 2^64
    EXPECT_RUN_REFUSED(fixture, PTO_ERROR_INVALID_ARGUMENT, "tensor argument 1 'b'");
    fixture.tensors[1].start_offset = 1;
    EXPECT_RUN_REFUSED(fixture, PTO_ERROR_INVALID_ARGUMENT, "tensor argument 1 'b'");
    fixture.tensors[1].start_offset = 0;
    fixture.tensors[1].size_bytes++;
    EXPECT_RUN_REFUSED(fixture, PTO_ERROR_NOT_DEVICE_MEMORY, "33 bytes");
    fixture.tensors[1].size_bytes--;
    EXPECT_STATUS(PTO_OK, pto_copy_to_device(context, address, fixture.b.data(), 32));
    EXPECT_STATUS(PTO_OK, fixture.run());
    assert_true(fixture.out[7] == 88);
    fixture.out.assign(kCount, -1);
    EXPECT_STATUS(PTO_OK, pto_free(context, address));
    EXPECT_RUN_REFUSED(fixture, PTO_ERROR_NOT_DEVICE_MEMORY, "tensor argument 1 'b'");
}

// ---- tensors that share memory

void host_tensors_that_share_bytes_are_refused_if_one_is_written(void **)
{
    Fixture fixture;
    std::vector<float> memory(2 * kCount, -1);
    const std::vector<float> original = memory;
    const uint32_t shape[] = {kCount};
    fixture.tensors[2] = pto_host_tensor(memory.data() + kCount / 2, PTO_FLOAT32, 1, shape);
    for (const std::size_t first : {0u, 1u, 3u, 4u, 7u, 8u}) {
        fixture.tensors[1] = pto_host_tensor(memory.data() + first, PTO_FLOAT32, 1, shape);
        EXPECT_RUN_REFUSED(fixture, PTO_ERROR_INVALID_ARGUMENT,
                           "tensor argument 2 'out': it shares host memory with tensor argument 1");
        assert_true(memory == original);
    }
}

void neighbours_and_shared_inputs_are_fine(void **)
{
    Fixture fixture;
    std::vector<float> memory(2 * kCount, 3);
    const uint32_t shape[] = {kCount};
    fixture.tensors[0] = pto_host_tensor(memory.data(), PTO_FLOAT32, 1, shape);
    fixture.tensors[1] = fixture.tensors[0];
    fixture.tensors[2] = pto_host_tensor(memory.data() + kCount, PTO_FLOAT32, 1, shape);
    EXPECT_STATUS(PTO_OK, fixture.run());
    for (uint32_t i = 0; i < kCount; i++) {
        assert_true(memory[i] == 3);
        assert_true(memory[kCount + i] == 6);
    }
}

void two_written_tensors_may_not_share_bytes(void **)
{
    Fixture fixture;
    auto outs = CallableBuilder("host_orch", "combine").aiv(0, "host_kernel_add").inout("x").in("y").out("z");
    fixture.chip.prepare(4, outs);
    fixture.tensors[0] = fixture.tensors[2];
    EXPECT_REFUSED(fixture.chip.get(), PTO_ERROR_INVALID_ARGUMENT,
                   "tensor argument 2 'z': it shares host memory with tensor argument 0",
                   pto_run(fixture.chip.get(), 4, &fixture.args, nullptr, nullptr));
    fixture.expect_good_run();
}

// ---- sizes and fields beside the shape

/// The buffer of a tensor may be larger than the tensor: what lies behind the elements is the caller's business.
void a_run_writes_only_the_elements_of_a_host_tensor(void **)
{
    Fixture fixture;
    std::vector<float> memory(64, -7);
    const uint32_t shape[] = {kCount};
    fixture.tensors[2] = pto_host_tensor(memory.data(), PTO_FLOAT32, 1, shape);
    fixture.tensors[2].size_bytes = memory.size() * sizeof(float);
    pto_run_result result = PTO_RUN_RESULT_INIT;
    EXPECT_STATUS(PTO_OK, pto_run(fixture.chip.get(), 3, &fixture.args, nullptr, &result));
    for (uint32_t i = 0; i < kCount; i++)
        assert_true(memory[i] == fixture.a[i] + fixture.b[i]);
    for (std::size_t i = kCount; i < memory.size(); i++)
        assert_true(memory[i] == -7);
    assert_int_equal(result.bytes_from_device, kCount * sizeof(float));
}

void fields_that_the_engine_sets_need_not_be_right(void **)
{
    Fixture fixture;
    for (pto_tensor &tensor : fixture.tensors) {
        tensor.owner = 12;
        tensor.buffer = 34;
        tensor.version = -1;
        tensor.extent = UINT64_MAX;
        tensor.is_contiguous = 0;
        tensor.initial = UINT64_MAX;
        tensor.has_initial = 1;
        for (uint32_t &word : tensor.reserved)
            word = UINT32_MAX;
    }
    EXPECT_STATUS(PTO_OK, fixture.run());
    for (uint32_t i = 0; i < kCount; i++)
        assert_true(fixture.out[i] == fixture.a[i] + fixture.b[i]);
}

void a_host_tensor_larger_than_the_device_is_refused_by_its_name(void **)
{
    Fixture fixture;
    const uint64_t largest = largest_allocation(TestChip().get());
    const uint32_t shape[] = {1u << 31, 16};
    auto any = combine_callable();
    fixture.chip.prepare(5, any);
    for (const uint32_t index : {0u, 1u, 2u}) {
        const pto_tensor good = fixture.tensors[index];
        // So far away that it overlaps none of the others; a tensor of this size is never read.
        fixture.tensors[index] = pto_host_tensor(nullptr, PTO_FLOAT32, 2, shape);
        fixture.tensors[index].addr = 1024;
        const std::string text = "tensor argument " + std::to_string(index);
        EXPECT_STATUS(PTO_ERROR_OUT_OF_DEVICE_MEMORY, pto_run(fixture.chip.get(), 5, &fixture.args, nullptr, nullptr));
        EXPECT_MESSAGE(text.c_str());
        EXPECT_MESSAGE("137438953472 bytes");
        fixture.tensors[index] = good;
        fixture.expect_good_run();
    }
    EXPECT_STATUS(PTO_OK, pto_release(fixture.chip.get(), 5));
    EXPECT_STATUS(PTO_OK, pto_release(fixture.chip.get(), 3));
    assert_int_equal(largest_allocation(fixture.chip.get()), largest);
    expect_usable(fixture.chip.get());
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(ids_outside_the_range_are_refused_by_name),
        cmocka_unit_test(an_id_without_a_callable_is_refused_by_name),
        cmocka_unit_test(structs_of_another_size_are_refused),
        cmocka_unit_test(wrong_counts_are_refused),
        cmocka_unit_test(null_lists_are_refused),
        cmocka_unit_test(a_tensor_that_cannot_be_right_is_refused_by_its_index_and_name),
        cmocka_unit_test(shape_products_that_overflow_are_refused),
        cmocka_unit_test(memory_of_the_wrong_kind_is_refused),
        cmocka_unit_test(device_tensors_outside_a_live_allocation_are_refused),
        cmocka_unit_test(host_tensors_that_share_bytes_are_refused_if_one_is_written),
        cmocka_unit_test(neighbours_and_shared_inputs_are_fine),
        cmocka_unit_test(two_written_tensors_may_not_share_bytes),
        cmocka_unit_test(a_run_writes_only_the_elements_of_a_host_tensor),
        cmocka_unit_test(fields_that_the_engine_sets_need_not_be_right),
        cmocka_unit_test(a_host_tensor_larger_than_the_device_is_refused_by_its_name),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
