// Numbers on the command line.
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace excite {

// Makes every INT and FLOAT option of every command accept a decimal number and nothing else. The
// error shows the word as it was typed.
void read_numbers_strictly(CLI::App& app);

// The numbers of a list such as "8,12" that is the value of `option`. UsageError that ends in
// `expected` if it is anything else.
std::vector<double> numbers_of_list(const std::string& option, const std::string& list,
                                    const std::string& expected);

}  // namespace excite
