#include "tools/data/prefetch.h"

#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "core/background.h"
#include "core/check.h"
#include "core/parallel.h"
#include "tools/commands/output.h"

namespace excite {

Image as_it_is(Image image, long) { return image; }

struct Reading::Work {
  const Dataset& set;
  const std::vector<long> pictures;
  const Preparation prepare;
  std::vector<Image> images = std::vector<Image>(pictures.size());
  std::vector<std::string> errors = std::vector<std::string>(pictures.size());
  std::optional<Background> background{};  // the last, so that it ends before what it works on

  void read(long i) {
    const auto at = static_cast<std::size_t>(i);
    try {
      images[at] = prepare(set.image(pictures[at]), pictures[at]);
    } catch (const FileError& error) {
      if (set.strict) throw;
      errors[at] = error.what();
    }
  }
};

Reading::Reading(const Dataset& dataset, std::vector<long> pictures, Preparation prepare)
    : work_(new Work{dataset, std::move(pictures), std::move(prepare)}) {
  if (dataset.in_files()) work_->background.emplace(static_cast<long>(work_->pictures.size()), [work = work_.get()](long i) { work->read(i); });
}
Reading::~Reading() = default;
Reading::Reading(Reading&&) noexcept = default;
Reading& Reading::operator=(Reading&&) noexcept = default;

Pictures Reading::take() {
  Work& w = *work_;
  if (w.background) w.background->wait();
  else parallel_for(static_cast<long>(w.pictures.size()), [&](long i) { w.read(i); });
  Pictures read;
  for (std::size_t i = 0; i < w.pictures.size(); i++) {
    if (!w.errors[i].empty()) {
      std::cerr << "excite: skipped " << printable(w.errors[i]) << "\n";
      continue;
    }
    read.numbers.push_back(w.pictures[i]);
    read.images.push_back(std::move(w.images[i]));
    read.labels.push_back(w.set.labels[static_cast<std::size_t>(w.pictures[i])]);
  }
  return read;
}

}  // namespace excite
