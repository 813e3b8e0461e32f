// SPDX-License-Identifier: Apache-2.0
// Atomic operations with the memory order in the name, so that a reader sees the order where it matters.
#ifndef PTO_ENGINE_BASE_ATOMICS_H
#define PTO_ENGINE_BASE_ATOMICS_H

#include <atomic>
#include <type_traits>

namespace pto {

/// Whether other threads may be at the same cells. Alone, a load and a store do what takes a locked instruction
/// otherwise.
enum class Sharing : bool { kAlone, kShared };

template <class T> T load_relaxed(const std::atomic<T> &cell)
{
    return cell.load(std::memory_order_relaxed);
}
template <class T> T load_acquire(const std::atomic<T> &cell)
{
    return cell.load(std::memory_order_acquire);
}
template <class T> void store_relaxed(std::atomic<T> &cell, std::type_identity_t<T> value)
{
    cell.store(value, std::memory_order_relaxed);
}
template <class T> void store_release(std::atomic<T> &cell, std::type_identity_t<T> value)
{
    cell.store(value, std::memory_order_release);
}
template <class T> T exchange_acq_rel(std::atomic<T> &cell, std::type_identity_t<T> value)
{
    return cell.exchange(value, std::memory_order_acq_rel);
}
template <class T> T fetch_sub_acq_rel(std::atomic<T> &cell, std::type_identity_t<T> value)
{
    return cell.fetch_sub(value, std::memory_order_acq_rel);
}
template <class T> T exchange_acq_rel(std::atomic<T> &cell, std::type_identity_t<T> value, Sharing sharing)
{
    if (sharing == Sharing::kShared)
        return exchange_acq_rel(cell, value);
    const T old = load_relaxed(cell);
    store_relaxed(cell, value);
    return old;
}
template <class T> T fetch_sub_acq_rel(std::atomic<T> &cell, std::type_identity_t<T> value, Sharing sharing)
{
    if (sharing == Sharing::kShared)
        return fetch_sub_acq_rel(cell, value);
    const T old = load_relaxed(cell);
    store_relaxed(cell, static_cast<T>(old - value));
    return old;
}
template <class T> bool cas_release(std::atomic<T> &cell, T &expected, std::type_identity_t<T> desired)
{
    return cell.compare_exchange_weak(expected, desired, std::memory_order_release, std::memory_order_relaxed);
}
template <class T> bool cas_release_or_acquire(std::atomic<T> &cell, T &expected, std::type_identity_t<T> desired)
{
    return cell.compare_exchange_weak(expected, desired, std::memory_order_release, std::memory_order_acquire);
}
template <class T> bool cas_acquire(std::atomic<T> &cell, T &expected, std::type_identity_t<T> desired)
{
    return cell.compare_exchange_weak(expected, desired, std::memory_order_acquire, std::memory_order_relaxed);
}
template <class T> bool cas_strong_acq_rel(std::atomic<T> &cell, T &expected, std::type_identity_t<T> desired)
{
    return cell.compare_exchange_strong(expected, desired, std::memory_order_acq_rel, std::memory_order_acquire);
}

} // namespace pto

#endif
