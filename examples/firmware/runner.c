/* SPDX-License-Identifier: Apache-2.0 */
#include "runner.h"

#include "board.h"

#define ALIGNMENT 1024u

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);

static uint64_t size_of(const blob *bytes)
{
    return (uint64_t)(bytes->end - bytes->begin);
}

static int failed(const program *what, const char *part, pto_status status, const char *message)
{
    print("%s: %s: status %d: %s\n", what->name, part, status, message);
    return 0;
}

/* ---- loading ---- */

static int load_kernel(const pto_loader *loader, const program *what, uint32_t func_id, loaded_program *out)
{
    const program_kernel *kernel = &what->kernels[func_id];
    char message[192] = "";
    int32_t is_function = 0;
    const pto_status status = loader->load(loader->self, kernel->image.begin, size_of(&kernel->image),
                                           &out->handles[func_id], message, sizeof(message));
    if (status != PTO_OK)
        return failed(what, kernel->name, status, message);
    const void *entry = loader->find(loader->self, out->handles[func_id], "kernel_entry", &is_function);
    if (entry == NULL || !is_function)
        return failed(what, kernel->name, PTO_ERROR_MISSING_ENTRY, "there is no function kernel_entry");
    out->kernels[func_id].entry = (uint64_t)(uintptr_t)entry;
    out->kernels[func_id].core_types = kernel->core_types;
    return 1;
}

static int place_tensor(const program *what, uint32_t index, memory_range *memory, loaded_program *out)
{
    const program_tensor *tensor = &what->tensors[index];
    pto_tensor *placed = &out->tensors[index];
    *placed = pto_device_tensor((uint64_t)(uintptr_t)memory->begin, tensor->dtype, tensor->ndims, tensor->shape);
    if (tensor->input.begin != NULL && size_of(&tensor->input) != placed->size_bytes)
        return failed(what, tensor->name, PTO_ERROR_INVALID_ARGUMENT, "its input has another size");
    if (placed->size_bytes > (uint64_t)(memory->end - memory->begin))
        return failed(what, tensor->name, PTO_ERROR_OUT_OF_DEVICE_MEMORY, "no memory is left");
    memory->begin += (placed->size_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return 1;
}

int runner_load(pto_firmware *firmware, const pto_loader *kernel_loader, memory_range *memory, int32_t id,
                loaded_program *out)
{
    const program *what = out->what;
    const pto_firmware_orch orch = {
        .struct_size = sizeof(orch),
        .callable_id = id,
        .image = what->orch.begin,
        .image_bytes = size_of(&what->orch),
        .entry = what->entry,
        .tensor_count = what->tensor_count,
        .scalar_count = what->scalar_count,
    };
    char message[192] = "";
    for (uint32_t i = 0; i < what->kernel_count; i++)
        if (!load_kernel(kernel_loader, what, i, out))
            return 0;
    for (uint32_t i = 0; i < what->tensor_count; i++)
        if (!place_tensor(what, i, memory, out))
            return 0;
    const pto_status status = pto_firmware_load(firmware, &orch, message, sizeof(message));
    return status == PTO_OK ? 1 : failed(what, "orchestration", status, message);
}

void runner_unload(pto_firmware *firmware, const pto_loader *kernel_loader, int32_t id, loaded_program *loaded)
{
    pto_firmware_unload(firmware, id);
    for (uint32_t i = 0; i < loaded->what->kernel_count; i++)
        kernel_loader->unload(kernel_loader->self, loaded->handles[i]);
}

/* ---- running ---- */

/* 64-bit FNV-1a. */
static uint64_t add_to_digest(uint64_t digest, const pto_tensor *tensor)
{
    const uint8_t *bytes = (const uint8_t *)(uintptr_t)tensor->addr;
    for (uint64_t i = 0; i < tensor->size_bytes; i++)
        digest = (digest ^ bytes[i]) * UINT64_C(0x100000001b3);
    return digest;
}

static void fill_tensors(const loaded_program *loaded)
{
    for (uint32_t i = 0; i < loaded->what->tensor_count; i++) {
        void *data = (void *)(uintptr_t)loaded->tensors[i].addr;
        const blob *input = &loaded->what->tensors[i].input;
        if (input->begin != NULL)
            memcpy(data, input->begin, size_of(input));
        else
            memset(data, 0xff, loaded->tensors[i].size_bytes);
        cache_clean(data, loaded->tensors[i].size_bytes);
    }
}

static uint64_t digest_of_results(const loaded_program *loaded)
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (uint32_t i = 0; i < loaded->what->tensor_count; i++)
        if (loaded->what->tensors[i].is_result) {
            cache_invalidate((const void *)(uintptr_t)loaded->tensors[i].addr, loaded->tensors[i].size_bytes);
            digest = add_to_digest(digest, &loaded->tensors[i]);
        }
    return digest;
}

int runner_run(pto_firmware *firmware, int32_t id, loaded_program *loaded)
{
    const program *what = loaded->what;
    const pto_firmware_call call = {
        .struct_size = sizeof(call),
        .callable_id = id,
        .kernel_count = what->kernel_count,
        .tensor_count = what->tensor_count,
        .scalar_count = what->scalar_count,
        .kernels = loaded->kernels,
        .tensors = loaded->tensors,
        .scalars = what->scalars,
    };
    fill_tensors(loaded);
    memset(&loaded->last, 0, sizeof(loaded->last));
    loaded->last.struct_size = sizeof(loaded->last);
    const pto_status status = pto_firmware_run(firmware, &call, &loaded->last);
    if (status != PTO_OK)
        return failed(what, "run", status, loaded->last.message);
    const uint64_t digest = digest_of_results(loaded);
    if (loaded->runs++ == 0)
        loaded->digest = digest;
    if (digest != loaded->digest)
        return failed(what, "run", PTO_ERROR_INTERNAL, "a repetition gives other bits");
    return 1;
}

void runner_print(const loaded_program *loaded)
{
    const program *what = loaded->what;
    print("program %s: status %d, tasks %lu, kernels %lu, runs %u, digest %lx\n", what->name, loaded->last.status,
          loaded->last.tasks, loaded->last.kernels, loaded->runs, loaded->digest);
    for (uint32_t i = 0; i < what->tensor_count; i++) {
        const pto_tensor *tensor = &loaded->tensors[i];
        if (!what->tensors[i].is_result)
            continue;
        print("result %s.%s: dtype %u, shape", what->name, what->tensors[i].name, tensor->dtype);
        for (uint32_t d = 0; d < tensor->ndims; d++)
            print("%c%u", d == 0 ? ' ' : 'x', tensor->shape[d]);
        print(", %lu bytes\n", tensor->size_bytes);
        print_bytes((const void *)(uintptr_t)tensor->addr, tensor->size_bytes);
        print("end\n");
    }
}
