// SPDX-License-Identifier: Apache-2.0
#ifndef PTO_ENGINE_ERROR_LATCH_H
#define PTO_ENGINE_ERROR_LATCH_H

#include "engine/base/atomics.h"
#include "engine/base/format.h"
#include "engine/wire/run_blocks.h"
#include "pto/tensor.h"

namespace pto::inline PTO_ARCH::engine {

/// Holds the first error of a run; later ones are its fallout and are dropped. Any thread.
class ErrorLatch {
public:
    /// Costs nothing when nothing was set.
    void reset()
    {
        if (is_set())
            clear();
    }

    bool is_set() const { return load_relaxed(state_) != kClear; }

    /// Keeps the record with a message from the format, unless an error is already held. The values of the format may
    /// lie in the record. A reference, since a copy of it is a good part of the stack that there is.
    void set(const wire::ErrorRecord &record, const char *format, ...) __attribute__((format(printf, 3, 4)));
    void set_text(const wire::ErrorRecord &record, const char *format, va_list values);
    /// The same for a record that has its message.
    void keep(const wire::ErrorRecord &record);

    /// The record; status PTO_OK while there is none. Complete once `status` has said that there is one.
    const wire::ErrorRecord &record() const { return record_; }
    pto_status status() const { return load_acquire(state_) == kHeld ? record_.status : PTO_OK; }

private:
    void clear();

    enum State : uint32_t { kClear, kFilling, kHeld };

    std::atomic<uint32_t> state_{kClear};
    wire::ErrorRecord record_ = wire::error_record(PTO_OK);
};

using wire::error_record;

/// Fills in the message of a record that is not held yet.
void print_message(wire::ErrorRecord *record, const char *format, ...) __attribute__((format(printf, 2, 3)));

} // namespace pto::inline PTO_ARCH::engine

#endif
