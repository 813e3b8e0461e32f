// SPDX-License-Identifier: Apache-2.0
// cmocka's macro `fail` must not meet the standard library, so that comes first.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sys/mman.h>

#include "elf_test.hpp"

namespace pto::test {
namespace {

std::string folder;
std::vector<std::string> names;

} // namespace

void set_up(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : ".";
    names.assign(argv + std::min(argc, 2), argv + argc);
}

std::vector<std::string> objects(const std::string &beginning)
{
    std::vector<std::string> found;
    std::copy_if(names.begin(), names.end(), std::back_inserter(found),
                 [&](const std::string &name) { return name.rfind(beginning, 0) == 0; });
    if (found.empty())
        fail_msg("no object is called %s...", beginning.c_str());
    return found;
}

bool has_object(const std::string &name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

const std::vector<char> &object_bytes(const std::string &name)
{
    static std::map<std::string, std::vector<char>> cache;
    std::vector<char> &bytes = cache[name];
    if (bytes.empty()) {
        std::ifstream file(folder + "/" + name + ".so", std::ios::binary);
        bytes.assign(std::istreambuf_iterator<char>(file), {});
        if (bytes.empty())
            fail_msg("there is no object '%s'", name.c_str());
    }
    return bytes;
}

PageMemory::PageMemory(uint64_t size_bytes) : current(size_bytes / kPageBytes), size_bytes_(size_bytes)
{
    void *memory = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        fail_msg("no memory");
    memory_ = static_cast<char *>(memory);
}

PageMemory::~PageMemory()
{
    munmap(memory_, size_bytes_);
}

pto_elf_config PageMemory::config()
{
    return {sizeof(pto_elf_config), 0, memory_, size_bytes_, this, protect};
}

int32_t PageMemory::protect(void *self, void *address, uint64_t size_bytes, uint32_t protection)
{
    auto &memory = *static_cast<PageMemory *>(self);
    const auto offset = static_cast<uint64_t>(static_cast<char *>(address) - memory.memory_);
    memory.calls.push_back({offset, size_bytes, protection});
    const std::vector<std::size_t> &refused = memory.refused_calls;
    if (std::find(refused.begin(), refused.end(), memory.calls.size() - 1) != refused.end())
        return -7;
    static constexpr int kFlags[] = {PROT_READ | PROT_WRITE, PROT_READ, PROT_READ | PROT_EXEC};
    if (protection > PTO_ELF_EXECUTE || mprotect(address, size_bytes, kFlags[protection]) != 0)
        return -1;
    for (uint64_t i = 0; i < size_bytes / kPageBytes; i++)
        memory.current[offset / kPageBytes + i] = static_cast<uint8_t>(protection);
    return 0;
}

LoaderUser::LoaderUser(const pto_elf_config &config)
{
    assert_int_equal(pto_elf_loader_init(&loader, &config), PTO_OK);
    hooks = pto_elf_loader_hooks(&loader);
}

void *LoaderUser::load(const std::vector<char> &bytes)
{
    // A copy without a byte behind it, which goes away: the loader may neither read further nor come back.
    const std::vector<char> copy(bytes);
    void *handle = this;
    message[0] = '\0';
    status = hooks.load(hooks.self, copy.data(), copy.size(), &handle, message, sizeof message);
    return handle;
}

void *LoaderUser::must_load(const std::string &name)
{
    void *handle = load(object_bytes(name));
    if (status != PTO_OK)
        fail_msg("%s: %d, %s", name.c_str(), status, message);
    return handle;
}

const void *LoaderUser::find(void *handle, const char *symbol, bool *is_function)
{
    int32_t kind = -1;
    const void *address = hooks.find(hooks.self, handle, symbol, &kind);
    if (is_function != nullptr)
        *is_function = kind == 1;
    return address;
}

} // namespace pto::test
