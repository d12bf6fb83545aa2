// All that a project needs to build networks and to train them. It is installed as
// <excite/excite.h>. Each header that it names can also be included alone, which compiles faster.
#pragma once

// Tensors, random numbers, images and threads
#include "core/check.h"
#include "core/images/image.h"
#include "core/images/resize.h"
#include "core/kernels/elementwise.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/tensor.h"

// Gradients: operations, optimizers, learning rates, and the check of a gradient
#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "autograd/optimizer.h"
#include "autograd/schedule.h"

// Layers, and the modules that own their parameters
#include "layers/batch_norm.h"
#include "layers/conv2d.h"
#include "layers/conv_bn.h"
#include "layers/dropout.h"
#include "layers/embedding.h"
#include "layers/layer_norm.h"
#include "layers/linear.h"
#include "layers/module.h"
#include "layers/parameters.h"
#include "layers/pool.h"
#include "layers/squeeze_excite.h"

// Networks by name or of your own, their weights, and inference
#include "models/infer.h"
#include "models/interop/weights.h"
#include "models/model.h"
#include "models/save.h"
#include "models/zoo/registry.h"

// Images or tensors in batches
#include "tools/data/batch.h"
#include "tools/data/builtin.h"
#include "tools/data/image_batches.h"
#include "tools/data/load.h"
#include "tools/data/tensor_batches.h"

// Training: steps, epochs, metrics, checkpoints; and what a trained network says about an image
#include "tools/training/classifier.h"
#include "tools/training/diagnosis.h"
#include "tools/training/ensemble.h"
#include "tools/training/loop.h"
#include "tools/training/metrics.h"
#include "tools/training/step.h"
