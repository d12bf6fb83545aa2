// excite predict: what trained weights see in images.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <numeric>

#include "core/check.h"
#include "core/images/image.h"
#include "core/kernels/softmax.h"
#include "core/parallel.h"
#include "tools/commands/class_files.h"
#include "tools/commands/commands.h"
#include "tools/commands/ensemble_options.h"
#include "tools/commands/output.h"
#include "tools/commands/tensor_files.h"

namespace excite {

namespace {

struct PredictOptions {
  EnsembleOptions ensemble;
  std::vector<std::string> images;
  std::string csv;
  std::string tensors, out;
  long top = 5;
  int threads = excite::threads();
  bool json = false, strict = false;
};

struct Guess {
  std::string name;
  double probability;
};

// ---- which files ----

struct ImageFile {
  std::string path;
  bool named;  // on the command line, so that it has to be an image; else found in a folder
};

std::vector<ImageFile> files_in(const std::string& folder) {
  std::vector<ImageFile> files;
  try {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (!entry.is_directory()) files.push_back({entry.path().string(), false});
  } catch (const std::filesystem::filesystem_error& error) {
    throw FileError(text(folder, ": cannot be walked: ", error.code().message()));
  }
  std::sort(files.begin(), files.end(),
            [](const ImageFile& a, const ImageFile& b) { return a.path < b.path; });
  return files;
}

std::vector<ImageFile> all_files(const std::vector<std::string>& named) {
  std::vector<ImageFile> all;
  for (const std::string& path : named) {
    std::error_code unreadable;  // then reading it will say what is wrong
    if (std::filesystem::is_directory(path, unreadable)) {
      for (ImageFile& file : files_in(path)) all.push_back(std::move(file));
    } else {
      all.push_back({path, true});
    }
  }
  return all;
}

// ---- what is in one image ----

Tensor probabilities(const Ensemble& ensemble, const Image& image) {
  Tensor p = softmax(ensemble({image}));
  for (const real v : p)
    require<FileError>(std::isfinite(v), "predict: the weights make a probability of ", v,
                       ", so they are no use");
  return p;
}

std::vector<Guess> best_guesses(const Tensor& p, const std::vector<std::string>& classes,
                                long top) {
  std::vector<long> order(p.size());
  std::iota(order.begin(), order.end(), 0l);
  std::stable_sort(order.begin(), order.end(), [&](long a, long b) { return p[a] > p[b]; });
  std::vector<Guess> guesses;
  for (const long i : order)
    if (static_cast<long>(guesses.size()) < top)
      guesses.push_back({classes[i], static_cast<double>(p[i])});
  return guesses;
}

// ---- how it is said ----

void print_bars(const std::string& path, const std::vector<Guess>& guesses) {
  constexpr double whole_bar = 40;
  std::printf("%s\n", printable(path).c_str());
  for (const Guess& g : guesses)
    std::printf("  %-16s %6.2f %%  %s\n", printable(g.name).c_str(), 100 * g.probability,
                std::string(std::lround(whole_bar * g.probability), '#').c_str());
}

nlohmann::ordered_json as_json(const std::string& path, const std::vector<Guess>& guesses) {
  nlohmann::ordered_json top = nlohmann::ordered_json::array();
  for (const Guess& g : guesses) top.push_back({{"class", g.name}, {"probability", g.probability}});
  return {{"file", path}, {"top", top}};
}

using Seen = std::function<void(const std::string& path, const Tensor& probabilities)>;

// Calls seen() for each image. What is not one was named: an error; or found in a folder: told, and
// put into `skipped`.
void look_at(const PredictOptions& o, const Ensemble& ensemble, nlohmann::ordered_json& skipped,
             const Seen& seen) {
  bool any = false;
  for (const auto& [path, named] : all_files(o.images)) {
    Image image;
    try {
      image = read_image(path);
    } catch (const FileError& error) {
      if (named || o.strict) throw;
      std::cerr << "excite: predict: skipped " << printable(error.what()) << "\n";
      skipped.push_back({{"file", path}, {"why", error.what()}});
      continue;
    }
    seen(path, probabilities(ensemble, image));
    any = true;
  }
  require<FileError>(any, o.images.front(), ": there is no PNG or JPEG image in it");
}

int predict(const PredictOptions& o) {
  set_threads(o.threads);
  require<UsageError>(o.tensors.empty() == o.out.empty(),
                      "predict: --tensors and --out go together: what to read, and what to write");
  require<UsageError>(o.tensors.empty() != o.images.empty(),
                      "predict: expected either images or --tensors");
  if (!o.tensors.empty()) return predict_tensors(o.ensemble, o.tensors, o.out);
  const LoadedEnsemble loaded = load_ensemble(o.ensemble);
  const Ensemble ensemble = loaded.ensemble();
  nlohmann::ordered_json json{{"images", nlohmann::ordered_json::array()},
                              {"skipped", nlohmann::ordered_json::array()}};
  const Seen say = [&](const std::string& path, const Tensor& p) {
    const std::vector<Guess> guesses = best_guesses(p, loaded.classes, o.top);
    if (o.json)
      json["images"].push_back(as_json(path, guesses));
    else
      print_bars(path, guesses);
  };
  if (o.csv.empty())
    look_at(o, ensemble, json["skipped"], say);
  else
    write_atomically(o.csv, [&](FileWriter& out) {
      write_csv_head(out, loaded.classes);
      look_at(o, ensemble, json["skipped"], [&](const std::string& path, const Tensor& p) {
        say(path, p);
        write_csv_row(out, path, "", p.data(), p.size());
      });
    });
  if (o.json) print_json(json);
  return 0;
}

}  // namespace

void add_predict(CLI::App& app, Run& run) {
  const auto o = std::make_shared<PredictOptions>();
  CLI::App* c = app.add_subcommand("predict", "says what trained weights see in images");
  c->add_option("images", o->images, "PNG or JPEG files of any size, and folders, which are walked")
      ->default_str("");
  add_ensemble_options(*c, o->ensemble);
  c->add_option(
       "--tensors", o->tensors,
       "instead of images a .safetensors file with input [N, 3, H, W], F32 or F64, taken as it is")
      ->default_str("");
  c->add_option("--out", o->out,
                "with --tensors: the .safetensors file to write, with logits [N, classes]")
      ->default_str("");
  c->add_option("--top", o->top, "how many classes are shown of each image")
      ->check(CLI::Range(1, 1'000'000));
  c->add_option("--threads", o->threads, "changes the time, not the numbers")
      ->check(CLI::Range(1, 1024));
  c->add_option("--csv", o->csv,
                "a .csv file for all probabilities: image, an empty label, and each class")
      ->default_str("");
  c->add_flag("--strict", o->strict,
              "a file in a folder that is no image is an error; else it is named and left out");
  c->add_flag("--json", o->json,
              "prints JSON: images (file, top: class, probability) and skipped (file, why)");
  for (const char* of_images : {"--csv", "--json", "--strict", "--resize", "--top"})
    c->get_option("--tensors")->excludes(c->get_option(of_images));
  c->footer(
      "Example: excite predict --weights runs/se_resnet20-1/best.safetensors cat.jpg holiday/");
  c->callback([=, &run] { run = [=] { return predict(*o); }; });
}

}  // namespace excite
