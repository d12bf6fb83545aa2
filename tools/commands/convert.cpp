// excite convert: rewrites weights with the tensor names and shapes of another program.
#include <cstdio>
#include <memory>

#include "core/check.h"
#include "core/text.h"
#include "models/interop/recognize.h"
#include "tools/commands/commands.h"
#include "tools/commands/ensemble_options.h"
#include "tools/commands/model_override.h"
#include "tools/commands/output.h"
#include "tools/commands/preprocessing_options.h"
#include "tools/commands/shared_options.h"

namespace excite {

namespace {

struct ConvertOptions {
  std::string in, out, to;
  ModelOverrideOptions overrides;
  PreprocessingOptions preprocessing;
};

// The two layers of a squeeze-and-excitation block are linear layers in some programs and 1x1
// convolutions in others. The numbers are the same, so the file is loaded once more into a model
// that has them as the dialect does.
TrainedModel load_shaped_for(const Dialect& dialect, const TrainedModel& loaded,
                             const SafetensorsFile& file, ModelOverride overrides) {
  const Settings& options = loaded.model.options;
  const bool has_se_fc = options.contains("se_fc") && dialect.options.contains("se_fc");
  if (!has_se_fc || options.at("se_fc") == dialect.options.at("se_fc")) return loaded;
  overrides.options["se_fc"] = dialect.options.at("se_fc");
  return load_model(file, overrides);
}

// Fills in the image sizes that predict would use if the file names none, so that the new file
// predicts the same.
Preprocessing complete_preprocessing(const TrainedModel& trained) {
  const ResizeCrop resize_crop = resize_crop_of(trained, resize);
  Preprocessing preprocessing = trained.preprocessing;
  preprocessing.image_size = resize_crop.side;
  preprocessing.short_side = resize_crop.short_side;
  return preprocessing;
}

int convert(const ConvertOptions& o) {
  const SafetensorsFile file(o.in);
  require_not_an_input(o.out, {o.in});
  const ModelOverride overrides = override_of(o.overrides);
  const TrainedModel loaded = load_model(file, overrides);
  const Dialect& dialect = dialect_for_export(o.to, loaded.model);
  print_origin(o.in, loaded.origin);
  TrainedModel shaped = load_shaped_for(dialect, loaded, file, overrides);
  override_preprocessing(shaped, o.preprocessing);
  const Counters counters = &dialect == &own_dialect() ? Counters::left_out : Counters::written;
  save_tensors(o.out, describe(shaped.model, complete_preprocessing(shaped)),
               state_of(shaped.model.module()), dialect, counters);
  std::fprintf(report_stream(o.out), "%s: %s, %ld classes, %s parameters, in the format of %s\n",
               printable(o.out).c_str(), shaped.model.name.c_str(), shaped.model.classes,
               grouped(shaped.model.module().parameter_count()).c_str(), dialect.name.c_str());
  return 0;
}

std::string dialect_names() {
  std::vector<std::string> names;
  for (const Dialect& d : dialects())
    if (names.empty() || names.back() != d.name) names.push_back(d.name);
  return join(names, ", ");
}

}  // namespace

void add_convert(const Command& program, Run& run) {
  const auto o = std::make_shared<ConvertOptions>();
  const Command c = program.add_command(
      "convert",
      "Convert weights to the tensor names and shapes of another program, or back.\nPyTorch's "
      "load_state_dict(strict=True) accepts the result.");
  c.add_option("in", o->in, "Weights, a .safetensors file of train or of another program")
      .required()
      .type_name("IN");
  c.add_option("out", o->out, "The .safetensors file to write; -: standard output")
      .required()
      .type_name("OUT");
  c.begin_group("Format");
  c.add_option("--to", o->to, "Program whose names to use: " + dialect_names())
      .required()
      .type_name("FORMAT");
  c.begin_group("Model");
  add_override_options(c, o->overrides);
  c.begin_group("Preprocessing, for the metadata");
  add_preprocessing_options(c, o->preprocessing);
  c.add_examples(
      {"excite convert runs/se_resnet50-1/best.safetensors seresnet50.safetensors "
       "--to timm-legacy",
       "excite convert seresnet50.safetensors ours.safetensors --to excite"});
  c.on_call([=, &run] { run = [=] { return convert(*o); }; });
}

}  // namespace excite
