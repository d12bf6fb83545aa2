// The weights of any module in a .safetensors file, under PyTorch's names and in PyTorch's layout:
//   save(net, "net.safetensors");
//   load(net, "net.safetensors");
// PyTorch reads the file with safetensors.torch.load_file and load_state_dict.
#pragma once
#include <string>

#include "layers/module.h"

namespace excite {

// Writes all parameters and buffers, atomically: the file is the old one or the new one, never a
// part. Module::Kind::weight of rank 2 is a linear layer's, [in, out], and is written as [out, in];
// of rank 4 it is a convolution's, [R, S, C/groups, K], and is written as [K, C/groups, R, S]. All
// others are written as they are. FileError if the file cannot be written.
void save(const Module& module, const std::string& path);

// Fills all parameters and buffers from the file, or none of them: a FileError says which tensors
// are missing, which are unexpected, and which have the wrong shape. The names must be those of the
// module. PyTorch's counters (num_batches_tracked), its prefix "module." and the state of an
// optimizer are ignored. To load a model by its name, see load_model (models/interop/weights.h).
void load(const Module& module, const std::string& path);

}  // namespace excite
