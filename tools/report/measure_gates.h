// The gates of a trained model on a data set.
#pragma once
#include <vector>

#include "tools/report/gates.h"
#include "tools/training/ensemble.h"

namespace excite {

// An image as the model takes it, [1, side, side, 3].
Tensor image_for(const TrainedModel& trained, const ImageSource& image);

// One entry per squeeze-and-excitation block, in the order of the network; none if there is no
// block. Error if the numbers of classes differ.
std::vector<GateStatistics> measure_gates(const TrainedModel& trained, const Dataset& data);

}  // namespace excite
