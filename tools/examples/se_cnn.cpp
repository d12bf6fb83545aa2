// A convolutional network with squeeze-and-excitation and the loop that trains it, on images that
// the library draws: ten kinds of figures. Then the network is saved and loaded.
#include <excite/excite.h>
#include <algorithm>
#include <cstdio>

using namespace excite;

// Convolution, batch norm, ReLU, squeeze-and-excitation: [N, H, W, in] -> [N, H/s, W/s, out] with
// stride s.
struct Stage : Module {
  Conv2d conv;
  BatchNorm2d bn;
  SqueezeExcite se;
  Stage(long in, long out, long stride, Rng& rng)
      : conv(own("conv", Conv2d(in, out, 3, rng, {.stride = stride, .pad = 1}))),
        bn(own("bn", BatchNorm2d(out))),
        se(own("se", SqueezeExcite(out, {.reduction = 4}, rng))) {}
  Var operator()(const Var& x, Mode mode) const { return se(relu(bn(conv(x), mode))); }
};

struct SeCnn : Module {
  Stage stage1, stage2, stage3, stage4;
  Linear classifier;
  SeCnn(long classes, Rng& rng)
      : stage1(own("stage1", Stage(3, 16, 2, rng))),
        stage2(own("stage2", Stage(16, 32, 1, rng))),
        stage3(own("stage3", Stage(32, 64, 2, rng))),
        stage4(own("stage4", Stage(64, 64, 1, rng))),
        classifier(own("classifier", Linear(64, classes, rng))) {}
  Var operator()(const Var& x, Mode mode) const {  // [N, 32, 32, 3] -> logits [N, classes]
    const Var u = stage4(stage3(stage2(stage1(x, mode), mode), mode), mode);  // [N, 8, 8, 64]
    return classifier(global_max_pool(u));  // wherever in the image the figure is
  }
};

Var evaluate(const SeCnn& net, const Var& images) {
  const NoGrad no_grad;  // records no graph
  return net(images, Mode::eval);
}

int main() {
  const DataSplit data = draw_builtin(8000, 1000);  // images to train on, and to test on
  const long classes = data.train.class_count();
  const Normalization normalization = compute_normalization(data.train);
  const ImageBatches train(data.train, normalization, {.batch = 32}, {.flip = true});
  const ImageBatches test(data.test, normalization, {.batch = data.test.count()});
  const auto [test_images, test_labels] = *test.in_order().begin();  // one batch of all

  Rng rng(0);
  const SeCnn net(classes, rng);
  AdamW adam(parameters(net));
  const long epochs = 5, steps = train.batches_per_epoch();
  const Schedule rate{.peak = 0.005, .total_steps = epochs * steps, .warmup_steps = steps};
  long step = 0;
  for (long epoch = 0; epoch < epochs; epoch++) {
    double loss_sum = 0;
    for (const auto& [images, labels] : train.epoch(epoch)) {
      const Var loss = cross_entropy(net(images, Mode::train), labels);
      backward(loss);
      adam.step(rate.at(step++));
      loss_sum += loss->value.item();
    }
    const Var logits = evaluate(net, test_images);
    std::printf("epoch %ld  loss %.4f  test accuracy %.2f %%\n", epoch + 1, loss_sum / steps,
                100 * accuracy(logits->value, test_labels));
  }

  save(net, "se_cnn.safetensors");
  Rng other(1);
  const SeCnn loaded(classes, other);  // with other weights
  load(loaded, "se_cnn.safetensors");
  const Var before = evaluate(net, test_images), after = evaluate(loaded, test_images);
  const bool same = std::equal(before->value.begin(), before->value.end(), after->value.begin());
  std::printf("loaded: %s logits\n", same ? "the same" : "other");
  return same ? 0 : 1;
}
