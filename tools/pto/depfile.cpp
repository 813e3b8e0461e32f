// SPDX-License-Identifier: Apache-2.0
#include "depfile.hpp"

#include <unordered_set>

namespace pto::tool {

std::string escape_in_depfile(std::string_view path)
{
    std::string escaped;
    for (const char c : path) {
        if (c == '$')
            escaped += '$';
        else if (c == ' ' || c == '#')
            escaped += '\\';
        escaped += c;
    }
    return escaped;
}

/// Words end at blanks that no backslash escapes; a backslash at the end of a line continues the rule.
std::vector<std::string> prerequisites_in_depfile(std::string_view text)
{
    std::vector<std::string> words;
    std::string word;
    const auto end_word = [&] {
        if (!word.empty())
            words.push_back(word);
        word.clear();
    };
    for (size_t i = 0; i < text.size(); i++) {
        const char c = text[i];
        const char following = i + 1 < text.size() ? text[i + 1] : '\n';
        if (c == '\\' && following == '\n') {
            end_word();
            i++;
        } else if (c == '\\' && (following == ' ' || following == '#')) {
            word += c;
            word += following;
            i++;
        } else if (c == '\n') {
            break;
        } else if (c == ' ' || c == '\t' || c == '\r') {
            end_word();
        } else {
            word += c;
        }
    }
    end_word();
    if (!words.empty() && words.front().ends_with(':'))
        words.erase(words.begin());
    return words;
}

std::string depfile_text(std::string_view target, const std::vector<std::string> &prerequisites)
{
    std::string text = escape_in_depfile(target) + ":";
    std::unordered_set<std::string> seen;
    for (const std::string &prerequisite : prerequisites)
        if (seen.insert(prerequisite).second)
            text += " \\\n  " + prerequisite;
    return text + "\n";
}

} // namespace pto::tool
