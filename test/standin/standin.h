/* SPDX-License-Identifier: Apache-2.0 */
/** @file standin.h
 *  A stand-in for the vendor's libraries, for tests of the onboard driver and of the device images on machines that
 *  have neither the card nor the toolkit. `libascendcl.so`, `libruntime.so`, `libascend_hal.so` and the optional ones
 *  export the vendor's names; behind all of them is libpto_standin.so, which also exports the functions below.
 *
 *  A device is two processes. One runs the control CPUs' images, under qemu-aarch64, on threads of a pool; the other
 *  runs the core image, with one thread per core, as code of this processor. Device memory is mapped in these two only,
 *  at an address of its own; the host process gets to it through copies and dies when it follows a device pointer.
 *  Structs are read by the byte offsets of the vendor's headers, independently of the driver that fills them in.
 *
 *  What the stand-in watches over (see standin_violation): threads that are not bound to the device, ids of the wrong
 *  space, destination sizes, foreign and double frees, entries of core images without their suffixes, a second
 *  registration, calls before init and after finalize, releasing single resources of a poisoned card, an AICPU launch
 *  of several blocks before the cores', commands through registers that are not open, kernels reported before their
 *  writes are clean, cores that wait without having cleaned a line, stores of 64 bits to registers, names that the
 * vendor's loader would refuse, launches on streams for the device only, log levels set too late.
 *
 *  What it cannot prove: that the vendor's compiler makes of the sources what g++ makes of them; that the closed
 *  library which loads the dispatcher does so as it does here; anything about the order of the silicon's memory, its
 *  clocks and pipes; HCCL, windows for communication (every such call says "not supported") and SDMA. CPU numbers that
 *  an image sees are those of this machine.
 *
 *  Registers are written by 32 bits. A store of 64 bits by the control CPUs arrives in two halves, a millisecond apart.
 *
 *  Caches of the control CPUs are modelled by pages, on a2a3 only (standin_cache_model): a page that the host writes
 *  again, after something has run, keeps its old content for them until the image executes `dc civac` on one of its
 *  lines or writes to it. So a line that is stale on silicon may be fresh here because of its neighbour, because the
 *  host has written there for the first time, or in a copy of more than 1 MiB. Writes of cores are visible at once;
 *  that their loop cleans before it reports itself or a kernel is watched instead.
 *
 *  That its figures of errors, layouts and orders are right is as true as the notes they were read from. Where those
 *  are silent it chooses: resets unbind threads; a registered core image outlives resets; the latch belongs to one
 *  device of one process.
 *
 *  All functions may be called from any thread. Devices are named by driver-visible ids. */
#ifndef PTO_TEST_STANDIN_STANDIN_H
#define PTO_TEST_STANDIN_STANDIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Begins anew: closes all devices, forgets counters, rules and violations. `arch` is "a2a3" or "a5"; -1 otherwise.
 *  Before the first call the arch is a2a3. */
int standin_reset(const char *arch);

/** Which devices this process sees, as ASCEND_RT_VISIBLE_DEVICES would say ("2,3"); NULL: what that variable says, or
 *  all. Takes effect at the next aclInit. */
int standin_visible_devices(const char *list);

/** Memory of devices that are opened from now on. At most 32 GiB; it is not committed before it is touched. */
void standin_memory_bytes(uint64_t bytes);

/* ---- what happened */

/** How often a vendor function was called. */
uint64_t standin_calls(const char *name);
/** Live things: "allocations", "allocated bytes", "streams", "binaries", "registrations", "processes", "devices";
 *  and totals: "leaked" (what a soft reset still found), "bootstraps", "latched bootstraps", "launches",
 *  "launched threads" (of control CPUs), "questions about CPUs" (on the device), "core launches", "stale pages"
 * (replaced by old copies), "refreshed pages", "snapshots refused". -1: no such name. */
int64_t standin_count(const char *what);
uint32_t standin_violation_count(void);
/** The n-th violation, NULL if there are fewer. Valid until standin_reset. */
const char *standin_violation(uint32_t n);
/** Why the last process ended, or the last fault of a core. Valid until the next call. */
const char *standin_last_fault(void);
/** 1 if the host process cannot touch device addresses (not so with sanitizers that live there). */
int standin_host_range_is_closed(void);

/** Id of the process of the control CPUs (0) or of the cores (1); 0 if there is none. */
int standin_process_id(uint32_t device, uint32_t which);
/** 0 if the control CPUs' files had to be put on this machine's own root, because mount namespaces are not allowed.
 *  They are removed by standin_reset(), and when this process has ended. */
int standin_filesystem_is_private(void);

/* ---- what shall go wrong */

/** The `nth` call from now (1: the next one) of a vendor function, and the `count - 1` after it (-1: all), do nothing
 *  but return `result`. A call that waits for a stream and returns one of the faults (507014, 507015, 507017, 507018,
 *  507000) poisons its device: from then on calls return 507899. 0 if there is such a function. */
int standin_inject(const char *call, uint32_t nth, int result, int32_t count);
void standin_clear_injections(void);

/** Kills the process of the control CPUs, or that of the cores, now. */
int standin_kill_control(uint32_t device);
int standin_kill_cores(uint32_t device);
/** The core of this block and lane does nothing any more from the next launch on. */
int standin_hang_core(uint32_t device, uint32_t block, uint32_t lane);
/** The card fails everything with 507899. `drain_works`: but waiting for streams succeeds. */
int standin_poison(uint32_t device, int drain_works);
/** The next `count` forced resets fail with 507000; resets heal after that. */
void standin_fail_resets(uint32_t device, uint32_t count);
/** Forced resets return 0 but do not heal, `count` times. */
void standin_useless_resets(uint32_t device, uint32_t count);
/** The one-image latch: a process that loads a second dispatcher gets the first. By default it is closed by the first
 *  bootstrap of a device and opened by a reset; 1: resets do not open it. */
void standin_latch_survives_resets(int survives);

/** The driver on the device does not say which control CPUs there are. Takes effect when a device is opened. */
void standin_untold_cpus(void);

/* ---- time */

/** Completions of launches are held back until they are released. */
void standin_hold(void);
void standin_release(void);
/** Moves the clock that timeouts of operations and of waits go by. */
void standin_advance_ms(uint64_t milliseconds);

/** 0: control CPUs see what the host writes at once, whatever their image does. By default they do not, on a2a3.
 *  Takes effect when a device is opened. */
void standin_cache_model(int on);

#ifdef __cplusplus
}
#endif

#endif
