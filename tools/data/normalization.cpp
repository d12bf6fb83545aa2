#include "tools/data/normalization.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>

#include "core/check.h"
#include "tools/data/prefetch.h"

namespace excite {

namespace {

using Histogram = std::array<std::array<long, 256>, 3>;

void count(const std::uint8_t* pixels, std::size_t bytes, Histogram& histogram) {
  for (std::size_t i = 0; i < bytes; i += 3)
    for (std::size_t c = 0; c < 3; c++) histogram[c][pixels[i + c]]++;
}

void add(const Histogram& more, Histogram& histogram) {
  for (std::size_t c = 0; c < 3; c++)
    for (std::size_t v = 0; v < 256; v++) histogram[c][v] += more[c][v];
}

// Line by line, because images may be large. (That lines may be columns does not matter here.)
void count(const ImageSource& image, Histogram& histogram) {
  std::vector<std::uint8_t> line(3 * image.line_length());
  for (long i = 0; i < image.lines(); i++) {
    image.write_line(i, line.data());
    count(line.data(), line.size(), histogram);
  }
}

// Only the histograms of the images are kept.
void count_files(const Dataset& set, Histogram& histogram, std::vector<long>& broken) {
  constexpr long max_images = 2000, group_size = 64;
  const long sample_size = std::min(set.count(), max_images);
  for (long begin = 0; begin < sample_size; begin += group_size) {
    std::vector<long> indices;
    for (long i = begin; i < std::min(sample_size, begin + group_size); i++)
      indices.push_back(i * set.count() / sample_size);
    std::map<long, Histogram> counted;
    for (const long index : indices) counted[index] = {};
    const auto keep_histogram = [&](const ImageSource& image, long index) {
      count(image, counted.at(index));
      return Image{};
    };
    const Samples samples = Prefetch(set, indices, keep_histogram).take();
    for (const long index : samples.indices) add(counted.at(index), histogram);
    std::set_difference(indices.begin(), indices.end(), samples.indices.begin(),
                        samples.indices.end(), std::back_inserter(broken));
  }
}

}  // namespace

Normalization compute_normalization(const Dataset& set) {
  std::vector<long> broken;
  return compute_normalization(set, broken);
}

Normalization compute_normalization(const Dataset& set, std::vector<long>& broken) {
  require<FileError>(set.count() > 0, set.source,
                     ": there are no images to compute mean and deviation of");
  Histogram histogram{};
  if (set.in_files())
    count_files(set, histogram, broken);
  else
    count(set.pixels.data(), set.pixels.size(), histogram);
  Normalization n;
  const double pixels =
      static_cast<double>(std::accumulate(histogram[0].begin(), histogram[0].end(), 0l));
  require<FileError>(pixels > 0, set.source, ": none of its images could be decoded");
  for (std::size_t c = 0; c < 3; c++) {
    double sum = 0, squares = 0;
    for (std::size_t v = 0; v < 256; v++)
      sum += static_cast<double>(histogram[c][v]) * static_cast<double>(v) / 255;
    n.mean[c] = sum / pixels;
    for (std::size_t v = 0; v < 256; v++)
      squares += static_cast<double>(histogram[c][v]) *
                 std::pow(static_cast<double>(v) / 255 - n.mean[c], 2);
    n.deviation[c] = std::sqrt(squares / (pixels - 1));
    require<FileError>(n.deviation[c] > 0, set.source,
                       ": all pixels have the same value in channel ", c,
                       ", so its deviation is 0 and it cannot be normalized");
  }
  return n;
}

NormalizationTable normalization_table(const Normalization& n) {
  for (std::size_t c = 0; c < 3; c++)
    require(std::isfinite(n.mean[c]) && std::isfinite(n.deviation[c]) && n.deviation[c] > 0,
            "normalization: channel ", c, " has mean ", n.mean[c], " and deviation ",
            n.deviation[c], ", expected finite numbers and a deviation above 0");
  NormalizationTable table{};
  for (std::size_t c = 0; c < 3; c++)
    for (std::size_t byte = 0; byte < 256; byte++)
      table[c][byte] =
          static_cast<real>((static_cast<double>(byte) / 255 - n.mean[c]) / n.deviation[c]);
  return table;
}

}  // namespace excite
