// SPDX-License-Identifier: Apache-2.0
// Attention over a cache in pages: per sequence a loop over its pages with an online softmax, whose running maximum,
// sum and output are INOUT. How many pages there are, and which, the orchestration reads from tensors.
//
// Tensors: query [batch, heads, dim], keys and values [pages, page, dim], block_table int32 [batch, most], context_lens
// int32 [batch], out [batch, heads, dim]. Scalars: scale (float), page.
#include <cstdint>

#include "pto_orchestration_api.h"

#define FUNC_QK_MATMUL     0
#define FUNC_SOFTMAX       1
#define FUNC_PV_MATMUL     2
#define FUNC_ONLINE_UPDATE 3

static ChipTensor page_of(const ChipTensor &cache, uint32_t page, uint32_t valid)
{
    uint32_t rows[2] = {cache.shapes[0] * cache.shapes[1], cache.shapes[2]};
    uint32_t shape[2] = {valid, cache.shapes[2]};
    uint32_t offset[2] = {page * cache.shapes[1], 0};
    return cache.reshape(rows, 2).view(shape, offset);
}

extern "C" {

__attribute__((visibility("default"))) PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs &orch_args)
{
    (void)orch_args;
    return PTO2OrchestrationConfig{.expected_arg_count = 8};
}

__attribute__((visibility("default"))) void aicpu_orchestration_entry(const ChipTaskArgs &orch_args)
{
    const ChipTensor &query = orch_args.tensor(0).ref();
    const ChipTensor &key_cache = orch_args.tensor(1).ref();
    const ChipTensor &value_cache = orch_args.tensor(2).ref();
    const ChipTensor &block_table = orch_args.tensor(3).ref();
    const ChipTensor &context_lens = orch_args.tensor(4).ref();
    const ChipTensor &out = orch_args.tensor(5).ref();
    const float scale = from_u64<float>(orch_args.scalar(0));
    const uint32_t page_size = static_cast<uint32_t>(orch_args.scalar(1));
    const uint32_t batch = query.shapes[0], heads = query.shapes[1], dim = query.shapes[2];

    uint32_t o_shape[2] = {heads, dim};
    uint32_t column_shape[2] = {heads, 1};
    TensorCreateInfo o_ci(o_shape, 2, DataType::FLOAT32);
    TensorCreateInfo column_ci(column_shape, 2, DataType::FLOAT32);

    for (uint32_t b = 0; b < batch; b++) {
        uint32_t len_index[1] = {b};
        const uint32_t length = static_cast<uint32_t>(get_tensor_data<int32_t>(context_lens, 1, len_index));
        const uint32_t pages = (length + page_size - 1) / page_size;
        uint32_t q_shape[3] = {1, heads, dim}, q_offset[3] = {b, 0, 0};
        ChipTensor qi = query.view(q_shape, q_offset).reshape(o_shape, 2);
        ChipTensor out_i = out.view(q_shape, q_offset).reshape(o_shape, 2);

        PTO2_SCOPE()
        {
            CoreTaskArgs alloc_args;
            alloc_args.add_output(o_ci);
            alloc_args.add_output(column_ci, column_ci);
            TaskOutputTensors running = alloc_tensors(alloc_args);
            const ChipTensor &oi = running.get_ref(0), &li = running.get_ref(1), &mi = running.get_ref(2);

            for (uint32_t bn = 0; bn < pages; bn++) {
                uint32_t table_index[2] = {b, bn};
                const uint32_t page = static_cast<uint32_t>(get_tensor_data<int32_t>(block_table, 2, table_index));
                const uint32_t valid = bn + 1 < pages ? page_size : length - bn * page_size;
                ChipTensor kj = page_of(key_cache, page, valid).transpose(0, 1);
                ChipTensor vj = page_of(value_cache, page, valid);
                uint32_t s_shape[2] = {heads, valid};
                TensorCreateInfo s_ci(s_shape, 2, DataType::FLOAT32);

                CoreTaskArgs qk;
                qk.add_input(qi, kj);
                qk.add_output(s_ci);
                qk.add_scalar(1);
                TaskOutputTensors qk_outs = rt_submit_aic_task(FUNC_QK_MATMUL, qk);
                const ChipTensor &sij = qk_outs.get_ref(0);

                CoreTaskArgs sf;
                sf.add_input(sij);
                sf.add_output(s_ci, column_ci, column_ci);
                sf.add_scalar(scale);
                TaskOutputTensors sf_outs = rt_submit_aiv_task(FUNC_SOFTMAX, sf);
                const ChipTensor &pij = sf_outs.get_ref(0);
                const ChipTensor &mij = sf_outs.get_ref(1), &lij = sf_outs.get_ref(2);

                CoreTaskArgs pv;
                pv.add_input(pij, vj);
                pv.add_output(o_ci);
                pv.add_scalar(1);
                TaskOutputTensors pv_outs = rt_submit_aic_task(FUNC_PV_MATMUL, pv);
                const ChipTensor &oij = pv_outs.get_ref(0);

                CoreTaskArgs up;
                up.add_input(mij, lij, oij);
                up.add_inout(mi, li, oi);
                up.add_inout(out_i);
                up.add_scalar(bn == 0, bn == pages - 1);
                rt_submit_aiv_task(FUNC_ONLINE_UPDATE, up);
            }
        }
    }
}

} // extern "C"
