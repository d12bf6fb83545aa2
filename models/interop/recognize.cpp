#include "models/interop/recognize.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "core/check.h"
#include "core/shapes_only.h"
#include "core/text.h"
#include "models/interop/candidates.h"
#include "models/zoo/registry.h"

namespace excite {

namespace {

constexpr long max_classes = 100'000;

Model shape_only_model(const std::string& name, const Settings& options, long classes) {
  const ShapesOnly no_numbers;
  Rng rng = Rng::silent();
  return make_model(name, options, classes, rng);
}

// Those of the settings that are options of the model.
Settings known_options(const std::string& model, const Settings& settings) {
  const Settings& defaults = find_model(model).defaults;
  Settings known;
  for (const auto& [key, value] : settings)
    if (defaults.contains(key)) known[key] = value;
  return known;
}

// ---- options inferred from shapes ----

// From the weights of the first linear layer of each squeeze-and-excitation block: [hidden, C] or
// [hidden, C, 1, 1].
Settings inferred_se_options(const TensorShapes& shapes, const Settings& dialect) {
  const std::string weight = ".se.fc1.weight";
  std::vector<std::pair<long, long>> widths;  // C, hidden
  std::set<std::string> stages;
  Settings options;
  for (const auto& [name, dims] : shapes) {
    if (!name.ends_with(weight) || dims.size() < 2 || dims[0] < 1) continue;
    widths.emplace_back(dims[1], dims[0]);
    options["se_fc"] = dims.size() == 4 ? "1x1" : "linear";
    const std::string block = name.substr(0, name.size() - weight.size());
    options["se_bias"] = shapes.contains(block + ".se.fc1.bias") ? "on" : "off";
    const bool in_stage =
        name.starts_with("layer") && name.size() > 5 && name[5] >= '1' && name[5] <= '8';
    if (in_stage) stages.insert(std::string(1, static_cast<char>(name[5] + 1)));
  }
  if (widths.empty()) return options;
  const auto [least, most] = std::minmax_element(widths.begin(), widths.end());
  const long reduction = std::max(1l, most->first / most->second);
  options["reduction"] = std::to_string(reduction);
  const long computed = std::max(1l, least->first / reduction),
             minimum = dialect.contains("se_least") ? std::stol(dialect.at("se_least")) : 1;
  if (std::max(computed, minimum) != least->second)
    options["se_least"] = least->second > computed ? std::to_string(least->second) : "1";
  if (!stages.empty()) options["se_stages"] = join({stages.begin(), stages.end()}, ",");
  return options;
}

Settings inferred_options(const TensorShapes& shapes, const Dialect& dialect) {
  Settings options = merged(inferred_se_options(shapes, dialect.options), dialect.options);
  const auto stem = shapes.find("conv1.weight");
  if (stem != shapes.end() && stem->second.size() == 4 && stem->second[2] == 3)
    options["stem"] = "3x3";
  const auto projects = [](const auto& tensor) {
    return tensor.first.find(".downsample.") != std::string::npos;
  };
  if (std::none_of(shapes.begin(), shapes.end(), projects)) options["shortcut"] = "A";
  return options;
}

// The residual blocks of each stage, from names such as layer3.5.conv1.weight: "2,2,6,2". Empty
// without such names, if a block is missing between others, or if there are too many to be a
// network.
std::string inferred_blocks(const TensorShapes& shapes) {
  constexpr long max_blocks = 200;
  std::map<long, std::set<long>> blocks;  // of each stage, from 1 on
  for (const auto& [name, dims] : shapes) {
    const std::vector<std::string> parts = split(name, '.');
    if (parts.size() < 3 || !parts[0].starts_with("layer")) continue;
    const auto stage = parse_number<long>(parts[0].substr(5)), block = parse_number<long>(parts[1]);
    if (!stage || !block || *stage < 1 || *stage > 4 || *block < 0 || *block >= max_blocks)
      return "";
    blocks[*stage].insert(*block);
  }
  std::vector<std::string> words;
  for (const auto& [stage, numbers] : blocks) {
    if (*numbers.rbegin() + 1 != std::ssize(numbers)) return "";
    words.push_back(std::to_string(numbers.size()));
  }
  return join(words, ",");
}

long classes_in(const TensorShapes& shapes, const std::string& classifier) {
  const auto found = shapes.find(classifier + ".weight");
  const long rows = found == shapes.end() || found->second.empty() ? 0 : found->second[0];
  return std::clamp(rows, 2l, max_classes);
}

// Whether the depth is that of the model, or follows from the names of the tensors.
enum class Depth { of_model, of_names };

// The requested options. The others are inferred from the shapes, or are the dialect's.
Settings all_options(const std::string& model, const Settings& requested,
                     const TensorShapes& shapes, const Dialect& dialect, Depth depth) {
  Settings inferred = inferred_options(shapes, row_for_model(dialect, model));
  if (depth == Depth::of_names) inferred["blocks"] = inferred_blocks(shapes);
  return merged(requested, known_options(model, inferred));
}

// How well the model fits; nothing if it cannot have these options.
std::optional<Recognized> try_model(const std::string& name, const std::string& classifier,
                                    const Settings& requested, const TensorShapes& shapes,
                                    const Dialect& dialect, Depth depth) {
  try {
    Recognized r{name, all_options(name, requested, shapes, dialect, depth),
                 classes_in(shapes, classifier), 0};
    const Model model = shape_only_model(name, r.options, r.classes);
    r.differences = differences(shapes, shapes_of(state_of(model.module())), dialect).count();
    return r;
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

// With requested options, any model may have any of the tensors.
std::vector<Candidate> candidates_with(const Settings& requested, const TensorShapes& shapes) {
  std::vector<Candidate> all = candidates(shapes);
  if (!requested.empty())
    for (Candidate& c : all) c.least_differences = 0, c.fits_in_depth = true;
  return all;
}

// The first of the candidates that has these tensors, or else the first of those with the fewest
// differences; small variants count only where they fit exactly. The most promising ones are tried
// first, until none of the others can be nearer.
std::optional<Recognized> nearest_model(const std::vector<Candidate>& all,
                                        const TensorShapes& shapes, const Dialect& dialect,
                                        const Settings& requested) {
  std::vector<const Candidate*> sorted;
  for (const Candidate& c : all)
    if (!c.is_small || c.least_differences == 0) sorted.push_back(&c);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Candidate* a, const Candidate* b) {
    return a->least_differences < b->least_differences;
  });
  std::optional<Recognized> nearest;
  const Candidate* nearest_candidate = nullptr;
  for (const Candidate* c : sorted) {
    if (nearest && c->least_differences > nearest->differences) break;
    const auto r = try_model(c->model, c->classifier, requested, shapes, dialect, Depth::of_model);
    if (r && r->differences == 0) return r;
    if (!r || c->is_small) continue;
    if (!nearest || r->differences < nearest->differences ||
        (r->differences == nearest->differences && c < nearest_candidate))
      nearest = r, nearest_candidate = c;
  }
  return nearest;
}

// The first of the candidates that has these tensors in the depth that their names show.
std::optional<Recognized> model_of_another_depth(const std::vector<Candidate>& all,
                                                 const TensorShapes& shapes, const Dialect& dialect,
                                                 const Settings& requested) {
  for (const Candidate& c : all) {
    if (!c.fits_in_depth || !find_model(c.model).defaults.contains("blocks")) continue;
    const auto r = try_model(c.model, c.classifier, requested, shapes, dialect, Depth::of_names);
    if (r && r->differences == 0) return r;
  }
  return std::nullopt;
}

}  // namespace

Recognized recognize(const TensorShapes& shapes, const Dialect& dialect, const std::string& name,
                     const Settings& requested) {
  if (!name.empty()) {
    const std::string classifier = classifier_name(shape_only_model(name, {}, 2).module());
    if (const auto r = try_model(name, classifier, requested, shapes, dialect, Depth::of_model))
      return *r;
    // The model cannot have the options that the tensors show, so these are not its tensors.
    const Model model = shape_only_model(name, requested, 2);  // or the requested ones are wrong
    return {name, requested, classes_in(shapes, classifier),
            differences(shapes, shapes_of(state_of(model.module())), dialect).count()};
  }
  const std::vector<Candidate> all = candidates_with(requested, shapes);
  const auto listed = nearest_model(all, shapes, dialect, requested);
  if (listed && listed->differences == 0) return *listed;
  if (const auto deeper = model_of_another_depth(all, shapes, dialect, requested)) return *deeper;
  require<UsageError>(listed.has_value(), "no model has all of the options ", to_string(requested));
  return *listed;
}

// ---- programs that have the same network ----

namespace {

// The network of this name as the dialect's program builds it, if it has it.
std::optional<Model> built_by(const Dialect& dialect, const Model& model) {
  if (!dialect.has(model.name)) return std::nullopt;
  Settings options = known_options(model.name, dialect.options);
  if (model.options.contains("reduction")) options["reduction"] = model.options.at("reduction");
  return shape_only_model(model.name, options, model.classes);
}

// "stem_pool=floor instead of ceil": options with which the same weights give other results. The
// options of hidden widths are left out, because shapes show them, and so is dropout.
std::vector<std::string> different_options(const Model& ours, const Model& theirs) {
  std::vector<std::string> different;
  for (const auto& [key, value] : theirs.options)
    if (ours.options.at(key) != value && key != "dropout" && key != "se_least" && key != "se_fc")
      different.push_back(text(key, "=", value, " instead of ", ours.options.at(key)));
  return different;
}

// Why the dialect's program does not have the same network; empty if it has.
std::string incompatibility(const Dialect& dialect, const Model& model) {
  if (&dialect == &own_dialect()) return "";
  const std::optional<Model> theirs = built_by(dialect, model);
  if (!theirs) return text(dialect.name, " has no ", model.name);
  const std::vector<std::string> different = different_options(model, *theirs);
  if (!different.empty())
    return text(dialect.name, " has ", model.name, " with ", join_some(different),
                ", and would compute other results from these weights");
  const Differences d = differences(shapes_of(state_of(model.module())),
                                    shapes_of(state_of(theirs->module())), dialect);
  return d.count() == 0
             ? ""
             : text("the tensors are not those of ", dialect.name, "'s ", model.name, d.summary());
}

}  // namespace

const Dialect& dialect_for_export(const std::string& name, const Model& model) {
  std::string reason;
  std::vector<std::string> names, compatible;
  for (const Dialect& d : dialects()) {
    const std::string problem = incompatibility(d, model);
    if (d.name == name && problem.empty()) return d;
    if (d.name == name && (reason.empty() || d.has(model.name))) reason = problem;
    if (problem.empty()) compatible.push_back(d.name);
    if (names.empty() || names.back() != d.name) names.push_back(d.name);
  }
  require<UsageError>(!reason.empty(), "there is no format '", name, "'", suggestion(name, names),
                      " (expected ", join_some(names), ")");
  throw UsageError(text(reason, "; the same network is in: ", join_some(compatible)));
}

}  // namespace excite
