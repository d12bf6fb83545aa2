#include "tools/data/batch.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/text.h"

namespace excite {

namespace {

enum Purpose { shuffling = 1, augmenting };

constexpr long border = 4, cutout_side = 8;

using Table = std::array<std::array<real, 256>, 3>;  // [channel][byte] -> normalised value

Table table_of(const Normalisation& n) {
  Table table{};
  for (std::size_t c = 0; c < 3; c++)
    for (std::size_t byte = 0; byte < 256; byte++) table[c][byte] = static_cast<real>((static_cast<double>(byte) / 255 - n.mean[c]) / n.deviation[c]);
  return table;
}

// Where a picture is read from, and what of it is blotted out.
struct Placement {
  long down = 0, right = 0;                     // the picture is shifted up and left by these
  bool flipped = false;
  long cut_top = 0, cut_left = 0, cut_side = 0;
};

Placement place(const Dataset& set, const Augmentation& a, long seed, long epoch, long picture) {
  Rng rng(seed, epoch, picture, static_cast<long>(augmenting));
  Placement p;
  if (a.crop) p.down = rng.below(2 * border + 1) - border, p.right = rng.below(2 * border + 1) - border;
  if (a.flip) p.flipped = rng.below(2) == 1;
  if (a.cutout) p.cut_side = cutout_side, p.cut_top = rng.below(set.height - cutout_side + 1), p.cut_left = rng.below(set.width - cutout_side + 1);
  return p;
}

void fill(const Dataset& set, long picture, const Placement& p, const Table& table, real* x) {
  const std::uint8_t* pixels = set.picture(picture);
  for (long i = 0; i < set.height; i++)
    for (long j = 0; j < set.width; j++, x += 3) {
      const long row = i + p.down, col = (p.flipped ? set.width - 1 - j : j) + p.right;
      const bool inside = row >= 0 && row < set.height && col >= 0 && col < set.width;
      const bool cut = i >= p.cut_top && i < p.cut_top + p.cut_side && j >= p.cut_left && j < p.cut_left + p.cut_side;
      for (long c = 0; c < 3; c++)
        x[c] = cut ? real(0) : table[static_cast<std::size_t>(c)][inside ? pixels[(row * set.width + col) * 3 + c] : 0];
    }
}

}  // namespace

Normalisation measure(const Dataset& set) {
  require<FileError>(set.count() > 0, set.source, ": no pictures to measure");
  std::array<std::array<long, 256>, 3> histogram{};
  for (std::size_t i = 0; i < set.pixels.size(); i++) histogram[i % 3][set.pixels[i]]++;
  Normalisation n;
  const double count = static_cast<double>(set.count() * set.height * set.width);
  for (std::size_t c = 0; c < 3; c++) {
    double sum = 0, squares = 0;
    for (std::size_t v = 0; v < 256; v++) sum += static_cast<double>(histogram[c][v]) * static_cast<double>(v) / 255;
    n.mean[c] = sum / count;
    for (std::size_t v = 0; v < 256; v++) squares += static_cast<double>(histogram[c][v]) * std::pow(static_cast<double>(v) / 255 - n.mean[c], 2);
    n.deviation[c] = std::sqrt(squares / (count - 1));
    require<FileError>(n.deviation[c] > 0, set.source, ": all pixels have the same colour in channel ", c, ", so it cannot be normalised");
  }
  return n;
}

Augmentation parse_augmentation(const std::string& words) {
  Augmentation a;
  if (words == "none") return a;
  require<UsageError>(!words.empty(), "augmentation '': expected none, or some of crop,flip,cutout");
  for (const std::string& word : split(words, ',')) {
    require<UsageError>(word == "crop" || word == "flip" || word == "cutout", "augmentation '", word, "': expected none, or some of crop,flip,cutout; the nearest is ",
                        nearest(word, {"none", "crop", "flip", "cutout"}));
    (word == "crop" ? a.crop : word == "flip" ? a.flip : a.cutout) = true;
  }
  return a;
}

// Fisher and Yates: each of the places left is equally likely to give the next number.
std::vector<long> epoch_order(long count, long seed, long epoch) {
  std::vector<long> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0l);
  Rng rng(seed, epoch, static_cast<long>(shuffling));
  for (long i = count - 1; i > 0; i--) std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(rng.below(i + 1))]);
  return order;
}

Batch make_batch(const Dataset& set, const std::vector<long>& pictures, const Normalisation& normalisation, const Augmentation& augmentation, long seed,
                 long epoch) {
  const long n = static_cast<long>(pictures.size());
  Batch batch{Tensor({n, set.height, set.width, 3}), {}};
  for (const long picture : pictures) {
    require(picture >= 0 && picture < set.count(), "make_batch: picture ", picture, " was asked for, but ", set.source, " has ", set.count(), ", from 0 on");
    batch.labels.push_back(set.labels[static_cast<std::size_t>(picture)]);
  }
  const Table table = table_of(normalisation);
  parallel_for(n, [&](long i) {
    const long picture = pictures[static_cast<std::size_t>(i)];
    fill(set, picture, place(set, augmentation, seed, epoch, picture), table, batch.x.data() + i * set.picture_bytes());
  });
  return batch;
}

}  // namespace excite
