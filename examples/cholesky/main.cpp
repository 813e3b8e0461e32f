// SPDX-License-Identifier: Apache-2.0
// Factors a symmetric positive definite matrix of an .npy file, tile by tile and in place: A = L L^T.
#include "example.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>
#include <xtensor/xnpy.hpp>

namespace {

constexpr uint64_t kTile = 32;

struct Matrix {
    uint32_t n = 0;
    std::vector<double> elements;
};

Matrix load_matrix(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    const auto array = xt::load_npy<double>(file);
    if (!file)
        throw std::runtime_error("the file is truncated");
    if (array.dimension() != 2 || array.shape(0) != array.shape(1) || array.shape(0) > 65536)
        throw std::runtime_error("the array is no square matrix");
    return {static_cast<uint32_t>(array.shape(0)), std::vector<double>(array.begin(), array.end())};
}

/// ||A - L L^T|| / ||A|| in the Frobenius norm, L being the lower triangle of `factor`.
double residual(const Matrix &a, const std::vector<double> &factor)
{
    long double difference = 0;
    long double norm = 0;
    for (size_t i = 0; i < a.n; i++)
        for (size_t j = 0; j < a.n; j++) {
            const long double element = a.elements[i * a.n + j];
            long double rest = element;
            for (size_t k = 0; k <= std::min(i, j); k++)
                rest -= static_cast<long double>(factor[i * a.n + k]) * factor[j * a.n + k];
            difference += rest * rest;
            norm += element * element;
        }
    return static_cast<double>(std::sqrt(difference / norm));
}

} // namespace

int main(int argc, char **argv)
{
    const example_options options = example_parse(argc, argv, 2, "cholesky.pto matrix.npy");
    Matrix a;
    try {
        a = load_matrix(options.files[1]);
    } catch (const std::exception &error) {
        std::cerr << options.files[1] << ": " << error.what() << '\n';
        return EXIT_FAILURE;
    }

    pto_open_options open = PTO_OPEN_OPTIONS_INIT;
    pto_context *context = nullptr;
    open.arch = options.arch;
    EXAMPLE_CHECK(pto_open(&open, &context));

    pto_image *image = example_image(options.files[0]);
    pto_callable callable = *pto_image_callable(image);
    callable.builder = options.builder;
    EXAMPLE_CHECK(pto_prepare(context, 0, &callable));
    pto_image_close(image);

    std::vector<double> factor(a.elements);
    const uint32_t shape[] = {a.n, a.n};
    // No dtype is float64: to the engine the elements are 64 bits wide, to the kernels they are doubles.
    const pto_tensor tensor = pto_host_tensor(factor.data(), PTO_UINT64, 2, shape);
    pto_args args = PTO_ARGS_INIT;
    pto_run_result result = PTO_RUN_RESULT_INIT;
    example_times times = {};
    double error = 0;
    args.tensors = &tensor, args.tensor_count = 1;
    args.scalars = &kTile, args.scalar_count = 1;
    do {
        std::copy(a.elements.begin(), a.elements.end(), factor.begin());
        EXAMPLE_CHECK(pto_run(context, 0, &args, nullptr, &result));
        if (times.count == 0)
            error = residual(a, factor);
        // Updates of a tile keep their order, so every run gives the same bits.
        example_result(&times, factor.data(), factor.size() * sizeof(double));
        example_record(&times, &result);
    } while (example_again(&times));

    pto_close(context);
    const std::string what = "cholesky: ||A - L L^T|| / ||A|| of " + std::to_string(a.n) + "x" + std::to_string(a.n) +
                             " doubles in tiles of " + std::to_string(kTile);
    return example_report(what.c_str(), error, a.n * std::numeric_limits<double>::epsilon(), &times);
}
