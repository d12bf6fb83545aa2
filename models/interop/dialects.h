// Dialects: how other programs name the tensors of these networks, and where their networks differ
// from the papers. Our own names are timm's.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "models/model.h"

namespace excite {

struct Dialect {
  std::string name;       // timm-legacy
  std::string signature;  // a prefix of tensor names that only this dialect has; timm has none
  // Our prefix of a name, and theirs. A prefix that begins with a dot may be anywhere in the name.
  std::vector<std::pair<std::string, std::string>> renames;
  Settings options;  // how its networks are built, for models that have these options
  std::vector<std::string> models;  // our names of the models that it has; empty: all models

  // Whether the program has this model, by our name of it.
  bool has(const std::string& model) const;
  // The name of a tensor, renamed.
  std::string to_ours(const std::string& tensor) const;
  std::string to_theirs(const std::string& tensor) const;
};

const std::vector<Dialect>& dialects();  // one or more rows per program
// The dialect whose signature one of the names has; own_dialect() if there is none.
const Dialect& detect_dialect(const std::vector<std::string>& tensor_names);
const Dialect& own_dialect();  // excite: no renames

// The row with the same signature that has this model; if none has it, the given row.
const Dialect& row_for_model(const Dialect& dialect, const std::string& model);

// Tensors that a file may hold and that no network here needs: PyTorch's counters
// (num_batches_tracked, and n_averaged of AveragedModel), and the auxiliary classifier of
// torchvision's Inception-v3.
bool is_counter(const std::string& name);
bool is_auxiliary(const std::string& name);

}  // namespace excite
