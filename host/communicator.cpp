// SPDX-License-Identifier: Apache-2.0
// The C functions of pto/comm.h, and the table behind their handles.
#include "host/communicator.h"

#include "host/context_table.h"
#include "host/handle.h"
#include "host/last_error.h"

#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>

namespace pto::host {
namespace {

using CommHandle = HandleFormat<8, 36, 1>;

std::mutex mutex; ///< Guards the states of what follows, and what a live one has.
std::condition_variable has_ended;
Communicator communicators[PTO_MAX_COMMUNICATORS];
std::atomic<uint32_t> live_count{0}; ///< M1. Closing a context looks no further while there are none.

pto_comm *handle_of(const Communicator &communicator)
{
    const auto slot = static_cast<uint64_t>(&communicator - communicators);
    return reinterpret_cast<pto_comm *>(CommHandle::encode(slot, communicator.generation));
}

/// The live communicator of a handle; nullptr: there is none. Under the lock.
Communicator *find(const pto_comm *handle)
{
    uint32_t slot = 0;
    uint64_t generation = 0;
    if (!CommHandle::decode(reinterpret_cast<uint64_t>(handle), &slot, &generation) || slot >= PTO_MAX_COMMUNICATORS)
        return nullptr;
    Communicator &communicator = communicators[slot];
    const bool is_live = communicator.state == Communicator::State::kLive &&
                         (communicator.generation & CommHandle::kGenerationMask) == generation;
    return is_live ? &communicator : nullptr;
}

Communicator *take_slot()
{
    const std::lock_guard lock(mutex);
    for (Communicator &communicator : communicators)
        if (communicator.state == Communicator::State::kFree) {
            communicator.state = Communicator::State::kCreating;
            communicator.generation++;
            return &communicator;
        }
    return nullptr;
}

void give_back(Communicator &communicator)
{
    const std::lock_guard lock(mutex);
    if (communicator.state == Communicator::State::kEnding)
        live_count.fetch_sub(1, std::memory_order_release); // M1
    communicator.state = Communicator::State::kFree;
    has_ended.notify_all();
}

/// For the one who has moved it to kEnding. Runs of all members that may use the memory end first.
void end(Communicator &communicator)
{
    for (uint32_t rank = 0; rank < communicator.rank_count; rank++)
        communicator.members[rank].context->await_runs();
    communicator.tear_down();
    give_back(communicator);
}

/// Says in the last error which rank it was.
pto_status name_rank(uint32_t rank, pto_status status)
{
    pto_error error = last_error();
    char cause[sizeof error.message];
    std::memcpy(cause, error.message, sizeof cause);
    std::snprintf(error.message, sizeof error.message, "rank %u: %.*s", rank, static_cast<int>(sizeof cause) - 32,
                  cause);
    restore_last_error(error);
    return status;
}

pto_status check(const pto_comm_options &options)
{
    if (options.struct_size != sizeof options)
        return fail(PTO_ERROR_INVALID_ARGUMENT, "pto_comm_options.struct_size is %u, not %zu", options.struct_size,
                    sizeof options);
    if (options.rank_count < 2 || options.rank_count > PTO_COMM_MAX_RANKS)
        return fail(PTO_ERROR_INVALID_ARGUMENT, "rank_count is %u, not in 2..%u", options.rank_count,
                    PTO_COMM_MAX_RANKS);
    if (options.contexts == nullptr)
        return fail(PTO_ERROR_INVALID_ARGUMENT, "contexts is NULL");
    if (options.window_bytes == 0)
        return fail(PTO_ERROR_INVALID_ARGUMENT, "window_bytes is 0");
    for (uint32_t rank = 0; rank < options.rank_count; rank++)
        for (uint32_t other = 0; other < rank; other++)
            if (options.contexts[rank] != nullptr && options.contexts[rank] == options.contexts[other])
                return fail(PTO_ERROR_INVALID_ARGUMENT, "ranks %u and %u are the same context", other, rank);
    return PTO_OK;
}

pto_status create(const pto_comm_options &options, pto_comm **out_comm)
{
    pto_status status = check(options);
    if (status != PTO_OK)
        return status;
    std::optional<ContextUse> uses[PTO_COMM_MAX_RANKS];
    for (uint32_t rank = 0; rank < options.rank_count; rank++)
        if (uses[rank].emplace(options.contexts[rank]).context() == nullptr)
            return fail(PTO_ERROR_INVALID_HANDLE, "rank %u: the context is %s", rank,
                        options.contexts[rank] == nullptr ? "NULL" : "closed, or not a context");
    for (uint32_t rank = 0; rank < options.rank_count; rank++)
        if (!uses[rank]->context()->shares_memory())
            return fail(PTO_ERROR_UNSUPPORTED, "rank %u: kernels of its device do not reach memory of other devices",
                        rank);
    Communicator *communicator = take_slot();
    if (communicator == nullptr)
        return fail(PTO_ERROR_UNSUPPORTED, "PTO_MAX_COMMUNICATORS: there are %d communicators, which is the most",
                    PTO_MAX_COMMUNICATORS);
    communicator->rank_count = options.rank_count;
    communicator->window_bytes = options.window_bytes;
    communicator->workspace_bytes = options.workspace_bytes;
    communicator->has_out_windows = options.has_out_windows != 0;
    for (uint32_t rank = 0; rank < options.rank_count; rank++)
        communicator->members[rank] = {uses[rank]->context(), 0, 0, 0, 0};
    status = communicator->set_up();
    if (status != PTO_OK) {
        give_back(*communicator);
        return status;
    }
    const std::lock_guard lock(mutex);
    communicator->state = Communicator::State::kLive;
    live_count.fetch_add(1, std::memory_order_release); // M1
    *out_comm = handle_of(*communicator);
    return PTO_OK;
}

} // namespace

bool Communicator::has(const Context *context) const
{
    for (uint32_t rank = 0; rank < rank_count; rank++)
        if (members[rank].context == context)
            return true;
    return false;
}

pto_status Communicator::allocate(Member &member) const
{
    try {
        Context &context = *member.context;
        pto_status status = PTO_OK;
        if (workspace_bytes != 0)
            status = context.allocate_window(workspace_bytes, &member.workspace);
        if (status == PTO_OK)
            status = context.allocate_window(window_bytes, &member.window_in);
        if (status == PTO_OK && has_out_windows)
            status = context.allocate_window(window_bytes, &member.window_out);
        if (status == PTO_OK)
            status = context.allocate_window(sizeof(pto_comm_context), &member.context_address);
        return status;
    } catch (const std::bad_alloc &) {
        return fail(PTO_ERROR_OUT_OF_HOST_MEMORY, "host memory ran out");
    }
}

/// Tells a rank about all.
pto_status Communicator::announce(uint32_t rank) const
{
    pto_comm_context view{};
    view.workspace = members[rank].workspace;
    view.workspace_bytes = workspace_bytes;
    view.rank = rank;
    view.rank_count = rank_count;
    view.window_bytes = window_bytes;
    for (uint32_t i = 0; i < rank_count; i++) {
        view.windows_in[i] = members[i].window_in;
        view.windows_out[i] = has_out_windows ? members[i].window_out : members[i].window_in;
    }
    return members[rank].context->write_window(members[rank].context_address, &view, sizeof view);
}

/// No rank is told an address before all have their memory, and that is zero.
pto_status Communicator::set_up()
{
    for (const bool is_announcing : {false, true})
        for (uint32_t rank = 0; rank < rank_count; rank++) {
            const ErrorDevice error_device(members[rank].context->device_index());
            const pto_status status = is_announcing ? announce(rank) : allocate(members[rank]);
            if (status == PTO_OK)
                continue;
            name_rank(rank, status);
            tear_down();
            return status;
        }
    return PTO_OK;
}

void Communicator::tear_down()
{
    for (uint32_t rank = 0; rank < rank_count; rank++) {
        const Member &member = members[rank];
        for (const uint64_t address : {member.workspace, member.window_in, member.window_out, member.context_address})
            if (address != 0)
                member.context->free_window(address);
    }
}

void end_communicators_of(const Context *context)
{
    if (live_count.load(std::memory_order_acquire) == 0) // M1: what it is a member of was live before
        return;
    std::unique_lock lock(mutex);
    for (Communicator &communicator : communicators) {
        if (communicator.state == Communicator::State::kLive && communicator.has(context)) {
            communicator.state = Communicator::State::kEnding;
            lock.unlock();
            end(communicator);
            lock.lock();
        }
        // Another thread ends it, and needs the context for that.
        const uint64_t generation = communicator.generation;
        has_ended.wait(lock, [&] {
            return communicator.state != Communicator::State::kEnding || communicator.generation != generation ||
                   !communicator.has(context);
        });
    }
}

} // namespace pto::host

using pto::host::Communicator;
using pto::host::fail;

pto_status pto_comm_create(const pto_comm_options *options, pto_comm **out_comm)
{
    if (out_comm == nullptr)
        return fail(PTO_ERROR_INVALID_ARGUMENT, "out_comm is NULL");
    *out_comm = nullptr;
    return options == nullptr ? fail(PTO_ERROR_INVALID_ARGUMENT, "options is NULL")
                              : pto::host::create(*options, out_comm);
}

pto_status pto_comm_get_rank(pto_comm *comm, uint32_t rank, pto_comm_rank *out_rank)
{
    if (out_rank == nullptr)
        return fail(PTO_ERROR_INVALID_ARGUMENT, "out_rank is NULL");
    if (out_rank->struct_size != sizeof *out_rank)
        return fail(PTO_ERROR_INVALID_ARGUMENT, "pto_comm_rank.struct_size is %u, not %zu", out_rank->struct_size,
                    sizeof *out_rank);
    const std::lock_guard lock(pto::host::mutex);
    const Communicator *communicator = pto::host::find(comm);
    if (communicator == nullptr)
        return fail(PTO_ERROR_INVALID_HANDLE, "the communicator is %s",
                    comm == nullptr ? "NULL" : "none, or has ended");
    if (rank >= communicator->rank_count)
        return fail(PTO_ERROR_INVALID_ARGUMENT, "rank %u: there are %u", rank, communicator->rank_count);
    const Communicator::Member &member = communicator->members[rank];
    out_rank->rank = rank;
    out_rank->context_address = member.context_address;
    out_rank->window_in = member.window_in;
    out_rank->window_out = communicator->has_out_windows ? member.window_out : member.window_in;
    out_rank->window_bytes = communicator->window_bytes;
    out_rank->workspace = member.workspace;
    return PTO_OK;
}

void pto_comm_destroy(pto_comm *comm)
{
    Communicator *communicator = nullptr;
    {
        const std::lock_guard lock(pto::host::mutex);
        communicator = pto::host::find(comm);
        if (communicator == nullptr)
            return;
        communicator->state = Communicator::State::kEnding;
    }
    pto::host::end(*communicator);
}
