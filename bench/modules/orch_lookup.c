/* SPDX-License-Identifier: Apache-2.0 */
/* Submits against many live tiles of one matrix. A task that is not complete before the end keeps all others from
 * starting, so that what is measured is the submit alone. The chip is simulated, and shares the host's functions: the
 * clock is one of them. Tensors: matrix, gate, result, and one
 * that nobody writes. */
#include "pto/orch.h"

enum { GATE, EMPTY };
enum { SCALAR_CLOCK, SCALAR_GATE, SCALAR_TILES, SCALAR_SUBMITS, SCALAR_EDGE };
enum { TILE = 4, TILES_PER_ROW = 320 };

typedef uint64_t (*clock_function)(void);

/* `edge` x `edge` tiles from tile `index` on; as many as there are at the right and lower edges. */
static pto_tensor tiles_at(pto_orch *orch, uint64_t index, uint32_t edge)
{
    const pto_tensor *matrix = pto_tensor_arg(orch, 0);
    uint32_t offset[2];
    uint32_t shape[2];
    offset[0] = (uint32_t)(index / TILES_PER_ROW) * TILE;
    offset[1] = (uint32_t)(index % TILES_PER_ROW) * TILE;
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t left = matrix->shape[i] - offset[i];
        shape[i] = edge * TILE < left ? edge * TILE : left;
    }
    return pto_view(orch, matrix, offset, shape);
}

/* Each tile gets a writer that waits for the gate. */
static void write_tiles(pto_orch *orch, uint64_t count)
{
    static const uint32_t one[] = {1};
    pto_tensor opened = pto_tensor_new(PTO_UINT64, 1, one);
    const pto_task_id gate = pto_submit_aiv(orch, GATE, PTO_OUT(&opened), PTO_RUN_SCALAR(SCALAR_GATE));
    for (uint64_t i = 0; i < count; i++) {
        const pto_tensor tile = tiles_at(orch, i, 1);
        const pto_arg args[] = {PTO_WRITE(&tile)};
        pto_task task = PTO_TASK_INIT;
        task.aiv0 = EMPTY;
        task.args = args;
        task.arg_count = 1;
        task.dependencies = &gate;
        task.dependency_count = 1;
        pto_submit_task(orch, &task);
    }
}

PTO_ORCHESTRATION(bench_lookup, 4, 5)
{
    static const uint32_t first[] = {0};
    static const uint32_t one[] = {1};
    const clock_function now_ns = (clock_function)(uintptr_t)pto_scalar_arg(orch, SCALAR_CLOCK);
    const uint64_t tiles = pto_scalar_arg(orch, SCALAR_TILES);
    const uint64_t submits = pto_scalar_arg(orch, SCALAR_SUBMITS);
    const uint32_t edge = (uint32_t)pto_scalar_arg(orch, SCALAR_EDGE);
    uint64_t random = 1;
    uint64_t begin;
    write_tiles(orch, tiles);
    begin = now_ns();
    for (uint64_t i = 0; i < submits; i++) {
        pto_tensor output = pto_tensor_new(PTO_UINT64, 1, one);
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        if (edge > 0) {
            const pto_tensor tile = tiles_at(orch, (random >> 33) % tiles, edge);
            pto_submit_aiv(orch, EMPTY, PTO_IN(&tile), PTO_OUT(&output));
        } else {
            pto_submit_aiv(orch, EMPTY, PTO_IN(pto_tensor_arg(orch, 3)), PTO_OUT(&output));
        }
    }
    pto_set_element(orch, pto_tensor_arg(orch, 2), first, now_ns() - begin);
    pto_set_element(orch, pto_tensor_arg(orch, 1), first, 1);
}
