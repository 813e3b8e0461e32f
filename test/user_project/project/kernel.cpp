// SPDX-License-Identifier: Apache-2.0
#include <tensor.h>

#include <user_offset.h>

extern "C" void kernel_entry(int64_t *args)
{
    const ChipTensor *x = reinterpret_cast<ChipTensor *>(args[0]);
    const ChipTensor *y = reinterpret_cast<ChipTensor *>(args[1]);
    for (uint64_t i = 0; i < y->numel(); i++)
        y->data_as<float>()[y->start_offset + i] = x->data_as<float>()[x->start_offset + i] + kOffset;
}
