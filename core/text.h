// Small help with words, for messages.
#pragma once
#include <string>
#include <vector>

namespace excite {

// The candidate with the fewest letters to insert, delete or replace (Levenshtein's distance); the first of equally near ones.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

std::vector<std::string> split(const std::string& text, char separator);  // "a,b" -> {"a", "b"}; "" -> {}
std::string join(const std::vector<std::string>& words, const std::string& separator);

bool is_utf8(const std::string& text);

}  // namespace excite
