#include "tools/report/gates.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/hooks.h"
#include "core/check.h"
#include "core/kernels/pool.h"

namespace excite {

namespace {

// The block whose gates are the second input of an operation; empty if they are no gates. The layer
// before them is the second of the block: "layer1.0.se.fc2". Needs the recorded graph.
std::string block_of_gates(const std::string& op, const std::vector<Var>& inputs) {
  const bool scales = op == "scale_channels" || op == "mul";
  if (!scales || inputs.size() != 2 || inputs[1]->inputs.empty()) return "";
  const std::string layer = layer_of(*inputs[1]), begin = "after ", end = ".fc2";
  if (!layer.starts_with(begin) || !layer.ends_with(end)) return "";
  return layer.substr(begin.size(), layer.size() - begin.size() - end.size());
}

Tensor per_channel(const Tensor& gates) {
  return gates.shape().rank() == 4 ? global_avg_pool(gates) : gates.clone();
}

}  // namespace

GateReader::GateReader(const Model& model, long image_size) : model_(model) {
  long number = 0;
  const OpHook hook([&](const Node& y, const std::vector<Var>& inputs) {
    const std::string block = block_of_gates(y.op, inputs);
    if (!block.empty()) block_of_[number] = blocks_.size(), blocks_.push_back(block);
    number++;
  });
  model_(zeros({1, image_size, image_size, 3}), Mode::eval);
}

std::vector<Tensor> GateReader::operator()(const Tensor& x) const {
  std::vector<Tensor> gates(blocks_.size());
  long number = 0;
  const OpHook hook([&](const Node&, const std::vector<Var>& inputs) {
    const auto found = block_of_.find(number++);
    if (found != block_of_.end()) gates[found->second] = per_channel(inputs[1]->value);
  });
  const NoGrad no_grad;
  model_(x.clone(), Mode::eval);
  return gates;
}

GateStatistics::GateStatistics(std::string block, long classes, long channels)
    : block_(std::move(block)), channels_(channels), count_(classes), sums_(classes * channels) {}

void GateStatistics::add(const Tensor& gates, const std::vector<int>& labels) {
  require(gates.shape() == Shape{std::ssize(labels), channels_}, "gates of ", block_, ": shape ",
          gates.shape(), ", expected ", Shape{std::ssize(labels), channels_});
  for (std::size_t i = 0; i < labels.size(); i++) {
    count_.at(labels[i])++;
    for (long c = 0; c < channels_; c++) {
      const double s = static_cast<double>(gates[static_cast<long>(i) * channels_ + c]);
      Sums& sums = sums_[labels[i] * channels_ + c];
      sums.sum += s, sums.square += s * s;
    }
  }
}

long GateStatistics::images() const { return std::accumulate(count_.begin(), count_.end(), 0l); }

GateStatistics::Sums GateStatistics::total(long channel) const {
  Sums all;
  for (std::size_t label = 0; label < count_.size(); label++) {
    const Sums& one = at(static_cast<long>(label), channel);
    all.sum += one.sum, all.square += one.square;
  }
  return all;
}

namespace {
double mean_of(double sum, long count) { return count > 0 ? sum / static_cast<double>(count) : 0; }
double deviation_of(double sum, double square, long count) {
  const double mean = mean_of(sum, count);
  return std::sqrt(std::max(0.0, mean_of(square, count) - mean * mean));
}
}  // namespace

double GateStatistics::mean(long label, long channel) const {
  return mean_of(at(label, channel).sum, count_[label]);
}
double GateStatistics::mean(long channel) const { return mean_of(total(channel).sum, images()); }
double GateStatistics::deviation(long label, long channel) const {
  const Sums& s = at(label, channel);
  return deviation_of(s.sum, s.square, count_[label]);
}
double GateStatistics::deviation(long channel) const {
  const Sums s = total(channel);
  return deviation_of(s.sum, s.square, images());
}

GateSummary summarize(const GateStatistics& gates) {
  constexpr double near = 0.1, same = 0.05, min_variance = 1e-12;
  const long channels = gates.channels();
  const double part = 1 / static_cast<double>(channels);
  GateSummary all;
  long varying = 0;
  for (long c = 0; c < channels; c++) {
    double low = 1e300, high = -1e300, sum = 0, square = 0, within = 0, variance = 0;
    long classes = 0;
    for (long label = 0; label < gates.classes(); label++) {
      if (gates.images(label) == 0) continue;
      const double m = gates.mean(label, c);
      low = std::min(low, m), high = std::max(high, m);
      sum += m, square += m * m, classes++;
      within += gates.deviation(label, c);
      variance += std::pow(gates.deviation(label, c), 2);
    }
    const double mean = gates.mean(c);
    all.mean += part * mean;
    all.near_0 += mean < near ? part : 0;
    all.near_1 += mean > 1 - near ? part : 0;
    all.same += high - low < same ? part : 0;
    all.between += part * deviation_of(sum, square, classes);
    all.within += part * mean_of(within, classes);
    const double v = std::pow(deviation_of(sum, square, classes), 2),
                 w = mean_of(variance, classes);
    if (v + w > min_variance) all.share += v / (v + w), varying++;
  }
  all.share = mean_of(all.share, varying);
  return all;
}

}  // namespace excite
