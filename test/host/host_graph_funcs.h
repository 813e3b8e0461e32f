/* SPDX-License-Identifier: Apache-2.0 */
/* What the orchestrations of host-built graphs and their tests agree on. */
#ifndef PTO_TEST_HOST_HOST_GRAPH_FUNCS_H
#define PTO_TEST_HOST_HOST_GRAPH_FUNCS_H

enum func_id { AFFINE = 0, COPY = 1, FILL = 2, LATE_FILL = 3, DEFER = 4, GATE = 7 };

enum bad_end { END_WELL = 0, END_WITH_FATAL = 1, END_WITH_MISTAKE = 2, END_WITH_HANG = 3, END_WITH_FAULT = 4 };

#endif
