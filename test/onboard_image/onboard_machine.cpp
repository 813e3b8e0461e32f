// SPDX-License-Identifier: Apache-2.0
#include "onboard_machine.hpp"

#include "aicpu/core/core_intrinsics.h"
#include "engine/wire/args_image.h"
#include "firmware_funcs.h"

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sched.h>
#include <sys/mman.h>

#define PTO_TEST_JOIN(arch, type)     pto_core_##arch##_0_mix_##type
#define PTO_TEST_ENTRY_OF(arch, type) PTO_TEST_JOIN(arch, type)

extern "C" {
void PTO_TEST_ENTRY_OF(PTO_ARCH, aic)(uint64_t launch);
void PTO_TEST_ENTRY_OF(PTO_ARCH, aiv)(uint64_t launch);
}

namespace pto::test {
namespace {

constexpr std::size_t kMemoryBytes = std::size_t{96} << 20;
constexpr std::size_t kHeapBytes = 8 << 20;
constexpr std::size_t kWindowBytes = 0x6000; // of the registers of one core
constexpr uint32_t kMaxTasks = 256;

void affine(int64_t *args)
{
    const auto *in = static_cast<const float *>(pto_kernel_data(args, 0));
    auto *out = static_cast<float *>(pto_kernel_data(args, 1));
    for (uint64_t i = 0; i < pto_tensor_count(pto_kernel_tensor(args, 0)); i++)
        out[i] = in[i] * pto_kernel_f32(args, 2) + pto_kernel_f32(args, 3);
}

thread_local const OnboardMachine::Core *this_core;

} // namespace

OnboardMachine::OnboardMachine(const OnboardImage &image, const OnboardOptions &options)
    : image_(image), options_(options)
{
    void *memory = mmap(nullptr, kMemoryBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        std::abort();
    memory_ = static_cast<std::byte *>(memory);
    const uint64_t heap = reinterpret_cast<uint64_t>(take_bytes(kHeapBytes)); // page aligned, since it is the first
    setup_ = take<wire::SetupBlock>();
    command_ = take<wire::CommandBlock>();
    outbox_ = take<wire::Outbox>();
    core_launch_ = take<wire::CoreLaunchBlock>();
    registers_ = take<uint64_t>(kArch.physical_core_count);
    for (uint32_t i = 0; i < kArch.physical_core_count; i++)
        registers_[i] = reinterpret_cast<uint64_t>(take_bytes(kWindowBytes));
    const uint32_t cores = options.cluster_count * kCoresPerCluster;
    setup_->cluster_count = options.cluster_count;
    setup_->physical_core_count = kArch.physical_core_count;
    setup_->control_cpu_count = options.control_cpus;
    setup_->max_tasks = kMaxTasks;
    setup_->stall_timeout_ns = options.stall_timeout_ns;
    setup_->answer_timeout_ns = options.answer_timeout_ns;
    setup_->core_lines = reinterpret_cast<uint64_t>(take<pto_core_line>(cores));
    setup_->registers = reinterpret_cast<uint64_t>(registers_);
    setup_->heap_address = heap;
    setup_->heap_bytes = kHeapBytes;
    setup_->memory_address = reinterpret_cast<uint64_t>(memory_);
    setup_->memory_bytes = kMemoryBytes;
    for (int32_t &cpu : setup_->allowed_cpus)
        cpu = -1;
    *core_launch_ = {setup_->core_lines, options.cluster_count, 0};
}

OnboardMachine::~OnboardMachine()
{
    munmap(memory_, kMemoryBytes);
}

void *OnboardMachine::take_bytes(std::size_t size)
{
    void *place = memory_ + used_bytes_;
    used_bytes_ += (size + 63) & ~std::size_t{63};
    if (used_bytes_ > kMemoryBytes)
        std::abort();
    return place;
}

void OnboardMachine::clear_outbox()
{
    std::memset(static_cast<void *>(outbox_), 0, sizeof *outbox_);
}

uint32_t OnboardMachine::command(wire::Command command, const void *payload)
{
    clear_outbox();
    *command_ = {wire::kCommandMagic,
                 wire::kOnboardVersion,
                 command,
                 1,
                 ++session_,
                 reinterpret_cast<uint64_t>(setup_),
                 setup_->state,
                 reinterpret_cast<uint64_t>(payload),
                 reinterpret_cast<uint64_t>(outbox_)};
    wire::CommandArgs args{reinterpret_cast<uint64_t>(command_)};
    return last_value = image_.command(&args);
}

pto_status OnboardMachine::open()
{
    command(wire::Command::kProbe);
    if (answer().magic != wire::kAnswerMagic || answer().status != PTO_OK)
        return answer().status;
    setup_->state_bytes = answer().state_bytes;
    setup_->state = reinterpret_cast<uint64_t>(take_bytes(setup_->state_bytes));
    command(wire::Command::kOpen);
    return answer().status;
}

pto_status OnboardMachine::load(int32_t callable_id, const std::string &path, const char *entry, uint32_t tensors,
                                uint32_t scalars)
{
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    auto *image = take<char>(bytes.size());
    std::memcpy(image, bytes.data(), bytes.size());
    auto *orch = take<wire::OrchBlock>();
    orch->callable_id = callable_id;
    orch->tensor_count = tensors;
    orch->scalar_count = scalars;
    orch->image = reinterpret_cast<uint64_t>(image);
    orch->image_bytes = bytes.size();
    std::strncpy(orch->entry, entry, sizeof orch->entry - 1);
    command(wire::Command::kLoad, orch);
    std::memset(image, 0, bytes.size()); // The image has to have a copy.
    return answer().status;
}

pto_status OnboardMachine::unload(int32_t callable_id)
{
    auto *orch = take<wire::OrchBlock>();
    orch->callable_id = callable_id;
    command(wire::Command::kUnload, orch);
    return answer().status;
}

wire::LaunchBlock *OnboardMachine::make_launch(int32_t callable_id, const std::vector<pto_tensor> &tensors,
                                               const std::vector<uint64_t> &scalars)
{
    auto *kernels = take<wire::KernelEntry>(FUNC_COUNT);
    kernels[FUNC_AFFINE] = {reinterpret_cast<uint64_t>(affine), 1u << PTO_CORE_AIV, 0};
    kernels[FUNC_AFFINE_MATRIX] = {reinterpret_cast<uint64_t>(affine), 1u << PTO_CORE_AIC, 0};
    const auto tensor_count = static_cast<uint32_t>(tensors.size()),
               scalar_count = static_cast<uint32_t>(scalars.size());
    const std::size_t args_bytes = wire::args_image_bytes(tensor_count, scalar_count);
    void *args = take_bytes(args_bytes);
    const wire::ArgsView view = wire::begin_args_image(args, tensor_count, scalar_count);
    for (uint32_t i = 0; i < tensor_count; i++)
        view.tensors[i] = tensors[i];
    for (uint32_t i = 0; i < scalar_count; i++)
        view.scalars[i] = scalars[i];
    auto *launch = take<wire::LaunchBlock>();
    launch->magic = wire::kLaunchMagic;
    launch->version = wire::kBlockVersion;
    launch->callable_id = callable_id;
    launch->kernel_count = FUNC_COUNT;
    launch->kernels = reinterpret_cast<uint64_t>(kernels);
    launch->args = reinterpret_cast<uint64_t>(args);
    launch->args_bytes = args_bytes;
    launch->timeout_ns = timeout_ns;
    return launch;
}

pto_status OnboardMachine::run(int32_t callable_id, const std::vector<pto_tensor> &tensors,
                               const std::vector<uint64_t> &scalars, uint32_t blocks, uint32_t threads)
{
    blocks = blocks == 0 ? setup_->control_cpu_count : blocks;
    threads = threads == 0 ? blocks : threads;
    clear_outbox();
    const wire::LaunchBlock *launch = make_launch(callable_id, tensors, scalars);
    *command_ = {wire::kCommandMagic,
                 wire::kOnboardVersion,
                 wire::Command::kRun,
                 blocks,
                 ++session_,
                 reinterpret_cast<uint64_t>(setup_),
                 setup_->state,
                 reinterpret_cast<uint64_t>(launch),
                 reinterpret_cast<uint64_t>(outbox_)};
    start_cores();
    std::atomic<uint32_t> worst{0};
    threads_returned = 0;
    std::vector<std::thread> cpus;
    for (uint32_t i = 0; i < threads; i++)
        cpus.emplace_back([&] {
            wire::CommandArgs args{reinterpret_cast<uint64_t>(command_)};
            worst |= image_.run(&args);
            threads_returned++;
        });
    on_launched();
    for (std::thread &cpu : cpus)
        cpu.join();
    for (std::thread &core : cores_)
        core.join();
    cores_.clear();
    last_value = worst;
    return answer().status;
}

std::vector<std::string> OnboardMachine::lines() const
{
    std::vector<std::string> lines;
    for (uint32_t i = 0; i < outbox_->log.count && i < wire::kMaxLogLines; i++)
        lines.emplace_back(outbox_->log.lines[i].text);
    return lines;
}

pto_tensor floats_tensor(float *data, uint32_t count)
{
    return pto_device_tensor(reinterpret_cast<uint64_t>(data), PTO_FLOAT32, 1, &count);
}

// ---- cores ---------------------------------------------------------------------------------------------------------

uint32_t *OnboardMachine::register_of(uint32_t physical_id, uint32_t offset) const
{
    return reinterpret_cast<uint32_t *>(registers_[physical_id] + offset);
}

uint32_t OnboardMachine::read_command(const Core &core) const
{
    return __atomic_load_n(register_of(core.physical_id, kArch.registers.command), __ATOMIC_ACQUIRE);
}

void OnboardMachine::write_condition(const Core &core, uint32_t value)
{
    __atomic_store_n(register_of(core.physical_id, kArch.registers.condition), value, __ATOMIC_RELEASE);
}

/// A launch clears the cores' lines and sets their commands back.
void OnboardMachine::start_cores()
{
    const uint32_t count = options_.cluster_count * kCoresPerCluster;
    std::memset(reinterpret_cast<void *>(setup_->core_lines), 0, count * sizeof(pto_core_line));
    for (uint32_t i = 0; i < count; i++) {
        const Core core = this->core(i);
        *register_of(core.physical_id, kArch.registers.command) = 0;
        if (i == options_.missing_core)
            continue;
        cores_.emplace_back([this, core] {
            this_core = &core;
            const auto launch = reinterpret_cast<uint64_t>(core_launch_);
            core.lane == 0 ? PTO_TEST_ENTRY_OF(PTO_ARCH, aic)(launch) : PTO_TEST_ENTRY_OF(PTO_ARCH, aiv)(launch);
        });
    }
}

} // namespace pto::test

// ---- what a core image finds where it is loaded

using pto::test::this_core;

uint32_t pto_core_block_index()
{
    return this_core->block;
}
uint32_t pto_core_sub_block()
{
    return this_core->lane == 0 ? 0 : this_core->lane - 1;
}
uint32_t pto_core_physical_id()
{
    return this_core->physical_id;
}
uint32_t pto_core_read_command()
{
    return this_core->machine->read_command(*this_core);
}
void pto_core_write_condition(uint32_t value)
{
    this_core->machine->write_condition(*this_core, value);
}
void pto_core_clean_line(const void *) {}
void pto_core_invalidate_line(const void *) {}
void pto_core_clean_all()
{
    this_core->machine->note_cleaning();
}
void pto_core_barrier() {}
void pto_core_relax(uint32_t round)
{
    if (round < 32) {
        sched_yield();
        return;
    }
    const timespec pause{0, 50'000};
    nanosleep(&pause, nullptr);
}
