// SPDX-License-Identifier: Apache-2.0
#include "host/visitor.h"

#include "posix/process_barrier.h"
#include "posix/static_thread_local.h"

namespace pto::host {
namespace {

/// The thread has given its visitor back, or has found none: it asks no more.
PTO_STATIC_THREAD_LOCAL bool is_without = false;

} // namespace

Visitor Visitor::all_[kMaxVisitors];
PTO_STATIC_THREAD_LOCAL Visitor *Visitor::own_ = nullptr;

/// Gives the visitor back when the thread ends.
class Visitor::Tenancy {
public:
    Tenancy() = default;
    ~Tenancy()
    {
        if (own_ != nullptr)
            store_release(own_->is_taken_, false);
        own_ = nullptr;
        is_without = true;
    }
    Tenancy(const Tenancy &) = delete;
    Tenancy &operator=(const Tenancy &) = delete;

    void begin()
    {
        for (Visitor &visitor : all_) {
            bool taken = false;
            if (load_relaxed(visitor.is_taken_) || !cas_strong_acq_rel(visitor.is_taken_, taken, true))
                continue;
            own_ = &visitor;
            return;
        }
        is_without = true;
    }
};

Visitor *Visitor::find_own()
{
    if (is_without || !pto::posix::has_process_barrier())
        return nullptr;
    thread_local Tenancy tenancy;
    tenancy.begin();
    return own_;
}

bool Visitor::any_in(uint32_t slot)
{
    for (const Visitor &visitor : all_)
        if (load_acquire(visitor.place_) == slot + 1) // H2
            return true;
    return false;
}

} // namespace pto::host
