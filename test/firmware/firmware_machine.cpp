// SPDX-License-Identifier: Apache-2.0
#include "firmware_machine.hpp"

#include "firmware_funcs.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <elf.h>
#include <fstream>
#include <iterator>
#include <link.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

namespace pto::test {
namespace {

constexpr std::size_t kHeapBytes = 8 << 20;
constexpr std::size_t kDeviceBytes = 16 << 20;
constexpr std::size_t kCodeBytes = 1 << 20;
constexpr uint32_t kMaxTasks = 256;

void affine(int64_t *args)
{
    const auto *in = static_cast<const float *>(pto_kernel_data(args, 0));
    auto *out = static_cast<float *>(pto_kernel_data(args, 1));
    for (uint64_t i = 0; i < pto_tensor_count(pto_kernel_tensor(args, 0)); i++)
        out[i] = in[i] * pto_kernel_f32(args, 2) + pto_kernel_f32(args, 3);
}

void sum(int64_t *args)
{
    const auto *in = static_cast<const float *>(pto_kernel_data(args, 0));
    float total = 0;
    for (uint64_t i = 0; i < pto_tensor_count(pto_kernel_tensor(args, 0)); i++)
        total += in[i];
    *static_cast<float *>(pto_kernel_data(args, 1)) = total;
}

void add(int64_t *args)
{
    *static_cast<float *>(pto_kernel_data(args, 2)) =
        *static_cast<const float *>(pto_kernel_data(args, 0)) + *static_cast<const float *>(pto_kernel_data(args, 1));
}

void twice(int64_t *args)
{
    *static_cast<float *>(pto_kernel_data(args, 1)) = 2 * *static_cast<const float *>(pto_kernel_data(args, 0));
}

void square(int64_t *args)
{
    const float value = *static_cast<const float *>(pto_kernel_data(args, 0));
    *static_cast<float *>(pto_kernel_data(args, 2)) = value * value;
}

pto_firmware_kernel kernel(void (*entry)(int64_t *), uint32_t core_type)
{
    return {reinterpret_cast<uint64_t>(entry), 1u << core_type, 0};
}

/// Lets others have the processor: there may be fewer than threads.
void let_time_pass(uint32_t round)
{
    if (round < 32) {
        sched_yield();
        return;
    }
    const timespec pause{0, 50'000};
    nanosleep(&pause, nullptr);
}

int32_t protect(void *, void *address, uint64_t size_bytes, uint32_t protection)
{
    const int flags[] = {PROT_READ | PROT_WRITE, PROT_READ, PROT_READ | PROT_EXEC};
    if (protection == PTO_ELF_EXECUTE)
        __builtin___clear_cache(static_cast<char *>(address), static_cast<char *>(address) + size_bytes);
    return mprotect(address, size_bytes, flags[protection]);
}

// ---- the loader of the operating system

/// The file stays open: a path that names another one meanwhile would be taken for the same object.
struct LoadedFile {
    void *object;
    int file;
};

pto_status load_image(void *, const void *image, uint64_t size_bytes, void **out_handle, char *message,
                      size_t message_capacity)
{
    const int file = memfd_create("orchestration", MFD_CLOEXEC);
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    const bool written = file >= 0 && write(file, image, size_bytes) == static_cast<ssize_t>(size_bytes);
    void *object = written ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr;
    if (object == nullptr) {
        std::snprintf(message, message_capacity, "%s", written ? dlerror() : "no memory file");
        close(file);
        return PTO_ERROR_LOAD_FAILED;
    }
    *out_handle = new LoadedFile{object, file};
    return PTO_OK;
}

const void *find_symbol(void *, void *handle, const char *symbol, int32_t *out_is_function)
{
    void *address = dlsym(static_cast<LoadedFile *>(handle)->object, symbol);
    Dl_info info;
    void *entry = nullptr;
    const bool known = address != nullptr && dladdr1(address, &info, &entry, RTLD_DL_SYMENT) != 0;
    *out_is_function = known && ELF64_ST_TYPE(static_cast<const ElfW(Sym) *>(entry)->st_info) == STT_FUNC ? 1 : 0;
    return address;
}

void unload_image(void *, void *handle)
{
    const auto *loaded = static_cast<LoadedFile *>(handle);
    dlclose(loaded->object);
    close(loaded->file);
    delete loaded;
}

} // namespace

Pages::Pages(std::size_t size_bytes) : size_bytes_((size_bytes + 65535) & ~std::size_t{65535})
{
    void *memory = mmap(nullptr, size_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        std::abort();
    data_ = static_cast<std::byte *>(memory);
}

Pages::~Pages()
{
    munmap(data_, size_bytes_);
}

pto_loader system_loader()
{
    return {nullptr, load_image, find_symbol, unload_image};
}

// ---- the hooks

uint64_t Machine::now(void *)
{
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

void Machine::relax(void *, uint32_t, uint32_t round)
{
    let_time_pass(round);
}

void Machine::notify(void *) {}

void Machine::log(void *self, int32_t, const char *text)
{
    auto &machine = *static_cast<Machine *>(self);
    const std::lock_guard lock(machine.mutex_);
    machine.logged_.emplace_back(text);
}

void Machine::note_panic(void *self, const char *text)
{
    auto &machine = *static_cast<Machine *>(self);
    const std::lock_guard lock(machine.mutex_);
    machine.panic_ = text;
}

std::atomic<uint32_t> *Machine::find_register(uint32_t core, uint32_t offset)
{
    if (core < registers_.size() && offset == kArch.registers.command)
        return &registers_[core].command;
    if (core < registers_.size() && offset == kArch.registers.condition)
        return &registers_[core].condition;
    if (core < registers_.size() && offset != 0 && offset == kArch.registers.fast_path)
        return &registers_[core].fast_path;
    misused_ = true;
    return nullptr;
}

uint32_t Machine::read_register(void *self, uint32_t core, uint32_t offset)
{
    auto *cell = static_cast<Machine *>(self)->find_register(core, offset);
    return cell != nullptr ? cell->load(std::memory_order_acquire) : 0;
}

void Machine::write_register(void *self, uint32_t core, uint32_t offset, uint32_t value)
{
    if (auto *cell = static_cast<Machine *>(self)->find_register(core, offset); cell != nullptr)
        cell->store(value, std::memory_order_release);
}

/// Threads have coherent caches.
void Machine::coherent(void *, const void *, uint64_t) {}

pto_firmware_port Machine::make_port()
{
    pto_firmware_port port{};
    port.struct_size = sizeof port;
    port.self = this;
    port.now = now;
    port.relax = relax;
    port.notify = notify;
    port.log = log;
    port.panic = note_panic;
    port.read_register = read_register;
    port.write_register = write_register;
    port.clean = coherent;
    port.invalidate = coherent;
    port.loader = system_loader();
    if (options_.own_loader) {
        const pto_elf_config config{sizeof config, static_cast<uint32_t>(sysconf(_SC_PAGESIZE)),
                                    code_.data(),  code_.size_bytes(),
                                    nullptr,       protect};
        if (pto_elf_loader_init(&elf_loader_, &config) != PTO_OK)
            std::abort();
        port.loader = pto_elf_loader_hooks(&elf_loader_);
    }
    return port;
}

// ---- the machine

Machine::Machine(const MachineOptions &options)
    : options_(options), device_(kDeviceBytes), code_(kCodeBytes), used_bytes_(kHeapBytes),
      registers_(kArch.physical_core_count), cores_(options.cluster_count * kCoresPerCluster)
{
    lines_ = std::make_unique<Pages>(cores_.size() * sizeof(pto_core_line));
    pto_firmware_config config{};
    config.struct_size = sizeof config;
    config.control_cpus = options.control_cpus;
    config.cluster_count = options.cluster_count;
    config.physical_cores = kArch.physical_core_count;
    config.max_tasks = kMaxTasks;
    config.lines = reinterpret_cast<pto_core_line *>(lines_->data());
    config.heap_address = device_.address();
    config.heap_bytes = kHeapBytes;
    config.device_address = device_.address();
    config.device_bytes = device_.size_bytes();
    config.stall_timeout_ns = 60'000'000'000;
    config.answer_timeout_ns = options.answer_timeout_ns != 0 ? options.answer_timeout_ns : 60'000'000'000;
    state_ = std::make_unique<Pages>(pto_firmware_memory_bytes(&config));
    config.memory = state_->data();
    config.memory_bytes = state_->size_bytes();
    const pto_firmware_port port = make_port();
    status = pto_firmware_open(&config, &port, &firmware, message, sizeof message);
    if (status != PTO_OK)
        return;
    for (uint32_t cpu = 1; cpu < options.control_cpus; cpu++)
        cpus_.emplace_back([this, cpu] { pto_firmware_serve(firmware, cpu); });
    start_cores(options.missing_core);
}

void Machine::start_cores(uint32_t missing_core)
{
    auto *lines = reinterpret_cast<pto_core_line *>(lines_->data());
    for (uint32_t i = 0; i < cores_.size(); i++) {
        Core &core = cores_[i];
        // Not in the order of indices, as on a chip some of whose cores are masked out.
        const uint32_t physical_id = kArch.physical_core_count - 1 - i;
        core.machine = this;
        core.registers = &registers_[physical_id];
        core.port = {};
        core.port.struct_size = sizeof core.port;
        core.port.index = i;
        core.port.physical_id = physical_id;
        core.port.core_type = i % kCoresPerCluster == 0 ? PTO_CORE_AIC : PTO_CORE_AIV;
        core.port.self = &core;
        core.port.read_command = [](void *self) {
            return static_cast<Core *>(self)->registers->command.load(std::memory_order_acquire);
        };
        core.port.write_condition = [](void *self, uint32_t value) {
            static_cast<Core *>(self)->registers->condition.store(value, std::memory_order_release);
        };
        core.port.clean = coherent;
        core.port.invalidate = coherent;
        core.port.relax = [](void *, uint32_t round) { let_time_pass(round); };
        core.port.call = [](void *self, void (*entry)(int64_t *), int64_t *args) {
            static_cast<Core *>(self)->ran.store(true, std::memory_order_relaxed);
            entry(args);
        };
        if (i != missing_core)
            threads_.emplace_back([&core, line = &lines[i]] { pto_core_run(&core.port, line); });
    }
}

Machine::~Machine()
{
    if (firmware != nullptr)
        pto_firmware_close(firmware);
    for (std::thread &cpu : cpus_)
        cpu.join();
    for (std::thread &core : threads_)
        core.join();
}

pto_status Machine::connect()
{
    return status = pto_firmware_connect(firmware, message, sizeof message);
}

pto_status Machine::disconnect()
{
    return status = pto_firmware_disconnect(firmware, message, sizeof message);
}

pto_status Machine::load(int32_t callable_id, const std::string &path, const char *entry, uint32_t tensors,
                         uint32_t scalars)
{
    std::ifstream file(path, std::ios::binary);
    // Gone after the call: the loader keeps what it needs.
    const std::vector<char> image{std::istreambuf_iterator<char>(file), {}};
    pto_firmware_orch orch{};
    orch.struct_size = sizeof orch;
    orch.callable_id = callable_id;
    orch.image = image.data();
    orch.image_bytes = image.size();
    orch.entry = entry;
    orch.tensor_count = tensors;
    orch.scalar_count = scalars;
    message[0] = '\0';
    return status = pto_firmware_load(firmware, &orch, message, sizeof message);
}

pto_status Machine::run(int32_t callable_id, const std::vector<pto_tensor> &tensors,
                        const std::vector<uint64_t> &scalars)
{
    pto_firmware_kernel kernels[FUNC_COUNT];
    kernels[FUNC_AFFINE] = kernel(affine, PTO_CORE_AIV);
    kernels[FUNC_AFFINE_MATRIX] = kernel(affine, PTO_CORE_AIC);
    kernels[FUNC_SUM] = kernel(sum, PTO_CORE_AIV);
    kernels[FUNC_ADD] = kernel(add, PTO_CORE_AIV);
    kernels[FUNC_TWICE] = kernel(twice, PTO_CORE_AIC);
    kernels[FUNC_SQUARE] = kernel(square, PTO_CORE_AIV);
    pto_firmware_call call{};
    call.struct_size = sizeof call;
    call.callable_id = callable_id;
    call.kernel_count = FUNC_COUNT;
    call.kernels = kernels;
    call.tensor_count = static_cast<uint32_t>(tensors.size());
    call.tensors = tensors.data();
    call.scalar_count = static_cast<uint32_t>(scalars.size());
    call.scalars = scalars.data();
    result = {};
    result.struct_size = sizeof result;
    status = pto_firmware_run(firmware, &call, &result);
    std::memcpy(message, result.message, sizeof result.message);
    note_cores();
    return status;
}

void Machine::note_cores()
{
    for (uint32_t i = 0; i < cores_.size(); i++)
        cores_that_ran |= cores_[i].ran.load(std::memory_order_relaxed) ? 1u << i : 0;
}

float *Machine::floats(uint32_t count)
{
    std::byte *place = device_.data() + used_bytes_;
    used_bytes_ += (count * sizeof(float) + 63) & ~std::size_t{63};
    return reinterpret_cast<float *>(place);
}

std::vector<std::string> Machine::lines() const
{
    const std::lock_guard lock(mutex_);
    return logged_;
}

std::string Machine::panic() const
{
    const std::lock_guard lock(mutex_);
    return panic_;
}

} // namespace pto::test
