// Fine-tuning: a trained network gets a new classifier, for two classes of one's own, and only the
// classifier is trained.
//
//   fine_tune se_resnet20-cifar10.safetensors      4 epochs
//   fine_tune se_resnet20-cifar10.safetensors 8    8 epochs
//
// After every epoch the state goes to fine_tune.safetensors, where the program continues if it is
// started again. `excite predict` and classify.cpp take the same file as weights.
#include <excite/excite.h>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

using namespace excite;

// Horizontal stripes (label 0) or vertical ones, with noise: [labels, 32, 32, 3]. Your own images
// would be here.
Tensor draw_stripes(const std::vector<int>& labels, Rng& rng) {
  Tensor x = normal({std::ssize(labels), 32, 32, 3}, rng, 0, 2);
  for (long i = 0; i < x.size(); i++) {
    const long image = i / (32 * 32 * 3), row = i / (32 * 3) % 32, column = i / 3 % 32;
    x[i] += (labels[image] == 0 ? row : column) / 4 % 2 == 0 ? 1 : -1;
  }
  return x;
}

int fine_tune(const std::string& weights, long epochs) {
  const std::string checkpoint = "fine_tune.safetensors";
  Rng rng(0);
  std::vector<int> labels;
  for (int i = 0; i < 256; i++) labels.push_back(i % 2);
  const TensorBatches train(draw_stripes(labels, rng), labels, {.batch = 32});
  const Tensor test = draw_stripes(labels, rng);  // other noise

  const SafetensorsFile file(weights);
  const Description trained = describe(file);  // which network, and its preprocessing
  const Model model = make_model(trained.model, trained.options, 2, rng);
  load_backbone(model, file);  // all weights but the classifier's

  std::vector<Parameter> classifier;
  for (const Parameter& p : parameters(model.module())) {
    p.var->requires_grad = p.name.starts_with(classifier_name(model.module()) + ".");
    if (p.var.requires_grad()) classifier.push_back(p);
  }
  AdamW adam(classifier);

  NamedTensors state = state_of(model.module());
  for (const auto& entry : adam.state()) state.push_back(entry);
  const Metadata run = describe(model, {{"horizontal", "vertical"},
                                        trained.preprocessing.mean,
                                        trained.preprocessing.deviation,
                                        32,
                                        32});
  const long steps = train.batches_per_epoch();
  Position position;
  if (std::filesystem::exists(checkpoint))
    position = load_checkpoint(checkpoint, run, epochs, steps, state);

  while (position.epoch < epochs) {
    for (const auto& [x, y] : train.epoch(position.epoch)) {
      backward(cross_entropy(model(x, Mode::eval), y));
      adam.step(0.01);
      position.step++;
    }
    position.epoch++;
    position.accuracy = accuracy(infer(model, test), labels);
    save_checkpoint(checkpoint, run, epochs, steps, position, state);
    std::printf("epoch %ld  test accuracy %.1f %%\n", position.epoch, 100 * position.accuracy);
  }
  return 0;
}

int main(int argc, char** argv) {
  try {
    return fine_tune(argc > 1 ? argv[1] : "se_resnet20-cifar10.safetensors",
                     argc > 2 ? std::atol(argv[2]) : 4);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fine_tune: %s\n", error.what());
    return 1;
  }
}
