// SPDX-License-Identifier: Apache-2.0
#include "engine/error_latch.h"

namespace pto::inline PTO_ARCH::engine {

void ErrorLatch::clear()
{
    record_ = error_record(PTO_OK);
    store_relaxed(state_, uint32_t{kClear});
}

void ErrorLatch::set(const wire::ErrorRecord &record, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    set_text(record, format, values);
    va_end(values);
}

void ErrorLatch::keep(const wire::ErrorRecord &record)
{
    uint32_t expected = kClear;
    if (!cas_strong_acq_rel(state_, expected, kFilling))
        return;
    record_ = record;
    store_release(state_, uint32_t{kHeld});
}

void ErrorLatch::set_text(const wire::ErrorRecord &record, const char *format, va_list values)
{
    uint32_t expected = kClear;
    if (!cas_strong_acq_rel(state_, expected, kFilling))
        return;
    record_ = record;
    format_text(record_.message, sizeof record_.message, format, values);
    store_release(state_, uint32_t{kHeld});
}

void print_message(wire::ErrorRecord *record, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    format_text(record->message, sizeof record->message, format, values);
    va_end(values);
}

} // namespace pto::inline PTO_ARCH::engine
