#include "models/interop/candidates.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "core/shapes_only.h"
#include "core/text.h"
#include "models/zoo/registry.h"

namespace excite {

namespace {

// Inferred options (models/interop/recognize.cpp) add and remove tensors of these names, or change
// their shapes: those of squeeze-and-excitation, of projections, of the stem and what reads its
// output. The classifier depends on the number of classes.
bool depends_on_options(const std::string& name, const std::set<std::string>& classifiers) {
  for (const char* part : {".se.", ".downsample."})
    if (name.find(part) != std::string::npos) return true;
  for (const char* stem : {"conv1.", "bn1.", "layer1.0.conv1."})
    if (name.starts_with(stem)) return true;
  return classifiers.contains(name.substr(0, name.rfind('.')));
}

// Whether a stage of fewer blocks lacks the tensor: layer3.1.conv1.weight, but not layer3.0. ones.
bool depends_on_depth(const std::string& name) {
  const std::size_t dot = name.find('.');
  return name.starts_with("layer") && dot != std::string::npos && name.compare(dot, 3, ".0.") != 0;
}

// A tensor that a candidate has with any inferred options.
struct FixedTensor {
  std::size_t candidate;
  std::vector<long> dims;
};

struct Index {
  std::vector<Candidate> candidates;      // without the comparison
  std::vector<long> fixed, at_any_depth;  // tensors of each candidate: that do not depend on
                                          // options, and neither on the depth
  std::set<std::string> classifiers;
  std::unordered_map<std::string, std::vector<FixedTensor>> holders;  // by the tensor's name
};

Index make_index() {
  const ShapesOnly no_numbers;
  Index index;
  std::vector<TensorShapes> all;
  std::set<std::string> seen;
  for (const ModelEntry& entry : model_list())
    for (const std::string& name : {entry.name, entry.small_variant}) {
      if (!seen.insert(name).second) continue;
      Rng rng = Rng::silent();
      const Model model = make_model(name, {}, 2, rng);
      all.push_back(shapes_of(state_of(model.module())));
      index.candidates.push_back(
          {name, name != entry.name, classifier_name(model.module()), 0, true});
      index.classifiers.insert(index.candidates.back().classifier);
    }
  for (std::size_t i = 0; i < all.size(); i++) {
    index.fixed.push_back(0);
    index.at_any_depth.push_back(0);
    for (const auto& [name, dims] : all[i]) {
      if (depends_on_options(name, index.classifiers)) continue;
      index.holders[name].push_back({i, as_matrix(dims)});
      index.fixed[i]++;
      if (!depends_on_depth(name)) index.at_any_depth[i]++;
    }
  }
  return index;
}

// How many of the file's fixed tensors a candidate has.
struct Found {
  long by_name = 0, with_shape = 0, at_any_depth = 0;
};

}  // namespace

std::vector<Candidate> candidates(const TensorShapes& shapes) {
  static const Index index = make_index();
  std::vector<Found> found(index.candidates.size());
  long fixed_in_file = 0;
  for (const auto& [name, dims] : shapes) {
    if (depends_on_options(name, index.classifiers)) continue;
    fixed_in_file++;
    const auto holders = index.holders.find(name);
    if (holders == index.holders.end()) continue;
    const std::vector<long> matrix = as_matrix(dims);
    for (const FixedTensor& tensor : holders->second) {
      Found& f = found[tensor.candidate];
      f.by_name++;
      if (tensor.dims != matrix) continue;
      f.with_shape++;
      if (!depends_on_depth(name)) f.at_any_depth++;
    }
  }
  std::vector<Candidate> all = index.candidates;
  for (std::size_t i = 0; i < all.size(); i++) {
    const long missing_or_wrong = index.fixed[i] - found[i].with_shape,
               unexpected = fixed_in_file - found[i].by_name;
    all[i].least_differences = missing_or_wrong + unexpected;
    all[i].fits_in_depth = found[i].at_any_depth == index.at_any_depth[i];
  }
  return all;
}

}  // namespace excite
