// Names that look the same but have different bytes: Unicode has a letter with an accent as one
// character (normalization form C, NFC), and as a letter with a combining accent after it (form D,
// NFD, as macOS writes file names).
#pragma once
#include <string>

namespace excite {

// Whether the two names of UTF-8 differ, and in nothing but that. Which accent it is, is not
// compared, only the letter below it, if that is in Latin-1.
bool differ_in_form(const std::string& a, const std::string& b);

// The name of a file in the same folder that differs from this one in form alone; "" if there is
// none.
std::string other_form_of_file(const std::string& path);

}  // namespace excite
