// A network of one's own in everything that takes a model of the list: the training step and the
// evaluation of `excite train`, a file of weights, and a classifier.
#include <excite/excite.h>
#include <cstdio>

using namespace excite;

// Convolution, batch norm, ReLU, squeeze-and-excitation. ConvNormRelu is relu(bn(conv(x))), fused
// in training, and a single convolution in inference.
struct Stage : Module {
  Conv2d conv;
  BatchNorm2d bn;
  SqueezeExcite se;
  Stage(long in, long out, long stride, Rng& rng)
      : conv(own("conv", Conv2d(in, out, 3, rng, {.stride = stride, .pad = 1}))),
        bn(own("bn", BatchNorm2d(out))),
        se(own("se", SqueezeExcite(out, {.reduction = 4}, rng))) {}
  Var operator()(const Var& x, Mode mode) const { return se(ConvNormRelu({conv, bn})(x, mode)); }
};

struct Net : Module {
  Stage stage1, stage2, stage3, stage4;
  Linear classifier;
  Net(long classes, Rng& rng)
      : stage1(own("stage1", Stage(3, 16, 2, rng))),
        stage2(own("stage2", Stage(16, 32, 1, rng))),
        stage3(own("stage3", Stage(32, 64, 2, rng))),
        stage4(own("stage4", Stage(64, 64, 1, rng))),
        classifier(own("classifier", Linear(64, classes, rng))) {}
  Var operator()(const Var& x, Mode mode) const {  // [N, 32, 32, 3] -> logits [N, classes]
    const Var u = stage4(stage3(stage2(stage1(x, mode), mode), mode), mode);  // [N, 8, 8, 64]
    return classifier(global_max_pool(u));
  }
};

Model make_net(long classes, long seed) {
  Rng rng(seed);
  return as_model(Net(classes, rng), {.name = "net", .classes = classes, .image_size = 32});
}

int main() {
  const DataSplit data = draw_builtin(4000, 1000);  // images to train on, and to test on
  const long classes = data.train.class_count();
  const Normalization normalization = compute_normalization(data.train);
  const Model model = make_net(classes, 0);

  Recipe recipe;  // its other settings are those of `make train`
  recipe.epochs = 4;
  recipe.batch = 32;
  recipe.optimizer = "adamw";
  recipe.lr = default_lr(recipe.optimizer);
  recipe.weight_decay = 0;
  recipe.augment = "flip";
  recipe.warmup = default_warmup(recipe.epochs);
  recipe.image_size = data.train.height;
  TrainingStep training_step(recipe, model, data.train, normalization);
  const Ensemble ensemble({{model, normalization}});  // evaluates with the weights of the moment
  long step = 0;
  for (long epoch = 1; epoch <= recipe.epochs; epoch++) {
    double loss = 0;
    for (long i = 0; i < training_step.steps_per_epoch(); i++) loss = training_step(step++).loss;
    const Metrics test = measure_accuracy(ensemble, data.test);
    std::printf("epoch %ld  loss %.4f  test accuracy %.2f %%\n", epoch, loss, 100 * test.top1());
  }

  const std::string path = "own_network.safetensors";
  save_model(model, preprocessing_of(data.train, normalization), path);
  const Classifier saved(load_model(make_net(classes, 1), path));  // made with other weights
  long correct = 0;
  for (long i = 0; i < 100; i++)
    correct +=
        saved.top(data.test.image(i), 1).front().name == data.test.classes[data.test.labels[i]];
  std::printf("classifier: %ld of 100 test images are right\n", correct);
}
