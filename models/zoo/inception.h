// Inception networks (Szegedy et al., arXiv 1512.00567 and 1602.07261) and their SE variants (Hu et
// al., arXiv 1709.01507, figure 2), built from tables.
//
//   module:            y = se(concat(branch1(x), branch2(x), ...))
//   residual module:   y = relu(x + scale se(conv(concat(branch1(x), branch2(x), ...))))
//   network:           the rows of its table, global average pool, linear
//
// A branch is a table of rows too. A branch may split into parts, each of which is again a table.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "layers/conv_bn.h"
#include "layers/dropout.h"
#include "models/placement.h"

namespace excite::inception {

inline Var identity(const Var& x) { return x; }  // an activation of Row

struct Row;
using Table = std::vector<Row>;  // the input of each row is the output of the row above

struct Row {
  enum class Kind { conv, pool, mixed, residual } kind;
  std::string name = {};      // of its parameters, after the name of the module around it
  Pool2dOptions window = {};  // pool: its options; conv: kernel, stride and padding
  long out = 0;               // conv: output channels
  Var (*pool)(const Var& x, const Pool2dOptions& window) = nullptr;
  std::vector<Table> branches = {};        // of a module
  long stage = 0;                          // module: its stage, see SeOptions; 0: never has se
  double scale = 1;                        // residual: the factor of the branches
  Var (*activation)(const Var& x) = relu;  // residual: after the sum; or identity
};

// ---- the rows of a table ----

// relu(bn(conv(x))). conv is padded by kernel / 2, so that at stride 1 the output has the input's
// height and width; valid_conv has no padding.
Row conv(const std::string& name, Size2 kernel, long out, long stride = 1);
Row valid_conv(const std::string& name, Size2 kernel, long out, long stride = 1);

// The maximum or the mean of each window.
Row max_pool(const Pool2dOptions& window);
Row avg_pool(const Pool2dOptions& window);
// 3x3 with stride 2. The output has the size of a padded convolution of stride 2: ceil(side / 2).
Row half_max_pool();

inline const Pool2dOptions pool_stride2{.kernel = 3, .stride = 2};
inline const Pool2dOptions pool_same{.kernel = 3, .stride = 1, .pad = 1};
// The mean of the pixels inside the image.
inline const Pool2dOptions pool_same_exclude_padding{
    .kernel = 3, .stride = 1, .pad = 1, .count_padding = false};

// se(concat(branch1(x), branch2(x), ...))
Row mixed(const std::string& name, long stage, const std::vector<Table>& branches);
Row split(const std::vector<Table>& parts);  // the end of a branch: concat(part1(x), part2(x), ...)
// relu(x + scale se(conv(concat(branch1(x), branch2(x), ...))))
Row residual(const std::string& name, long stage, double scale, const std::vector<Table>& branches);

Table divide_channels(Table table, long divisor);  // for small variants

// ---- networks ----

struct Design {
  std::string name;
  Table table;
  std::string classifier;  // the name of the linear layer
  double eps = 1e-3;       // of all batch norms
  double dropout = 0;      // probability, before the linear layer
  std::optional<SeOptions> se = {};
};

// A row with its parameters.
struct Layer {
  Row row;
  std::optional<ConvNorm> conv_bn = {};  // of a conv row
  std::vector<std::vector<Layer>> branches = {};
  std::optional<Conv2d> linear = {};  // residual: a 1x1 convolution with a bias, without ReLU
  std::optional<PlacedSe> se = {};
};

struct Network : Module {
  Design design;
  std::vector<Layer> layers;
  std::optional<Dropout> dropout;
  Linear fc;
  Network(const Design& d, long classes, Rng& rng);
  Var operator()(const Var& x, Mode mode) const;  // [N, H, W, 3] -> logits [N, classes]
  long min_image_size() const;                    // side in pixels

 private:
  std::vector<Layer> make(const Table& table, const std::string& prefix, long in, Rng& rng);
  Layer make(const Row& row, const std::string& prefix, long in, Rng& rng);
};

}  // namespace excite::inception
