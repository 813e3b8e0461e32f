// SPDX-License-Identifier: Apache-2.0
#include "aicpu/linked_executor.h"

#include "engine/wire/args_image.h"

namespace pto::inline PTO_ARCH::aicpu {
namespace {

constexpr uint32_t kMostTasks = 1u << 24;
constexpr uint64_t kStallTimeoutNs = 10'000'000'000;
constexpr uint64_t kAnswerTimeoutNs = 1'000'000'000;

/// Steps between two looks at whether the run is still on, and between two looks at the clock by the one who watches.
constexpr uint32_t kStepsAtOnce = 32;
constexpr uint32_t kStepsBetweenLooks = 4096;

uint32_t core_count(const pto_firmware_config &config)
{
    return config.cluster_count * kCoresPerCluster;
}

std::size_t arena_bytes(const pto_firmware_config &config)
{
    return engine::Engine::layout_bytes(engine::Geometry::of_tasks(config.max_tasks));
}

pto_firmware_config with_defaults(pto_firmware_config config)
{
    if (config.physical_cores == 0)
        config.physical_cores = core_count(config);
    if (config.stall_timeout_ns == 0)
        config.stall_timeout_ns = kStallTimeoutNs;
    if (config.answer_timeout_ns == 0)
        config.answer_timeout_ns = kAnswerTimeoutNs;
    return config;
}

} // namespace

const char *LinkedExecutor::defect_of(const pto_firmware_config &config)
{
    if (config.control_cpus == 0 || config.control_cpus > kMaxControlCpus)
        return "control_cpus is not 1..32";
    if (config.cluster_count == 0 || config.cluster_count > kMaxClusters)
        return "cluster_count is 0 or more than the arch has";
    if (config.physical_cores != 0 && config.physical_cores < core_count(config))
        return "physical_cores is less than the cores of the clusters";
    if (config.max_tasks == 0 || config.max_tasks > kMostTasks)
        return "max_tasks is not 1..2^24";
    if (config.heap_address % engine::Heap::kGranuleBytes != 0 || config.heap_bytes % engine::Heap::kGranuleBytes != 0)
        return "the heap's address and size are not multiples of 1024";
    if (config.heap_bytes / engine::Heap::kGranuleBytes > UINT32_MAX)
        return "heap_bytes is more than 4 TiB";
    if (config.heap_address - config.device_address > config.device_bytes ||
        config.heap_bytes > config.device_bytes - (config.heap_address - config.device_address))
        return "the heap is not inside the device's memory";
    return nullptr;
}

std::size_t LinkedExecutor::memory_bytes(const pto_firmware_config &config)
{
    Carver carver(nullptr); // in the order of the constructor
    carver.take<LinkedExecutor>(1);
    carver.take<std::byte>(arena_bytes(config));
    carver.take<std::byte>(wire::kMaxArgsImageBytes);
    carver.take<std::byte>(CoreLink::layout_bytes(core_count(config)));
    return carver.used_bytes();
}

LinkedExecutor *LinkedExecutor::create(const pto_firmware_config &config, const pto_firmware_port &port)
{
    Carver carver(config.memory);
    auto *place = carver.take<LinkedExecutor>(1);
    return new (place) LinkedExecutor(with_defaults(config), port, carver);
}

void LinkedExecutor::destroy()
{
    this->~LinkedExecutor();
}

LinkedExecutor::LinkedExecutor(const pto_firmware_config &config, const pto_firmware_port &port, Carver &carver)
    : config_(config), port_(port),
      executor_(executor_config(carver.take<std::byte>(arena_bytes(config))), executor_port()),
      engine_(executor_.engine()), link_(engine_, executor_.scheduler(), port_)
{
    args_block_ = carver.take<std::byte>(wire::kMaxArgsImageBytes);
    link_.layout(carver, {config_.lines, core_count(config_), config_.physical_cores, config_.answer_timeout_ns},
                 {this, lost});
}

ExecutorConfig LinkedExecutor::executor_config(void *arena) const
{
    ExecutorConfig setup{};
    setup.arena = arena;
    setup.geometry = engine::Geometry::of_tasks(config_.max_tasks);
    setup.cluster_count = config_.cluster_count;
    setup.worker_count = config_.control_cpus;
    // Kernels that CPU 0 hands out are its own to look after, and the orchestration may keep it for long.
    setup.owner_only_orchestrates = config_.control_cpus > 1;
    setup.heap_base = config_.heap_address;
    setup.heap_bytes = config_.heap_bytes;
    setup.memory_base = config_.device_address;
    setup.memory_bytes = config_.device_bytes;
    return setup;
}

ExecutorPort LinkedExecutor::executor_port()
{
    return {this, start, offer, poll, &always_, relax, work_ready, log, load, find, unload, invalidate, clean};
}

// ---- runs ----------------------------------------------------------------------------------------------------------

bool LinkedExecutor::begin(const wire::LaunchBlock &launch, wire::ReportBlock *report)
{
    wire::begin_report(report);
    if (is_abandoned() || !is_connected()) {
        report->error = engine::error_record(is_abandoned() ? PTO_ERROR_DEVICE_FAULTED : PTO_ERROR_CORE);
        engine::print_message(&report->error, "%s",
                              is_abandoned() ? "an earlier run lost the chip" : "the cores are not connected");
        return false;
    }
    executor_.begin(launch);
    watch_.begin(port_.now(port_.self), config_.stall_timeout_ns, launch.timeout_ns);
    state_.store(kRunning, std::memory_order_seq_cst); // R1
    port_.notify(port_.self);
    return true;
}

void LinkedExecutor::end(wire::ReportBlock *report)
{
    state_.store(kIdle, std::memory_order_seq_cst);                                  // R1
    for (uint32_t round = 0; present_.load(std::memory_order_seq_cst) != 0; round++) // R1, R2
        port_.relax(port_.self, 0, round);
    executor_.give_back();
    if (is_abandoned())
        engine_.fill_report(report);
}

/// A block of another version says nothing of where its parts are; the run will refuse it.
void LinkedExecutor::see_launch(const wire::LaunchBlock &launch) const
{
    port_.invalidate(port_.self, &launch, sizeof launch);
    if (launch.magic != wire::kLaunchMagic || launch.version != wire::kBlockVersion)
        return;
    port_.invalidate(port_.self, reinterpret_cast<const void *>(launch.args), launch.args_bytes);
    port_.invalidate(port_.self, reinterpret_cast<const void *>(launch.kernels),
                     launch.kernel_count * sizeof(wire::KernelEntry));
    if (launch.graph != 0)
        port_.invalidate(port_.self, reinterpret_cast<const void *>(launch.graph), launch.graph_bytes);
}

void LinkedExecutor::show_report(const wire::ReportBlock &report) const
{
    port_.clean(port_.self, &report, sizeof report);
}

void LinkedExecutor::serve(uint32_t cpu)
{
    for (uint32_t round = 0;;) {
        const uint32_t state = load_acquire(state_);
        if (state == kStopped)
            return;
        if (state == kRunning) {
            present_.fetch_add(1, std::memory_order_seq_cst); // R1
            if (state_.load(std::memory_order_seq_cst) == kRunning) {
                help(cpu);
                round = 0;
            }
            present_.fetch_sub(1, std::memory_order_release); // R2
        }
        port_.relax(port_.self, cpu, round++);
    }
}

void LinkedExecutor::help(uint32_t cpu)
{
    Scheduler &scheduler = executor_.scheduler();
    const bool watches = cpu == config_.control_cpus - 1;
    uint32_t steps_since_look = 0;
    for (uint32_t round = 0; is_running();) {
        const uint32_t steps = scheduler.steps(cpu, kStepsAtOnce);
        steps_since_look += steps;
        if (watches && (steps == 0 || steps_since_look >= kStepsBetweenLooks)) {
            steps_since_look = 0;
            watch();
        }
        if (steps == 0)
            port_.relax(port_.self, cpu, round);
        round = steps == 0 ? round + 1 : 0;
    }
}

// ---- a run that gets nowhere ---------------------------------------------------------------------------------------

void LinkedExecutor::watch()
{
    uint64_t progress = load_relaxed(engine_.submitted) + link_.sent();
    for (uint32_t i = 0; i < config_.control_cpus; i++)
        progress += load_relaxed(engine_.counts[i].kernels) + load_relaxed(engine_.counts[i].tasks);
    const RunWatch::Verdict verdict = watch_.look(port_.now(port_.self), progress);
    if (verdict != RunWatch::Verdict::kGoesOn)
        abandon(stall_record(view(verdict == RunWatch::Verdict::kStalled)));
}

StallView LinkedExecutor::view(bool is_stalled)
{
    StallView view;
    view.elapsed_ns = is_stalled ? watch_.quiet_ns() : watch_.running_ns();
    view.is_stalled = is_stalled;
    view.is_quiet = is_stalled || watch_.is_quiet();
    view.is_orchestrating = load_relaxed(engine_.recycling);
    link_.look_at_kernels(&view);
    look_at_ready(engine_, executor_.scheduler(), &view);
    look_at_deferred(engine_, &view);
    view.outstanding = engine_.outstanding();
    return view;
}

void LinkedExecutor::abandon(const wire::ErrorRecord &record)
{
    if (abandoned_.exchange(true, std::memory_order_acq_rel))
        return;
    executor_.abandon(record);
    port_.panic(port_.self, record.message);
    port_.notify(port_.self);
}

void LinkedExecutor::lost(void *self, const wire::ErrorRecord &record)
{
    static_cast<LinkedExecutor *>(self)->abandon(record);
}

// ---- the executor's port -------------------------------------------------------------------------------------------

bool LinkedExecutor::start(void *self, uint32_t worker, const LaneRun *runs, uint32_t count)
{
    offer(self, worker, runs, count);
    return false;
}

void LinkedExecutor::offer(void *self, uint32_t worker, const LaneRun *runs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        static_cast<LinkedExecutor *>(self)->link_.send(worker, runs[i]);
}

bool LinkedExecutor::poll(void *self, uint32_t worker)
{
    return static_cast<LinkedExecutor *>(self)->link_.poll(worker);
}

void LinkedExecutor::relax(void *self, uint32_t worker, uint32_t round)
{
    auto &executor = *static_cast<LinkedExecutor *>(self);
    if (executor.config_.control_cpus == 1)
        executor.watch();
    executor.port_.relax(executor.port_.self, worker, round);
}

void LinkedExecutor::work_ready(void *self, uint32_t)
{
    const pto_firmware_port &port = static_cast<LinkedExecutor *>(self)->port_;
    port.notify(port.self);
}

void LinkedExecutor::log(void *self, int32_t level, const char *message)
{
    const pto_firmware_port &port = static_cast<LinkedExecutor *>(self)->port_;
    port.log(port.self, level, message);
}

pto_status LinkedExecutor::load(void *self, const void *image, std::size_t size, LoadedOrch *out, char *message,
                                std::size_t message_capacity)
{
    const pto_loader &loader = static_cast<LinkedExecutor *>(self)->port_.loader;
    return loader.load(loader.self, image, size, &out->handle, message, message_capacity);
}

bool LinkedExecutor::find(void *self, const LoadedOrch *loaded, const char *symbol, OrchSymbol *out)
{
    const pto_loader &loader = static_cast<LinkedExecutor *>(self)->port_.loader;
    int32_t is_function = 0;
    out->address = loader.find(loader.self, loaded->handle, symbol, &is_function);
    out->is_function = is_function != 0;
    return out->address != nullptr;
}

void LinkedExecutor::unload(void *self, const LoadedOrch *loaded)
{
    const pto_loader &loader = static_cast<LinkedExecutor *>(self)->port_.loader;
    loader.unload(loader.self, loaded->handle);
}

void LinkedExecutor::invalidate(void *self, uint64_t address, uint64_t size_bytes)
{
    const pto_firmware_port &port = static_cast<LinkedExecutor *>(self)->port_;
    port.invalidate(port.self, reinterpret_cast<const void *>(address), size_bytes);
}

void LinkedExecutor::clean(void *self, uint64_t address, uint64_t size_bytes)
{
    const pto_firmware_port &port = static_cast<LinkedExecutor *>(self)->port_;
    port.clean(port.self, reinterpret_cast<const void *>(address), size_bytes);
}

} // namespace pto::inline PTO_ARCH::aicpu
