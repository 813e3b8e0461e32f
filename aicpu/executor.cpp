// SPDX-License-Identifier: Apache-2.0
#include "aicpu/executor.h"

namespace pto::inline PTO_ARCH::aicpu {
namespace {

/// Steps that the owner takes before it looks whether the run is over, which costs a look at every worker.
constexpr uint32_t kStepsAtOnce = 32;

/// Nothing else of a block may be read unless this holds.
bool is_launch(const wire::LaunchBlock &launch)
{
    return launch.magic == wire::kLaunchMagic && launch.version == wire::kBlockVersion;
}

} // namespace

Executor::Executor(const ExecutorConfig &config, const ExecutorPort &port)
    : engine_{}, port_(port), config_(config), orchs_(port_), scheduler_(engine_, port_), builder_(engine_),
      replay_(engine_)
{
    engine_.layout(config.arena, config.geometry);
    engine_.heap_base = config.heap_base;
    engine_.heap_bytes = config.heap_bytes;
    engine_.memory_base = config.memory_base;
    engine_.memory_bytes = config.memory_bytes;
    engine_.port = {this, work, relax, work_ready, log, nullptr, nullptr, nullptr};
    if (port.invalidate != nullptr)
        engine_.port.invalidate = invalidate;
    if (port.clean != nullptr)
        engine_.port.clean = clean;
    engine_.gate.use(config.gate);
    engine_.reclaims_at_once = true;
}

/// The owner waits: as worker 0 it does some of the work that it waits for.
bool Executor::work(void *self)
{
    auto &executor = *static_cast<Executor *>(self);
    if (!load_relaxed(executor.engine_.recycling))
        return executor.scheduler_.steps(0, kStepsAtOnce) != 0;
    if (executor.config_.owner_only_orchestrates)
        return false;
    const bool any = executor.scheduler_.step(0);
    // While the orchestration goes on, this thread may not come back soon: what it kept is for the others.
    if (any)
        executor.scheduler_.flush(0);
    return any;
}

void Executor::relax(void *self, uint32_t round)
{
    auto &executor = *static_cast<Executor *>(self);
    executor.engine_.gate.open();
    executor.port_.relax(executor.port_.self, 0, round);
    executor.engine_.gate.close();
}

void Executor::work_ready(void *self, uint32_t count)
{
    const auto &port = static_cast<Executor *>(self)->port_;
    port.work_ready(port.self, count);
}

void Executor::log(void *self, int32_t level, const char *message)
{
    const auto &port = static_cast<Executor *>(self)->port_;
    port.log(port.self, level, message);
}

void Executor::invalidate(void *self, uint64_t address, uint64_t size_bytes)
{
    const auto &port = static_cast<Executor *>(self)->port_;
    port.invalidate(port.self, address, size_bytes);
}

void Executor::clean(void *self, uint64_t address, uint64_t size_bytes)
{
    const auto &port = static_cast<Executor *>(self)->port_;
    port.clean(port.self, address, size_bytes);
}

bool Executor::check(const wire::LaunchBlock &launch, wire::ArgsView *args)
{
    if (!is_launch(launch)) {
        engine_.error.set(engine::error_record(PTO_ERROR_INTERNAL), "launch block of version %u, this executor has %u",
                          launch.version, wire::kBlockVersion);
        return false;
    }
    if (wire::decode_args_image(reinterpret_cast<void *>(launch.args), launch.args_bytes, args))
        return true;
    engine_.error.set(engine::error_record(PTO_ERROR_INTERNAL), "malformed arguments for callable id %d",
                      launch.callable_id);
    return false;
}

const OrchProgram *Executor::find_program(const wire::LaunchBlock &launch, const wire::ArgsView &args)
{
    const OrchProgram *program = orchs_.find(launch.callable_id);
    if (program == nullptr)
        engine_.error.set(engine::error_record(PTO_ERROR_NOT_PREPARED), "no orchestration is loaded for callable id %d",
                          launch.callable_id);
    else if (args.tensor_count != program->tensor_count || args.scalar_count != program->scalar_count)
        engine_.error.set(engine::error_record(PTO_ERROR_INTERNAL), "malformed arguments for callable id %d",
                          launch.callable_id);
    else
        return program;
    return nullptr;
}

bool Executor::check_graph(const wire::LaunchBlock &launch, const wire::ArgsView &args)
{
    const auto *header = reinterpret_cast<const wire::GraphHeader *>(launch.graph);
    if (wire::is_graph(*header, launch.graph_bytes) && header->tensor_count == args.tensor_count &&
        header->scalar_count == args.scalar_count && launch.graph_begin >= sizeof *header &&
        launch.graph_begin <= launch.graph_bytes && launch.graph_begin % sizeof(uint64_t) == 0)
        return true;
    engine_.error.set(engine::error_record(PTO_ERROR_INTERNAL), "malformed graph for callable id %d",
                      launch.callable_id);
    return false;
}

void Executor::begin(const wire::LaunchBlock &launch)
{
    engine_.reset(config_.worker_count);
    scheduler_.reset(config_.cluster_count, reinterpret_cast<const wire::KernelEntry *>(launch.kernels));
    instance_ = is_launch(launch) ? engine::GraphInstance(launch, config_.heap_base) : engine::GraphInstance();
    if (instance_.exists())
        instance_.lend_to(engine_); // here, where nobody else can be looking at slots
}

void Executor::run(const wire::LaunchBlock &launch, wire::ReportBlock *report)
{
    wire::ArgsView args{};
    engine_.gate.close();
    if (check(launch, &args)) {
        if (launch.graph != 0)
            replay(launch, args, report);
        else
            orchestrate(launch, args);
    }
    engine_.fill_report(report);
    engine_.gate.open();
}

void Executor::give_back()
{
    if (instance_.exists())
        instance_.give_back(engine_);
    instance_ = engine::GraphInstance();
}

void Executor::orchestrate(const wire::LaunchBlock &launch, const wire::ArgsView &args)
{
    const OrchProgram *program = find_program(launch, args);
    if (program == nullptr || !builder_.begin(launch, args, config_.cluster_count, args.scalars))
        return;
    engine_.gate.open();
    program->run(builder_.orch());
    engine_.gate.close();
    builder_.finish();
}

void Executor::replay(const wire::LaunchBlock &launch, const wire::ArgsView &args, wire::ReportBlock *report)
{
    if (!check_graph(launch, args))
        return;
    if (instance_.exists())
        replay_.run_instance(instance_, launch, args, report);
    else
        replay_.run(launch, args, report);
}

void Executor::abandon(const wire::ErrorRecord &record)
{
    engine_.error.keep(record);
    store_release(engine_.abandoned, true);
}

} // namespace pto::inline PTO_ARCH::aicpu
