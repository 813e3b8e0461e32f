// SPDX-License-Identifier: Apache-2.0
#include "control_cache.hpp"

#include "process_link.hpp"

#include <atomic>
#include <csignal>
#include <dlfcn.h>
#include <link.h>
#include <mutex>
#include <ucontext.h>

namespace standin {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kLine = 64;
constexpr uint32_t kMostPagesAtOnce = 512;
constexpr uint32_t kMaxCopies = 8192; ///< Each may be a mapping of its own, of which a process has some ten thousand.

constexpr uint32_t kCleanAndInvalidate = 0xd50b7e20; ///< dc civac, x0
constexpr uint32_t kAddLine = 0x91010000;            ///< add x0, x0, #64
constexpr uint32_t kRegisterMask = 0x1f;
constexpr uint32_t kUndefinedMask = 0xffff; ///< udf #n, with the low half of the instruction.

struct Cache {
    bool is_modelled = false;
    uint64_t memory = 0;
    uint64_t memory_bytes = 0;
    std::atomic<uint8_t> *is_copy = nullptr; ///< Per page.
    std::atomic<uint32_t> *writes =
        nullptr; ///< Per page: 1 + the launches that there were when the host last wrote it.
    uint32_t launches = 0;
    uint32_t copies = 0;
    std::mutex mutex;
};

Cache cache;

void *reserve(uint64_t bytes)
{
    void *const got = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED)
        std::_Exit(8);
    return got;
}

char *page_address(uint32_t page)
{
    return reinterpret_cast<char *>(cache.memory + page * kPage);
}

void refresh_page(uint32_t page)
{
    if (cache.is_copy[page].load(std::memory_order_acquire) == 0)
        return;
    const std::lock_guard lock(cache.mutex);
    if (cache.is_copy[page].load(std::memory_order_relaxed) == 0)
        return;
    mmap(page_address(page), kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, kMemoryFile,
         static_cast<off_t>(page * kPage));
    cache.is_copy[page].store(0, std::memory_order_release);
    cache.copies--;
    count("refreshed pages", 1);
}

/// Makes copies of pages, none of which is one. Nobody may write to a copy.
void age_pages(uint32_t page, uint32_t pages)
{
    const uint64_t bytes = pages * kPage;
    mprotect(page_address(page), bytes, PROT_READ);
    void *const place = reserve(bytes);
    std::memcpy(place, page_address(page), bytes);
    mprotect(place, bytes, PROT_READ);
    for (uint32_t i = 0; i < pages; i++)
        cache.is_copy[page + i].store(1, std::memory_order_release);
    cache.copies += pages;
    // The last step is one step for those who use the pages meanwhile.
    if (mremap(place, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, page_address(page)) != page_address(page))
        std::_Exit(9);
    count("stale pages", pages);
}

/// What the host writes for the first time, or again before anything has run, is in no cache yet.
bool may_be_cached(uint32_t page)
{
    const uint32_t launches = cache.writes[page].exchange(cache.launches + 1, std::memory_order_relaxed);
    return launches != 0 && launches != cache.launches + 1;
}

bool is_memory(uint64_t address)
{
    return address >= cache.memory && address - cache.memory < cache.memory_bytes;
}

/// Where a loop over lines goes on that has just met this address: pages are fresh or not as a whole, so the lines up
/// to the next page that is not need no instruction each. Whoever meant fewer lines finds itself behind the last one.
uint64_t last_line_before_a_copy(uint64_t address)
{
    const auto pages = static_cast<uint32_t>(cache.memory_bytes / kPage);
    auto page = static_cast<uint32_t>((address - cache.memory) / kPage);
    const uint32_t limit = page + kMostPagesAtOnce < pages ? page + kMostPagesAtOnce : pages;
    for (page++; page < limit && cache.is_copy[page].load(std::memory_order_acquire) == 0;)
        page++;
    return cache.memory + page * kPage - kLine;
}

/// A maintenance instruction of an image.
void on_undefined(int signal, siginfo_t *, void *context)
{
    mcontext_t &machine = static_cast<ucontext_t *>(context)->uc_mcontext;
    uint32_t instruction;
    std::memcpy(&instruction, reinterpret_cast<const void *>(machine.pc), sizeof instruction);
    const uint32_t operation = instruction & ~kRegisterMask;
    if (operation != (kCleanAndInvalidate & kUndefinedMask)) {
        std::signal(signal, SIG_DFL);
        return;
    }
    const uint32_t number = instruction & kRegisterMask;
    const uint64_t address = number == kRegisterMask ? 0 : machine.regs[number];
    machine.pc += sizeof instruction;
    if (!is_memory(address))
        return;
    refresh_page(static_cast<uint32_t>((address - cache.memory) / kPage));
    uint32_t next;
    std::memcpy(&next, reinterpret_cast<const void *>(machine.pc), sizeof next);
    if (next == (kAddLine | number << 5 | number))
        machine.regs[number] = last_line_before_a_copy(address);
}

int replace_instructions(dl_phdr_info *info, size_t, void *base)
{
    if (info->dlpi_addr != *static_cast<const ElfW(Addr) *>(base))
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) &segment = info->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0)
            continue;
        auto *const begin = reinterpret_cast<uint32_t *>(info->dlpi_addr + segment.p_vaddr);
        auto *const end = begin + segment.p_filesz / sizeof *begin;
        const uint64_t first = reinterpret_cast<uint64_t>(begin) / kPage * kPage;
        const uint64_t bytes = reinterpret_cast<uint64_t>(end) - first;
        mprotect(reinterpret_cast<void *>(first), bytes, PROT_READ | PROT_WRITE | PROT_EXEC);
        for (uint32_t *at = begin; at < end; at++)
            if ((*at & ~kRegisterMask) == kCleanAndInvalidate)
                *at &= kUndefinedMask;
        mprotect(reinterpret_cast<void *>(first), bytes, PROT_READ | PROT_EXEC);
        __builtin___clear_cache(reinterpret_cast<char *>(begin), reinterpret_cast<char *>(end));
    }
    return 1;
}

} // namespace

void open_cache(bool is_modelled, uint64_t memory, uint64_t memory_bytes)
{
    cache.is_modelled = is_modelled;
    if (!is_modelled)
        return;
    cache.memory = memory;
    cache.memory_bytes = memory_bytes;
    cache.is_copy = static_cast<std::atomic<uint8_t> *>(reserve(memory_bytes / kPage * sizeof *cache.is_copy));
    cache.writes = static_cast<std::atomic<uint32_t> *>(reserve(memory_bytes / kPage * sizeof *cache.writes));
    struct sigaction action = {};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = on_undefined;
    sigaction(SIGILL, &action, nullptr);
}

bool write_through(uint64_t address)
{
    if (!is_memory(address))
        return false;
    refresh_page(static_cast<uint32_t>((address - cache.memory) / kPage));
    return true;
}

void note_launch()
{
    cache.launches++;
}

void age_cache(uint64_t address, uint64_t bytes)
{
    if (!cache.is_modelled || bytes == 0)
        return;
    const std::lock_guard lock(cache.mutex);
    const auto end = static_cast<uint32_t>((address - cache.memory + bytes + kPage - 1) / kPage);
    for (auto page = static_cast<uint32_t>((address - cache.memory) / kPage); page < end;) {
        uint32_t last = page;
        while (last < end && cache.is_copy[last].load(std::memory_order_relaxed) == 0 && may_be_cached(last))
            last++;
        if (last - page > kMaxCopies - cache.copies) {
            count("snapshots refused", 1);
            return;
        }
        if (last > page)
            age_pages(page, last - page);
        page = last + 1;
    }
}

void refresh_cache(uint64_t address, uint64_t bytes)
{
    if (!cache.is_modelled)
        return;
    for (uint64_t at = address / kPage * kPage; at < address + bytes; at += kPage)
        if (is_memory(at))
            refresh_page(static_cast<uint32_t>((at - cache.memory) / kPage));
}

void watch_image(void *handle)
{
    const link_map *map = nullptr;
    if (!cache.is_modelled || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
        return;
    ElfW(Addr) base = map->l_addr;
    dl_iterate_phdr(replace_instructions, &base);
}

} // namespace standin
