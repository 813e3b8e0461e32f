// SPDX-License-Identifier: Apache-2.0
#include "binary_config.hpp"

#include <cctype>

namespace standin {
namespace {

/// Objects and strings, as far as such a file has them; numbers and the like are passed over as words.
struct Json {
    std::string text;
    std::map<std::string, Json> members;
    bool is_object = false;
};

class Reader {
public:
    explicit Reader(const std::string &text) : text_(text) {}

    bool read(Json *out, int depth = 0)
    {
        skip();
        if (peek() == '"')
            return read_string(&out->text);
        if (peek() == '{')
            return depth < 8 && read_object(out, depth);
        while (std::isalnum(static_cast<unsigned char>(peek())) != 0 || peek() == '.' || peek() == '-')
            out->text += text_[at_++];
        return !out->text.empty();
    }
    bool is_at_end()
    {
        skip();
        return at_ == text_.size();
    }
    std::size_t at() const { return at_; }

private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skip()
    {
        while (std::isspace(static_cast<unsigned char>(peek())) != 0)
            at_++;
    }
    bool take(char wanted)
    {
        skip();
        if (peek() != wanted)
            return false;
        at_++;
        return true;
    }
    bool read_string(std::string *out)
    {
        if (!take('"'))
            return false;
        while (at_ < text_.size() && text_[at_] != '"') {
            if (text_[at_] == '\\' && at_ + 1 < text_.size())
                at_++;
            *out += text_[at_++];
        }
        return take('"');
    }
    bool read_object(Json *out, int depth)
    {
        out->is_object = true;
        if (!take('{'))
            return false;
        if (take('}'))
            return true;
        do {
            std::string key;
            skip();
            if (!read_string(&key) || !take(':') || out->members.count(key) != 0 ||
                !read(&out->members[key], depth + 1))
                return false;
        } while (take(','));
        return take('}');
    }

    const std::string &text_;
    std::size_t at_ = 0;
};

const std::string *text_of(const Json &object, const char *key)
{
    const auto found = object.members.find(key);
    return found == object.members.end() || found->second.is_object ? nullptr : &found->second.text;
}

std::string parse_function(const std::string &op_type, const Json &op, std::deque<CpuFunction> *out)
{
    const auto info = op.members.find("opInfo");
    if (info == op.members.end() || !info->second.is_object)
        return "'" + op_type + "' has no object opInfo";
    const std::string *function = text_of(info->second, "functionName");
    const std::string *so = text_of(info->second, "kernelSo");
    const std::string *library = text_of(info->second, "opKernelLib");
    const std::string *is_user = text_of(info->second, "userDefined");
    if (function == nullptr || so == nullptr || library == nullptr || is_user == nullptr)
        return "opInfo of '" + op_type + "' lacks functionName, kernelSo, opKernelLib or userDefined";
    if (*library != "AICPUKernel" || *is_user != "False")
        return "'" + op_type + "' is of " + *library + ", userDefined " + *is_user;
    out->push_back({op_type, *function, *so});
    return {};
}

bool is_name_character(char c)
{
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

} // namespace

std::string parse_config(const std::string &text, std::deque<CpuFunction> *out)
{
    Json root;
    Reader reader(text);
    if (!reader.read(&root) || !root.is_object || !reader.is_at_end())
        return "it is not a JSON object, at byte " + std::to_string(reader.at());
    for (const auto &[op_type, op] : root.members) {
        const std::string defect = parse_function(op_type, op, out);
        if (!defect.empty())
            return defect;
    }
    return out->empty() ? "it describes no function" : std::string();
}

std::string so_name_defect(const std::string &name)
{
    if (name.empty() || name.size() > kMaxSoName)
        return "the name of a shared object has 1 to 100 characters, '" + name + "' has " + std::to_string(name.size());
    for (const char c : name)
        if (!is_name_character(c))
            return "the name '" + name + "' of a shared object has a character other than letters, digits and -_.";
    return {};
}

std::string kernel_name_defect(const std::string &name)
{
    if (name.empty() || name.size() > kMaxKernelName)
        return "the name of a kernel has 1 to 200 characters, '" + name + "' has " + std::to_string(name.size());
    return {};
}

} // namespace standin
