// SPDX-License-Identifier: Apache-2.0
// A folder for the files of one command.
#ifndef PTO_TOOL_WORK_FOLDER_HPP
#define PTO_TOOL_WORK_FOLDER_HPP

#include <string>

namespace pto::tool {

/// A private folder that goes away with all that is in it, or a folder of the user's that stays. The constructor throws
/// Error.
class WorkFolder {
public:
    /// `kept`: the folder to use and to leave, made if it is not there; empty: a private one.
    explicit WorkFolder(const std::string &kept);
    ~WorkFolder();
    WorkFolder(const WorkFolder &) = delete;
    WorkFolder &operator=(const WorkFolder &) = delete;

    const std::string &path() const { return path_; }
    std::string file(const std::string &name) const { return path_ + "/" + name; }

private:
    std::string path_;
    bool is_private_;
};

} // namespace pto::tool

#endif
