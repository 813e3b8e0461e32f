/* SPDX-License-Identifier: Apache-2.0 */
/* The console: a PL011, written by polling. */
#include "board.h"

#include <stdarg.h>

#define UART_REGISTER(offset) (*(volatile uint32_t *)(uintptr_t)(BOARD_UART + (offset)))
#define UART_DATA             UART_REGISTER(0x00)
#define UART_FLAGS            UART_REGISTER(0x18)
#define UART_LINE_CONTROL     UART_REGISTER(0x2c)
#define UART_CONTROL          UART_REGISTER(0x30)
#define UART_FULL             (1u << 5)

/* One piece of text at a time. Who waits too long writes anyway: a CPU that died with the lock must not silence the
 * others. */
static uint32_t console_lock;
#define LOCK_PATIENCE 100000000u

void uart_start(void)
{
    UART_CONTROL = 0;
    UART_LINE_CONTROL = 3u << 5 | 1u << 4; /* Eight bits, FIFO. */
    UART_CONTROL = 1u << 8 | 1u << 0;      /* Transmit. */
}

static void lock(void)
{
    for (uint32_t i = 0; i < LOCK_PATIENCE && __atomic_exchange_n(&console_lock, 1, __ATOMIC_ACQUIRE); i++)
        __asm__ volatile("yield");
}

static void unlock(void)
{
    __atomic_store_n(&console_lock, 0, __ATOMIC_RELEASE);
}

static void put(char character)
{
    if (character == '\n')
        put('\r');
    while (UART_FLAGS & UART_FULL)
        continue;
    UART_DATA = (uint8_t)character;
}

static void put_text(const char *text)
{
    while (*text)
        put(*text++);
}

static void put_number(uint64_t value, uint32_t base)
{
    char digits[20];
    uint32_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    while (count > 0)
        put(digits[--count]);
}

static void put_signed(int64_t value)
{
    if (value < 0)
        put('-');
    put_number(value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

/* The value for the conversion at `format`; returns its last character. */
static const char *put_value(const char *format, va_list *values)
{
    const int is_long = *format == 'l';
    format += is_long;
    switch (*format) {
    case 's': put_text(va_arg(*values, const char *)); break;
    case 'c': put((char)va_arg(*values, int)); break;
    case 'd': put_signed(is_long ? va_arg(*values, int64_t) : va_arg(*values, int32_t)); break;
    case 'u': put_number(is_long ? va_arg(*values, uint64_t) : va_arg(*values, uint32_t), 10); break;
    case 'x': put_number(is_long ? va_arg(*values, uint64_t) : va_arg(*values, uint32_t), 16); break;
    default: put(*format); break;
    }
    return format;
}

void print(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    lock();
    for (; *format; format++) {
        if (*format == '%' && format[1])
            format = put_value(format + 1, &values);
        else
            put(*format);
    }
    unlock();
    va_end(values);
}

void print_bytes(const void *bytes, size_t count)
{
    lock();
    for (size_t i = 0; i < count; i++) {
        const uint8_t byte = ((const uint8_t *)bytes)[i];
        put("0123456789abcdef"[byte >> 4]);
        put("0123456789abcdef"[byte & 15]);
        if (i % 64 == 63 || i + 1 == count)
            put('\n');
    }
    unlock();
}
