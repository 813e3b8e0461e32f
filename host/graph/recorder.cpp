// SPDX-License-Identifier: Apache-2.0
#include "host/graph/recorder.h"

#include "engine/orch_entry.h"
#include "posix/fault_text.h"
#include "posix/watchdog.h"

#include <algorithm>
#include <new>
#include <sys/mman.h>

namespace pto::inline PTO_ARCH::hostgraph {

using engine::TaskSlot;

namespace {

/// What tasks get for scalars of the run: their numbers, for the replay to put in the values.
struct Numbers {
    uint64_t value[PTO_MAX_RUN_SCALARS];
};

constexpr Numbers kNumbers = [] {
    Numbers numbers{};
    for (uint64_t i = 0; i < PTO_MAX_RUN_SCALARS; i++)
        numbers.value[i] = i;
    return numbers;
}();

/// In the order of submission. A join has the ordinal of the task that was submitted next.
uint64_t submission_key(const TaskSlot &slot)
{
    return uint64_t{slot.ordinal} * 2 + ((slot.flags & engine::kJoin) != 0 ? 0 : 1);
}

} // namespace

Recorder::Recorder(const host::DeviceLayout &layout, std::pmr::memory_resource *memory, uint64_t max_graph_bytes)
    : memory_(memory), layout_(layout), geometry_(engine::Geometry::of_tasks(layout.max_tasks)),
      max_graph_bytes_(max_graph_bytes), engine_{}, builder_(engine_), writer_(engine_, memory), order_(memory)
{
}

Recorder::~Recorder()
{
    if (arena_ != nullptr)
        munmap(arena_, arena_bytes_);
}

host::GraphRecorder *Recorder::create(const host::DeviceLayout &layout, std::pmr::memory_resource *memory,
                                      uint64_t max_graph_bytes)
{
    auto *recorder = std::pmr::polymorphic_allocator<>(memory).new_object<Recorder>(layout, memory, max_graph_bytes);
    if (recorder->map_arena())
        return recorder;
    destroy(recorder);
    return nullptr;
}

void Recorder::destroy(host::GraphRecorder *recorder)
{
    auto *mine = static_cast<Recorder *>(recorder);
    std::pmr::polymorphic_allocator<>(mine->memory_).delete_object(mine);
}

bool Recorder::map_arena()
{
    arena_bytes_ = engine::Engine::layout_bytes(geometry_);
    void *arena =
        mmap(nullptr, arena_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED)
        return false;
    arena_ = arena;
    engine_.layout(arena_, geometry_);
    engine_.heap_base = layout_.heap_base;
    engine_.heap_bytes = layout_.heap_bytes;
    engine_.memory_base = layout_.memory_base;
    engine_.memory_bytes = layout_.memory_bytes;
    engine_.port = {this, work, relax, work_ready, log, load, store, fill};
    pto::posix::UserCodeGuard::install_handlers();
    return true;
}

pto_status Recorder::find_program(const pto::posix::LoadedImage &image, const host::DeviceOrch &orch, OrchProgram *out,
                                  host::DeviceFailure *failure) const
{
    pto::posix::LoadedImage loaded = image;
    const engine::OrchSymbols symbols(&loaded, [](void *self, const char *symbol, OrchSymbol *found) {
        pto::posix::SymbolKind kind{};
        found->address = pto::posix::find_symbol(*static_cast<pto::posix::LoadedImage *>(self), symbol, &kind);
        found->is_function = kind == pto::posix::SymbolKind::kFunction;
        return found->address != nullptr;
    });
    return engine::find_orchestration(symbols, orch.promise, out, {failure->message, sizeof failure->message});
}

std::size_t Recorder::record(const host::RecordRequest &request, host::RecordingRun *run, host::Recording *out,
                             wire::ErrorRecord *error)
{
    request_ = &request;
    run_ = run;
    out_ = out;
    run_until_ = sizeof(wire::GraphHeader) / sizeof(uint64_t);
    engine_.reset(1);
    wire::LaunchBlock launch{};
    launch.kernels = reinterpret_cast<uint64_t>(request.kernels);
    launch.kernel_count = request.kernel_count;
    if (builder_.begin(launch, request.args, layout_.cluster_count, kNumbers.value)) {
        try {
            writer_.begin(request.args, out);
        } catch (const std::bad_alloc &) {
            fail_memory();
        }
        orchestrate();
        builder_.finish();
    }
    note_results(request);
    writer_.end();
    std::pmr::vector<uint32_t>(memory_).swap(order_);
    *error = engine_.error.record();
    return run_until_ * sizeof(uint64_t);
}

/// Runs the user's code. It has nothing of the library's in its hands when it is taken out of it: what the builder
/// calls here is shielded.
void Recorder::orchestrate()
{
    pto::posix::UserCodeGuard *outer = guard_.bind();
    {
        pto::posix::Watchdog watchdog(guard_, {request_->stall_timeout_ns, request_->timeout_ns}, engine_.submitted);
        if (sigsetjmp(guard_.landing, 0) == 0) {
            guard_.arm();
            request_->program.run(builder_.orch());
            guard_.disarm();
        } else {
            const bool has_stalled = watchdog.has_stalled();
            // Half a submit may be in the engine: nobody waits for it.
            store_release(engine_.abandoned, true);
            fail_landing(guard_.take_fault(), has_stalled, has_stalled ? watchdog.quiet_ns() : watchdog.total_ns());
        }
    }
    pto::posix::UserCodeGuard::rebind(outer);
}

void Recorder::fail_landing(const pto::posix::Fault &fault, bool has_stalled, uint64_t elapsed_ns)
{
    if (fault.signal != 0) {
        wire::ErrorRecord record = engine::error_record(PTO_ERROR_KERNEL_FAULT);
        char what[96];
        pto::posix::describe_fault(fault, what, sizeof what);
        record.raw = fault.signal;
        record.detail = static_cast<int64_t>(fault.address);
        return engine_.error.set(record, "the orchestration faulted after %llu tasks: %s",
                                 static_cast<unsigned long long>(load_relaxed(engine_.submitted) - engine_.joins),
                                 what);
    }
    wire::ErrorRecord record = engine::error_record(PTO_ERROR_TIMEOUT);
    record.stall = wire::Stall::kOrchestration;
    engine_.error.set(record, "%s %.3f s: the orchestration did not return; %llu tasks are not complete",
                      has_stalled ? "no progress for" : "the run has taken", static_cast<double>(elapsed_ns) * 1e-9,
                      static_cast<unsigned long long>(engine_.outstanding()));
}

void Recorder::note_results(const host::RecordRequest &request)
{
    out_->peak_map_entries = engine_.map.peak_entries();
    out_->peak_scope_depth = engine_.scopes.peak();
    out_->peak_heap_bytes = engine_.heap.peak_bytes();
    try {
        for (uint32_t i = 0; i < request.args.scalar_count; i++)
            if (builder_.has_read_scalar(i))
                out_->scalars.push_back({i, request.args.scalars[i]});
        for (uint32_t i = 0; builder_.has_named_address() && i < request.args.tensor_count; i++)
            out_->addresses.push_back(request.args.tensors[i].addr);
    } catch (const std::bad_alloc &) {
        fail_memory();
    }
}

void Recorder::fail_memory()
{
    engine_.error.set(engine::error_record(PTO_ERROR_OUT_OF_HOST_MEMORY), "host memory ran out for the task graph");
}

void Recorder::check_size()
{
    if (out_->size_bytes() <= max_graph_bytes_)
        return;
    wire::ErrorRecord record = engine::error_record(PTO_ERROR_CAPACITY);
    record.resource = wire::Resource::kTaskGraph;
    record.needed = out_->size_bytes();
    record.available = max_graph_bytes_;
    engine_.error.set(record, "the task graph has more than %llu bytes after %llu tasks",
                      static_cast<unsigned long long>(max_graph_bytes_),
                      static_cast<unsigned long long>(load_relaxed(engine_.submitted) - engine_.joins));
}

/// Completes tasks that wait for nothing, and those that they make ready. False: there are none.
bool Recorder::complete_ready()
{
    bool any = false;
    for (engine::ReadyQueue &queue : engine_.ready) {
        for (uint32_t index = queue.pop(&engine_.tasks[0]); index != engine::kNone;
             index = queue.pop(&engine_.tasks[0])) {
            any = true;
            for (TaskSlot *at = &engine_.tasks[index]; at != nullptr; at = engine_.complete(0, *at))
                if (order_.size() < order_.capacity())
                    order_.push_back(engine_.tasks.index_of(*at));
        }
    }
    return any;
}

void Recorder::write_all()
{
    engine::TaskStore &tasks = engine_.tasks;
    std::sort(order_.begin(), order_.end(),
              [&](uint32_t a, uint32_t b) { return submission_key(tasks[a]) < submission_key(tasks[b]); });
    writer_.write_tasks(order_);
    if (load_relaxed(engine_.recycling))
        writer_.write_barrier();
    check_size();
}

/// The builder waits for tasks to complete: all of them do, and are written down.
bool Recorder::work(void *self)
{
    const pto::posix::UserCodeGuard::Shield shield;
    auto &recorder = *static_cast<Recorder *>(self);
    recorder.order_.clear();
    try {
        recorder.order_.reserve(recorder.engine_.outstanding());
    } catch (const std::bad_alloc &) {
        recorder.fail_memory();
    }
    bool any = false;
    while (recorder.complete_ready())
        any = true;
    if (!any || recorder.engine_.error.is_set())
        return any;
    try {
        recorder.write_all();
    } catch (const std::bad_alloc &) {
        recorder.fail_memory();
    }
    return true;
}

void Recorder::log(void *self, int32_t level, const char *message)
{
    const pto::posix::UserCodeGuard::Shield shield;
    static_cast<Recorder *>(self)->run_->log(level, message);
}

uint64_t Recorder::load(void *self, uint64_t address, uint32_t size_bytes)
{
    const pto::posix::UserCodeGuard::Shield shield;
    auto &recorder = *static_cast<Recorder *>(self);
    if (recorder.engine_.error.is_set())
        return 0; // what had to be waited for may be half written: it must not be run
    try {
        return recorder.load_element(address, size_bytes);
    } catch (const std::bad_alloc &) {
        recorder.fail_memory();
        return 0;
    }
}

/// What conflicts with the element has been written down, with a barrier behind it: running that gives its value. Tasks
/// that are still in flight do not touch it, so the guard may stand before them.
uint64_t Recorder::load_element(uint64_t address, uint32_t size_bytes)
{
    uint64_t bits = 0;
    if (out_->guards.size() < request_->known_count) {
        bits = request_->known[out_->guards.size()];
    } else {
        wire::ErrorRecord failed{};
        const bool is_current =
            run_until_ == out_->image.size() || run_->run_from(*out_, run_until_ * sizeof(uint64_t), &failed);
        if (!is_current || !run_->read(address, size_bytes, &bits, &failed)) {
            engine_.error.set(failed, "%s", failed.message);
            return 0;
        }
    }
    writer_.write_guard(address, size_bytes, bits);
    run_until_ = out_->image.size();
    check_size();
    return bits;
}

/// Writes something down for the builder, unless the recording has failed.
template <class Write> void Recorder::write_down(Write &&write)
{
    const pto::posix::UserCodeGuard::Shield shield;
    if (engine_.error.is_set())
        return;
    try {
        write();
        check_size();
    } catch (const std::bad_alloc &) {
        fail_memory();
    }
}

void Recorder::store(void *self, uint64_t address, uint32_t size_bytes, uint64_t bits)
{
    auto &recorder = *static_cast<Recorder *>(self);
    recorder.write_down([&] { recorder.writer_.write_store(address, size_bytes, bits); });
}

void Recorder::fill(void *self, uint64_t address, uint64_t count, uint32_t size_bytes, uint64_t bits)
{
    auto &recorder = *static_cast<Recorder *>(self);
    recorder.write_down([&] { recorder.writer_.write_fill(address, count, size_bytes, bits); });
}

/// The recorder of the arch that this is compiled for; named in the list of factories.
const host::GraphRecorderFactory *recorder_factory()
{
    static constexpr host::GraphRecorderFactory kFactory{kArch.name, Recorder::create, Recorder::destroy};
    return &kFactory;
}

} // namespace pto::inline PTO_ARCH::hostgraph
