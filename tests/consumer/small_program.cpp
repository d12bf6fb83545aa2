// A program of another project: it makes a network and runs one training pass; then it trains a
// smaller one for an epoch on built-in images, with all files of a run in the folder `run`.
// tests/install_test.cpp builds it.
#include <excite/excite.h>

#include <iostream>

int main() {
  excite::Rng rng(1);
  const excite::Model model = excite::make_model("se_resnet20", {}, 10, rng);
  const excite::Var loss =
      cross_entropy(model(excite::normal({2, 32, 32, 3}, rng), excite::Mode::train), {3, 7});
  backward(loss);
  std::cout << sizeof(excite::real) << " bytes, " << model.module().parameter_count()
            << " parameters, loss " << (loss->value.item() > 0 ? "positive" : "not positive")
            << std::endl;

  excite::Recipe recipe;
  recipe.model = "se_resnet8";
  recipe.epochs = 1;
  recipe.warmup = 0;
  recipe.batch = 8;
  recipe.validation = 0;  // train on all images
  long steps = 0;
  excite::Training training(recipe, excite::draw_builtin(16, 8),
                            {.progress = [&](const excite::Progress& p) { steps = p.step; }});
  training.run(excite::RunFolder::create("run"));
  std::cout << steps << " steps, " << excite::read_log("run/log.csv").size() << " epoch\n";
}
