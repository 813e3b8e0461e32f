/* SPDX-License-Identifier: Apache-2.0 */
/* Page tables: every address is mapped to itself. RAM is mapped in pages of 4 KiB whose entries are one flat array, so
 * that the entry of an address is a division away; devices in blocks of 2 MiB. What is not named here is not mapped. */
#include "board.h"
#include "page_tables.h"

#define ENTRIES    512
#define BLOCK      0x200000u
#define RAM_PAGES  (BOARD_RAM_BYTES / BOARD_PAGE)
#define RAM_BLOCKS (BOARD_RAM_BYTES / BLOCK)

#define ENTRY_TABLE      3u
#define ENTRY_PAGE       3u
#define ENTRY_BLOCK      1u
#define ENTRY_USED       (1u << 10)
#define ENTRY_INNER      (3u << 8)
#define ENTRY_READONLY   (1u << 7)
#define ENTRY_INDEX(i)   ((i) << 2)
#define ENTRY_NEVER_RUNS (UINT64_C(3) << 53)
#define ENTRY_NOT_USER   (UINT64_C(1) << 54)

struct page_tables {
    uint64_t root[ENTRIES];    /* Of 1 GiB each. */
    uint64_t devices[ENTRIES]; /* The first GiB, where the devices are. */
    uint64_t ram[ENTRIES];     /* The second one, in tables of 2 MiB. */
    uint64_t pages[RAM_PAGES];
};
struct page_tables page_tables __attribute__((aligned(BOARD_PAGE)));

/* From image.ld. */
extern uint8_t text_begin[], text_end[], rodata_begin[], rodata_end[], data_begin[], data_end[], stacks[];

static uint64_t page_entry(uintptr_t address, enum page_use use)
{
    const uint64_t entry = address | ENTRY_PAGE | ENTRY_USED | ENTRY_INNER | ENTRY_INDEX(ATTRIBUTE_NORMAL);
    switch (use) {
    case PAGE_READ_WRITE: return entry | ENTRY_NEVER_RUNS;
    case PAGE_READ_ONLY: return entry | ENTRY_READONLY | ENTRY_NEVER_RUNS;
    case PAGE_EXECUTE: return entry | ENTRY_READONLY | ENTRY_NOT_USER;
    default: return 0;
    }
}

static void set_entries(uintptr_t begin, uintptr_t end, enum page_use use)
{
    for (uintptr_t at = begin; at < end; at += BOARD_PAGE)
        page_tables.pages[(at - BOARD_RAM) / BOARD_PAGE] = page_entry(at, use);
}

static void map_device(uintptr_t address)
{
    page_tables.devices[address / BLOCK] = (address & ~(uintptr_t)(BLOCK - 1)) | ENTRY_BLOCK | ENTRY_USED |
                                           ENTRY_INDEX(ATTRIBUTE_DEVICE) | ENTRY_NEVER_RUNS;
}

/* With the MMU off: this memory is zero, and nothing of it is in a cache. */
void mmu_make_tables(void)
{
    page_tables.root[0] = (uintptr_t)page_tables.devices | ENTRY_TABLE;
    page_tables.root[BOARD_RAM >> 30] = (uintptr_t)page_tables.ram | ENTRY_TABLE;
    for (uint32_t i = 0; i < RAM_BLOCKS; i++)
        page_tables.ram[i] = (uintptr_t)&page_tables.pages[i * ENTRIES] | ENTRY_TABLE;
    map_device(BOARD_GIC_DISTRIBUTOR);
    map_device(BOARD_UART);
    set_entries((uintptr_t)text_begin, (uintptr_t)text_end, PAGE_EXECUTE);
    set_entries((uintptr_t)rodata_begin, (uintptr_t)rodata_end, PAGE_READ_ONLY);
    set_entries((uintptr_t)data_begin, (uintptr_t)data_end, PAGE_READ_WRITE);
    set_entries(BOARD_BOOT_WORD, BOARD_BOOT_WORD + BOARD_PAGE, PAGE_READ_ONLY);
    for (uint32_t cpu = 0; cpu < BOARD_CPUS; cpu++) {
        const uintptr_t guard = (uintptr_t)stacks + cpu * (BOARD_STACK_BYTES + BOARD_PAGE);
        set_entries(guard, guard + BOARD_PAGE, PAGE_NONE);
    }
}

/* Attributes of an entry may change in place; other addresses or sizes of pages could not. */
void mmu_set(uintptr_t address, size_t size_bytes, enum page_use use)
{
    set_entries(address, address + size_bytes, use);
    __asm__ volatile("dsb ishst" : : : "memory");
    for (uintptr_t at = address; at < address + size_bytes; at += BOARD_PAGE)
        __asm__ volatile("tlbi vaae1is, %0" : : "r"(at >> 12) : "memory");
    __asm__ volatile("dsb ish\n\tisb" : : : "memory");
}
