#include "tools/commands/recipe_options.h"

#include "tools/commands/shared_options.h"

namespace excite {

namespace {

void add_model_group(const Command& c, RecipeOptions& o) {
  c.begin_group("Model");
  c.add_option("--recipe", o.recipe_name,
               "Options that belong together: default, fast (se_airbench in 8 epochs), or paper "
               "(se_resnet20 in 164 epochs); other options change single ones of them")
      .type_name("NAME");
  add_model_option(c, o.recipe.model);
  add_set_option(c, o.model_options);
  c.add_option("--weights", o.weights,
               "Start from the weights of a .safetensors file, of train or of another program; the "
               "model is inferred from the file")
      .type_name("FILE");
  c.add_flag("--new-head", o.new_head,
             "With --weights: initialize the classifier anew, for images of other classes");
  c.add_option("--freeze", o.recipe.freeze,
               "Parameters that stay as they are: all-but-head (of the network's last layer), or a "
               "list of names as `summary` prints them, such as conv1,bn1,layer1 or *.bn1")
      .type_name("NAMES");
}

void add_data_group(const Command& c, RecipeOptions& o) {
  c.begin_group("Data");
  add_data_option(c, o.data);
  c.add_option("--image-size", o.recipe.image_size,
               "Side of the images that the model sees, in pixels; 0: the size of the images of "
               "builtin and CIFAR, for image files the size that the model is made for");
  c.add_option(
      "--resize-short", o.recipe.short_side,
      "In evaluation: pixels to which the short side of an image is resized before its center "
      "is cropped; 0: with resized-crop 8/7 of --image-size, otherwise --image-size");
  c.add_option("--normalize", o.normalize,
               "What is subtracted from the pixels and what divides them: measure (mean and "
               "deviation of the training images), keep (those of --weights) or imagenet [measure; "
               "with --weights keep]")
      .type_name("NAME");
  c.add_option("--mean", o.mean, "With --std: the mean of R, G and B, of pixels from 0 to 1")
      .type_name("LIST");
  c.add_option("--std", o.deviation, "With --mean: the deviation of R, G and B").type_name("LIST");
  c.add_option("--val", o.validation,
               "Images that are split off the training images, equally from all classes, to choose "
               "best.safetensors by: a fraction, a number, or none, which trains on all images and "
               "keeps the last epoch alone. Data with a validation set of their own keep it")
      .type_name("N|FRACTION|none");
  add_limit_option(c, o.recipe.limit);
  add_strict_option(c, o.strict);
  add_exif_option(c, o.exif);
}

void add_optimization_group(const Command& c, RecipeOptions& o) {
  Recipe& r = o.recipe;
  c.begin_group("Optimization");
  c.add_option("--epochs", o.epochs,
               text("Passes over the training set [", default_epochs(false), ", builtin ",
                    default_epochs(true), "]"));
  c.add_option("--batch", r.batch, "Images per step");
  c.add_option("--optimizer", r.optimizer,
               "sgd, adamw, or muon (for networks whose convolutions have a batch norm after them)")
      .type_name("NAME");
  c.add_option("--lr", o.lr,
               text("Peak learning rate [sgd ", default_lr("sgd"), ", adamw ", default_lr("adamw"),
                    ", muon ", default_lr("muon"), "; with --weights ",
                    default_lr("sgd", StartFrom::weights), " (adamw ",
                    default_lr("adamw", StartFrom::weights), "), with --new-head ",
                    default_lr("sgd", StartFrom::weights_with_new_head), " (adamw ",
                    default_lr("adamw", StartFrom::weights_with_new_head), ")]"));
  c.add_option("--schedule", r.schedule,
               "Learning rate schedule: one-cycle, cosine, step, multistep or constant")
      .type_name("NAME");
  c.add_option("--warmup", o.warmup,
               "Epochs of linear warmup to the peak, such as 0.5 [1/5 of --epochs]");
  c.add_option("--milestones", o.milestones,
               "multistep: epochs at which the learning rate falls, such as 8,12 [1/2 and 3/4 of "
               "--epochs]; step: the number of epochs between two falls [1/3 of --epochs]")
      .type_name("LIST");
  c.add_option("--gamma", r.gamma, "step, multistep: factor of the learning rate at each fall");
  c.add_option("--momentum", o.momentum,
               text("Momentum of sgd and muon, beta1 of adamw [sgd and adamw ",
                    default_momentum("sgd"), ", muon ", default_momentum("muon"), "]"));
  c.add_flag("--nesterov,!--no-nesterov", r.nesterov, "sgd: Nesterov momentum, or not [on]");
  c.add_option("--weight-decay", o.weight_decay,
               text("Weight decay (sgd: L2 penalty) [sgd and muon ", default_weight_decay("sgd"),
                    ", adamw ", default_weight_decay("adamw"), "]"));
  c.add_option("--decay", r.decay,
               "Parameters that decay: all, or weights (of convolutions and linear layers)")
      .type_name("NAME");
  c.add_option("--head-lr-factor", o.head_lr_factor,
               "Factor of the learning rate of the classifier, the network's last layer [1; sgd "
               "with --new-head 10]");
  c.add_option("--layer-decay", r.layer_decay,
               "Factor of the learning rate from each layer or block to the one before it, such as "
               "0.75: the first layers learn least");
  c.add_option("--accumulate", r.accumulate,
               "Batches per step, whose gradients are averaged: as a larger batch in less memory "
               "(batch norm sees each batch alone)");
  c.add_option("--min-lr", r.min_lr, "cosine, one-cycle: the learning rate at the end");
  c.add_option("--ema", r.ema,
               "Decay of a moving average of the weights, such as 0.999, which is evaluated and "
               "saved as ema.safetensors; 0: none");
  c.add_option("--clip", r.clip, "Maximum norm of all gradients together; 0: do not clip");
}

void add_augmentation_group(const Command& c, RecipeOptions& o) {
  c.begin_group("Augmentation and regularization");
  c.add_option(
       "--augment", o.augment,
       "none, or a list of resized-crop,crop,black-crop,flip,alternating-flip,cutout,erase and of "
       "rand-augment,trivial-augment,color-jitter; crop=2 shifts by up to 2 pixels, rand-augment=9 "
       "has magnitude 9 of 30, color-jitter=0.4 changes brightness, contrast and saturation by up "
       "to 40 % [crop,flip; resized-crop,flip for image files of another size than --image-size]")
      .type_name("LIST");
  c.add_option("--mixup", o.recipe.mixup,
               "Mix each image and its target with another one; alpha of the Beta(alpha, alpha) "
               "distribution of the mixing weight, such as 0.2; 0: do not mix");
  c.add_option("--cutmix", o.recipe.cutmix,
               "Replace a rectangle of each image by that of another one; alpha as for --mixup, "
               "such as 1; with both, each batch gets one of them");
  c.add_flag("--test-flip", o.recipe.test_flip,
             "Evaluate on each image and its mirror image together");
  c.add_option(
       "--class-weights", o.recipe.class_weights,
       "Weights of the classes in the loss: none, auto (all classes count the same, however "
       "rare they are), or a file with one number per line")
      .type_name("FILE");
  c.add_option("--sampler", o.recipe.sampler,
               "Order of the images: random, or balanced (each class equally often; images of rare "
               "classes are repeated)")
      .type_name("NAME");
  c.add_option("--label-smoothing", o.recipe.label_smoothing,
               "E in the targets (1 - E) one-hot + E / classes");
}

}  // namespace

void add_recipe_options(const Command& c, RecipeOptions& o) {
  add_model_group(c, o);
  add_data_group(c, o);
  add_optimization_group(c, o);
  add_augmentation_group(c, o);
}

void add_computation_options(const Command& c, RecipeOptions& o) {
  c.add_option("--seed", o.recipe.seed,
               "Seed of all random numbers: weights, order and augmentation of the images");
  add_plain_option(c, o.recipe.plain);
  add_conv_option(c, o.recipe.conv);
}

}  // namespace excite
