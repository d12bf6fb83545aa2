// The recipe of a training run: all settings that determine its numbers. The same recipe, data and
// program give the same weights, bit for bit. The metadata of checkpoints contain the recipe, but
// nothing about the machine or the number of threads.
#pragma once
#include <string>
#include <vector>

#include "models/model.h"
#include "tools/data/validation_split.h"

namespace excite {

struct Recipe {
  std::string model = "se_resnet20";
  Settings options;  // of the model
  long epochs = 16;
  long batch = 128;                    // images per step
  std::string optimizer = "sgd";       // sgd | adamw | muon
  double lr = 0.2;                     // the peak of the schedule
  std::string schedule = "one-cycle";  // one-cycle | cosine | step | multistep | constant
  double warmup = 3.2;                 // epochs, fractions allowed
  std::vector<double> milestones;      // epochs; schedule step: one number, its period
  double gamma = 0.1;                  // factor of the learning rate in step and multistep
  double momentum = 0.9;               // adamw: beta1
  bool nesterov = true;
  double weight_decay = 5e-4;
  std::string decay = "all";  // which parameters decay: weights | all
  double clip = 0;            // maximum gradient norm; 0: no clipping
  double label_smoothing = 0;
  std::string augment = "crop,flip";  // parse_augmentation; empty: chosen by the size of the images
  long image_size = 0;                // side in pixels; 0: chosen by the images and the model
  // In evaluation, the side in pixels to which the short side of an image is resized before its
  // center is cropped. 0: chosen by the augmentation (evaluation_resize_crop).
  long short_side = 0;
  // What pixels are normalized with, of R, G, B. Empty: measured on the training images.
  std::vector<double> mean, deviation;
  // Images to validate on, split off the training images (validation_split.h) unless the data have
  // a validation set: below 1 a fraction, otherwise a number. 0: none, also none that the data
  // have.
  double validation = default_validation;
  // The run ends early after this many epochs without a validation accuracy that is more than
  // min_delta (a fraction) above the best one before. 0: it does not.
  long patience = 0;
  double min_delta = 0;
  long limit = 0;  // use only the first images of each set; 0: all
  // Parameters that are not trained: all-but-head, or a list of patterns (parameter_groups.h).
  std::string freeze;
  double head_lr_factor = 1;           // of the learning rate of the classifier
  double layer_decay = 1;              // of the learning rate, from each layer to the one before it
  std::string class_weights = "none";  // none | auto | one number per class (class_weights.h)
  std::string sampler = "random";      // random | balanced: each class equally often
  long accumulate = 1;                 // batches per step, whose gradients are averaged
  double min_lr = 0;                   // cosine, one-cycle: the learning rate at the end
  double mixup = 0, cutmix = 0;        // alpha (tools/data/mixing.h); 0: none
  double ema = 0;                      // decay of the average of the weights; 0: none
  // Whose images batch norm sees where ranks share a batch: whole (all of them, as in one process),
  // or local (those of each rank alone). The weights then depend on the number of ranks, which is
  // part of the recipe; 0: whole.
  std::string batch_norm = "whole";
  long ranks = 0;
  bool test_flip = false;  // evaluate on each image and its mirror image
  long seed = 0;
  bool plain = false;         // blocks run their definition: equal up to rounding, and slower
  std::string conv = "auto";  // algorithm of all convolutions: auto | blas | direct | reference
};

// `plain` and `conv` of a recipe. UsageError for an unknown algorithm.
Implementation parse_implementation(bool plain, const std::string& conv);

// A new model with the recipe's options, seed and implementation.
Model make_model(const Recipe& recipe, long classes);

// What a run starts from. Trained weights need a much smaller learning rate than new ones: at 0.2,
// the first steps of sgd can destroy them.
enum class StartFrom { nothing, weights, weights_with_new_head };

// Defaults that depend on the optimizer, the number of epochs or the data.
long default_epochs(bool builtin_data);
double default_lr(const std::string& optimizer, StartFrom start = StartFrom::nothing);
// A new classifier has to learn more than the trained layers before it.
double default_head_lr_factor(const std::string& optimizer, StartFrom start);
double default_momentum(const std::string& optimizer);
double default_weight_decay(const std::string& optimizer);
double default_warmup(long epochs);
std::vector<double> default_milestones(const std::string& schedule, long epochs);

// UsageError that names the option, its value and the values allowed.
void check_recipe(const Recipe& recipe);

}  // namespace excite
