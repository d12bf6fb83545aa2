// The log of a run as an event file, which TensorBoard shows.
#pragma once
#include <string>
#include <vector>

#include "tools/training/log.h"

namespace excite {

// The bytes of the file: one event per epoch with the scalars loss/train, loss/validation,
// loss/test, accuracy/... and learning_rate, gradient_norm, images_per_second. The time of an event
// is the sum of the epochs' seconds, as a log has no other.
std::string event_file(const std::vector<EpochRow>& rows);

}  // namespace excite
