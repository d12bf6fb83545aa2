// What the gates of a network's squeeze-and-excitation blocks do: the mean gate of each channel for
// each class, as in figures 6 to 8 of Hu et al. (arXiv 1709.01507).
#pragma once
#include <map>
#include <string>
#include <vector>

#include "models/model.h"

namespace excite {

// The gates of a model's blocks. It runs the definition of the network, in evaluation.
class GateReader {
 public:
  // `image_size`: side in pixels of the images. It runs the model once, on zeros.
  GateReader(const Model& model, long image_size);
  const std::vector<std::string>& blocks() const { return blocks_; }  // "layer1.0.se", ...
  // For images [N, H, W, 3], one tensor [N, C] per block. Where a block has gates per pixel
  // (squeeze=none), their mean over the pixels.
  std::vector<Tensor> operator()(const Tensor& x) const;

 private:
  Model model_;
  std::vector<std::string> blocks_;
  std::map<long, std::size_t> block_of_;  // the operation's number -> index of the block
};

// Sums of the gates of one block over the images of each class.
class GateStatistics {
 public:
  GateStatistics(std::string block, long classes, long channels);
  void add(const Tensor& gates, const std::vector<int>& labels);  // [N, C], N labels

  const std::string& block() const { return block_; }
  long channels() const { return channels_; }
  long classes() const { return static_cast<long>(count_.size()); }
  long images() const;
  long images(long label) const { return count_[label]; }
  // Over the images of a class, or of all classes; 0 if there are none. The deviation is that of
  // the images around their mean.
  double mean(long label, long channel) const;
  double mean(long channel) const;
  double deviation(long label, long channel) const;
  double deviation(long channel) const;

 private:
  struct Sums {
    double sum = 0, square = 0;
  };
  const Sums& at(long label, long channel) const { return sums_[label * channels_ + channel]; }
  Sums total(long channel) const;
  std::string block_;
  long channels_;
  std::vector<long> count_;  // images per class
  std::vector<Sums> sums_;   // [class, channel]
};

// What a block does, in a few numbers.
struct GateSummary {
  double mean = 0;
  // Fractions of the channels: those whose mean gate is below 0.1, above 0.9, and those whose
  // class means differ by less than 0.05.
  double near_0 = 0, near_1 = 0, same = 0;
  double between = 0;  // the deviation of the class means, mean over the channels
  double within = 0;   // the deviation of the images of a class, mean over classes and channels
  // The share of the variance of a channel's gates that is between the classes: v / (v + w) with v
  // the variance of the class means and w the mean of the variances of the classes. Mean over the
  // channels whose gates vary; 0 if there are none.
  double share = 0;
};
GateSummary summarize(const GateStatistics& gates);

}  // namespace excite
