// SPDX-License-Identifier: Apache-2.0
#include "host/context.h"

#include "host/build_identity.h"
#include "host/callable_check.h"
#include "host/last_error.h"
#include "host/stated_identity.h"

#include <cstdio>
#include <cstring>
#include <thread>

namespace pto::host {
namespace {

constexpr uint32_t kDefaultMaxTasks = 262'144;
constexpr uint32_t kMostTasks = 1u << 24;
constexpr uint64_t kDefaultStallTimeoutNs = 10'000'000'000;
constexpr pto_onboard_options kDefaultOnboard = PTO_ONBOARD_OPTIONS_INIT;

bool is_wanted(const char *wanted, const char *name)
{
    return wanted == nullptr || std::strcmp(wanted, name) == 0;
}

const DeviceInterface *find_device(const char *target, const char *arch)
{
    const DeviceList list = device_list();
    for (std::size_t i = 0; i < list.count; i++)
        if (is_wanted(target, list.begin[i]->target) && is_wanted(arch, list.begin[i]->arch))
            return list.begin[i];
    return nullptr;
}

/// Says which of the two is not there.
pto_status refuse_device(const char *target, const char *arch)
{
    if (find_device(target, nullptr) == nullptr)
        return fail(PTO_ERROR_UNSUPPORTED, "target '%s' is not in this build", target);
    return fail(PTO_ERROR_UNSUPPORTED, "arch '%s' is not in this build", arch);
}

uint32_t default_helpers()
{
    const unsigned processors = std::thread::hardware_concurrency();
    return processors > 1 ? processors - 1 : 1;
}

/// Checks the options against the device and fills in what they leave open.
pto_status complete(const pto_open_options &options, const DeviceInterface &device, DeviceConfig *config)
{
    if (options.device_index >= device.max_devices)
        return fail(PTO_ERROR_UNSUPPORTED, "device_index %u: there are %u devices", options.device_index,
                    device.max_devices);
    if (options.cluster_count > device.max_clusters)
        return fail(PTO_ERROR_UNSUPPORTED, "cluster_count %u: an %s chip has %u", options.cluster_count, device.arch,
                    device.max_clusters);
    if (options.device_memory_bytes > device.max_memory_bytes)
        return fail(PTO_ERROR_INVALID_ARGUMENT, "device_memory_bytes %llu: at most %llu",
                    static_cast<unsigned long long>(options.device_memory_bytes),
                    static_cast<unsigned long long>(device.max_memory_bytes));
    if (options.max_tasks > kMostTasks)
        return fail(PTO_ERROR_UNSUPPORTED, "max_tasks %u: at most %u", options.max_tasks, kMostTasks);
    config->device_index = options.device_index;
    config->cluster_count = options.cluster_count == 0 ? device.max_clusters : options.cluster_count;
    config->helper_threads = options.helper_threads == 0 ? default_helpers() : options.helper_threads;
    config->sim_mode = options.sim_mode;
    config->max_tasks = options.max_tasks == 0 ? kDefaultMaxTasks : options.max_tasks;
    config->memory_bytes = options.device_memory_bytes == 0 ? device.default_memory_bytes : options.device_memory_bytes;
    config->heap_bytes = options.heap_bytes == 0 ? device.default_heap_bytes : options.heap_bytes;
    config->onboard = options.onboard == nullptr ? &kDefaultOnboard : options.onboard;
    config->stall_timeout_ns = options.stall_timeout_ns == 0 ? kDefaultStallTimeoutNs : options.stall_timeout_ns;
    return PTO_OK;
}

pto_status check_options(const pto_open_options &options)
{
    if (options.struct_size != sizeof(pto_open_options))
        return fail(PTO_ERROR_INVALID_ARGUMENT, "pto_open_options.struct_size is %u, not %zu", options.struct_size,
                    sizeof(pto_open_options));
    if (options.sim_mode > PTO_SIM_THREADS)
        return fail(PTO_ERROR_INVALID_ARGUMENT, "sim_mode %u is no mode of the simulated chip", options.sim_mode);
    const pto_allocator *allocator = options.allocator;
    if (allocator != nullptr && (allocator->allocate == nullptr || allocator->release == nullptr))
        return fail(PTO_ERROR_INVALID_ARGUMENT, "the allocator lacks a function");
    if (options.onboard != nullptr && options.onboard->struct_size != sizeof(pto_onboard_options))
        return fail(PTO_ERROR_INVALID_ARGUMENT, "pto_onboard_options.struct_size is %u, not %zu",
                    options.onboard->struct_size, sizeof(pto_onboard_options));
    return PTO_OK;
}

} // namespace

Context::Context(const pto_open_options &options, const DeviceInterface &device)
    : allocator_(options.allocator), device_(device), device_index_(static_cast<int32_t>(options.device_index)),
      log_(options.log), log_user_(options.log_user), log_level_(options.log_level),
      images_(allocator_, device_, handle_, ImageStore::content_hash), allocations_(&allocator_),
      submissions_(allocator_)
{
}

Context::~Context()
{
    stop_runner();
    for (PreparedCallable *callable : callables_)
        if (callable != nullptr)
            allocator_.destroy(callable);
    if (recorder_ != nullptr)
        graph_recorder_factory(device_.arch).destroy(recorder_);
    if (handle_ != nullptr)
        device_.close(handle_);
}

void Context::log(void *user, int32_t level, const char *message)
{
    const auto &context = *static_cast<Context *>(user);
    if (context.log_ != nullptr && level <= context.log_level_)
        context.log_(context.log_user_, level, message);
}

pto_status Context::open(const pto_open_options *options, Context **out)
{
    static constexpr pto_open_options kDefaults = PTO_OPEN_OPTIONS_INIT;
    const pto_open_options &chosen = options == nullptr ? kDefaults : *options;
    pto_status status = check_options(chosen);
    if (status != PTO_OK)
        return status;
    const DeviceInterface *device = find_device(chosen.target, chosen.arch);
    if (device == nullptr)
        return refuse_device(chosen.target, chosen.arch);
    // The context lives in the user's memory too, so the allocator is needed before there is a context to hold it.
    Allocator allocator(chosen.allocator);
    Context *context = allocator.create<Context>(chosen, *device);
    status = PTO_ERROR_OUT_OF_HOST_MEMORY;
    try {
        status = context->open_device(chosen);
    } catch (...) {
        allocator.destroy(context);
        throw;
    }
    if (status != PTO_OK)
        allocator.destroy(context);
    else
        *out = context;
    return status;
}

void Context::close(Context *context)
{
    Allocator allocator = context->allocator_;
    allocator.destroy(context);
}

pto_status Context::open_device(const pto_open_options &options)
{
    DeviceConfig config{};
    const pto_status checked = complete(options, device_, &config);
    if (checked != PTO_OK)
        return checked;
    const ErrorDevice error_device(device_index_);
    stall_timeout_ns_ = config.stall_timeout_ns;
    config.log = log;
    config.log_user = this;
    DeviceFailure failure{};
    const pto_status status = device_.open(config, &handle_, &failure);
    return status == PTO_OK ? PTO_OK : fail_device(status, -1, failure);
}

pto_status Context::fail_device(pto_status status, int32_t callable_id, const DeviceFailure &failure) const
{
    fail_callable(status, callable_id, "%s", failure.message);
    set_raw_detail(failure.raw);
    return status;
}

pto_status Context::health()
{
    return is_healthy() ? PTO_OK
                        : fail(PTO_ERROR_DEVICE_FAULTED, "an earlier run faulted the device: close the context");
}

// ---- memory --------------------------------------------------------------------------------------------------------

bool Context::is_allocated(uint64_t address, uint64_t size) const
{
    auto after = allocations_.upper_bound(address);
    if (after == allocations_.begin())
        return false;
    const auto &[base, allocation] = *--after;
    const uint64_t bytes = allocation.size_bytes;
    return address - base < bytes && size <= bytes - (address - base);
}

pto_status Context::check_range(const char *what, uint64_t address, uint64_t size) const
{
    if (is_allocated(address, size))
        return PTO_OK;
    return fail(PTO_ERROR_NOT_DEVICE_MEMORY, "%s: %llu bytes at 0x%llx are not inside one live allocation%s", what,
                static_cast<unsigned long long>(size), static_cast<unsigned long long>(address),
                device_.owns_address(handle_, address) ? "" : "; is it a host pointer?");
}

pto_status Context::check_host(const char *what, const void *pointer) const
{
    if (!device_.owns_address(handle_, reinterpret_cast<uint64_t>(pointer)))
        return PTO_OK;
    return fail(PTO_ERROR_NOT_DEVICE_MEMORY, "%s: %p is device memory passed as host memory", what, pointer);
}

pto_status Context::check_unused(uint64_t address, uint64_t size) const
{
    for (const Turn *turn = turns_.first(); turn != nullptr; turn = turn->next) {
        if (turn->run != nullptr && turn->run->has_tensor_in(address, size))
            return fail_callable(PTO_ERROR_BUSY, turn->run->callable_id(),
                                 "a run of callable id %d is under way that has a tensor in the allocation at 0x%llx",
                                 turn->run->callable_id(), static_cast<unsigned long long>(address));
        if (turn->run == nullptr && turn->address - address < size)
            return fail(PTO_ERROR_BUSY, "a copy from or into the allocation at 0x%llx is under way",
                        static_cast<unsigned long long>(address));
    }
    return PTO_OK;
}

pto_status Context::malloc(std::size_t size_bytes, uint64_t *out_address)
{
    const std::lock_guard lock(mutex_);
    return allocate(size_bytes, false, out_address);
}

pto_status Context::allocate(std::size_t size_bytes, bool is_window, uint64_t *out_address)
{
    if (!is_healthy())
        return fail(PTO_ERROR_DEVICE_FAULTED, "an earlier run faulted the device: close the context");
    DeviceFailure failure{};
    uint64_t address = 0;
    pto_status status = device_.mem_alloc(handle_, size_bytes, &address, &failure);
    if (status == PTO_ERROR_OUT_OF_DEVICE_MEMORY && trim_staging())
        status = device_.mem_alloc(handle_, size_bytes, &address, &failure);
    if (status != PTO_OK)
        return fail_device(status, -1, failure);
    try {
        allocations_.emplace(address, Allocation{size_bytes, is_window});
    } catch (...) {
        device_.mem_free(handle_, address);
        throw;
    }
    allocated_bytes_ += size_bytes;
    *out_address = address;
    return PTO_OK;
}

pto_status Context::free(uint64_t address)
{
    const std::lock_guard lock(mutex_);
    const auto found = allocations_.find(address);
    if (found == allocations_.end())
        return fail(PTO_ERROR_NOT_DEVICE_MEMORY, "0x%llx is not the address of a live allocation",
                    static_cast<unsigned long long>(address));
    if (found->second.is_window)
        return fail(PTO_ERROR_NOT_DEVICE_MEMORY, "0x%llx belongs to a communicator: pto_comm_destroy frees it",
                    static_cast<unsigned long long>(address));
    const pto_status status = check_unused(address, found->second.size_bytes);
    if (status != PTO_OK)
        return status;
    remove(found);
    return PTO_OK;
}

void Context::remove(Allocations::iterator allocation)
{
    const uint64_t address = allocation->first;
    allocated_bytes_ -= allocation->second.size_bytes;
    allocations_.erase(allocation);
    device_.mem_free(handle_, address);
}

pto_status Context::allocate_window(std::size_t size_bytes, uint64_t *out_address)
{
    {
        const std::lock_guard lock(mutex_);
        const pto_status status = allocate(size_bytes, true, out_address);
        if (status != PTO_OK)
            return status;
    }
    // Nobody else knows the address yet.
    DeviceFailure failure{};
    const pto_status status = device_.mem_zero(handle_, *out_address, size_bytes, &failure);
    if (status == PTO_OK)
        return PTO_OK;
    return add_cause(fail(status, "%zu bytes of device memory cannot be cleared", size_bytes), failure);
}

pto_status Context::write_window(uint64_t address, const void *source, std::size_t size)
{
    DeviceFailure failure{};
    const pto_status status = device_.copy_to(handle_, address, source, size, &failure);
    if (status == PTO_OK)
        return PTO_OK;
    return add_cause(fail(status, "the copy of %zu bytes to the device failed", size), failure);
}

void Context::free_window(uint64_t address)
{
    const std::lock_guard lock(mutex_);
    remove(allocations_.find(address));
}

void Context::await_runs()
{
    Lock lock(mutex_);
    Turn turn;
    turns_.push(turn);
    wait_for_turn(turn, lock);
    leave(turn);
}

pto_status Context::copy_to_device(uint64_t destination, const void *source, std::size_t size)
{
    Lock lock(mutex_);
    pto_status status = check_range("destination", destination, size);
    if (status == PTO_OK)
        status = check_host("source", source);
    if (status != PTO_OK)
        return status;
    Turn turn;
    turn.address = destination;
    begin_copy(turn, lock);
    DeviceFailure failure{};
    status = device_.copy_to(handle_, destination, source, size, &failure);
    end_copy(turn, lock);
    if (status == PTO_OK)
        return PTO_OK;
    return add_cause(fail(status, "the copy of %zu bytes to the device failed", size), failure);
}

pto_status Context::copy_from_device(void *destination, uint64_t source, std::size_t size)
{
    Lock lock(mutex_);
    pto_status status = check_range("source", source, size);
    if (status == PTO_OK)
        status = check_host("destination", destination);
    if (status != PTO_OK)
        return status;
    Turn turn;
    turn.address = source;
    begin_copy(turn, lock);
    DeviceFailure failure{};
    status = device_.copy_from(handle_, destination, source, size, &failure);
    end_copy(turn, lock);
    if (status == PTO_OK)
        return PTO_OK;
    return add_cause(fail(status, "the copy of %zu bytes from the device failed", size), failure);
}

// ---- callables -----------------------------------------------------------------------------------------------------

pto_status Context::check_id(int32_t callable_id) const
{
    if (callable_id >= 0 && callable_id < PTO_MAX_CALLABLES)
        return PTO_OK;
    return fail_callable(PTO_ERROR_INVALID_CALLABLE_ID, callable_id, "callable id %d is not in 0..%d", callable_id,
                         PTO_MAX_CALLABLES - 1);
}

pto_status Context::check_prepared(int32_t callable_id) const
{
    if (callables_[callable_id] != nullptr)
        return PTO_OK;
    return fail_callable(PTO_ERROR_NOT_PREPARED, callable_id, "callable id %d is not prepared", callable_id);
}

/// Kernels and the library that gives them streams have to mean the same numbers by the same names.
pto_status Context::check_build(int32_t callable_id, const pto_callable &callable)
{
    std::string_view stated;
    pto_image_error error{};
    const pto_status status = agree_on_identity(callable, &stated, &error);
    if (status != PTO_OK)
        return fail_callable(status, callable_id, "%s", error.message);
    const std::string_view own = build_identity();
    if (stated.empty() || are_same_headers(stated, own))
        return PTO_OK;
    if (own != kNoIdentity)
        return fail_callable(PTO_ERROR_INCOMPATIBLE_IMAGE, callable_id,
                             "the callable was built with '%.80s', this library with '%.80s'", stated.data(),
                             own.data());
    // Without headers this library opens no streams that kernels could count otherwise.
    char line[PTO_MAX_BUILD_IDENTITY + 128];
    std::snprintf(line, sizeof line, "callable id %d was built with '%s', this library without such headers",
                  callable_id, stated.data());
    log(this, PTO_LOG_WARN, line);
    return PTO_OK;
}

pto_status Context::prepare(int32_t callable_id, const pto_callable *callable)
{
    pto_status status = check_id(callable_id);
    if (status != PTO_OK)
        return status;
    const std::lock_guard setup_lock(setup_mutex_);
    if (!is_healthy())
        return fail_callable(PTO_ERROR_DEVICE_FAULTED, callable_id, "an earlier run faulted the device");
    {
        const std::lock_guard lock(mutex_);
        if (callables_[callable_id] != nullptr)
            return fail_callable(PTO_ERROR_ALREADY_PREPARED, callable_id, "callable id %d is prepared", callable_id);
    }
    pto_image_error error{};
    status = check_callable(callable, &error);
    if (status != PTO_OK)
        return fail_callable(status, callable_id, "%s", error.message);
    if (callable->arch != nullptr && std::strcmp(callable->arch, device_.arch) != 0)
        return fail_callable(PTO_ERROR_INCOMPATIBLE_IMAGE, callable_id,
                             "the callable is for arch '%s', the chip is '%s'", callable->arch, device_.arch);
    status = check_build(callable_id, *callable);
    if (status != PTO_OK)
        return status;
    status = install(callable_id, *callable);
    if (status != PTO_ERROR_OUT_OF_DEVICE_MEMORY)
        return status;
    {
        const std::lock_guard lock(mutex_);
        if (!trim_staging())
            return status;
    }
    return install(callable_id, *callable);
}

/// One for all callables, from the first on that needs it: runs take turns.
bool Context::create_recorder()
{
    if (recorder_ != nullptr)
        return true;
    DeviceLayout layout{};
    device_.layout(handle_, &layout);
    recorder_ = graph_recorder_factory(device_.arch).create(layout, &allocator_);
    return recorder_ != nullptr;
}

void Context::count_graph(bool is_recorded, bool is_replayed)
{
    const std::lock_guard lock(mutex_);
    graph_records_ += is_recorded ? 1 : 0;
    graph_replays_ += is_replayed ? 1 : 0;
}

/// Loads while runs go on: the id is free, and who else could take it waits for the lock of setups.
pto_status Context::install(int32_t callable_id, const pto_callable &callable)
{
    const bool on_host = callable.builder == PTO_HOST_BUILT;
    if (on_host && !create_recorder())
        return fail_callable(PTO_ERROR_OUT_OF_HOST_MEMORY, callable_id, "no memory for a graph builder on the host");
    PreparedCallable *prepared = allocator_.create<PreparedCallable>(allocator_, device_, handle_);
    DeviceFailure failure{};
    pto_status status = PTO_OK;
    try {
        status = prepared->set_up(callable_id, callable, images_, on_host ? recorder_ : nullptr, &failure);
    } catch (...) {
        allocator_.destroy(prepared);
        throw;
    }
    if (status != PTO_OK) {
        allocator_.destroy(prepared);
        return fail_device(status, callable_id, failure);
    }
    const std::lock_guard lock(mutex_);
    callables_[callable_id] = prepared;
    prepares_++;
    host_orch_loads_ += on_host ? 1 : 0;
    return PTO_OK;
}

pto_status Context::release(int32_t callable_id)
{
    pto_status status = check_id(callable_id);
    if (status != PTO_OK)
        return status;
    const std::lock_guard setup_lock(setup_mutex_);
    PreparedCallable *released = nullptr;
    {
        const std::lock_guard lock(mutex_);
        status = check_prepared(callable_id);
        if (status != PTO_OK)
            return status;
        released = callables_[callable_id];
        if (released->runs_under_way > 0)
            return fail_callable(PTO_ERROR_BUSY, callable_id, "%u runs of callable id %d are under way",
                                 released->runs_under_way, callable_id);
        callables_[callable_id] = nullptr;
        releases_++;
    }
    allocator_.destroy(released);
    return PTO_OK;
}

void Context::get_stats(pto_stats *stats)
{
    const std::lock_guard lock(mutex_);
    stats->prepared_callables = 0;
    stats->staging_bytes = 0;
    stats->graph_bytes = 0;
    for (const PreparedCallable *callable : callables_) {
        stats->prepared_callables += callable != nullptr ? 1 : 0;
        stats->staging_bytes += callable != nullptr ? callable->staging_bytes() : 0;
        const HostOrchestration *host = callable != nullptr ? callable->host_orchestration() : nullptr;
        stats->graph_bytes += host != nullptr ? host->graphs.size_bytes() : 0;
    }
    stats->runs_under_way = turns_.run_count();
    stats->prepares = prepares_;
    stats->releases = releases_;
    stats->runs = runs_;
    stats->failed_runs = failed_runs_;
    stats->host_orch_loads = host_orch_loads_;
    stats->graph_records = graph_records_;
    stats->graph_replays = graph_replays_;
    stats->orch_loads = device_.orch_loads(handle_);
    stats->kernel_uploads = images_.kernel_uploads();
    stats->orch_uploads = images_.orch_uploads();
    stats->dedup_hits = images_.dedup_hits();
    stats->resident_image_bytes = images_.resident_bytes();
    stats->device_bytes = allocated_bytes_;
}

} // namespace pto::host
