// SPDX-License-Identifier: Apache-2.0
// The system calls that an image on the control CPUs makes. It is loaded into a process whose C library may be any, so
// it asks the kernel itself. Results are those of the kernel: not negative, or minus the number of the error.
#ifndef PTO_AICPU_LINUX_LINUX_CALLS_H
#define PTO_AICPU_LINUX_LINUX_CALLS_H

#include <cstddef>
#include <cstdint>

namespace pto::linux_calls {

#if defined(__aarch64__)
enum Number : long {
    kMkdirat = 34,
    kUnlinkat = 35,
    kRenameat = 38,
    kOpenat = 56,
    kClose = 57,
    kGetdents64 = 61,
    kWrite = 64,
    kNanosleep = 101,
    kClockGettime = 113,
    kSchedGetaffinity = 123,
    kSchedYield = 124,
    kGetcpu = 168,
    kGettid = 178,
    kMunmap = 215,
    kMmap = 222,
    kMprotect = 226,
};
inline constexpr int kOpenDirectory = 040000;

inline long call(Number number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
    return x0;
}
#elif defined(__x86_64__)
enum Number : long {
    kWrite = 1,
    kClose = 3,
    kMmap = 9,
    kMprotect = 10,
    kMunmap = 11,
    kSchedYield = 24,
    kNanosleep = 35,
    kGettid = 186,
    kSchedGetaffinity = 204,
    kGetdents64 = 217,
    kClockGettime = 228,
    kOpenat = 257,
    kMkdirat = 258,
    kUnlinkat = 263,
    kRenameat = 264,
    kGetcpu = 309,
};
inline constexpr int kOpenDirectory = 0200000;

inline long call(Number number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result = number;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory", "cc");
    return result;
}
#else
#error "no system calls for this machine"
#endif

inline constexpr int kCurrentFolder = -100;
inline constexpr int kOpenWrite = 01;
inline constexpr int kOpenCreate = 0100;
inline constexpr int kOpenExclusive = 0200;
inline constexpr int kOpenCloseOnExec = 02000000;
inline constexpr long kErrorInterrupted = -4;
inline constexpr long kErrorExists = -17;

inline constexpr int kMapRead = 1;
inline constexpr int kMapWrite = 2;
inline constexpr int kMapExecute = 4;

/// What the kernel calls timespec.
struct Time {
    int64_t seconds;
    int64_t nanoseconds;
};

inline long address_of(const void *address)
{
    return reinterpret_cast<long>(address);
}

/// `folder` is an open folder, or kCurrentFolder; paths that begin with a slash do not need it.
inline long openat(int folder, const char *path, int flags, int mode)
{
    return call(kOpenat, folder, address_of(path), flags | kOpenCloseOnExec, mode);
}
inline long close(int file)
{
    return call(kClose, file);
}
inline long write(int file, const void *bytes, std::size_t size)
{
    return call(kWrite, file, address_of(bytes), static_cast<long>(size));
}
inline long renameat(int folder, const char *from, const char *to)
{
    return call(kRenameat, folder, address_of(from), folder, address_of(to));
}
inline long unlinkat(int folder, const char *path)
{
    return call(kUnlinkat, folder, address_of(path), 0);
}
inline long mkdirat(int folder, const char *path, int mode)
{
    return call(kMkdirat, folder, address_of(path), mode);
}

/// Memory of this process alone, zero, readable and writable; nullptr: there is none.
inline void *map_memory(std::size_t size)
{
    constexpr int kPrivate = 2, kAnonymous = 0x20, kNoReserve = 0x4000;
    const long result =
        call(kMmap, 0, static_cast<long>(size), kMapRead | kMapWrite, kPrivate | kAnonymous | kNoReserve, -1, 0);
    return result < 0 && result > -4096 ? nullptr : reinterpret_cast<void *>(result);
}
inline long unmap_memory(void *address, std::size_t size)
{
    return call(kMunmap, address_of(address), static_cast<long>(size));
}
inline long protect_memory(void *address, std::size_t size, int protection)
{
    return call(kMprotect, address_of(address), static_cast<long>(size), protection);
}

/// The CPU that the calling thread is on, -1: unknown.
inline int32_t current_cpu()
{
    uint32_t cpu = 0;
    return call(kGetcpu, address_of(&cpu)) == 0 ? static_cast<int32_t>(cpu) : -1;
}
inline int32_t current_thread()
{
    return static_cast<int32_t>(call(kGettid));
}
inline void yield_processor()
{
    call(kSchedYield);
}
inline void sleep_for(int64_t nanoseconds)
{
    const Time time{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    call(kNanosleep, address_of(&time));
}
/// Time in ns since any moment.
inline uint64_t monotonic_ns()
{
    constexpr long kMonotonic = 1;
    Time time{};
    call(kClockGettime, kMonotonic, address_of(&time));
    return static_cast<uint64_t>(time.seconds) * 1'000'000'000 + static_cast<uint64_t>(time.nanoseconds);
}

} // namespace pto::linux_calls

#endif
