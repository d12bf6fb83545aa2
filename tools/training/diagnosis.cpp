#include "tools/training/diagnosis.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "autograd/hooks.h"
#include "autograd/ops.h"
#include "core/check.h"
#include "core/kernels/elementwise.h"
#include "core/shared_batch.h"
#include "tools/data/batch.h"
#include "tools/data/prefetch.h"

namespace excite {

namespace {

// "batch_norm in layer1.0.bn1", "relu after layer1.0.bn1"; a leaf by its name.
std::string location(const Node& node) {
  if (node.inputs.empty()) return node.name.empty() ? "the input" : node.name;
  const std::string layer = layer_of(node);
  return layer.empty() ? node.op : text(node.op, layer.starts_with("after ") ? " " : " in ", layer);
}

// What was found first. Ranks that share the batch walk equal graphs, so `place`, how many nodes
// came before, says which rank was first.
struct Finding {
  long place = std::numeric_limits<long>::max();
  std::string text;
};
std::string first_of_ranks(const Finding& own) {
  const SharedBatch* batch = SharedBatch::current();
  if (!batch) return own.text;
  const std::vector<long> places = all_gather(batch->ranks(), own.place);
  const std::vector<std::string> texts = all_gather(batch->ranks(), own.text);
  return texts[std::min_element(places.begin(), places.end()) - places.begin()];
}

}  // namespace

std::string find_non_finite_value(const Var& y) {
  const std::vector<Var> nodes = graph(y);
  const auto first =
      std::find_if(nodes.begin(), nodes.end(), [](const Var& x) { return !all_finite(x->value); });
  if (first == nodes.end()) return first_of_ranks({});
  return first_of_ranks(
      {first - nodes.begin(), text("the value of ", location(**first), " ", first->shape())});
}

std::string find_non_finite(const Var& loss) {
  const std::string value = find_non_finite_value(loss);
  if (!value.empty()) return value;
  BackwardHooks hooks;
  Finding found;
  long place = 0;
  hooks.after = [&](Node& node) {
    for (const Var& x : node.inputs) {
      place++;
      if (found.text.empty() && !all_finite(x->grad))
        found = {place, text("the gradient of ", location(node), " with respect to ", location(*x),
                             " ", x.shape())};
    }
  };
  backward(loss, full(loss.shape(), 1), hooks);
  return first_of_ranks(found);
}

std::string find_non_finite_in_evaluation(const Model& model, const Dataset& set, long batch,
                                          const ResizeCrop& resize_crop,
                                          const Normalization& normalization) {
  const auto resize = [&](const ImageSource& image, long) {
    return resize_for_crop(image, resize_crop);
  };
  for (long begin = 0; begin < set.count(); begin += batch) {
    std::vector<long> indices(std::min(batch, set.count() - begin));
    std::iota(indices.begin(), indices.end(), begin);
    const Samples samples = Prefetch(set, std::move(indices), resize).take();
    if (samples.images.empty()) continue;
    Tensor x = make_crops(samples.images, resize_crop, normalization, Crops::center);
    const std::string found =
        find_non_finite(cross_entropy(model(std::move(x), Mode::eval), samples.labels));
    if (!found.empty()) return found;
  }
  return "";
}

}  // namespace excite
