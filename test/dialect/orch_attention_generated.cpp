// SPDX-License-Identifier: Apache-2.0
// y = softmax(scale * (x wq) (x wk)^T) (x wv) + x as a compiler writes it that knows all dependencies: one MANUAL scope
// with ids of tasks, an AUTO scope around it for the temporaries. x [32, 48], weights [48, 16] and [48, 48], y [32,
// 48].
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "pto_orchestration_api.h"

extern "C" {

__attribute__((visibility("default"))) PTO2OrchestrationConfig attention_config(const ChipTaskArgs &orch_args)
{
    (void)orch_args;
    return PTO2OrchestrationConfig{
        .expected_arg_count = 6,
    };
}

__attribute__((visibility("default"))) void attention(const ChipTaskArgs &orch_args)
{
    // External tensors
    const ChipTensor &ext_x_0 = orch_args.tensor(0).ref();
    const ChipTensor &ext_wq_0 = orch_args.tensor(1).ref();
    const ChipTensor &ext_wk_0 = orch_args.tensor(2).ref();
    const ChipTensor &ext_wv_0 = orch_args.tensor(3).ref();
    const ChipTensor &ext_y_0 = orch_args.tensor(4).ref();
    float scale_0 = from_u64<float>(orch_args.scalar(0));

    PTO2_SCOPE()
    {
        uint32_t q_0_ci_shapes[2] = {32, 16};
        TensorCreateInfo q_0_ci(q_0_ci_shapes, 2, DataType::FLOAT32, /*manual_dep=*/true);
        uint32_t k_0_ci_shapes[2] = {32, 16};
        TensorCreateInfo k_0_ci(k_0_ci_shapes, 2, DataType::FLOAT32, /*manual_dep=*/true);
        uint32_t v_0_ci_shapes[2] = {32, 48};
        TensorCreateInfo v_0_ci(v_0_ci_shapes, 2, DataType::FLOAT32, /*manual_dep=*/true);
        uint32_t s_0_ci_shapes[2] = {16, 32};
        TensorCreateInfo s_0_ci(s_0_ci_shapes, 2, DataType::FLOAT32);
        TensorCreateInfo p_0_ci(s_0_ci_shapes, 2, DataType::FLOAT32);
        uint32_t m_0_ci_shapes[2] = {16, 1};
        TensorCreateInfo m_0_ci(m_0_ci_shapes, 2, DataType::FLOAT32);
        TensorCreateInfo l_0_ci(m_0_ci_shapes, 2, DataType::FLOAT32);
        uint32_t o_0_ci_shapes[2] = {16, 48};
        TensorCreateInfo o_0_ci(o_0_ci_shapes, 2, DataType::FLOAT32);
        TensorCreateInfo n_0_ci(o_0_ci_shapes, 2, DataType::FLOAT32);
        TaskOutputTensors alloc_0 = alloc_tensors(q_0_ci, k_0_ci, v_0_ci);
        const ChipTensor &q_0 = alloc_0.get_ref(0);
        const ChipTensor &k_0 = alloc_0.get_ref(1);
        const ChipTensor &v_0 = alloc_0.get_ref(2);

        PTO2_SCOPE(PTO2ScopeMode::MANUAL)
        {
            PTO2TaskId projections_0_tids[6];
            uint32_t projections_0_count = 0;
            // Spmd-like loops: rows in halves
            for (uint32_t i_0 = 0; i_0 < 32; i_0 += 16) {
                uint32_t x_0_tile_shapes[2] = {16, 48};
                uint32_t x_0_tile_offsets[2] = {i_0, 0};
                ChipTensor x_0_tile = ext_x_0.view(x_0_tile_shapes, x_0_tile_offsets);
                uint32_t q_0_tile_shapes[2] = {16, 16};
                ChipTensor q_0_tile = q_0.view(q_0_tile_shapes, x_0_tile_offsets);
                ChipTensor k_0_tile = k_0.view(q_0_tile_shapes, x_0_tile_offsets);
                ChipTensor v_0_tile = v_0.view(x_0_tile_shapes, x_0_tile_offsets);

                // Task 0: q_proj
                CoreTaskArgs params_t0;
                params_t0.add_input(x_0_tile);
                params_t0.add_input(ext_wq_0);
                params_t0.add_output(q_0_tile);
                params_t0.add_scalar(static_cast<int64_t>(1));
                params_t0.set_allow_early_resolve(true);
                TaskOutputTensors task_0_outs = rt_submit_aic_task(0, params_t0);
                projections_0_tids[projections_0_count++] = task_0_outs.task_id();

                // Task 1: k_proj
                CoreTaskArgs params_t1;
                params_t1.add_input(x_0_tile);
                params_t1.add_input(ext_wk_0);
                params_t1.add_output(k_0_tile);
                params_t1.add_scalar(static_cast<int64_t>(1));
                params_t1.set_allow_early_resolve(true);
                TaskOutputTensors task_1_outs = rt_submit_aic_task(0, params_t1);
                projections_0_tids[projections_0_count++] = task_1_outs.task_id();

                // Task 2: v_proj
                CoreTaskArgs params_t2;
                params_t2.add_input(x_0_tile);
                params_t2.add_input(ext_wv_0);
                params_t2.add_output(v_0_tile);
                params_t2.add_scalar(static_cast<int64_t>(1));
                TaskOutputTensors task_2_outs = rt_submit_aic_task(0, params_t2);
                projections_0_tids[projections_0_count++] = task_2_outs.task_id();
            }
            CoreTaskArgs params_b0;
            params_b0.set_dependencies(projections_0_tids, projections_0_count);
            TaskOutputTensors barrier_0_outs = rt_submit_dummy_task(params_b0);
            PTO2TaskId barrier_0_tid = barrier_0_outs.task_id();

            for (uint32_t i_1 = 0; i_1 < 32; i_1 += 16) {
                uint32_t q_1_tile_shapes[2] = {16, 16};
                uint32_t q_1_tile_offsets[2] = {i_1, 0};
                ChipTensor q_1_tile = q_0.view(q_1_tile_shapes, q_1_tile_offsets);
                ChipTensor kt_0 = k_0.transpose(0, 1);

                // Task 3: scores
                CoreTaskArgs params_t3;
                params_t3.add_input(q_1_tile);
                params_t3.add_input(kt_0);
                params_t3.add_output(s_0_ci);
                params_t3.add_scalar(static_cast<int64_t>(1));
                PTO2TaskId params_t3_deps[1] = {barrier_0_tid};
                params_t3.set_dependencies(params_t3_deps, 1);
                TaskOutputTensors task_3_outs = rt_submit_aic_task(0, params_t3);
                const ChipTensor &s_0 = task_3_outs.get_ref(0);
                PTO2TaskId task_3_tid = task_3_outs.task_id();

                // Task 4: softmax
                CoreTaskArgs params_t4;
                params_t4.add_input(s_0);
                params_t4.add_output(p_0_ci);
                params_t4.add_output(m_0_ci);
                params_t4.add_output(l_0_ci);
                params_t4.add_scalar(to_u64(scale_0));
                PTO2TaskId params_t4_deps[1] = {task_3_tid};
                params_t4.set_dependencies(params_t4_deps, 1);
                TaskOutputTensors task_4_outs = rt_submit_aiv_task(1, params_t4);
                const ChipTensor &p_0 = task_4_outs.get_ref(0);
                const ChipTensor &l_0 = task_4_outs.get_ref(2);
                PTO2TaskId task_4_tid = task_4_outs.task_id();

                // Task 5: values
                CoreTaskArgs params_t5;
                params_t5.add_input(p_0);
                params_t5.add_input(v_0);
                params_t5.add_output(o_0_ci);
                params_t5.add_scalar(static_cast<int64_t>(1));
                PTO2TaskId params_t5_deps[2] = {barrier_0_tid, task_4_tid};
                params_t5.set_dependencies(params_t5_deps, 2);
                TaskOutputTensors task_5_outs = rt_submit_aic_task(0, params_t5);
                const ChipTensor &o_0 = task_5_outs.get_ref(0);
                PTO2TaskId task_5_tid = task_5_outs.task_id();

                // Task 6: normalize
                CoreTaskArgs params_t6;
                params_t6.add_input(o_0);
                params_t6.add_input(l_0);
                params_t6.add_output(n_0_ci);
                PTO2TaskId params_t6_deps[1] = {task_5_tid};
                params_t6.set_dependencies(params_t6_deps, 1);
                TaskOutputTensors task_6_outs = rt_submit_aiv_task(2, params_t6);
                const ChipTensor &n_0 = task_6_outs.get_ref(0);
                PTO2TaskId task_6_tid = task_6_outs.task_id();

                // Task 7: residual
                uint32_t y_0_tile_shapes[2] = {16, 48};
                ChipTensor y_0_tile = ext_y_0.view(y_0_tile_shapes, q_1_tile_offsets);
                ChipTensor x_1_tile = ext_x_0.view(y_0_tile_shapes, q_1_tile_offsets);
                CoreTaskArgs params_t7;
                params_t7.add_input(n_0);
                params_t7.add_input(x_1_tile);
                params_t7.add_output(y_0_tile);
                PTO2TaskId params_t7_deps[1] = {task_6_tid};
                params_t7.set_dependencies(params_t7_deps, 1);
                rt_submit_aiv_task(3, params_t7);
            }
        }
    }
}

} // extern "C"
