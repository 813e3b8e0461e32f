// SPDX-License-Identifier: Apache-2.0
#include "sim/chip.h"

#include "posix/image_loader.h"
#include "posix/user_code.h"
#include "pto/pto.h"
#include "sim/fast_chip.h"
#include "sim/hooks/kernel_hooks.h"
#include "sim/threaded_chip.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace pto::inline PTO_ARCH::sim {

pto_status Chip::open(const host::DeviceConfig &config, host::Device **out, host::DeviceFailure *failure)
{
    std::unique_ptr<Chip> chip;
    if (config.sim_mode == PTO_SIM_THREADS)
        chip = std::make_unique<ThreadedChip>(config);
    else
        chip = std::make_unique<FastChip>(config);
    if (!chip->set_up(failure))
        return failure->raw != 0 ? PTO_ERROR_SYSTEM : PTO_ERROR_INVALID_ARGUMENT;
    if (!pto::hooks::export_kernel_hooks())
        chip->write_log(PTO_LOG_INFO,
                        "kernels do not find the functions of pto/sim.h: link the program with -rdynamic");
    *out = reinterpret_cast<host::Device *>(chip.release());
    return PTO_OK;
}

void Chip::close(host::Device *device)
{
    Chip &chip = of(device);
    // A thread that could not be brought out of its kernel still uses the chip: losing the memory is the lesser harm.
    if (!chip.has_lost_threads())
        delete &chip;
}

uint64_t Chip::set_up_memory(uint64_t state_bytes, host::DeviceFailure *failure)
{
    if (!memory_.reserve(config_.memory_bytes)) {
        failure->raw = errno;
        std::snprintf(failure->message, sizeof failure->message, "device memory of %llu bytes cannot be mapped: %s",
                      static_cast<unsigned long long>(config_.memory_bytes), std::strerror(errno));
        return 0;
    }
    const uint64_t state = memory_.allocate(state_bytes);
    heap_ = memory_.allocate(config_.heap_bytes);
    if (state != 0 && heap_ != 0)
        return state;
    std::snprintf(failure->message, sizeof failure->message,
                  "device_memory_bytes (%llu) is too small for heap_bytes (%llu) and %u tasks (%llu bytes)",
                  static_cast<unsigned long long>(config_.memory_bytes),
                  static_cast<unsigned long long>(config_.heap_bytes), config_.max_tasks,
                  static_cast<unsigned long long>(state_bytes));
    return 0;
}

bool Chip::fail_threads(int problem, host::DeviceFailure *failure)
{
    failure->raw = problem;
    std::snprintf(failure->message, sizeof failure->message, "the chip's threads cannot be started: %s",
                  std::strerror(problem));
    return false;
}

host::DeviceLayout Chip::layout() const
{
    return {memory_.base(), memory_.size_bytes(), heap_, config_.heap_bytes, config_.max_tasks, config_.cluster_count};
}

void Chip::write_log(int32_t level, const char *message) const
{
    const pto::posix::UserCodeGuard::Shield shield;
    config_.log(config_.log_user, level, message);
}

pto_status Chip::load(const void *image, std::size_t size, void **out_handle, char *message,
                      std::size_t message_capacity)
{
    pto::posix::LoadedImage loaded{};
    const pto_status status = pto::posix::load_image(image, size, &loaded, message, message_capacity);
    load_problem_ = loaded.problem;
    *out_handle = loaded.handle;
    return status;
}

const void *Chip::find(void *handle, const char *symbol, bool *out_is_function)
{
    pto::posix::SymbolKind kind{};
    const void *address = pto::posix::find_symbol({handle}, symbol, &kind);
    *out_is_function = kind == pto::posix::SymbolKind::kFunction;
    return address;
}

void Chip::unload(void *handle)
{
    pto::posix::unload_image({handle});
}

} // namespace pto::inline PTO_ARCH::sim
