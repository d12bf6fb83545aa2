#include "tools/data/prefetch.h"

#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "core/background.h"
#include "core/files/input_file.h"
#include "core/parallel.h"
#include "core/text.h"

namespace excite {

Image identity_transform(const ImageSource& image, long) { return crop(image, image.whole()); }

struct Prefetch::Work {
  const Dataset& set;
  const std::vector<long> indices;
  const ImageTransform transform;
  std::vector<Image> images = std::vector<Image>(indices.size());
  std::vector<std::string> errors = std::vector<std::string>(indices.size());
  std::optional<Background> background{};  // last member: destroyed, and so finished, first

  void read(long i) {
    const auto at = static_cast<std::size_t>(i);
    try {
      images[at] = transform(set.open(indices[at]), indices[at]);
    } catch (const UnusableFile& error) {
      if (set.strict) throw;
      errors[at] = error.what();
    }
  }
};

Prefetch::Prefetch(const Dataset& dataset, std::vector<long> indices, ImageTransform transform)
    : work_(new Work{dataset, std::move(indices), std::move(transform)}) {
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
    samples.indices.push_back(w.indices[i]);
    samples.images.push_back(std::move(w.images[i]));
    samples.labels.push_back(w.set.labels[w.indices[i]]);
  }
  return samples;
}

}  // namespace excite
