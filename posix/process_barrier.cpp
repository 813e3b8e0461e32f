// SPDX-License-Identifier: Apache-2.0
#include "posix/process_barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pto::posix {
namespace {

long membarrier(int command)
{
    return syscall(__NR_membarrier, command, 0, 0);
}

bool enlist()
{
    const long commands = membarrier(MEMBARRIER_CMD_QUERY);
    return commands > 0 && (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 &&
           membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

} // namespace

bool has_process_barrier()
{
    static const bool has_one = enlist();
    return has_one;
}

void process_barrier()
{
    membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

} // namespace pto::posix
