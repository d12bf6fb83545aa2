#include "models/interop/recognize.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

constexpr long max_classes = 100'000;

Model outlined(const std::string& name, const Settings& options, long classes) {
  Rng rng = Rng::silent();
  return make_model(name, options, classes, rng);
}

Settings of_those(const Settings& possible, const Settings& some) {
  Settings left;
  for (const auto& [key, value] : some)
    if (possible.contains(key)) left[key] = value;
  return left;
}

// ---- options that shapes tell ----

// What the first linear layers of all squeeze-and-excitation blocks say.
Settings se_options(const Outline& outline, const Settings& of_dialect) {
  const std::string weight = ".se.fc1.weight";
  std::vector<std::pair<long, long>> widths;  // C, hidden
  std::set<std::string> stages;
  Settings told;
  for (const auto& [name, dims] : outline) {
    if (!name.ends_with(weight) || dims.size() < 2 || dims[0] < 1) continue;
    widths.emplace_back(dims[1], dims[0]);
    told["se_fc"] = dims.size() == 4 ? "1x1" : "linear";
    told["se_bias"] = outline.contains(name.substr(0, name.size() - weight.size()) + ".se.fc1.bias")
                          ? "on"
                          : "off";
    const bool in_stage =
        name.starts_with("layer") && name.size() > 5 && name[5] >= '1' && name[5] <= '8';
    if (in_stage) stages.insert(std::string(1, static_cast<char>(name[5] + 1)));
  }
  if (widths.empty()) return told;
  const auto [least, most] = std::minmax_element(widths.begin(), widths.end());
  const long reduction = std::max(1l, most->first / most->second);
  told["reduction"] = std::to_string(reduction);
  const long usual = std::max(1l, least->first / reduction),
             at_least = of_dialect.contains("se_least") ? std::stol(of_dialect.at("se_least")) : 1;
  if (std::max(usual, at_least) != least->second)
    told["se_least"] = least->second > usual ? std::to_string(least->second) : "1";
  if (!stages.empty()) told["se_stages"] = join({stages.begin(), stages.end()}, ",");
  return told;
}

Settings options_of(const Outline& outline, const Dialect& dialect) {
  Settings told = together(se_options(outline, dialect.options), dialect.options);
  const auto stem = outline.find("conv1.weight");
  if (stem != outline.end() && stem->second.size() == 4 && stem->second[2] == 3)
    told["stem"] = "3x3";
  const auto projects = [](const auto& tensor) {
    return tensor.first.find(".downsample.") != std::string::npos;
  };
  if (std::none_of(outline.begin(), outline.end(), projects)) told["shortcut"] = "A";
  return told;
}

long classes_in(const Outline& outline, const std::string& classifier) {
  const auto found = outline.find(classifier + ".weight");
  const long rows = found == outline.end() || found->second.empty() ? 0 : found->second[0];
  return std::clamp(rows, 2l, max_classes);
}

// What is asked for, and else what shapes tell and the dialect's line for this model.
Settings all_options(const std::string& model, const Settings& asked, const Outline& outline,
                     const Dialect& dialect) {
  return together(
      asked, of_those(find_model(model).defaults, options_of(outline, line_with(dialect, model))));
}

// The outline of a model is cheap: of silent numbers only the small ones are written.
std::optional<Recognized> tried(const std::string& name, const Settings& asked,
                                const Outline& outline, const Dialect& dialect) {
  try {
    Recognized r{name, all_options(name, asked, outline, dialect), 0, 0};
    r.classes = classes_in(outline, classifier_of(outlined(name, r.options, 2).module));
    r.differences =
        differences(outline, outline_of(state_of(outlined(name, r.options, r.classes).module)),
                    dialect)
            .count();
    return r;
  } catch (const UsageError&) {  // an option that this model cannot have: another's
    return std::nullopt;
  }
}

}  // namespace

Recognized recognize(const Outline& outline, const Dialect& dialect, const std::string& name,
                     const Settings& asked) {
  if (!name.empty()) {
    if (const auto r = tried(name, asked, outline, dialect)) return *r;
    outlined(name, all_options(name, asked, outline, dialect), 2);  // says what is wrong with them
  }
  std::optional<Recognized> nearest;
  std::set<std::string> seen;
  for (const ModelEntry& e : model_list())
    for (const std::string& candidate : {e.name, e.small}) {
      if (!seen.insert(candidate).second) continue;
      const auto r = tried(candidate, asked, outline, dialect);
      if (r && (!nearest || r->differences < nearest->differences)) nearest = r;
      if (nearest && nearest->differences == 0) return *nearest;
    }
  require<UsageError>(nearest.has_value(),
                      "no model has the options that were asked for: ", in_words(asked));
  return *nearest;
}

// ---- dialects that have a model ----

namespace {

// The network of this name as the dialect's program builds it, if it has it.
std::optional<Model> theirs(const Dialect& dialect, const Model& model) {
  if (!dialect.has(model.name)) return std::nullopt;
  const Settings& possible = find_model(model.name).defaults;
  return outlined(
      model.name,
      together(of_those({{"reduction", ""}}, model.options), of_those(possible, dialect.options)),
      model.classes);
}

// "stem_pool=floor instead of ceil": what makes their numbers others than ours from the same
// weights. Hidden widths are compared by the shapes they make, and dropout has no say in what
// weights are worth.
std::vector<std::string> other_options(const Model& ours, const Model& theirs) {
  std::vector<std::string> others;
  for (const auto& [key, value] : theirs.options)
    if (ours.options.at(key) != value && key != "dropout" && key != "se_least" && key != "se_fc")
      others.push_back(text(key, "=", value, " instead of ", ours.options.at(key)));
  return others;
}

std::string objection(const Dialect& dialect, const Model& model) {
  if (&dialect == &own_dialect()) return "";
  const std::optional<Model> its = theirs(dialect, model);
  if (!its) return text(dialect.name, " has no ", model.name);
  const std::vector<std::string> others = other_options(model, *its);
  if (!others.empty())
    return text(dialect.name, " has ", model.name, " with ", join(others, ", "),
                ", and would compute something else from these weights");
  const Differences d =
      differences(outline_of(state_of(model.module)), outline_of(state_of(its->module)), dialect);
  return d.count() == 0 ? "" : text(dialect.name, " has other tensors in ", model.name, d.listed());
}

}  // namespace

const Dialect& dialect_with(const std::string& name, const Model& model) {
  std::string why;
  std::vector<std::string> names, possible;
  for (const Dialect& d : dialects()) {
    const std::string against = objection(d, model);
    if (d.name == name && against.empty()) return d;
    if (d.name == name && (why.empty() || d.has(model.name))) why = against;
    if (against.empty()) possible.push_back(d.name);
    if (names.empty() || names.back() != d.name) names.push_back(d.name);
  }
  require<UsageError>(!why.empty(), "there is no dialect '", name, "'; expected ",
                      join(names, ", "));
  throw UsageError(text(why, "; the same network is in: ", join(possible, ", ")));
}

}  // namespace excite
