/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded before a program, makes its system one that has no barrier for all threads of a process. */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 6 };

__attribute__((visibility("default"))) long syscall(long number, ...)
{
    static long (*next)(long number, ...);
    long arguments[MOST_ARGUMENTS];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < MOST_ARGUMENTS; i++)
        arguments[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_membarrier) {
        errno = ENOSYS;
        return -1;
    }
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "syscall");
    return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}
