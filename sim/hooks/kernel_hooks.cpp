// SPDX-License-Identifier: Apache-2.0
// What kernels find by name. Nothing is bound or set around a kernel: the thread's guard leads to the thread's owner,
// and that knows what it runs.
#include "sim/hooks/kernel_hooks.h"

#include "pto/sim.h"

#include <dlfcn.h>
#include <link.h>

namespace pto::hooks {
namespace {

/// The host of the kernel on this thread; nullptr: there is none.
const KernelHost *current_kernel(KernelPlace *out)
{
    const auto *host = static_cast<const KernelHost *>(pto::posix::UserCodeGuard::current_owner());
    return host != nullptr && host->place(out) ? host : nullptr;
}

/// Whether a shared object without dependencies would find the function here.
bool is_visible()
{
    void *program = dlopen(nullptr, RTLD_NOW);
    if (program == nullptr)
        return false;
    const bool visible =
        dlsym(program, "pto_sim_get_subblock_id") == reinterpret_cast<void *>(&pto_sim_get_subblock_id);
    dlclose(program);
    return visible;
}

} // namespace

/// Opening what is loaded already with RTLD_GLOBAL adds it to the scope that all look in, and it stays there for as
/// long as it is loaded; the handle need not be kept.
bool export_kernel_hooks()
{
    Dl_info info;
    void *map = nullptr;
    if (dladdr1(reinterpret_cast<void *>(&pto_sim_get_subblock_id), &info, &map, RTLD_DL_LINKMAP) == 0)
        return false;
    const char *path = static_cast<const link_map *>(map)->l_name;
    if (path[0] != '\0') // the program itself has no name, and is global
        if (void *handle = dlopen(path, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL); handle != nullptr)
            dlclose(handle);
    return is_visible();
}

} // namespace pto::hooks

uint32_t pto_sim_get_subblock_id(void)
{
    pto::hooks::KernelPlace place{};
    return pto::hooks::current_kernel(&place) != nullptr ? place.sub_block_id : 0;
}

void *pto_sim_get_pipe_shared_state(uint64_t key, size_t size_bytes)
{
    pto::hooks::KernelPlace place{};
    const pto::hooks::KernelHost *host = pto::hooks::current_kernel(&place);
    return host != nullptr ? host->pipe_states->get(place.cluster, key, size_bytes) : nullptr;
}
