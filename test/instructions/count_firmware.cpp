// SPDX-License-Identifier: Apache-2.0
// Runs graphs of two sizes on the executor for firmware, and has callgrind write down the instructions of each run
// under the name "SHAPE firmware SIZE". Cores are registers that answer at once, so one thread does everything and the
// counts are the same every time. usage: count_firmware ARCH ORCH_MODULE
#include "aicpu/core/core_protocol.h"
#include "engine/arch/arch.h"
#include "pto/firmware.h"

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <iterator>
#include <string>
#include <valgrind/callgrind.h>
#include <vector>

namespace {

namespace aicpu = pto::aicpu;

/// Tasks per run, or runs of one task. Fixed costs are in both and vanish from the difference.
constexpr uint64_t kSizes[] = {1024, 3072};
constexpr uint32_t kMaxTasks = 4096;
constexpr uint32_t kClusters = 8;
constexpr uint32_t kCores = kClusters * pto::kCoresPerCluster;
constexpr uint64_t kDeviceBytes = 64 << 20;

struct Shape {
    const char *name;
    const char *entry;
    bool one_task; ///< The size is the number of runs.
};

constexpr Shape kShapes[] = {
    {"chain", "counted_chain", false},     {"wide", "counted_wide", false},     {"tree", "counted_tree", false},
    {"stencil", "counted_stencil", false}, {"stream", "counted_stream", false}, {"run", "counted_wide", true},
};

void require(bool holds, const char *what, const char *message = "")
{
    if (holds)
        return;
    std::fprintf(stderr, "%s: %s\n", what, message);
    std::exit(1);
}

/// What a core has been told, and says.
uint32_t conditions[kCores];

uint32_t answer_to(uint32_t command)
{
    if (command == aicpu::kControlIdle)
        return aicpu::kCoreIdle;
    return command == aicpu::kExit ? aicpu::kCoreExited : command | aicpu::kFinished;
}

void *aligned(uint64_t size_bytes)
{
    void *memory = std::aligned_alloc(4096, (size_bytes + 4095) & ~uint64_t{4095});
    require(memory != nullptr, "memory");
    return std::char_traits<char>::assign(static_cast<char *>(memory), size_bytes, '\0');
}

pto_firmware_port make_port(void *module)
{
    pto_firmware_port port{};
    port.struct_size = sizeof port;
    port.self = module;
    port.now = [](void *) { return uint64_t{0}; };
    port.relax = [](void *, uint32_t, uint32_t) {};
    port.notify = [](void *) {};
    port.log = [](void *, int32_t, const char *) {};
    port.panic = [](void *, const char *message) { require(false, "panic", message); };
    port.read_register = [](void *, uint32_t core, uint32_t) { return conditions[core]; };
    port.write_register = [](void *, uint32_t core, uint32_t offset, uint32_t value) {
        if (offset == pto::kArch.registers.command)
            conditions[core] = answer_to(value);
    };
    port.clean = [](void *, const void *, uint64_t) {};
    port.invalidate = [](void *, const void *, uint64_t) {};
    port.loader.self = module;
    port.loader.load = [](void *self, const void *, uint64_t, void **out_handle, char *, size_t) {
        *out_handle = self;
        return pto_status{PTO_OK};
    };
    port.loader.find = [](void *, void *handle, const char *symbol, int32_t *out_is_function) {
        *out_is_function = 0;
        return static_cast<const void *>(dlsym(handle, symbol));
    };
    port.loader.unload = [](void *, void *) {};
    return port;
}

pto_firmware *open_chip(void *module, pto_tensor *input)
{
    auto *lines = static_cast<pto_core_line *>(aligned(kCores * sizeof(pto_core_line)));
    for (uint32_t i = 0; i < kCores; i++) {
        lines[i].physical_id = i;
        lines[i].core_type = i % pto::kCoresPerCluster == 0 ? PTO_CORE_AIC : PTO_CORE_AIV;
        lines[i].done = i + 1;
    }
    pto_firmware_config config{};
    config.struct_size = sizeof config;
    config.control_cpus = 1;
    config.cluster_count = kClusters;
    config.max_tasks = kMaxTasks;
    config.lines = lines;
    config.heap_address = reinterpret_cast<uint64_t>(aligned(kDeviceBytes));
    config.heap_bytes = kDeviceBytes - 4096;
    config.device_address = config.heap_address;
    config.device_bytes = kDeviceBytes;
    config.memory_bytes = pto_firmware_memory_bytes(&config);
    config.memory = aligned(config.memory_bytes);
    const uint32_t one[] = {1};
    *input = pto_device_tensor(config.heap_address + config.heap_bytes, PTO_FLOAT32, 1, one);
    const pto_firmware_port port = make_port(module);
    char message[256] = "";
    pto_firmware *chip = nullptr;
    require(pto_firmware_open(&config, &port, &chip, message, sizeof message) == PTO_OK, "open", message);
    require(pto_firmware_connect(chip, message, sizeof message) == PTO_OK, "connect", message);
    return chip;
}

void run(pto_firmware *chip, const pto_tensor &input, const Shape &shape, uint64_t size)
{
    const uint64_t tasks = shape.one_task ? 1 : size;
    const uint64_t runs = shape.one_task ? size : 1;
    const pto_firmware_kernel kernel{1, 1u << PTO_CORE_AIV, 0};
    pto_firmware_call call{};
    call.struct_size = sizeof call;
    call.kernel_count = 1;
    call.kernels = &kernel;
    call.tensor_count = 1;
    call.tensors = &input;
    call.scalar_count = 1;
    call.scalars = &tasks;
    pto_firmware_result result{};
    for (uint64_t i = 0; i < runs; i++) {
        result.struct_size = sizeof result;
        require(pto_firmware_run(chip, &call, &result) == PTO_OK, "run", result.message);
        require(result.tasks == tasks && result.kernels == tasks, "some tasks did not run");
    }
}

void count(pto_firmware *chip, const pto_tensor &input, const Shape &shape)
{
    char message[256] = "";
    pto_firmware_orch orch{};
    orch.struct_size = sizeof orch;
    orch.image = &shape;
    orch.entry = shape.entry;
    orch.tensor_count = 1;
    orch.scalar_count = 1;
    require(pto_firmware_load(chip, &orch, message, sizeof message) == PTO_OK, "load", message);
    for (const uint64_t size : kSizes) {
        run(chip, input, shape, size); // touches memory, binds symbols
        const std::string title = std::string(shape.name) + " firmware " + std::to_string(size);
        CALLGRIND_START_INSTRUMENTATION;
        CALLGRIND_ZERO_STATS;
        run(chip, input, shape, size);
        CALLGRIND_DUMP_STATS_AT(title.c_str());
        CALLGRIND_STOP_INSTRUMENTATION;
    }
    pto_firmware_unload(chip, 0);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3 || std::string(argv[1]) != pto_firmware_arch()) {
        std::fprintf(stderr, "usage: %s ARCH ORCH_MODULE\n", argv[0]);
        return 2;
    }
    void *module = dlopen(argv[2], RTLD_NOW);
    require(module != nullptr, argv[2]);
    pto_tensor input{};
    pto_firmware *chip = open_chip(module, &input);
    for (const Shape &shape : kShapes)
        count(chip, input, shape);
    pto_firmware_close(chip);
    return 0;
}
