// SPDX-License-Identifier: Apache-2.0
// The loader as firmware knows it: functions and memory of C.
#include "aicpu/elf/elf_loader.h"

namespace {

using pto::aicpu::elf::LoadedImage;
using pto::aicpu::elf::Loader;
using pto::aicpu::elf::Machine;

static_assert(sizeof(Loader) <= sizeof(pto_elf_loader) && alignof(Loader) <= alignof(pto_elf_loader));
static_assert(std::is_trivially_destructible_v<Loader>, "nobody ends a loader");

#if defined(__x86_64__)
constexpr Machine kThisMachine = Machine::kX86_64;
#elif defined(__aarch64__)
constexpr Machine kThisMachine = Machine::kAarch64;
#else
constexpr Machine kThisMachine{}; // None that the loader knows: it refuses all images.
#endif

Loader &loader_of(void *self)
{
    return *std::launder(reinterpret_cast<Loader *>(static_cast<pto_elf_loader *>(self)->state));
}

pto_status load(void *self, const void *image, uint64_t size_bytes, void **out_handle, char *message,
                size_t message_capacity)
{
    LoadedImage *loaded = nullptr;
    const pto_status status =
        loader_of(self).load({static_cast<const std::byte *>(image), size_bytes}, &loaded, {message, message_capacity});
    *out_handle = loaded;
    return status;
}

const void *find(void *self, void *handle, const char *symbol, int32_t *out_is_function)
{
    bool is_function = false;
    const void *address = loader_of(self).find(static_cast<const LoadedImage *>(handle), symbol, &is_function);
    *out_is_function = is_function ? 1 : 0;
    return address;
}

void unload(void *self, void *handle)
{
    loader_of(self).unload(static_cast<LoadedImage *>(handle));
}

} // namespace

pto_status pto_elf_loader_init(pto_elf_loader *loader, const pto_elf_config *config)
{
    if (loader == nullptr || config == nullptr || !Loader::is_valid(*config))
        return PTO_ERROR_INVALID_ARGUMENT;
    new (loader->state) Loader(*config, kThisMachine);
    return PTO_OK;
}

pto_loader pto_elf_loader_hooks(pto_elf_loader *loader)
{
    return {loader, load, find, unload};
}
