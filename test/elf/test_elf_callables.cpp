// SPDX-License-Identifier: Apache-2.0
// Orchestrations and kernels of the examples, loaded by the loader and run by the executor: all of it is what firmware
// would run, but for the cores, which are calls.
#include <memory>

#include "test/engine/engine_test.hpp"

#include "elf_test.hpp"

#include "aicpu/executor.h"

namespace {

using namespace pto::test;
using namespace pto::aicpu;

constexpr int32_t kCallable = 3;
constexpr uint64_t kHeapBytes = 1 << 20;
constexpr uint64_t kDataBytes = 1 << 20;
constexpr uint64_t kLoaderBytes = 4 << 20;
constexpr uint32_t kFewTasks = 32;

struct KernelFile {
    const char *object;
    uint32_t core_type;
};

/// A callable as its parts are called, and the arguments that it takes.
struct Callable {
    std::string orch;
    const char *entry;
    const char *config;
    std::vector<KernelFile> kernels; ///< By func id.
    std::string kernel_suffix;
    uint32_t tensor_count;
    uint32_t scalar_count;
};

/// An executor whose orchestrations and kernels the loader holds.
class Device {
public:
    explicit Device(const Callable &callable)
        : code_(kLoaderBytes), user(code_.config()), memory_(kHeapBytes + kDataBytes), arena_(arena_bytes()),
          args_block_(pto::wire::kMaxArgsImageBytes), executor(config(), port())
    {
        char message[192] = "";
        const std::vector<char> &bytes = object_bytes(callable.orch);
        const OrchImage image{kCallable,
                              {callable.entry, callable.config, callable.tensor_count, callable.scalar_count},
                              bytes.data(),
                              bytes.size()};
        if (executor.orchs().load(image, message, sizeof message) != PTO_OK)
            fail_msg("%s: %s", callable.orch.c_str(), message);
        for (const KernelFile &kernel : callable.kernels) {
            void *handle = user.must_load(kernel.object + callable.kernel_suffix);
            const auto entry = reinterpret_cast<uint64_t>(user.function<void(int64_t *)>(handle, "kernel_entry"));
            kernels_.push_back({entry, pto::wire::core_type_mask(kernel.core_type), 0});
        }
        args = pto::wire::begin_args_image(args_block_.get(), callable.tensor_count, callable.scalar_count);
        launch_.magic = pto::wire::kLaunchMagic;
        launch_.version = pto::wire::kBlockVersion;
        launch_.callable_id = kCallable;
        launch_.kernel_count = static_cast<uint32_t>(kernels_.size());
        launch_.kernels = reinterpret_cast<uint64_t>(kernels_.data());
        launch_.args = args_block_.address();
        launch_.args_bytes = pto::wire::args_image_bytes(callable.tensor_count, callable.scalar_count);
    }

    /// The next argument: a tensor in device memory.
    template <class T> T *tensor(pto_dtype dtype, std::initializer_list<uint32_t> shape)
    {
        pto_tensor &tensor = args.tensors[tensors_++];
        tensor = plain(dtype, shape);
        tensor.addr = memory_.address() + kHeapBytes + used_bytes_;
        used_bytes_ += (pto_tensor_count(&tensor) * sizeof(T) + 1023) / 1024 * 1024;
        assert_true(used_bytes_ <= kDataBytes);
        return static_cast<T *>(pto_tensor_data(&tensor));
    }
    void run(uint64_t expected_tasks)
    {
        executor.begin(launch_);
        executor.run(launch_, &report);
        if (report.error.status != PTO_OK)
            fail_msg("%s", report.error.message);
        assert_int_equal(report.tasks, expected_tasks);
    }

private:
    static std::size_t arena_bytes()
    {
        return pto::engine::Engine::layout_bytes(pto::engine::Geometry::of_tasks(kFewTasks));
    }
    ExecutorConfig config() const
    {
        return {.arena = arena_.get(),
                .geometry = pto::engine::Geometry::of_tasks(kFewTasks),
                .cluster_count = 2,
                .worker_count = 1,
                .gate = nullptr,
                .owner_only_orchestrates = false,
                .heap_base = memory_.address(),
                .heap_bytes = kHeapBytes,
                .memory_base = memory_.address(),
                .memory_bytes = kHeapBytes + kDataBytes};
    }
    ExecutorPort port() { return {this, start, offer, poll, &under_way_, relax, work_ready, log, load, find, unload}; }

    void call(const LaneRun &run)
    {
        int64_t words[PTO_KERNEL_ARG_WORDS] = {};
        fill_arguments(executor.engine(), *run.slot, words);
        reinterpret_cast<void (*)(int64_t *)>(run.entry)(words);
    }
    static bool start(void *self, uint32_t worker, const LaneRun *runs, uint32_t count)
    {
        auto &device = *static_cast<Device *>(self);
        for (uint32_t i = 0; i < count; i++) {
            device.call(runs[i]);
            device.executor.scheduler().lane_done(worker, runs[i]);
        }
        return false;
    }
    static void offer(void *self, uint32_t, const LaneRun *runs, uint32_t count) { start(self, 0, runs, count); }
    static bool poll(void *, uint32_t) { return false; }
    static void relax(void *, uint32_t, uint32_t) { fail_msg("a kernel ends at once: there is nothing to wait for"); }
    static void work_ready(void *, uint32_t) {}
    static void log(void *, int32_t, const char *message) { print_message("# %s\n", message); }

    static pto_status load(void *self, const void *image, std::size_t size, LoadedOrch *out, char *message,
                           std::size_t message_capacity)
    {
        const pto_loader &hooks = static_cast<Device *>(self)->user.hooks;
        return hooks.load(hooks.self, image, size, &out->handle, message, message_capacity);
    }
    static bool find(void *self, const LoadedOrch *loaded, const char *symbol, pto::OrchSymbol *out)
    {
        out->address = static_cast<Device *>(self)->user.find(loaded->handle, symbol, &out->is_function);
        return out->address != nullptr;
    }
    static void unload(void *self, const LoadedOrch *loaded)
    {
        static_cast<Device *>(self)->user.unload(loaded->handle);
    }

    PageMemory code_;

public:
    LoaderUser user;
    pto::wire::ArgsView args{};
    pto::wire::ReportBlock report{};

private:
    std::vector<pto::wire::KernelEntry> kernels_;
    Arena memory_;
    Arena arena_;
    Arena args_block_;
    pto::wire::LaunchBlock launch_{};
    std::atomic<uint32_t> under_way_{0};
    uint32_t tensors_ = 0;
    uint64_t used_bytes_ = 0;

public:
    Executor executor;
};

constexpr uint32_t kRows = 7;
constexpr uint32_t kColumns = 11;

/// Two runs of f of a and b, by this many tasks each.
void run_vector(const Callable &callable, uint64_t tasks, float (*expected)(float sum))
{
    Device device(callable);
    auto *a = device.tensor<float>(PTO_FLOAT32, {kRows, kColumns});
    auto *b = device.tensor<float>(PTO_FLOAT32, {kRows, kColumns});
    auto *f = device.tensor<float>(PTO_FLOAT32, {kRows, kColumns});
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < kRows * kColumns; i++) {
            a[i] = static_cast<float>(i + round);
            b[i] = static_cast<float>(2 * i);
        }
        device.run(tasks);
        for (uint32_t i = 0; i < kRows * kColumns; i++)
            assert_true(f[i] == expected(a[i] + b[i]));
    }
    device.executor.orchs().unload(kCallable);
}

const std::vector<KernelFile> kVectorKernels = {{"callable_vector_kernel_add", PTO_CORE_AIV},
                                                {"callable_vector_kernel_add_scalar", PTO_CORE_AIV},
                                                {"callable_vector_kernel_multiply", PTO_CORE_AIV}};

void the_vector_example_computes_what_it_says(void **)
{
    for (const char *suffix : {"_gcc", "_clang"}) {
        if (!has_object(std::string("callable_vector_orch") + suffix))
            continue;
        run_vector({std::string("callable_vector_orch") + suffix, "vector", nullptr, kVectorKernels, suffix, 3, 0}, 5,
                   [](float sum) { return (sum + 1) * (sum + 2) + sum; });
    }
}

void an_orchestration_of_the_dialect_computes_what_it_says(void **)
{
    for (const char *suffix : {"_gcc", "_clang"}) {
        if (!has_object(std::string("callable_dialect") + suffix))
            continue;
        run_vector({std::string("callable_dialect") + suffix, "aicpu_orchestration_entry", "aicpu_orchestration_config",
                    kVectorKernels, suffix, 3, 0},
                   4, [](float sum) { return (sum + 1) * (sum + 2); });
    }
}

void the_cholesky_example_factorizes(void **)
{
    constexpr uint32_t kSize = 48;
    constexpr uint32_t kTile = 8;
    for (const char *suffix : {"_gcc", "_clang"}) {
        if (!has_object(std::string("callable_cholesky_orch") + suffix))
            continue;
        Device device({std::string("callable_cholesky_orch") + suffix,
                       "cholesky",
                       nullptr,
                       {{"callable_cholesky_kernel_potrf", PTO_CORE_AIV},
                        {"callable_cholesky_kernel_trsm", PTO_CORE_AIV},
                        {"callable_cholesky_kernel_syrk", PTO_CORE_AIC},
                        {"callable_cholesky_kernel_gemm", PTO_CORE_AIC}},
                       suffix,
                       1,
                       1});
        auto *a = device.tensor<double>(PTO_UINT64, {kSize, kSize});
        device.args.scalars[0] = kTile;
        const auto element = [](uint32_t i, uint32_t j) { return i == j ? kSize + 1.0 : 1.0 / (1.0 + i + j); };
        for (uint32_t i = 0; i < kSize * kSize; i++)
            a[i] = element(i / kSize, i % kSize);
        device.run(56);
        for (uint32_t i = 0; i < kSize; i++) {
            for (uint32_t j = 0; j <= i; j++) {
                double product = 0;
                for (uint32_t k = 0; k <= j; k++)
                    product += a[i * kSize + k] * a[j * kSize + k];
                const double difference = product - element(i, j);
                assert_true(difference < 1e-9 && difference > -1e-9);
            }
        }
    }
}

/// Those that need no function of a library.
void orchestrations_and_kernels_of_the_tests_are_found_by_their_names(void **)
{
    uint32_t orchs = 0;
    uint32_t kernels = 0;
    PageMemory memory(kLoaderBytes);
    LoaderUser user(memory.config());
    for (const std::string &name : objects("callable_")) {
        void *handle = user.must_load(name);
        bool is_function = false;
        if (name.find("_kernel_") != std::string::npos) {
            kernels++;
            assert_non_null(user.find(handle, "kernel_entry", &is_function));
            assert_true(is_function);
            assert_null(user.find(handle, PTO_ORCH_ADAPTER_SYMBOL));
        } else {
            orchs++;
            assert_null(user.find(handle, "kernel_entry"));
        }
        user.unload(handle);
    }
    assert_true(orchs >= 5 && kernels >= 10);
}

void an_entry_that_is_not_there_leaves_the_loader_empty(void **)
{
    Device device({"callable_vector_orch_gcc", "vector", nullptr, {}, "_gcc", 3, 0});
    const std::vector<char> &bytes = object_bytes("callable_vector_orch_gcc");
    char message[192] = "";
    const OrchImage image{7, {"scalar", nullptr, 3, 0}, bytes.data(), bytes.size()};
    const uint64_t pages = device.executor.orchs().loads();
    for (int i = 0; i < 200; i++)
        assert_int_equal(device.executor.orchs().load(image, message, sizeof message), PTO_ERROR_MISSING_ENTRY);
    assert_non_null(std::strstr(message, "'scalar'"));
    assert_int_equal(device.executor.orchs().loads(), pages);
}

} // namespace

int main(int argc, char **argv)
{
    set_up(argc, argv);
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_vector_example_computes_what_it_says),
        cmocka_unit_test(an_orchestration_of_the_dialect_computes_what_it_says),
        cmocka_unit_test(the_cholesky_example_factorizes),
        cmocka_unit_test(orchestrations_and_kernels_of_the_tests_are_found_by_their_names),
        cmocka_unit_test(an_entry_that_is_not_there_leaves_the_loader_empty),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
