// excite export: writes a trained model as an ONNX file.
#include <cstdio>
#include <memory>

#include "core/check.h"
#include "core/text.h"
#include "models/interop/onnx.h"
#include "tools/commands/commands.h"
#include "tools/commands/network_options.h"
#include "tools/commands/output.h"
#include "tools/commands/preprocessing_options.h"
#include "tools/commands/shared_options.h"
#include "tools/training/ensemble.h"

namespace excite {

namespace {

struct ExportOptions {
  WeightsOptions network;
  std::string out;
  PreprocessingOptions preprocessing;
  OnnxOptions onnx;
};

int export_onnx(ExportOptions o) {
  require_extension(o.out, ".onnx");
  require_not_an_input(o.out, {o.network.weights});
  TrainedModel trained = load_network(o.network);
  override_preprocessing(trained, o.preprocessing);
  const ResizeCrop resize_crop = resize_crop_of(trained, resize);
  trained.preprocessing.short_side = resize_crop.short_side;
  if (!o.onnx.image_size) o.onnx.image_size = resize_crop.side;
  write_onnx(o.out, trained, o.onnx);
  std::fprintf(report_stream(o.out),
               "%s: %s, %ld classes; input: images [N, 3, %ld, %ld], RGB from 0 to 1; output: %s\n",
               printable(o.out).c_str(), trained.model.name.c_str(), trained.model.classes,
               o.onnx.image_size, o.onnx.image_size, o.onnx.softmax ? "probabilities" : "logits");
  return 0;
}

}  // namespace

void add_export(const Command& program, Run& run) {
  const auto o = std::make_shared<ExportOptions>();
  const Command c = program.add_command(
      "export",
      "Write a trained model as an ONNX file, for ONNX Runtime, OpenVINO and others.\nThe graph "
      "normalizes the images itself. The names of the classes are in its metadata.");
  c.begin_group("Model");
  add_weights_options(c, o->network);
  c.begin_group("Preprocessing");
  add_preprocessing_options(c, o->preprocessing);
  c.begin_group("Graph");
  c.add_option("--image-size", o->onnx.image_size, "Side in pixels of the images")
      .default_text("that of the weights");
  c.add_flag("--softmax", o->onnx.softmax, "Output probabilities instead of logits");
  c.add_flag("--fold-batch-norm", o->onnx.fold_batch_norm,
             "Multiply the convolutions by the batch norms after them");
  c.add_option("--opset", o->onnx.opset,
               text("Version of ONNX's operators, ", min_onnx_opset, " to ", max_onnx_opset));
  c.begin_group("Output");
  c.add_option("--out", o->out, "The .onnx file to write; -: standard output")
      .required()
      .type_name("FILE");
  c.add_examples({"excite export --weights runs/se_resnet20-1/best.safetensors --out net.onnx"});
  c.on_call([=, &run] { run = [=] { return export_onnx(*o); }; });
}

}  // namespace excite
