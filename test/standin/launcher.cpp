// SPDX-License-Identifier: Apache-2.0
// Starts the process of the control CPUs where /usr/lib64/aicpu_kernels is its own: launcher new|join|root COMMAND...
// `new` makes a mount namespace, `join` enters the one that descriptor 6 stands for. Where namespaces are not allowed
// the folder is made on the real root, unless there is one, and the host process removes it; `root` uses that one.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

constexpr int kFilesystemFile = 6;
constexpr int kFirstOtherFile = 64;
constexpr int kLooks = 200;
constexpr int kLookMicroseconds = 10 * 1000;
constexpr const char *kRoot = "/usr/lib64";
constexpr const char *kFolders[] = {"/usr/lib64", "/usr/lib64/aicpu_kernels", "/usr/lib64/aicpu_kernels/0",
                                    "/usr/lib64/aicpu_kernels/0/aicpu_kernels_device"};
constexpr int kMaxEntries = 256; ///< A system that keeps its libraries there is not copied.

bool write_text(const char *path, const std::string &text)
{
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    const bool is_written = file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (file >= 0)
        close(file);
    return is_written;
}

/// A namespace of its own, with one of users where the caller may not do it otherwise.
bool enter_namespace()
{
    if (unshare(CLONE_NEWNS) == 0)
        return true;
    const std::string user = std::to_string(getuid());
    const std::string group = std::to_string(getgid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_text("/proc/self/setgroups", "deny") &&
           write_text("/proc/self/uid_map", "0 " + user + " 1") &&
           write_text("/proc/self/gid_map", "0 " + group + " 1");
}

void copy_file(int from_folder, int to_folder, const char *name)
{
    struct stat status;
    const int from = openat(from_folder, name, O_RDONLY | O_CLOEXEC);
    if (from < 0 || fstat(from, &status) != 0)
        return;
    const int to = openat(to_folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, status.st_mode & 07777);
    while (to >= 0 && sendfile(to, from, nullptr, 1 << 20) > 0) {}
    close(from);
    if (to >= 0)
        close(to);
}

/// What programs need from the folder that is covered now: the dynamic linker, mostly.
bool copy_entries(int from, int to)
{
    DIR *const folder = fdopendir(from);
    if (folder == nullptr)
        return false;
    int count = 0;
    for (const dirent *entry = readdir(folder); entry != nullptr; entry = readdir(folder)) {
        char target[4096];
        if (++count > kMaxEntries)
            return false;
        const ssize_t length = readlinkat(from, entry->d_name, target, sizeof target - 1);
        if (length > 0) {
            target[length] = '\0';
            if (symlinkat(target, to, entry->d_name) != 0)
                return false;
        } else if (entry->d_type == DT_REG) {
            copy_file(from, to, entry->d_name);
        }
    }
    return true;
}

bool make_folders()
{
    for (const char *folder : kFolders)
        if (mkdir(folder, 0755) != 0 && errno != EEXIST)
            return false;
    return true;
}

/// A file system in memory over /usr/lib64, with what was there.
bool cover_root()
{
    const int before = open(kRoot, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return false;
    if (before < 0 && (errno != ENOENT || mkdir(kRoot, 0755) != 0))
        return false;
    if (mount("standin", kRoot, "tmpfs", 0, "mode=755") != 0)
        return false;
    const int now = open(kRoot, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return now >= 0 && (before < 0 || copy_entries(before, now));
}

/// Leaves a process behind that removes the folder once the host process has ended, however that happens.
void remove_folder_at_end()
{
    const int host = static_cast<int>(syscall(SYS_pidfd_open, getppid(), 0));
    if (host < 0 || fork() != 0) {
        close(host);
        return;
    }
    prctl(PR_SET_PDEATHSIG, 0);
    setsid();
    for (int file = 0; file < kFirstOtherFile; file++)
        if (file != host)
            close(file);
    pollfd ended = {host, POLLIN, 0};
    while (poll(&ended, 1, -1) < 0 && errno == EINTR) {}
    std::error_code ignored;
    std::filesystem::remove_all(kFolders[1], ignored);
    std::_Exit(0);
}

/// That of users as well, where the mounts belong to one.
bool join_namespace()
{
    const int users = ioctl(kFilesystemFile, NS_GET_USERNS);
    const bool is_joined = setns(kFilesystemFile, CLONE_NEWNS) == 0 ||
                           (users >= 0 && setns(users, CLONE_NEWUSER) == 0 && setns(kFilesystemFile, CLONE_NEWNS) == 0);
    close(kFilesystemFile);
    if (users >= 0)
        close(users);
    return is_joined;
}

} // namespace

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (argc < 3)
        return 2;
    bool is_private = true;
    if (std::strcmp(argv[1], "join") == 0) {
        if (!join_namespace()) {
            std::fprintf(stderr, "launcher: setns: %s\n", std::strerror(errno));
            return 3;
        }
    } else if (std::strcmp(argv[1], "root") == 0) {
        is_private = false;
    } else {
        is_private = enter_namespace() && cover_root();
        // That of another host process, which has ended, may just be going away.
        for (int i = 0; i < kLooks && !is_private && access(kFolders[1], F_OK) == 0; i++)
            usleep(kLookMicroseconds);
        if (!is_private && access(kFolders[1], F_OK) == 0) {
            std::fprintf(stderr, "launcher: there is a %s already, and no mount namespace to hide it in\n",
                         kFolders[1]);
            return 3;
        }
        if (!is_private)
            remove_folder_at_end();
    }
    if (!make_folders()) {
        std::fprintf(stderr, "launcher: %s: %s\n", kFolders[3], std::strerror(errno));
        return 4;
    }
    // Crashes are part of what tests do: no files of them.
    const rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    setenv("PTO_STANDIN_FILESYSTEM", is_private ? "private" : "shared", 1);
    execvp(argv[2], argv + 2);
    std::fprintf(stderr, "launcher: %s: %s\n", argv[2], std::strerror(errno));
    return 5;
}
