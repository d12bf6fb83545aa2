#include "tools/commands/tensor_files.h"

#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/text.h"
#include "models/infer.h"
#include "tools/commands/output.h"
#include "tools/training/diagnosis.h"

namespace excite {

namespace {

std::string described(const TensorEntry& t) { return text(t.dtype, " ", in_brackets(t.dims)); }

}  // namespace

Tensor images_in(const SafetensorsFile& file) {
  const TensorEntry& entry = file.entry("input");
  const bool floating = entry.dtype == "F32" || entry.dtype == "F64",
             images = entry.dims.size() == 4 && entry.dims[1] == 3;
  const bool not_empty = images && entry.dims[0] > 0 && entry.dims[2] > 0 && entry.dims[3] > 0;
  require<FileError>(floating && not_empty, file.path(), ": tensor 'input' is ", described(entry),
                     ", expected F32 or F64 [N, 3, H, W], N, H and W above 0");
  const Tensor from = file.read("input");
  require<FileError>(all_finite(from), file.path(), ": tensor 'input' ", in_brackets(entry.dims),
                     " has numbers that are not finite (NaN or infinity)");
  const long n = from.dim(0), pixels = from.dim(2) * from.dim(3);
  Tensor to({n, from.dim(2), from.dim(3), 3});
  for (long i = 0; i < n; i++)
    for (long c = 0; c < 3; c++)
      for (long p = 0; p < pixels; p++)
        to[(i * pixels + p) * 3 + c] = from[(i * 3 + c) * pixels + p];
  return to;
}

void require_large_enough(const Tensor& images, const Model& model, const SafetensorsFile& file) {
  const long height = images.dim(1), width = images.dim(2), least = model.min_image_size;
  require<FileError>(height >= least && width >= least, file.path(),
                     ": tensor 'input' has images of ", height, "x", width,
                     " pixels, too small for ", model.name, ", which needs at least ", least, "x",
                     least);
}

void throw_not_finite(const Var& y, const std::string& otherwise) {
  const std::string found = find_non_finite(y);
  throw Diverged(
      text("the result is not finite; first non-finite result: ", found.empty() ? otherwise : found,
           "; the training diverged, or the weights or 'input' have very large numbers"));
}

std::vector<int> targets_in(const SafetensorsFile& file, long images, long classes) {
  const TensorEntry& entry = file.entry("target");
  require<FileError>(entry.dtype == "I64" && entry.dims == std::vector<long>{images}, file.path(),
                     ": tensor 'target' is ", described(entry), ", expected I64 [", images,
                     "], one class per image of 'input'");
  std::vector<int> targets;
  for (const long label : file.read_integers("target")) {
    require<FileError>(label >= 0 && label < classes, file.path(), ": tensor 'target' has ", label,
                       " at index ", targets.size(), ", expected a class from 0 to ", classes - 1);
    targets.push_back(static_cast<int>(label));
  }
  return targets;
}

int predict_tensors(const EnsembleOptions& options, const std::string& tensors,
                    const std::string& out) {
  require<UsageError>(
      options.crops == 1 && !options.flip && options.labels.empty() && options.class_order.empty(),
      "--crops, --flip, --labels and --class-order cannot be combined with --tensors, which are "
      "used "
      "as they are, and so are the logits");
  const LoadedEnsemble ensemble = load_ensemble(options);
  require_not_an_input(out, {tensors});
  require_not_an_input(out, options.weights);
  const SafetensorsFile file(tensors);
  const Tensor x = images_in(file);
  std::vector<Tensor> logits;
  for (const TrainedModel& trained : ensemble.trained) {
    require_large_enough(x, trained.model, file);
    logits.push_back(Inference(trained.model, Weights::constant, ensemble.precision)(x));
    if (!all_finite(logits.back()))
      throw_not_finite(trained.model(x.clone(), Mode::eval), "the logits");
  }
  const Tensor y = log_mean_probability(std::move(logits), ensemble.weights);
  write_safetensors(out, {}, {{"logits", &y}});
  return 0;
}

}  // namespace excite
