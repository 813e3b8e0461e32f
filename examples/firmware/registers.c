/* SPDX-License-Identifier: Apache-2.0 */
#include "registers.h"

#include "board.h"
#include "pto/firmware.h"

/* Offsets as the executor of each arch uses them. */
static const struct {
    const char *arch;
    uint32_t command, condition;
} layouts[] = {{"a2a3", 0xa0, 0x4c8}, {"a5", 0xd0, 0x5108}};

enum { BLOCK_BYTES = 0x6000 };

static uint32_t blocks[BOARD_CORES][BLOCK_BYTES / sizeof(uint32_t)] __attribute__((aligned(64)));

static int same_text(const char *left, const char *right)
{
    while (*left && *left == *right)
        left++, right++;
    return *left == *right;
}

volatile uint32_t *registers_at(uint32_t physical_id, uint32_t offset)
{
    if (physical_id >= BOARD_CORES || offset >= BLOCK_BYTES || offset % sizeof(uint32_t) != 0)
        board_fail("a register that no core has");
    return &blocks[physical_id][offset / sizeof(uint32_t)];
}

core_registers registers_of(uint32_t physical_id)
{
    for (uint32_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
        if (same_text(layouts[i].arch, pto_firmware_arch())) {
            const core_registers found = {registers_at(physical_id, layouts[i].command),
                                          registers_at(physical_id, layouts[i].condition)};
            return found;
        }
    board_fail("an arch whose registers this board does not know");
}
