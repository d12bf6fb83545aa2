// excite convert: weights under the names and in the shapes of another program.
#include <cstdio>
#include <memory>

#include "core/check.h"
#include "core/text.h"
#include "models/interop/recognize.h"
#include "tools/commands/commands.h"
#include "tools/commands/ensemble_options.h"
#include "tools/commands/model_override.h"
#include "tools/commands/output.h"

namespace excite {

namespace {

struct ConvertOptions {
  std::string in, out, to;
  ModelOverrideOptions overrides;
};

// The numbers of a squeeze-and-excitation block's layers are the same in both shapes, so that it is
// enough to load them into the one wanted.
TrainedModel load_shaped_for(const Dialect& dialect, const TrainedModel& as_it_is,
                             const SafetensorsFile& file, ModelOverride overrides) {
  const bool other = as_it_is.model.options.contains("se_fc") && dialect.options.contains("se_fc");
  if (!other || as_it_is.model.options.at("se_fc") == dialect.options.at("se_fc")) return as_it_is;
  overrides.options["se_fc"] = dialect.options.at("se_fc");
  return load_model(file, overrides);
}

// With the sizes that predict takes where the file names none, so that the new file predicts the
// same.
Preprocessing whole_preprocessing(const TrainedModel& trained) {
  const ResizeCrop resize_crop = resize_crop_of(trained, resize);
  Preprocessing preprocessing = trained.preprocessing;
  preprocessing.side = resize_crop.side;
  preprocessing.short_side = resize_crop.short_side;
  return preprocessing;
}

int convert(const ConvertOptions& o) {
  const SafetensorsFile file(o.in);
  const ModelOverride overrides = override_of(o.overrides);
  const TrainedModel as_it_is = load_model(file, overrides);
  const Dialect& dialect = dialect_with(o.to, as_it_is.model);
  say_origin(o.in, as_it_is.origin);
  const TrainedModel shaped = load_shaped_for(dialect, as_it_is, file, overrides);
  const Counters counters = &dialect == &own_dialect() ? Counters::left_out : Counters::written;
  save_tensors(o.out, describe(shaped.model, whole_preprocessing(shaped)),
               state_of(shaped.model.module), dialect, counters);
  std::printf("%s: %s, %ld classes, %s parameters, as %s has it\n", printable(o.out).c_str(),
              shaped.model.name.c_str(), shaped.model.classes,
              grouped(shaped.model.module.parameter_count()).c_str(), dialect.name.c_str());
  return 0;
}

std::string all_dialects() {
  std::vector<std::string> names;
  for (const Dialect& d : dialects())
    if (names.empty() || names.back() != d.name) names.push_back(d.name);
  return join(names, ", ");
}

}  // namespace

void add_convert(CLI::App& app, Run& run) {
  const auto o = std::make_shared<ConvertOptions>();
  CLI::App* c = app.add_subcommand(
      "convert",
      "writes weights under the names and in the shapes of another program, or another's as ours");
  c->add_option("in", o->in, "a .safetensors file of train or of another program")
      ->required()
      ->default_str("");
  c->add_option("out", o->out,
                "the .safetensors file to write; PyTorch's load_state_dict(strict=True) takes it")
      ->required()
      ->default_str("");
  c->add_option("--to", o->to, all_dialects())->required()->default_str("");
  add_override_options(*c, o->overrides);
  c->footer(
      "Example: excite convert runs/se_resnet50-1/best.safetensors seresnet50.safetensors --to "
      "timm");
  c->callback([=, &run] { run = [=] { return convert(*o); }; });
}

}  // namespace excite
