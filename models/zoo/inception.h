// Inception networks (Szegedy et al., arXiv 1512.00567 and 1602.07261) and their SE forms (Hu et
// al., arXiv 1709.01507, figure 2), built from tables.
//
//   a module:             y = se(concat(branch1(x), branch2(x), ...))
//   a residual module:    y = relu(x + scale se(conv(concat(branch1(x), branch2(x), ...))))
//   a network:            the rows of its table, mean over all pixels, linear
//
// A branch is a table too, and so is each part of a branch that parts.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "layers/conv_bn.h"
#include "layers/dropout.h"
#include "models/placement.h"

namespace excite::inception {

inline Var as_it_is(const Var& x) { return x; }

struct Row;
using Table = std::vector<Row>;  // each row takes what the one above it gives

struct Row {
  enum class Kind { conv, pool, mixed, residual } kind;
  std::string name = {};      // of what it learns, below the name of the module around it
  Pool2dOptions window = {};  // of a pool; of a convolution kernel, stride and padding
  long out = 0;               // channels of a convolution
  Var (*pool)(const Var& x, const Pool2dOptions& window) = nullptr;
  std::vector<Table> branches = {};  // of a module
  long stage = 0;                    // with squeeze-and-excitation, of a module that may have one
  double scale = 1;                  // of what a residual module adds
  Var (*activation)(const Var& x) = relu;  // of its sum, or as_it_is
};

// ---- what tables are made of ----

// relu(bn(conv(x))): padded, so that without a stride the image keeps its size, or not padded.
Row conv(const std::string& name, Size2 kernel, long out, long stride = 1);
Row valid_conv(const std::string& name, Size2 kernel, long out, long stride = 1);

Row max_pool(const Pool2dOptions& window);
Row avg_pool(const Pool2dOptions& window);
Row half_max_pool();  // 3x3 of stride 2, to the size that padded convolutions of stride 2 come to

inline const Pool2dOptions halves{.kernel = 3, .stride = 2},
    keeps{.kernel = 3, .stride = 1, .pad = 1};
inline const Pool2dOptions keeps_uncounted{
    .kernel = 3,
    .stride = 1,
    .pad = 1,
    .count_padding = false};  // an average of what is in the image

Row mixed(const std::string& name, long stage, const std::vector<Table>& branches);
Row parted(const std::vector<Table>& parts);  // the end of a branch that parts: no module, so
                                              // without squeeze-and-excitation
Row residual(const std::string& name, long stage, double scale, const std::vector<Table>& branches);

Table narrowed(Table table, long times);  // with so many times fewer channels

// ---- networks ----

struct Design {
  std::string name;
  Table table;
  std::string last;    // the name of the linear layer
  double eps = 1e-3;   // of all batch-norms
  double dropout = 0;  // before the last layer
  std::optional<SeOptions> se = {};
};

// What a row becomes.
struct Layer {
  Row row;
  std::optional<ConvNorm> unit = {};  // of a convolution
  std::vector<std::vector<Layer>> branches = {};
  std::optional<Conv2d> linear = {};  // of a residual module: 1x1, with a bias and nothing after it
  std::optional<PlacedSe> se = {};
};

struct Network : Module {
  Design design;
  std::vector<Layer> layers;
  std::optional<Dropout> dropout;
  Linear fc;
  Network(const Design& of, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long smallest() const;                          // side of an image

 private:
  std::vector<Layer> make(const Table& table, const std::string& inside, long in, Rng& rng);
  Layer make(const Row& row, const std::string& inside, long in, Rng& rng);
};

}  // namespace excite::inception
