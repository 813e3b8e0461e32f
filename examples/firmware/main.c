/* SPDX-License-Identifier: Apache-2.0 */
/* The image: starts the CPUs, opens the executor, loads every program, runs them in turns, prints what they computed,
 * and ends. The last line is what counts: `pto firmware: ok` or `pto firmware: failed`. */
#include "board.h"
#include "ports.h"
#include "runner.h"

int main(void);
void *memset(void *to, int value, size_t size);

enum { LIVES = 2, TURNS = 2, MAX_TASKS = 1024 };

#define HEAP_BYTES        (16u << 20)
#define STALL_TIMEOUT_NS  UINT64_C(5000000000)
#define ANSWER_TIMEOUT_NS UINT64_C(5000000000)

static pto_firmware *firmware;
static pto_elf_loader orch_loader, kernel_loader;
static loaded_program loaded[PROGRAM_COUNT];

static int report(const char *what, pto_status status, const char *message)
{
    if (status != PTO_OK)
        print("%s: status %d: %s\n", what, status, message);
    return status == PTO_OK;
}

static void serve(uint32_t cpu)
{
    pto_firmware_serve(firmware, cpu);
}

static int open_executor(void)
{
    const pto_loader loader = pto_elf_loader_hooks(&orch_loader);
    const pto_firmware_port port = board_port(&loader);
    const pto_firmware_config config = {
        .struct_size = sizeof(config),
        .control_cpus = BOARD_CONTROL_CPUS,
        .cluster_count = BOARD_CLUSTERS,
        .max_tasks = MAX_TASKS,
        .lines = board_lines,
        .memory = executor_memory,
        .memory_bytes = (uint64_t)(executor_memory_end - executor_memory),
        .heap_address = (uint64_t)(uintptr_t)device_memory,
        .heap_bytes = HEAP_BYTES,
        .device_address = (uint64_t)(uintptr_t)device_memory,
        .device_bytes = (uint64_t)(device_memory_end - device_memory),
        .stall_timeout_ns = STALL_TIMEOUT_NS,
        .answer_timeout_ns = ANSWER_TIMEOUT_NS,
    };
    char message[192] = "";
    const uint64_t needed = pto_firmware_memory_bytes(&config);
    print("memory of the executor: %lu bytes\n", needed);
    if (needed <= config.memory_bytes)
        memset(executor_memory, 0, needed);
    return report("open", pto_firmware_open(&config, &port, &firmware, message, sizeof(message)), message);
}

static int start_cpus(void)
{
    for (uint32_t cpu = 1; cpu < BOARD_CPUS; cpu++) {
        const uint32_t core = cpu - BOARD_CONTROL_CPUS;
        const int is_core = cpu >= BOARD_CONTROL_CPUS;
        if (is_core && board_boot_mode() == BOOT_SILENT_CORE && board_boot_core() == core)
            continue;
        const int64_t status = is_core ? cpu_start(cpu, board_core, core) : cpu_start(cpu, serve, cpu);
        if (status != 0) {
            print("CPU %u does not start: PSCI says %ld\n", cpu, status);
            return 0;
        }
    }
    return 1;
}

static int load_programs(void)
{
    const pto_loader kernels = pto_elf_loader_hooks(&kernel_loader);
    memory_range memory = {device_memory + HEAP_BYTES, device_memory_end};
    for (int32_t id = 0; id < PROGRAM_COUNT; id++) {
        loaded[id].what = &programs[id];
        if (!runner_load(firmware, &kernels, &memory, id, &loaded[id]))
            return 0;
    }
    return 1;
}

static int run_programs(void)
{
    for (uint32_t turn = 0; turn < TURNS; turn++)
        for (int32_t id = 0; id < PROGRAM_COUNT; id++)
            if (!runner_run(firmware, id, &loaded[id]))
                return 0;
    return 1;
}

static void unload_programs(void)
{
    const pto_loader kernels = pto_elf_loader_hooks(&kernel_loader);
    for (int32_t id = 0; id < PROGRAM_COUNT; id++)
        runner_unload(firmware, &kernels, id, &loaded[id]);
}

/* All programs come and go more than once: in the loaders' memory there is then what has been something else. */
static int run_lives(void)
{
    for (uint32_t life = 0; life < LIVES; life++) {
        if (!load_programs() || !run_programs())
            return 0;
        unload_programs();
    }
    for (int32_t id = 0; id < PROGRAM_COUNT; id++)
        runner_print(&loaded[id]);
    return 1;
}

/* Within the time that a core has to answer: says how much of it was used. */
static int connect(void)
{
    char message[192] = "";
    const uint64_t begin = timer_now();
    const pto_status status = pto_firmware_connect(firmware, message, sizeof(message));
    print("connect: %u cores in %u clusters, %lu ms\n", BOARD_CORES, BOARD_CLUSTERS, (timer_now() - begin) / 1000000);
    return report("connect", status, message);
}

/* The cores and the other control CPUs have left the executor when it is true. */
static int leave(void)
{
    char message[192] = "";
    if (!report("disconnect", pto_firmware_disconnect(firmware, message, sizeof(message)), message))
        return 0;
    pto_firmware_close(firmware);
    const uint64_t begin = timer_now();
    for (uint32_t cpu = 1; cpu < BOARD_CPUS; cpu++)
        for (uint32_t round = 0; !cpu_is_done(cpu); round++) {
            if (timer_now() - begin > ANSWER_TIMEOUT_NS) {
                print("CPU %u does not leave the executor\n", cpu);
                return 0;
            }
            idle_wait(round);
        }
    for (uint32_t cpu = 0; cpu < BOARD_CPUS; cpu++)
        print("stack of CPU %u: %u bytes of %u used\n", cpu, stack_used(cpu), BOARD_STACK_BYTES);
    return 1;
}

static int run_all(void)
{
    return report("loader", board_loader(&orch_loader, orch_memory, orch_memory_end), "of orchestrations") &&
           report("loader", board_loader(&kernel_loader, kernel_memory, kernel_memory_end), "of kernels") &&
           open_executor() && start_cpus() && connect() && run_lives() && leave();
}

int main(void)
{
    stack_paint();
    uart_start();
    idle_start_cpu();
    print("pto firmware: %s, %u control CPUs\n", pto_firmware_arch(), BOARD_CONTROL_CPUS);
    const int passed = board_boot_mode() == BOOT_BRING_UP ? bring_up() : run_all();
    print("pto firmware: %s\n", passed ? "ok" : "failed");
    psci_power_off();
}
