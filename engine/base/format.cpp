// SPDX-License-Identifier: Apache-2.0
#include "engine/base/format.h"

#include "engine/base/real.h"

namespace pto::inline PTO_ARCH {
namespace {

class Writer {
public:
    Writer(char *out, std::size_t capacity) : out_(out), capacity_(capacity) {}

    void put(char c)
    {
        if (size_ + 1 < capacity_)
            out_[size_++] = c;
    }
    void repeat(char c, int count)
    {
        while (count-- > 0 && size_ + 1 < capacity_)
            put(c);
    }
    void text(const char *text, std::size_t size)
    {
        for (std::size_t i = 0; i < size; i++)
            put(text[i]);
    }
    std::size_t finish()
    {
        if (capacity_ > 0)
            out_[size_] = '\0';
        return size_;
    }

private:
    char *out_;
    std::size_t capacity_;
    std::size_t size_ = 0;
};

struct Spec {
    bool left = false;
    bool zero = false;
    int width = 0;
    int precision = -1;
    int longs = 0;  // 1: l, z, j or t, 2: ll
    int shorts = 0; // 1: h, 2: hh
    bool is_long_double = false;
    char conversion = '\0';
};

int parse_number(const char *&at, va_list *values)
{
    if (*at == '*') {
        at++;
        return va_arg(*values, int);
    }
    int number = 0;
    while (*at >= '0' && *at <= '9' && number < 100000)
        number = number * 10 + (*at++ - '0');
    return number;
}

Spec parse_spec(const char *&at, va_list *values)
{
    Spec spec;
    for (; *at == '-' || *at == '0' || *at == '+' || *at == ' ' || *at == '#'; at++) {
        spec.left = spec.left || *at == '-';
        spec.zero = spec.zero || *at == '0';
    }
    spec.width = parse_number(at, values);
    if (spec.width < 0) {
        spec.left = true;
        spec.width = -(spec.width + 1) + 1;
    }
    if (*at == '.') {
        at++;
        spec.precision = parse_number(at, values);
    }
    for (; *at == 'l' || *at == 'z' || *at == 'j' || *at == 't' || *at == 'h' || *at == 'L'; at++) {
        spec.is_long_double = spec.is_long_double || *at == 'L';
        spec.shorts += *at == 'h' ? 1 : 0;
        spec.longs += *at != 'h' && *at != 'L' ? 1 : 0;
    }
    spec.conversion = *at;
    if (*at != '\0')
        at++;
    return spec;
}

bool is_real(char conversion)
{
    const char lower = conversion >= 'A' && conversion <= 'Z' ? static_cast<char>(conversion + 'a' - 'A') : conversion;
    return lower == 'e' || lower == 'f' || lower == 'g';
}

void put_padded(Writer &writer, const Spec &spec, const char *text, int size, bool numeric)
{
    const int fill = spec.width - size;
    const bool integer_precision = numeric && spec.precision >= 0 && !is_real(spec.conversion);
    const bool zeros = spec.zero && !spec.left && numeric && !integer_precision;
    if (zeros && size > 0 && text[0] == '-') {
        writer.put('-');
        text++;
        size--;
    }
    if (!spec.left)
        writer.repeat(zeros ? '0' : ' ', fill);
    writer.text(text, static_cast<std::size_t>(size));
    if (spec.left)
        writer.repeat(' ', fill);
}

int digits_of(uint64_t value, unsigned base, bool upper, char *end)
{
    char *at = end;
    do {
        const unsigned digit = static_cast<unsigned>(value % base);
        *--at = static_cast<char>(digit < 10 ? '0' + digit : (upper ? 'A' : 'a') + (digit - 10));
        value /= base;
    } while (value != 0);
    return static_cast<int>(end - at);
}

void put_integer(Writer &writer, const Spec &spec, uint64_t magnitude, bool negative)
{
    constexpr int kMostDigits = 60;
    char buffer[kMostDigits + 3]; // and a sign or "0x"
    char *end = buffer + sizeof buffer;
    const bool hexadecimal = spec.conversion == 'x' || spec.conversion == 'X' || spec.conversion == 'p';
    const unsigned base = hexadecimal ? 16 : spec.conversion == 'o' ? 8 : 10;
    int size = digits_of(magnitude, base, spec.conversion == 'X', end);
    while (size < spec.precision && size < kMostDigits)
        *(end - ++size) = '0';
    if (spec.conversion == 'p') {
        *(end - ++size) = 'x';
        *(end - ++size) = '0';
    }
    if (negative)
        *(end - ++size) = '-';
    put_padded(writer, spec, end - size, size, true);
}

/// Whether zeros behind the last digit are left out.
bool is_shortest(const Spec &spec)
{
    return spec.conversion == 'g' || spec.conversion == 'G';
}

/// Digits behind the point. For 'g' the precision counts all significant digits; exponents are never used.
int decimal_places(const Spec &spec, uint64_t whole)
{
    int places = spec.precision < 0 ? 6 : spec.precision;
    for (uint64_t rest = whole; is_shortest(spec) && rest > 0 && places > 0; rest /= 10)
        places--;
    return places > 9 ? 9 : places;
}

void put_real(Writer &writer, const Spec &spec, double value)
{
    char buffer[64];
    const bool negative = value < 0;
    const double magnitude = negative ? -value : value;
    if (!(magnitude < 1e18)) { // also NaN and infinity: text is enough for a log line
        const char *name = value != value ? "nan" : magnitude > __DBL_MAX__ ? (negative ? "-inf" : "inf") : "1e18+";
        int size = 0;
        while (name[size] != '\0')
            size++;
        return put_padded(writer, spec, name, size, false);
    }
    uint64_t whole = static_cast<uint64_t>(magnitude);
    const int places = decimal_places(spec, whole);
    uint64_t scale = 1;
    for (int i = 0; i < places; i++)
        scale *= 10;
    uint64_t fraction =
        static_cast<uint64_t>((magnitude - static_cast<double>(whole)) * static_cast<double>(scale) + 0.5);
    if (fraction >= scale) {
        whole++;
        fraction -= scale;
    }
    char *end = buffer + sizeof buffer;
    int size = 0;
    int shown = places;
    for (; is_shortest(spec) && shown > 0 && fraction % 10 == 0; shown--)
        fraction /= 10;
    if (shown > 0) {
        size = digits_of(fraction, 10, false, end);
        while (size < shown)
            *(end - ++size) = '0';
        *(end - ++size) = '.';
    }
    size += digits_of(whole, 10, false, end - size);
    if (negative)
        *(end - ++size) = '-';
    put_padded(writer, spec, end - size, size, true);
}

/// One digit, at most nine behind the point, and a power of ten.
void put_scientific(Writer &writer, const Spec &spec, double value)
{
    const bool negative = value < 0;
    const double magnitude = negative ? -value : value;
    if (value != value || magnitude > __DBL_MAX__)
        return put_real(writer, spec, value);
    int places = spec.precision < 0 ? 6 : spec.precision > 9 ? 9 : spec.precision;
    uint64_t scale = 1;
    for (int i = 0; i < places; i++)
        scale *= 10;
    auto [digits, exponent] = magnitude > 0 ? scientific_digits(magnitude, scale) : Scientific{0, 0};
    char buffer[32];
    char *end = buffer + sizeof buffer;
    int size = digits_of(static_cast<uint64_t>(exponent < 0 ? -exponent : exponent), 10, false, end);
    if (size < 2)
        *(end - ++size) = '0';
    *(end - ++size) = exponent < 0 ? '-' : '+';
    *(end - ++size) = spec.conversion;
    for (; places > 0; places--, digits /= 10)
        *(end - ++size) = static_cast<char>('0' + digits % 10);
    if (scale > 1)
        *(end - ++size) = '.';
    *(end - ++size) = static_cast<char>('0' + digits);
    if (negative)
        *(end - ++size) = '-';
    put_padded(writer, spec, end - size, size, true);
}

uint64_t next_unsigned(const Spec &spec, va_list *values)
{
    if (spec.longs >= 2)
        return va_arg(*values, unsigned long long);
    if (spec.longs == 1)
        return va_arg(*values, unsigned long);
    const unsigned int value = va_arg(*values, unsigned int);
    if (spec.shorts == 0)
        return value;
    return spec.shorts == 1 ? static_cast<unsigned short>(value) : static_cast<unsigned char>(value);
}

int64_t next_signed(const Spec &spec, va_list *values)
{
    if (spec.longs >= 2)
        return va_arg(*values, long long);
    if (spec.longs == 1)
        return va_arg(*values, long);
    const int value = va_arg(*values, int);
    if (spec.shorts == 0)
        return value;
    return spec.shorts == 1 ? static_cast<short>(value) : static_cast<signed char>(value);
}

double next_real(const Spec &spec, va_list *values)
{
    return spec.is_long_double ? to_double(va_arg(*values, long double)) : va_arg(*values, double);
}

void put_string(Writer &writer, const Spec &spec, const char *text)
{
    if (text == nullptr)
        text = "(null)";
    int size = 0;
    while ((spec.precision < 0 || size < spec.precision) && text[size] != '\0')
        size++;
    put_padded(writer, spec, text, size, false);
}

bool put_value(Writer &writer, const Spec &spec, va_list *values)
{
    switch (spec.conversion) {
    case 'd':
    case 'i': {
        const int64_t value = next_signed(spec, values);
        const uint64_t bits = static_cast<uint64_t>(value);
        put_integer(writer, spec, value < 0 ? 0 - bits : bits, value < 0);
        return true;
    }
    case 'o':
    case 'u':
    case 'x':
    case 'X': put_integer(writer, spec, next_unsigned(spec, values), false); return true;
    case 'p': put_integer(writer, spec, reinterpret_cast<uintptr_t>(va_arg(*values, void *)), false); return true;
    case 'c': {
        const char c = static_cast<char>(va_arg(*values, int));
        put_padded(writer, spec, &c, 1, false);
        return true;
    }
    case 's': put_string(writer, spec, va_arg(*values, const char *)); return true;
    case 'e':
    case 'E': put_scientific(writer, spec, next_real(spec, values)); return true;
    case 'f':
    case 'F':
    case 'g':
    case 'G': put_real(writer, spec, next_real(spec, values)); return true;
    case '%': writer.put('%'); return true;
    default: return false;
    }
}

} // namespace

std::size_t format_text(char *out, std::size_t capacity, const char *format, va_list values)
{
    Writer writer(out, capacity);
    va_list rest;
    va_copy(rest, values);
    for (const char *at = format == nullptr ? "(null)" : format; *at != '\0';) {
        if (*at != '%') {
            writer.put(*at++);
            continue;
        }
        const char *start = at++;
        const Spec spec = parse_spec(at, &rest);
        if (!put_value(writer, spec, &rest)) {
            for (; *start != '\0'; start++)
                writer.put(*start);
            break;
        }
    }
    va_end(rest);
    return writer.finish();
}

} // namespace pto::inline PTO_ARCH
