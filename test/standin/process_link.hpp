// SPDX-License-Identifier: Apache-2.0
// A device process's end of the socket, and what both kinds of process map.
#ifndef PTO_TEST_STANDIN_PROCESS_LINK_HPP
#define PTO_TEST_STANDIN_PROCESS_LINK_HPP

#include "standin_wire.hpp"

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace standin {

inline void send_message(const Message &message)
{
    while (send(kLinkFile, &message, sizeof message, MSG_NOSIGNAL) < 0 && errno == EINTR) {}
}

/// False when the host process is gone.
inline bool receive_message(Message *out)
{
    for (;;) {
        const ssize_t got = recv(kLinkFile, out, sizeof *out, 0);
        if (got == static_cast<ssize_t>(sizeof *out))
            return true;
        if (got < 0 && errno == EINTR)
            continue;
        return false;
    }
}

inline void answer(uint32_t ticket, int32_t result, uint64_t value, const char *text)
{
    Message message{};
    message.verb = Verb::kDone;
    message.ticket = ticket;
    message.result = result;
    message.value = value;
    std::snprintf(message.text, sizeof message.text, "%s", text);
    send_message(message);
}

/// Adds to one of the host's totals.
inline void count(const char *total, uint64_t value)
{
    Message message{};
    message.verb = Verb::kNote;
    message.value = value;
    std::snprintf(message.text, sizeof message.text, "%s", total);
    send_message(message);
}

inline void violate(const char *format, ...)
{
    Message message{};
    message.verb = Verb::kNote;
    message.flags = 1;
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(message.text, sizeof message.text, format, arguments);
    va_end(arguments);
    send_message(message);
}

inline void map_or_die(uint64_t address, uint64_t bytes, int file, int protection)
{
    void *const wanted = reinterpret_cast<void *>(address);
    const int flags = MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE;
    if (mmap(wanted, bytes, protection, flags, file, 0) != wanted) {
        std::fprintf(stderr, "stand-in: mmap at 0x%llx: %s\n", static_cast<unsigned long long>(address),
                     std::strerror(errno));
        std::_Exit(6);
    }
}

struct Setting {
    Arch arch;
    uint32_t device;
    uint64_t memory_bytes;
};

/// Dies with the host process. Arguments: arch, device, bytes of memory.
inline Setting enter_process(char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return {std::strcmp(argv[1], "a5") == 0 ? Arch::kA5 : Arch::kA2a3,
            static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10)), std::strtoull(argv[3], nullptr, 10)};
}

inline void greet(int32_t result)
{
    Message message{};
    message.verb = Verb::kReady;
    message.result = result;
    send_message(message);
}

} // namespace standin

#endif
