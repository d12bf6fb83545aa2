// excite predict: what trained weights see in pictures.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <numeric>

#include "core/check.h"
#include "core/files/image.h"
#include "core/kernels/softmax.h"
#include "core/parallel.h"
#include "models/infer.h"
#include "models/weights.h"
#include "tools/commands.h"
#include "tools/output.h"

namespace excite {

namespace {

struct PredictOptions {
  std::string weights;
  std::vector<std::string> pictures;
  long top = 5;
  int threads = excite::threads();
  bool json = false;
};

struct Guess {
  std::string name;
  double probability;
};

// ---- which files ----

struct PictureFile {
  std::string path;
  bool named;  // on the command line, so that it has to be a picture; else found in a folder
};

std::vector<PictureFile> files_in(const std::string& folder) {
  std::vector<PictureFile> files;
  try {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (!entry.is_directory()) files.push_back({entry.path().string(), false});
  } catch (const std::filesystem::filesystem_error& error) {
    throw FileError(text(folder, ": cannot be walked: ", error.code().message()));
  }
  std::sort(files.begin(), files.end(), [](const PictureFile& a, const PictureFile& b) { return a.path < b.path; });
  return files;
}

std::vector<PictureFile> all_files(const std::vector<std::string>& named) {
  std::vector<PictureFile> all;
  for (const std::string& path : named) {
    std::error_code unreadable;  // then reading it will say what is wrong
    if (std::filesystem::is_directory(path, unreadable)) {
      for (PictureFile& file : files_in(path)) all.push_back(std::move(file));
    } else {
      all.push_back({path, true});
    }
  }
  return all;
}

// ---- what is in one picture ----

// (pixel / 255 - mean) / deviation, as in training
Tensor normalised(const Image& image, const Purpose& purpose) {
  Tensor x({1, image.height, image.width, 3});
  for (long i = 0; i < x.size(); i++) {
    const auto c = static_cast<std::size_t>(i % 3);
    x[i] = static_cast<real>((image.pixels[static_cast<std::size_t>(i)] / 255.0 - purpose.mean[c]) / purpose.deviation[c]);
  }
  return x;
}

std::vector<Guess> best_guesses(const TrainedModel& trained, const Inference& infer, const Image& image, long top) {
  const long size = trained.model.picture_size;
  const Tensor p = softmax(infer(normalised(resize(image, size, size), trained.purpose)));
  std::vector<long> order(static_cast<std::size_t>(p.size()));
  std::iota(order.begin(), order.end(), 0l);
  std::stable_sort(order.begin(), order.end(), [&](long a, long b) { return p[a] > p[b]; });
  std::vector<Guess> guesses;
  for (const long i : order)
    if (static_cast<long>(guesses.size()) < top) guesses.push_back({trained.purpose.classes[static_cast<std::size_t>(i)], static_cast<double>(p[i])});
  return guesses;
}

// ---- how it is said ----

void print_bars(const std::string& path, const std::vector<Guess>& guesses) {
  constexpr double whole_bar = 40;
  std::printf("%s\n", printable(path).c_str());
  for (const Guess& g : guesses)
    std::printf("  %-16s %6.2f %%  %s\n", printable(g.name).c_str(), 100 * g.probability, std::string(std::lround(whole_bar * g.probability), '#').c_str());
}

nlohmann::ordered_json as_json(const std::string& path, const std::vector<Guess>& guesses) {
  nlohmann::ordered_json top = nlohmann::ordered_json::array();
  for (const Guess& g : guesses) top.push_back({{"class", g.name}, {"probability", g.probability}});
  return {{"file", path}, {"top", top}};
}

int predict(const PredictOptions& o) {
  set_threads(o.threads);
  const TrainedModel trained = load_model(SafetensorsFile(o.weights));
  const Inference infer(trained.model);
  nlohmann::ordered_json json{{"pictures", nlohmann::ordered_json::array()}, {"skipped", nlohmann::ordered_json::array()}};
  for (const auto& [path, named] : all_files(o.pictures)) {
    Image image;
    try {
      image = read_image(path);
    } catch (const FileError& error) {
      if (named) throw;
      std::cerr << "excite: predict: skipped " << printable(error.what()) << "\n";
      json["skipped"].push_back({{"file", path}, {"why", error.what()}});
      continue;
    }
    const std::vector<Guess> guesses = best_guesses(trained, infer, image, o.top);
    if (!o.json) print_bars(path, guesses);
    json["pictures"].push_back(as_json(path, guesses));
  }
  require<FileError>(!json["pictures"].empty(), o.pictures.front(), ": there is no PNG or JPEG picture in it");
  if (o.json) print_json(json);
  return 0;
}

}  // namespace

void add_predict(CLI::App& app, Run& run) {
  const auto o = std::make_shared<PredictOptions>();
  CLI::App* c = app.add_subcommand("predict", "says what trained weights see in pictures");
  c->add_option("pictures", o->pictures, "PNG or JPEG files of any size, and folders, which are walked")->required()->default_str("");
  c->add_option("--weights", o->weights, "a .safetensors file that train has written")->required();
  c->add_option("--top", o->top, "how many classes are shown of each picture")->check(CLI::Range(1, 1'000'000));
  c->add_option("--threads", o->threads, "changes the time, not the numbers")->check(CLI::Range(1, 1024));
  c->add_flag("--json", o->json, "prints JSON: pictures (file, top: class, probability) and skipped (file, why)");
  c->footer("Example: excite predict --weights runs/se_resnet20-1/best.safetensors cat.jpg holiday/");
  c->callback([=, &run] { run = [=] { return predict(*o); }; });
}

}  // namespace excite
