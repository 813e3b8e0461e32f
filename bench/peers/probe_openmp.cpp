// SPDX-License-Identifier: Apache-2.0
// Compiles and links where there is an OpenMP runtime.
#include <omp.h>

int main()
{
    return omp_get_max_threads() > 0 ? 0 : 1;
}
