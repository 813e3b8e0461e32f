// SPDX-License-Identifier: Apache-2.0
// Gives files to a fuzz target, where there is no libFuzzer: replay_corpus FILE...
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, std::size_t size);

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        std::ifstream file(argv[i], std::ios::binary);
        const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
        if (!file || bytes.empty()) {
            std::fprintf(stderr, "%s cannot be read\n", argv[i]);
            return 1;
        }
        std::printf("%s, %zu bytes\n", argv[i], bytes.size());
        LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
    }
    return argc > 1 ? 0 : 1;
}
