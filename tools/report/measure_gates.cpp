#include "tools/report/measure_gates.h"

#include <algorithm>

#include "core/check.h"
#include "models/cost.h"
#include "tools/data/image_batches.h"

namespace excite {

namespace {

// As many images as make results of 256 MB.
long batch_of(const TrainedModel& trained, long side) {
  constexpr long max_bytes = 256l << 20, max_batch = 64;
  const Cost cost = cost_of(trained.model(zeros({1, side, side, 3}), Mode::eval));
  return std::clamp(max_bytes / std::max(1l, cost.bytes), 1l, max_batch);
}

Normalization normalization_of(const TrainedModel& trained) {
  return {trained.preprocessing.mean, trained.preprocessing.deviation};
}

}  // namespace

Tensor image_for(const TrainedModel& trained, const ImageSource& image) {
  const ResizeCrop resize_crop = resize_crop_of(trained, resize);
  return make_crops({resize_for_crop(image, resize_crop)}, resize_crop, normalization_of(trained),
                    Crops::center);
}

std::vector<GateStatistics> measure_gates(const TrainedModel& trained, const Dataset& data) {
  const long classes = trained.model.classes;
  require(data.class_count() == classes, data.source, ": has ", data.class_count(),
          " classes, expected the ", classes, " of the weights");
  const ResizeCrop resize_crop = resize_crop_of(trained, resize);
  const GateReader reader(trained.model, resize_crop.side);
  std::vector<GateStatistics> blocks;
  if (reader.blocks().empty()) return blocks;
  const ImageBatches batches(data, normalization_of(trained),
                             {.batch = batch_of(trained, resize_crop.side)}, {}, resize_crop);
  for (const auto& [x, labels] : batches.in_order()) {
    const std::vector<Tensor> gates = reader(x->value);
    for (std::size_t i = 0; i < gates.size(); i++) {
      if (blocks.size() == i) blocks.emplace_back(reader.blocks()[i], classes, gates[i].dim(1));
      blocks[i].add(gates[i], labels);
    }
  }
  return blocks;
}

}  // namespace excite
