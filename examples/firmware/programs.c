/* SPDX-License-Identifier: Apache-2.0 */
#include "programs.h"

#define AIC (1u << PTO_CORE_AIC)
#define AIV (1u << PTO_CORE_AIV)

EMBEDDED(vector_orch);
EMBEDDED(vector_add);
EMBEDDED(vector_add_scalar);
EMBEDDED(vector_multiply);
EMBEDDED(two_callables_orch);
EMBEDDED(two_callables_add);
EMBEDDED(two_callables_subtract);
EMBEDDED(cholesky_orch);
EMBEDDED(cholesky_potrf);
EMBEDDED(cholesky_trsm);
EMBEDDED(cholesky_syrk);
EMBEDDED(cholesky_gemm);
EMBEDDED(pipeline_orch);
EMBEDDED(pipeline_project);
EMBEDDED(pipeline_activate);
EMBEDDED(attention_orch);
EMBEDDED(attention_begin);
EMBEDDED(attention_scores);
EMBEDDED(attention_softmax);
EMBEDDED(attention_combine);
EMBEDDED(attention_accumulate);
EMBEDDED(attention_finish);

EMBEDDED(vector_a);
EMBEDDED(vector_b);
EMBEDDED(pair_a);
EMBEDDED(pair_b);
EMBEDDED(spd);
EMBEDDED(samples);
EMBEDDED(weights);
EMBEDDED(queries);
EMBEDDED(keys);
EMBEDDED(values);
EMBEDDED(block_table);
EMBEDDED(lengths);

const program programs[PROGRAM_COUNT] = {
    {
        .name = "vector",
        .entry = "vector",
        .orch = BLOB(vector_orch),
        .kernel_count = 3,
        .kernels = {{"add", BLOB(vector_add), AIV},
                    {"add_scalar", BLOB(vector_add_scalar), AIV},
                    {"multiply", BLOB(vector_multiply), AIV}},
        .tensor_count = 3,
        .tensors = {{.name = "a", PTO_FLOAT32, 2, {64, 64}, BLOB(vector_a), 0},
                    {.name = "b", PTO_FLOAT32, 2, {64, 64}, BLOB(vector_b), 0},
                    {.name = "f", PTO_FLOAT32, 2, {64, 64}, {NULL, NULL}, 1}},
    },
    {
        .name = "add",
        .entry = "combine",
        .orch = BLOB(two_callables_orch),
        .kernel_count = 1,
        .kernels = {{"add", BLOB(two_callables_add), AIV}},
        .tensor_count = 3,
        .tensors = {{.name = "a", PTO_FLOAT32, 1, {4096}, BLOB(pair_a), 0},
                    {.name = "b", PTO_FLOAT32, 1, {4096}, BLOB(pair_b), 0},
                    {.name = "result", PTO_FLOAT32, 1, {4096}, {NULL, NULL}, 1}},
    },
    {
        .name = "subtract",
        .entry = "combine",
        .orch = BLOB(two_callables_orch),
        .kernel_count = 1,
        .kernels = {{"subtract", BLOB(two_callables_subtract), AIV}},
        .tensor_count = 3,
        .tensors = {{.name = "a", PTO_FLOAT32, 1, {4096}, BLOB(pair_a), 0},
                    {.name = "b", PTO_FLOAT32, 1, {4096}, BLOB(pair_b), 0},
                    {.name = "result", PTO_FLOAT32, 1, {4096}, {NULL, NULL}, 1}},
    },
    {
        .name = "cholesky", /* Doubles: to the engine they are words of 64 bits. */
        .entry = "cholesky",
        .orch = BLOB(cholesky_orch),
        .kernel_count = 4,
        .kernels = {{"potrf", BLOB(cholesky_potrf), AIV},
                    {"trsm", BLOB(cholesky_trsm), AIV},
                    {"syrk", BLOB(cholesky_syrk), AIC},
                    {"gemm", BLOB(cholesky_gemm), AIC}},
        .tensor_count = 1,
        .tensors = {{.name = "a", PTO_UINT64, 2, {128, 128}, BLOB(spd), 1}},
        .scalar_count = 1,
        .scalars = {16}, /* Rows of a tile. */
    },
    {
        .name = "pipeline",
        .entry = "pipeline",
        .orch = BLOB(pipeline_orch),
        .kernel_count = 2,
        .kernels = {{"project", BLOB(pipeline_project), AIC}, {"activate", BLOB(pipeline_activate), AIV}},
        .tensor_count = 3,
        .tensors = {{.name = "samples", PTO_INT8, 2, {64, 64}, BLOB(samples), 0},
                    {.name = "weights", PTO_INT8, 2, {64, 64}, BLOB(weights), 0},
                    {.name = "result", PTO_FLOAT32, 2, {64, 64}, {NULL, NULL}, 1}},
        .scalar_count = 1,
        .scalars = {0x3be56042}, /* 0.007 as a float. */
    },
    {
        .name = "attention",
        .entry = "attention",
        .orch = BLOB(attention_orch),
        .kernel_count = 6,
        .kernels = {{"begin", BLOB(attention_begin), AIV},
                    {"scores", BLOB(attention_scores), AIC},
                    {"softmax", BLOB(attention_softmax), AIV},
                    {"combine", BLOB(attention_combine), AIC},
                    {"accumulate", BLOB(attention_accumulate), AIV},
                    {"finish", BLOB(attention_finish), AIV}},
        .tensor_count = 6,
        .tensors = {{.name = "queries", PTO_FLOAT32, 3, {4, 2, 32}, BLOB(queries), 0},
                    {.name = "keys", PTO_FLOAT32, 4, {24, 2, 16, 32}, BLOB(keys), 0},
                    {.name = "values", PTO_FLOAT32, 4, {24, 2, 16, 32}, BLOB(values), 0},
                    {.name = "block_table", PTO_INT32, 2, {4, 6}, BLOB(block_table), 0},
                    {.name = "lengths", PTO_INT32, 1, {4}, BLOB(lengths), 0},
                    {.name = "output", PTO_FLOAT32, 3, {4, 2, 32}, {NULL, NULL}, 1}},
        .scalar_count = 1,
        .scalars = {0x3e000000}, /* 0.125 as a float. */
    },
};
