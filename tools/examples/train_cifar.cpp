// Trains SE-ResNet-20 on CIFAR-10, step by step: the same numbers as `excite train
// --val none`, bit for bit.
//
//   train_cifar data/cifar-10-batches-bin    16 epochs on the images in this folder
//   train_cifar builtin 2 1000               2 epochs on the first 1,000 built-in images
//
// After every epoch the whole state goes to train_cifar.safetensors. The program continues there if
// it is started again. `excite predict` and classify.cpp take the same file as weights. The class
// Training (excite/training/loop.h) does all of this in one call.
#include <excite/excite.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

using namespace excite;

// The settings of `make train`, which are the defaults of a recipe.
Recipe make_recipe(const Dataset& images, long epochs, long limit) {
  Recipe recipe;
  recipe.epochs = epochs;
  recipe.warmup = default_warmup(epochs);  // of the learning rate, in epochs
  recipe.image_size = images.height;
  recipe.limit = limit;
  recipe.validation = 0;  // none: the last epoch is the result
  check_recipe(recipe);   // an error says which setting is out of range
  return recipe;
}

DataSplit load_first(const std::string& source, long limit) {
  DataSplit data = load_data(source);
  if (limit == 0) return data;
  return {keep_first(std::move(data.train), limit), keep_first(std::move(data.test), limit)};
}

int train(const std::string& source, long epochs, long limit) {
  const std::string checkpoint = "train_cifar.safetensors";
  const DataSplit data = load_first(source, limit);
  const Normalization normalization = compute_normalization(data.train);
  Recipe recipe = make_recipe(data.train, epochs, limit);

  const Model model = make_model(recipe, data.train.class_count());
  recipe.options = model.options;  // with all defaults
  TrainingStep training_step(recipe, model, data.train, normalization);

  // Everything that a checkpoint holds: weights, running statistics and momentum as tensors; the
  // recipe and the preprocessing as text.
  NamedTensors tensors = state_of(model.module());
  for (const auto& entry : state(training_step.optimizer())) tensors.push_back(entry);
  const ResizeCrop evaluation = evaluation_resize_crop(recipe);
  const Metadata run =
      run_metadata(recipe, model, preprocessing_of(data.train, normalization, evaluation));
  const long steps = training_step.steps_per_epoch();
  Position position;
  if (std::filesystem::exists(checkpoint))
    position = load_checkpoint(checkpoint, run, epochs, steps, tensors);

  const Ensemble ensemble({{model, normalization, 1, evaluation}});
  while (position.epoch < epochs) {
    double loss = 0;
    for (long i = 0; i < steps; i++) loss += training_step(position.step++).loss;
    const Metrics test = measure_accuracy(ensemble, data.test, {recipe.batch});
    position.epoch++;
    position.accuracy = test.top1();
    save_checkpoint(checkpoint, run, epochs, steps, position, tensors);
    std::printf("epoch %ld/%ld  loss %.4f  test loss %.4f  test accuracy %.2f %%\n", position.epoch,
                epochs, loss / static_cast<double>(steps), test.loss(), 100 * test.top1());
  }
  return 0;
}

int main(int argc, char** argv) {
  try {
    return train(argc > 1 ? argv[1] : "data/cifar-10-batches-bin",
                 argc > 2 ? std::atol(argv[2]) : 16, argc > 3 ? std::atol(argv[3]) : 0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "train_cifar: %s\n", error.what());
    return 1;
  }
}
