// SPDX-License-Identifier: Apache-2.0
// The process of the control CPUs, for aarch64: loads images as the vendor's does, and calls their functions on the
// threads of a pool, one per user CPU. Arguments: arch, device, bytes of memory, cached|coherent, latched|open,
// told|untold.
#include "control_cache.hpp"
#include "control_registers.hpp"
#include "process_link.hpp"

#include <condition_variable>
#include <deque>
#include <dlfcn.h>
#include <fcntl.h>
#include <map>
#include <memory>
#include <mutex>
#include <sched.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

namespace standin {
namespace {

constexpr const char *kFolder = "/usr/lib64/aicpu_kernels/0/aicpu_kernels_device/";

using Function = uint32_t (*)(void *);

/// One launch: its blocks share the copy of the arguments.
struct Launch {
    uint32_t ticket;
    Function function; ///< NULL: the bootstrap.
    alignas(64) uint8_t args[kMaxArgBytes];
    void *where;
    uint32_t blocks_left;
    uint32_t result = 0;
};

struct Pool {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::shared_ptr<Launch>> blocks;
};

Setting setting;
Pool pool;
bool cpus_are_told = true;
bool latch_is_closed = false; // Used by one bootstrap at a time: one stream, one worker.
std::mutex loader;
std::map<std::string, void *> images;

// ---- images

/// By name, once: a file that changes later is not looked at again.
void *load(const std::string &name, std::string *why)
{
    const std::lock_guard lock(loader);
    const auto found = images.find(name);
    if (found != images.end())
        return found->second;
    void *const handle = dlopen((kFolder + name).c_str(), RTLD_LAZY | RTLD_GLOBAL);
    if (handle == nullptr) {
        *why = dlerror();
        return nullptr;
    }
    watch_image(handle);
    images[name] = handle;
    return handle;
}

bool write_file(const std::string &path, const void *bytes, uint64_t size)
{
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    const auto *at = static_cast<const char *>(bytes);
    while (file >= 0 && size > 0) {
        const ssize_t written = write(file, at, size);
        if (written <= 0)
            break;
        at += written;
        size -= static_cast<uint64_t>(written);
    }
    if (file >= 0)
        close(file);
    return file >= 0 && size == 0;
}

template <class T> T field(const void *base, std::size_t offset)
{
    T value;
    std::memcpy(&value, static_cast<const char *>(base) + offset, sizeof value);
    return value;
}

/// The part of the vendor's own library: writes the dispatcher out, loads it, lets it write our image. Once: what a
/// second caller brings is not looked at.
uint32_t bootstrap(void *args)
{
    if (latch_is_closed) {
        count("latched bootstraps", 1);
        return 0;
    }
    const auto block = field<uint64_t>(args, 40);
    const auto *const device_args = reinterpret_cast<const void *>(block);
    refresh_cache(block, 160);
    const auto bytes = field<uint64_t>(device_args, 96);
    const auto size = field<uint64_t>(device_args, 104);
    refresh_cache(bytes, size);
    const std::string name = "libtilefwk_backend_server_" + std::to_string(setting.device) + ".so";
    if (!write_file(kFolder + name, reinterpret_cast<const void *>(bytes), size)) {
        violate("bootstrap: the dispatcher of %llu bytes cannot be written", static_cast<unsigned long long>(size));
        return 1;
    }
    std::string why;
    void *const handle = load(name, &why);
    if (handle == nullptr) {
        violate("bootstrap: the dispatcher cannot be loaded: %s", why.c_str());
        return 1;
    }
    Function init = nullptr;
    for (const char *symbol :
         {"StaticTileFwkBackendKernelServer", "DynTileFwkBackendKernelServer", "DynTileFwkBackendKernelServerInit"}) {
        init = reinterpret_cast<Function>(dlsym(handle, symbol));
        if (init == nullptr) {
            violate("bootstrap: the dispatcher does not export %s", symbol);
            return 1;
        }
    }
    const uint32_t result = init(args);
    latch_is_closed = result == 0;
    return result;
}

// ---- the pool

void run_blocks(uint32_t worker)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    CPU_SET(worker % static_cast<uint32_t>(cpus > 0 ? cpus : 1), &set);
    sched_setaffinity(0, sizeof set, &set);
    for (;;) {
        std::unique_lock lock(pool.mutex);
        pool.changed.wait(lock, [] { return !pool.blocks.empty(); });
        const std::shared_ptr<Launch> launch = pool.blocks.front();
        pool.blocks.pop_front();
        lock.unlock();
        const uint32_t result =
            launch->function != nullptr ? launch->function(launch->where) : bootstrap(launch->where);
        lock.lock();
        if (launch->result == 0)
            launch->result = result;
        const bool is_last = --launch->blocks_left == 0;
        lock.unlock();
        if (!is_last)
            continue;
        char text[64];
        std::snprintf(text, sizeof text, "the function returned %u", launch->result);
        answer(launch->ticket, static_cast<int32_t>(launch->result), 0, text);
    }
}

void start(const Message &message)
{
    note_launch();
    count("launched threads", message.blocks);
    const auto launch = std::make_shared<Launch>();
    launch->ticket = message.ticket;
    launch->blocks_left = message.blocks;
    launch->function = nullptr;
    std::memcpy(launch->args, message.args, sizeof launch->args);
    launch->where = (message.flags & kArgsOnDevice) != 0 ? reinterpret_cast<void *>(message.address) : launch->args;
    if ((message.flags & kBootstrap) == 0) {
        std::string why;
        void *const handle = load(message.so, &why);
        if (handle != nullptr)
            launch->function = reinterpret_cast<Function>(dlsym(handle, message.kernel));
        if (launch->function == nullptr) {
            const std::string text =
                handle == nullptr ? why : std::string(message.so) + " does not export " + message.kernel;
            answer(message.ticket, 1, 0, text.c_str());
            return;
        }
    }
    const std::lock_guard lock(pool.mutex);
    for (uint32_t i = 0; i < message.blocks; i++)
        pool.blocks.push_back(launch);
    pool.changed.notify_all();
}

// ---- memory that is not what it looks like

/// Everything else is a crash, which the instruction is tried again for.
void on_fault(int signal, siginfo_t *info, void *context)
{
    const auto address = reinterpret_cast<uint64_t>(info->si_addr);
    const bool is_protected = info->si_code == SEGV_ACCERR;
    if (!is_protected ||
        (!write_through(address) && !store_to_register(address, &static_cast<ucontext_t *>(context)->uc_mcontext)))
        std::signal(signal, SIG_DFL);
}

void handle_faults()
{
    struct sigaction action = {};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = on_fault;
    sigaction(SIGSEGV, &action, nullptr);
}

void serve()
{
    Message message;
    while (receive_message(&message)) {
        if (message.verb == Verb::kLaunch) {
            start(message);
        } else if (message.verb == Verb::kSnapshot) {
            age_cache(message.address, message.bytes);
            answer(message.ticket, 0, 0, "");
        }
    }
}

} // namespace
} // namespace standin

/// The driver on the device, which every image finds in this program.
extern "C" [[gnu::visibility("default")]] int halGetDeviceInfo(uint32_t id, int32_t module, int32_t info, int64_t *out)
{
    using namespace standin;
    constexpr int kInvalidValue = 3;
    constexpr int32_t kControlModule = 1, kOccupancy = 8;
    count("questions about CPUs", 1);
    if (!cpus_are_told || id != setting.device || module != kControlModule || info != kOccupancy || out == nullptr)
        return kInvalidValue;
    *out = static_cast<int64_t>(chip_of(setting.arch).control_cpus);
    return 0;
}

int main(int argc, char **argv)
{
    using namespace standin;
    if (argc < 7)
        return 2;
    setting = enter_process(argv);
    const Chip chip = chip_of(setting.arch);
    map_or_die(memory_base(setting.device), setting.memory_bytes, kMemoryFile, PROT_READ | PROT_WRITE);
    open_registers(setting.device);
    open_cache(std::strcmp(argv[4], "cached") == 0, memory_base(setting.device), setting.memory_bytes);
    handle_faults();
    latch_is_closed = std::strcmp(argv[5], "latched") == 0;
    cpus_are_told = std::strcmp(argv[6], "told") == 0;
    for (uint32_t i = 0; i < chip.control_workers; i++)
        std::thread(run_blocks, i).detach();
    const char *const filesystem = std::getenv("PTO_STANDIN_FILESYSTEM");
    greet(filesystem != nullptr && std::strcmp(filesystem, "private") == 0 ? 1 : 0);
    serve();
    std::_Exit(0);
}
