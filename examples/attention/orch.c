/* SPDX-License-Identifier: Apache-2.0 */
/* One decoding step of attention over a paged cache. How many tasks there are, and which pages they read, is data: the
 * orchestration reads the lengths and the block table itself. */
#include "pto/orch.h"

enum { BEGIN, SCORES, SOFTMAX, COMBINE, ACCUMULATE, FINISH };
enum { QUERIES, KEYS, VALUES, BLOCK_TABLE, LENGTHS, OUTPUT };

/** The first tokens of a page, for all heads: 1 x heads x tokens x width. */
static pto_tensor page_view(pto_orch *orch, const pto_tensor *cache, uint32_t page, uint32_t tokens)
{
    const uint32_t offset[] = {page, 0, 0, 0};
    const uint32_t shape[] = {1, cache->shape[1], tokens, cache->shape[3]};
    return pto_view(orch, cache, offset, shape);
}

/** Adds one page to the softmax so far: per head the largest score and the sum of weights in `state`, and the weighted
 *  sum of values in `sum`. */
static void add_page(pto_orch *orch, uint32_t sequence, uint32_t index, uint32_t tokens, const pto_tensor *state,
                     const pto_tensor *sum)
{
    const uint32_t entry[] = {sequence, index};
    const uint32_t page = (uint32_t)pto_get_element(orch, pto_tensor_arg(orch, BLOCK_TABLE), entry);
    const pto_tensor query = pto_slice(orch, pto_tensor_arg(orch, QUERIES), 0, sequence, sequence + 1, 1);
    const pto_tensor keys = page_view(orch, pto_tensor_arg(orch, KEYS), page, tokens);
    const pto_tensor values = page_view(orch, pto_tensor_arg(orch, VALUES), page, tokens);
    pto_tensor weights = pto_tensor_new(PTO_FLOAT32, PTO_SHAPE(keys.shape[1], tokens));
    pto_tensor correction = pto_tensor_new(PTO_FLOAT32, PTO_SHAPE(keys.shape[1]));
    pto_tensor part = pto_tensor_like(sum);
    pto_submit_aic(orch, SCORES, PTO_IN(&query), PTO_IN(&keys), PTO_OUT(&weights), PTO_SCALAR(pto_scalar_arg(orch, 0)));
    pto_submit_aiv(orch, SOFTMAX, PTO_INOUT(&weights), PTO_INOUT(state), PTO_OUT(&correction));
    pto_submit_aic(orch, COMBINE, PTO_IN(&weights), PTO_IN(&values), PTO_OUT(&part));
    pto_submit_aiv(orch, ACCUMULATE, PTO_IN(&correction), PTO_IN(&part), PTO_INOUT(sum));
}

static void attend(pto_orch *orch, uint32_t sequence)
{
    const pto_tensor *table = pto_tensor_arg(orch, BLOCK_TABLE);
    const pto_tensor *keys = pto_tensor_arg(orch, KEYS);
    const uint32_t page_tokens = keys->shape[2];
    const uint32_t length = (uint32_t)pto_get_element(orch, pto_tensor_arg(orch, LENGTHS), &sequence);
    const pto_tensor output = pto_slice(orch, pto_tensor_arg(orch, OUTPUT), 0, sequence, sequence + 1, 1);
    pto_tensor state = pto_tensor_new(PTO_FLOAT32, PTO_SHAPE(2, keys->shape[1]));
    pto_tensor sum = pto_tensor_like(&output);
    if (length == 0 || length > (uint64_t)table->shape[1] * page_tokens) {
        pto_fatal(orch, 1, "sequence %u: %u tokens in a table of %u pages", sequence, length, table->shape[1]);
        return;
    }
    pto_submit_aiv(orch, BEGIN, PTO_OUT(&state), PTO_OUT(&sum));
    for (uint32_t begin = 0; begin < length; begin += page_tokens) {
        const uint32_t left = length - begin;
        PTO_SCOPE (orch)
            add_page(orch, sequence, begin / page_tokens, left < page_tokens ? left : page_tokens, &state, &sum);
    }
    pto_submit_aiv(orch, FINISH, PTO_IN(&state), PTO_IN(&sum), PTO_WRITE(&output));
}

PTO_ORCHESTRATION(attention, 6, 1)
{
    for (uint32_t sequence = 0; sequence < pto_tensor_arg(orch, QUERIES)->shape[0]; sequence++)
        PTO_SCOPE (orch)
            attend(orch, sequence);
}
