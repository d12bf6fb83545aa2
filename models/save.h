// The weights of any module in a .safetensors file, under PyTorch's names and in PyTorch's layout:
//   save(net, "net.safetensors");
//   load(net, "net.safetensors");
// PyTorch reads the file with safetensors.torch.load_file and load_state_dict. Also with what is
// needed to classify images, or to continue a training loop.
#pragma once
#include <string>

#include "autograd/optimizer.h"
#include "layers/module.h"
#include "models/interop/weights.h"

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

// The same with the model's name and options and the preprocessing of images: all that a Classifier
// needs. Of a model of the list, the file alone is enough (load_model in models/interop/weights.h).
// For a network of your own, pass it, made anew; its weights are those of the file afterwards:
//   const TrainedModel trained = load_model(as_model(Net(10, rng), info), "net.safetensors");
// FileError as load, or if the file has no preprocessing, or not the model's number of classes.
void save_model(const Model& model, const Preprocessing& preprocessing, const std::string& path);
TrainedModel load_model(Model model, const std::string& path);

// A checkpoint of a training loop of your own, written atomically after `steps` steps: parameters,
// running statistics, and the state of the optimizer:
//   save_training(net, adam.state(), step, "last.safetensors");
//   step = load_training(net, adam.state(), "last.safetensors");
// The loop continues with the same bits, if everything else in it is a function of the step:
// batches are one of seed and epoch, a Schedule is one, and for dropout call net.reseed(seed, step)
// before each step. `load` reads the weights of such a file too.
void save_training(const Module& module, const NamedTensors& optimizer_state, long steps,
                   const std::string& path);
// Fills module and optimizer state, or changes nothing, and returns `steps`. FileError as load, or
// if the file has the state of another optimizer or of none.
long load_training(const Module& module, const NamedTensors& optimizer_state,
                   const std::string& path);

}  // namespace excite
