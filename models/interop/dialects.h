// How other programs name what a network owns, and what their networks do otherwise than the
// papers: a line a dialect. Our names are those of timm.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "models/zoo/settings.h"

namespace excite {

struct Dialect {
  std::string name;  // timm-legacy
  std::string mark;  // how a name begins that only files of this dialect have; of timm's, none
  std::vector<std::pair<std::string, std::string>>
      words;  // our beginning of a name and theirs; with a dot before it, anywhere in the name
  Settings options;  // how its networks are built, as far as a model has such an option
  std::vector<std::string> models;  // what it has, under our names; empty: everything

  bool has(const std::string& model) const;
  std::string ours(const std::string& their) const;
  std::string theirs(const std::string& our) const;
};

const std::vector<Dialect>& dialects();  // a program may have several lines
const Dialect& dialect_of(const std::vector<std::string>& names_in_file);
const Dialect& line_with(
    const Dialect& spoken,
    const std::string& model);  // one of the same mark that has it; else the one spoken
const Dialect& own_dialect();   // excite: names as they are in the program

// What a file may hold that no network here has a place for: PyTorch's counters, and the auxiliary
// classifier of torchvision's Inception-v3.
bool is_counter(const std::string& name);
bool is_auxiliary(const std::string& name);

}  // namespace excite
