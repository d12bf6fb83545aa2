// What a training run is told: with the same recipe, the same data and the same program the weights
// come out the same, bit for bit. So this, and nothing about where or on how many threads it runs,
// goes into the metadata of checkpoints.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "models/zoo/registry.h"

namespace excite {

struct Recipe {
  std::string model = "se_resnet20";
  Settings options;  // the model's
  long epochs = 16;
  long batch = 128;
  std::string optimizer = "sgd";       // sgd | adamw
  double lr = 0.2;                     // the peak of the schedule
  std::string schedule = "one-cycle";  // one-cycle | cosine | step | multistep | constant
  double warmup = 3.2;                 // epochs, fractions allowed
  std::vector<double> milestones;      // epochs; of the schedule step the first is its period
  double gamma = 0.1;                  // what step and multistep multiply by
  double momentum = 0.9;               // adamw: its first beta
  bool nesterov = true;
  double weight_decay = 5e-4;
  std::string decay = "all";  // weights | all
  double clip = 0;            // largest gradient norm; 0: any
  double label_smoothing = 0;
  std::string augment = "crop,flip";  // empty: as fits the images
  long image_size = 0;  // of the images that the model sees; 0: as fits them and the model
  long limit = 0;       // images of each set that are used; 0: all
  long seed = 0;
  bool plain = false;  // by simple operations alone: the same but for rounding, and slower
};

// The defaults that depend on something else: on the optimizer, the number of epochs, the data.
long default_epochs(bool builtin_data);
double default_lr(const std::string& optimizer);
double default_weight_decay(const std::string& optimizer);
double default_warmup(long epochs);
std::vector<double> default_milestones(const std::string& schedule, long epochs);

// UsageError that names the option, what it is and what it may be.
void check_recipe(const Recipe& recipe);

nlohmann::ordered_json to_json(const Recipe& recipe);
Recipe recipe_from_json(
    const nlohmann::ordered_json& json,
    const std::string& path);  // FileError naming path if it is not a valid recipe

}  // namespace excite
