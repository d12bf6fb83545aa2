// excite predict: classifies images.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/files/input_file.h"
#include "core/images/image_source.h"
#include "core/parallel.h"
#include "core/text.h"
#include "tools/commands/class_files.h"
#include "tools/commands/commands.h"
#include "tools/commands/default_weights.h"
#include "tools/commands/ensemble_options.h"
#include "tools/commands/explain.h"
#include "tools/commands/number_options.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/commands/tensor_files.h"
#include "tools/data/file_tree.h"
#include "tools/training/classifier.h"

namespace excite {

namespace {

struct PredictOptions {
  EnsembleOptions ensemble;
  std::vector<std::string> images;
  std::string csv, explain;
  std::string tensors, out;
  long top = 5;
  int threads = excite::threads();
  bool json = false, strict = false;
  Exif exif = Exif::apply;
  long max_memory = 0;
};

// ---- the files ----

struct ImageFile {
  std::string path;
  bool named;  // on the command line, so it must be an image; otherwise found in a folder
};

std::vector<ImageFile> all_files(const std::vector<std::string>& named) {
  std::vector<ImageFile> all;
  for (const std::string& path : named) {
    if (is_folder(path))
      for (const std::string& file : files_below(path)) all.push_back({file, false});
    else
      all.push_back({path, true});
  }
  return all;
}

// ---- printing ----

void print_bars(std::FILE* out, const std::string& path,
                const std::vector<Prediction>& predictions) {
  constexpr double full_bar = 40;
  std::fprintf(out, "%s\n", printable(path).c_str());
  for (const Prediction& p : predictions)
    std::fprintf(out, "  %-16s %6.2f %%  %s\n", printable(p.name).c_str(), 100 * p.probability,
                 std::string(std::lround(full_bar * p.probability), '#').c_str());
}

nlohmann::ordered_json as_json(const std::string& path,
                               const std::vector<Prediction>& predictions) {
  nlohmann::ordered_json top = nlohmann::ordered_json::array();
  for (const Prediction& p : predictions)
    top.push_back({{"class", p.name}, {"probability", p.probability}});
  return {{"file", path}, {"top", top}};
}

using OnImage = std::function<void(const std::string& path, const Tensor& probabilities)>;

// Calls on_image() for each image. A file that cannot be read as one is reported, added to
// `skipped`, and passed over, so that it never costs the results of the others; with --strict it is
// an error. Returns how many of them are failures: those that were named on the command line, and
// those that the system could not read. FileError if no image was read.
long classify_all(const PredictOptions& o, const Classifier& classifier,
                  nlohmann::ordered_json& skipped, const OnImage& on_image) {
  bool any = false;
  long failures = 0;
  for (const auto& [path, named] : all_files(o.images)) {
    std::optional<ImageSource> image;
    try {
      image = open_image(path, o.exif);
    } catch (const FileError& error) {
      if (o.strict || o.images == std::vector{path}) throw;
      failures += named || dynamic_cast<const UnusableFile*>(&error) == nullptr;
      std::cerr << "excite: predict: skipped " << printable(error.what()) << "\n";
      skipped.push_back({{"file", path}, {"why", error.what()}});
      continue;
    }
    on_image(path, classifier.probabilities_from(*image));
    any = true;
  }
  require<FileError>(any, o.images.front(), ": contains no image that can be read");
  return failures;
}

int predict_images(const PredictOptions& o) {
  const Classifier classifier(load_ensemble(o.ensemble), Weights::constant);
  nlohmann::ordered_json json{{"images", nlohmann::ordered_json::array()},
                              {"skipped", nlohmann::ordered_json::array()}};
  const OnImage show = [&](const std::string& path, const Tensor& p) {
    const std::vector<Prediction> predictions = top_predictions(p, classifier.classes(), o.top);
    if (o.json)
      json["images"].push_back(as_json(path, predictions));
    else
      print_bars(report_stream(o.csv), path, predictions);
  };
  long failures = 0;
  if (o.csv.empty())
    failures = classify_all(o, classifier, json["skipped"], show);
  else
    write_atomically(o.csv, [&](FileWriter& out) {
      write_csv_head(out, classifier.classes());
      const OnImage show_and_write = [&](const std::string& path, const Tensor& p) {
        show(path, p);
        write_csv_row(out, path, "", p.data(), p.size());
      };
      failures = classify_all(o, classifier, json["skipped"], show_and_write);
    });
  if (o.json) print_json(json);
  if (!o.explain.empty()) explain(o.ensemble, o.images.front(), o.exif, o.explain);
  if (failures == 0) return 0;
  std::cerr << "excite: predict: " << counted(failures, "file")
            << " could not be classified (see above); the others were\n";
  return 3;
}

// Without --weights, the trained network that comes with the program.
std::vector<std::string> weights_or_default(const std::vector<std::string>& weights) {
  if (!weights.empty()) return weights;
  const std::string file = default_weights(running_program());
  require<UsageError>(!file.empty(),
                      "there is no --weights, and the trained network that comes with excite is "
                      "not installed; in the source tree type: excite predict --weights ",
                      default_weights_in_source_tree, " IMAGE");
  std::cerr << "excite: predict: no --weights: using " << printable(file)
            << ", which knows the ten classes of CIFAR-10\n";
  return {file};
}

int predict(PredictOptions o) {
  set_threads(o.threads);
  require_json_alone(o.json, o.csv);
  use_max_memory(o.max_memory);
  require<UsageError>(o.tensors.empty() == o.out.empty(),
                      "--tensors FILE and --out FILE must be given together: the input and the "
                      "output");
  require<UsageError>(o.tensors.empty() != o.images.empty(),
                      "expected either images or --tensors FILE");
  if (!o.explain.empty()) require_explainable(o.ensemble, o.images, o.explain);
  o.ensemble.weights = weights_or_default(o.ensemble.weights);
  return o.tensors.empty() ? predict_images(o) : predict_tensors(o.ensemble, o.tensors, o.out);
}

}  // namespace

void add_predict(const Command& program, Run& run) {
  const auto o = std::make_shared<PredictOptions>();
  const Command c = program.add_command("predict", "Classify images.");
  c.add_option("images", o->images,
               "PNG, JPEG, WebP, BMP or PNM files of any size, or folders of them (with "
               "subfolders)")
      .type_name("IMAGE");
  Option weights = add_ensemble_options(c, o->ensemble).optional();
  weights.describe_also("[a trained se_resnet20 for the classes of CIFAR-10]");
  c.begin_group("Tensors instead of images");
  c.add_option("--tensors", o->tensors,
               "Read tensor 'input' [N, 3, H, W], F32 or F64, from a .safetensors file; it is used "
               "as it is, without resizing and normalization")
      .type_name("FILE");
  c.add_option("--out", o->out,
               "With --tensors: write tensor 'logits' [N, classes] to this .safetensors file")
      .type_name("FILE");
  c.begin_group("Run");
  add_strict_option(c, o->strict);
  add_exif_option(c, o->exif);
  add_max_memory_option(c, o->max_memory);
  add_threads_option(c, o->threads);
  c.begin_group("Output");
  c.add_option("--top", o->top, "Classes to show per image, the most probable first")
      .whole_number(1, 1'000'000);
  add_csv_option(c, o->csv);
  c.add_option("--explain", o->explain,
               "Write a .png: the image, and beside it the image with the regions that support the "
               "most probable class (Grad-CAM)")
      .type_name("FILE");
  add_json_option(c, o->json, "images (file, top: class, probability), skipped (file, why)");
  for (const char* of_images :
       {"--csv", "--exif", "--explain", "--json", "--strict", "--resize", "--top"})
    c.option("--tensors").excludes(c.option(of_images));
  c.add_examples({"excite predict cat.jpg", "excite predict --explain why.png cat.jpg",
                  "excite predict --weights runs/se_resnet20-1/best.safetensors cat.jpg holiday/",
                  "excite predict --weights seresnet50.safetensors --crops 10 --top 3 cat.jpg"});
  c.on_call([=, &run] { run = [=] { return predict(*o); }; });
}

}  // namespace excite
