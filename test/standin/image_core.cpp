// SPDX-License-Identifier: Apache-2.0
// A core image: reports itself, answers one command, leaves at the next.
#include "image_blocks.hpp"

using namespace standin_test;

extern "C" {
uint32_t pto_core_block_index(void);
uint32_t pto_core_sub_block(void);
uint32_t pto_core_physical_id(void);
uint32_t pto_core_read_command(void);
void pto_core_write_condition(uint32_t);
void pto_core_clean_line(const void *);
void pto_core_clean_all(void);
void pto_core_barrier(void);
void pto_core_relax(uint32_t);
}

namespace {

volatile int *volatile nowhere = nullptr;

/// In windows of 1 MiB from the first one on.
uint32_t place_of(uint32_t arch, uint32_t physical)
{
    if (arch == 0)
        return physical < 25 ? physical * 8 : (physical - 25) / 2 * 8 + 1 + (physical - 25) % 2;
    const uint32_t die = physical / 54;
    const uint32_t place = physical % 54;
    const uint32_t cluster = place < 18 ? place : (place - 18) / 2;
    return (die * 18 + cluster) * 3 + (place < 18 ? 0 : 1 + (place - 18) % 2);
}

uint32_t next_command(uint32_t last)
{
    uint32_t command = pto_core_read_command();
    for (uint32_t round = 0; command == last; round++) {
        pto_core_relax(round);
        command = pto_core_read_command();
    }
    return command;
}

void run(uint64_t launch, uint32_t lane)
{
    const CoreBlock &block = *reinterpret_cast<const CoreBlock *>(launch);
    const uint32_t index = 3 * pto_core_block_index() + lane;
    const bool is_last = index + 1 == block.core_count;
    CoreLine &line = reinterpret_cast<CoreLine *>(block.lines)[index];
    line.physical = pto_core_physical_id();
    line.place = place_of(block.arch, line.physical);
    pto_core_barrier();
    line.done = index + 1;
    if (!is_last || block.mode != kCoreHides)
        pto_core_clean_line(&line);
    const uint32_t command = next_command(0);
    if (is_last && block.mode == kCoreFaults)
        *nowhere = 1;
    if (is_last && block.mode == kCoreStays)
        for (uint32_t round = 0;; round++)
            pto_core_relax(round);
    pto_core_write_condition(command);
    line.value = command;
    if (!is_last || block.mode != kCoreForgets)
        pto_core_clean_all();
    pto_core_write_condition(command | 0x80000000);
    next_command(command);
    pto_core_write_condition(0x7ffffffe);
}

} // namespace

extern "C" __attribute__((visibility("default"))) void image_core_0_mix_aic(uint64_t launch)
{
    run(launch, 0);
}

extern "C" __attribute__((visibility("default"))) void image_core_0_mix_aiv(uint64_t launch)
{
    run(launch, 1 + pto_core_sub_block());
}
