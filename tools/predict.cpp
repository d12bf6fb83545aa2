// excite predict: what trained weights see in pictures.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <iostream>
#include <memory>
#include <numeric>

#include "core/check.h"
#include "core/files/image.h"
#include "core/kernels/softmax.h"
#include "core/parallel.h"
#include "models/infer.h"
#include "tools/commands.h"
#include "tools/output.h"
#include "tools/tensors.h"
#include "tools/voters.h"

namespace excite {

namespace {

struct PredictOptions {
  VoterOptions voters;
  std::vector<std::string> pictures;
  std::string tensors, out;
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

// Each model sees the picture at its own size, normalised as it was trained.
std::vector<Guess> best_guesses(const Voters& voters, const std::deque<Inference>& infer, const Image& image, long top) {
  std::vector<Tensor> logits;
  for (std::size_t m = 0; m < infer.size(); m++) {
    const TrainedModel& trained = voters.trained[m];
    const long size = trained.model.picture_size;
    logits.push_back(infer[m](normalised(resize(image, size, size), trained.purpose)));
  }
  const Tensor p = softmax(log_mean_probability(std::move(logits), voters.shares));
  for (const real v : p) require<FileError>(std::isfinite(v), "predict: the weights make a probability of ", v, ", so they are no use");
  std::vector<long> order(static_cast<std::size_t>(p.size()));
  std::iota(order.begin(), order.end(), 0l);
  std::stable_sort(order.begin(), order.end(), [&](long a, long b) { return p[a] > p[b]; });
  std::vector<Guess> guesses;
  for (const long i : order)
    if (static_cast<long>(guesses.size()) < top) guesses.push_back({voters.classes()[static_cast<std::size_t>(i)], static_cast<double>(p[i])});
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
  require<UsageError>(o.tensors.empty() == o.out.empty(), "predict: --tensors and --out go together: what to read, and what to write");
  require<UsageError>(o.tensors.empty() != o.pictures.empty(), "predict: expected either pictures or --tensors");
  if (!o.tensors.empty()) return predict_tensors(o.voters, o.tensors, o.out);
  const Voters voters = load_voters(o.voters);
  std::deque<Inference> infer;
  for (const TrainedModel& trained : voters.trained) infer.emplace_back(trained.model);
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
    const std::vector<Guess> guesses = best_guesses(voters, infer, image, o.top);
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
  c->add_option("pictures", o->pictures, "PNG or JPEG files of any size, and folders, which are walked")->default_str("");
  add_voter_options(*c, o->voters);
  c->add_option("--tensors", o->tensors, "instead of pictures a .safetensors file with input [N, 3, H, W], F32 or F64, taken as it is")
      ->default_str("");
  c->add_option("--out", o->out, "with --tensors: the .safetensors file to write, with logits [N, classes]")->default_str("");
  c->add_option("--top", o->top, "how many classes are shown of each picture")->check(CLI::Range(1, 1'000'000));
  c->add_option("--threads", o->threads, "changes the time, not the numbers")->check(CLI::Range(1, 1024));
  c->add_flag("--json", o->json, "prints JSON: pictures (file, top: class, probability) and skipped (file, why)");
  c->footer("Example: excite predict --weights runs/se_resnet20-1/best.safetensors cat.jpg holiday/");
  c->callback([=, &run] { run = [=] { return predict(*o); }; });
}

}  // namespace excite
