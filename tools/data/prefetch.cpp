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

struct Prefetch::Work {
  const Dataset& set;
  const std::vector<long> numbers;
  const Preparation prepare;
  std::vector<Image> images = std::vector<Image>(numbers.size());
  std::vector<std::string> errors = std::vector<std::string>(numbers.size());
  std::optional<Background> background{};  // the last, so that it ends before what it works on

  void read(long i) {
    const auto at = static_cast<std::size_t>(i);
    try {
      images[at] = prepare(set.image(numbers[at]), numbers[at]);
    } catch (const FileError& error) {
      if (set.strict) throw;
      errors[at] = error.what();
    }
  }
};

Prefetch::Prefetch(const Dataset& dataset, std::vector<long> numbers, Preparation prepare)
    : work_(new Work{dataset, std::move(numbers), std::move(prepare)}) {
  if (dataset.in_files())
    work_->background.emplace(static_cast<long>(work_->images.size()),
                              [work = work_.get()](long i) { work->read(i); });
}
Prefetch::~Prefetch() = default;
Prefetch::Prefetch(Prefetch&&) noexcept = default;
Prefetch& Prefetch::operator=(Prefetch&&) noexcept = default;

Samples Prefetch::take() {
  Work& w = *work_;
  if (w.background)
    w.background->wait();
  else
    parallel_for(static_cast<long>(w.images.size()), [&](long i) { w.read(i); });
  Samples samples;
  for (std::size_t i = 0; i < w.images.size(); i++) {
    if (!w.errors[i].empty()) {
      std::cerr << "excite: skipped " << printable(w.errors[i]) << "\n";
      continue;
    }
    samples.numbers.push_back(w.numbers[i]);
    samples.images.push_back(std::move(w.images[i]));
    samples.labels.push_back(w.set.labels[w.numbers[i]]);
  }
  return samples;
}

}  // namespace excite
